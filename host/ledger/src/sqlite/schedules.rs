//! The schedules that stand: what was asked for, and how far each has come.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::{Owner, Pause, Schedule, ScheduleName, Standing};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use super::fault::shape;
use super::rows;
use super::writer::{Desk, Request};

const STANDING: &str = "\
    SELECT name, definition, anchor, cursor, pause, runs, last_success_due FROM schedule \
    WHERE removed_at IS NULL ORDER BY name";
const STORED: &str = "SELECT name, owner, definition, removed_at FROM schedule";
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
                let looks_anew = known.is_none_or(|known| known.comes_due_otherwise(schedule));
                sqlx::query(DEFINE)
                    .bind(schedule.name.as_str())
                    .bind(owner(schedule))
                    .bind(&definition)
                    .bind(self.now.timestamp_millis())
                    .bind(looks_anew)
                    .execute(&mut *desk.connection)
                    .await?;
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
    fn is(&self, definition: &str) -> bool {
        !self.is_removed && self.definition == definition
    }

    /// `None` if an older or newer noontide wrote it in another shape.
    fn schedule(&self) -> Option<Schedule> {
        serde_json::from_str(&self.definition).ok()
    }

    /// What decides when it comes due has changed, so nothing looks back.
    fn comes_due_otherwise(&self, new: &Schedule) -> bool {
        self.is_removed
            || self.schedule().is_none_or(|old| {
                let of = |schedule: &Schedule| (schedule.timezone, schedule.enabled, schedule.max_runs);
                old.trigger != new.trigger || of(&old) != of(new)
            })
    }
}

async fn stored(desk: &mut Desk<'_>) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let mut stored = HashMap::new();
    for row in sqlx::query(STORED).fetch_all(&mut *desk.connection).await? {
        let one = Stored {
            definition: row.try_get("definition")?,
            is_of_a_file: row.try_get::<&str, _>("owner")? == "file",
            is_removed: row.try_get::<Option<i64>, _>("removed_at")?.is_some(),
        };
        stored.insert(row.try_get("name")?, one);
    }
    Ok(stored)
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
