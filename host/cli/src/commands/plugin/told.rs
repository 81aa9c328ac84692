//! What is told of a call: the log and the figures on stderr, the result on stdout.

use noontide_domain::{Effects, Outcome, Report, StateScope, StateWrite, duration};
use serde_json::{Value, json};

use super::state_file;
use super::trial::Tried;
use crate::commands::logs;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Format, Output, complain};

/// What is shown of a value in a line, in characters.
const SHORT: usize = 60;

/// Tells all of it.
///
/// # Errors
/// The call did not end well.
pub fn tell(output: Output, tried: &Tried) -> Done {
    let report = &tried.report;
    for line in &report.logs {
        complain(&logs::line(line));
    }
    figures(tried).iter().for_each(|line| output.hint(line));
    let result = result(report);
    match &result {
        None if output.format == Format::Table => {}
        _ => output.thing(&value(tried), || result.unwrap_or_default().to_string())?,
    }
    let outcome = &report.outcome;
    match outcome.message() {
        None => Ok(Exit::Ok),
        Some(message) => Err(Stop::failed(format!("{}: {message}", outcome.as_str()))),
    }
}

/// The result, if there is one.
pub fn result(report: &Report) -> Option<Value> {
    match &report.outcome {
        Outcome::Succeeded { result } => result.clone(),
        _ => None,
    }
}

/// All of it, for programs.
fn value(tried: &Tried) -> Value {
    let report = &tried.report;
    let state: Value =
        report.state.iter().map(|write| (named(write), json!(write.value.as_deref().map(state_file::shown)))).collect();
    let files = report.artifacts.iter().map(|file| json!({ "name": file.name.as_str(), "bytes": file.content.len() }));
    let items = told_items(tried).map(|(key, error)| json!({ "item": key, "error": error }));
    json!({
        "outcome": report.outcome.as_str(),
        "result": result(report),
        "error": report.outcome.message(),
        "usage": report.usage,
        "limits": { "timeout_ms": ms(tried.held.time), "memory_bytes": tried.held.memory },
        "provenance": report.provenance(),
        "state": state,
        "files": files.collect::<Vec<_>>(),
        "items": items.collect::<Vec<_>>(),
        "logs": report.logs,
        "logs_dropped": report.logs_dropped,
    })
}

/// The figures, a line each for what there is.
fn figures(tried: &Tried) -> Vec<String> {
    let (report, usage) = (&tried.report, tried.report.usage);
    let mut lines = vec![format!(
        "{} after {} ms of {}, {} ms of them computing; {} of {} memory at most",
        report.outcome.as_str(),
        usage.wall_ms,
        duration::words(tried.held.time),
        usage.cpu_ms,
        duration::bytes(usage.peak_memory_bytes),
        duration::bytes(tried.held.memory),
    )];
    match &report.outcome {
        Outcome::Skipped { reason } => lines.push(format!("skipped: {reason}")),
        Outcome::RunAgain { after } => lines.push(format!("asks to be called again in {}", duration::words(*after))),
        Outcome::Trapped { backtrace, .. } => lines.extend(backtrace.iter().map(|frame| format!("  at {frame}"))),
        _ => {}
    }
    for (key, error) in told_items(tried) {
        lines.push(format!("item {key}: {}", error.unwrap_or("done")));
    }
    if !report.state.is_empty() {
        let kept = match &tried.kept {
            Some(path) => format!("kept in {}", path.display()),
            None => "not kept; --state FILE keeps it".to_owned(),
        };
        lines.push(format!("state: {} ({kept})", listed(report.state.iter().map(written))));
    }
    for message in &report.messages {
        let (method, destination) = (&message.method, message.destination());
        lines.push(format!("message: {method} {destination}, {} (not sent)", duration::bytes(message.bytes())));
    }
    if !report.artifacts.is_empty() {
        let file = |file: &noontide_domain::Artifact| {
            format!("{} {}", file.name.as_str(), duration::bytes(file.content.len() as u64))
        };
        lines.push(format!("files: {}", listed(report.artifacts.iter().map(file))));
    }
    let outside = outside(&report.effects);
    if !outside.is_empty() {
        lines.push(format!("outside: {}", outside.join(", ")));
    }
    if let Some(lacks) = tried.lacks.as_ref().filter(|_| !report.outcome.ended_well()) {
        lines.push(lacks.clone());
    }
    if report.logs_dropped > 0 {
        lines.push(format!("{} log lines over the limits were dropped", report.logs_dropped));
    }
    lines
}

fn written(write: &StateWrite) -> String {
    match &write.value {
        Some(value) => format!("{} = {}", named(write), short(&state_file::shown(value).to_string())),
        None => format!("{} removed", named(write)),
    }
}

/// Of two memories the schedule's is the usual one.
fn named(write: &StateWrite) -> String {
    match write.scope {
        StateScope::Schedule => write.key.clone(),
        StateScope::Plugin => format!("plugin:{}", write.key),
    }
}

/// Of each payload its number, and what went wrong.
fn told_items(tried: &Tried) -> impl Iterator<Item = (&str, Option<&str>)> {
    let number =
        |hash: &[u8; 16]| tried.items.iter().find(|item| item.key.hash == *hash).map(|item| item.key.text.as_str());
    tried.report.items.iter().filter_map(move |item| Some((number(&item.key)?, item.error.as_deref())))
}

/// What it did outside of its sandbox; state is told of apart.
fn outside(effects: &Effects) -> Vec<String> {
    let host = |(origin, traffic): (&String, &noontide_domain::Traffic)| {
        let refused = if traffic.refused > 0 { format!(", {} refused", traffic.refused) } else { String::new() };
        let (sent, received) = (duration::bytes(traffic.sent), duration::bytes(traffic.received));
        format!("{origin} ({} calls{refused}, {sent} sent, {received} received)", traffic.calls)
    };
    let counted = |kind: &'static str| move |(name, count): (&String, &u64)| format!("{kind} {name} ({count})");
    let hosts = effects.hosts.iter().map(host);
    hosts
        .chain(effects.secrets.iter().map(counted("secret")))
        .chain(effects.sql.iter().map(counted("sql")))
        .chain(effects.kv.iter().map(counted("kv")))
        .chain(effects.outbox.iter().map(counted("outbox")))
        .collect()
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_outside_is_told_in_words() {
        let mut effects = Effects::default();
        assert!(outside(&effects).is_empty());
        let traffic = effects.host("https://api.example.com:443");
        (traffic.calls, traffic.sent, traffic.received) = (2, 10, 2048);
        effects.host("http://10.0.0.1:80").refused = 1;
        effects.secret("TOKEN");
        effects.statements("shop", 3);
        let told = outside(&effects);
        assert_eq!(told[0], "http://10.0.0.1:80 (0 calls, 1 refused, 0 B sent, 0 B received)");
        assert_eq!(told[1], "https://api.example.com:443 (2 calls, 10 B sent, 2 KiB received)");
        assert_eq!(told[2..], ["secret TOKEN (1)", "sql shop (3)"]);
    }
}
