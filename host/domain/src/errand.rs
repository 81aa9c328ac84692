//! An errand: a handler call without a schedule, as somebody asks for it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::Fire;
use crate::{
    Cause, HandlerRef, Headers, Key, Labels, Order, Overlap, Priority, QueueName, RetryPolicy, RunId, TraceParent,
};

/// An instant, or how long until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// So long after it is asked for.
    After(Duration),
    /// Then.
    At(DateTime<Utc>),
}

impl Moment {
    /// The instant, if it is asked for at `now`. `None` beyond the end of the calendar.
    pub fn from(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Moment::At(instant) => Some(instant),
            Moment::After(length) => now.checked_add_signed(TimeDelta::from_std(length).ok()?),
        }
    }
}

/// A handler call without a schedule, as somebody asks for it. What it leaves open is counted from when it is taken up, so
/// that one which is taken up later means the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Errand {
    /// What is called.
    pub handler: HandlerRef,
    /// As JSON.
    pub input: serde_json::Value,
    /// Chosen by the client; a second errand of the handler with the same key is a duplicate.
    pub key: Option<String>,
    /// When it begins; at once if not given.
    pub start: Option<Moment>,
    /// No attempt begins later.
    pub expires: Option<Moment>,
    /// Who goes first where places are few.
    pub priority: Priority,
    /// In which line it waits.
    pub queue: QueueName,
    /// What is asked of the host that carries it out.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub runs_on: Labels,
    /// Handed to the handler beside the input.
    pub headers: Headers,
    /// For failures.
    pub retry: RetryPolicy,
    /// Of whose trace it is a part; of its own, or its chain's, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceParent>,
}

impl Errand {
    /// A call for now with the defaults of everything.
    pub fn new(handler: HandlerRef, input: serde_json::Value) -> Self {
        Self {
            handler,
            input,
            key: None,
            start: None,
            expires: None,
            priority: Priority::CALL,
            queue: QueueName::default(),
            runs_on: Labels::default(),
            headers: Headers::default(),
            retry: RetryPolicy::default(),
            trace: None,
        }
    }

    /// Its run, taken up at `now`.
    ///
    /// # Errors
    /// The field that is wrong, and why: an end that comes before the beginning would be a run that never runs.
    pub fn fire(self, now: DateTime<Utc>) -> Result<Fire, (&'static str, String)> {
        let beyond = || "it lies beyond the end of the calendar".to_owned();
        let due_at = self.start.map_or(Some(now), |start| start.from(now)).ok_or_else(|| ("delay", beyond()))?;
        let expires_at = match self.expires {
            None => None,
            Some(expires) => Some(expires.from(now).ok_or_else(|| ("expires", beyond()))?),
        };
        if let Some(end) = expires_at.filter(|end| *end < due_at.max(now)) {
            let end = end.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            return Err((
                "expires",
                format!("it ends at {end}, before the call may begin; take it out, or set it later"),
            ));
        }
        let id = RunId::new();
        let key = match &self.key {
            Some(key) => Key::chosen(&self.handler.to_string(), key),
            None => Key::manual(id),
        };
        let mut order = Order {
            input: self.input,
            priority: self.priority,
            queue: self.queue,
            runs_on: self.runs_on,
            headers: self.headers,
            retry: self.retry,
            expires_at,
            ..Order::new(id, key, self.handler, due_at, Cause::Enqueued)
        };
        if let Some(trace) = self.trace {
            order.trace_id = trace.trace_id;
        }
        Ok(Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errand() -> Errand {
        Errand::new("mail/send".parse().expect("a handler"), serde_json::json!({}))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("in range")
    }

    #[test]
    fn what_is_left_open_counts_from_when_it_is_taken_up() {
        let minute = Duration::from_secs(60);
        let late = Errand { start: Some(Moment::After(minute)), expires: Some(Moment::After(2 * minute)), ..errand() };
        let fire = late.fire(now()).expect("a fire");
        assert_eq!((fire.not_before, fire.order.due_at), (now() + minute, now() + minute));
        assert_eq!(fire.order.expires_at, Some(now() + 2 * minute));
    }

    #[test]
    fn an_end_before_the_beginning_is_refused() {
        let minute = Moment::After(Duration::from_secs(60));
        let past = Moment::At(now() - TimeDelta::seconds(1));
        let wrong = [
            Errand { expires: Some(past), ..errand() },
            Errand { start: Some(minute), expires: Some(Moment::After(Duration::from_secs(59))), ..errand() },
        ];
        for errand in wrong {
            let (field, reason) = errand.fire(now()).expect_err("refused");
            assert!(field == "expires" && reason.contains("before the call may begin"), "{reason}");
        }
        assert!(Errand { start: Some(minute), expires: Some(minute), ..errand() }.fire(now()).is_ok());
        let ages = Moment::After(Duration::from_secs(1 << 60));
        assert_eq!(Errand { start: Some(ages), ..errand() }.fire(now()).expect_err("refused").0, "delay");
    }
}
