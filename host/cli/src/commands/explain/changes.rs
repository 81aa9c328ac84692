//! What clock changes do to the instants shown: one sentence for each that is touched.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Trigger;
use noontide_domain::trigger::Cron;
use noontide_domain::trigger::civil::{self, Found};

use super::question::Question;

/// Sentences for those of `next` where the zone's offset has changed since the instant before, or whose wall time is
/// not the one that was written.
pub fn notes(question: &Question, next: &[DateTime<Utc>]) -> Vec<String> {
    let before = std::iter::once(question.from).chain(next.iter().copied());
    before
        .zip(next)
        .flat_map(|(before, due)| {
            [changed(before, *due, question.zone), moved(question, *due), repeated(question, *due)]
        })
        .flatten()
        .collect()
}

/// The clock was changed between two instants.
fn changed(before: DateTime<Utc>, due: DateTime<Utc>, zone: Tz) -> Option<String> {
    let change = civil::change_within(before, due, zone)?;
    let (old, new) = (civil::offset(before, zone), civil::offset(due, zone));
    let direction = if new > old { "forward" } else { "back" };
    Some(format!(
        "clocks in {zone} go {direction} at {} ({} to {}), before it fires at {}",
        crate::zone::rfc3339(change),
        ahead(old),
        ahead(new),
        civil::wall(due, zone),
    ))
}

/// The wall time that was written does not occur; the instant stands in for it.
fn moved(question: &Question, due: DateTime<Utc>) -> Option<String> {
    let shown = civil::wall(due, question.zone);
    let written = match &question.trigger {
        Trigger::Cron(cron) => skipped_wall(cron, due)?,
        Trigger::At(_) => local(&question.written).filter(|written| *written != shown)?,
        _ => return None,
    };
    Some(format!("{written} does not occur in {}: clocks go forward over it; it fires at {shown}", question.zone))
}

/// The wall time of the instant occurs twice.
fn repeated(question: &Question, due: DateTime<Utc>) -> Option<String> {
    let shown = civil::wall(due, question.zone);
    match &question.trigger {
        Trigger::At(_) => drop(local(&question.written)?),
        Trigger::Cron(_) => {}
        // The rest does not write a wall time.
        _ => return None,
    }
    let Found::Twice(first, _) = civil::find(shown, question.zone) else { return None };
    let which = if due == first { "first" } else { "second" };
    Some(format!("{shown} occurs twice in {}: clocks go back over it; this is the {which} time", question.zone))
}

/// The wall time in the gap before `due` that a fixed expression named, if it does not name the wall time of `due`.
fn skipped_wall(cron: &Cron, due: DateTime<Utc>) -> Option<NaiveDateTime> {
    let zone = cron.timezone();
    let second = TimeDelta::seconds(1);
    civil::change_within(due - second, due, zone)?;
    // In UTC no clock is ever changed, so the calendar alone answers.
    let calendar = Cron::parse(cron.expression(), Tz::UTC).ok()?;
    let shown = civil::wall(due, zone).and_utc();
    if calendar.next_after(shown - second) == Some(shown) {
        return None;
    }
    let gap_begins = civil::wall(due - second, zone).and_utc();
    calendar.next_after(gap_begins).filter(|wall| *wall < shown).map(|wall| wall.naive_utc())
}

/// The wall time in a text without an offset.
fn local(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replace('T', " ");
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"].iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
}

/// `UTC+02:00`.
fn ahead(offset: TimeDelta) -> String {
    let minutes = offset.num_minutes();
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::super::answer::instants;
    use super::*;
    use serde_json::{Value, json};

    fn noted(fields: Value) -> String {
        let question = Question::read(fields.as_object().unwrap(), DateTime::UNIX_EPOCH).unwrap();
        notes(&question, &instants(&question)).join("\n")
    }

    #[test]
    fn a_fixed_time_in_the_gap_is_noted_as_moved() {
        let notes = noted(json!({
            "cron": "30 2 * * *", "tz": "Europe/Berlin", "from": "2026-03-28T12:00:00Z", "count": 2
        }));
        assert!(notes.contains("2026-03-29 02:30:00 does not occur in Europe/Berlin"), "{notes}");
        assert!(notes.contains("it fires at 2026-03-29 03:00:00"), "{notes}");
        assert!(notes.contains("UTC+01:00 to UTC+02:00"), "{notes}");
    }

    #[test]
    fn a_time_right_after_the_gap_is_not_taken_for_a_moved_one() {
        let notes = noted(json!({
            "cron": "0 3 * * *", "tz": "Europe/Berlin", "from": "2026-03-28T12:00:00Z", "count": 1
        }));
        assert!(!notes.contains("does not occur"), "{notes}");
        assert!(notes.contains("go forward at"), "{notes}");
    }

    #[test]
    fn a_single_instant_in_a_gap_or_a_repeated_hour_is_noted() {
        let gap = noted(json!({
            "at": "2026-03-29 02:30:00", "tz": "Europe/Berlin", "from": "2026-03-29T00:00:00Z"
        }));
        assert!(gap.contains("it fires at 2026-03-29 03:30:00"), "{gap}");
        let twice = noted(json!({
            "at": "2026-10-25T02:30", "tz": "Europe/Berlin", "from": "2026-10-24T00:00:00Z"
        }));
        assert!(twice.contains("occurs twice") && twice.contains("the first time"), "{twice}");
    }

    #[test]
    fn a_zone_whose_clocks_never_change_has_no_notes() {
        assert_eq!(noted(json!({"cron": "30 2 * * *", "tz": "Asia/Shanghai", "count": 50})), "");
    }
}
