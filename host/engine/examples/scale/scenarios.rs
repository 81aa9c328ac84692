//! What is asked of the model, and what it answers.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::agenda::{self, Planned};
use crate::costs::{Costs, SECOND};
use crate::crowd::{Crowd, Setting, Told};
use crate::mix::Mix;
use crate::real;
use crate::tables::Table;

/// Five minutes before a full hour, so that the crowd of the full hour comes when all is in order.
const BEGIN: &str = "2026-07-01T07:55:00Z";
/// A quarter of an hour, and the outage.
const SECONDS: usize = 900;
const OUTAGE: usize = 3_600;

/// Prints all of it.
pub fn all(hosts: usize, schedules: u32) {
    println!("What the loops of real engines ask of a ledger in memory, each host and minute:\n");
    real::print();

    let begin: DateTime<Utc> = BEGIN.parse().expect("an instant");
    let mix = Mix::new(schedules);
    let begun = Instant::now();
    let on_time = agenda::on_time(&mix, begin, SECONDS);
    told("a quarter of an hour around a full hour", &on_time, begun);
    print(&settings(hosts), &on_time);

    let begun = Instant::now();
    let outage = agenda::after_outage(&mix, begin, OUTAGE);
    told("after an hour in which nobody was there", &outage, begun);
    print(&settings(hosts), &outage);

    println!("\nOf how many equal hosts everybody may plan, over the same quarter of an hour:\n");
    let equal = |hosts| (format!("{hosts} hosts, all plan"), Setting { hosts, planners: hosts, ..usual(hosts) });
    print(&[1, 10, 30, 100, 300].map(equal), &on_time);
}

fn told(what: &str, planned: &Planned, begun: Instant) {
    let (fires, micros) = (planned.sum(|due| due.fires), planned.micros_each());
    let busiest = planned.due.iter().map(|due| due.fires).max().unwrap_or_default();
    println!(
        "\n{what}: {fires} fires and {} rows that say why not, {busiest} of them at one instant; the planner took {micros:.1} \
         µs for each schedule ({:.0?} in all)\n",
        planned.sum(|due| due.skips),
        begun.elapsed(),
    );
}

fn print(settings: &[(String, Setting)], planned: &Planned) {
    let mut table = Table::new();
    for (name, setting) in settings {
        table.add(name, setting, &run(setting, planned));
    }
    table.print();
}

fn run(setting: &Setting, planned: &Planned) -> Told {
    Crowd::new(*setting, &planned.due).run()
}

/// Three plan, as docs/scaling.md advises; a hundred handlers.
fn usual(hosts: usize) -> Setting {
    let costs = Costs::default();
    let planners = hosts.min(3);
    Setting { hosts, planners, jitter: 0, shares: 1, looks_first: false, tells: None, handlers: 100, costs }
}

fn settings(hosts: usize) -> Vec<(String, Setting)> {
    let usual = usual(hosts);
    let all = Setting { planners: hosts, ..usual };
    let seeing = Setting { looks_first: true, ..usual };
    [
        ("3 plan", usual),
        ("1 plans", Setting { planners: 1, ..usual }),
        ("10 plan", Setting { planners: 10.min(hosts), ..usual }),
        ("all plan", all),
        ("all plan, looking first, jitter 1 s", Setting { looks_first: true, jitter: SECOND, ..all }),
        ("the same, 8 shares", Setting { looks_first: true, jitter: SECOND, shares: 8, ..all }),
        ("3 plan, looking first, jitter 100 ms", Setting { jitter: SECOND / 10, ..seeing }),
        ("3 plan, looking first, 3 shares", Setting { shares: 3, ..seeing }),
        ("8 plan, looking first, 8 shares", Setting { planners: 8.min(hosts), shares: 8, ..seeing }),
        ("3 plan, all are told of what is ready", Setting { tells: Some(SECOND / 4), ..usual }),
        ("3 plan, one handler for all", Setting { handlers: 1, ..usual }),
        ("3 plan, a commit takes 20 ms", Setting { costs: Costs { commit: 20_000, ..usual.costs }, ..usual }),
        ("3 plan, 2 cores", Setting { costs: Costs { cores: 2, ..usual.costs }, ..usual }),
    ]
    .map(|(name, setting)| (name.to_owned(), setting))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::percentile;

    fn small() -> Planned {
        agenda::on_time(&Mix::new(10_000), BEGIN.parse().expect("an instant"), 360)
    }

    #[test]
    fn the_same_setting_has_the_same_outcome() {
        let (planned, setting) = (small(), usual(10));
        assert_eq!(run(&setting, &planned), run(&setting, &planned));
    }

    #[test]
    fn every_fire_is_carried_out_once_however_many_plan() {
        let planned = small();
        for planners in [1, 3, 20] {
            let told = run(&Setting { planners, ..usual(20) }, &planned);
            assert!(told.kept_up);
            assert_eq!(told.done, planned.sum(|due| due.fires));
            assert!(told.lost <= told.won * (planners as u64 - 1));
        }
    }

    #[test]
    fn spread_over_time_most_planners_see_that_a_batch_is_decided_and_wait_for_nobody() {
        let planned = small();
        let all = Setting { planners: 20, ..usual(20) };
        let (at_once, spread) =
            (run(&all, &planned), run(&Setting { looks_first: true, jitter: SECOND, ..all }, &planned));
        assert!(spread.most_waiting < at_once.most_waiting, "{} {}", spread.most_waiting, at_once.most_waiting);
        assert!(spread.worked < at_once.worked, "{} {}", spread.worked, at_once.worked);
    }

    #[test]
    fn one_record_for_all_hosts_is_a_line_that_they_stand_in() {
        let planned = small();
        let slow = Setting { costs: Costs { commit: 50_000, ..Costs::default() }, ..usual(20) };
        let (many, one) = (run(&slow, &planned), run(&Setting { handlers: 1, ..slow }, &planned));
        assert!(one.most_waiting > many.most_waiting, "{} {}", one.most_waiting, many.most_waiting);
    }

    #[test]
    fn a_server_with_fewer_cores_is_later() {
        let planned = small();
        let slow = Costs { cores: 1, insert: 6_000, ..Costs::default() };
        let (quick, slow) = (run(&usual(20), &planned), run(&Setting { costs: slow, ..usual(20) }, &planned));
        assert!(percentile(&slow.claimed, 99) > percentile(&quick.claimed, 99));
    }
}
