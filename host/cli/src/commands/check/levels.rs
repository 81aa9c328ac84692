//! What levels do that nobody may have meant.

use chrono::{DateTime, Utc};
use noontide_domain::{Levels, Looking, Schedule, Standing};

/// Due instants looked at: more than a year of days.
const LOOKS: usize = 400;

/// Schedules of which every next due instant lies on a day of a larger one.
pub fn notes(schedules: &[Schedule], now: DateTime<Utc>) -> Vec<String> {
    let standings: Vec<_> = schedules.iter().map(|schedule| Standing::new(schedule.clone(), now)).collect();
    let levels = Levels::of(&standings);
    let swallowed = |standing: &&Standing| {
        let schedule = &standing.schedule;
        let next = |after| standing.next_after(after);
        let mut due = std::iter::successors(next(now), |due| next(*due)).take(LOOKS).peekable();
        let is_asked = levels.may_supersede(&schedule.name) && due.peek().is_some();
        is_asked && due.all(|due| levels.superseding(schedule, due, Looking::Ahead).is_some())
    };
    let note = |standing: &Standing| {
        let name = &standing.schedule.name;
        format!(
            "schedule `{name}`: never fires: each day on which it comes due belongs to a schedule that supersedes it"
        )
    };
    standings.iter().filter(swallowed).map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::Trigger;
    use noontide_domain::trigger::Cron;

    #[test]
    fn a_schedule_whose_every_day_is_superseded_is_told() {
        let cron = |name: &str, text: &str, supersedes: &[&str]| {
            let trigger = Trigger::Cron(Cron::parse(text, chrono_tz::UTC).unwrap());
            let supersedes = supersedes.iter().map(|name| name.parse().unwrap()).collect();
            Schedule { supersedes, ..Schedule::new(name.parse().unwrap(), trigger, "p/h".parse().unwrap()) }
        };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let of = |larger: &str| notes(&[cron("small", "0 7 * * *", &[]), cron("large", larger, &["small"])], now);
        assert!(of("0 8 * * *")[0].contains("`small`: never fires"));
        assert!(of("0 8 * * WED").is_empty());
    }
}
