//! The schedules that stand: what was asked for, and how far each has come.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Put, Removed};
use noontide_domain::{Owner, Pause, Schedule, ScheduleName, Standing};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use super::fault::shape;
use super::rows;
use super::writer::{Desk, Request};

const STANDING: &str = "\
    SELECT name, definition, anchor, cursor, pause, runs, last_success_due FROM schedule \
    WHERE removed_at IS NULL ORDER BY name";
const STANDING_ONE: &str = "\
    SELECT name, definition, anchor, cursor, pause, runs, last_success_due FROM schedule \
    WHERE name = ?1 AND removed_at IS NULL";
const STORED: &str = "SELECT name, owner, definition, removed_at FROM schedule";
const STORED_ONE: &str = "SELECT name, owner, definition, removed_at FROM schedule WHERE name = ?1";
/// On what is there already, the anchor and the pause stay as they are. Who comes back may run as often as anew.
const DEFINE: &str = "\
    INSERT INTO schedule (name, owner, definition, anchor, cursor) VALUES (?1, ?2, ?3, ?4, ?4) \
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, definition = excluded.definition, removed_at = NULL, \
    runs = CASE WHEN removed_at IS NULL THEN runs ELSE 0 END, cursor = CASE WHEN ?5 THEN excluded.cursor ELSE cursor END";
const REMOVE: &str = "UPDATE schedule SET removed_at = ?2 WHERE name = ?1";
const PAUSE: &str = "UPDATE schedule SET pause = ?2 WHERE name = ?1 AND removed_at IS NULL";
const RESUME: &str =
    "UPDATE schedule SET pause = NULL, cursor = max(cursor, ?2) WHERE name = ?1 AND removed_at IS NULL";

pub(super) struct Declare {
    pub schedules: Vec<Schedule>,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Declare {
    type Answer = Vec<Standing>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Standing>, sqlx::Error> {
        let mut stored = stored(desk).await?;
        let mut given = Given::new();
        for schedule in &self.schedules {
            let definition = rows::to_json("definition", schedule)?;
            let known = stored.remove(schedule.name.as_str());
            if !known.as_ref().is_some_and(|known| known.is(&definition)) {
                let was_of_the_api = known.as_ref().is_some_and(|known| !known.is_of_a_file && !known.is_removed);
                if was_of_the_api && owner(schedule) == "file" {
                    tracing::warn!(schedule = %schedule.name, owner = %schedule.owner, "the file takes it over from the API");
                }
                define(desk, schedule, &definition, known.as_ref(), self.now).await?;
            }
            given.insert(schedule.name.as_str(), (definition, schedule));
        }
        for (name, gone) in stored.iter().filter(|(_, left)| left.is_of_a_file && !left.is_removed) {
            tracing::debug!(schedule = name, was = ?gone.schedule().map(|s| s.owner.to_string()), "left the list");
            sqlx::query(REMOVE).bind(name).bind(self.now.timestamp_millis()).execute(&mut *desk.connection).await?;
        }
        let rows = sqlx::query(STANDING).fetch_all(&mut *desk.connection).await?;
        rows.iter().map(|row| standing(row, &given)).collect()
    }
}

pub(super) struct PutOne {
    pub schedule: Schedule,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for PutOne {
    type Answer = Put;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Put, sqlx::Error> {
        let name = self.schedule.name.as_str();
        let definition = rows::to_json("definition", &self.schedule)?;
        let known = stored_one(desk, name).await?;
        let standing_before = known.as_ref().filter(|known| !known.is_removed);
        match standing_before {
            Some(before) if before.is_of_a_file => return Ok(Put::OwnedByFile(before.place())),
            Some(before) if before.is(&definition) => return Ok(Put::Unchanged),
            _ => {}
        }
        define(desk, &self.schedule, &definition, known.as_ref(), self.now).await?;
        let row = sqlx::query(STANDING_ONE).bind(name).fetch_one(&mut *desk.connection).await?;
        let standing = Box::new(standing(&row, &Given::from([(name, (definition, &self.schedule))]))?);
        Ok(if standing_before.is_none() { Put::Created(standing) } else { Put::Replaced(standing) })
    }
}

pub(super) struct RemoveOne {
    pub schedule: ScheduleName,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for RemoveOne {
    type Answer = Removed;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Removed, sqlx::Error> {
        let name = self.schedule.as_str();
        match stored_one(desk, name).await? {
            Some(known) if known.is_removed => Ok(Removed::NotFound),
            None => Ok(Removed::NotFound),
            Some(known) if known.is_of_a_file => Ok(Removed::OwnedByFile(known.place())),
            Some(_) => {
                let query = sqlx::query(REMOVE).bind(name).bind(self.now.timestamp_millis());
                query.execute(&mut *desk.connection).await?;
                Ok(Removed::Removed)
            }
        }
    }
}

/// What was declared, with its text. What is stored as it was given need not be read again, and a clone shares the
/// compiled calendar, which takes some KiB.
type Given<'a> = HashMap<&'a str, (String, &'a Schedule)>;

/// A schedule as it was before.
struct Stored {
    definition: String,
    is_of_a_file: bool,
    is_removed: bool,
}

impl Stored {
    fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            definition: row.try_get("definition")?,
            is_of_a_file: row.try_get::<&str, _>("owner")? == "file",
            is_removed: row.try_get::<Option<i64>, _>("removed_at")?.is_some(),
        })
    }

    fn is(&self, definition: &str) -> bool {
        !self.is_removed && self.definition == definition
    }

    /// `None` if an older or newer noontide wrote it in another shape.
    fn schedule(&self) -> Option<Schedule> {
        serde_json::from_str(&self.definition).ok()
    }

    /// What decides when it comes due has changed, so nothing looks back.
    fn comes_due_otherwise(&self, new: &Schedule) -> bool {
        self.is_removed || self.schedule().is_none_or(|old| new.comes_due_unlike(&old))
    }

    /// `path:line` of the file that owns it.
    fn place(&self) -> String {
        let place = self.schedule().and_then(|schedule| schedule.owner.place());
        place.unwrap_or_else(|| "a configuration file".to_owned())
    }
}

async fn define(
    desk: &mut Desk<'_>,
    schedule: &Schedule,
    definition: &str,
    known: Option<&Stored>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let looks_anew = known.is_none_or(|known| known.comes_due_otherwise(schedule));
    let query = sqlx::query(DEFINE)
        .bind(schedule.name.as_str())
        .bind(owner(schedule))
        .bind(definition)
        .bind(now.timestamp_millis())
        .bind(looks_anew);
    query.execute(&mut *desk.connection).await.map(drop)
}

async fn stored(desk: &mut Desk<'_>) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let mut stored = HashMap::new();
    for row in sqlx::query(STORED).fetch_all(&mut *desk.connection).await? {
        stored.insert(row.try_get("name")?, Stored::read(&row)?);
    }
    Ok(stored)
}

async fn stored_one(desk: &mut Desk<'_>, name: &str) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query(STORED_ONE).bind(name).fetch_optional(&mut *desk.connection).await?;
    row.as_ref().map(Stored::read).transpose()
}

fn owner(schedule: &Schedule) -> &'static str {
    match schedule.owner {
        Owner::File { .. } => "file",
        Owner::Api => "api",
    }
}

pub(super) struct SetPause {
    pub schedule: ScheduleName,
    pub pause: Option<Pause>,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for SetPause {
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let name = self.schedule.as_str();
        let query = match &self.pause {
            Some(pause) => sqlx::query(PAUSE).bind(name).bind(rows::to_json("pause", pause)?),
            None => sqlx::query(RESUME).bind(name).bind(self.now.timestamp_millis()),
        };
        Ok(query.execute(&mut *desk.connection).await?.rows_affected() == 1)
    }
}

pub(super) async fn standings(connection: impl SqliteExecutor<'_>) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = sqlx::query(STANDING).fetch_all(connection).await?;
    rows.iter().map(|row| standing(row, &Given::new())).collect()
}

fn standing(row: &SqliteRow, given: &Given<'_>) -> Result<Standing, sqlx::Error> {
    let pause: Option<&str> = row.try_get("pause")?;
    let (name, definition): (&str, &str) = (row.try_get("name")?, row.try_get("definition")?);
    let schedule = match given.get(name).filter(|(text, _)| text == definition) {
        Some((_, schedule)) => (*schedule).clone(),
        None => serde_json::from_str(definition).map_err(|problem| shape(&format!("schedule `{name}`"), problem))?,
    };
    Ok(Standing {
        schedule,
        anchor: rows::instant(row, "anchor")?,
        cursor: rows::instant(row, "cursor")?,
        pause: pause.map(|text| rows::from_json("pause", text)).transpose()?,
        runs: row.try_get::<i64, _>("runs")?.unsigned_abs(),
        last_success: rows::maybe_instant(row, "last_success_due")?,
    })
}
