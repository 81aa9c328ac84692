//! Real engines, a few of them, on one clock and one ledger in memory: how often their loops ask the ledger for what. The
//! model of a host is held to these numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use noontide_domain::ports::{Clock, Ledger};
use noontide_domain::trigger::Cron;
use noontide_domain::{HostId, Schedule, Trigger};
use noontide_engine::{EngineHandle, Parts, Settings};
use noontide_testkit::{MemoryLedger, ScriptedOutlet, ScriptedPlugins};

use crate::turning::TurningClock;

/// Calls by the door's name.
pub type Calls = BTreeMap<&'static str, usize>;

/// Prints what an idle and what a busy host ask, each minute.
pub fn print() {
    println!("| hosts | schedules of each minute | calls of each host and minute |\n|---|---|---|");
    for (hosts, schedules) in [(1, 0), (10, 0), (1, 500), (10, 500)] {
        let calls = minutes(hosts, schedules, 5);
        let shown = calls.iter().map(|(door, calls)| format!("{door} {:.1}", *calls as f64 / (5 * hosts) as f64));
        println!("| {hosts} | {schedules} | {} |", shown.collect::<Vec<_>>().join(", "));
    }
}

/// What so many hosts ask in so many minutes.
pub fn minutes(hosts: usize, schedules: usize, minutes: i64) -> Calls {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let clock = TurningClock::at("2026-07-01T08:00:30Z");
        let ledger = MemoryLedger::new(clock.clone());
        let mut engines = Vec::new();
        for _ in 0..hosts {
            engines.push(host(&clock, &ledger, schedules).await);
        }
        clock.turn_until(clock.now() + TimeDelta::seconds(30)).await;
        ledger.calls();
        clock.turn_until(clock.now() + TimeDelta::minutes(minutes)).await;
        let calls = ledger.calls();
        drop(engines);
        calls
    })
}

async fn host(clock: &Arc<TurningClock>, ledger: &Arc<MemoryLedger>, schedules: usize) -> EngineHandle {
    let plugins = ScriptedPlugins::new(clock.clone());
    plugins.add("report/send");
    let parts = Parts {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ledger: Arc::clone(ledger) as Arc<dyn Ledger>,
        plugins,
        outlet: ScriptedOutlet::new(),
        settings: Settings { host: HostId::new(), drain: Duration::ZERO, ..Settings::default() },
    };
    let schedules = (0..schedules).map(minutely).collect();
    noontide_engine::start(parts, schedules).await.expect("the ledger is there")
}

fn minutely(number: usize) -> Schedule {
    let trigger = Trigger::Cron(Cron::parse("* * * * *", chrono_tz::UTC).expect("an expression"));
    let owner = noontide_domain::Owner::File { path: "conf/schedules.toml".to_owned(), line: number };
    let name = format!("customer-{number:08}-report").parse().expect("a name");
    Schedule { owner, ..Schedule::new(name, trigger, "report/send".parse().expect("a handler")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_host_asks_what_the_model_says() {
        let calls = minutes(3, 0, 2);
        let each = |door: &str| calls.get(door).copied().unwrap_or_default() / 6;
        // `poll` and `leased` in crowd.rs: what is asked each second, each two, each ten, each thirty.
        assert_eq!(["edited", "lease", "lapsed", "next_message"].map(each), [60, 30, 6, 12], "{calls:?}");
        assert_eq!(each("next_ready"), 32, "{calls:?}");
        assert_eq!(["claim", "settle", "heartbeat"].map(each), [0, 0, 0], "{calls:?}");
    }

    #[test]
    fn of_equal_hosts_each_claims_every_batch_and_one_wins_it() {
        let calls = minutes(4, 50, 3);
        assert_eq!((calls["claim"], calls["lost"]), (3, 3 * 3), "{calls:?}");
    }
}
