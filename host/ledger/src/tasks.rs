//! The table `task`: every schedule as a row, and rows that people edit.
//!
//! Who wrote last wins. What a host writes on the list it writes into the row as well, in the same transaction; what
//! somebody edits in a row is noted by triggers in `task_edit`, and the next host that looks makes the schedule like it. The
//! text of a row that was taken stays as it was written.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Schedule;
use noontide_domain::table::{self, TableRow};
use serde_json::json;

use crate::changes;
use crate::edits::count;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::schedules::{self, Stored};
use crate::writer::Desk;

/// Who edited a row of `task`, for the list of changes.
const BY_HAND: &str = "the table task";

statements!(tasks: BEGIN, END, UPDATE, INSERT, MARK, DELETE, FORGET, TAKEN, REFUSE, EXTRA, SPEC, EDITED, MISSING, DELETED, DOING, DONE);

/// What follows in this transaction is written by a host. Every beginning needs its end.
pub(crate) async fn begin(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(BEGIN).run(&mut *desk).await.map(drop)
}

pub(crate) async fn end(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(END).run(&mut *desk).await.map(drop)
}

/// The row of `schedule` says what the schedule says, whatever somebody wrote into it.
pub(crate) async fn show(desk: &mut Desk<'_>, schedule: &Schedule) -> Result<(), sqlx::Error> {
    let row = TableRow::of(schedule);
    for statement in [UPDATE, INSERT] {
        let query = query(statement)
            .bind(&row.task_key)
            .bind(&row.desc)
            .bind(&row.execute_func)
            .bind(&row.trigger)
            .bind(&row.spec)
            .bind(&row.args)
            .bind(row.is_valid)
            .bind(&row.extra);
        if query.run(&mut *desk).await? > 0 {
            break;
        }
    }
    query(MARK).bind(&row.task_key).bind(schedule.owner.place()).run(&mut *desk).await?;
    forget(desk, &row.task_key).await
}

/// Rows for those that have none.
pub(crate) async fn show_missing(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let missing = query(MISSING).texts("taken", &mut *desk).await?;
    // What cannot be read is complained of elsewhere.
    for schedule in missing.iter().filter_map(|taken| serde_json::from_str(taken).ok()) {
        show(desk, &schedule).await?;
    }
    Ok(())
}

/// A schedule that has left the list has no row; its id stays with its key.
pub(crate) async fn hide(desk: &mut Desk<'_>, name: &str) -> Result<(), sqlx::Error> {
    query(DELETE).bind(name).run(&mut *desk).await?;
    query(MARK).bind(name).bind(None::<&str>).run(&mut *desk).await?;
    forget(desk, name).await
}

/// Those whose row in `schedule` `by` has deleted.
pub(crate) async fn hide_deleted(desk: &mut Desk<'_>, by: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let deleted = query(DELETED).texts("name", &mut *desk).await?;
    for name in &deleted {
        changes::note_removal(desk, name, by, now).await?;
        hide(desk, name).await?;
    }
    Ok(())
}

/// `status` is `doing` while a run goes on. Written at a look and not with the run: what is looked at once a second need not
/// cost each run.
pub(crate) async fn follow_runs(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(DOING).run(&mut *desk).await?;
    query(DONE).run(&mut *desk).await.map(drop)
}

async fn forget(desk: &mut Desk<'_>, key: &str) -> Result<(), sqlx::Error> {
    query(FORGET).bind(key).run(&mut *desk).await.map(drop)
}

/// Makes schedules like the rows that were edited, at most `most` of them.
pub(crate) async fn take(desk: &mut Desk<'_>, zone: Tz, now: DateTime<Utc>, most: i64) -> Result<(), sqlx::Error> {
    let edited = query(EDITED).bind(most).all(&mut *desk).await?;
    for row in &edited {
        take_one(desk, row, zone, now).await?;
    }
    let keys = edited.iter().map(|row| row.try_get("task_key")).collect::<Result<Vec<&str>, _>>()?;
    let Some(last) = keys.last() else { return Ok(()) };
    query(TAKEN).bind(*last).bind(json!(keys).to_string()).run(&mut *desk).await?;
    count(desk).await
}

async fn take_one(desk: &mut Desk<'_>, row: &Row, zone: Tz, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let key: &str = row.try_get("task_key")?;
    let known = row.try_get::<Option<&str>>("name")?.map(|_| Stored::read(row)).transpose()?;
    let former = known.as_ref().and_then(Stored::schedule);
    if row.try_get::<Option<i64>>("id")?.is_none() {
        return match former {
            Some(_) => schedules::remove(desk, key, BY_HAND, now).await,
            None => Ok(()),
        };
    }
    let written = written(row, key)?;
    match written.read(former.as_ref(), zone, now) {
        Ok(asked) => {
            if former.as_ref() != Some(&asked.schedule) {
                let definition = rows::to_json("definition", &asked.schedule)?;
                schedules::define(desk, &asked.schedule, &definition, known.as_ref(), now).await?;
                changes::note_definition(desk, &asked.schedule, known.as_ref(), BY_HAND, now).await?;
            }
            if asked.at_once {
                schedules::look_from(desk, key, now - TimeDelta::milliseconds(1)).await?;
                let spec = table::date(now, asked.schedule.timezone);
                query(SPEC).bind(key).bind(spec).run(&mut *desk).await?;
            }
            say(desk, &written, None).await
        }
        Err(reason) => {
            say(desk, &written, Some(&reason)).await?;
            query(REFUSE).bind(key).bind(reason).run(&mut *desk).await.map(drop)
        }
    }
}

fn written(row: &Row, key: &str) -> Result<TableRow, sqlx::Error> {
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
    query(EXTRA).bind(&row.task_key).bind(extra).run(&mut *desk).await.map(drop)
}
