//! What a simulation came to.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::forecast::{Busy, CROWD, Changed, Load, Span, Told, who};
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;

/// Examples of each kind of change.
const EXAMPLES: usize = 20;

/// More schedules are not asked whose a minute is: each would be walked once more.
const ASKED: usize = 20_000;

/// What would fire.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Simulation {
    from: Time,
    /// Up to here the walk came, within three seconds.
    to: Time,
    /// Of all schedules.
    fires: u64,
    /// Those that fire, by name.
    schedules: Vec<Fires>,
    /// Most fires first.
    busiest_minutes: Vec<Crowd>,
    collisions: Collisions,
    /// What differs from the list that stands.
    changes: Vec<Difference>,
}

/// How often one schedule fires.
#[derive(Debug, Serialize, ToSchema)]
struct Fires {
    schedule: String,
    fires: u64,
    first: Option<Time>,
    last: Option<Time>,
}

/// A minute or a second in which much fires.
#[derive(Debug, Serialize, ToSchema)]
struct Crowd {
    begin: Time,
    fires: u32,
    /// Whose fires they are, those with most first.
    schedules: Vec<Share>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Share {
    schedule: String,
    fires: usize,
}

/// Seconds in which so much fires that it queues.
#[derive(Debug, Serialize, ToSchema)]
struct Collisions {
    /// From so many fires on.
    threshold: u32,
    seconds: u64,
    busiest_seconds: Vec<Crowd>,
}

/// What becomes of one schedule.
#[derive(Debug, Serialize, ToSchema)]
struct Difference {
    schedule: String,
    /// `new`, `gone` or `changed`.
    what: &'static str,
    fires_before: usize,
    fires_after: usize,
    added: usize,
    dropped: usize,
    moved: usize,
    /// The first twenty that are added.
    added_at: Vec<Time>,
    /// The first twenty that are dropped.
    dropped_at: Vec<Time>,
}

impl Simulation {
    /// Of a walk through `span` up to `until`.
    pub(crate) fn of(span: Span, until: DateTime<Utc>, told: &[Told], load: &Load, changes: &[Changed]) -> Self {
        let crowds = |all: &[Busy], width: TimeDelta| all.iter().map(|one| crowd(told, span, *one, width)).collect();
        let fires = |told: &Told| Fires {
            schedule: told.schedule.name.to_string(),
            fires: told.fires,
            first: told.first.map(Time),
            last: told.last.map(Time),
        };
        Self {
            from: Time(span.from),
            to: Time(until),
            fires: told.iter().map(|told| told.fires).sum(),
            schedules: told.iter().filter(|told| told.fires > 0).map(fires).collect(),
            busiest_minutes: crowds(&load.minutes, TimeDelta::minutes(1)),
            collisions: Collisions {
                threshold: CROWD,
                seconds: load.crowded,
                busiest_seconds: crowds(&load.seconds, TimeDelta::seconds(1)),
            },
            changes: changes.iter().map(Difference::from).collect(),
        }
    }
}

fn crowd(told: &[Told], span: Span, busy: Busy, width: TimeDelta) -> Crowd {
    let whose = Some(told).filter(|told| told.len() <= ASKED).map(|told| who(told, span, busy.begin, width));
    let share = |(name, fires): (&str, usize)| Share { schedule: name.to_owned(), fires };
    let mut schedules: Vec<_> = whose.into_iter().flatten().map(share).collect();
    schedules.sort_by_key(|share| std::cmp::Reverse(share.fires));
    Crowd { begin: Time(busy.begin), fires: busy.fires, schedules }
}

impl From<&Changed> for Difference {
    fn from(changed: &Changed) -> Self {
        let some = |instants: &[DateTime<Utc>]| instants.iter().take(EXAMPLES).map(|at| Time(*at)).collect();
        Self {
            schedule: changed.name.to_string(),
            what: changed.what,
            fires_before: changed.before,
            fires_after: changed.after,
            added: changed.added.len(),
            dropped: changed.dropped.len(),
            moved: changed.moved.len(),
            added_at: some(&changed.added),
            dropped_at: some(&changed.dropped),
        }
    }
}
