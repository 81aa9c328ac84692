//! Whether the active version, or the one on trial, has to go back, or has done well enough.

use super::{
    Arrived, Change, HandlerRecord, KnownVersion, PluginNews, UpgradePolicy, VersionStanding, active, candidate,
};
use crate::HandlerRef;

/// What the records say. A handler speaks against a version if it failed `rollback-after` times in a row, its predecessor
/// offers it too and did not fail at least half of its newest calls, and it has not been doing well for long
/// ([`HandlerRecord::is_proven`]): what breaks weeks after an upgrade is not the upgrade. What the host went back to has no
/// predecessor, so that an outage of something else ends there.
pub fn verdict(known: &[KnownVersion], policy: &UpgradePolicy) -> Arrived {
    on_trial(known, policy).or_else(|| on_active(known, policy)).unwrap_or_default()
}

/// The digest of the version to go back to from whatever comes next: the active one, unless that is failing where its own
/// predecessor did not.
pub fn last_good(known: &[KnownVersion]) -> Option<&str> {
    let active = active(known)?;
    match base(known, active) {
        Some(base) if blame(active, base, 1).is_some() => Some(&base.version.sha256),
        _ => Some(&active.version.sha256),
    }
}

fn on_active(known: &[KnownVersion], policy: &UpgradePolicy) -> Option<Arrived> {
    let bad = active(known)?;
    let base = base(known, bad)?;
    let why = blame(bad, base, policy.rollback_after)?;
    let back =
        Change::to(&base.version.sha256, VersionStanding::Active, format!("went back to it from {}", bad.label()));
    Some(sent_back(bad, &why, &base.label(), Some(back)))
}

fn on_trial(known: &[KnownVersion], policy: &UpgradePolicy) -> Option<Arrived> {
    let trial = candidate(known)?;
    let old = active(known);
    let goes_on = old.map_or_else(|| "nothing".to_owned(), KnownVersion::label);
    let base = base(known, trial).or(old);
    if let Some(why) = base.and_then(|base| blame(trial, base, policy.rollback_after)) {
        return Some(sent_back(trial, &why, &goes_on, None));
    }
    let Some(canary) = policy.canary else { return Some(taken(trial, old)) };
    let (good, bad) = trial.calls();
    if good + bad < u64::from(canary.runs) {
        return None;
    }
    match base.and_then(|base| did_worse(trial, base)) {
        Some(why) => Some(sent_back(trial, &why, &goes_on, None)),
        None => Some(taken(trial, old)),
    }
}

fn base<'a>(known: &'a [KnownVersion], of: &KnownVersion) -> Option<&'a KnownVersion> {
    let sha256 = of.replaces.as_ref()?;
    known.iter().find(|one| one.version.sha256 == *sha256)
}

/// The handler that speaks against `new`, in words.
fn blame(new: &KnownVersion, base: &KnownVersion, after: u32) -> Option<String> {
    let (handler, record) = new.records.iter().find(|(handler, record)| {
        let failed_before = base.records.get(*handler).is_some_and(HandlerRecord::is_failing);
        after > 0 && record.streak >= after && !record.is_proven() && offers(base, handler) && !failed_before
    })?;
    let error = record.last_error.as_deref().unwrap_or("no words");
    let times = if record.streak == 1 { "once".to_owned() } else { format!("{} times in a row", record.streak) };
    Some(format!("`{handler}` failed {times} ({error}), and did not on {}", base.label()))
}

/// Whether more calls of a handler failed than the predecessor's would have, and one in ten beyond that.
fn did_worse(new: &KnownVersion, base: &KnownVersion) -> Option<String> {
    new.records.iter().find_map(|(handler, record)| {
        let calls = record.good + record.bad;
        let before = base.records.get(handler).filter(|before| before.recent_calls() > 0);
        let expected = before.map_or(0, |before| (before.recent_bad() * calls).div_ceil(before.recent_calls()));
        let error = record.last_error.as_deref().unwrap_or("no words");
        (offers(base, handler) && record.bad > expected + calls / 10).then(|| {
            format!("`{handler}` failed in {} of {calls} calls ({error}), more than on {}", record.bad, base.label())
        })
    })
}

/// What the predecessor does not offer was not better there.
fn offers(version: &KnownVersion, handler: &str) -> bool {
    let Ok(called) = handler.parse::<HandlerRef>() else { return false };
    let offered = &version.info.handlers;
    called.handler.map_or(offered.len() == 1, |name| offered.iter().any(|one| one.name == name))
}

fn sent_back(bad: &KnownVersion, why: &str, goes_on: &str, back: Option<Change>) -> Arrived {
    let plugin = &bad.version.name;
    let words = format!(
        "plugin `{plugin}`: {} is rolled back: {why}; {goes_on} runs — the same bytes are not taken again, unless \
         `noontide plugin approve {plugin}` lets them in",
        bad.label()
    );
    let standing = VersionStanding::RolledBack;
    let mut changes = vec![Change::to(&bad.version.sha256, standing, why.to_owned())];
    changes.extend(back);
    Arrived { changes, news: Some(PluginNews { version: bad.version.clone(), standing, words }) }
}

fn taken(trial: &KnownVersion, old: Option<&KnownVersion>) -> Arrived {
    let (good, bad) = trial.calls();
    let (plugin, new, standing) = (&trial.version.name, trial.label(), VersionStanding::Active);
    let words = format!("plugin `{plugin}`: {new} did well ({good} calls good, {bad} bad) and is taken");
    let superseded =
        old.map(|old| Change::to(&old.version.sha256, VersionStanding::Superseded, format!("{new} did well")));
    let active = Change { replaces: trial.replaces.clone(), ..Change::to(&trial.version.sha256, standing, None) };
    let news = PluginNews { version: trial.version.clone(), standing, words };
    Arrived { changes: superseded.into_iter().chain([active]).collect(), news: Some(news) }
}
