//! The schedules that stand: what was asked for, and how far each has come.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::excerpt::excerpt;
use noontide_domain::ports::{Put, Removed};
use noontide_domain::{Owner, Pause, Schedule, ScheduleName, Standing};

use crate::changes;
use crate::fault::shape;
use crate::gates;
use crate::query::{Place, query};
use crate::row::Row;
use crate::rows;
use crate::tasks;
use crate::writer::{Desk, Request};

statements!(schedules: STANDING, STANDING_ONE, STORED, STORED_ONE, DEFINE, REMOVE, LOOK_FROM, PAUSE, RESUME);

pub(crate) struct Declare {
    pub schedules: Vec<Schedule>,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Declare {
    type Answer = Vec<Standing>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Standing>, sqlx::Error> {
        // First, because it keeps others from the list.
        tasks::begin(desk).await?;
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
                // That a file's schedule is new says its anchor: the first start of many costs no rows.
                if let (Some(place), Some(_)) = (schedule.owner.place(), &known) {
                    changes::note_definition(desk, schedule, known.as_ref(), &place, self.now).await?;
                }
                tasks::show(desk, schedule).await?;
            }
            given.insert(schedule.name.as_str(), (definition, schedule));
        }
        for (name, gone) in stored.iter().filter(|(_, left)| left.is_of_a_file && !left.is_removed) {
            tracing::debug!(schedule = name, was = ?gone.schedule().map(|s| s.owner.to_string()), "left the list");
            remove(desk, name, &gone.place(), self.now).await?;
        }
        tasks::show_missing(desk).await?;
        tasks::end(desk).await?;
        let rows = query(STANDING).all(&mut *desk).await?;
        Ok(rows.iter().filter_map(|row| readable(row, &given)).collect())
    }
}

pub(crate) struct PutOne {
    pub schedule: Schedule,
    pub by: String,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for PutOne {
    type Answer = Put;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Put, sqlx::Error> {
        tasks::begin(desk).await?;
        let put = self.put(desk).await?;
        tasks::end(desk).await?;
        Ok(put)
    }
}

impl PutOne {
    async fn put(&self, desk: &mut Desk<'_>) -> Result<Put, sqlx::Error> {
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
        changes::note_definition(desk, &self.schedule, known.as_ref(), &self.by, self.now).await?;
        tasks::show(desk, &self.schedule).await?;
        let row = query(STANDING_ONE).bind(name).one(&mut *desk).await?;
        let standing = Box::new(standing(&row, &Given::from([(name, (definition, &self.schedule))]))?);
        Ok(if standing_before.is_none() { Put::Created(standing) } else { Put::Replaced(standing) })
    }
}

pub(crate) struct RemoveOne {
    pub schedule: ScheduleName,
    pub by: String,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for RemoveOne {
    type Answer = Removed;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Removed, sqlx::Error> {
        tasks::begin(desk).await?;
        let name = self.schedule.as_str();
        let removed = match stored_one(desk, name).await? {
            Some(known) if known.is_removed => Removed::NotFound,
            None => Removed::NotFound,
            Some(known) if known.is_of_a_file => Removed::OwnedByFile(known.place()),
            Some(_) => {
                remove(desk, name, &self.by, self.now).await?;
                Removed::Removed
            }
        };
        tasks::end(desk).await?;
        Ok(removed)
    }
}

/// What was declared, with its text. What is stored as it was given need not be read again, and a clone shares the
/// compiled calendar, which takes some KiB.
pub(crate) type Given<'a> = HashMap<&'a str, (String, &'a Schedule)>;

/// A schedule as it was before.
pub(crate) struct Stored {
    definition: String,
    /// What hosts go by; `None` if it has left the list, or nobody has looked yet.
    taken: Option<String>,
    is_of_a_file: bool,
    is_removed: bool,
}

impl Stored {
    pub fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            definition: row.try_get("definition")?,
            taken: row.try_get("taken")?,
            is_of_a_file: row.try_get::<&str>("owner")? == "file",
            is_removed: row.try_get::<Option<i64>>("removed_at")?.is_some(),
        })
    }

    fn is(&self, definition: &str) -> bool {
        !self.is_removed && self.definition == definition && self.taken.as_deref() == Some(definition)
    }

    pub fn is_removed(&self) -> bool {
        self.is_removed
    }

    /// `None` if an older or newer noontide wrote it in another shape.
    pub fn schedule(&self) -> Option<Schedule> {
        serde_json::from_str(self.taken.as_ref()?).ok()
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

pub(crate) async fn define(
    desk: &mut Desk<'_>,
    schedule: &Schedule,
    definition: &str,
    known: Option<&Stored>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let looks_anew = known.is_none_or(|known| known.comes_due_otherwise(schedule));
    let query = query(DEFINE)
        .bind(schedule.name.as_str())
        .bind(owner(schedule))
        .bind(definition)
        .bind(now.timestamp_millis())
        .bind(looks_anew);
    query.run(&mut *desk).await?;
    // Of what has left the list it is not known what it said.
    let before = known.map_or(Some(None), |known| known.schedule().map(|before| before.concurrency));
    gates::bound(desk, schedule, before).await
}

/// Everything up to `cursor` has been decided, and nothing after it.
pub(crate) async fn look_from(desk: &mut Desk<'_>, name: &str, cursor: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let query = query(LOOK_FROM).bind(name).bind(cursor.timestamp_millis());
    query.run(&mut *desk).await.map(drop)
}

/// Takes it off the list, with its row in `task`.
pub(crate) async fn remove(desk: &mut Desk<'_>, name: &str, by: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    query(REMOVE).bind(name).bind(now.timestamp_millis()).run(&mut *desk).await?;
    changes::note_removal(desk, name, by, now).await?;
    tasks::hide(desk, name).await
}

async fn stored(desk: &mut Desk<'_>) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let mut stored = HashMap::new();
    for row in query(STORED).all(&mut *desk).await? {
        stored.insert(row.try_get("name")?, Stored::read(&row)?);
    }
    Ok(stored)
}

async fn stored_one(desk: &mut Desk<'_>, name: &str) -> Result<Option<Stored>, sqlx::Error> {
    let row = query(STORED_ONE).bind(name).first(&mut *desk).await?;
    row.as_ref().map(Stored::read).transpose()
}

fn owner(schedule: &Schedule) -> &'static str {
    match schedule.owner {
        Owner::File { .. } => "file",
        Owner::Api => "api",
    }
}

pub(crate) struct SetPause {
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
            Some(pause) => query(PAUSE).bind(name).bind(rows::to_json("pause", pause)?),
            None => query(RESUME).bind(name).bind(self.now.timestamp_millis()),
        };
        Ok(query.run(&mut *desk).await? == 1)
    }
}

pub(crate) async fn standings(place: impl Place) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = query(STANDING).all(place).await?;
    Ok(rows.iter().filter_map(|row| readable(row, &Given::new())).collect())
}

/// A row that somebody spoilt is left out, so that those beside it go on.
pub(crate) fn readable(row: &Row, given: &Given<'_>) -> Option<Standing> {
    standing(row, given)
        .inspect_err(|problem| tracing::error!(%problem, "a schedule's row cannot be read; it is left out"))
        .ok()
}

fn standing(row: &Row, given: &Given<'_>) -> Result<Standing, sqlx::Error> {
    let (name, definition): (&str, &str) = (row.try_get("name")?, row.try_get("definition")?);
    let schedule = match given.get(name).filter(|(text, _)| text == definition) {
        Some((_, schedule)) => (*schedule).clone(),
        None => serde_json::from_str(definition).map_err(|problem| shape(&format!("schedule `{name}`"), problem))?,
    };
    let anchor = rows::instant(row, "anchor")?;
    Ok(Standing {
        schedule,
        anchor,
        cursor: rows::instant(row, "cursor")?,
        pause: row.try_get::<Option<&str>>("pause")?.map(|text| pause(text, anchor)),
        runs: row.try_get::<i64>("runs")?.unsigned_abs(),
        last_success: rows::maybe_instant(row, "last_success_due")?,
    })
}

/// Whoever writes into the column wants a pause, in whatever words.
fn pause(text: &str, since: DateTime<Utc>) -> Pause {
    let by_hand = |_| Pause { since, by: "the ledger's row".to_owned(), reason: Some(excerpt(text)), until: None };
    serde_json::from_str(text).unwrap_or_else(by_hand)
}
