//! edits: the statements of PostgreSQL.

use super::tasks;

/// Of whom a host has to look at the definition, or at the end. As the partial index has it.
macro_rules! written {
    () => {
        "refused IS NULL AND (removed_at IS NULL AND definition IS DISTINCT FROM taken \
                              OR removed_at IS NOT NULL AND taken IS NOT NULL)"
    };
}

/// The first by name: the index has them so. Of any one, the planner would believe that it soon meets it among all.
pub(crate) const NEWEST: &str = concat!(
    "SELECT revision, (SELECT name FROM schedule WHERE ",
    written!(),
    " ORDER BY name LIMIT 1) IS NOT NULL OR EXISTS (SELECT 1 FROM task_edit WHERE refused IS NULL) OR EXISTS (",
    tasks::doing!(),
    ") OR EXISTS (",
    tasks::done!(),
    ") AS waits FROM edits"
);
/// Locked: what is read here is what is taken.
pub(crate) const WRITTEN: &str = concat!(
    "SELECT name, definition, taken, removed_at FROM schedule WHERE ",
    written!(),
    " ORDER BY name LIMIT $1 FOR UPDATE"
);
pub(crate) const TAKE: &str = "\
    UPDATE schedule SET owner = 'api', taken = definition, refused = NULL, runs = CASE WHEN $2 = 1 THEN 0 ELSE runs END, \
    cursor = CASE WHEN $3 = 1 THEN $4 ELSE cursor END WHERE name = $1";
pub(crate) const REFUSE: &str = "UPDATE schedule SET refused = $2 WHERE name = $1";
pub(crate) const REVISION: &str = "SELECT revision FROM edits";
pub(crate) const COUNT: &str = "UPDATE edits SET revision = edits_next()";
pub(crate) const EDITED: &str = "\
    SELECT name, taken AS definition, anchor, cursor, pause, runs, last_success_due, removed_at, revision FROM schedule \
    WHERE revision > $1 AND (taken IS NOT NULL OR removed_at IS NOT NULL) ORDER BY revision LIMIT $2";
pub(crate) const DELETED: &str = "\
    SELECT name FROM schedule_gone WHERE revision > $1 AND revision <= $2 \
    AND NOT EXISTS (SELECT 1 FROM schedule WHERE schedule.name = schedule_gone.name)";
pub(crate) const REFUSED: &str = "\
    SELECT name, refused FROM schedule WHERE refused IS NOT NULL \
    UNION ALL SELECT task_key, refused FROM task_edit WHERE refused IS NOT NULL ORDER BY 1 LIMIT 1000";
pub(crate) const TELL_OVERDUE: &str = "\
    UPDATE schedule SET overdue_since = $2 WHERE name = $1 AND removed_at IS NULL \
    AND overdue_since IS DISTINCT FROM $2 AND last_success_due IS NOT DISTINCT FROM $3";
