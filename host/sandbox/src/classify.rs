//! From the way a call ended to an [`Outcome`]. Nothing a guest does is an error of ours.

use std::time::Duration;

use noontide_domain::Outcome;
use serde_json::{Value, json};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::bindings::types as wit;
use crate::guest::Guest;
use crate::journal::harmless;
use crate::quota::Over;
use crate::redact::Redactor;
use crate::stopwatch::{LONGEST, Stopped};

/// A handler's message is a line or two, in bytes; its result may be a document.
const MESSAGE: usize = 4 << 10;
pub(crate) const RESULT: usize = 1 << 20;

/// How a call came to its end.
pub(crate) enum Ended {
    /// The handler answered.
    Answered(Result<wit::Outcome, wit::Failure>),
    /// No instance could be made.
    NoInstance(wasmtime::Error),
    /// The guest broke off.
    Broke(wasmtime::Error),
    /// The host broke it off.
    Stopped(Stopped),
    /// A folder holds too much.
    OverQuota(Over),
}

/// Says what it means.
pub(crate) fn outcome(ended: Ended, guest: &Guest, allowed: Duration) -> Outcome {
    let journal = || guest.journal.lock();
    match ended {
        Ended::Answered(Ok(good)) => succeeded(good, journal().redactor()),
        Ended::Answered(Err(failure)) => failed(failure, guest.watch.is_cancelled(), journal().redactor()),
        Ended::Stopped(stopped) => stopped_by_host(stopped, allowed),
        Ended::OverQuota(over) => over_quota(over),
        Ended::NoInstance(error) => no_instance(&error, guest, allowed),
        Ended::Broke(error) => broke(&error, guest, allowed),
    }
}

fn succeeded(good: wit::Outcome, redactor: &Redactor) -> Outcome {
    match good {
        wit::Outcome::Done(None) => Outcome::Succeeded { result: None },
        wit::Outcome::Done(Some(text)) => match result(&text, redactor) {
            Ok(value) => Outcome::Succeeded { result: Some(value) },
            Err(message) => permanent(message),
        },
        wit::Outcome::Items(items) => by_items(&items, redactor),
        wit::Outcome::Skipped(reason) => Outcome::Skipped { reason: redactor.words(&reason, MESSAGE) },
        wit::Outcome::RunAgain(ms) => Outcome::RunAgain { after: wait(ms) },
    }
}

fn result(text: &str, redactor: &Redactor) -> Result<Value, String> {
    if text.len() > RESULT {
        return Err(format!("the handler's result has {} bytes; at most {RESULT} are kept", text.len()));
    }
    serde_json::from_str(text).map(|value| redactor.json(value)).map_err(|error| {
        format!("the handler's result is no JSON: {error}; it begins with `{}`", redactor.words(text, 80))
    })
}

fn by_items(items: &[wit::ItemOutcome], redactor: &Redactor) -> Outcome {
    let bad: Vec<String> =
        items.iter().filter_map(|item| item.outcome.as_ref().err().map(|why| format!("{}: {why}", item.key))).collect();
    if bad.is_empty() {
        let list: Vec<Value> = items.iter().map(|item| json!({"key": item.key, "outcome": "succeeded"})).collect();
        return Outcome::Succeeded { result: Some(redactor.json(json!({ "items": list }))) };
    }
    let message = format!("{} of {} items failed — {}", bad.len(), items.len(), bad.join("; "));
    Outcome::Failed { message: redactor.words(&message, MESSAGE), retryable: true, after: None }
}

fn failed(failure: wit::Failure, asked: bool, redactor: &Redactor) -> Outcome {
    let harmless = |message: &str, most| redactor.words(message, most);
    match failure {
        wit::Failure::InvalidInput(message) => permanent(format!("invalid input: {}", harmless(&message, MESSAGE))),
        wit::Failure::Permanent(message) => permanent(harmless(&message, MESSAGE)),
        wit::Failure::Retryable(wit::Retryable { message, after_ms }) => {
            Outcome::Failed { message: harmless(&message, MESSAGE), retryable: true, after: after_ms.map(wait) }
        }
        wit::Failure::Cancelled if asked => Outcome::Cancelled,
        wit::Failure::Cancelled => Outcome::Failed {
            message: "the handler stopped as cancelled, though nobody asked it to".to_owned(),
            retryable: true,
            after: None,
        },
    }
}

fn permanent(message: String) -> Outcome {
    Outcome::Failed { message, retryable: false, after: None }
}

fn wait(ms: u64) -> Duration {
    Duration::from_millis(ms).min(LONGEST)
}

fn stopped_by_host(stopped: Stopped, allowed: Duration) -> Outcome {
    match stopped {
        Stopped::TimedOut => Outcome::TimedOut { after: allowed },
        Stopped::Cancelled => Outcome::Cancelled,
    }
}

pub(crate) fn over_quota(Over { folder, quota }: Over) -> Outcome {
    Outcome::OverQuota { folder, quota }
}

fn no_instance(error: &wasmtime::Error, guest: &Guest, allowed: Duration) -> Outcome {
    if error.is::<PoolConcurrencyLimitError>() {
        return Outcome::Unavailable { message: format!("the host has no place left for a guest: {error:#}") };
    }
    let guests_doing = error.is::<Trap>() || error.is::<Stopped>() || guest.meter.denied().is_some();
    if guests_doing {
        return broke(error, guest, allowed);
    }
    Outcome::Unavailable { message: format!("no instance could be made: {error:#}") }
}

fn broke(error: &wasmtime::Error, guest: &Guest, allowed: Duration) -> Outcome {
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return stopped_by_host(*stopped, allowed);
    }
    if let Some(limit) = guest.meter.denied() {
        return Outcome::OutOfMemory { limit };
    }
    if let (Some(limit), Some(Trap::OutOfFuel)) = (guest.meter.fuel(), error.downcast_ref::<Trap>()) {
        return Outcome::OutOfFuel { limit };
    }
    let kind = if let Some(trap) = error.downcast_ref::<Trap>() {
        trap.to_string().trim_start_matches("wasm trap: ").to_owned()
    } else if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        format!("the handler called exit({code}) instead of returning")
    } else {
        format!("the guest misused the host: {}", error.root_cause())
    };
    let backtrace = frames(error);
    let kind = if repeats(&backtrace) { format!("{kind}, within a recursion: its stack ran over") } else { kind };
    let mut journal = guest.journal.lock();
    let message = journal.panic_words().map_or(kind.clone(), |words| format!("{kind} — {words}"));
    Outcome::Trapped { message: journal.kept(&message, MESSAGE), backtrace }
}

/// Compilers keep a second stack in linear memory; when that one runs over, the trap says "out of bounds".
fn repeats(backtrace: &[String]) -> bool {
    backtrace.first().is_some_and(|inner| backtrace.iter().filter(|frame| *frame == inner).count() >= 8)
}

/// The guest's functions, innermost first.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let frame = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => harmless(&format!("{:#}", rustc_demangle::demangle(name)), 200),
        None => format!("function {}", frame.func_index()),
    };
    backtrace.frames().iter().map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(outcome: wit::Outcome) -> Outcome {
        succeeded(outcome, &Redactor::default())
    }

    #[test]
    fn what_a_handler_gives_back_is_without_secrets_before_it_is_cut() {
        let mut redactor = Redactor::default();
        redactor.learn("KEY", "hunter22");
        let done = |text: &str| succeeded(wit::Outcome::Done(Some(text.to_owned())), &redactor);
        assert_eq!(done("[\"\\u0068unter22\"]"), Outcome::Succeeded { result: Some(json!(["[secret KEY]"])) });
        let long = format!("{}hunter22", "x".repeat(MESSAGE - 4));
        for outcome in [
            done(&"x".repeat(76).replace("xxxx", "hunter22")),
            succeeded(wit::Outcome::Skipped(long.clone()), &redactor),
            failed(wit::Failure::Permanent(long.clone()), false, &redactor),
            failed(wit::Failure::InvalidInput(long.clone()), false, &redactor),
            failed(wit::Failure::Retryable(wit::Retryable { message: long, after_ms: None }), false, &redactor),
        ] {
            assert!(!format!("{outcome:?}").contains("hunt"), "{outcome:?}");
        }
    }

    #[test]
    fn a_result_that_is_no_json_fails_for_good_and_is_named() {
        let outcome = good(wit::Outcome::Done(Some("{oops".into())));
        assert!(matches!(outcome, Outcome::Failed { retryable: false, message, .. } if message.contains("`{oops`")));
    }

    #[test]
    fn items_fail_together_when_one_fails_and_name_it() {
        let item = |key: &str, outcome| wit::ItemOutcome { key: key.into(), outcome };
        let all = good(wit::Outcome::Items(vec![item("a", Ok(()))]));
        assert!(matches!(all, Outcome::Succeeded { result: Some(result) } if result["items"][0]["key"] == "a"));
        let bad = good(wit::Outcome::Items(vec![item("a", Ok(())), item("b", Err("no".into()))]));
        let Outcome::Failed { message, retryable: true, .. } = bad else { panic!("{bad:?}") };
        assert_eq!(message, "1 of 2 items failed — b: no");
    }

    #[test]
    fn no_wait_is_longer_than_a_clock_can_hold() {
        assert_eq!(good(wit::Outcome::RunAgain(u64::MAX)), Outcome::RunAgain { after: LONGEST });
    }
}
