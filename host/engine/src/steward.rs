//! The steward: has the versions of plugins looked at, and tells what was decided about them. What is decided, and how, is the
//! affair of the side where handlers live.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::plugin::upgrade::{KnownVersion, PluginNews, VersionStanding};
use noontide_domain::ports::{LedgerError, VersionWish};
use noontide_domain::{Outcome, PluginName};
use tracing::{info, warn};

use crate::EngineHandle;
use crate::core::Core;
use crate::event::Happening;
use crate::request::EngineError;

/// How often it looks. A look that finds nothing reads one row.
const EVERY: Duration = Duration::from_secs(1);

/// Pause after the ledger did not answer.
const LEDGER_PAUSE: Duration = Duration::from_secs(4);

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        match core.plugins.review().await {
            Ok(news) => news.into_iter().for_each(|news| tell(&core, news)),
            Err(problem) => {
                warn!(%problem, "the versions of plugins cannot be looked at; trying again");
                core.rest(LEDGER_PAUSE).await;
            }
        }
        tokio::select! {
            biased;
            go_on = core.rest(EVERY) => if !go_on { return },
            () = core.look_at_versions.notified() => {}
        }
    }
}

/// An attempt is on record. A failure may be the one too many.
pub(crate) fn ended(core: &Core, outcome: &Outcome) {
    if !outcome.ended_well() {
        core.look_at_versions.notify_one();
    }
}

fn tell(core: &Core, news: PluginNews) {
    let PluginNews { version, standing, words } = news;
    match standing {
        VersionStanding::Held | VersionStanding::RolledBack => warn!("{words}"),
        _ => info!("{words}"),
    }
    core.tell(Happening::PluginVersion { version, standing, words });
}

impl EngineHandle {
    /// The versions of plugins that are known, of one plugin or of all: by plugin, the newest first.
    ///
    /// # Errors
    /// If the ledger does not answer.
    pub async fn plugin_versions(&self, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, EngineError> {
        let (core, plugin) = (Arc::clone(&self.core), plugin.cloned());
        // A client that goes away must not stop it half way.
        let work = tokio::spawn(async move { core.plugins.versions(plugin.as_ref()).await });
        Ok(work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??)
    }

    /// Lets a version of a plugin in, or goes back to one. What was decided, in words; the event follows.
    ///
    /// # Errors
    /// No such plugin or version; it makes no sense now; it cannot be loaded; no ledger.
    pub async fn decide_version(&self, wish: VersionWish) -> Result<PluginNews, EngineError> {
        let news = self.core.plugins.decide(wish).await?;
        self.core.look_at_versions.notify_one();
        Ok(news)
    }
}
