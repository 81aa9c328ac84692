//! What people decide: letting a version in, and going back to one.

use super::{
    Approval, Change, Judgement, KnownVersion, PluginNews, UpgradePolicy, VersionStanding, active, arrive::carried_out,
    candidate,
};

/// Why somebody's decision is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandRefusal {
    /// There is no such plugin or version.
    #[error("{0}")]
    NotFound(String),
    /// It makes no sense now.
    #[error("{0}")]
    Conflict(String),
}

/// What somebody's decision changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    /// What becomes of which version.
    pub changes: Vec<Change>,
    /// A sentence about it.
    pub news: PluginNews,
}

/// Lets a version in: the one that digest begins with, else the one that is held, else the one on trial, else the newest
/// that was rolled back. What was held or rolled back goes the way of a new version from here (with a canary it is tried
/// first); what is on trial is taken.
///
/// # Errors
/// There is no such version, or it runs already.
pub fn approve(
    known: &[KnownVersion],
    digest: Option<&str>,
    approval: &Approval,
    policy: &UpgradePolicy,
) -> Result<Handed, HandRefusal> {
    use VersionStanding::{Active, Candidate, Held, RolledBack};
    let newest = |standing| {
        let those = known.iter().filter(move |one| one.standing == standing);
        those.max_by_key(|one| one.since)
    };
    let waiting = || [Held, Candidate, RolledBack].into_iter().find_map(newest);
    let version = match digest {
        Some(digest) => by_digest(known, digest)?,
        None => waiting().ok_or_else(|| HandRefusal::Conflict(nothing_waits(known)))?,
    };
    let judged = match (version.standing, policy.canary) {
        (Active, _) => return Err(HandRefusal::Conflict(format!("{} runs already", version.label()))),
        (Candidate, _) | (_, None) => Judgement::Take,
        (_, Some(canary)) => Judgement::Canary(canary),
    };
    let (mut changes, news) = carried_out(known, &version.version, judged);
    for change in changes.iter_mut().filter(|change| change.sha256 == version.version.sha256) {
        change.approved = Some(approval.clone());
        change.anew = change.anew || version.standing != Candidate;
    }
    let standing = news.as_ref().map_or(Active, |news| news.standing);
    let words = news.map_or_else(String::new, |news| format!(" — {}", news.words));
    let words = format!("{} is approved by {}{words}", version.label(), approval.by);
    Ok(Handed { changes, news: PluginNews { version: version.version.clone(), standing, words } })
}

/// Goes back: to the version that digest begins with, else to the last good one. Without a digest a version on trial is sent
/// back and the active one goes on. `is_loaded` says that the plugin is there; if its file is gone, the version that ran last
/// is brought back without one.
///
/// # Errors
/// There is no such version, none to go back to, or it runs already.
pub fn roll_back(
    known: &[KnownVersion],
    digest: Option<&str>,
    by: &str,
    is_loaded: bool,
) -> Result<Handed, HandRefusal> {
    use VersionStanding::{Active, RolledBack};
    let running = active(known);
    let plugin = known.first().map_or_else(String::new, |one| one.version.name.to_string());
    let tell =
        |version: &KnownVersion, standing, words| PluginNews { version: version.version.clone(), standing, words };
    let bad = |one: &KnownVersion| Change::to(&one.version.sha256, RolledBack, format!("rolled back by {by}"));
    if let (None, true, Some(trial), Some(running)) = (digest, is_loaded, candidate(known), running) {
        let words = format!("plugin `{plugin}`: {} is rolled back by {by}; {} runs", trial.label(), running.label());
        return Ok(Handed { changes: vec![bad(trial)], news: tell(trial, RolledBack, words) });
    }
    let target = match digest {
        Some(digest) => by_digest(known, digest)?,
        None if !is_loaded => running.ok_or_else(|| HandRefusal::Conflict(nowhere(&plugin)))?,
        None => former(known).ok_or_else(|| HandRefusal::Conflict(nowhere(&plugin)))?,
    };
    let is_running = target.standing == Active;
    if is_running && is_loaded {
        return Err(HandRefusal::Conflict(format!("{} runs already", target.label())));
    }
    let others = running.into_iter().chain(candidate(known)).filter(|one| one.version.sha256 != target.version.sha256);
    let mut changes: Vec<_> = others.map(bad).collect();
    let back = Change::to(&target.version.sha256, Active, format!("brought back by {by}"));
    changes.push(Change { alone: !is_loaded, ..back });
    let from =
        running.filter(|_| !is_running).map_or_else(String::new, |from| format!(" in place of {}", from.label()));
    let words = format!("plugin `{plugin}`: {} is brought back by {by}{from}", target.label());
    Ok(Handed { changes, news: tell(target, Active, words) })
}

/// Where to go back to from the active version: its predecessor, else what was last in its place.
fn former(known: &[KnownVersion]) -> Option<&KnownVersion> {
    let active = active(known)?;
    let replaced = known.iter().find(|one| Some(&one.version.sha256) == active.replaces.as_ref());
    let superseded = known.iter().filter(|one| one.standing == VersionStanding::Superseded);
    replaced.or_else(|| superseded.max_by_key(|one| one.since))
}

fn by_digest<'a>(known: &'a [KnownVersion], digest: &str) -> Result<&'a KnownVersion, HandRefusal> {
    let found: Vec<_> = known.iter().filter(|one| one.version.sha256.starts_with(digest)).collect();
    match found.as_slice() {
        [one] if !digest.is_empty() => Ok(one),
        [] => {
            let all: Vec<_> = known.iter().map(KnownVersion::label).collect();
            Err(HandRefusal::NotFound(format!("no version begins with `{digest}`; known are {}", all.join(", "))))
        }
        _ => Err(HandRefusal::Conflict(format!("several versions begin with `{digest}`; give more of the digest"))),
    }
}

fn nothing_waits(known: &[KnownVersion]) -> String {
    match active(known) {
        Some(active) => format!("nothing waits to be let in; {} runs", active.label()),
        None => "nothing waits to be let in".to_owned(),
    }
}

fn nowhere(plugin: &str) -> String {
    format!("there is no version of `{plugin}` to go back to; `noontide plugin versions {plugin}` shows what is known")
}
