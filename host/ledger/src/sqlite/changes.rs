//! changes: the statements of SQLite.

pub(crate) const NEWEST: &str = "SELECT coalesce(max(number), 0) AS newest FROM schedule_change WHERE schedule = ?1";
pub(crate) const WRITE: &str =
    "INSERT INTO schedule_change (schedule, number, at, writer, body) VALUES (?1, ?2, ?3, ?4, ?5)";
/// Those before the newest ones.
pub(crate) const FORGET: &str = "DELETE FROM schedule_change WHERE schedule = ?1 AND number <= ?2";
pub(crate) const LIST: &str =
    "SELECT number, at, writer, body FROM schedule_change WHERE schedule = ?1 ORDER BY number DESC";
