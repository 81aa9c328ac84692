//! The table `task`: every schedule as a row, and rows that people edit.
//!
//! Who wrote last wins. What a host writes on the list it writes into the row as well, in the same transaction; what
//! somebody edits in a row is noted by triggers in `task_edit`, and the next host that looks makes the schedule like it. The
//! text of a row that was taken stays as it was written.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Schedule;
use noontide_domain::table::{self, TableRow};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::edits::count;
use super::rows;
use super::schedules::{self, Stored};
use super::writer::Desk;

const BEGIN: &str = "UPDATE edits SET host = 1";
const END: &str = "UPDATE edits SET host = 0";
const UPDATE: &str = "\
    UPDATE task SET \"desc\" = ?2, execute_func = ?3, \"trigger\" = ?4, spec = ?5, args = ?6, is_valid = ?7, extra = ?8, \
    update_at = CURRENT_TIMESTAMP WHERE task_key = ?1";
/// Who comes back has its id again. Others begin far above those that people give.
const INSERT: &str = "\
    INSERT INTO task (id, task_key, \"desc\", execute_func, \"trigger\", spec, args, is_valid, extra) VALUES (coalesce( \
        (SELECT id FROM task_mark WHERE task_key = ?1 AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = task_mark.id)), \
        max((SELECT coalesce(max(id), 0) FROM task_mark), (SELECT coalesce(max(id), 0) FROM task), 1000000) + 1), \
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const MARK: &str = "UPDATE task_mark SET place = ?2 WHERE task_key = ?1";
const DELETE: &str = "DELETE FROM task WHERE task_key = ?1";
const FORGET: &str = "DELETE FROM task_edit WHERE task_key = ?1";
/// They are taken in the order of their keys; what is refused says so.
const TAKEN: &str = "DELETE FROM task_edit WHERE refused IS NULL AND task_key <= ?1";
const REFUSE: &str = "UPDATE task_edit SET refused = ?2 WHERE task_key = ?1";
const EXTRA: &str = "UPDATE task SET extra = ?2 WHERE task_key = ?1";
const SPEC: &str = "UPDATE task SET spec = ?2 WHERE task_key = ?1";
const EDITED: &str = "\
    SELECT task_edit.task_key, task.id, CAST(\"desc\" AS TEXT) AS \"desc\", CAST(execute_func AS TEXT) AS execute_func, \
    CAST(\"trigger\" AS TEXT) AS \"trigger\", CAST(spec AS TEXT) AS spec, CAST(args AS TEXT) AS args, is_valid, \
    CAST(extra AS TEXT) AS extra, name, owner, definition, taken, removed_at \
    FROM task_edit LEFT JOIN task ON task.task_key = task_edit.task_key \
    LEFT JOIN schedule ON schedule.name = task_edit.task_key \
    WHERE task_edit.refused IS NULL ORDER BY task_edit.task_key LIMIT ?1";
/// Schedules from before the table, or whose row somebody took away behind our back.
const MISSING: &str = "\
    SELECT taken FROM schedule WHERE removed_at IS NULL AND taken IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM task WHERE task_key = name) AND NOT EXISTS (SELECT 1 FROM task_edit WHERE task_key = name)";

/// Schedules whose row was deleted as a whole, and that nobody has asked for again.
const DELETED: &str = "\
    SELECT name FROM schedule_gone JOIN task ON task_key = name \
    WHERE name NOT IN (SELECT name FROM schedule) AND name NOT IN (SELECT task_key FROM task_edit)";

/// Keys whose runs have begun, or are over, since their status was written.
macro_rules! doing {
    () => {
        "SELECT task_key FROM run JOIN task ON task_key = run.schedule WHERE run.state = 1 AND status = 'ready'"
    };
}
macro_rules! done {
    () => {
        "SELECT task_key FROM task WHERE status = 'doing' \
         AND NOT EXISTS (SELECT 1 FROM run WHERE run.schedule = task_key AND run.state = 1)"
    };
}
pub(super) use {doing, done};

const DOING: &str = concat!("UPDATE task SET status = 'doing' WHERE task_key IN (", doing!(), ")");
const DONE: &str = concat!("UPDATE task SET status = 'ready' WHERE task_key IN (", done!(), ")");

/// What follows in this transaction is written by a host. Every beginning needs its end.
pub(super) async fn begin(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(BEGIN).execute(&mut *desk.connection).await.map(drop)
}

pub(super) async fn end(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(END).execute(&mut *desk.connection).await.map(drop)
}

/// The row of `schedule` says what the schedule says, whatever somebody wrote into it.
pub(super) async fn show(desk: &mut Desk<'_>, schedule: &Schedule) -> Result<(), sqlx::Error> {
    let row = TableRow::of(schedule);
    for statement in [UPDATE, INSERT] {
        let query = sqlx::query(statement)
            .bind(&row.task_key)
            .bind(&row.desc)
            .bind(&row.execute_func)
            .bind(&row.trigger)
            .bind(&row.spec)
            .bind(&row.args)
            .bind(row.is_valid)
            .bind(&row.extra);
        if query.execute(&mut *desk.connection).await?.rows_affected() > 0 {
            break;
        }
    }
    sqlx::query(MARK).bind(&row.task_key).bind(schedule.owner.place()).execute(&mut *desk.connection).await?;
    forget(desk, &row.task_key).await
}

/// Rows for those that have none.
pub(super) async fn show_missing(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let missing: Vec<String> = sqlx::query_scalar(MISSING).fetch_all(&mut *desk.connection).await?;
    // What cannot be read is complained of elsewhere.
    for schedule in missing.iter().filter_map(|taken| serde_json::from_str(taken).ok()) {
        show(desk, &schedule).await?;
    }
    Ok(())
}

/// A schedule that has left the list has no row; its id stays with its key.
pub(super) async fn hide(desk: &mut Desk<'_>, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE).bind(name).execute(&mut *desk.connection).await?;
    sqlx::query(MARK).bind(name).bind(None::<&str>).execute(&mut *desk.connection).await?;
    forget(desk, name).await
}

pub(super) async fn hide_deleted(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let deleted: Vec<String> = sqlx::query_scalar(DELETED).fetch_all(&mut *desk.connection).await?;
    for name in &deleted {
        hide(desk, name).await?;
    }
    Ok(())
}

/// `status` is `doing` while a run goes on. Written at a look and not with the run: what is looked at once a second need not
/// cost each run.
pub(super) async fn follow_runs(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(DOING).execute(&mut *desk.connection).await?;
    sqlx::query(DONE).execute(&mut *desk.connection).await.map(drop)
}

async fn forget(desk: &mut Desk<'_>, key: &str) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).bind(key).execute(&mut *desk.connection).await.map(drop)
}

/// Makes schedules like the rows that were edited, at most `most` of them.
pub(super) async fn take(desk: &mut Desk<'_>, zone: Tz, now: DateTime<Utc>, most: i64) -> Result<(), sqlx::Error> {
    let edited = sqlx::query(EDITED).bind(most).fetch_all(&mut *desk.connection).await?;
    for row in &edited {
        take_one(desk, row, zone, now).await?;
    }
    let Some(last) = edited.last() else { return Ok(()) };
    sqlx::query(TAKEN).bind(last.try_get::<&str, _>("task_key")?).execute(&mut *desk.connection).await?;
    count(desk).await
}

async fn take_one(desk: &mut Desk<'_>, row: &SqliteRow, zone: Tz, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let key: &str = row.try_get("task_key")?;
    let known = row.try_get::<Option<&str>, _>("name")?.map(|_| Stored::read(row)).transpose()?;
    let former = known.as_ref().and_then(Stored::schedule);
    if row.try_get::<Option<i64>, _>("id")?.is_none() {
        return match former {
            Some(_) => schedules::remove(desk, key, now).await,
            None => Ok(()),
        };
    }
    let written = written(row, key)?;
    match written.read(former.as_ref(), zone, now) {
        Ok(asked) => {
            if former.as_ref() != Some(&asked.schedule) {
                let definition = rows::to_json("definition", &asked.schedule)?;
                schedules::define(desk, &asked.schedule, &definition, known.as_ref(), now).await?;
            }
            if asked.at_once {
                schedules::look_from(desk, key, now - TimeDelta::milliseconds(1)).await?;
                let spec = table::date(now, asked.schedule.timezone);
                sqlx::query(SPEC).bind(key).bind(spec).execute(&mut *desk.connection).await?;
            }
            say(desk, &written, None).await
        }
        Err(reason) => {
            say(desk, &written, Some(&reason)).await?;
            sqlx::query(REFUSE).bind(key).bind(reason).execute(&mut *desk.connection).await.map(drop)
        }
    }
}

fn written(row: &SqliteRow, key: &str) -> Result<TableRow, sqlx::Error> {
    Ok(TableRow {
        task_key: key.to_owned(),
        desc: row.try_get("desc")?,
        execute_func: row.try_get("execute_func")?,
        trigger: row.try_get("trigger")?,
        spec: row.try_get("spec")?,
        args: row.try_get("args")?,
        is_valid: row.try_get("is_valid")?,
        extra: row.try_get("extra")?,
    })
}

/// Whoever looks at the row sees what is wrong with it.
async fn say(desk: &mut Desk<'_>, row: &TableRow, reason: Option<&str>) -> Result<(), sqlx::Error> {
    let Some(extra) = table::with_error(&row.extra, reason) else { return Ok(()) };
    sqlx::query(EXTRA).bind(&row.task_key).bind(extra).execute(&mut *desk.connection).await.map(drop)
}
