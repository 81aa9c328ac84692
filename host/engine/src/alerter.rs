//! The alerter: has notices judged by the rules, and sends what follows from them.
//!
//! What went wrong is in the ledger before anybody here hears of it, and what is judged is gone from there with the same
//! transaction that writes the messages. So a host that dies at any moment leaves nothing untold and nothing told twice, but
//! for a message that was on its way: that one goes out again under the same id. Where there are no rules this loop only waits.

mod delivery;
mod handle;
mod pings;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::PluginStatus;
use noontide_domain::alert::{Alert, AlertRule, Condition, Notice, Subject};
use noontide_domain::ports::{AlertSink, LedgerError};
use tokio::sync::Notify;
use tracing::{error, warn};

use crate::core::Core;
use crate::event::Happening;

pub use handle::Tried;
use pings::Pings;

/// How often it looks where nobody nudged it: for what other hosts record, for hosts that went away, for plugin files.
const EVERY: Duration = Duration::from_secs(5);

/// Notices judged in one transaction: some milliseconds of work.
const BATCH: usize = 500;

/// Pause after the ledger could not be written or read, and between two looks at what is due already.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// What is to be told, and where.
#[derive(Clone, Default)]
pub(crate) struct Alerting {
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) sinks: Option<Arc<dyn AlertSink>>,
}

/// The same, where the rest of the engine finds it.
#[derive(Default)]
pub(crate) struct Board {
    alerting: Mutex<Alerting>,
    pings: Pings,
    look: Notify,
}

impl Board {
    fn read(&self) -> Alerting {
        self.alerting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, alerting: Alerting) {
        *self.alerting.lock().unwrap_or_else(PoisonError::into_inner) = alerting;
        self.nudge();
    }

    /// The alerter should look.
    fn nudge(&self) {
        self.look.notify_one();
    }

    /// It may be about something that is to be told. A success is found with the next look: they are many.
    pub(crate) fn hear(&self, happening: &Happening) {
        use noontide_domain::RunState::{Expired, Failed};
        let is_trouble = match happening {
            Happening::Finished { state, .. } => matches!(state, Failed | Expired),
            Happening::Skipped { .. }
            | Happening::Overdue { .. }
            | Happening::Undelivered { .. }
            | Happening::PluginVersion { .. } => true,
            _ => false,
        };
        if self.pings.hear(happening) || is_trouble {
            self.nudge();
        }
    }
}

pub(crate) async fn run(core: Arc<Core>) {
    let places = delivery::places();
    let mut files = BTreeMap::new();
    while !core.stopping.is_cancelled() {
        // Whoever is asked for pings has sinks.
        let Alerting { rules, sinks: Some(sinks) } = core.alerting.read() else {
            tokio::select! {
                biased;
                () = core.alerting.look.notified() => continue,
                () = core.stopping.cancelled() => return,
            }
        };
        let looked = async {
            note(&core, &rules, &mut files).await?;
            judge(&core, &rules).await?;
            post(&core).await?;
            delivery::look(&core, &sinks, &places).await
        };
        if let Err(problem) = looked.await {
            error!(%problem, "alerts cannot be looked at; trying again");
            core.rest(LEDGER_PAUSE).await;
            continue;
        }
        wait(&core).await;
    }
}

/// What the ledger does not see by itself: hosts that went silent, files that were refused here.
async fn note(core: &Core, rules: &[AlertRule], files: &mut BTreeMap<String, String>) -> Result<(), LedgerError> {
    let wants = |condition| rules.iter().any(|rule| rule.on.contains(&condition));
    if wants(Condition::HostLost) {
        core.ledger.note_hosts(&core.settings.name).await?;
    }
    if wants(Condition::PluginRejected) {
        let (notices, seen) = compared(files, &core.plugins.plugins(), core.clock.now());
        if !notices.is_empty() {
            core.ledger.note(notices).await?;
        }
        *files = seen;
    }
    Ok(())
}

/// What is new about plugin files, and what is refused now: by the file, what is wrong with it; nothing for a good one.
fn compared(
    before: &BTreeMap<String, String>,
    plugins: &[PluginStatus],
    now: DateTime<Utc>,
) -> (Vec<Notice>, BTreeMap<String, String>) {
    let (mut notices, mut seen) = (Vec::new(), BTreeMap::new());
    for status in plugins {
        let name = status.loaded.as_ref().map_or(status.file.clone(), |loaded| loaded.version.name.to_string());
        let wrong = status.error.as_ref().map(ToString::to_string).unwrap_or_default();
        if before.get(&status.file) != Some(&wrong) {
            let subject = Subject::Plugin(name);
            notices.push(match wrong.is_empty() {
                true => Notice::well(now, subject, format!("{} was taken", status.file)),
                false => Notice::wrong(now, subject, Condition::PluginRejected, format!("{}: {wrong}", status.file)),
            });
            // The same file may have been known by its name only, before anything of it was loaded.
            if wrong.is_empty() {
                let by_file = Subject::Plugin(status.file.clone());
                notices.push(Notice::well(now, by_file, format!("{} was taken", status.file)));
            }
        }
        seen.insert(status.file.clone(), wrong);
    }
    let gone = before.iter().filter(|(file, wrong)| !wrong.is_empty() && !seen.contains_key(*file));
    notices.extend(gone.map(|(file, _)| Notice::well(now, Subject::Plugin(file.clone()), format!("{file} is gone"))));
    (notices, seen)
}

async fn judge(core: &Core, rules: &[AlertRule]) -> Result<(), LedgerError> {
    while core.ledger.next_judgement().await?.is_some_and(|at| at <= core.clock.now()) {
        let judged = core.ledger.judge(rules.to_vec(), BATCH, core.clock.now()).await?;
        judged.alerts.iter().for_each(|alert| tell(core, alert));
        if judged.notices < BATCH {
            break;
        }
    }
    Ok(())
}

/// Records what is to be pinged; what cannot be recorded now is recorded later.
pub(crate) async fn post(core: &Core) -> Result<(), LedgerError> {
    let pings = core.alerting.pings.take(core.clock.now());
    if pings.is_empty() {
        return Ok(());
    }
    let posted = core.ledger.post(pings.clone()).await;
    if posted.is_err() {
        core.alerting.pings.give_back(pings);
    }
    posted
}

fn tell(core: &Core, alert: &Alert) {
    let (title, incident) = (alert.title(), &alert.incident);
    warn!(incident = %incident.id, rule = incident.rule, kind = alert.kind.as_str(), "{title}");
    core.tell(Happening::Alert {
        kind: alert.kind,
        incident: incident.id,
        rule: incident.rule.clone(),
        subject: incident.subject.to_string(),
        title,
        words: incident.words.clone(),
    });
}

/// Until somebody nudges, something is due, or it is time to look for what others did.
async fn wait(core: &Core) {
    let now = core.clock.now();
    let due = [core.ledger.next_judgement().await, core.ledger.next_alert().await];
    let due = due.into_iter().filter_map(|found| found.ok().flatten()).min();
    // What is due by now and was not done waits for something that takes its time: a lease, a sink's minute.
    let wake_at = due.map_or(now + EVERY, |due| due.max(now + LEDGER_PAUSE).min(now + EVERY));
    tokio::select! {
        biased;
        () = core.stopping.cancelled() => {}
        () = core.alerting.look.notified() => {}
        () = core.clock.sleep_until(wake_at) => {}
    }
}
