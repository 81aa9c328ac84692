//! schedules: the statements of MySQL and MariaDB.

pub(crate) const STANDING: &str = "\
    SELECT name, taken AS definition, anchor, \"cursor\", pause, runs, last_success_due FROM schedule \
    WHERE removed_at IS NULL AND taken IS NOT NULL ORDER BY name";
pub(crate) const STANDING_ONE: &str = "\
    SELECT name, taken AS definition, anchor, \"cursor\", pause, runs, last_success_due FROM schedule \
    WHERE name = ?1 AND removed_at IS NULL";
pub(crate) const STORED: &str = "SELECT name, owner, definition, taken, removed_at FROM schedule";
/// Locked: what is read here decides what is written.
pub(crate) const STORED_ONE: &str =
    "SELECT name, owner, definition, taken, removed_at FROM schedule WHERE name = ?1 FOR UPDATE";
/// On what is there already, the anchor and the pause stay as they are. Who comes back may run as often as anew. What is set
/// first is seen by what is set after it, so that it was removed is forgotten last.
pub(crate) const DEFINE: &str = "\
    INSERT INTO schedule (name, owner, definition, taken, anchor, \"cursor\") VALUES (?1, ?2, ?3, ?3, ?4, ?4) \
    ON DUPLICATE KEY UPDATE runs = CASE WHEN removed_at IS NULL THEN runs ELSE 0 END, \
    \"cursor\" = CASE WHEN ?5 = 1 THEN VALUES(\"cursor\") ELSE \"cursor\" END, owner = VALUES(owner), \
    definition = VALUES(definition), taken = VALUES(definition), refused = NULL, removed_at = NULL";
/// Who comes back by whatever hand is read anew.
pub(crate) const REMOVE: &str =
    "UPDATE schedule SET removed_at = coalesce(removed_at, ?2), taken = NULL, refused = NULL WHERE name = ?1";
pub(crate) const LOOK_FROM: &str = "UPDATE schedule SET \"cursor\" = ?2 WHERE name = ?1";
pub(crate) const PAUSE: &str = "UPDATE schedule SET pause = ?2 WHERE name = ?1 AND removed_at IS NULL";
pub(crate) const RESUME: &str = "\
    UPDATE schedule SET pause = NULL, \"cursor\" = greatest(\"cursor\", ?2) WHERE name = ?1 AND removed_at IS NULL";
