//! tasks: the statements of MySQL and MariaDB.

pub(crate) const BEGIN: &str = "UPDATE edits SET host = 1";
pub(crate) const END: &str = "UPDATE edits SET host = 0";
pub(crate) const UPDATE: &str = "\
    UPDATE task SET \"desc\" = ?2, execute_func = ?3, \"trigger\" = ?4, spec = ?5, args = ?6, is_valid = ?7, extra = ?8, \
    update_at = utc_timestamp() WHERE task_key = ?1";
/// Who comes back has its id again. Others begin far above those that people give. The id is looked for first: a statement
/// does not read the table that its triggers write.
pub(crate) const INSERT: &str = "\
    SET @noontide_task_id = coalesce( \
        (SELECT id FROM task_mark WHERE task_key = ?1 AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = task_mark.id)), \
        greatest((SELECT coalesce(max(id), 0) FROM task_mark), (SELECT coalesce(max(id), 0) FROM task), 1000000) + 1); \
    INSERT INTO task (id, task_key, \"desc\", execute_func, \"trigger\", spec, args, is_valid, extra) \
    VALUES (@noontide_task_id, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(crate) const MARK: &str = "UPDATE task_mark SET place = ?2 WHERE task_key = ?1";
pub(crate) const DELETE: &str = "DELETE FROM task WHERE task_key = ?1";
pub(crate) const FORGET: &str = "DELETE FROM task_edit WHERE task_key = ?1";
/// Those that were looked at, and no other: somebody may have written more meanwhile. What is refused says so.
pub(crate) const TAKEN: &str = "\
    DELETE task_edit FROM json_table(?2, '$[*]' COLUMNS (task_key VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) AS told \
    STRAIGHT_JOIN task_edit FORCE INDEX (PRIMARY) ON task_edit.task_key = told.task_key WHERE task_edit.refused IS NULL";
pub(crate) const REFUSE: &str = "UPDATE task_edit SET refused = ?2 WHERE task_key = ?1";
pub(crate) const EXTRA: &str = "UPDATE task SET extra = ?2 WHERE task_key = ?1";
pub(crate) const SPEC: &str = "UPDATE task SET spec = ?2 WHERE task_key = ?1";
/// Locked: what is read here is what is taken, and who edits it once more is seen at the next look.
pub(crate) const EDITED: &str = "\
    SELECT task_edit.task_key, task.id, \"desc\", execute_func, \"trigger\", spec, args, is_valid, extra, name, owner, \
    definition, taken, removed_at \
    FROM task_edit LEFT JOIN task ON task.task_key = task_edit.task_key \
    LEFT JOIN schedule ON schedule.name = task_edit.task_key \
    WHERE task_edit.refused IS NULL ORDER BY task_edit.task_key LIMIT ?1 FOR UPDATE";
/// Schedules from before the table, or whose row somebody took away behind our back.
pub(crate) const MISSING: &str = "\
    SELECT taken FROM schedule WHERE removed_at IS NULL AND taken IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM task WHERE task_key = name) AND NOT EXISTS (SELECT 1 FROM task_edit WHERE task_key = name)";

/// Schedules whose row was deleted as a whole, and that nobody has asked for again.
pub(crate) const DELETED: &str = "\
    SELECT schedule_gone.name FROM schedule_gone JOIN task ON task.task_key = schedule_gone.name \
    WHERE NOT EXISTS (SELECT 1 FROM schedule WHERE schedule.name = schedule_gone.name) \
    AND NOT EXISTS (SELECT 1 FROM task_edit WHERE task_edit.task_key = schedule_gone.name)";

/// Keys whose runs have begun, or are over, since their status was written.
macro_rules! doing {
    () => {
        "SELECT task_key FROM run FORCE INDEX (run_live) STRAIGHT_JOIN task ON task_key = run.schedule \
         WHERE run.state = 1 AND status = 'ready'"
    };
}
macro_rules! done {
    () => {
        "SELECT task_key FROM task WHERE status = 'doing' \
         AND NOT EXISTS (SELECT 1 FROM run WHERE run.schedule = task_key AND run.state = 1)"
    };
}
pub(super) use {doing, done};

pub(crate) const DOING: &str = "\
    UPDATE run FORCE INDEX (run_live) STRAIGHT_JOIN task ON task.task_key = run.schedule SET task.status = 'doing' \
    WHERE run.state = 1 AND task.status = 'ready'";
pub(crate) const DONE: &str = "\
    UPDATE task SET status = 'ready' WHERE status = 'doing' \
    AND NOT EXISTS (SELECT 1 FROM run WHERE run.schedule = task.task_key AND run.state = 1)";
