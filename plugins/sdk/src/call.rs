//! One call of a handler: what is asked, and the host's ear while it is being done.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::artifacts::ArtifactError;
use crate::failure::Failure;
use crate::host::Host;
use crate::http::Http;
use crate::invocation::{Cause, Invocation, Window};
use crate::items::Item;
use crate::kv::Kv;
use crate::log::Level;
use crate::outbox::Outbox;
use crate::secrets::SecretError;
use crate::sql::Sql;
use crate::state::{Scope, State};

/// One call of a handler.
pub struct Call {
    pub(crate) invocation: Invocation,
    pub(crate) host: Box<dyn Host>,
}

/// What is asked.
impl Call {
    /// The run; the same on every attempt.
    pub fn run_id(&self) -> &str {
        &self.invocation.run_id
    }

    /// Stable over the attempts of one fire and unique to it: hand it on as idempotency key.
    pub fn fire_key(&self) -> &str {
        &self.invocation.fire_key
    }

    /// The schedule's name; none for an enqueued run.
    pub fn schedule(&self) -> Option<&str> {
        self.invocation.schedule.as_deref()
    }

    /// The name by which this handler was called.
    pub fn handler(&self) -> &str {
        &self.invocation.handler
    }

    /// Which attempt this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.invocation.attempt
    }

    /// How many attempts the schedule allows.
    pub fn max_attempts(&self) -> u32 {
        self.invocation.max_attempts
    }

    /// The nominal instant this run stands for, never "now".
    pub fn due_at(&self) -> DateTime<Utc> {
        self.invocation.due_at
    }

    /// When this attempt began.
    pub fn fired_at(&self) -> DateTime<Utc> {
        self.invocation.fired_at
    }

    /// When the host will stop this attempt.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.invocation.deadline
    }

    /// The due instant of the schedule's last successful run.
    pub fn previous_success(&self) -> Option<DateTime<Utc>> {
        self.invocation.previous_success
    }

    /// The span of data this run is about, if the schedule sets one.
    pub fn window(&self) -> Option<Window> {
        self.invocation.window
    }

    /// The schedule's time zone as IANA name, for example `Asia/Shanghai`.
    pub fn timezone(&self) -> &str {
        &self.invocation.timezone
    }

    /// What made the run happen.
    pub fn cause(&self) -> Cause {
        self.invocation.cause
    }

    /// W3C trace context, for the `traceparent` header of outgoing requests.
    pub fn trace_parent(&self) -> &str {
        &self.invocation.trace_parent
    }

    /// The trace's id alone, 32 hexadecimal digits; the same on every attempt, and what the host's log lines carry.
    pub fn trace_id(&self) -> &str {
        self.trace_parent().split('-').nth(1).unwrap_or_default()
    }

    /// The positional arguments, `{"args": […]}` in the input, as a tuple or a list: `let (to, copies): (String, u32) =
    /// call.args()?`. No arguments are an empty list.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let input: serde_json::Value = self.input()?;
        let args = input.get("args").cloned().unwrap_or_else(|| serde_json::json!([]));
        serde_json::from_value(args).map_err(|mismatch| Failure::invalid_input(format!("args: {mismatch}")))
    }

    /// Something a newer host has to say.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.invocation.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Smaller schedules whose work is part of this run, the nearest first: `weekly` and `daily` of a monthly one.
    pub fn includes(&self) -> Vec<String> {
        self.extra("includes").and_then(|names| serde_json::from_str(names).ok()).unwrap_or_default()
    }

    /// The input of an included schedule; none if this run does not include it.
    pub fn included_input<T: DeserializeOwned>(&self, schedule: &str) -> Result<Option<T>, Failure> {
        let inputs = self.extra("included-inputs").and_then(|inputs| serde_json::from_str::<Value>(inputs).ok());
        let Some(input) = inputs.and_then(|mut inputs| inputs.get_mut(schedule).map(Value::take)) else {
            return Ok(None);
        };
        let read = serde_json::from_value(input);
        read.map(Some).map_err(|mismatch| Failure::invalid_input(format!("input of `{schedule}`: {mismatch}")))
    }

    /// The payloads of a timetable, in the host's order. Empty for all other triggers.
    pub fn items<T: DeserializeOwned>(&self) -> Vec<Item<T>> {
        self.invocation.items.iter().map(|(key, payload)| Item::read(key, payload)).collect()
    }

    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let text = match self.invocation.input.trim() {
            "" => "null",
            text => text,
        };
        serde_json::from_str(text).or_else(|mismatch| {
            // No input at all is as good as an empty one: a handler whose fields all have defaults takes both.
            let empty = (text == "null").then(|| serde_json::from_str("{}").ok()).flatten();
            empty.ok_or_else(|| Failure::invalid_input(format!("input: {mismatch}")))
        })
    }
}

/// How it goes.
impl Call {
    /// One line in the run's log; [`info!`](crate::info) and its sisters are shorter.
    pub fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.host.log(level, message, fields);
    }

    /// How far the work has come: so much of a total (none if it is unknown), and a word about it.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>, note: impl AsRef<str>) {
        self.host.progress(done, total.into(), note.as_ref());
    }

    /// True, for good, once the run is asked to stop. Cheap: call it in loops.
    pub fn is_cancelled(&self) -> bool {
        self.host.is_cancelled()
    }

    /// Ends the handler by `?` once the run is asked to stop.
    pub fn stop_if_cancelled(&self) -> Result<(), Failure> {
        if self.is_cancelled() { Err(Failure::cancelled()) } else { Ok(()) }
    }

    /// How long until the host stops this attempt; none if it will not.
    pub fn time_left(&self) -> Option<Duration> {
        self.host.time_left()
    }
}

/// What the host keeps, and what is reached through it.
impl Call {
    /// The schedule's durable memory. What a run writes counts only if the run ends well.
    pub fn state(&self) -> State<'_> {
        State::of(self.host.as_ref(), Scope::Schedule)
    }

    /// The durable memory that all handlers and schedules of this plugin share.
    pub fn shared(&self) -> State<'_> {
        State::of(self.host.as_ref(), Scope::Plugin)
    }

    /// What the host sends once this run's success is on record: `call.outbox().webhook(url).json(&order)?.send()?`.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::of(self.host.as_ref())
    }

    /// Leaves a file with this run, such as a report: `report.html`, `text/html; charset=utf-8`. It is kept when the
    /// handler ends, well or with a [`Failure`]; a trap, a timeout or a request to stop leaves none. A second file of the
    /// same name takes the place of the first, and the files of a later attempt that of all before.
    pub fn attach(&self, name: &str, media_type: &str, content: impl AsRef<[u8]>) -> Result<(), ArtifactError> {
        self.host.attach(name, media_type, content.as_ref())
    }

    /// A secret the operator granted to this plugin.
    pub fn secret(&self, name: &str) -> Result<String, SecretError> {
        self.host.secret(name)
    }

    /// A SQL database by the name that the operator gave it: `call.sql("shop").query("select …", params![…])?`.
    pub fn sql<'call>(&'call self, connection: &'call str) -> Sql<'call> {
        Sql::of(connection, self.host.as_ref())
    }

    /// A Redis database by the name that the operator gave it: `call.kv("cache").get("greeting")?`.
    pub fn kv<'call>(&'call self, connection: &'call str) -> Kv<'call> {
        Kv::of(connection, self.host.as_ref())
    }

    /// HTTP to where the operator granted it: `call.http().get("https://api.example.com/orders")?.text()?`.
    pub fn http(&self) -> Http<'_> {
        Http::of(self.host.as_ref())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.invocation).finish()
    }
}
