//! The instant that somebody asks about, as they remember it.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Standing;
use noontide_domain::trigger::at;
use noontide_domain::trigger::civil::{self, Found};

/// Due instants of one moment that are counted.
const MOST: usize = 1_000;

/// One moment: an instant, or all of a minute; on a wall clock that was set back, either of two.
#[derive(Debug)]
pub(super) struct Moment {
    /// From, inclusive, and to, exclusive; never empty.
    spans: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// The wall time, if it does not occur.
    left_out: Option<NaiveDateTime>,
}

impl Moment {
    /// Reads RFC 3339, or `YYYY-MM-DD HH:MM[:SS]` as wall time in `zone`.
    pub(super) fn read(text: &str, zone: Tz) -> Result<Self, String> {
        let text = text.trim();
        let instant = at::parse_instant(text, zone)?;
        let exact = TimeDelta::milliseconds(1);
        let Some((wall, to_the_minute)) = wall(text) else {
            return Ok(Self { spans: vec![(instant, instant + exact)], left_out: None });
        };
        let length = if to_the_minute { TimeDelta::minutes(1) } else { exact };
        let (instants, left_out) = match civil::find(wall, zone) {
            Found::Once(instant) => (vec![instant], None),
            Found::Twice(first, second) => (vec![first, second], None),
            // A fixed time fires where the gap ends, an `at` a gap's length later.
            Found::Never(end, _) => (vec![end, instant], Some(wall)),
        };
        Ok(Self { spans: instants.into_iter().map(|from| (from, from + length)).collect(), left_out })
    }

    /// Where it begins.
    pub(super) fn at(&self) -> DateTime<Utc> {
        self.spans[0].0
    }

    pub(super) fn spans(&self) -> &[(DateTime<Utc>, DateTime<Utc>)] {
        &self.spans
    }

    /// The due instants in it.
    pub(super) fn due(&self, standing: &Standing) -> Vec<DateTime<Utc>> {
        let moment = TimeDelta::milliseconds(1);
        let of_span = |(from, to): &(DateTime<Utc>, DateTime<Utc>)| {
            let next = |after| standing.schedule.trigger.next_after(after, standing.anchor).filter(|due| due < to);
            std::iter::successors(next(*from - moment), |due| next(*due)).take(MOST).collect::<Vec<_>>()
        };
        self.spans.iter().flat_map(of_span).collect()
    }

    /// What else there is to say about it.
    pub(super) fn remark(&self, due: &[DateTime<Utc>], zone: Tz) -> String {
        let mut remark = String::new();
        if let Some(wall) = self.left_out {
            remark.push_str(&format!("; {wall} does not occur there, clocks go forward over it"));
        }
        if let [_, others @ ..] = due
            && !others.is_empty()
        {
            let shown: Vec<_> = others.iter().take(3).map(|due| told(*due, zone)).collect();
            let more = others.len().checked_sub(3).filter(|more| *more > 0);
            let more = more.map_or(String::new(), |more| format!(" and {more} more"));
            remark.push_str(&format!("; due in that moment as well: {}{more}", shown.join(", ")));
        }
        remark
    }
}

/// The wall time in a text without an offset, and whether it has no seconds.
fn wall(text: &str) -> Option<(NaiveDateTime, bool)> {
    let text = text.replacen('T', " ", 1);
    let read = |format| NaiveDateTime::parse_from_str(&text, format).ok();
    read("%Y-%m-%d %H:%M").map(|wall| (wall, true)).or_else(|| read("%Y-%m-%d %H:%M:%S%.f").map(|wall| (wall, false)))
}

/// `2026-03-29 03:00:00 CEST (2026-03-29T01:00:00Z)`.
pub(super) fn told(at: DateTime<Utc>, zone: Tz) -> String {
    let utc = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    match zone {
        Tz::UTC => utc,
        _ => format!("{} ({utc})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S%.f %Z")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;
    use noontide_domain::trigger::{Cron, Every};
    use noontide_domain::{Schedule, Trigger};

    fn due(text: &str, trigger: Trigger) -> Vec<String> {
        let schedule = Schedule::new("a".parse().expect("a name"), trigger, "p/h".parse().expect("a handler"));
        let standing = Standing::new(schedule, "2026-01-01T00:00:00Z".parse().expect("an instant"));
        let moment = Moment::read(text, Berlin).expect(text);
        moment.due(&standing).into_iter().map(|due| due.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
    }

    fn cron(expression: &str) -> Trigger {
        Trigger::Cron(Cron::parse(expression, Berlin).expect("cron"))
    }

    #[test]
    fn a_moment_without_seconds_is_the_whole_minute() {
        let every = || Trigger::Every(Every { every: std::time::Duration::from_secs(25), start: None, end: None });
        let found = due("2026-01-01 01:01", every());
        assert_eq!(found, ["2026-01-01T00:01:15Z", "2026-01-01T00:01:40Z"]);
        assert_eq!(due("2026-01-01 01:01:15", every()).len(), 1);
        assert_eq!(due("2026-01-01T00:01:00Z", every()).len(), 0);
    }

    #[test]
    fn a_wall_time_that_was_left_out_finds_the_fire_in_its_place() {
        assert_eq!(due("2026-03-29 02:30", cron("30 2 * * *")), ["2026-03-29T01:00:00Z"]);
    }

    #[test]
    fn a_wall_time_that_came_twice_finds_both_fires() {
        let both = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"];
        assert_eq!(due("2026-10-25 02:30", cron("*/30 * * * *")), both);
        assert_eq!(due("2026-10-25 02:30", cron("30 2 * * *")), both[..1]);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "yesterday", "2026-02-30 00:00", "2026-01-01"] {
            assert!(Moment::read(text, Berlin).is_err(), "{text:?} was taken");
        }
    }
}
