//! submissions: the statements of SQLite.

pub(crate) const BEFORE: &str = "SELECT accepted, duplicate, out_of_window, expired FROM submission WHERE id = ?1";

pub(crate) const NOTE: &str = "\
    INSERT INTO submission (id, schedule, accepted, duplicate, out_of_window, expired, created_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 2] {
    [BEFORE, NOTE]
}
