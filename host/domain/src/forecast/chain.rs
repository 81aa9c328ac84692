//! What `after` comes to on the virtual clock: every run succeeds, so a follower comes due at the instants of the schedule
//! it follows. That its runs begin a run's length later is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::trigger::{OnWorkdays, Within};
use crate::{Schedule, ScheduleName, Trigger};

/// `schedules`, with followers that come due when those they follow do.
pub fn resolved(schedules: &[Schedule]) -> Vec<Schedule> {
    let triggers: BTreeMap<_, _> = schedules.iter().map(|schedule| (&schedule.name, &schedule.trigger)).collect();
    let resolved = |schedule: &Schedule| match schedule.trigger.follows().is_empty() {
        true => schedule.clone(),
        false => Schedule { trigger: instants(&schedule.trigger, &triggers), ..schedule.clone() },
    };
    schedules.iter().map(resolved).collect()
}

/// The configuration refuses circles, so this ends.
fn instants(trigger: &Trigger, triggers: &BTreeMap<&ScheduleName, &Trigger>) -> Trigger {
    match trigger {
        Trigger::After(name) => triggers.get(name).map_or(Trigger::Manual, |followed| instants(followed, triggers)),
        Trigger::Within(within) => {
            let inner = instants(within.trigger(), triggers);
            Within::new(inner, within.start(), within.end())
                .map_or(Trigger::Manual, |within| Trigger::Within(Box::new(within)))
        }
        Trigger::OnWorkdays(workdays) => Trigger::OnWorkdays(Box::new(OnWorkdays {
            trigger: instants(&workdays.trigger, triggers),
            calendar: Arc::clone(&workdays.calendar),
            ..**workdays
        })),
        Trigger::Several(several) => {
            Trigger::Several(several.iter().map(|trigger| instants(trigger, triggers)).collect())
        }
        own => own.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::Cron;

    #[test]
    fn a_follower_of_a_follower_comes_due_with_the_first() {
        let daily = Trigger::Cron(Cron::parse("0 3 * * *", chrono_tz::UTC).unwrap());
        let schedule =
            |name: &str, trigger: Trigger| Schedule::new(name.parse().unwrap(), trigger, "p/h".parse().unwrap());
        let after = |name: &str| Trigger::After(name.parse().unwrap());
        let chain = [schedule("c", after("b")), schedule("b", after("a")), schedule("a", daily.clone())];
        assert!(resolved(&chain).iter().all(|schedule| schedule.trigger == daily));
    }
}
