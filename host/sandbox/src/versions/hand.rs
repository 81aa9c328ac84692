//! What somebody decides.

use noontide_domain::plugin::upgrade::{
    self, Approval, HandRefusal, KnownVersion, PluginNews, VersionStanding, active,
};
use noontide_domain::ports::{VersionWish, WishRefused};
use noontide_domain::suggest;

use super::{Archive, TRIES, busy};
use crate::scan::Scanner;

impl Scanner {
    /// Lets a version in, or goes back to one. What cannot be loaded is not decided.
    pub(crate) fn decide(&self, wish: &VersionWish) -> Result<PluginNews, WishRefused> {
        let nobody = || HandRefusal::NotFound("this host keeps no versions of plugins".to_owned());
        let archive = self.archive.as_ref().ok_or_else(nobody)?;
        let plugin = &wish.plugin;
        for _ in 0..TRIES {
            let looked = archive.look(plugin)?;
            if looked.known.is_empty() {
                return Err(self.unknown(archive, wish)?.into());
            }
            let is_here = self.registry.running(plugin).is_some();
            let digest = wish.digest.as_deref();
            let mut handed = if wish.back {
                upgrade::roll_back(&looked.known, digest, &wish.by, is_here)?
            } else {
                let approval = Approval { by: wish.by.clone(), at: self.clock.now() };
                upgrade::approve(&looked.known, digest, &approval, &archive.policy(plugin))?
            };
            for change in &mut handed.changes {
                change.alone |= !is_here && change.standing == VersionStanding::Active;
                self.must_load(archive, &looked.known, change)?;
            }
            if archive.decide(plugin, &looked, None, handed.changes)? {
                let known = archive.look(plugin)?.known;
                self.line_up(archive, plugin, &known);
                archive.tell(Some(handed.news.clone()));
                return Ok(handed.news);
            }
        }
        Err(busy().into())
    }

    fn must_load(
        &self,
        archive: &Archive,
        known: &[KnownVersion],
        change: &upgrade::Change,
    ) -> Result<(), WishRefused> {
        let begins = matches!(change.standing, VersionStanding::Active | VersionStanding::Candidate);
        let Some(one) = known.iter().find(|one| begins && one.version.sha256 == change.sha256) else { return Ok(()) };
        let shelf = self.registry.shelf();
        let entry = shelf.place_of(&one.version.name).and_then(|place| shelf.entry(&place).cloned());
        let loaded = self.obtain(archive, &entry.unwrap_or_default(), &one.version);
        let goes_on = active(known).map_or_else(String::new, |active| format!("; {} goes on", active.label()));
        loaded
            .map(drop)
            .map_err(|refusal| WishRefused::Unloadable(format!("{}: {}{goes_on}", one.label(), refusal.message)))
    }

    fn unknown(&self, archive: &Archive, wish: &VersionWish) -> Result<HandRefusal, WishRefused> {
        let known = archive.guests.block_on(archive.store.versions(None))?;
        let hint = suggest::hint(wish.plugin.as_str(), known.iter().map(|one| one.version.name.as_str()));
        Ok(HandRefusal::NotFound(format!("no version of a plugin `{}` is known{hint}", wish.plugin)))
    }
}
