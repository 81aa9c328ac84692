//! What the end of a run, or of a group, means for its chain. Pure: the ledger reads, asks here, and writes.

use std::collections::HashMap;

use super::{Branch, Link, LinkState, branch_of};
use crate::{RunId, RunState};

/// A run or a group of a chain that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The run or the group.
    pub id: RunId,
    /// The chain it belongs to.
    pub chain: RunId,
    /// Where in the chain.
    pub path: String,
    /// The group that waits for it.
    pub waiter: Option<RunId>,
    /// The run that decided how it ended; of a run, itself.
    pub by: RunId,
    /// How that run ended. For a group, success is that of all its members.
    pub state: RunState,
}

impl Ended {
    /// Of a run that ended so.
    pub fn run(link: &Link, state: RunState) -> Self {
        Self { by: link.id, ..Self::group(link, link.id, state) }
    }

    /// Of a group that `by` ended.
    pub fn group(link: &Link, by: RunId, state: RunState) -> Self {
        Self { id: link.id, chain: link.chain, path: link.path.clone(), waiter: link.waiter, by, state }
    }

    /// What comes now.
    pub fn follows(&self) -> Branch {
        Branch::after(self.state)
    }

    /// How the paths begin that are never reached now.
    pub fn unreached(&self) -> String {
        branch_of(&self.path, self.follows().other())
    }

    /// Why they are not, in words.
    pub fn why(&self) -> String {
        let state = self.state.as_str();
        match (self.is_group(), self.follows()) {
            (false, _) => format!("run {} {state}", self.by),
            (true, Branch::Then) => format!("group {} succeeded", self.id),
            (true, Branch::OnFailure) => format!("run {} of group {} {state}", self.by, self.id),
        }
    }

    /// Whether it is a group that another ended.
    pub fn is_group(&self) -> bool {
        self.by != self.id
    }
}

/// What several ends mean for one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The group.
    pub group: RunId,
    /// How many of them are successes.
    pub succeeded: u32,
    /// The last of them.
    pub last: RunId,
    /// The first that is none, and how it ended.
    pub failed: Option<(RunId, RunState)>,
}

impl Tally {
    /// What becomes of the group of which so many have yet to succeed: how many there are then, and its state.
    pub fn applied(&self, missing: u32) -> (u32, LinkState) {
        let left = missing.saturating_sub(self.succeeded);
        match self.failed {
            Some(_) => (left, LinkState::Failed),
            None if left == 0 => (left, LinkState::Succeeded),
            None => (left, LinkState::Waiting),
        }
    }

    /// Who decided how the group ended, and how that run did.
    pub fn decided(&self) -> (RunId, RunState) {
        self.failed.unwrap_or((self.last, RunState::Succeeded))
    }
}

/// What the ends mean for the groups that wait for them, in the order of the ends.
pub fn tally(ended: &[Ended]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    let mut paths: HashMap<RunId, usize> = HashMap::new();
    for one in ended {
        let Some(group) = one.waiter else { continue };
        let at = *paths.entry(group).or_insert_with(|| {
            tallies.push(Tally { group, succeeded: 0, last: one.by, failed: None });
            tallies.len() - 1
        });
        let tally = &mut tallies[at];
        match one.follows() {
            Branch::Then => {
                tally.succeeded += 1;
                tally.last = one.by;
            }
            Branch::OnFailure => tally.failed = tally.failed.or(Some((one.by, one.state))),
        }
    }
    tallies
}
