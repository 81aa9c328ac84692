//! `ls`, `show`, `pause`, `resume`: the schedules of the host.

use clap::Args;
use noontide_domain::duration;
use serde_json::{Value, json};

use super::show::{instant, lines, word};
use crate::args::Global;
use crate::clock;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Format, Rows};
use crate::reach::{Reach, segment};
use crate::zone;

/// Which schedules to list.
#[derive(Debug, Args)]
pub struct Ls {
    /// Those that are done as well: nothing of them comes any more
    #[arg(long)]
    all: bool,
    /// How they ended last: succeeded, failed, missed or never
    #[arg(long, value_name = "RESULT")]
    last: Option<String>,
}

/// Which schedule to show.
#[derive(Debug, Args)]
pub struct Show {
    /// The schedule
    name: String,
}

/// Which schedule to pause.
#[derive(Debug, Args)]
pub struct Pause {
    /// The schedule
    name: String,
    /// Why, for those who wonder later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Resumes by itself at this instant
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
}

/// Which schedule to resume.
#[derive(Debug, Args)]
pub struct Resume {
    /// The schedule
    name: String,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// `ls`
///
/// # Errors
/// If the host does not answer.
pub async fn ls(global: &Global, asked: &Ls) -> Done {
    let zone = global.zone()?;
    let filter = asked.last.as_ref().map_or_else(String::new, |last| format!("&last={}", segment(last)));
    let mut schedules = Reach::to(global)?.list(&format!("/schedules?limit=1000{filter}")).await?;
    let output = global.output();
    if schedules.is_empty() && asked.last.is_some() {
        output.hint("no schedule ended so last");
    } else if schedules.is_empty() {
        output.hint("no schedules; write one into conf/<environment>/schedules.toml, or `noontide put` one");
    }
    let all = schedules.len();
    schedules.retain(|schedule| asked.all || schedule["state"] != "done");
    if schedules.len() < all {
        output.hint(&format!("{} more are done; --all shows them", all - schedules.len()));
    }
    output.list(&schedules, |schedules| {
        let mut rows = Rows::of(["name", "when", "handler", "next", "in", "last", "state"]);
        let now = clock::now();
        for schedule in schedules {
            let own = word(schedule, "timezone").parse().unwrap_or(chrono_tz::UTC);
            let next = instant(schedule, "next_due");
            rows.push([
                word(schedule, "name"),
                word(schedule, "words"),
                word(schedule, "handler"),
                next.map_or("-".to_owned(), |due| zone::wall(due, zone.unwrap_or(own))),
                next.map_or("-".to_owned(), |due| duration::distance(due - now)),
                last(schedule, now),
                word(schedule, "state"),
            ]);
        }
        rows
    })?;
    Ok(Exit::Ok)
}

/// `show NAME`
///
/// # Errors
/// No such schedule; the host does not answer.
pub async fn show(global: &Global, asked: &Show) -> Done {
    let schedule = Reach::to(global)?.get(&format!("/schedules/{}", segment(&asked.name))).await?;
    global.output().thing(&schedule, || lines(&schedule))?;
    Ok(Exit::Ok)
}

/// `pause NAME`
///
/// # Errors
/// No such schedule; the host does not answer.
pub async fn pause(global: &Global, asked: &Pause) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let until = asked.until.as_deref().map(|text| zone::instant(text, zone)).transpose();
    let until = until.map_err(|reason| Stop::usage(format!("--until: {reason}")))?;
    let who = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let by = who.unwrap_or_else(|| "somebody on the command line".to_owned());
    let body = json!({ "by": by, "reason": asked.reason, "until": until.map(zone::rfc3339) });
    let answer = Reach::to(global)?.post(&format!("/schedules/{}/pause", segment(&asked.name)), &body).await?;
    changed(global, &answer)?;
    global.output().hint(&format!("paused {}; due instants leave rows that say so", asked.name));
    Ok(Exit::Ok)
}

/// `resume NAME`
///
/// # Errors
/// No such schedule; the host does not answer.
pub async fn resume(global: &Global, asked: &Resume) -> Done {
    let body = json!({ "reason": asked.reason });
    let answer = Reach::to(global)?.post(&format!("/schedules/{}/resume", segment(&asked.name)), &body).await?;
    changed(global, &answer)?;
    global.output().hint(&format!("resumed {}; it goes on with its next due instant", asked.name));
    Ok(Exit::Ok)
}

/// Programs get the schedule as it stands now; for people the hint says enough.
pub(super) fn changed(global: &Global, schedule: &Value) -> Result<(), Stop> {
    match global.output {
        Format::Table => Ok(()),
        _ => global.output().thing(schedule, String::new),
    }
}

fn last(schedule: &Value, now: chrono::DateTime<chrono::Utc>) -> String {
    let run = &schedule["last_run"];
    let state = word(run, "state");
    match instant(run, "finished_at").or_else(|| instant(run, "started_at")) {
        _ if run.is_null() => "-".to_owned(),
        Some(at) => format!("{state} {}", duration::distance(at - now)),
        None => state,
    }
}
