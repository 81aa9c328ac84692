//! A call without a schedule as clients write it, read into an [`Errand`]. Every refusal names the field.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::{
    Chain, Errand, Headers, Labels, Moment, Priority, RetryPolicy, duration, excerpt, gate, suggest,
};
use serde_json::{Map, Value, json};

use utoipa::ToSchema;

use crate::body::Instant;
use crate::chain;
use crate::problem::Problem;

/// Calls in one request: each is a row of one transaction, and others wait for it.
pub(crate) const MOST: usize = 50_000;

/// What a call may say.
pub(crate) const FIELDS: [&str; 14] = [
    "handler",
    "input",
    "key",
    "delay",
    "at",
    "expires",
    "priority",
    "queue",
    "runs_on",
    "headers",
    "retry",
    "then",
    "on-failure",
    "group",
];

/// What `POST /runs` takes, for the document. [`read_all`] reads it, and says more of what is wrong than serde could.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document builds it")]
pub(crate) enum Calls {
    One(Box<Call>),
    Several(Vec<Call>),
}

/// A call without a schedule, or a group of calls; and what follows.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the document builds it")]
pub(crate) struct Call {
    /// What is called; not of a group.
    #[schema(example = "mail/send")]
    handler: Option<String>,
    /// What the handler gets; `{}` if not given.
    input: Option<Value>,
    /// The same key makes no second run.
    key: Option<String>,
    /// How long to wait before, such as `10s`, or whole seconds.
    #[schema(value_type = Option<String>, example = "10s")]
    delay: Option<Value>,
    /// When, instead of `delay`.
    at: Option<Instant>,
    /// How long after its time it may begin, or until when.
    #[schema(example = "1h")]
    expires: Option<String>,
    /// Higher goes first.
    priority: Option<u8>,
    queue: Option<String>,
    /// Labels asked of the host that carries it out.
    runs_on: Option<BTreeMap<String, String>>,
    /// Handed to the handler beside the input.
    headers: Option<BTreeMap<String, String>>,
    retry: Option<Retry>,
    /// What follows if all goes well: one or several.
    #[schema(no_recursion)]
    then: Option<Vec<Call>>,
    /// What follows if it fails.
    #[schema(no_recursion)]
    #[serde(rename = "on-failure")]
    on_failure: Option<Vec<Call>>,
    /// Calls that go on side by side; then there is no `handler`.
    #[schema(no_recursion)]
    group: Option<Vec<Call>>,
}

/// What happens after a failure.
#[derive(ToSchema)]
#[schema(as = CallRetry)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the document builds it")]
struct Retry {
    #[schema(minimum = 1)]
    attempts: u32,
    #[schema(example = "10s")]
    backoff: Option<String>,
    #[schema(example = "10m")]
    cap: Option<String>,
}

/// A field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Wrong {
    pub(crate) fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }

    /// As the refusal of call `index` of several.
    pub(crate) fn of_call(self, index: usize) -> Problem {
        let Wrong { field, reason } = self;
        let subject = if field.is_empty() { String::new() } else { format!("`{field}`: ") };
        Problem::at_call(index, &field, format!("call {index}: {subject}{reason}"))
    }
}

/// Reads all calls of a body, with what follows them: one object or an array of them. The first that is wrong refuses all.
pub(crate) fn read_all(body: Value) -> Result<Vec<Chain>, Problem> {
    let calls = match body {
        Value::Array(calls) => calls,
        call => vec![call],
    };
    if calls.len() > MOST {
        return Err(Problem::too_large(format!(
            "{} calls in one request; at most {MOST} are taken at once",
            calls.len()
        )));
    }
    let mut room = MOST;
    let mut all = Vec::with_capacity(calls.len());
    for (index, call) in calls.into_iter().enumerate() {
        all.push(chain::read(call, &mut room).map_err(|wrong| wrong.of_call(index))?);
    }
    Ok(all)
}

/// Reads one call.
///
/// # Errors
/// The first field that is wrong.
pub(crate) fn read(call: Value) -> Result<Errand, Wrong> {
    let Value::Object(mut call) = call else {
        return Err(Wrong::new("", format!("{} is no call; send an object with a `handler`", kind(&call))));
    };
    if let Some(unknown) = call.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        let hint = suggest::hint(unknown, FIELDS);
        let known = if hint.is_empty() { format!("; known are {}", FIELDS.join(", ")) } else { hint };
        return Err(Wrong::new(&excerpt::excerpt(unknown), format!("unknown field{known}")));
    }
    // As if it were not there.
    call.retain(|field, value| field == "input" || !value.is_null());
    let input = call.remove("input").unwrap_or_else(|| json!({}));
    let handler =
        text(&call, "handler")?.ok_or_else(|| Wrong::new("handler", "is missing; write \"plugin/handler\""))?;
    let handler = handler.parse().map_err(|reason| Wrong::new("handler", format!("{reason}")))?;
    Ok(Errand {
        key: text(&call, "key")?.map(str::to_owned),
        start: start(&call)?,
        expires: call.get("expires").map(|value| moment("expires", value)).transpose()?,
        priority: call.get("priority").map_or(Ok(Priority::CALL), priority)?,
        queue: match text(&call, "queue")? {
            Some(name) => name.parse().map_err(|reason| Wrong::new("queue", format!("{reason}")))?,
            None => Default::default(),
        },
        runs_on: call.get("runs_on").map_or(Ok(Labels::default()), labels)?,
        headers: call.get("headers").map_or(Ok(Headers::default()), headers)?,
        retry: call.get("retry").map_or(Ok(RetryPolicy::default()), retry)?,
        ..Errand::new(handler, input)
    })
}

pub(crate) fn text<'a>(call: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, Wrong> {
    match call.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Wrong::new(field, format!("is {}; a string is expected", kind(other)))),
    }
}

fn start(call: &Map<String, Value>) -> Result<Option<Moment>, Wrong> {
    match (call.get("delay"), call.get("at")) {
        (Some(_), Some(_)) => Err(Wrong::new("delay", "`delay` and `at` exclude each other; send one of them")),
        (Some(delay), None) => length("delay", delay).map(|delay| Some(Moment::After(delay))),
        (None, Some(at)) => instant("at", at).map(|at| Some(Moment::At(at))),
        (None, None) => Ok(None),
    }
}

/// A length of time, or an instant.
fn moment(field: &str, value: &Value) -> Result<Moment, Wrong> {
    match value.as_str().map(|text| Instant::try_from(text.to_owned())) {
        Some(Ok(instant)) => Ok(Moment::At(instant.0)),
        _ => length(field, value).map(Moment::After).map_err(|wrong| {
            Wrong::new(field, format!("{}, or an instant such as 2026-10-01T08:00:00Z", wrong.reason))
        }),
    }
}

/// A text with units, or a whole number of seconds.
fn length(field: &str, value: &Value) -> Result<Duration, Wrong> {
    match value {
        Value::String(text) => duration::parse(text).map_err(|reason| Wrong::new(field, reason)),
        Value::Number(number) if number.is_u64() => {
            duration::parse(&number.to_string()).map_err(|reason| Wrong::new(field, reason))
        }
        other => Err(Wrong::new(
            field,
            format!("is {}; a duration such as \"30s\" or whole seconds is expected", kind(other)),
        )),
    }
}

fn instant(field: &str, value: &Value) -> Result<DateTime<Utc>, Wrong> {
    let text = value.as_str().ok_or_else(|| {
        Wrong::new(field, format!("is {}; an instant such as \"2026-10-01T08:00:00Z\" is expected", kind(value)))
    })?;
    Instant::try_from(text.to_owned()).map(|read| read.0).map_err(|reason| Wrong::new(field, reason))
}

fn priority(value: &Value) -> Result<Priority, Wrong> {
    match value.as_i64() {
        Some(number) => Priority::of_number(number).map_err(|reason| Wrong::new("priority", reason)),
        None => Err(Wrong::new("priority", format!("is {}; a number from 0 to 255 is expected", kind(value)))),
    }
}

fn headers(value: &Value) -> Result<Headers, Wrong> {
    let texts: BTreeMap<String, String> = serde_json::from_value(value.clone())
        .map_err(|_| Wrong::new("headers", "an object of strings is expected, such as {\"tenant\": \"acme\"}"))?;
    Headers::new(texts).map_err(|reason| Wrong::new("headers", reason))
}

fn labels(value: &Value) -> Result<Labels, Wrong> {
    let labels: BTreeMap<String, String> = serde_json::from_value(value.clone())
        .map_err(|_| Wrong::new("runs_on", "an object of strings is expected, such as {\"gpu\": \"true\"}"))?;
    gate::runs_on(labels).map_err(|reason| Wrong::new("runs_on", reason))
}

/// `{ attempts, backoff, cap }`.
fn retry(value: &Value) -> Result<RetryPolicy, Wrong> {
    let Value::Object(fields) = value else {
        let expected = "an object is expected, such as {\"attempts\": 3, \"backoff\": \"10s\", \"cap\": \"10m\"}";
        return Err(Wrong::new("retry", format!("is {}; {expected}", kind(value))));
    };
    if let Some(unknown) = fields.keys().find(|key| !["attempts", "backoff", "cap"].contains(&key.as_str())) {
        let unknown = excerpt::excerpt(unknown);
        return Err(Wrong::new("retry", format!("unknown field `{unknown}`; known are attempts, backoff, cap")));
    }
    let default = RetryPolicy::default();
    let read = |field: &str, default| match fields.get(&field["retry.".len()..]) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => length(field, value),
    };
    let attempts = fields.get("attempts").and_then(Value::as_u64).filter(|attempts| *attempts > 0);
    let attempts = attempts.ok_or_else(|| Wrong::new("retry.attempts", "a whole number from 1 on is needed"))?;
    Ok(RetryPolicy {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        backoff: read("retry.backoff", default.backoff)?,
        cap: read("retry.cap", default.cap)?,
    })
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_all_it_says() {
        let errand = read(json!({
            "handler": "mail/send", "input": null, "key": "k", "delay": 90, "expires": "2h", "priority": 255,
            "queue": "mail", "runs_on": { "gpu": "true" }, "headers": { "tenant": "acme" }, "retry": { "attempts": 2, "cap": "1m" },
        }));
        let errand = errand.expect("a call");
        assert_eq!(errand.input, Value::Null, "it was said");
        assert_eq!(errand.start, Some(Moment::After(Duration::from_secs(90))));
        assert_eq!(errand.expires, Some(Moment::After(Duration::from_secs(7_200))));
        assert_eq!((errand.priority, errand.queue.as_str()), (Priority(255), "mail"));
        assert_eq!(errand.runs_on.to_string(), "gpu=true");
        assert_eq!(errand.headers.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
        assert_eq!((errand.retry.attempts, errand.retry.cap), (2, Duration::from_secs(60)));
    }

    #[test]
    fn what_is_null_is_as_if_it_were_not_there() {
        let plain = read(json!({ "handler": "mail" })).expect("a call");
        assert_eq!(plain, Errand::new("mail".parse().expect("a handler"), json!({})));
        assert_eq!(read(json!({ "handler": "mail", "key": null, "at": null, "retry": null })), Ok(plain));
    }

    #[test]
    fn every_refusal_names_its_field_and_what_is_expected() {
        let wrong = [
            (json!([]), "", "a list is no call"),
            (json!({}), "handler", "is missing"),
            (json!({ "handler": 7 }), "handler", "a string is expected"),
            (json!({ "handler": "a/b/c" }), "handler", "plugin/handler"),
            (json!({ "handler": "a", "delai": "1s" }), "delai", "did you mean `delay`?"),
            (json!({ "handler": "a", "args": [] }), "args", "known are handler"),
            (json!({ "handler": "a", "key": 1 }), "key", "a string"),
            (json!({ "handler": "a", "delay": "soon" }), "delay", "soon"),
            (json!({ "handler": "a", "delay": -1 }), "delay", "whole seconds"),
            (json!({ "handler": "a", "delay": 1, "at": "2026-10-01T08:00:00Z" }), "delay", "exclude each other"),
            (json!({ "handler": "a", "at": "tomorrow" }), "at", "2026-10-01T08:00:00Z"),
            (json!({ "handler": "a", "expires": "later" }), "expires", "or an instant"),
            (json!({ "handler": "a", "priority": 256 }), "priority", "0 to 255"),
            (json!({ "handler": "a", "priority": "high" }), "priority", "0 to 255"),
            (json!({ "handler": "a", "queue": "a b" }), "queue", "holds ` `"),
            (json!({ "handler": "a", "runs_on": ["gpu"] }), "runs_on", "an object of strings"),
            (json!({ "handler": "a", "runs_on": { "": "x" } }), "runs_on", "cannot name a label"),
            (json!({ "handler": "a", "headers": { "a": 1 } }), "headers", "an object of strings"),
            (json!({ "handler": "a", "headers": { "": "x" } }), "headers", "cannot name a header"),
            (json!({ "handler": "a", "retry": 3 }), "retry", "an object"),
            (json!({ "handler": "a", "retry": { "attempts": 0 } }), "retry.attempts", "from 1 on"),
            (json!({ "handler": "a", "retry": { "attempts": 1, "cap": "x" } }), "retry.cap", "x"),
            (json!({ "handler": "a", "retry": { "attempts": 1, "jitter": 1 } }), "retry", "unknown field `jitter`"),
        ];
        for (call, field, words) in wrong {
            let refused = read(call.clone()).expect_err(&call.to_string());
            assert!(refused.field == field && refused.reason.contains(words), "{call}: {refused:?}");
        }
    }
}
