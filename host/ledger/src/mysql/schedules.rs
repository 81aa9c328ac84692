//! schedules: the statements of MySQL and MariaDB.

pub(crate) const STANDING: &str = "\
    SELECT name, taken AS definition, anchor, cursor, pause, runs, last_success_due FROM schedule \
    WHERE removed_at IS NULL AND taken IS NOT NULL ORDER BY name";
pub(crate) const STANDING_ONE: &str = "\
    SELECT name, taken AS definition, anchor, cursor, pause, runs, last_success_due FROM schedule \
    WHERE name = ?1 AND removed_at IS NULL";
pub(crate) const STORED: &str = "SELECT name, owner, definition, taken, removed_at FROM schedule";
pub(crate) const STORED_ONE: &str = "SELECT name, owner, definition, taken, removed_at FROM schedule WHERE name = ?1";
/// On what is there already, the anchor and the pause stay as they are. Who comes back may run as often as anew.
pub(crate) const DEFINE: &str = "\
    INSERT INTO schedule (name, owner, definition, taken, anchor, cursor) VALUES (?1, ?2, ?3, ?3, ?4, ?4) \
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, definition = excluded.definition, \
    taken = excluded.definition, refused = NULL, removed_at = NULL, \
    runs = CASE WHEN removed_at IS NULL THEN runs ELSE 0 END, cursor = CASE WHEN ?5 THEN excluded.cursor ELSE cursor END";
/// Who comes back by whatever hand is read anew.
pub(crate) const REMOVE: &str =
    "UPDATE schedule SET removed_at = coalesce(removed_at, ?2), taken = NULL, refused = NULL WHERE name = ?1";
pub(crate) const LOOK_FROM: &str = "UPDATE schedule SET cursor = ?2 WHERE name = ?1";
pub(crate) const PAUSE: &str = "UPDATE schedule SET pause = ?2 WHERE name = ?1 AND removed_at IS NULL";
pub(crate) const RESUME: &str =
    "UPDATE schedule SET pause = NULL, cursor = max(cursor, ?2) WHERE name = ?1 AND removed_at IS NULL";
