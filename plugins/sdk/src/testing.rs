//! A call without a host: it remembers what the handler said and wrote.

mod http;
mod kv;
mod recording;
mod sql;

use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::artifacts::ArtifactError;
use crate::call::Call;
use crate::invocation::{Cause, Invocation, Window};
use crate::log::Level;
use crate::outbox::{OutboxError, Webhook};
use crate::state::Scope;
use recording::Recording;

pub use http::SentRequest;

/// A [`Call`] for tests. Give it what the handler should find, call the handler with `&call`, then ask what it did.
///
/// ```
/// # use noontide_sdk::{Call, Failure, info, json};
/// fn count(call: &Call) -> Result<u64, Failure> {
///     let count = call.state().get::<u64>("count")?.unwrap_or(0) + 1;
///     call.state().set("count", &count)?;
///     info!(call, "attempt {} counts {count}", call.attempt());
///     Ok(count)
/// }
///
/// let call = Call::test().attempt(2, 3).state_before("count", json!(6));
/// assert_eq!(count(&call), Ok(7));
/// assert_eq!(call.state_after("count"), Some(json!(7)));
/// assert_eq!(call.lines()[0].message, "attempt 2 counts 7");
/// ```
#[derive(Debug)]
pub struct TestCall {
    call: Call,
    recording: Rc<Recording>,
}

/// A line that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its level.
    pub level: Level,
    /// Its text.
    pub message: String,
    /// Its fields.
    pub fields: Vec<(String, String)>,
}

/// A file that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What it is, such as `text/html`.
    pub media_type: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A step that was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// So much is done.
    pub done: u64,
    /// Out of so much.
    pub total: Option<u64>,
    /// A word about it.
    pub note: String,
}

impl Call {
    /// A call to try a handler with: first attempt, due at 2026-01-01T00:00:00Z, UTC, no input, nothing granted.
    pub fn test() -> TestCall {
        let (recording, invocation) = (Rc::new(Recording::default()), invocation());
        recording.fire_key.replace(invocation.fire_key.clone());
        TestCall { call: Call { invocation, host: Box::new(Rc::clone(&recording)) }, recording }
    }
}

impl Deref for TestCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

/// What the handler will find.
impl TestCall {
    /// The handler that [`Plugin::run`](crate::Plugin::run) picks.
    #[must_use]
    pub fn handler(self, name: &str) -> Self {
        self.asking(|asked| asked.handler = name.to_owned())
    }

    /// The input that [`Plugin::run`](crate::Plugin::run) reads.
    #[must_use]
    pub fn input(self, input: Value) -> Self {
        self.asking(|asked| asked.input = input.to_string())
    }

    /// The attempt, counted from 1, and how many there may be.
    #[must_use]
    pub fn attempt(self, attempt: u32, max: u32) -> Self {
        self.asking(|asked| (asked.attempt, asked.max_attempts) = (attempt, max))
    }

    /// The run's id; the same on every attempt.
    #[must_use]
    pub fn run_id(self, id: &str) -> Self {
        self.asking(|asked| asked.run_id = id.to_owned())
    }

    /// The fire's key, which handlers hand on as idempotency key.
    #[must_use]
    pub fn fire_key(self, key: &str) -> Self {
        self.asking(|asked| asked.fire_key = key.to_owned())
    }

    /// The schedule's name; it is `test` otherwise.
    #[must_use]
    pub fn schedule(self, name: &str) -> Self {
        self.asking(|asked| asked.schedule = Some(name.to_owned()))
    }

    /// A call that somebody enqueued, of no schedule.
    #[must_use]
    pub fn without_schedule(self) -> Self {
        self.asking(|asked| (asked.schedule, asked.cause) = (None, Cause::Enqueued))
    }

    /// When the attempt begins, if not at the nominal instant: a run that is late. After [`TestCall::due_at`].
    #[must_use]
    pub fn fired_at(self, instant: DateTime<Utc>) -> Self {
        self.asking(|asked| asked.fired_at = instant)
    }

    /// When the host will stop the attempt.
    #[must_use]
    pub fn deadline(self, instant: DateTime<Utc>) -> Self {
        self.asking(|asked| asked.deadline = Some(instant))
    }

    /// Something that [`Call::extra`] gives: a header (`header.tenant`), or what came before in a chain (`previous-result`).
    #[must_use]
    pub fn extra(self, name: &str, value: &str) -> Self {
        self.asking(|asked| {
            asked.extra.retain(|(key, _)| key != name);
            asked.extra.push((name.to_owned(), value.to_owned()));
        })
    }

    /// The nominal instant; the attempt begins then too.
    #[must_use]
    pub fn due_at(self, due_at: DateTime<Utc>) -> Self {
        self.asking(|asked| (asked.due_at, asked.fired_at) = (due_at, due_at))
    }

    /// The due instant of the last successful run.
    #[must_use]
    pub fn previous_success(self, due_at: DateTime<Utc>) -> Self {
        self.asking(|asked| asked.previous_success = Some(due_at))
    }

    /// The span of data the run is about.
    #[must_use]
    pub fn window(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        self.asking(|asked| asked.window = Some(Window { from, to }))
    }

    /// The schedule's time zone.
    #[must_use]
    pub fn timezone(self, name: &str) -> Self {
        self.asking(|asked| asked.timezone = name.to_owned())
    }

    /// What made the run happen.
    #[must_use]
    pub fn cause(self, cause: Cause) -> Self {
        self.asking(|asked| asked.cause = cause)
    }

    /// One payload of a timetable more.
    #[must_use]
    pub fn item(self, key: &str, payload: Value) -> Self {
        self.asking(|asked| asked.items.push((key.to_owned(), payload.to_string())))
    }

    /// One smaller schedule more whose work is part of the run, with its input.
    #[must_use]
    pub fn including(self, schedule: &str, input: Value) -> Self {
        let (mut names, mut inputs) = (self.call.includes(), Value::Object(Default::default()));
        for name in &names {
            inputs[name] = self.call.included_input(name).ok().flatten().unwrap_or_default();
        }
        names.push(schedule.to_owned());
        inputs[schedule] = input;
        self.asking(|asked| {
            asked.extra.retain(|(key, _)| key != "includes" && key != "included-inputs");
            asked.extra.push(("includes".to_owned(), Value::from(names).to_string()));
            asked.extra.push(("included-inputs".to_owned(), inputs.to_string()));
        })
    }

    /// A secret that is granted.
    #[must_use]
    pub fn secret_granted(self, name: &str, value: &str) -> Self {
        self.recording.secrets.borrow_mut().insert(name.to_owned(), value.to_owned());
        self
    }

    /// A value that an earlier run wrote.
    #[must_use]
    pub fn state_before(self, key: &str, value: Value) -> Self {
        self.before(Scope::Schedule, key, value)
    }

    /// A value that an earlier run of any handler of the plugin wrote.
    #[must_use]
    pub fn shared_before(self, key: &str, value: Value) -> Self {
        self.before(Scope::Plugin, key, value)
    }

    fn before(self, scope: Scope, key: &str, value: Value) -> Self {
        self.recording.state.borrow_mut().insert((scope, key.to_owned()), (value.to_string().into_bytes(), 1));
        self
    }

    /// Every message the handler hands over is refused.
    #[must_use]
    pub fn refusing_messages(self, refusal: OutboxError) -> Self {
        self.recording.message_refusal.replace(Some(refusal));
        self
    }

    /// Every file the handler attaches is refused.
    #[must_use]
    pub fn refusing_artifacts(self, refusal: ArtifactError) -> Self {
        self.recording.artifact_refusal.replace(Some(refusal));
        self
    }

    /// What is left until the host stops the attempt.
    #[must_use]
    pub fn with_time_left(self, left: Duration) -> Self {
        self.recording.time_left.set(Some(left));
        self
    }

    /// Asks the run to stop once the handler has looked so many times; 0 asks before it begins.
    #[must_use]
    pub fn cancelled_after(self, looks: u32) -> Self {
        self.recording.looks_left.set(Some(looks));
        self
    }

    fn asking(mut self, change: impl FnOnce(&mut Invocation)) -> Self {
        change(&mut self.call.invocation);
        self
    }
}

/// What the handler did.
impl TestCall {
    /// The lines it logged.
    pub fn lines(&self) -> Vec<LogLine> {
        self.recording.lines.borrow().clone()
    }

    /// The steps it reported.
    pub fn steps(&self) -> Vec<Progress> {
        self.recording.steps.borrow().clone()
    }

    /// The file it attached under this name.
    pub fn artifact(&self, name: &str) -> Option<Artifact> {
        self.recording.artifacts.borrow().get(name).cloned()
    }

    /// The names of all files it attached.
    pub fn artifacts(&self) -> Vec<String> {
        self.recording.artifacts.borrow().keys().cloned().collect()
    }

    /// The value it left under this key, as JSON.
    pub fn state_after(&self, key: &str) -> Option<Value> {
        self.after(Scope::Schedule, key)
    }

    /// The value it left under this key for all of the plugin, as JSON.
    pub fn shared_after(&self, key: &str) -> Option<Value> {
        self.after(Scope::Plugin, key)
    }

    fn after(&self, scope: Scope, key: &str) -> Option<Value> {
        let state = self.recording.state.borrow();
        state.get(&(scope, key.to_owned())).and_then(|(bytes, _)| serde_json::from_slice(bytes).ok())
    }

    /// What it handed to the outbox.
    pub fn messages(&self) -> Vec<Webhook> {
        self.recording.messages.borrow().clone()
    }
}

impl LogLine {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn invocation() -> Invocation {
    let due_at = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    Invocation {
        run_id: "01977000-0000-7000-8000-000000000001".to_owned(),
        fire_key: "test@2026-01-01T00:00:00Z".to_owned(),
        schedule: Some("test".to_owned()),
        handler: String::new(),
        attempt: 1,
        max_attempts: 1,
        due_at,
        fired_at: due_at,
        deadline: None,
        previous_success: None,
        window: None,
        timezone: "UTC".to_owned(),
        cause: Cause::Schedule,
        trace_parent: "00-00000000000000000000000000000001-0000000000000001-01".to_owned(),
        input: "null".to_owned(),
        items: Vec::new(),
        extra: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    #[test]
    fn a_request_to_stop_is_seen_after_so_many_looks_and_stays() {
        let call = Call::test().cancelled_after(2);
        let seen: Vec<_> = (0..4).map(|_| call.is_cancelled()).collect();
        assert_eq!(seen, [false, false, true, true]);
        assert_eq!(call.stop_if_cancelled(), Err(Failure::Cancelled));
    }

    #[test]
    fn a_secret_is_handed_out_only_if_granted() {
        let call = Call::test().secret_granted("KEY", "s3cret");
        assert_eq!(call.secret("KEY").as_deref(), Ok("s3cret"));
        let refused = call.secret("OTHER").unwrap_err();
        assert!(refused.to_string().contains("`OTHER` is not granted"));
    }

    #[test]
    fn what_is_included_is_told_with_its_input() {
        let call = Call::test().including("weekly", Value::from(7)).including("daily", Value::from("x"));
        assert_eq!(call.includes(), ["weekly", "daily"]);
        assert_eq!(call.included_input("weekly"), Ok(Some(7)));
        assert_eq!(call.included_input::<u8>("monthly"), Ok(None));
        assert!(call.included_input::<u8>("daily").is_err());
        assert!(Call::test().includes().is_empty());
    }

    #[test]
    fn a_call_is_whose_it_is_told_to_be() {
        let late = DateTime::from_timestamp(1_767_225_700, 0).unwrap();
        let call = Call::test().schedule("nightly").run_id("r").fire_key("k").extra("header.tenant", "acme");
        let call = call.fired_at(late).deadline(late);
        let call: &Call = &call;
        assert_eq!((call.schedule(), call.run_id(), call.fire_key()), (Some("nightly"), "r", "k"));
        assert_eq!((call.extra("header.tenant"), call.extra("other")), (Some("acme"), None));
        assert_eq!((call.fired_at(), call.deadline()), (late, Some(late)));
        assert!(call.due_at() < late);
        let enqueued: &Call = &Call::test().without_schedule();
        assert_eq!((enqueued.schedule(), enqueued.cause()), (None, Cause::Enqueued));
    }

    #[test]
    fn positional_arguments_are_a_tuple_or_a_list_and_none_are_an_empty_one() {
        let call = Call::test().input(serde_json::json!({ "args": ["ops", 2] }));
        assert_eq!(call.args(), Ok(("ops".to_owned(), 2)));
        assert_eq!(Call::test().args::<Vec<String>>(), Ok(Vec::new()));
        let short = call.args::<(String, u32, bool)>().unwrap_err();
        assert!(short.to_string().contains("args: "), "{short}");
    }

    #[test]
    fn the_trace_id_is_a_part_of_the_trace_parent() {
        let call = Call::test();
        assert_eq!(call.trace_id().len(), 32);
        assert!(call.trace_parent().contains(call.trace_id()));
    }

    #[test]
    fn steps_are_remembered_in_order() {
        let call = Call::test();
        call.progress(1, 3, "a.log");
        call.progress(2, None, "b.log");
        assert_eq!(call.steps()[0], Progress { done: 1, total: Some(3), note: "a.log".into() });
        assert_eq!(call.steps()[1].total, None);
    }
}
