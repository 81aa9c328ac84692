//! What happened to schedules that somebody waits to hear of, until it is recorded to be sent.
//!
//! A host that is killed between the end of a run and this record has sent nothing of it: whoever waits rings then, which is
//! what it is for.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use noontide_domain::alert::{Alert, AlertKind, ping};
use noontide_domain::{HandlerRef, RunId, RunState, ScheduleName};

use crate::event::Happening;

/// Kept while the ledger cannot be written: more would only be dropped later, because a newer one took their place.
const MOST: usize = 1_000;

/// Of which schedules, and what was heard of them.
#[derive(Default)]
pub(super) struct Pings(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    schedules: BTreeSet<ScheduleName>,
    heard: Vec<Heard>,
    /// Not recorded yet.
    made: Vec<Alert>,
}

struct Heard {
    kind: AlertKind,
    schedule: ScheduleName,
    handler: HandlerRef,
    run: RunId,
    words: String,
}

impl Pings {
    pub(super) fn follow(&self, schedules: BTreeSet<ScheduleName>) {
        self.waiting().schedules = schedules;
    }

    /// Whether it is to be told.
    pub(super) fn hear(&self, happening: &Happening) -> bool {
        let Some(heard) = heard(happening) else { return false };
        let mut waiting = self.waiting();
        if !waiting.schedules.contains(&heard.schedule) {
            return false;
        }
        waiting.heard.push(heard);
        if waiting.heard.len() > MOST {
            waiting.heard.remove(0);
        }
        true
    }

    pub(super) fn take(&self, now: DateTime<Utc>) -> Vec<Alert> {
        let mut waiting = self.waiting();
        let mut pings = std::mem::take(&mut waiting.made);
        let made = |one: Heard| ping(one.kind, &one.schedule, &one.handler, one.run, &one.words, now);
        pings.extend(waiting.heard.drain(..).map(made));
        pings
    }

    pub(super) fn give_back(&self, pings: Vec<Alert>) {
        self.waiting().made = pings;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn heard(happening: &Happening) -> Option<Heard> {
    match happening {
        Happening::Started { schedule: Some(schedule), handler, run, .. } => {
            let (schedule, handler) = (schedule.clone(), handler.clone());
            Some(Heard { kind: AlertKind::Started, schedule, handler, run: *run, words: String::new() })
        }
        Happening::Finished { schedule: Some(schedule), handler, run, state, message, .. } => {
            let kind = match state {
                RunState::Succeeded => AlertKind::Succeeded,
                RunState::Failed => AlertKind::Failed,
                _ => return None,
            };
            let words = message.clone().unwrap_or_default();
            Some(Heard { kind, schedule: schedule.clone(), handler: handler.clone(), run: *run, words })
        }
        _ => None,
    }
}
