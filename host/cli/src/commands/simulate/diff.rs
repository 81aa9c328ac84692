//! Two configurations over the same span, as it is told.

use chrono::{DateTime, Utc};
use noontide_domain::Schedule;
use noontide_domain::forecast::{Changed, Span};
use serde_json::{Value, json};

use crate::output::Rows;
use crate::zone;

/// How many examples are told of each kind.
const EXAMPLES: usize = 3;

/// For programs.
pub fn json(changes: &[Changed], span: Span) -> Value {
    let texts = |instants: &[DateTime<Utc>]| -> Value {
        instants.iter().take(EXAMPLES).map(|at| Value::from(zone::rfc3339(*at))).collect()
    };
    let shown = |changed: &Changed| {
        let moved = changed.moved.iter().take(EXAMPLES);
        let moved: Vec<_> =
            moved.map(|(from, to)| json!({"from": zone::rfc3339(*from), "to": zone::rfc3339(*to)})).collect();
        json!({
            "schedule": changed.name, "what": changed.what, "fires_before": changed.before, "fires_after": changed.after,
            "added": changed.added.len(), "dropped": changed.dropped.len(), "moved": changed.moved.len(),
            "examples": {"added": texts(&changed.added), "dropped": texts(&changed.dropped), "moved": moved},
        })
    };
    let sum = |count: fn(&Changed) -> usize| changes.iter().map(count).sum::<usize>();
    json!({
        "from": zone::rfc3339(span.from),
        "to": zone::rfc3339(span.to),
        "added": sum(|changed| changed.added.len()),
        "dropped": sum(|changed| changed.dropped.len()),
        "moved": sum(|changed| changed.moved.len()),
        "schedules": changes.iter().map(shown).collect::<Vec<_>>(),
    })
}

/// For people.
pub fn text(changes: &[Changed], schedules: &[Schedule], shown_in: Option<chrono_tz::Tz>) -> String {
    if changes.is_empty() {
        return "no fire is added, dropped or moved".to_owned();
    }
    let mut rows = Rows::of(["schedule", "", "fires", "added", "dropped", "moved", "for example"]);
    for changed in changes {
        let own = schedules.iter().find(|schedule| schedule.name == changed.name).map(|schedule| schedule.timezone);
        let zone = shown_in.or(own).unwrap_or(chrono_tz::UTC);
        rows.push([
            changed.name.to_string(),
            changed.what.to_owned(),
            format!("{} → {}", changed.before, changed.after),
            changed.added.len().to_string(),
            changed.dropped.len().to_string(),
            changed.moved.len().to_string(),
            example(changed, zone),
        ]);
    }
    rows.drawn()
}

fn example(changed: &Changed, zone: chrono_tz::Tz) -> String {
    let wall = |at: &DateTime<Utc>| zone::wall(*at, zone);
    let moved = changed.moved.first().map(|(from, to)| format!("{} → {}", wall(from), wall(to)));
    let added = changed.added.first().map(|at| format!("+ {}", wall(at)));
    let dropped = changed.dropped.first().map(|at| format!("- {}", wall(at)));
    [moved, added, dropped].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
