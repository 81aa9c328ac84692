//! versions: the statements of MySQL and MariaDB.

pub(crate) const MARKS: &str = "SELECT decisions, endings, (SELECT revision FROM edits) AS schedules FROM plugin_marks";
/// Locked: who decides goes by what nobody has decided about meanwhile.
pub(crate) const DECISIONS: &str = "SELECT decisions FROM plugin_marks FOR UPDATE";
pub(crate) const DECIDED: &str = "UPDATE plugin_marks SET decisions = decisions + 1";
pub(crate) const KNOWN: &str = "\
    SELECT plugin, sha256, version, file, size, info, imports, first_seen, last_loaded, standing, since, why, approved_by, \
    approved_at, replaces FROM plugin_version WHERE ?1 IS NULL OR plugin = ?1 \
    ORDER BY plugin, last_loaded DESC, first_seen DESC, sha256";
pub(crate) const RECORDS: &str = "\
    SELECT plugin, sha256, handler, good, bad, streak, recent, last_error FROM plugin_record WHERE ?1 IS NULL OR plugin = ?1";
pub(crate) const CONTENT: &str = "SELECT size, signature, content FROM plugin_content WHERE sha256 = ?1";
pub(crate) const HAS_CONTENT: &str = "SELECT count(*) AS known FROM plugin_content WHERE sha256 = ?1";
pub(crate) const KEEP_CONTENT: &str = "INSERT INTO plugin_content (sha256, size, content) VALUES (?1, ?2, ?3) ON DUPLICATE KEY UPDATE sha256 = VALUES(sha256)";
pub(crate) const SIGN: &str = "UPDATE plugin_content SET signature = ?2 WHERE sha256 = ?1 AND NOT (signature <=> ?2)";
/// A version that comes again keeps what it was; a plugin that has a file again is not without one.
pub(crate) const ARRIVE: &str = "\
    INSERT INTO plugin_version (plugin, sha256, version, file, size, info, imports, first_seen, last_loaded, standing, since) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 'superseded', ?8) \
    ON DUPLICATE KEY UPDATE file = VALUES(file), last_loaded = VALUES(last_loaded), info = VALUES(info), \
    imports = VALUES(imports)";
pub(crate) const HAS_A_FILE: &str = "UPDATE plugin_version SET file = ?2 WHERE plugin = ?1 AND file IS NULL";
pub(crate) const CHANGE: &str = "\
    UPDATE plugin_version SET standing = ?3, since = ?4, why = ?5, replaces = ?6, \
    approved_by = coalesce(?7, approved_by), approved_at = coalesce(?8, approved_at), \
    file = CASE WHEN ?9 = 1 THEN NULL ELSE file END WHERE plugin = ?1 AND sha256 = ?2";
pub(crate) const ANEW: &str = "DELETE FROM plugin_record WHERE plugin = ?1 AND sha256 = ?2";
/// Those in use stay, and what one of them would go back to.
pub(crate) const FORGET: &str = "\
    DELETE gone FROM plugin_version AS gone \
    LEFT JOIN (SELECT sha256 FROM plugin_version WHERE plugin = ?1 \
               ORDER BY last_loaded DESC, first_seen DESC, sha256 LIMIT ?2) AS newest ON newest.sha256 = gone.sha256 \
    LEFT JOIN (SELECT DISTINCT replaces AS sha256 FROM plugin_version \
               WHERE plugin = ?1 AND replaces IS NOT NULL AND standing IN ('active', 'candidate')) AS former \
        ON former.sha256 = gone.sha256 \
    WHERE gone.plugin = ?1 AND gone.standing NOT IN ('active', 'candidate') \
    AND newest.sha256 IS NULL AND former.sha256 IS NULL";
pub(crate) const FORGET_RECORDS: &str = "\
    DELETE FROM plugin_record WHERE plugin = ?1 AND NOT EXISTS (SELECT 1 FROM plugin_version \
        WHERE plugin_version.plugin = ?1 AND plugin_version.sha256 = plugin_record.sha256)";
pub(crate) const FORGET_CONTENT: &str = "\
    DELETE FROM plugin_content \
    WHERE NOT EXISTS (SELECT 1 FROM plugin_version WHERE plugin_version.sha256 = plugin_content.sha256)";

/// What comes after `plugin/` in the order of bytes begins with `plugin0`.
macro_rules! of_the_plugin {
    ($handler:literal) => {
        concat!("(", $handler, " = ?1 OR ", $handler, " >= concat(?1, '/') AND ", $handler, " < concat(?1, '0'))")
    };
}
pub(crate) const SCHEDULES: &str = concat!(
    "SELECT taken FROM schedule WHERE removed_at IS NULL AND taken IS NOT NULL AND ",
    of_the_plugin!("json_unquote(json_extract(taken, '$.handler')) COLLATE utf8mb4_bin")
);
/// More kinds of calls than these are not looked at.
pub(crate) const RUNS: &str = concat!(
    "SELECT handler, input, count(*) AS times FROM run FORCE INDEX (run_live) WHERE state < 2 AND ",
    of_the_plugin!("handler"),
    " GROUP BY handler, input LIMIT 1000"
);
pub(crate) const CALLS: &str = concat!(
    "SELECT handler, coalesce(json_extract(errand, '$.input'), 'null') AS input, count(*) AS times \
     FROM link FORCE INDEX (link_waiting) WHERE state = 0 AND ",
    of_the_plugin!("handler"),
    " GROUP BY handler, input LIMIT 1000"
);
