//! transfer: the statements of MySQL.

/// Numbers go on after the largest by themselves.
pub(crate) const NUMBERS: &str = "";

/// How a date is selected and written: as text in the form of the others.
pub(crate) const READ_DATE: &str = "date_format({}, '%Y-%m-%d %H:%i:%s')";
pub(crate) const WRITE_DATE: &str = "{}";
