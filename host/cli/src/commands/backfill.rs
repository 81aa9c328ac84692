//! `backfill`: due instants of the past that have not run, run now.

use clap::Args;
use noontide_domain::Overlap;
use serde_json::{Value, json};

use super::show::word;
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, segment};
use crate::zone;

/// The flags of `backfill`.
#[derive(Debug, Args)]
pub struct Backfill {
    /// The schedule
    name: String,
    /// The first day or instant, in the schedule's zone (or --tz)
    #[arg(long, value_name = "DATE|INSTANT")]
    from: String,
    /// Up to, and not including, this day or instant
    #[arg(long, value_name = "DATE|INSTANT")]
    to: String,
    /// How they keep out of each other's way: skip, queue, queue-all, cancel-running, allow [default: queue-all]
    #[arg(long, value_name = "RULE", value_parser = Overlap::parse)]
    overlap: Option<Overlap>,
    /// Refuse if they are more than so many [default: 1000]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only say which they would be
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    why: Why,
}

/// `backfill NAME --from T --to T`
///
/// # Errors
/// A bad span or more than the limit (2), no such schedule (4), the host does not answer (5).
pub async fn run(global: &Global, asked: &Backfill) -> Done {
    let reach = Reach::to(global)?.because(&asked.why);
    let path = format!("/schedules/{}", segment(&asked.name));
    let zone = match global.zone()? {
        Some(zone) => zone,
        None => word(&reach.get(&path).await?, "timezone").parse().unwrap_or(chrono_tz::UTC),
    };
    let moment = |flag, text: &str| {
        let read = zone::day_or_instant(text, zone).map(zone::rfc3339);
        read.map_err(|reason| Stop::usage(format!("--{flag}: {reason}")))
    };
    let mut body = json!({
        "from": moment("from", &asked.from)?, "to": moment("to", &asked.to)?, "dry_run": asked.dry_run,
    });
    if let Some(overlap) = asked.overlap {
        body["overlap"] = overlap.as_str().into();
    }
    if let Some(limit) = asked.limit {
        body["limit"] = limit.into();
    }
    let answer = reach.post(&format!("{path}/backfill"), &body).await?;
    let output = global.output();
    output.hint(&summary(&answer, asked.dry_run));
    output.thing(&answer, || text(&answer, zone, asked.dry_run))?;
    Ok(Exit::Ok)
}

fn count(answer: &Value, key: &str) -> usize {
    answer[key].as_array().map_or(0, Vec::len)
}

fn summary(answer: &Value, dry_run: bool) -> String {
    let due = match count(answer, "due") {
        1 => "1 due instant".to_owned(),
        due => format!("{due} due instants"),
    };
    let due = match answer["superseded"].as_u64().unwrap_or_default() {
        0 => due,
        superseded => format!("{due} (and {superseded} on days of a larger schedule)"),
    };
    if dry_run {
        return format!("{due} in that span; what ran already will be left alone");
    }
    let (runs, ran) = (count(answer, "runs"), answer["duplicate"].as_u64().unwrap_or_default());
    format!("{due}: {runs} run now, {ran} ran already or go on")
}

/// The instants of a dry run, else the runs.
fn text(answer: &Value, zone: chrono_tz::Tz, dry_run: bool) -> String {
    let texts = |key: &str| -> Vec<String> {
        answer[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if !dry_run {
        return texts("runs").join("\n");
    }
    let mut rows = Rows::of(["local", "utc"]);
    for utc in texts("due") {
        rows.push([utc.parse().map_or_else(|_| utc.clone(), |at| zone::wall_and_day(at, zone)), utc.clone()]);
    }
    rows.drawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_shows_the_instants_and_a_real_one_its_runs() {
        let answer = json!({"due": ["2026-06-01T02:00:00Z"], "runs": ["0199"], "duplicate": 2});
        assert!(text(&answer, chrono_tz::Asia::Shanghai, true).contains("Mon 2026-06-01 10:00:00 CST"));
        assert_eq!(text(&answer, chrono_tz::UTC, false), "0199");
        assert_eq!(summary(&answer, false), "1 due instant: 1 run now, 2 ran already or go on");
        let answer = json!({"due": [], "superseded": 4});
        assert!(summary(&answer, true).starts_with("0 due instants (and 4 on days of a larger schedule)"));
    }
}
