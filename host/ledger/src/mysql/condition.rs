//! What a server says about itself.

pub(crate) const SERVER: &str = "\
    SELECT version() AS version, CAST(@@collation_database AS CHAR) AS text, \
           CAST(concat('innodb_flush_log_at_trx_commit ', @@innodb_flush_log_at_trx_commit) AS CHAR) AS journal";
pub(crate) const HAS_SCHEMA: &str = "\
    SELECT count(*) AS count FROM information_schema.tables \
    WHERE table_schema = database() AND table_name = 'migration'";
pub(crate) const SCHEMA: &str = "SELECT coalesce(max(version), 0) AS version FROM migration WHERE is_whole = 1";
