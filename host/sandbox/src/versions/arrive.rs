//! New bytes in the folder.

use std::sync::Arc;

use noontide_domain::plugin::upgrade::{self, Arrival, Offer, active};
use noontide_domain::ports::LedgerError;

use super::{Archive, TRIES, busy};
use crate::load::Content;
use crate::registry::Generation;
use crate::scan::Scanner;

impl Scanner {
    /// Judges bytes that have been loaded from `file` and carries the judgement out. `former` is the digest of what the file
    /// held before.
    pub(crate) fn arrive(
        &self,
        archive: &Archive,
        file: &str,
        former: Option<&str>,
        content: Content,
        new: &Arc<Generation>,
    ) -> Result<(), LedgerError> {
        let plugin = &new.version.name;
        let Content { bytes, signature, .. } = content;
        let bytes: Arc<[u8]> = bytes.into();
        for _ in 0..TRIES {
            let looked = archive.look(plugin)?;
            // What runs so far has to be there to be compared with: after a start it may be in the ledger alone.
            self.line_up(archive, plugin, &looked.known);
            if self.is_left_behind(archive, &looked.known, new) {
                return Ok(());
            }
            let is_new = active(&looked.known).is_some_and(|active| active.version.sha256 != new.version.sha256);
            let running = self.registry.running(plugin);
            let misfits = if is_new { archive.misfits(running.as_deref(), new)? } else { Vec::new() };
            let offer = Offer { info: &new.info, imports: &new.imports };
            let policy = archive.policy(plugin);
            let arrived = upgrade::arrive(&looked.known, &new.version, offer, former, &misfits, &policy);
            let arrival = Arrival {
                version: new.version.clone(),
                info: new.info.clone(),
                imports: new.imports.clone(),
                file: file.to_owned(),
                content: Arc::clone(&bytes),
                signature: signature.clone(),
            };
            if archive.decide(plugin, &looked, Some(arrival), arrived.changes)? {
                archive.tell(arrived.news);
                let known = archive.look(plugin)?.known;
                self.line_up(archive, plugin, &known);
                return Ok(());
            }
        }
        Err(busy())
    }
}
