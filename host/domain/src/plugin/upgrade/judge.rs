//! Whether a new version may take the place of the active one.

use super::{Canary, Misfit, Offer, UpgradePolicy, User, wider};

/// What becomes of a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is active from now on.
    Take,
    /// It is tried first.
    Canary(Canary),
    /// It is not let in; the active one goes on.
    Hold {
        /// Why, in words.
        reasons: Vec<String>,
    },
}

/// Judges `new`. The first version of a plugin (`old` is `None`) is always taken: there is nothing to keep. `is_known` says
/// that it was let in before, so that what it wants is no news; `misfits` are what could be carried out so far.
pub fn judge(
    old: Option<Offer<'_>>,
    new: Offer<'_>,
    is_known: bool,
    misfits: &[Misfit],
    policy: &UpgradePolicy,
) -> Judgement {
    let Some(old) = old else { return Judgement::Take };
    let mut reasons = Vec::new();
    let more = if is_known || policy.take_wider { Vec::new() } else { wider(old, new) };
    if !more.is_empty() {
        reasons.push(format!("it wants more: {}", more.join(", ")));
    }
    if !policy.take_incompatible {
        reasons.extend(in_words(misfits));
    }
    match (reasons.is_empty(), policy.canary) {
        (false, _) => Judgement::Hold { reasons },
        (true, Some(canary)) => Judgement::Canary(canary),
        (true, None) => Judgement::Take,
    }
}

/// Misfits told in full; of more there is a count.
const TOLD: usize = 5;

fn in_words(misfits: &[Misfit]) -> Vec<String> {
    let mut words: Vec<String> = misfits.iter().take(TOLD).map(Misfit::words).collect();
    if misfits.len() > TOLD {
        words.push(format!("and {} more", misfits.len() - TOLD));
    }
    words
}

impl Misfit {
    /// Who could not be carried out, and why.
    pub fn words(&self) -> String {
        match &self.by {
            User::Schedule(name) => format!("schedule `{name}`: {}", self.reason),
            User::Runs(1) => format!("a run that waits or goes on: {}", self.reason),
            User::Runs(count) => format!("{count} runs that wait or go on: {}", self.reason),
        }
    }
}
