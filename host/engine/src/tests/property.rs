//! Whatever happens to a schedule and its handler, nothing due is lost, nothing fires twice, and each due instant has
//! exactly one row: random overlap, catch-up and retry policies, outcomes and durations, clocks that jump, pauses,
//! restarts, a ledger that is away for a while.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::TimeDelta;
use noontide_domain::ports::{Call, Clock, PluginHost, RunRecord};
use noontide_domain::run::ABANDONED_ATTEMPTS;
use noontide_domain::{
    CatchUp, CatchUpMode, HandlerInfo, HandlerRef, Overlap, PluginStatus, Report, RunId, Unavailable,
};
use proptest::prelude::*;

use super::*;

/// The policies that the memory ledger judges.
const OVERLAPS: [Overlap; 5] = Overlap::ALL;

/// A handler whose calls last as long, and end as, a test wrote down; then they succeed at once.
struct Lasting {
    clock: Arc<ManualClock>,
    stage: Mutex<Stage>,
}

#[derive(Default)]
struct Stage {
    is_gone: bool,
    script: VecDeque<(Duration, Outcome)>,
    /// Run, due instant, begin; and whether it ended in success.
    calls: Vec<(RunId, DateTime<Utc>, DateTime<Utc>, bool)>,
    running: usize,
    most_at_once: usize,
}

#[async_trait]
impl PluginHost for Lasting {
    fn check(&self, handler: &HandlerRef, _input: &serde_json::Value) -> Result<HandlerInfo, Unavailable> {
        if self.stage.lock().expect("the stage").is_gone {
            return Err(Unavailable::Plugin { plugin: handler.plugin.to_string(), hint: String::new() });
        }
        let (name, summary) = ("send".to_owned(), String::new());
        Ok(HandlerInfo { name, summary, input_schema: None, example_input: None, timeout: None })
    }

    async fn invoke(&self, call: Call) -> Report {
        let started_at = self.clock.now();
        let order = &call.leased.order;
        let (index, length, outcome) = {
            let mut stage = self.stage.lock().expect("the stage");
            stage.calls.push((order.id, order.due_at, started_at, false));
            stage.running += 1;
            stage.most_at_once = stage.most_at_once.max(stage.running);
            let (length, outcome) =
                stage.script.pop_front().unwrap_or((Duration::ZERO, Outcome::Succeeded { result: None }));
            (stage.calls.len() - 1, length, outcome)
        };
        let end = started_at + length;
        let mut outcome = outcome;
        while self.clock.now() < end && outcome != Outcome::Cancelled {
            tokio::select! {
                () = self.clock.sleep_until(end) => {}
                () = call.desk.cancelled() => outcome = Outcome::Cancelled,
            }
        }
        let mut stage = self.stage.lock().expect("the stage");
        stage.running -= 1;
        stage.calls[index].3 = matches!(outcome, Outcome::Succeeded { .. });
        Report { started_at, finished_at: self.clock.now(), ..Report::never_began(outcome, started_at) }
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        Vec::new()
    }

    async fn rescan(&self) {}
}

#[derive(Debug, Clone)]
enum Turn {
    On(Duration),
    Back(Duration),
    Pause(Option<Duration>),
    Resume,
    Handler(bool),
    /// The ledger is away for so many calls.
    Away(usize),
    Restart,
}

fn seconds(most: u64) -> impl Strategy<Value = Duration> {
    (0.0..=1.0f64).prop_map(move |share| Duration::from_millis((most as f64 * 1_000.0).powf(share) as u64))
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        10 => seconds(4 * 3_600).prop_map(Turn::On),
        1 => prop::sample::select(vec![60 * MINUTE, DAY]).prop_map(Turn::Back),
        1 => prop::option::of(seconds(7_200)).prop_map(Turn::Pause),
        1 => Just(Turn::Resume),
        1 => any::<bool>().prop_map(Turn::Handler),
        1 => (1..6usize).prop_map(Turn::Away),
        1 => Just(Turn::Restart),
    ];
    prop::collection::vec(turn, 1..30)
}

fn script() -> impl Strategy<Value = VecDeque<(Duration, Outcome)>> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Succeeded { result: None }),
        2 => Just(failed()),
        1 => Just(Outcome::Failed { message: "never".into(), retryable: false, after: None }),
        1 => Just(Outcome::Skipped { reason: "nothing to do".into() }),
    ];
    prop::collection::vec_deque((seconds(600), outcome), 0..40)
}

prop_compose! {
    fn schedules()(
        overlap in prop::sample::select(OVERLAPS.to_vec()),
        mode in prop::sample::select(vec![CatchUpMode::Latest, CatchUpMode::All, CatchUpMode::None]),
        within in seconds(86_400),
        limit in 1..6usize,
        attempts in 1..4u32,
        backoff in seconds(120),
        jitter in prop::option::weighted(0.2, seconds(120)),
        every in (20..400u64).prop_map(Duration::from_secs),
    ) -> Schedule {
        Schedule {
            trigger: Trigger::Every(Every { every, start: None, end: None }),
            overlap,
            jitter,
            catch_up: CatchUp { mode, within, limit },
            retry: RetryPolicy { attempts, backoff, cap: 10 * MINUTE },
            ..minutely("a")
        }
    }
}

/// One life of a schedule.
struct Life {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
    plugins: Arc<Lasting>,
    settings: Settings,
    schedule: Schedule,
    host: EngineHandle,
    began: DateTime<Utc>,
    latest: DateTime<Utc>,
    restarted: bool,
    set_back: bool,
}

/// Lets every task that can go on do so: nothing here waits for anything but the clock.
async fn quiet() {
    for _ in 0..60 {
        tokio::task::yield_now().await;
    }
}

impl Life {
    async fn begin(schedule: Schedule, script: VecDeque<(Duration, Outcome)>, concurrency: usize) -> Self {
        let clock = ManualClock::at("2026-07-01T08:00:30Z");
        let ledger = MemoryLedger::new(clock.clone());
        let plugins =
            Arc::new(Lasting { clock: clock.clone(), stage: Mutex::new(Stage { script, ..Stage::default() }) });
        let settings = Settings { concurrency, ..Settings::default() };
        let began = clock.now();
        let parts = Parts {
            clock: clock.clone(),
            ledger: ledger.clone(),
            plugins: plugins.clone(),
            outlet: noontide_testkit::ScriptedOutlet::new(),
            settings: settings.clone(),
        };
        let host = start(parts, vec![schedule.clone()]).await.expect("the ledger is there");
        quiet().await;
        Self {
            clock,
            ledger,
            plugins,
            settings,
            schedule,
            host,
            began,
            latest: began,
            restarted: false,
            set_back: false,
        }
    }

    async fn turn(&mut self, turn: &Turn) {
        match turn {
            Turn::On(length) => self.clock.advance(*length),
            Turn::Back(length) => {
                self.set_back = true;
                self.clock.set(self.clock.now() - *length);
            }
            Turn::Pause(length) => {
                let now = self.clock.now();
                let until = length.map(|length| now + length);
                // While the ledger is away nothing is paused, and that is an answer, too.
                let _ = self.host.pause("a", Some(Pause { since: now, by: "ana".into(), reason: None, until })).await;
            }
            Turn::Resume => drop(self.host.pause("a", None).await),
            Turn::Handler(there) => self.plugins.stage.lock().expect("the stage").is_gone = !there,
            Turn::Away(calls) => self.ledger.fail_next(*calls),
            Turn::Restart => self.restart().await,
        }
        quiet().await;
        self.latest = self.latest.max(self.clock.now());
    }

    async fn restart(&mut self) {
        let host = self.host.clone();
        let draining = tokio::spawn(async move { host.drain().await });
        quiet().await;
        while !draining.is_finished() {
            self.clock.advance(Duration::from_secs(1));
            quiet().await;
        }
        self.ledger.fail_next(0);
        self.restarted = true;
        self.settings.host = HostId::new();
        let parts = Parts {
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            plugins: self.plugins.clone(),
            outlet: noontide_testkit::ScriptedOutlet::new(),
            settings: self.settings.clone(),
        };
        self.host = start(parts, vec![self.schedule.clone()]).await.expect("the ledger is there");
    }

    /// No more due instants from now on; all that was begun comes to its end.
    async fn end(&mut self) -> DateTime<Utc> {
        self.ledger.fail_next(0);
        self.clock.set(self.latest.max(self.clock.now()));
        quiet().await;
        let until = self.clock.now();
        let disabled = Schedule { enabled: false, ..self.schedule.clone() };
        self.host.declare(vec![disabled]).await.expect("the ledger is there");
        for _ in 0..2_000 {
            quiet().await;
            if self.ledger.records().iter().all(|row| row.state.is_final()) {
                return until;
            }
            self.clock.advance(Duration::from_secs(30));
        }
        panic!("still not over: {:#?}", self.ledger.records().iter().find(|row| !row.state.is_final()));
    }

    fn due(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let Trigger::Every(Every { every, .. }) = &self.schedule.trigger else { panic!("the schedule is `every`") };
        let step = TimeDelta::from_std(*every).expect("a length");
        let first =
            ((from - self.began).num_milliseconds() + step.num_milliseconds() - 1).div_euclid(step.num_milliseconds());
        (first.max(1)..)
            .map(|index| self.began + step * i32::try_from(index).expect("small"))
            .take_while(|due| *due <= to)
            .collect()
    }

    fn reckon(&self, until: DateTime<Utc>) {
        let rows = self.ledger.records();
        let mut of = BTreeMap::new();
        for row in &rows {
            let (last, count) = row.span.unwrap_or((row.due_at, 1));
            let due = self.due(row.due_at, last);
            assert_eq!(due.len() as u64, count, "{row:?}");
            for due in due {
                let other = of.insert(due, row.id);
                assert_eq!(other, None, "{due} has two rows");
            }
        }
        assert!(of.keys().copied().eq(self.due(self.began, until)), "an instant has no row, or a row no instant");
        let stage = self.plugins.stage.lock().expect("the stage");
        for row in &rows {
            self.calls_of(row, &stage);
        }
        if self.schedule.overlap != Overlap::Allow {
            assert!(stage.most_at_once <= 1, "{} at the same time", stage.most_at_once);
        }
    }

    fn calls_of(&self, row: &RunRecord, stage: &Stage) {
        let calls: Vec<_> = stage.calls.iter().filter(|call| call.0 == row.id).collect();
        assert!(calls.iter().all(|call| call.1 == row.due_at), "{row:?}");
        // What was taken up before a clock is set back begins at an earlier time than it was due, by that clock.
        let not_before = row.due_at + self.schedule.delay(row.due_at);
        assert!(self.set_back || calls.iter().all(|call| call.2 >= not_before), "before its time: {row:?}");
        let success = calls.iter().position(|call| call.3);
        assert!(success.is_none_or(|index| index + 1 == calls.len()), "called again after a success: {row:?}");
        assert_eq!(success.is_some(), row.state == RunState::Succeeded, "{row:?}");
        // A host that stops while the ledger is away cannot give its leases back; those attempts count and have no call.
        let most = if self.restarted { ABANDONED_ATTEMPTS } else { 0 };
        assert!(row.attempt <= self.schedule.retry.attempts.max(most), "{row:?}");
        // A run may be cancelled between its lease and its call.
        let may_lack = self.restarted || row.state == RunState::Cancelled;
        let attempts = row.attempt as usize;
        assert!(calls.len() == attempts || may_lack && calls.len() < attempts, "{} calls: {row:?}", calls.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_due_is_lost_nothing_fires_twice_and_each_instant_has_one_row(
        schedule in schedules(),
        script in script(),
        turns in turns(),
        concurrency in 1..4usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut life = Life::begin(schedule, script, concurrency).await;
            for turn in &turns {
                life.turn(turn).await;
            }
            let until = life.end().await;
            life.reckon(until);
        });
    }
}
