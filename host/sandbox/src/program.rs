//! A program as a handler: what it is started with, and what its end means. Any command of WASI is one, in whatever
//! language it was written and without knowing of this host.

use chrono::{DateTime, SecondsFormat, Utc};
use noontide_domain::{ExitMeaning, Grant};
use serde_json::{Map, Value, json};
use wasmtime_wasi::I32Exit;

use crate::bindings::types::{Cause, Failure, Invocation, Outcome, Retryable};
use crate::classify::{Ended, RESULT};
use crate::guest::Guest;
use crate::redact::Redactor;

/// Exit codes of sysexits.h: of all that a program may say that way, the one that asks to be tried again, and those that
/// say that trying again would not help.
const TEMPFAIL: i32 = 75;
const PERMANENT: std::ops::RangeInclusive<i32> = 64..=78;

/// What a program is started with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Program {
    /// The first is its name.
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) stdin: String,
}

impl Program {
    /// `{ args = [ … ], stdin = "…" }` is taken at its word; any other input is JSON on stdin. The payloads of a timetable
    /// come with it.
    pub(crate) fn of(plugin: &str, grant: Option<&Grant>, invocation: &Invocation) -> Self {
        let input = serde_json::from_str(&invocation.input).unwrap_or_default();
        let (own, stdin) = match words(&input) {
            Some((args, stdin)) => (args, stdin),
            None => (Vec::new(), invocation.input.clone()),
        };
        let granted = grant.map(|grant| grant.args.as_slice()).unwrap_or_default();
        let args = std::iter::once(plugin.to_owned()).chain(granted.iter().cloned()).chain(own).collect();
        let stdin = if invocation.items.is_empty() { stdin } else { with_items(input, invocation) };
        Self { args, env: variables(invocation), stdin }
    }
}

/// Arguments and stdin, if the input says nothing else.
fn words(input: &Value) -> Option<(Vec<String>, String)> {
    let fields = input.as_object().filter(|fields| !fields.is_empty())?;
    if fields.keys().any(|key| key != "args" && key != "stdin") {
        return None;
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let args = match fields.get("args") {
        None => Vec::new(),
        Some(args) => args.as_array()?.iter().map(text).collect::<Option<_>>()?,
    };
    let stdin = match fields.get("stdin") {
        None => String::new(),
        Some(stdin) => stdin.as_str()?.to_owned(),
    };
    Some((args, stdin))
}

fn with_items(input: Value, invocation: &Invocation) -> String {
    let payload = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let items: Vec<_> =
        invocation.items.iter().map(|item| json!({ "key": item.key, "payload": payload(&item.payload) })).collect();
    json!({ "input": input, "items": items }).to_string()
}

/// What the contract tells a handler, as variables.
fn variables(invocation: &Invocation) -> Vec<(String, String)> {
    let mut all = vec![
        ("NOONTIDE_RUN_ID", invocation.run_id.clone()),
        ("NOONTIDE_FIRE_KEY", invocation.fire_key.clone()),
        ("NOONTIDE_HANDLER", invocation.handler.clone()),
        ("NOONTIDE_ATTEMPT", invocation.attempt.to_string()),
        ("NOONTIDE_MAX_ATTEMPTS", invocation.max_attempts.to_string()),
        ("NOONTIDE_DUE_AT", instant(invocation.due_at)),
        ("NOONTIDE_FIRED_AT", instant(invocation.fired_at)),
        ("NOONTIDE_TIMEZONE", invocation.timezone.clone()),
        ("NOONTIDE_CAUSE", cause(invocation).to_owned()),
        ("TRACEPARENT", invocation.trace_parent.clone()),
    ];
    all.extend(invocation.schedule.clone().map(|schedule| ("NOONTIDE_SCHEDULE", schedule)));
    all.extend(invocation.deadline.map(|deadline| ("NOONTIDE_DEADLINE", instant(deadline))));
    all.extend(invocation.previous_success.map(|due| ("NOONTIDE_PREVIOUS_SUCCESS", instant(due))));
    if let Some(window) = &invocation.window {
        all.push(("NOONTIDE_WINDOW_FROM", instant(window.from)));
        all.push(("NOONTIDE_WINDOW_TO", instant(window.to)));
    }
    if !invocation.extra.is_empty() {
        let extra: Map<_, _> = invocation.extra.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        all.push(("NOONTIDE_EXTRA", Value::Object(extra).to_string()));
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cause(invocation: &Invocation) -> &'static str {
    let said = invocation.extra.iter().any(|(key, value)| key == "cause" && value == "after");
    match invocation.cause {
        Cause::Schedule if said => "after",
        Cause::Schedule => "schedule",
        Cause::Manual => "manual",
        Cause::Enqueued => "enqueued",
        Cause::Backfill => "backfill",
    }
}

fn instant(unix_ms: i64) -> String {
    let instant = DateTime::<Utc>::from_timestamp_millis(unix_ms).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The end of a program: its exit code, or how it broke off.
pub(crate) fn ended(code: wasmtime::Result<i32>, guest: &Guest) -> Ended {
    let code = match code {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => *code,
            None => return Ended::Broke(error),
        },
    };
    let meaning = guest.grant.as_ref().and_then(|grant| grant.exit_codes.get(&code).copied());
    let mut journal = guest.journal.lock();
    match meaning.unwrap_or_else(|| usual(code)) {
        ExitMeaning::Done => {
            let stdout = journal.take_stdout();
            Ended::Answered(Ok(Outcome::Done(result(stdout, journal.redactor()))))
        }
        ExitMeaning::Skipped => Ended::Answered(Ok(Outcome::Skipped(message(code, journal.last_words())))),
        ExitMeaning::Retry => {
            let message = message(code, journal.last_words());
            Ended::Answered(Err(Failure::Retryable(Retryable { message, after_ms: None })))
        }
        ExitMeaning::Permanent => Ended::Answered(Err(Failure::Permanent(message(code, journal.last_words())))),
    }
}

fn usual(code: i32) -> ExitMeaning {
    match code {
        0 => ExitMeaning::Done,
        TEMPFAIL => ExitMeaning::Retry,
        code if PERMANENT.contains(&code) => ExitMeaning::Permanent,
        _ => ExitMeaning::Retry,
    }
}

fn message(code: i32, last_words: Option<String>) -> String {
    match last_words {
        Some(words) => format!("exited with {code} — {words}"),
        None => format!("exited with {code}"),
    }
}

/// What it printed, as JSON if it is JSON, else as text; nothing if it printed nothing, or more than a result may have: the
/// run's log has its beginning and its end.
fn result(stdout: Vec<u8>, redactor: &Redactor) -> Option<String> {
    let text = String::from_utf8_lossy(&stdout);
    let text = text.trim();
    if text.is_empty() || stdout.len() > RESULT {
        return None;
    }
    if serde_json::from_str::<Value>(text).is_ok() {
        return Some(text.to_owned());
    }
    // A secret may have several lines.
    let text = redactor.text(text);
    let lines: Vec<_> = text.lines().map(|line| redactor.words(line, RESULT)).collect();
    Some(Value::from(lines.join("\n")).to_string()).filter(|json| json.len() <= RESULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::{Item, Window};

    fn invocation(input: Value) -> Invocation {
        Invocation {
            run_id: "r".into(),
            fire_key: "k".into(),
            schedule: Some("nightly".into()),
            handler: "run".into(),
            attempt: 2,
            max_attempts: 3,
            due_at: 1_602_349_200_000,
            fired_at: 1_602_349_200_250,
            deadline: None,
            previous_success: None,
            window: Some(Window { from: 0, to: 1_602_349_200_000 }),
            timezone: "Asia/Shanghai".into(),
            cause: Cause::Schedule,
            trace_parent: "00-a-b-01".into(),
            input: input.to_string(),
            items: Vec::new(),
            extra: vec![("cause".into(), "after".into())],
        }
    }

    #[test]
    fn an_input_of_arguments_and_stdin_is_taken_at_its_word_and_any_other_is_json_on_stdin() {
        let grant = Grant { args: vec!["-q".into()], ..Grant::default() };
        let program = |input| Program::of("tool", Some(&grant), &invocation(input));
        let words = program(json!({ "args": ["a b", 3, true], "stdin": "text\n" }));
        assert_eq!(
            (words.args, words.stdin.as_str()),
            (["tool", "-q", "a b", "3", "true"].map(String::from).into(), "text\n")
        );
        for other in
            [json!({}), json!({ "args": [["nested"]] }), json!({ "args": [], "level": 3 }), json!([1]), json!(null)]
        {
            let program = program(other.clone());
            assert_eq!((program.args.len(), program.stdin), (2, other.to_string()));
        }
    }

    #[test]
    fn the_payloads_of_a_timetable_come_with_the_input() {
        let mut invocation = invocation(json!({ "level": 1 }));
        invocation.items = vec![Item { key: "k1".into(), payload: "{\"channel\":7}".into() }];
        let stdin: Value = serde_json::from_str(&Program::of("tool", None, &invocation).stdin).expect("JSON");
        let items = json!([{ "key": "k1", "payload": { "channel": 7 } }]);
        assert_eq!(stdin, json!({ "input": { "level": 1 }, "items": items }));
    }

    #[test]
    fn what_a_handler_is_told_stands_in_variables() {
        let program = Program::of("tool", None, &invocation(json!({})));
        let value = |name: &str| program.env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(value("NOONTIDE_DUE_AT"), Some("2020-10-10T17:00:00.000Z"));
        assert_eq!((value("NOONTIDE_ATTEMPT"), value("NOONTIDE_CAUSE")), (Some("2"), Some("after")));
        assert_eq!(
            (value("NOONTIDE_WINDOW_FROM"), value("NOONTIDE_DEADLINE")),
            (Some("1970-01-01T00:00:00.000Z"), None)
        );
        assert_eq!(value("NOONTIDE_EXTRA"), Some(r#"{"cause":"after"}"#));
    }

    #[test]
    fn stdout_is_the_result_as_json_or_as_text() {
        let result = |text: &str| result(text.as_bytes().to_vec(), &Redactor::default());
        assert_eq!(result("{\"rows\": 3}\n").as_deref(), Some("{\"rows\": 3}"));
        assert_eq!(result("3 rows\nbye\n").as_deref(), Some("\"3 rows\\nbye\""));
        assert_eq!(result("\u{1b}[31mred\n").as_deref(), Some("\"\\\\u{1b}[31mred\""));
        assert_eq!((result(" \n"), result(&"x".repeat(RESULT + 1))), (None, None));
    }

    #[test]
    fn exit_codes_mean_what_sysexits_says() {
        assert_eq!([0, 1, 64, 75, 78, 79, 255].map(usual), {
            use ExitMeaning::{Done, Permanent, Retry};
            [Done, Retry, Permanent, Retry, Permanent, Retry, Retry]
        });
    }
}
