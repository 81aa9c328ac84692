//! receipts: the statements of SQLite: none. Whoever commits to a file hears of it, or the machine is down.

pub(crate) const WRITE: &str = "";
pub(crate) const KEEP: &str = "";
pub(crate) const READ: &str = "";
pub(crate) const FORGET: &str = "";
