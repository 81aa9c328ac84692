//! Versions of plugins.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::alert::noted;
use noontide_domain::chain::{LinkState, Linked};
use noontide_domain::plugin::upgrade::{
    Arrival, Change, Decision, HandlerRecord, KnownVersion, Use, User, VersionStanding,
};
use noontide_domain::ports::{LedgerError, VersionContent, VersionMarks, Versions};
use noontide_domain::{HandlerRef, PluginName, Report, RunId};
use serde_json::Value;

use super::MemoryLedger;
use super::book::Book;

/// All versions, their bytes, and the numbers that tell of changes.
#[derive(Default)]
pub(super) struct Shelf {
    known: Vec<KnownVersion>,
    content: BTreeMap<String, Arc<[u8]>>,
    signatures: BTreeMap<String, String>,
    decisions: i64,
    endings: i64,
}

#[async_trait]
impl Versions for MemoryLedger {
    async fn marks(&self) -> Result<VersionMarks, LedgerError> {
        let book = self.book();
        let Shelf { decisions, endings, .. } = book.versions;
        Ok(VersionMarks { decisions, endings, schedules: book.revision })
    }

    async fn versions(&self, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, LedgerError> {
        let mut known = self.book().versions.known.clone();
        known.retain(|one| plugin.is_none_or(|plugin| one.version.name == *plugin));
        known.sort_by(|a, b| a.version.name.cmp(&b.version.name).then(newest_first(a, b)));
        Ok(known)
    }

    async fn content(&self, sha256: &str) -> Result<Option<VersionContent>, LedgerError> {
        let Shelf { content, signatures, .. } = &self.book().versions;
        let signature = signatures.get(sha256).cloned();
        Ok(content.get(sha256).map(|bytes| VersionContent { bytes: bytes.to_vec(), signature }))
    }

    async fn uses(&self, plugin: &PluginName) -> Result<Vec<Use>, LedgerError> {
        Ok(self.book().uses(plugin))
    }

    async fn decide(&self, decision: Decision) -> Result<bool, LedgerError> {
        let now = self.clock.now();
        self.write(|book| {
            let notices = noted::versions(&decision.plugin, &decision.changes, now);
            let is_written = book.versions.decide(decision);
            if is_written {
                book.note(notices);
            }
            Ok(is_written)
        })
    }
}

fn newest_first(a: &KnownVersion, b: &KnownVersion) -> std::cmp::Ordering {
    let of = |one: &KnownVersion| (one.last_loaded, one.first_seen);
    of(b).cmp(&of(a)).then(a.version.sha256.cmp(&b.version.sha256))
}

impl Shelf {
    fn decide(&mut self, decision: Decision) -> bool {
        if decision.seen != self.decisions {
            return false;
        }
        // The durable ledgers keep milliseconds.
        let at = decision.at.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(decision.at);
        let plugin = decision.plugin;
        if let Some(arrival) = decision.arrival {
            self.arrive(arrival, at);
        }
        for change in decision.changes {
            if let Some(one) = self.find(&plugin, &change.sha256) {
                turn(one, change, at);
            }
        }
        self.forget(&plugin, decision.keep);
        self.decisions += 1;
        true
    }

    fn arrive(&mut self, arrival: Arrival, at: DateTime<Utc>) {
        let Arrival { version, info, imports, file, content, signature } = arrival;
        self.signatures.extend(signature.map(|signature| (version.sha256.clone(), signature)));
        self.content.entry(version.sha256.clone()).or_insert_with(|| content.clone());
        let of_the_plugin = self.known.iter_mut().filter(|one| one.version.name == version.name);
        of_the_plugin.filter(|one| one.file.is_none()).for_each(|one| one.file = Some(file.clone()));
        if let Some(one) = self.find(&version.name, &version.sha256) {
            (one.file, one.last_loaded, one.info, one.imports) = (Some(file), at, info, imports);
            return;
        }
        self.known.push(KnownVersion {
            version,
            info,
            imports,
            file: Some(file),
            size: content.len() as u64,
            first_seen: at,
            last_loaded: at,
            standing: VersionStanding::Superseded,
            since: at,
            why: None,
            approved: None,
            replaces: None,
            records: BTreeMap::new(),
        });
    }

    fn forget(&mut self, plugin: &PluginName, keep: usize) {
        let (mut mine, others): (Vec<_>, Vec<_>) = self.known.drain(..).partition(|one| one.version.name == *plugin);
        mine.sort_by(newest_first);
        let in_use = |one: &KnownVersion| matches!(one.standing, VersionStanding::Active | VersionStanding::Candidate);
        let to_go_back_to: Vec<_> =
            mine.iter().filter(|one| in_use(one)).filter_map(|one| one.replaces.clone()).collect();
        let stays =
            |at: usize, one: &KnownVersion| at < keep || in_use(one) || to_go_back_to.contains(&one.version.sha256);
        let mut at = 0..;
        mine.retain(|one| stays(at.next().unwrap_or(usize::MAX), one));
        self.known = others.into_iter().chain(mine).collect();
        let known = &self.known;
        self.content.retain(|sha256, _| known.iter().any(|one| one.version.sha256 == *sha256));
    }

    fn find(&mut self, plugin: &PluginName, sha256: &str) -> Option<&mut KnownVersion> {
        self.known.iter_mut().find(|one| one.version.name == *plugin && one.version.sha256 == sha256)
    }
}

fn turn(one: &mut KnownVersion, change: Change, at: DateTime<Utc>) {
    (one.standing, one.since, one.why, one.replaces) = (change.standing, at, change.why, change.replaces);
    one.approved = change.approved.or(one.approved.take());
    if change.anew {
        one.records.clear();
    }
    if change.alone {
        one.file = None;
    }
}

impl Book {
    /// Notes how a call ended on its version.
    pub fn note_call(&mut self, run: RunId, report: &Report) {
        let Some(handler) = self.rows.get(&run).map(|row| row.order.handler.to_string()) else { return };
        let (Some(version), Some(good)) = (&report.plugin, HandlerRecord::counts(&report.outcome)) else { return };
        let Some(one) = self.versions.find(&version.name, &version.sha256) else { return };
        one.records.entry(handler).or_default().note(&report.outcome);
        if !good || one.standing == VersionStanding::Candidate {
            self.versions.endings += 1;
        }
    }

    fn uses(&self, plugin: &PluginName) -> Vec<Use> {
        let entries = self.schedules.values().filter(|entry| !entry.removed && entry.standing.schedule.enabled);
        let schedules = entries.map(|entry| entry.standing.schedule.clone());
        let schedules = schedules.filter(|schedule| schedule.handler.plugin == *plugin);
        let mut uses: Vec<_> = schedules
            .map(|schedule| Use { by: User::Schedule(schedule.name), handler: schedule.handler, input: schedule.input })
            .collect();
        let rows = self.rows.values().filter(|row| !row.state.is_final());
        let runs = rows.map(|row| (row.order.handler.clone(), row.order.input.clone()));
        uses.extend(counted(runs, plugin));
        let links = self.links.values().filter(|link| link.state == LinkState::Waiting);
        let calls = links.filter_map(|link| match &link.what {
            Linked::Call { handler, errand } => {
                Some((handler.clone(), errand.as_ref().map_or(Value::Null, |errand| errand.input.clone())))
            }
            Linked::Group { .. } => None,
        });
        uses.extend(counted(calls, plugin));
        uses
    }
}

fn counted(calls: impl Iterator<Item = (HandlerRef, Value)>, plugin: &PluginName) -> Vec<Use> {
    let mut counts: BTreeMap<(HandlerRef, String), (Value, u64)> = BTreeMap::new();
    for (handler, input) in calls.filter(|(handler, _)| handler.plugin == *plugin) {
        counts.entry((handler, input.to_string())).or_insert((input, 0)).1 += 1;
    }
    let uses = counts.into_iter();
    uses.map(|((handler, _), (input, count))| Use { by: User::Runs(count), handler, input }).collect()
}
