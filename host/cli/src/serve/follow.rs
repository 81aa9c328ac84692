//! Each fire as a line, for whoever looks on: `09:41:00.003 hello/greet  succeeded  2 ms  {"greeting":"…"}`. What the
//! handler said stands below it.

use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{AttemptLogs, History};
use noontide_engine::{Event, Happening};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Lines of a handler that are shown of one attempt.
const LINES: usize = 20;

/// Writes lines to stdout until the engine or the reader is gone.
pub async fn follow(mut events: Receiver<Event>, history: Arc<dyn History>, zone: Tz) {
    loop {
        let text = match events.recv().await {
            Ok(event) => match line(&event, zone) {
                Some(line) => line + &said(&event, history.as_ref()).await,
                None => continue,
            },
            Err(RecvError::Lagged(missed)) => format!("… {missed} more; `noontide runs` has them all"),
            Err(RecvError::Closed) => return,
        };
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// What the handler logged and printed in the attempt that the event ends. It is on record before the event is told; a
/// ledger that does not answer now costs the lines, and `noontide logs` has them later.
async fn said(event: &Event, history: &dyn History) -> String {
    let Happening::Finished { run, attempt, .. } = &event.happening else { return String::new() };
    let logs = history.logs(*run).await.unwrap_or_default();
    logs.iter().rfind(|logs| logs.attempt == *attempt).map(below).unwrap_or_default()
}

fn below(logs: &AttemptLogs) -> String {
    let mut text: String =
        logs.lines.iter().take(LINES).map(|line| format!("\n    {}", trimmed(&line.message))).collect();
    let more = logs.lines.len().saturating_sub(LINES) as u64 + logs.dropped;
    if more > 0 {
        text.push_str(&format!("\n    … {more} more lines"));
    }
    text
}

fn line(event: &Event, zone: Tz) -> Option<String> {
    let at = clock(event.at, zone);
    match &event.happening {
        Happening::Finished { handler, outcome, message, result, wall_ms, state, .. } => {
            let again = if state.is_final() { "" } else { "  (again later)" };
            let tail = match (message, result) {
                (Some(message), _) => short(message),
                (None, Some(result)) => short(&result.to_string()),
                (None, None) => String::new(),
            };
            Some(format!("{at} {handler}  {outcome}  {wall_ms} ms{tail}{again}"))
        }
        Happening::Skipped { schedule, count: 1, reason, .. } => Some(format!("{at} {schedule}  skipped  {reason}")),
        Happening::Skipped { schedule, count, reason, .. } => {
            Some(format!("{at} {schedule}  skipped {count} due instants  {reason}"))
        }
        Happening::TakenOver { schedule, place } => Some(format!("{at} {schedule}  taken over by {place}")),
        Happening::EditRefused { schedule, reason } => Some(format!("{at} {schedule}  edit refused{}", short(reason))),
        Happening::Undelivered { plugin, destination, answer, .. } => {
            Some(format!("{at} {plugin}  message to {destination} given up{}", short(answer)))
        }
        Happening::Alert { title, words, .. } => Some(format!("{at} alert: {title}{}", short(words))),
        Happening::PluginVersion { words, .. } => Some(format!("{at} {words}")),
        Happening::Started { .. } | Happening::Overdue { .. } | Happening::SchedulesChanged => None,
    }
}

/// With two blanks before it.
fn short(text: &str) -> String {
    format!("  {}", trimmed(text))
}

/// As much as a line is read for; `noontide show-run` and `noontide logs` have the whole.
fn trimmed(text: &str) -> String {
    const MOST: usize = 160;
    let cut = if text.chars().count() > MOST { "…" } else { "" };
    text.chars().take(MOST).collect::<String>() + cut
}

fn clock(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::{LogLine, RunId, RunState};

    fn finished(outcome: &'static str, message: Option<&str>, state: RunState) -> Event {
        Event {
            at: "2026-07-01T09:41:00.003Z".parse().unwrap(),
            happening: Happening::Finished {
                run: RunId::new(),
                schedule: None,
                handler: "hello/greet".parse().unwrap(),
                attempt: 1,
                outcome,
                message: message.map(str::to_owned),
                result: message.is_none().then(|| serde_json::json!({"greeting": "hi"})),
                state,
                wall_ms: 2,
            },
        }
    }

    #[test]
    fn a_long_result_is_cut_so_that_a_fire_stays_a_line() {
        let line = line(&finished("failed", Some(&"x".repeat(999)), RunState::Failed), Tz::UTC).unwrap();
        assert!(line.ends_with('…') && line.chars().count() < 220, "{line}");
    }

    #[test]
    fn what_a_handler_said_stands_below_its_fire_and_a_flood_is_counted() {
        let line = |message: String| LogLine {
            at: "2026-07-01T09:41:00Z".parse().unwrap(),
            level: "info".to_owned(),
            source: "stdout".to_owned(),
            message,
            fields: Vec::new(),
        };
        let logs = |count: usize, dropped| AttemptLogs {
            attempt: 1,
            lines: (0..count).map(|number| line(format!("line {number}"))).collect(),
            dropped,
        };
        assert_eq!(below(&logs(2, 0)), "\n    line 0\n    line 1");
        assert!(below(&logs(25, 3)).ends_with("line 19\n    … 8 more lines"));
        assert_eq!(below(&logs(0, 0)), "");
    }

    #[test]
    fn a_finished_fire_is_one_line_with_time_handler_outcome_and_result() {
        let event = finished("succeeded", None, RunState::Succeeded);
        let expected = r#"09:41:00.003 hello/greet  succeeded  2 ms  {"greeting":"hi"}"#;
        assert_eq!(line(&event, Tz::UTC).as_deref(), Some(expected));
    }

    #[test]
    fn a_failure_that_is_tried_again_says_so() {
        let text = line(&finished("failed", Some("no answer"), RunState::Ready), Tz::Asia__Shanghai).unwrap();
        assert_eq!(text, "17:41:00.003 hello/greet  failed  2 ms  no answer  (again later)");
    }
}
