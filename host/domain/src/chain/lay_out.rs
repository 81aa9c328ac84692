//! From a chain as it was asked for to fires and links.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{Branch, Chain, First, Link, LinkState, Linked, within};
use crate::ports::Fire;
use crate::{Errand, Key, RunId};

/// Calls in one chain, those of its groups included: what a few seconds carry out, and one transaction writes.
pub const CALLS: usize = 10_000;

/// How deep `then` and `group` may be within each other: as deep as JSON is read.
pub const DEPTH: usize = 50;

/// What a chain is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaidOut {
    /// Calls that begin now, in the order in which they were written.
    pub fires: Vec<Fire>,
    /// Everything in it; empty for a call that nothing follows.
    pub links: Vec<Link>,
}

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As in [`Link::path`], with the field at the end: `then[0].group[3].expires`.
    pub path: String,
    /// In words.
    pub reason: String,
}

impl Refusal {
    /// The field `name` at `path` is wrong.
    pub fn field(path: &str, name: &str, reason: impl Into<String>) -> Self {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        Self { path, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "`{path}`: {}", self.reason),
        }
    }
}

/// Makes a chain that is asked for at `now` flat.
///
/// # Errors
/// It is too long or too deep, a group is empty, only what comes first may have a key, an end comes before its beginning.
pub fn lay_out(chain: Chain, now: DateTime<Utc>) -> Result<LaidOut, Refusal> {
    let id = RunId::new();
    let mut desk = Desk { chain: id, key: None, now, calls: 0, out: LaidOut::default() };
    let seat =
        Seat { id, path: String::new(), after: None, branch: Branch::Then, waiter: None, member: None, depth: 0 };
    desk.lay(chain, seat)?;
    if let [Link { what: Linked::Call { .. }, .. }] = desk.out.links[..] {
        desk.out.links.clear();
        desk.out.fires.iter_mut().for_each(|fire| fire.order.chain = None);
    }
    Ok(desk.out)
}

struct Desk {
    chain: RunId,
    /// Of a group that the chain begins with.
    key: Option<String>,
    now: DateTime<Utc>,
    calls: usize,
    out: LaidOut,
}

/// Where something is put.
struct Seat {
    id: RunId,
    path: String,
    after: Option<RunId>,
    branch: Branch,
    waiter: Option<RunId>,
    member: Option<u32>,
    depth: usize,
}

impl Desk {
    /// Puts the chain down; how many calls and groups a group around it has to wait for.
    fn lay(&mut self, chain: Chain, seat: Seat) -> Result<u32, Refusal> {
        if seat.depth > DEPTH {
            let reason = format!("more than {DEPTH} levels of `then` and `group` are too deep; put calls side by side");
            return Err(Refusal { path: seat.path, reason });
        }
        let (id, waiter, depth) = (seat.id, seat.waiter, seat.depth);
        let path = seat.path.clone();
        // The result of a member is that of its last call.
        let last = chain.then.first().is_some_and(|next| next.has_a_last());
        let (own, passed_on) = if last { (None, seat.member) } else { (seat.member, None) };
        let mut weight = 1;
        match chain.first {
            First::Call(errand) => self.call(*errand, Seat { member: own, ..seat })?,
            First::Group { key, members } => self.group(key, members, Seat { member: None, ..seat })?,
        }
        for (branch, chains) in [(Branch::Then, chain.then), (Branch::OnFailure, chain.on_failure)] {
            for (i, next) in chains.into_iter().enumerate() {
                let on_the_way = branch == Branch::Then;
                let seat = Seat {
                    id: RunId::new(),
                    path: format!("{}{i}]", within(&path, branch.as_str())),
                    after: Some(id),
                    branch,
                    waiter: waiter.filter(|_| on_the_way),
                    member: passed_on.filter(|_| on_the_way && i == 0),
                    depth: depth + 1,
                };
                let more = self.lay(next, seat)?;
                weight += if on_the_way { more } else { 0 };
            }
        }
        Ok(weight)
    }

    fn call(&mut self, errand: Errand, seat: Seat) -> Result<(), Refusal> {
        self.calls += 1;
        if self.calls > CALLS {
            let reason = format!("this is call {}; a chain has at most {CALLS}", self.calls);
            return Err(Refusal { path: seat.path, reason });
        }
        if errand.key.is_some() && !seat.path.is_empty() {
            let reason = "only what a chain begins with takes a key; the others have theirs from their path in it";
            return Err(Refusal::field(&seat.path, "key", reason));
        }
        // Once it is reached it is looked at again; what can be seen to be wrong now is refused now.
        let wrong = |(field, reason): (&'static str, String)| Refusal::field(&seat.path, field, reason);
        let trace_id = trace_id(self.chain, &errand);
        let mut fire = errand.clone().fire(self.now).map_err(wrong)?;
        if seat.after.is_some() {
            let handler = errand.handler.clone();
            self.push(seat, Linked::Call { handler, errand: Some(Box::new(errand)) }, LinkState::Waiting);
            return Ok(());
        }
        fire.order.id = seat.id;
        fire.order.chain = Some(self.chain);
        fire.order.trace_id = trace_id;
        fire.order.key = match (&self.key, seat.path.as_str()) {
            (Some(key), path) => Key::member(key, path),
            (None, "") if errand.key.is_some() => fire.order.key,
            (None, "") => Key::manual(seat.id),
            (None, path) => Key::link(self.chain, path),
        };
        self.out.fires.push(fire);
        self.push(seat, Linked::Call { handler: errand.handler, errand: None }, LinkState::Made);
        Ok(())
    }

    fn group(&mut self, key: Option<String>, members: Vec<Chain>, seat: Seat) -> Result<(), Refusal> {
        if members.is_empty() {
            return Err(Refusal::field(&seat.path, "group", "it is empty; a group has at least one call"));
        }
        if key.is_some() && !seat.path.is_empty() {
            let reason = "only what a chain begins with takes a key; the others have theirs from their path in it";
            return Err(Refusal::field(&seat.path, "key", reason));
        }
        self.key = self.key.take().or(key);
        let (id, path, after, branch, depth) = (seat.id, seat.path.clone(), seat.after, seat.branch, seat.depth);
        let at = self.out.links.len();
        self.push(seat, Linked::Group { missing: 0 }, LinkState::Waiting);
        let mut all = 0;
        for (i, member) in members.into_iter().enumerate() {
            let path = format!("{}{i}]", within(&path, "group"));
            if matches!(member.first, First::Group { .. }) {
                let reason =
                    "a group cannot be a member itself; put its calls beside the others, or behind one with `then`";
                return Err(Refusal::field(&path, "group", reason));
            }
            let number = u32::try_from(i).ok();
            let seat =
                Seat { id: RunId::new(), path, after, branch, waiter: Some(id), member: number, depth: depth + 1 };
            all += self.lay(member, seat)?;
        }
        self.out.links[at].what = Linked::Group { missing: all };
        Ok(())
    }

    fn push(&mut self, seat: Seat, what: Linked, state: LinkState) {
        let Seat { id, path, after, branch, waiter, member, depth: _ } = seat;
        self.out.links.push(Link {
            id,
            chain: self.chain,
            path,
            after,
            branch,
            waiter,
            member,
            what,
            state,
            why: None,
        });
    }
}

impl Chain {
    /// Whether something in it can stand for its result: a call at its end.
    fn has_a_last(&self) -> bool {
        match &self.first {
            First::Call(_) => true,
            First::Group { .. } => self.then.first().is_some_and(Chain::has_a_last),
        }
    }
}

/// One trace from the first of a chain to its last: the caller's, or the chain's own.
pub(super) fn trace_id(chain: RunId, errand: &Errand) -> String {
    errand.trace.as_ref().map_or_else(|| chain.0.simple().to_string(), |trace| trace.trace_id.clone())
}
