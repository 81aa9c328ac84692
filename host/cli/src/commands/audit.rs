//! `audit`: who did what, and what was refused.

use clap::Args;
use serde_json::Value;

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::Reach;
use crate::zone;

/// Which entries to list.
#[derive(Debug, Args)]
pub struct Audit {
    /// By this one, such as "token ci" or "user 1000"
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Of this kind, such as schedule.pause, token.create, login
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// On this thing: a schedule, a run, a plugin, a token
    #[arg(long, value_name = "NAME")]
    thing: Option<String>,
    /// Only what was refused
    #[arg(long)]
    refused: bool,
    /// From this instant on
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// Before this instant
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Lists them, newest first.
///
/// # Errors
/// Not an admin (7), the host does not answer (5).
pub async fn run(global: &Global, asked: &Audit) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let read = |flag: &str, text: &Option<String>| {
        let read = text.as_deref().map(|text| zone::instant(text, zone)).transpose();
        read.map(|at| at.map(zone::rfc3339)).map_err(|reason| Stop::usage(format!("{flag}: {reason}")))
    };
    let filter = [
        ("who", asked.who.clone()),
        ("action", asked.action.clone()),
        ("thing", asked.thing.clone()),
        ("outcome", asked.refused.then(|| "refused".to_owned())),
        ("since", read("--since", &asked.since)?),
        ("until", read("--until", &asked.until)?),
    ];
    let entries = Reach::to(global)?.pages("/audit", &filter, asked.limit).await?;
    if entries.is_empty() {
        global.output().hint("nothing of that is in the audit log");
    }
    global.output().list(&entries, |entries| table(entries, zone))?;
    Ok(Exit::Ok)
}

fn table(entries: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["at", "who", "from", "action", "thing", "outcome", "reason"]);
    for entry in entries {
        let outcome = match entry["outcome"].as_str() {
            Some("done") => "done".to_owned(),
            _ => format!("refused, {}", word(entry, "status")),
        };
        rows.push([
            instant(entry, "at").map_or("-".to_owned(), |at| zone::wall(at, zone)),
            word(entry, "who"),
            word(entry, "address"),
            word(entry, "action"),
            word(entry, "thing"),
            outcome,
            word(entry, "reason"),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_tells_who_did_what_on_which_thing_and_why() {
        let entry = json!({
            "at": "2026-07-01T08:00:00Z", "who": "token ci", "address": "10.0.0.1", "action": "schedule.pause",
            "thing": "nightly", "outcome": "refused", "status": 403, "reason": "deploy"
        });
        let drawn = table(&[entry], chrono_tz::UTC).drawn();
        for part in
            ["2026-07-01 08:00:00", "token ci", "10.0.0.1", "schedule.pause", "nightly", "refused, 403", "deploy"]
        {
            assert!(drawn.contains(part), "{part} is not in: {drawn}");
        }
    }
}
