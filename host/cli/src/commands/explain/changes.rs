//! What clock changes do to the instants shown: one sentence for each that is touched.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::Cron;
use noontide_domain::trigger::civil::{self, Found};
use noontide_domain::{Lang, Trigger};

use super::question::Question;

/// Sentences for those of `next` where the zone's offset has changed since the instant before, or whose wall time is
/// not the one that was written.
pub fn notes(question: &Question, next: &[DateTime<Utc>], lang: Lang) -> Vec<String> {
    let before = std::iter::once(question.from).chain(next.iter().copied());
    before
        .zip(next)
        .flat_map(|(before, due)| {
            [
                left_out(question, before, *due, lang),
                changed(before, *due, question.zone, lang),
                moved(question, *due, lang),
                repeated(question, *due, lang),
            ]
        })
        .flatten()
        .collect()
}

/// The clock was changed between two instants.
fn changed(before: DateTime<Utc>, due: DateTime<Utc>, zone: Tz, lang: Lang) -> Option<String> {
    let change = civil::change_within(before, due, zone)?;
    let (old, new) = (civil::offset(before, zone), civil::offset(due, zone));
    let (at, old_text, new_text) = (crate::zone::rfc3339(change), ahead(old), ahead(new));
    let shown = civil::wall(due, zone);
    Some(match lang {
        Lang::En => {
            let direction = if new > old { "forward" } else { "back" };
            format!("clocks in {zone} go {direction} at {at} ({old_text} to {new_text}), before it fires at {shown}")
        }
        Lang::Zh => {
            let direction = if new > old { "拨快" } else { "拨慢" };
            format!("{zone} 的时钟在 {at} {direction}（{old_text} 变为 {new_text}），之后在 {shown} 触发")
        }
    })
}

/// A wall time between two instants that was written, does not occur, and is not stood in for.
fn left_out(question: &Question, before: DateTime<Utc>, due: DateTime<Utc>, lang: Lang) -> Option<String> {
    let (cron, zone) = (cron_of(&question.trigger)?, question.zone);
    let change = civil::change_within(before, due, zone)?;
    let last = civil::wall(change - TimeDelta::seconds(1), zone);
    let resumed = civil::wall(change, zone);
    let written = cron.next_wall(last).filter(|wall| *wall < resumed)?;
    // It fires right after the gap: that is told as moved.
    if change == due {
        return None;
    }
    Some(match lang {
        Lang::En => format!("{written} does not occur in {zone}: clocks go forward over it; it does not fire then"),
        Lang::Zh => format!("{zone} 没有 {written} 这个时刻：时钟拨快跳过了它；这一次不触发"),
    })
}

/// The wall time that was written does not occur; the instant stands in for it.
fn moved(question: &Question, due: DateTime<Utc>, lang: Lang) -> Option<String> {
    let zone = question.zone;
    let shown = civil::wall(due, zone);
    let written = match cron_of(&question.trigger) {
        Some(cron) => skipped_wall(cron, due)?,
        None if question.written.is_empty() => return None,
        None => local(&question.written).filter(|written| *written != shown)?,
    };
    Some(match lang {
        Lang::En => format!("{written} does not occur in {zone}: clocks go forward over it; it fires at {shown}"),
        Lang::Zh => format!("{zone} 没有 {written} 这个时刻：时钟拨快跳过了它；改在 {shown} 触发"),
    })
}

/// The wall time of the instant occurs twice.
fn repeated(question: &Question, due: DateTime<Utc>, lang: Lang) -> Option<String> {
    let zone = question.zone;
    let shown = civil::wall(due, zone);
    if cron_of(&question.trigger).is_none() {
        local(&question.written)?;
    }
    let Found::Twice(first, _) = civil::find(shown, zone) else { return None };
    Some(match lang {
        Lang::En => {
            let which = if due == first { "first" } else { "second" };
            format!("{shown} occurs twice in {zone}: clocks go back over it; this is the {which} time")
        }
        Lang::Zh => {
            let which = if due == first { "第一次" } else { "第二次" };
            format!("{zone} 的 {shown} 出现两次：时钟拨慢重复了它；这是{which}")
        }
    })
}

/// The expression, whatever bounds lie around it.
fn cron_of(trigger: &Trigger) -> Option<&Cron> {
    match trigger {
        Trigger::Cron(cron) => Some(cron),
        Trigger::Within(within) => cron_of(within.trigger()),
        _ => None,
    }
}

/// The wall time in the gap before `due` that a fixed expression named, if it does not name the wall time of `due`.
fn skipped_wall(cron: &Cron, due: DateTime<Utc>) -> Option<NaiveDateTime> {
    let zone = cron.timezone();
    let second = TimeDelta::seconds(1);
    civil::change_within(due - second, due, zone)?;
    let shown = civil::wall(due, zone);
    if cron.next_wall(shown - second) == Some(shown) {
        return None;
    }
    cron.next_wall(civil::wall(due - second, zone)).filter(|wall| *wall < shown)
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
        notes(&question, &instants(&question), Lang::En).join("\n")
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

    #[test]
    fn a_time_that_is_left_out_is_noted() {
        let notes = noted(json!({
            "cron": "*/30 2 * * *", "tz": "Europe/Berlin", "from": "2026-03-28T12:00:00Z", "count": 1
        }));
        assert!(
            notes.contains("2026-03-29 02:00:00 does not occur") && notes.contains("does not fire then"),
            "{notes}"
        );
        let skipped = noted(json!({
            "cron": "30 2 * * *", "tz": "Europe/Berlin", "from": "2026-03-28T12:00:00Z", "count": 1, "dst_gap": "skip"
        }));
        assert!(skipped.contains("2026-03-29 02:30:00 does not occur"), "{skipped}");
    }
}
