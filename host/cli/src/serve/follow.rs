//! Each fire as a line, for whoever looks on: `09:41:00.003 hello/greet  succeeded  2 ms  {"greeting":"…"}`.

use std::io::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_engine::{Event, Happening};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Writes lines to stdout until the engine or the reader is gone.
pub async fn follow(mut events: Receiver<Event>, zone: Tz) {
    loop {
        let line = match events.recv().await {
            Ok(event) => line(&event, zone),
            Err(RecvError::Lagged(missed)) => Some(format!("… {missed} more; `noontide runs` has them all")),
            Err(RecvError::Closed) => return,
        };
        let Some(line) = line else { continue };
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
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
        Happening::Started { .. } | Happening::Overdue { .. } | Happening::SchedulesChanged => None,
    }
}

/// As much as a line is read for; `noontide show-run` has the whole.
fn short(text: &str) -> String {
    const MOST: usize = 160;
    let cut = if text.chars().count() > MOST { "…" } else { "" };
    format!("  {}{cut}", text.chars().take(MOST).collect::<String>())
}

fn clock(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::{RunId, RunState};

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
