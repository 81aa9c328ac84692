//! What was changed of schedules' definitions, written with the change itself; the newest changes of each are kept.

use chrono::{DateTime, Utc};
use noontide_domain::change::{ChangeKind, ChangedKey, KEPT, ScheduleChange, changed_keys};
use noontide_domain::{Schedule, ScheduleName};
use serde::{Deserialize, Serialize};

use crate::connection::Readers;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::schedules::Stored;
use crate::writer::Desk;

statements!(changes: NEWEST, WRITE, FORGET, LIST);

/// What a row says of one.
#[derive(Serialize, Deserialize)]
struct Body {
    kind: ChangeKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<ChangedKey>,
}

/// `by` has written `schedule` where `known` stood. What reads the same is no change, and of what an older or newer noontide
/// wrote in another shape it is not known what it said.
pub(crate) async fn note_definition(
    desk: &mut Desk<'_>,
    schedule: &Schedule,
    known: Option<&Stored>,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let name = schedule.name.as_str();
    match known.filter(|known| !known.is_removed()) {
        None => note(desk, name, by, Body { kind: ChangeKind::Defined, keys: Vec::new() }, now).await,
        Some(known) => match known.schedule() {
            Some(before) => note_change(desk, &before, schedule, by, now).await,
            None => Ok(()),
        },
    }
}

/// `by` has written `after` in place of `before`.
pub(crate) async fn note_change(
    desk: &mut Desk<'_>,
    before: &Schedule,
    after: &Schedule,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let keys = changed_keys(before, after);
    match keys.is_empty() {
        true => Ok(()),
        false => note(desk, after.name.as_str(), by, Body { kind: ChangeKind::Changed, keys }, now).await,
    }
}

/// `by` has taken it off the list.
pub(crate) async fn note_removal(
    desk: &mut Desk<'_>,
    name: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    note(desk, name, by, Body { kind: ChangeKind::Removed, keys: Vec::new() }, now).await
}

/// Under the lock of the list of schedules, so that numbers are given once.
async fn note(desk: &mut Desk<'_>, name: &str, by: &str, body: Body, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let newest: i64 = query(NEWEST).bind(name).one(&mut *desk).await?.try_get("newest")?;
    let (number, kept) = (newest + 1, i64::try_from(KEPT).unwrap_or(i64::MAX));
    let write = query(WRITE).bind(name).bind(number).bind(now.timestamp_millis()).bind(by);
    write.bind(rows::to_json("body", &body)?).run(&mut *desk).await?;
    if number > kept {
        query(FORGET).bind(name).bind(number - kept).run(&mut *desk).await?;
    }
    Ok(())
}

/// Newest first.
pub(crate) async fn list(readers: &Readers, schedule: &ScheduleName) -> Result<Vec<ScheduleChange>, sqlx::Error> {
    query(LIST).bind(schedule.as_str()).all(readers).await?.iter().map(change).collect()
}

fn change(row: &Row) -> Result<ScheduleChange, sqlx::Error> {
    let Body { kind, keys } = rows::from_json("body", row.try_get("body")?)?;
    Ok(ScheduleChange {
        number: row.try_get::<i64>("number")?.unsigned_abs(),
        at: rows::instant(row, "at")?,
        by: row.try_get("writer")?,
        kind,
        keys,
    })
}
