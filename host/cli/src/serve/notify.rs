//! What a service manager hears (the protocol of `sd_notify`): that the host is ready, how it stands, that its loop comes
//! round, that it reads its configuration again, that it ends. Without NOTIFY_SOCKET nobody listens and nothing is said.

use std::time::Duration;

use noontide_domain::duration;
use noontide_engine::{EngineHandle, Outlook};
use sd_notify::NotifyState;
use tracing::{debug, warn};

/// Said no more often: a busy scheduler comes round many times a second.
const PACE: Duration = Duration::from_secs(1);

/// The scheduler looks every 10 s at least; a watchdog that waits for less than three of them bites hosts that are well.
const LEAST_WATCHDOG: Duration = Duration::from_secs(30);

/// Says that the host is ready once the scheduler has looked, and from then on, each time its loop has come round, that it
/// lives and what comes next. A loop that is stuck says nothing, and the watchdog ends the host.
pub async fn follow(engine: EngineHandle) {
    let mut ticks = engine.ticks();
    if ticks.wait_for(Option::is_some).await.is_err() {
        return;
    }
    let watchdog = sd_notify::watchdog_enabled();
    if let Some(short) = watchdog.filter(|watchdog| *watchdog < LEAST_WATCHDOG) {
        warn!("WatchdogSec= is {short:?}: make it {LEAST_WATCHDOG:?} or more, because an idle host looks every 10 s");
    }
    say(&[NotifyState::Ready, NotifyState::Status(&words(&engine.outlook()))]);
    loop {
        let status = words(&engine.outlook());
        let alive = watchdog.map(|_| NotifyState::Watchdog);
        say(&alive.into_iter().chain([NotifyState::Status(&status)]).collect::<Vec<_>>());
        tokio::time::sleep(PACE).await;
        if ticks.changed().await.is_err() {
            return;
        }
    }
}

/// The configuration is being read again. [`ready_again`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => say(&[NotifyState::Reloading, now, NotifyState::Status("reading the configuration again")]),
        Err(error) => debug!(%error, "no monotonic clock"),
    }
}

/// The configuration has been read.
pub fn ready_again(engine: &EngineHandle) {
    say(&[NotifyState::Ready, NotifyState::Status(&words(&engine.outlook()))]);
}

/// Nothing new begins.
pub fn stopping(engine: &EngineHandle) {
    let runs = engine.status().held;
    say(&[NotifyState::Stopping, NotifyState::Status(&format!("draining: {} may end", counted(runs, "run")))]);
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "the service manager cannot be told");
    }
}

/// As `systemctl status` shows it.
fn words(outlook: &Outlook) -> String {
    let next = outlook.next.as_ref().map_or("nothing comes next".to_owned(), |(name, due)| {
        format!("next {name} {}", duration::distance(*due - outlook.now))
    });
    format!("{}, {next}, {} late", counted(outlook.schedules, "schedule"), outlook.late)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_how_many_schedules_there_are_what_comes_next_and_what_is_late() {
        let now = "2026-11-23T09:41:48Z".parse().unwrap();
        let due = "2026-11-23T09:46:00Z".parse().unwrap();
        let next = Some(("daily-report".parse().unwrap(), due));
        let outlook = Outlook { now, schedules: 214, next, late: 0 };
        assert_eq!(words(&outlook), "214 schedules, next daily-report in 4m12s, 0 late");
        let alone = Outlook { schedules: 1, next: None, late: 2, ..outlook };
        assert_eq!(words(&alone), "1 schedule, nothing comes next, 2 late");
    }
}
