//! What a server says about itself.

pub(crate) const SERVER: &str = "\
    SELECT current_setting('server_version') AS version, \
           current_setting('server_encoding') || ' ' || datcollate AS text, \
           'synchronous_commit ' || current_setting('synchronous_commit') AS journal \
    FROM pg_database WHERE datname = current_database()";
pub(crate) const HAS_SCHEMA: &str =
    "SELECT (CASE WHEN to_regclass('_sqlx_migrations') IS NULL THEN 0 ELSE 1 END)::bigint AS count";
pub(crate) const SCHEMA: &str = "SELECT coalesce(max(version), 0)::bigint AS version FROM _sqlx_migrations";
