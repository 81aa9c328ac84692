//! artifacts: the statements of PostgreSQL.

pub(crate) const CLEAR: &str = "DELETE FROM artifact WHERE run_id = $1";
pub(crate) const ATTACH: &str = "\
    INSERT INTO artifact (run_id, name, attempt, media_type, sha256, bytes, content) VALUES ($1, $2, $3, $4, $5, $6, $7)";
/// What is left of a run that was pruned is nobody's.
macro_rules! of_run {
    () => {
        " FROM artifact WHERE run_id = $1 AND EXISTS (SELECT 1 FROM run WHERE id = $1)"
    };
}

pub(crate) const LIST: &str = concat!("SELECT name, attempt, media_type, sha256, bytes", of_run!(), " ORDER BY name");
pub(crate) const READ: &str =
    concat!("SELECT name, attempt, media_type, sha256, bytes, content", of_run!(), " AND name = $2");
