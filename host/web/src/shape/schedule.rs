//! Schedules, and how they stand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use noontide_domain::ports::RunRecord;
use noontide_domain::{
    Headers, Labels, Lang, Overlap, Priority, QueueName, Schedule as Asked, ScheduleName, Standing, Superseding,
    WindowLength, duration,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Run, Time, time, words};

/// A schedule, how it stands and what it did last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedule {
    #[schema(value_type = String)]
    pub(crate) name: ScheduleName,
    description: Option<String>,
    /// `api`, or `file:` with path and line.
    owner: String,
    trigger: Trigger,
    #[schema(value_type = words::ScheduleState)]
    pub(crate) state: &'static str,
    /// The trigger in a sentence.
    words: String,
    /// What may surprise about it.
    notes: Vec<String>,
    /// An IANA zone.
    timezone: &'static str,
    #[schema(example = "mail/send")]
    handler: String,
    /// Why its handler cannot be called now.
    problem: Option<String>,
    /// What the handler gets.
    input: Value,
    #[schema(value_type = u8)]
    priority: Priority,
    #[schema(value_type = String)]
    queue: QueueName,
    /// Labels asked of the host that carries out its runs.
    #[schema(value_type = BTreeMap<String, String>)]
    runs_on: Labels,
    #[schema(value_type = BTreeMap<String, String>)]
    headers: Headers,
    /// Length of the data window that ends at the due instant.
    #[schema(example = "3d")]
    window: Option<String>,
    #[schema(value_type = Vec<String>)]
    includes: Vec<ScheduleName>,
    #[schema(value_type = Vec<String>)]
    supersedes: Vec<ScheduleName>,
    #[schema(value_type = words::Overlap)]
    overlap: Overlap,
    /// How many of its runs may go on at a time, on all hosts together.
    concurrency: Option<u32>,
    catch_up: CatchUp,
    retry: Retry,
    /// Longest time of one attempt.
    timeout: Option<String>,
    /// What its runs may do less than their plugin.
    #[schema(value_type = Option<Object>)]
    grant: Value,
    /// What the clock of its runs shows.
    #[schema(value_type = Option<String>)]
    clock: Value,
    start_deadline: Option<String>,
    expires: Option<String>,
    max_runs: Option<u64>,
    /// How often it has run.
    runs: u64,
    jitter: Option<String>,
    spread: Option<String>,
    /// Longest time without a success.
    expect_within: Option<String>,
    /// Since when a success is overdue.
    overdue_since: Option<Time>,
    enabled: bool,
    /// What the client of the API wrote; `null` for those of files.
    #[schema(value_type = Option<Object>)]
    definition: Option<Value>,
    pause: Option<Pause>,
    next_due: Option<Time>,
    /// The newest run that began.
    last_run: Option<Run>,
    /// The next due instants, where one schedule is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Vec<Time>>,
    /// Of these the ones that a larger fire takes the place of, where one schedule is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded: Option<Superseded>,
}

impl Schedule {
    /// `problem` is why its handler cannot be called now.
    pub(crate) fn of(
        standing: &Standing,
        problem: Option<String>,
        last_run: Option<&RunRecord>,
        now: DateTime<Utc>,
    ) -> Self {
        let schedule = &standing.schedule;
        let words = |length: Option<_>| length.map(duration::words);
        let terms = schedule.terms.as_ref();
        Self {
            name: schedule.name.clone(),
            description: schedule.description.clone(),
            owner: schedule.owner.to_string(),
            trigger: schedule.into(),
            state: state(standing, problem.is_some(), now),
            words: schedule.trigger.words(Lang::En),
            notes: schedule.trigger.notes(Lang::En),
            timezone: schedule.timezone.name(),
            handler: schedule.handler.to_string(),
            problem,
            input: schedule.input.clone(),
            priority: schedule.priority,
            queue: schedule.queue.clone(),
            runs_on: schedule.runs_on.clone(),
            headers: schedule.headers.clone(),
            window: schedule.window.map(WindowLength::text),
            includes: schedule.includes.clone(),
            supersedes: schedule.supersedes.clone(),
            overlap: schedule.overlap,
            concurrency: schedule.concurrency,
            catch_up: schedule.into(),
            retry: schedule.into(),
            timeout: words(schedule.timeout),
            grant: written(terms.map(|terms| &terms.grant).filter(|grant| !grant.is_nothing())),
            clock: written(terms.and_then(|terms| terms.clock)),
            start_deadline: words(schedule.start_deadline),
            expires: words(schedule.expires),
            max_runs: schedule.max_runs,
            runs: standing.runs,
            jitter: words(schedule.jitter),
            spread: words(schedule.spread),
            expect_within: words(schedule.expect_within),
            overdue_since: standing.overdue_since(now).map(Time),
            enabled: schedule.enabled,
            definition: schedule.asked.clone(),
            pause: standing.pause.as_ref().filter(|pause| pause.covers(now)).map(Into::into),
            next_due: standing.next_due().map(Time),
            last_run: last_run.map(Into::into),
            next: None,
            superseded: None,
        }
    }

    /// With its next due instants, and which of them a larger fire takes the place of.
    pub(crate) fn with_next(self, next: Vec<DateTime<Utc>>, superseded: Superseded) -> Self {
        Self { next: Some(next.into_iter().map(Time).collect()), superseded: Some(superseded), ..self }
    }
}

/// As the domain writes it.
fn written(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// How a schedule stands, in a word; what keeps it from running comes first.
pub(crate) fn state(standing: &Standing, parked: bool, now: DateTime<Utc>) -> &'static str {
    match () {
        () if !standing.schedule.enabled => "disabled",
        () if standing.is_done() => "done",
        () if standing.pause.as_ref().is_some_and(|pause| pause.covers(now)) => "paused",
        () if parked => "parked",
        () => "active",
    }
}

/// When, as it was written.
#[derive(Debug, Serialize, ToSchema)]
struct Trigger {
    #[schema(example = "cron")]
    kind: &'static str,
    #[schema(example = "0 8 * * WED")]
    text: String,
    /// Triggers of the configuration that it names.
    #[schema(value_type = Vec<Object>)]
    named: Value,
}

impl From<&Asked> for Trigger {
    fn from(schedule: &Asked) -> Self {
        let trigger = &schedule.trigger;
        Self { kind: trigger.kind(), text: trigger.text(), named: written(&schedule.named) }
    }
}

/// What happens to due instants that were missed.
#[derive(Debug, Serialize, ToSchema)]
struct CatchUp {
    /// `latest`, `all` or `none`.
    #[schema(value_type = String)]
    mode: noontide_domain::CatchUpMode,
    #[schema(example = "1d")]
    within: String,
    limit: usize,
}

impl From<&Asked> for CatchUp {
    fn from(schedule: &Asked) -> Self {
        let catch_up = &schedule.catch_up;
        Self { mode: catch_up.mode, within: duration::words(catch_up.within), limit: catch_up.limit }
    }
}

/// What happens after a failure.
#[derive(Debug, Serialize, ToSchema)]
struct Retry {
    attempts: u32,
    #[schema(example = "10s")]
    backoff: String,
    #[schema(example = "10m")]
    cap: String,
}

impl From<&Asked> for Retry {
    fn from(schedule: &Asked) -> Self {
        let retry = &schedule.retry;
        Self { attempts: retry.attempts, backoff: duration::words(retry.backoff), cap: duration::words(retry.cap) }
    }
}

/// Who stopped it, why, and until when.
#[derive(Debug, Serialize, ToSchema)]
struct Pause {
    since: Time,
    by: String,
    reason: Option<String>,
    until: Option<Time>,
}

impl From<&noontide_domain::Pause> for Pause {
    fn from(pause: &noontide_domain::Pause) -> Self {
        Self {
            since: Time(pause.since),
            by: pause.by.clone(),
            reason: pause.reason.clone(),
            until: pause.until.map(Time),
        }
    }
}

/// Due instants that will not fire, each with the larger fire in its place.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Superseded(BTreeMap<String, Larger>);

impl FromIterator<(DateTime<Utc>, Superseding)> for Superseded {
    fn from_iter<I: IntoIterator<Item = (DateTime<Utc>, Superseding)>>(larger: I) -> Self {
        Self(larger.into_iter().map(|(due, larger)| (time(due), larger.into())).collect())
    }
}

/// The larger fire that takes its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Larger {
    /// The schedule.
    #[schema(value_type = String)]
    by: ScheduleName,
    at: Time,
}

impl From<Superseding> for Larger {
    fn from(Superseding { by, at }: Superseding) -> Self {
        Self { by, at: Time(at) }
    }
}
