//! `next`: what comes due, over all schedules or for one, in wall time and UTC.

use clap::Args;
use serde_json::{Value, json};

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, query, segment};
use crate::{clock, zone};

/// The flags of `next`.
#[derive(Debug, Args)]
pub struct Next {
    /// Only this schedule
    name: Option<String>,
    /// At most so many due instants
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(..=1_000))]
    count: u16,
    /// Strictly after this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Up to this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
}

/// `next`
///
/// # Errors
/// No such schedule (4), a bad instant (2), the host does not answer (5).
pub async fn run(global: &Global, asked: &Next) -> Done {
    let shown_in = global.zone()?;
    let moment = |flag, text: &Option<String>| {
        let read = text.as_deref().map(|text| zone::instant(text, shown_in.unwrap_or(chrono_tz::UTC))).transpose();
        read.map(|at| at.map(zone::rfc3339)).map_err(|reason| Stop::usage(format!("--{flag}: {reason}")))
    };
    let count = Some(asked.count.to_string());
    let span = query(&[("count", count), ("from", moment("from", &asked.from)?), ("to", moment("to", &asked.to)?)]);
    let reach = Reach::to(global)?;
    let schedules = match &asked.name {
        Some(name) => vec![reach.get(&format!("/schedules/{}", segment(name))).await?],
        None => soonest(reach.list("/schedules").await?, asked),
    };
    let mut due = Vec::new();
    for schedule in &schedules {
        let path = format!("/schedules/{}/next{span}", segment(&word(schedule, "name")));
        due.extend(reach.list(&path).await?.iter().filter_map(|at| item(schedule, at, shown_in)));
    }
    due.sort_by_key(|item| instant(item, "due_at"));
    due.truncate(usize::from(asked.count));
    if due.is_empty() {
        global.output().hint("nothing comes due");
    }
    global.output().list(&due, table)?;
    Ok(Exit::Ok)
}

/// Those that can have a part in the answer: of the first n due instants after now, each is of one of the n schedules that
/// come due first. For other spans any may.
fn soonest(mut schedules: Vec<Value>, asked: &Next) -> Vec<Value> {
    schedules.retain(|schedule| instant(schedule, "next_due").is_some() || asked.from.is_some());
    if asked.from.is_none() {
        schedules.sort_by_key(|schedule| instant(schedule, "next_due"));
        schedules.truncate(usize::from(asked.count));
    }
    schedules
}

fn item(schedule: &Value, at: &Value, shown_in: Option<chrono_tz::Tz>) -> Option<Value> {
    let due: chrono::DateTime<chrono::Utc> = at.as_str()?.parse().ok()?;
    let zone = shown_in.or_else(|| word(schedule, "timezone").parse().ok()).unwrap_or(chrono_tz::UTC);
    Some(json!({
        "schedule": schedule["name"],
        "handler": schedule["handler"],
        "due_at": at,
        "local": due.with_timezone(&zone).to_rfc3339(),
        "timezone": zone.name(),
        "paused": !schedule["pause"].is_null(),
        "problem": schedule["problem"],
    }))
}

fn table(items: &[Value]) -> Rows {
    let mut rows = Rows::of(["local", "utc", "in", "schedule", "handler", ""]);
    let now = clock::now();
    for item in items {
        let zone = word(item, "timezone").parse().unwrap_or(chrono_tz::UTC);
        let due = instant(item, "due_at");
        let remark = match (item["paused"] == true, item["problem"].is_null()) {
            (true, _) => "paused",
            (false, false) => "parked",
            _ => "",
        };
        rows.push([
            due.map_or_else(String::new, |due| zone::wall(due, zone)),
            word(item, "due_at"),
            due.map_or_else(String::new, |due| zone::distance(due, now)),
            word(item, "schedule"),
            word(item, "handler"),
            remark.to_owned(),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_instant_is_shown_in_the_schedules_zone_and_in_utc() {
        let schedule = json!({"name": "nightly", "handler": "a/b", "timezone": "Asia/Shanghai", "pause": null});
        let item = item(&schedule, &json!("2026-09-30T16:00:00Z"), None).unwrap();
        assert_eq!(item["local"], "2026-10-01T00:00:00+08:00");
        assert_eq!(item["due_at"], "2026-09-30T16:00:00Z");
        assert!(table(&[item]).drawn().contains("2026-10-01 00:00:00 CST"));
    }

    #[test]
    fn only_the_schedules_that_come_due_first_are_asked() {
        let due = |name: &str, at: &str| json!({"name": name, "next_due": at});
        let all = vec![due("b", "2026-01-02T00:00:00Z"), json!({"name": "never"}), due("a", "2026-01-01T00:00:00Z")];
        let asked = Next { name: None, count: 1, from: None, to: None };
        assert_eq!(soonest(all, &asked)[0]["name"], "a");
    }
}
