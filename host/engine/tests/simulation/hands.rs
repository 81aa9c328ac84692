//! The handlers of one host: each call takes its time, remembers how often its schedule has succeeded, and sometimes fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Call, Clock, History, PluginHost};
use noontide_domain::{
    HandlerInfo, HandlerRef, Outcome, PluginStatus, Report, RunId, ScheduleName, StateScope, StateSize, StateWrite,
    Unavailable, Usage,
};
use noontide_testkit::MemoryLedger;

use crate::clock::WorldClock;
use crate::dice::Dice;
use crate::journal::{Going, Journal};

/// The entry in which a schedule counts its successes.
pub const COUNT: &str = "successes";

pub struct Hands {
    pub seed: u64,
    pub host: usize,
    pub clock: Arc<WorldClock>,
    /// Read past the road: to see what is true, not what the host knows.
    pub ledger: Arc<MemoryLedger>,
    pub journal: Arc<Journal>,
    /// Schedules of which no two runs may go on at the same time.
    pub alone: Vec<ScheduleName>,
}

#[async_trait]
impl PluginHost for Hands {
    fn check(&self, handler: &HandlerRef, _: &serde_json::Value) -> Result<HandlerInfo, Unavailable> {
        Ok(HandlerInfo {
            name: handler.to_string(),
            summary: String::new(),
            input_schema: None,
            example_input: None,
            timeout: None,
        })
    }

    async fn invoke(&self, call: Call) -> Report {
        let (order, lease) = (&call.leased.order, call.leased.lease);
        let begun = self.clock.now();
        let what = format!("host {}: {} attempt {}", self.host, order.key.text, lease.attempt);
        self.journal.note(begun, format_args!("{what} begins"));
        self.look(&call, &what).await;
        let _going = self.goes_on(&call, &what);
        let mut dice = Dice::of(self.seed, ("call", &order.key.text, lease.fence));
        let state = self.count_up(&call).await;
        let (length, outcome) = drawn(&mut dice);
        let outcome = match self.work(&call, length).await {
            true => outcome,
            false => Outcome::Cancelled,
        };
        let ended = self.clock.now();
        self.journal.note(ended, format_args!("{what} ends: {}", outcome.as_str()));
        report(outcome, begun, ended, state)
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        Vec::new()
    }

    async fn rescan(&self) {}
}

impl Hands {
    /// What is over must not begin again, whoever believes to hold its lease.
    async fn look(&self, call: &Call, what: &str) {
        let row = self
            .ledger
            .run(call.leased.order.id)
            .await
            .expect("the ledger is in memory")
            .expect("a leased run is there");
        if row.state.is_final() {
            self.journal.broken(self.clock.now(), format!("{what} begins though the run is {}", row.state.as_str()));
        }
        if row.host != Some(call.leased.lease.host) || row.attempt != call.leased.lease.attempt {
            let whose = format!("attempt {} of {:?}", row.attempt, row.host);
            self.journal.broken(self.clock.now(), format!("{what} begins though the run is in the hands of {whose}"));
        }
    }

    /// Of a schedule that allows no two runs at a time no two go on, whoever lost touch with whom.
    fn goes_on(&self, call: &Call, what: &str) -> impl Drop + use<> {
        let order = &call.leased.order;
        let going = Going { host: self.host, run: order.id, schedule: order.schedule.clone(), is_excused: false };
        let others = self.journal.begin(going);
        let mut in_the_way = others.iter().filter(|one| !one.is_excused && one.schedule.is_some());
        let alone = order.schedule.as_ref().is_some_and(|name| self.alone.contains(name));
        if let Some(other) = in_the_way.find(|one| alone && one.schedule == order.schedule) {
            let now = self.clock.now();
            self.journal.broken(now, format!("{what} begins while {} goes on at host {}", other.run, other.host));
        }
        End { journal: Arc::clone(&self.journal), host: self.host, run: order.id }
    }

    /// One more than what the schedule remembers; nothing if it cannot be read.
    async fn count_up(&self, call: &Call) -> Vec<StateWrite> {
        let scope = StateScope::Schedule;
        let Ok(found) = call.desk.state(scope, COUNT).await else { return Vec::new() };
        let (value, base) = found.unwrap_or_default();
        let count = count(&value) + 1;
        vec![StateWrite {
            scope,
            key: COUNT.to_owned(),
            value: Some(count.to_string().into_bytes()),
            base,
            revision: base + 1,
        }]
    }

    /// Whether it came to its end; being asked to stop ends it.
    async fn work(&self, call: &Call, length: Duration) -> bool {
        let until = self.clock.now() + length;
        while self.clock.now() < until {
            tokio::select! {
                biased;
                () = call.desk.cancelled() => return false,
                () = self.clock.sleep_until(until) => {}
            }
        }
        true
    }
}

/// Notes the end of a call, also of one that is dropped half way.
struct End {
    journal: Arc<Journal>,
    host: usize,
    run: RunId,
}

impl Drop for End {
    fn drop(&mut self) {
        self.journal.end(self.host, self.run);
    }
}

/// The number in an entry.
pub fn count(value: &[u8]) -> u64 {
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// How long a call takes, and how it ends.
fn drawn(dice: &mut Dice) -> (Duration, Outcome) {
    let length = match dice.number(0, 10) {
        0..6 => dice.millis(0, 3_000),
        6..9 => dice.millis(3_000, 20_000),
        _ => dice.millis(20_000, 90_000),
    };
    let outcome = match dice.number(0, 10) {
        0..7 => Outcome::Succeeded { result: None },
        7..9 => Outcome::Failed { message: "not today".into(), retryable: true, after: None },
        _ => Outcome::Trapped { message: "unreachable".into(), backtrace: Vec::new() },
    };
    (length, outcome)
}

fn report(outcome: Outcome, started_at: DateTime<Utc>, finished_at: DateTime<Utc>, state: Vec<StateWrite>) -> Report {
    let outcome = match outcome {
        // Without its memory it cannot count, and says so.
        Outcome::Succeeded { .. } if state.is_empty() => {
            Outcome::Failed { message: "no memory".into(), retryable: true, after: None }
        }
        other => other,
    };
    Report {
        started_at,
        finished_at,
        usage: Usage::default(),
        state,
        state_allows: StateSize::ENDLESS,
        ..Report::never_began(outcome, finished_at)
    }
}
