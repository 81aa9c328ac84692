//! What a file says about itself.

pub(crate) const SERVER: &str = "\
    SELECT sqlite_version() AS version, 'BINARY' AS text, (SELECT journal_mode FROM pragma_journal_mode) AS journal";
pub(crate) const HAS_SCHEMA: &str = "SELECT count(*) AS count FROM sqlite_schema WHERE name = '_sqlx_migrations'";
pub(crate) const SCHEMA: &str = "SELECT coalesce(max(version), 0) AS version FROM _sqlx_migrations";
