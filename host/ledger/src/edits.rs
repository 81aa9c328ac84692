//! What others write on the list of schedules: noticed, judged, taken.

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::alert::noted;
use noontide_domain::ports::{Edits, Overdue, RefusedEdit};
use noontide_domain::{Owner, Schedule};

use crate::changes;
use crate::gates;
use crate::notices;
use crate::query::{Place, query};
use crate::row::Row;
use crate::rows;
use crate::schedules::{self, Given};
use crate::tasks;
use crate::writer::{Desk, Request};

statements!(edits: NEWEST, WRITTEN, TAKE, REFUSE, COUNT, EDITED, DELETED, REFUSED, TELL_OVERDUE, REVISION);

/// Who edited a row of `schedule`, for the list of changes.
const BY_HAND: &str = "the table schedule";

/// Edits told of, and rows taken, in one transaction: some milliseconds of work, so that nobody waits for it.
const MOST: i64 = 250;

pub(crate) async fn edited(place: impl Place, since: i64) -> Result<Option<i64>, sqlx::Error> {
    let row = query(NEWEST).one(place).await?;
    let newest: i64 = row.try_get("revision")?;
    Ok((row.try_get("waits")? || newest != since).then_some(newest))
}

/// So that whoever looks for edits looks again.
pub(crate) async fn count(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(COUNT).run(&mut *desk).await.map(drop)
}

pub(crate) struct TakeEdits {
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
        for row in query(WRITTEN).bind(MOST).all(&mut *desk).await? {
            take(desk, &row, now).await?;
        }
        tasks::take(desk, self.zone, now, MOST).await?;
        tasks::hide_deleted(desk, BY_HAND, now).await?;
        tasks::follow_runs(desk).await?;
        tasks::end(desk).await?;
        tell(desk, self.since).await
    }
}

async fn take(desk: &mut Desk<'_>, row: &Row, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let name: &str = row.try_get("name")?;
    if row.try_get::<Option<i64>>("removed_at")?.is_some() {
        return schedules::remove(desk, name, BY_HAND, now).await;
    }
    let taken: Option<&str> = row.try_get("taken")?;
    let taken: Option<Schedule> = taken.and_then(|taken| serde_json::from_str(taken).ok());
    match judge(name, row.try_get("definition")?, taken.as_ref()) {
        Ok(schedule) => {
            let looks_anew = taken.as_ref().is_none_or(|taken| schedule.comes_due_unlike(taken));
            let query = query(TAKE).bind(name).bind(taken.is_none()).bind(looks_anew).bind(now.timestamp_millis());
            query.run(&mut *desk).await?;
            match &taken {
                Some(taken) => changes::note_change(desk, taken, &schedule, BY_HAND, now).await?,
                None => changes::note_definition(desk, &schedule, None, BY_HAND, now).await?,
            }
            gates::bound(desk, &schedule, taken.as_ref().map(|taken| taken.concurrency)).await?;
            tasks::show(desk, &schedule).await
        }
        Err(reason) => {
            query(REFUSE).bind(name).bind(reason).run(&mut *desk).await?;
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
    let newest: i64 = query(REVISION).one(&mut *desk).await?.try_get("revision")?;
    let refused = query(REFUSED).all(&mut *desk).await?;
    let refused =
        refused.iter().map(|row| Ok(RefusedEdit { schedule: row.try_get("name")?, reason: row.try_get("refused")? }));
    let refused = refused.collect::<Result<_, sqlx::Error>>()?;
    if since > newest {
        let standing = schedules::standings(&mut *desk).await?;
        return Ok(Edits { revision: newest, standing, whole: true, refused, ..Edits::default() });
    }
    let rows = query(EDITED).bind(since).bind(MOST).all(&mut *desk).await?;
    let revision = match rows.last() {
        Some(last) if rows.len() as i64 == MOST => last.try_get("revision")?,
        _ => newest,
    };
    let mut edits = Edits { revision, refused, ..Edits::default() };
    for row in &rows {
        match row.try_get::<Option<i64>>("removed_at")? {
            Some(_) => edits.gone.push(rows::required(row, "name")?),
            None => edits.standing.extend(schedules::readable(row, &Given::new())),
        }
    }
    let deleted = query(DELETED).bind(since).bind(revision).all(&mut *desk).await?;
    for row in &deleted {
        // A name that no schedule can have had is nobody's loss.
        edits.gone.extend(row.try_get::<&str>("name")?.parse());
    }
    Ok(edits)
}

pub(crate) struct TellOverdue {
    pub overdue: Vec<Overdue>,
    pub heeds: bool,
}

#[async_trait]
impl Request for TellOverdue {
    type Answer = Vec<bool>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<bool>, sqlx::Error> {
        let mut is_news = Vec::with_capacity(self.overdue.len());
        desk.heeds = self.heeds;
        let mut told = Vec::new();
        for overdue @ Overdue { schedule, since, last_success } in &self.overdue {
            let query = query(TELL_OVERDUE)
                .bind(schedule.as_str())
                .bind(since.timestamp_millis())
                .bind(last_success.map(|last| last.timestamp_millis()));
            let is_new = query.run(&mut *desk).await? == 1;
            told.extend(is_new.then(|| noted::overdue(overdue, desk.now)));
            is_news.push(is_new);
        }
        notices::write(&told, desk).await?;
        Ok(is_news)
    }
}
