//! What others write on the list of schedules: noticed, judged, taken.

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{Edits, Overdue, RefusedEdit};
use noontide_domain::{Owner, Schedule};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use super::rows;
use super::schedules::{self, Given};
use super::tasks;
use super::writer::{Desk, Request};

/// Edits told of, and rows taken, in one transaction: some milliseconds of work, so that nobody waits for it.
const MOST: i64 = 250;

/// Of whom a host has to look at the definition, or at the end. As the partial index has it.
macro_rules! written {
    () => {
        "refused IS NULL AND (removed_at IS NULL AND definition IS NOT taken OR removed_at IS NOT NULL AND taken IS NOT NULL)"
    };
}

pub(super) const NEWEST: &str = concat!(
    "SELECT revision, EXISTS (SELECT 1 FROM schedule WHERE ",
    written!(),
    ") OR EXISTS (SELECT 1 FROM task_edit WHERE refused IS NULL) OR EXISTS (",
    tasks::doing!(),
    ") OR EXISTS (",
    tasks::done!(),
    ") AS waits FROM edits"
);
const WRITTEN: &str = concat!(
    "SELECT name, CAST(definition AS TEXT) AS definition, taken, removed_at FROM schedule WHERE ",
    written!(),
    " ORDER BY name LIMIT ?1"
);
const TAKE: &str = "\
    UPDATE schedule SET owner = 'api', taken = definition, refused = NULL, runs = CASE WHEN ?2 THEN 0 ELSE runs END, \
    cursor = CASE WHEN ?3 THEN ?4 ELSE cursor END WHERE name = ?1";
const REFUSE: &str = "UPDATE schedule SET refused = ?2 WHERE name = ?1";
const COUNT: &str = "UPDATE edits SET revision = revision + 1";
const EDITED: &str = "\
    SELECT name, taken AS definition, anchor, cursor, pause, runs, last_success_due, removed_at, revision FROM schedule \
    WHERE revision > ?1 AND (taken IS NOT NULL OR removed_at IS NOT NULL) ORDER BY revision LIMIT ?2";
const DELETED: &str = "\
    SELECT name FROM schedule_gone WHERE revision > ?1 AND revision <= ?2 AND name NOT IN (SELECT name FROM schedule)";
const REFUSED: &str = "\
    SELECT name, refused FROM schedule WHERE refused IS NOT NULL \
    UNION ALL SELECT task_key, refused FROM task_edit WHERE refused IS NOT NULL ORDER BY 1 LIMIT 1000";
const TELL_OVERDUE: &str = "\
    UPDATE schedule SET overdue_since = ?2 \
    WHERE name = ?1 AND removed_at IS NULL AND overdue_since IS NOT ?2 AND last_success_due IS ?3";

pub(super) async fn edited(connection: impl SqliteExecutor<'_>, since: i64) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(NEWEST).fetch_one(connection).await?;
    let newest: i64 = row.try_get("revision")?;
    Ok((row.try_get("waits")? || newest != since).then_some(newest))
}

/// So that whoever looks for edits looks again.
pub(super) async fn count(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(COUNT).execute(&mut *desk.connection).await.map(drop)
}

pub(super) struct TakeEdits {
    pub since: i64,
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for TakeEdits {
    type Answer = Edits;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Edits, sqlx::Error> {
        let now = self.now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(self.now);
        tasks::begin(desk).await?;
        for row in sqlx::query(WRITTEN).bind(MOST).fetch_all(&mut *desk.connection).await? {
            take(desk, &row, now).await?;
        }
        tasks::take(desk, self.zone, now, MOST).await?;
        tasks::hide_deleted(desk).await?;
        tasks::follow_runs(desk).await?;
        tasks::end(desk).await?;
        tell(desk, self.since).await
    }
}

async fn take(desk: &mut Desk<'_>, row: &SqliteRow, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let name: &str = row.try_get("name")?;
    if row.try_get::<Option<i64>, _>("removed_at")?.is_some() {
        return schedules::remove(desk, name, now).await;
    }
    let taken: Option<&str> = row.try_get("taken")?;
    let taken: Option<Schedule> = taken.and_then(|taken| serde_json::from_str(taken).ok());
    match judge(name, row.try_get("definition")?, taken.as_ref()) {
        Ok(schedule) => {
            let looks_anew = taken.as_ref().is_none_or(|taken| schedule.comes_due_unlike(taken));
            let query =
                sqlx::query(TAKE).bind(name).bind(taken.is_none()).bind(looks_anew).bind(now.timestamp_millis());
            query.execute(&mut *desk.connection).await?;
            tasks::show(desk, &schedule).await
        }
        Err(reason) => {
            sqlx::query(REFUSE).bind(name).bind(reason).execute(&mut *desk.connection).await?;
            count(desk).await
        }
    }
}

/// What somebody wrote into the row of a schedule.
fn judge(name: &str, definition: &str, taken: Option<&Schedule>) -> Result<Schedule, String> {
    if let Some(place) = taken.and_then(|taken| taken.owner.place()) {
        return Err(format!("it is defined at {place}; change it there"));
    }
    let schedule: Schedule = serde_json::from_str(definition)
        .map_err(|reason| format!("`definition` cannot be read: {reason}; mend it, or put the schedule anew"))?;
    if schedule.name.as_str() != name {
        return Err(format!("`definition` is of `{}`; its `name` has to be that of the row", schedule.name));
    }
    match schedule.owner {
        Owner::Api => Ok(schedule),
        Owner::File { .. } => Err("`definition` says that a file owns it; `owner` has to be \"api\"".to_owned()),
    }
}

/// All that has changed after `since`, as far as it fits.
async fn tell(desk: &mut Desk<'_>, since: i64) -> Result<Edits, sqlx::Error> {
    let newest: i64 = sqlx::query_scalar("SELECT revision FROM edits").fetch_one(&mut *desk.connection).await?;
    let refused = sqlx::query(REFUSED).fetch_all(&mut *desk.connection).await?;
    let refused =
        refused.iter().map(|row| Ok(RefusedEdit { schedule: row.try_get("name")?, reason: row.try_get("refused")? }));
    let refused = refused.collect::<Result<_, sqlx::Error>>()?;
    if since > newest {
        let standing = schedules::standings(&mut *desk.connection).await?;
        return Ok(Edits { revision: newest, standing, whole: true, refused, ..Edits::default() });
    }
    let rows = sqlx::query(EDITED).bind(since).bind(MOST).fetch_all(&mut *desk.connection).await?;
    let revision = match rows.last() {
        Some(last) if rows.len() as i64 == MOST => last.try_get("revision")?,
        _ => newest,
    };
    let mut edits = Edits { revision, refused, ..Edits::default() };
    for row in &rows {
        match row.try_get::<Option<i64>, _>("removed_at")? {
            Some(_) => edits.gone.push(rows::required(row, "name")?),
            None => edits.standing.extend(schedules::readable(row, &Given::new())),
        }
    }
    let deleted = sqlx::query(DELETED).bind(since).bind(revision).fetch_all(&mut *desk.connection).await?;
    for row in &deleted {
        // A name that no schedule can have had is nobody's loss.
        edits.gone.extend(row.try_get::<&str, _>("name")?.parse());
    }
    Ok(edits)
}

pub(super) struct TellOverdue {
    pub overdue: Vec<Overdue>,
}

#[async_trait]
impl Request for TellOverdue {
    type Answer = Vec<bool>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<bool>, sqlx::Error> {
        let mut is_news = Vec::with_capacity(self.overdue.len());
        for Overdue { schedule, since, last_success } in &self.overdue {
            let query = sqlx::query(TELL_OVERDUE)
                .bind(schedule.as_str())
                .bind(since.timestamp_millis())
                .bind(last_success.map(|last| last.timestamp_millis()));
            is_news.push(query.execute(&mut *desk.connection).await?.rows_affected() == 1);
        }
        Ok(is_news)
    }
}
