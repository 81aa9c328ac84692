//! Bytes come: what that changes, given what the ledger knows.

use super::{
    Change, Judgement, KnownVersion, Misfit, Offer, PluginNews, UpgradePolicy, VersionStanding, active, judge, label,
    last_good,
};
use crate::PluginVersion;

/// What an arrival changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrived {
    /// What becomes of which version; empty if the bytes are what runs, or were sent back before.
    pub changes: Vec<Change>,
    /// What people want to hear.
    pub news: Option<PluginNews>,
}

/// Judges bytes in the folder. `former` is the digest the same file had before, if this host has seen it: what it brought and
/// was not taken yet is taken back by its author.
pub fn arrive(
    known: &[KnownVersion],
    version: &PluginVersion,
    offer: Offer<'_>,
    former: Option<&str>,
    misfits: &[Misfit],
    policy: &UpgradePolicy,
) -> Arrived {
    use VersionStanding::{Active, Candidate, Held, RolledBack, Superseded};
    let mine = known.iter().find(|one| one.version.sha256 == version.sha256);
    let waits = |one: &&KnownVersion| matches!(one.standing, Candidate | Held) && one.version.sha256 != version.sha256;
    let taken_back = known.iter().filter(waits).filter(|one| Some(one.version.sha256.as_str()) == former);
    let why = || format!("its file holds {} now", label(version));
    let mut changes: Vec<_> = taken_back.map(|one| Change::to(&one.version.sha256, Superseded, why())).collect();
    match mine.map(|one| one.standing) {
        Some(Active | Candidate | RolledBack) => Arrived { changes, news: None },
        Some(Held | Superseded) | None => {
            let is_known = mine.is_some_and(|one| one.approved.is_some() || one.standing == Superseded);
            let judged = judge(active(known).map(KnownVersion::offer), offer, is_known, misfits, policy);
            let (mut change, news) = carried_out(known, version, judged);
            // Held for the same reasons as before, say after a restart: since when stays.
            let is_held = |change: &Change| {
                mine.is_some_and(|mine| mine.standing == Held && change.standing == Held && mine.why == change.why)
            };
            change.retain(|one| !is_held(one));
            changes.retain(|other| other.standing != Superseded || !is_among(&change, &other.sha256));
            changes.extend(change);
            Arrived { changes, news }
        }
    }
}

/// Looks again at a version that is held: schedules or policies have changed.
pub fn rejudge(known: &[KnownVersion], held: &KnownVersion, misfits: &[Misfit], policy: &UpgradePolicy) -> Arrived {
    let old = active(known).map(KnownVersion::offer);
    match judge(old, held.offer(), held.approved.is_some(), misfits, policy) {
        Judgement::Hold { reasons } if held.why.as_deref() == Some(&reasons.join("; ")) => Arrived::default(),
        judged => {
            let (changes, news) = carried_out(known, &held.version, judged);
            Arrived { changes, news }
        }
    }
}

fn is_among(changes: &[Change], sha256: &str) -> bool {
    changes.iter().any(|change| change.sha256 == sha256)
}

/// A judgement as changes and a sentence.
pub(super) fn carried_out(
    known: &[KnownVersion],
    version: &PluginVersion,
    judged: Judgement,
) -> (Vec<Change>, Option<PluginNews>) {
    use VersionStanding::{Active, Candidate, Held, Superseded};
    let old = active(known).filter(|old| old.version.sha256 != version.sha256);
    let (plugin, new) = (&version.name, label(version));
    let base = last_good(known).filter(|base| *base != version.sha256).map(str::to_owned);
    let tell = |standing, words| Some(PluginNews { version: version.clone(), standing, words });
    let others = |standing: VersionStanding| {
        known.iter().filter(move |one| one.standing == standing && one.version.sha256 != version.sha256)
    };
    let superseded = |one: &KnownVersion| Change::to(&one.version.sha256, Superseded, format!("{new} came after it"));
    match judged {
        Judgement::Take => {
            let mut changes: Vec<_> = [Active, Candidate, Held].into_iter().flat_map(others).map(superseded).collect();
            changes.push(Change { replaces: base, ..Change::to(&version.sha256, Active, None) });
            let words = old.map(|old| format!("plugin `{plugin}`: {new} takes the place of {}", old.label()));
            (changes, words.and_then(|words| tell(Active, words)))
        }
        Judgement::Canary(canary) => {
            let mut changes: Vec<_> = [Candidate, Held].into_iter().flat_map(others).map(superseded).collect();
            changes.push(Change { replaces: base, anew: true, ..Change::to(&version.sha256, Candidate, None) });
            let share =
                if canary.share < 100 { format!("{} % of the runs", canary.share) } else { "the next runs".into() };
            let words = format!(
                "plugin `{plugin}`: {new} is tried on {share}; it is taken once {} calls of it did well",
                canary.runs
            );
            (changes, tell(Candidate, words))
        }
        Judgement::Hold { reasons } => {
            let mut changes: Vec<_> = others(Held).map(superseded).collect();
            let why = reasons.join("; ");
            let goes_on = old.map_or_else(String::new, |old| format!("; {} goes on", old.label()));
            let words = format!(
                "plugin `{plugin}`: {new} is held: {why}{goes_on} — `noontide plugin approve {plugin}` lets it in"
            );
            changes.push(Change::to(&version.sha256, Held, why));
            (changes, tell(Held, words))
        }
    }
}
