//! A submission: payloads under their due instants, handed to a schedule with a timetable.
//!
//! All of it is read before anything is kept, so one payload that is wrong refuses the whole. Of what is right, entries
//! outside the window are left out; the rest becomes one [`Bucket`] for each instant. Whether an entry was executed
//! before is for the ledger to say.

mod data;
mod key;
mod lines;
mod refusal;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::ports::Fire;
use crate::{Item, Key, LATE, Levels, Order, Overlap, ScheduleName, Standing, SubmissionId, Timetable, plan};

pub use data::{Data, Entry};
pub use lines::Lines;
pub use refusal::Refusal;

/// Payloads in one submission: a claim of these is one transaction, and others wait for it.
pub const PAYLOADS: usize = 250_000;

/// Length of a submission as it is sent, in bytes: four instants as full as they may be.
pub const BYTES: usize = 64 << 20;

/// Length of one payload as JSON, in bytes.
pub const PAYLOAD_BYTES: usize = 256 << 10;

/// Length of all payloads of one instant, in bytes: they go into one call, and a guest holds them twice (as text, and as what
/// it makes of it).
pub const BUCKET_BYTES: usize = 16 << 20;

/// What became of the entries of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Held until they are due, or running.
    pub accepted: u64,
    /// Known already, or twice in the submission.
    pub duplicate: u64,
    /// Too old, or too far ahead; they may come again.
    pub out_of_window: u64,
    /// Inside the window, and yet too late to begin by the schedule's `expires` or `start-deadline`.
    pub expired: u64,
}

/// The entries of one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The run that is handed the entries the ledger does not know.
    pub fire: Fire,
    /// Each with a key of its own.
    pub items: Vec<Item>,
}

/// What is left of a submission when the window has been looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// What is known under it already is told again, and not taken again.
    pub id: SubmissionId,
    /// The schedule it is for.
    pub schedule: ScheduleName,
    /// In the order of their instants.
    pub buckets: Vec<Bucket>,
    /// By which rules the ledger judges.
    pub timetable: Timetable,
    /// All but what the ledger decides.
    pub counts: Counts,
}

/// Reads `data` for `standing`, whose trigger is `timetable`, under a new id.
///
/// # Errors
/// Names the timestamp, the index and the field that are wrong; then nothing of it counts.
pub fn read(standing: &Standing, timetable: &Timetable, data: Data, now: DateTime<Utc>) -> Result<Submission, Refusal> {
    let count = data.payloads();
    if count > PAYLOADS {
        return Err(Refusal::whole(format!(
            "{count} payloads in one submission; at most {PAYLOADS} are taken at once"
        )));
    }
    let stamped = |entry: Entry| Ok((data::instant(&entry)?, entry));
    let mut entries = data.0.into_iter().map(stamped).collect::<Result<Vec<_>, Refusal>>()?;
    // Runs are made in the order of their instants, so that their ids are.
    entries.sort_by_key(|(due_at, _)| *due_at);
    let mut counts = Counts::default();
    let mut gathered: BTreeMap<DateTime<Utc>, Gathered> = BTreeMap::new();
    for (due_at, entry) in entries {
        let Value::Array(payloads) = &entry.payloads else {
            return Err(Refusal::no_list(&entry.timestamp, &entry.payloads));
        };
        let mut bucket = match timetable.takes(due_at, now) {
            true => {
                Some(gathered.entry(due_at).or_insert_with(|| Gathered::new(fire(standing, timetable, due_at, now))))
            }
            false => None,
        };
        for (index, payload) in payloads.iter().enumerate() {
            let place = |refusal: Refusal| refusal.at(entry.place(index));
            let parts = key::parts(timetable, payload).map_err(place)?;
            match &mut bucket {
                None => counts.out_of_window += 1,
                Some(bucket) if bucket.is_too_late(now) => counts.expired += 1,
                Some(bucket) => {
                    let key = key::of(&standing.schedule.handler, timetable, due_at, &parts);
                    let is_new = bucket.add(key, payload).map_err(place)?;
                    counts.duplicate += u64::from(!is_new);
                }
            }
        }
    }
    let full = gathered.into_values().map(|gathered| gathered.bucket).filter(|bucket| !bucket.items.is_empty());
    Ok(Submission {
        id: SubmissionId::new(),
        schedule: standing.schedule.name.clone(),
        buckets: full.collect(),
        timetable: timetable.clone(),
        counts,
    })
}

/// A bucket that is being filled.
struct Gathered {
    bucket: Bucket,
    seen: HashSet<[u8; 16]>,
    bytes: usize,
}

impl Gathered {
    fn new(fire: Fire) -> Self {
        Self { bucket: Bucket { fire, items: Vec::new() }, seen: HashSet::new(), bytes: 0 }
    }

    fn is_too_late(&self, now: DateTime<Utc>) -> bool {
        self.bucket.fire.order.begins_by(true).is_some_and(|by| by < now)
    }

    /// Whether it is the first of its key: the first wins.
    fn add(&mut self, key: Key, payload: &Value) -> Result<bool, Refusal> {
        if !self.seen.insert(key.hash) {
            return Ok(false);
        }
        let payload = payload.to_string();
        self.bytes += payload.len();
        if payload.len() > PAYLOAD_BYTES {
            let reason = format!("the payload has {} bytes; at most {PAYLOAD_BYTES} are taken", payload.len());
            return Err(Refusal::whole(reason));
        }
        if self.bytes > BUCKET_BYTES {
            let reason =
                format!("the payloads up to here have {} bytes; one instant may have {BUCKET_BYTES}", self.bytes);
            return Err(Refusal::whole(reason));
        }
        self.bucket.items.push(Item { key, payload });
        Ok(true)
    }
}

/// The run of the entries due at `due_at`. What is overdue has as long to begin as what comes due now.
fn fire(standing: &Standing, timetable: &Timetable, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Fire {
    let schedule = &standing.schedule;
    let fire = plan::fire(standing, &Levels::default(), due_at, due_at < now - LATE);
    let after = TimeDelta::from_std(timetable.after).unwrap_or(TimeDelta::MAX);
    let own_end = fire.not_before.max(now).checked_add_signed(after);
    let order = Order {
        key: Key::bucket(&schedule.name, due_at, fire.order.id),
        expires_at: fire.order.expires_at.or(own_end),
        ..fire.order
    };
    // Any policy that gives up a run would lose its entries.
    let overlap = match schedule.line_up(schedule.overlap) {
        Overlap::QueueAll => Overlap::QueueAll,
        _ => Overlap::Allow,
    };
    Fire { order, overlap, ..fire }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
