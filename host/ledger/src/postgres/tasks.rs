//! tasks: the statements of PostgreSQL.

/// Whoever writes on the list, host or not, waits here for who is writing.
pub(crate) const BEGIN: &str = "UPDATE edits SET host = 1";
pub(crate) const END: &str = "UPDATE edits SET host = 0, revision = edits_newest()";
pub(crate) const UPDATE: &str = "\
    UPDATE task SET \"desc\" = $2, execute_func = $3, \"trigger\" = $4, spec = $5, args = $6, is_valid = $7, extra = $8, \
    update_at = now() AT TIME ZONE 'UTC' WHERE task_key = $1";
/// Who comes back has its id again. Others begin far above those that people give.
pub(crate) const INSERT: &str = "\
    INSERT INTO task (id, task_key, \"desc\", execute_func, \"trigger\", spec, args, is_valid, extra) VALUES (coalesce( \
        (SELECT id FROM task_mark WHERE task_key = $1 AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = task_mark.id)), \
        greatest((SELECT max(id) FROM task_mark), (SELECT max(id) FROM task), 1000000) + 1), \
        $1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const MARK: &str = "UPDATE task_mark SET place = $2 WHERE task_key = $1";
pub(crate) const DELETE: &str = "DELETE FROM task WHERE task_key = $1";
pub(crate) const FORGET: &str = "DELETE FROM task_edit WHERE task_key = $1";
/// They are taken in the order of their keys; what is refused says so. Nobody has written more meanwhile: whoever edits waits
/// for the row that `BEGIN` has written.
pub(crate) const TAKEN: &str = "DELETE FROM task_edit WHERE refused IS NULL AND task_key <= $1";
pub(crate) const REFUSE: &str = "UPDATE task_edit SET refused = $2 WHERE task_key = $1";
pub(crate) const EXTRA: &str = "UPDATE task SET extra = $2 WHERE task_key = $1";
pub(crate) const SPEC: &str = "UPDATE task SET spec = $2 WHERE task_key = $1";
pub(crate) const EDITED: &str = "\
    SELECT task_edit.task_key, task.id, \"desc\", execute_func, \"trigger\", spec, args, is_valid, extra, name, owner, \
    definition, taken, removed_at \
    FROM task_edit LEFT JOIN task ON task.task_key = task_edit.task_key \
    LEFT JOIN schedule ON schedule.name = task_edit.task_key \
    WHERE task_edit.refused IS NULL ORDER BY task_edit.task_key LIMIT $1";
/// Schedules from before the table, or whose row somebody took away behind our back.
pub(crate) const MISSING: &str = "\
    SELECT taken FROM schedule WHERE removed_at IS NULL AND taken IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM task WHERE task_key = name) AND NOT EXISTS (SELECT 1 FROM task_edit WHERE task_key = name)";

/// Schedules whose row was deleted as a whole, and that nobody has asked for again.
pub(crate) const DELETED: &str = "\
    SELECT name FROM schedule_gone JOIN task ON task_key = name \
    WHERE NOT EXISTS (SELECT 1 FROM schedule WHERE schedule.name = schedule_gone.name) \
    AND NOT EXISTS (SELECT 1 FROM task_edit WHERE task_edit.task_key = schedule_gone.name)";

/// Keys whose runs have begun, or are over, since their status was written. One row is looked up for each of the few that run or
/// did so: as joins they could be carried out the other way round, by a plan that was made when there were no rows.
macro_rules! doing {
    () => {
        "SELECT schedule FROM run WHERE state = 1 \
         AND (SELECT status FROM task WHERE task.task_key = run.schedule) = 'ready'"
    };
}
macro_rules! done {
    () => {
        "SELECT task_key FROM task WHERE status = 'doing' \
         AND NOT EXISTS (SELECT 1 FROM run WHERE run.schedule = task_key AND run.state = 1 OFFSET 0)"
    };
}
pub(super) use {doing, done};

pub(crate) const DOING: &str = concat!("UPDATE task SET status = 'doing' WHERE task_key IN (", doing!(), ")");
pub(crate) const DONE: &str = concat!("UPDATE task SET status = 'ready' WHERE task_key IN (", done!(), ")");
