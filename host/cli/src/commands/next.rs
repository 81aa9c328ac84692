//! `next`: what comes due, over all schedules or for one, in wall time and UTC.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;
use noontide_domain::{Levels, Looking, Schedule, Standing, duration, suggest};
use serde_json::{Value, json};

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, query, segment};
use crate::{clock, conf, zone};

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
    /// Where no host answers, reckon from the configuration
    #[arg(long)]
    offline: bool,
}

/// What is asked, understood.
struct Span {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    count: usize,
}

/// `next`
///
/// # Errors
/// No such schedule (4), a bad instant (2), the host does not answer (5) and `--offline` is not given.
pub async fn run(global: &Global, asked: &Next) -> Done {
    let shown_in = global.zone()?;
    let moment = |flag, text: &Option<String>| {
        let read = text.as_deref().map(|text| zone::instant(text, shown_in.unwrap_or(chrono_tz::UTC))).transpose();
        read.map_err(|reason| Stop::usage(format!("--{flag}: {reason}")))
    };
    let (from, to) = (moment("from", &asked.from)?, moment("to", &asked.to)?);
    let span = Span { from, to, count: usize::from(asked.count) };
    let mut due = match from_host(global, asked, &span, shown_in).await {
        Err(stop) if stop.exit == Exit::Unreachable && asked.offline => {
            global.output().hint("no host answers; reckoned from the configuration, as if it were first seen now");
            from_configuration(global, asked, &span, shown_in)?
        }
        Err(stop) if stop.exit == Exit::Unreachable => {
            let hint = "or reckon from the configuration: --offline";
            return Err(Stop { message: format!("{}; {hint}", stop.message), ..stop });
        }
        answer => answer?,
    };
    due.sort_by_key(|item| instant(item, "due_at"));
    due.truncate(span.count);
    if due.is_empty() {
        global.output().hint("nothing comes due");
    }
    global.output().list(&due, table)?;
    Ok(Exit::Ok)
}

async fn from_host(global: &Global, asked: &Next, span: &Span, shown_in: Option<Tz>) -> Result<Vec<Value>, Stop> {
    let flags = query(&[
        ("count", Some(span.count.to_string())),
        ("from", span.from.map(zone::rfc3339)),
        ("to", span.to.map(zone::rfc3339)),
    ]);
    let reach = Reach::to(global)?;
    let schedules = match &asked.name {
        Some(name) => vec![reach.get(&format!("/schedules/{}", segment(name))).await?],
        None => soonest(reach.list("/schedules?limit=1000").await?, span),
    };
    let mut due = Vec::new();
    for schedule in &schedules {
        let path = format!("/schedules/{}/next{flags}", segment(&word(schedule, "name")));
        let answer = reach.get(&path).await?;
        let superseded = &answer["superseded"];
        let items = answer["items"].as_array().into_iter().flatten();
        due.extend(items.filter_map(|at| item(schedule, at, &superseded[at.as_str()?]["by"], shown_in)));
    }
    Ok(due)
}

/// Pauses, and when a schedule was first seen, only a host knows.
fn from_configuration(global: &Global, asked: &Next, span: &Span, shown_in: Option<Tz>) -> Result<Vec<Value>, Stop> {
    let loaded = conf::load(global)?;
    let schedules = &loaded.config.schedules;
    let named = |schedule: &&Schedule| asked.name.as_ref().is_none_or(|name| name == schedule.name.as_str());
    if let Some(name) = asked.name.as_ref().filter(|_| !schedules.iter().any(|schedule| named(&schedule))) {
        let hint = suggest::hint(name, schedules.iter().map(|schedule| schedule.name.as_str()));
        return Err(Stop::new(Exit::NotFound, format!("no schedule `{name}` in the configuration{hint}")));
    }
    let now = clock::now();
    let standings: Vec<_> = schedules.iter().map(|schedule| Standing::new(schedule.clone(), now)).collect();
    let levels = Levels::of(&standings);
    let of_schedule = |schedule: &Schedule| -> Vec<Value> {
        let shown = json!({
            "name": schedule.name, "handler": schedule.handler.to_string(), "timezone": schedule.timezone.name(),
        });
        let standing = Standing::new(schedule.clone(), now);
        let most = usize::try_from(standing.runs_left()).unwrap_or(usize::MAX).min(span.count);
        let next = |after| standing.next_after(after).filter(|due| span.to.is_none_or(|to| *due <= to));
        let due = std::iter::successors(next(span.from.unwrap_or(now)), |due| next(*due)).take(most);
        let by = |due| levels.superseding(schedule, due, Looking::Ahead).map(|larger| larger.by);
        due.filter_map(|due| item(&shown, &zone::rfc3339(due).into(), &json!(by(due)), shown_in)).collect()
    };
    Ok(schedules.iter().filter(named).flat_map(of_schedule).collect())
}

/// Those that can have a part in the answer: of the first n due instants after now, each is of one of the n schedules that
/// come due first. For other spans any may.
fn soonest(mut schedules: Vec<Value>, span: &Span) -> Vec<Value> {
    schedules.retain(|schedule| instant(schedule, "next_due").is_some() || span.from.is_some());
    if span.from.is_none() {
        schedules.sort_by_key(|schedule| instant(schedule, "next_due"));
        schedules.truncate(span.count);
    }
    schedules
}

/// `superseded` is the name of the larger schedule that fires in its place, or null.
fn item(schedule: &Value, at: &Value, superseded: &Value, shown_in: Option<Tz>) -> Option<Value> {
    let due: DateTime<Utc> = at.as_str()?.parse().ok()?;
    let zone = shown_in.or_else(|| word(schedule, "timezone").parse().ok()).unwrap_or(chrono_tz::UTC);
    Some(json!({
        "schedule": schedule["name"],
        "handler": schedule["handler"],
        "due_at": at,
        "local": due.with_timezone(&zone).to_rfc3339(),
        "weekday": zone::weekday(due, zone, noontide_domain::Lang::En),
        "timezone": zone.name(),
        "paused": !schedule["pause"].is_null(),
        "problem": schedule["problem"],
        "superseded_by": superseded,
    }))
}

fn table(items: &[Value]) -> Rows {
    let mut rows = Rows::of(["local", "utc", "in", "schedule", "handler", ""]);
    let now = clock::now();
    for item in items {
        let zone = word(item, "timezone").parse().unwrap_or(chrono_tz::UTC);
        let due = instant(item, "due_at");
        let remark = match (item["paused"] == true, item["superseded_by"].as_str(), item["problem"].is_null()) {
            (true, ..) => "paused".to_owned(),
            (_, Some(larger), _) => format!("superseded by {larger}"),
            (_, None, false) => "parked".to_owned(),
            _ => String::new(),
        };
        rows.push([
            due.map_or_else(String::new, |due| zone::wall_and_day(due, zone)),
            word(item, "due_at"),
            due.map_or_else(String::new, |due| duration::distance(due - now)),
            word(item, "schedule"),
            word(item, "handler"),
            remark,
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
        let item = item(&schedule, &json!("2026-09-30T16:00:00Z"), &json!("weekly"), None).unwrap();
        assert_eq!(item["local"], "2026-10-01T00:00:00+08:00");
        assert_eq!(item["due_at"], "2026-09-30T16:00:00Z");
        let drawn = table(&[item]).drawn();
        assert!(drawn.contains("Thu 2026-10-01 00:00:00 CST") && drawn.contains("superseded by weekly"), "{drawn}");
    }

    #[test]
    fn only_the_schedules_that_come_due_first_are_asked() {
        let due = |name: &str, at: &str| json!({"name": name, "next_due": at});
        let all = vec![due("b", "2026-01-02T00:00:00Z"), json!({"name": "never"}), due("a", "2026-01-01T00:00:00Z")];
        let span = Span { from: None, to: None, count: 1 };
        assert_eq!(soonest(all, &span)[0]["name"], "a");
    }
}
