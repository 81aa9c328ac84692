//! One look as lines: of a screen, or a single one.

use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;
use noontide_domain::duration;
use serde_json::Value;

use super::seen::Seen;
use crate::commands::show::{instant, word};
use crate::exit::Stop;
use crate::output::Rows;
use crate::zone;

/// As many lines as the screen has rows, none longer than it has columns.
pub fn screen(seen: &Result<Seen, Stop>, zone: Tz, now: DateTime<Utc>, columns: usize, rows: usize) -> Vec<String> {
    let mut lines = match seen {
        Ok(seen) => all(seen, zone, now, rows),
        Err(stop) => vec![zone::wall(now, zone), String::new(), stop.message.clone(), "trying again".to_owned()],
    };
    lines.truncate(rows.saturating_sub(1));
    lines.resize(rows.saturating_sub(1), String::new());
    lines.push("q ends it".to_owned());
    lines.into_iter().map(|line| fitting(&line, columns)).collect()
}

/// For logs and pipes.
pub fn line(seen: &Seen, now: DateTime<Utc>) -> String {
    let status = &seen.status;
    let next = seen.next.first().map_or("nothing comes next".to_owned(), |one| {
        let due = instant(one, "due_at").map_or("-".to_owned(), |due| duration::distance(due - now));
        format!("next {} {due}", word(one, "schedule"))
    });
    let health = trouble(status).first().map_or("well".to_owned(), |first| format!("trouble: {first}"));
    let (running, waiting) = (word(&status["ledger"], "running"), word(&status["ledger"], "ready"));
    format!("{} {running} running, {waiting} waiting, {next}, {health}", zone::rfc3339(now.trunc_subsecs(0)))
}

fn all(seen: &Seen, zone: Tz, now: DateTime<Utc>, rows: usize) -> Vec<String> {
    let status = &seen.status;
    let mut lines = vec![head(status, zone, now)];
    lines.push(match trouble(status).as_slice() {
        [] => "all is well".to_owned(),
        trouble => format!("TROUBLE  {}", trouble.join("; ")),
    });
    lines.push(places(status));
    // Half of what is left is for what runs.
    let room = rows.saturating_sub(lines.len() + 12).max(6);
    part(&mut lines, "RUNNING", running(&seen.running, now), room / 2);
    part(&mut lines, "NEXT", next(&seen.next, zone, now), room - room / 2);
    part(&mut lines, "QUEUES", queues(&status["queues"]), 5);
    part(&mut lines, "FAILED LAST", failed(&seen.failed, now), 5);
    lines
}

fn head(status: &Value, zone: Tz, now: DateTime<Utc>) -> String {
    let up = instant(status, "started_at").map_or("-".to_owned(), |at| duration::distance(at - now));
    let hosts = &status["hosts"];
    let counts = format!("{} live, {} silent", word(hosts, "live"), word(hosts, "silent"));
    let version = word(status, "version");
    format!("{}  noontide {version}  {}  started {up}  hosts: {counts}", zone::wall(now, zone), word(status, "name"))
}

fn places(status: &Value) -> String {
    let (places, ledger) = (&status["places"], &status["ledger"]);
    let number = |value: &Value, key: &str| value[key].as_u64().unwrap_or_default();
    let taken = number(places, "all").saturating_sub(number(places, "free"));
    format!(
        "{} schedules  places {taken}/{}  {}: {} running, {} waiting",
        word(status, "schedules"),
        number(places, "all"),
        word(ledger, "kind"),
        word(ledger, "running"),
        word(ledger, "ready"),
    )
}

/// A line for each thing that is wrong.
fn trouble(status: &Value) -> Vec<String> {
    let mut trouble = Vec::new();
    if let Some(reason) = status.pointer("/ledger_trouble/reason").and_then(Value::as_str) {
        trouble.push(format!("the ledger cannot be written: {reason}"));
    }
    if status["clock_skewed"] == true {
        trouble.push(format!("the clock is {} ms ahead of the ledger's", word(status, "clock_skew_ms")));
    }
    if status["stopping"] == true {
        trouble.push("draining".to_owned());
    }
    trouble.extend(status["problems"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    trouble
}

fn part(lines: &mut Vec<String>, title: &str, rows: Rows, most: usize) {
    let drawn = rows.drawn();
    let mut body: Vec<_> = drawn.lines().skip(1).map(str::to_owned).collect();
    if body.is_empty() {
        return;
    }
    let more = body.len().saturating_sub(most);
    body.truncate(most);
    lines.push(String::new());
    lines.push(if more > 0 { format!("{title} ({more} more)") } else { title.to_owned() });
    lines.append(&mut body);
}

fn running(runs: &[Value], now: DateTime<Utc>) -> Rows {
    let mut rows = Rows::of(["schedule", "handler", "attempt", "since", "progress"]);
    for run in runs {
        rows.push([
            word(run, "schedule"),
            word(run, "handler"),
            format!("{}/{}", word(run, "attempt"), word(run, "max_attempts")),
            instant(run, "started_at").map_or("-".to_owned(), |at| duration::distance(at - now)),
            progress(&run["progress"]),
        ]);
    }
    rows
}

fn progress(told: &Value) -> String {
    let note = told["note"].as_str().unwrap_or_default();
    match (told["done"].as_u64(), told["total"].as_u64().filter(|total| *total > 0)) {
        (Some(done), Some(total)) => format!("{} % {note}", done.saturating_mul(100) / total),
        (Some(done), None) => format!("{done} {note}"),
        _ => note.to_owned(),
    }
}

fn next(due: &[Value], zone: Tz, now: DateTime<Utc>) -> Rows {
    let mut rows = Rows::of(["schedule", "in", "due"]);
    for one in due {
        let Some(at) = instant(one, "due_at") else { continue };
        rows.push([word(one, "schedule"), duration::distance(at - now), zone::wall(at, zone)]);
    }
    rows
}

fn queues(queues: &Value) -> Rows {
    let mut rows = Rows::of(["queue", "waiting", "running"]);
    for queue in queues.as_array().into_iter().flatten() {
        rows.push([
            word(queue, "queue"),
            format!("{} waiting", word(queue, "ready")),
            format!("{} running", word(queue, "running")),
        ]);
    }
    rows
}

fn failed(runs: &[Value], now: DateTime<Utc>) -> Rows {
    let mut rows = Rows::of(["what", "when", "why"]);
    for run in runs {
        let what = if run["schedule"].is_null() { word(run, "handler") } else { word(run, "schedule") };
        let when = instant(run, "finished_at").map_or("-".to_owned(), |at| duration::distance(at - now));
        rows.push([what, when, word(run, "error").replace(['\n', '\r'], " ")]);
    }
    rows
}

/// What does not fit is cut; what could move the cursor is taken out.
fn fitting(line: &str, columns: usize) -> String {
    line.chars().filter(|sign| !sign.is_control()).take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen() -> Seen {
        let run = |name: &str| {
            json!({
                "schedule": name, "handler": "db/dump", "attempt": 1, "max_attempts": 3, "error": "disk\nfull \u{1b}[2J",
                "started_at": "2026-07-01T07:59:00Z", "finished_at": "2026-07-01T07:00:00Z",
                "progress": { "done": 21, "total": 50, "note": "table 5" },
            })
        };
        Seen {
            status: json!({
                "version": "0.1.0", "name": "here", "started_at": "2026-07-01T07:00:00Z", "schedules": 3, "problems": [],
                "places": { "all": 8, "free": 5 }, "ledger": { "kind": "sqlite", "running": 3, "ready": 2 },
                "hosts": { "live": 1, "silent": 0 }, "queues": [{ "queue": "default", "ready": 2, "running": 3 }],
            }),
            running: (0..30).map(|number| run(&format!("nightly-{number}"))).collect(),
            failed: vec![run("weekly")],
            next: vec![json!({ "schedule": "hourly", "due_at": "2026-07-01T08:20:00Z" })],
        }
    }

    fn at() -> DateTime<Utc> {
        "2026-07-01T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_screen_is_filled_and_never_left() {
        for (columns, rows) in [(80, 24), (20, 5), (200, 60)] {
            let lines = screen(&Ok(seen()), Tz::UTC, at(), columns, rows);
            assert_eq!(lines.len(), rows);
            assert!(lines.iter().all(|line| line.chars().count() <= columns && !line.contains('\u{1b}')), "{lines:#?}");
        }
    }

    #[test]
    fn a_look_says_what_runs_what_comes_and_whether_all_is_well() {
        let text = screen(&Ok(seen()), Tz::UTC, at(), 120, 40).join("\n");
        for wanted in
            ["all is well", "places 3/8", "42 % table 5", "1m ago", "hourly", "in 20m", "2 waiting", "disk full"]
        {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        let mut ill = seen();
        ill.status["ledger_trouble"] = json!({ "reason": "disk full" });
        let line = line(&ill, at());
        let wanted = "2026-07-01T08:00:00Z 3 running, 2 waiting, next hourly in 20m, trouble: the ledger cannot be written: disk full";
        assert_eq!(line, wanted);
    }

    #[test]
    fn a_host_that_went_away_is_told_and_asked_again() {
        let text = screen(&Err(Stop::failed("no host answers")), Tz::UTC, at(), 80, 24).join("\n");
        assert!(text.contains("no host answers\ntrying again"), "{text}");
    }
}
