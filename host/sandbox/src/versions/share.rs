//! One plugin folder for all hosts: what is dropped on one is fetched from the ledger by the others, and all begin with it at
//! one instant.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::PluginName;
use noontide_domain::plugin::upgrade::{Change, KnownVersion, VersionStanding, active};
use noontide_domain::ports::LedgerError;

use super::{Archive, TRIES, busy};
use crate::registry::Generation;
use crate::scan::Scanner;

/// From the decision to the instant at which calls go to the new version, on every host: each looks at the ledger once a second,
/// and has the rest to fetch and compile it. A host that is not ready then leases no runs of the plugin until it is.
const CUT_OVER: TimeDelta = TimeDelta::seconds(5);

impl Archive {
    /// Since when the changes count. Where hosts share their plugins, a version that takes the place of another one does so at one
    /// instant on all of them; going back does not wait.
    pub(super) fn instant(&self, known: &[KnownVersion], changes: &[Change]) -> DateTime<Utc> {
        let some = |standing| changes.iter().any(|change| change.standing == standing);
        let takes_a_place =
            active(known).is_some() && some(VersionStanding::Active) && !some(VersionStanding::RolledBack);
        let now = self.clock.now();
        if self.shares && takes_a_place { now + CUT_OVER } else { now }
    }
}

impl Scanner {
    /// What other hosts can do: runs of it are planned here too, and left to them until it is loaded.
    pub(super) fn know_elsewhere(&self, archive: &Archive, known: &[KnownVersion]) {
        if archive.shares {
            let active = known.iter().filter(|one| one.standing == VersionStanding::Active);
            self.registry.know_elsewhere(active.map(|one| (one.version.name.clone(), one.info.clone())).collect());
        }
    }

    /// Whether the bytes are only what still lies in this host's folder: other hosts have gone on to another version while this
    /// one was away. What comes while a host looks on is news, also if it is old.
    pub(super) fn is_left_behind(&self, archive: &Archive, known: &[KnownVersion], new: &Generation) -> bool {
        let superseded = |one: &KnownVersion| {
            one.version.sha256 == new.version.sha256 && one.standing == VersionStanding::Superseded
        };
        archive.shares && !self.has_looked() && known.iter().any(superseded)
    }

    /// A file was taken out of this host's folder while it looked on: its plugin goes on all hosts.
    pub(crate) fn withdraw(&self, plugin: &PluginName, file: &str) {
        let Some(archive) = self.archive.as_ref().filter(|archive| archive.shares) else { return };
        if let Err(problem) = self.try_to_withdraw(archive, plugin, file) {
            tracing::error!(%plugin, %file, %problem, "that the file was removed is not in the ledger: the plugin goes on; put the \
                                                       file back and remove it again");
        }
    }

    fn try_to_withdraw(&self, archive: &Archive, plugin: &PluginName, file: &str) -> Result<(), LedgerError> {
        for _ in 0..TRIES {
            let looked = archive.look(plugin)?;
            // What came elsewhere meanwhile, in another file, stays.
            let mine = |one: &&KnownVersion| {
                matches!(one.standing, VersionStanding::Active | VersionStanding::Candidate | VersionStanding::Held)
                    && one.file.as_deref() == Some(file)
            };
            let why = format!("its file {file} was removed");
            let gone = looked.known.iter().filter(mine);
            let changes: Vec<_> =
                gone.map(|one| Change::to(&one.version.sha256, VersionStanding::Superseded, why.clone())).collect();
            if changes.is_empty() || archive.decide(plugin, &looked, None, changes)? {
                self.line_up(archive, plugin, &archive.look(plugin)?.known);
                return Ok(());
            }
        }
        Err(busy())
    }
}
