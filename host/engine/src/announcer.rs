//! The announcer: says with every heartbeat that this host lives and what it does, and learns how its clock differs from the
//! ledger's. What it writes is also the proof that the ledger can be written.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{HostNews, LedgerError};
use tracing::{info, warn};

use crate::core::Core;

/// A ledger that has not answered for so long is in trouble.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause after the ledger could not be written: it is the first to notice that it can be again.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        let pause = match announce(&core).await {
            Ok(()) => core.settings.heartbeat,
            Err(_) => LEDGER_PAUSE,
        };
        // A drain is told of at once, and then the host goes on saying that it drains.
        let drains = async {
            match core.stopping.is_cancelled() {
                false => core.stopping.cancelled().await,
                true => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = core.look_at_ledger.notified() => core.wait(LEDGER_PAUSE).await,
            () = core.wait(pause) => {}
            () = drains => {}
        }
    }
}

/// Says it once. The ledger's answer may take as long as it takes; meanwhile it is in trouble.
async fn announce(core: &Arc<Core>) -> Result<(), LedgerError> {
    let (asked_at, begin) = (core.clock.now(), core.clock.elapsed());
    let (ledger, news) = (Arc::clone(&core.ledger), news(core, false));
    // Never dropped half way, should the engine end meanwhile.
    let mut answer = tokio::spawn(async move { ledger.announce(news).await });
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        () = core.wait(PATIENCE) => {
            let silent = format!("it has not answered for {} s", PATIENCE.as_secs());
            core.heard::<()>(&Err(LedgerError::Unavailable(silent)));
            answer.await
        }
    };
    let answer = answer.unwrap_or_else(|panic| Err(LedgerError::Broken(panic.to_string())));
    core.heard(&answer);
    let instant = answer?;
    measure(core, asked_at, core.clock.elapsed().saturating_sub(begin), instant);
    Ok(())
}

/// Says that this host ends.
pub(crate) async fn end(core: &Arc<Core>) {
    let (ledger, news) = (Arc::clone(&core.ledger), news(core, true));
    let said = tokio::spawn(async move { ledger.announce(news).await });
    tokio::select! {
        biased;
        _ = said => {}
        // Without it the host is shown as silent, which is true as well.
        () = core.wait(PATIENCE) => {}
    }
}

fn news(core: &Core, ended: bool) -> HostNews {
    let settings = &core.settings;
    let plugins = core.plugins.plugins().into_iter().filter_map(|plugin| plugin.loaded);
    HostNews {
        host: settings.host,
        name: settings.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: core.started_at,
        skew: core.skew(),
        roles: settings.roles.clone(),
        queues: settings.queues.taken.clone(),
        labels: settings.labels.clone(),
        plugins: plugins.map(|loaded| (loaded.version.name, loaded.version.sha256)).collect(),
        lease: settings.lease,
        draining: core.stopping.is_cancelled(),
        ended,
    }
}

/// The ledger read its clock somewhere on the way: half of the way is taken off, and as much is not known.
fn measure(core: &Core, asked_at: DateTime<Utc>, trip: Duration, instant: DateTime<Utc>) {
    let half = TimeDelta::from_std(trip / 2).unwrap_or(TimeDelta::MAX);
    let skew = asked_at + half - instant;
    let (is, was) = (skew.abs() - half > HostNews::SKEWED, core.skewed());
    if half > HostNews::SKEWED {
        // Nothing can be told from an answer that took so long.
        return;
    }
    core.set_skew(skew, is);
    if is && !was {
        let seconds = skew.num_milliseconds() as f64 / 1_000.0;
        warn!(
            seconds,
            "this host's clock differs from the ledger's: what is due fires early or late by as much; set it right"
        );
    } else if was && !is {
        info!("this host's clock agrees with the ledger's again");
    }
}
