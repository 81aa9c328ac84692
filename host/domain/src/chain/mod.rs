//! Calls that follow one another.
//!
//! A [`Chain`] is a call, or a group of chains side by side, with what follows: `then` on success, `on-failure` on any other
//! end. [`lay_out`] makes it flat: the calls that begin at once are [`Fire`](crate::ports::Fire)s, and each call and each
//! group is a [`Link`], which knows what it comes after and which group waits for it. The ledger keeps the links. Whenever a
//! run of a chain comes to its end, [`Ended`] says what follows and what is never reached; the ledger writes that in the
//! transaction of the end.
//!
//! A group waits for its members, and a member is all that its `then` leads to: for each group a number says how many calls
//! and groups have yet to succeed. The first end that is no success fails the group, and so the group around it; the other
//! members go on.

mod ended;
mod lay_out;
mod origin;

use serde::{Deserialize, Serialize};

use crate::{Errand, HandlerRef, RunId, RunState, TraceParent};

pub use ended::{Ended, Tally, tally};
pub use lay_out::{CALLS, DEPTH, LaidOut, Refusal, lay_out};
pub use origin::{MemberResult, Origin, RESULTS};

/// A call, or calls side by side, and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// What comes first.
    pub first: First,
    /// Comes after its success.
    pub then: Vec<Chain>,
    /// Comes after any other end of it.
    pub on_failure: Vec<Chain>,
}

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum First {
    /// A call.
    Call(Box<Errand>),
    /// Chains side by side. What follows waits for all of them.
    Group {
        /// Chosen by the client, for a group that nothing comes before; the same group again is a duplicate.
        key: Option<String>,
        /// At least one.
        members: Vec<Chain>,
    },
}

impl Chain {
    /// The same, all of it as a part of `trace`.
    pub fn within(mut self, trace: &TraceParent) -> Self {
        let each = |chains: Vec<Chain>| chains.into_iter().map(|chain| chain.within(trace)).collect();
        match &mut self.first {
            First::Call(errand) => errand.trace = Some(trace.clone()),
            First::Group { members, .. } => *members = each(std::mem::take(members)),
        }
        Self { then: each(self.then), on_failure: each(self.on_failure), ..self }
    }
}

impl From<Errand> for Chain {
    fn from(errand: Errand) -> Self {
        Self { first: First::Call(Box::new(errand)), then: Vec::new(), on_failure: Vec::new() }
    }
}

/// After which end something comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Branch {
    /// After a success.
    Then,
    /// After any other end: failed, cancelled, skipped, expired.
    OnFailure,
}

impl Branch {
    /// What comes after a run that ended so.
    pub fn after(state: RunState) -> Self {
        if state == RunState::Succeeded { Branch::Then } else { Branch::OnFailure }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Branch::Then => Branch::OnFailure,
            Branch::OnFailure => Branch::Then,
        }
    }

    /// The word in JSON, and in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Branch::Then => "then",
            Branch::OnFailure => "on-failure",
        }
    }
}

/// One call or one group of a chain, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Of the run, which may not be there yet; or of the group. Ids of one chain ascend in the order in which it was written.
    pub id: RunId,
    /// The id of what the chain begins with.
    pub chain: RunId,
    /// Where in the chain: `then[0].group[3]`; empty for what it begins with.
    pub path: String,
    /// The run or group it comes after; `None` for what begins at once.
    pub after: Option<RunId>,
    /// After which end of it.
    pub branch: Branch,
    /// The group that waits for it.
    pub waiter: Option<RunId>,
    /// Its result is that of this member of the group that waits for it, counted from 0.
    pub member: Option<u32>,
    /// A call or a group.
    pub what: Linked,
    /// How far it has come.
    pub state: LinkState,
    /// Why it is never reached, in words.
    pub why: Option<String>,
}

/// What a link is.
#[derive(Debug, Clone, PartialEq)]
pub enum Linked {
    /// A call.
    Call {
        /// What is called.
        handler: HandlerRef,
        /// How; gone once there is a run.
        errand: Option<Box<Errand>>,
    },
    /// A group.
    Group {
        /// How many calls and groups have yet to succeed.
        missing: u32,
    },
}

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// A call that has yet to be reached; a group that is not over.
    Waiting,
    /// A call with a run; the run says how it goes.
    Made,
    /// Never comes.
    Unreached,
    /// A group whose members all have.
    Succeeded,
    /// A group with a member that has not.
    Failed,
}

impl LinkState {
    /// All of them, each at the place of its number in the ledger.
    pub const ALL: [LinkState; 5] =
        [LinkState::Waiting, LinkState::Made, LinkState::Unreached, LinkState::Succeeded, LinkState::Failed];

    /// The word in API and CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            LinkState::Waiting => "waiting",
            LinkState::Made => "made",
            LinkState::Unreached => "unreached",
            LinkState::Succeeded => "succeeded",
            LinkState::Failed => "failed",
        }
    }
}

impl Link {
    /// The path of a group's first member: it has a run as soon as the group begins.
    pub fn first_member(&self) -> String {
        format!("{}0]", within(&self.path, "group"))
    }

    /// Whether `other` is this link or lies within it: comes after it, is a member of it, or follows one of those.
    pub fn holds(&self, other: &Link) -> bool {
        self.chain == other.chain
            && other
                .path
                .strip_prefix(&self.path)
                .is_some_and(|rest| rest.is_empty() || self.path.is_empty() || rest.starts_with('.'))
    }
}

/// The path of what comes after `path`, as far as the number.
pub fn branch_of(path: &str, branch: Branch) -> String {
    within(path, branch.as_str())
}

pub(crate) fn within(path: &str, word: &str) -> String {
    if path.is_empty() { format!("{word}[") } else { format!("{path}.{word}[") }
}

#[cfg(test)]
mod tests;
