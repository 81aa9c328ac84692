//! `why`: one answer for any due instant of a schedule, past or future.

use clap::Args;
use noontide_domain::duration;
use serde_json::Value;

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit};
use crate::reach::{Reach, query};
use crate::{clock, zone};

/// The flags of `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The schedule
    schedule: String,
    /// RFC 3339, or wall time in the schedule's zone (or --tz); without seconds the whole minute is meant
    #[arg(long, value_name = "INSTANT")]
    at: String,
}

/// `why SCHEDULE --at T`
///
/// # Errors
/// No such schedule (4), a bad instant (2), the host does not answer (5).
pub async fn run(global: &Global, asked: &Why) -> Done {
    let shown_in = global.zone()?;
    let question = query(&[
        ("schedule", Some(asked.schedule.clone())),
        ("at", Some(asked.at.clone())),
        ("tz", shown_in.map(|zone| zone.name().to_owned())),
    ]);
    let answer = Reach::to(global)?.get(&format!("/occurrences{question}")).await?;
    global.output().thing(&answer, || text(&answer, shown_in))?;
    Ok(Exit::Ok)
}

/// The instant, the sentence, and where to look further.
fn text(answer: &Value, shown_in: Option<chrono_tz::Tz>) -> String {
    let zone = shown_in.or_else(|| word(answer, "timezone").parse().ok()).unwrap_or(chrono_tz::UTC);
    let now = clock::now();
    let told = |at| format!("{} ({}, {})", zone::wall(at, zone), zone::rfc3339(at), duration::distance(at - now));
    let at = instant(answer, "at").map_or_else(|| word(answer, "at"), told);
    let mut lines = vec![format!("{} at {at}", word(answer, "schedule")), word(answer, "text")];
    for run in answer["rows"].as_array().into_iter().flatten() {
        lines.push(format!("noontide show-run {}", word(run, "id")));
    }
    if let Some(next) = instant(answer, "next") {
        lines.push(format!("next: {}", told(next)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_answer_is_shown_in_the_schedules_zone_with_its_runs() {
        let answer = json!({
            "schedule": "nightly", "at": "2026-09-30T16:00:00Z", "timezone": "Asia/Shanghai",
            "text": "ran and succeeded", "rows": [{"id": "0199"}], "next": null
        });
        let text = text(&answer, None);
        assert!(text.starts_with("nightly at 2026-10-01 00:00:00 CST (2026-09-30T16:00:00Z, "), "{text}");
        assert!(text.ends_with("ran and succeeded\nnoontide show-run 0199"), "{text}");
    }
}
