//! `extra`: what has no column of its own.

use std::time::Duration;

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::excerpt::excerpt;
use crate::{Headers, Schedule, Trigger};

/// Without a `delay`, a task that recurs is missed after an hour: what the framework of this table had as default.
pub const DELAY: Duration = Duration::from_secs(3_600);

/// Written by hosts: why the row as it stands is not taken.
const ERROR: &str = "error";

/// The column `extra`: a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Extra {
    /// `delay`, in seconds: longest time without a success; 0 asks for none. `None` if nothing is said.
    pub delay: Option<Duration>,
    /// `timezone`: the IANA zone in which `spec` is read. `None` if nothing is said.
    pub timezone: Option<Tz>,
    /// Everything else, as texts: handed to the handler.
    pub headers: Headers,
}

impl Extra {
    /// Reads the column; nothing is as good as `{}`.
    ///
    /// # Errors
    /// A line that names the column and the key.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        let mut others: Map<String, Value> = serde_json::from_str(text)
            .map_err(|reason| format!("`extra` is no JSON object: {reason}; write for example {{\"delay\": 600}}"))?;
        others.remove(ERROR);
        let delay = others.remove("delay").map(|delay| seconds(&delay)).transpose()?;
        let timezone = others.remove("timezone").map(|zone| zone_of(&zone)).transpose()?;
        let text = |(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        };
        let headers = Headers::new(others.into_iter().map(text).collect()).map_err(|why| format!("`extra`: {why}"))?;
        Ok(Self { delay, timezone, headers })
    }

    /// Gives a schedule what the column says; its trigger is the new one already.
    pub(super) fn lay_over(self, schedule: &mut Schedule) {
        // What fires at given instants is over after them: nobody waits for the next success.
        let recurs = !matches!(schedule.trigger, Trigger::At(_) | Trigger::Manual);
        let delay = self.delay.or(recurs.then_some(DELAY));
        schedule.expect_within = delay.filter(|delay| !delay.is_zero());
        schedule.headers = self.headers;
    }
}

fn seconds(delay: &Value) -> Result<Duration, String> {
    let seconds = match delay {
        Value::Number(seconds) => seconds.as_u64(),
        Value::String(seconds) => seconds.trim().parse().ok(),
        _ => None,
    };
    // A hundred years: safe to add to any date.
    let seconds = seconds.filter(|seconds| *seconds <= 100 * 366 * 86_400);
    let wrong = || format!("`extra`: `delay` is `{}`; whole seconds are expected", excerpt(&delay.to_string()));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

fn zone_of(zone: &Value) -> Result<Tz, String> {
    let known = zone.as_str().and_then(|zone| zone.parse().ok());
    known.ok_or_else(|| format!("`extra`: `timezone` is {zone}; an IANA name such as Asia/Shanghai is expected"))
}

/// The other way.
pub(super) fn shown(schedule: &Schedule) -> String {
    let delay = schedule.expect_within.map_or(0, |within| within.as_secs());
    let mut extra: Map<_, _> = schedule.headers.iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    extra.insert("delay".to_owned(), json!(delay));
    extra.insert("timezone".to_owned(), json!(schedule.timezone.name()));
    Value::Object(extra).to_string()
}

/// The column with, or without, the reason why its row is not taken. `None` if there is nothing to change, or no object to
/// put it into.
pub fn with_error(extra: &str, reason: Option<&str>) -> Option<String> {
    let text = if extra.trim().is_empty() { "{}" } else { extra };
    let mut object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let before = object.clone();
    match reason {
        Some(reason) => object.insert(ERROR.to_owned(), json!(reason)),
        None => object.remove(ERROR),
    };
    (object != before).then(|| Value::Object(object).to_string())
}
