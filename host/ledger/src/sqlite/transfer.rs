//! transfer: the statements of SQLite.

/// Numbers go on after the largest by themselves.
pub(crate) const NUMBERS: &str = "";

/// How a date is selected and written: as it is.
pub(crate) const READ_DATE: &str = "{}";
pub(crate) const WRITE_DATE: &str = "{}";
