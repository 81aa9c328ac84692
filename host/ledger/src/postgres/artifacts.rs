//! artifacts: the statements of PostgreSQL.

pub(crate) const CLEAR: &str = "DELETE FROM artifact WHERE run_id = $1";
pub(crate) const ATTACH: &str = "\
    INSERT INTO artifact (run_id, name, attempt, media_type, sha256, bytes, content) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const LIST: &str =
    "SELECT name, attempt, media_type, sha256, bytes FROM artifact WHERE run_id = $1 ORDER BY name";
pub(crate) const READ: &str =
    "SELECT name, attempt, media_type, sha256, bytes, content FROM artifact WHERE run_id = $1 AND name = $2";
