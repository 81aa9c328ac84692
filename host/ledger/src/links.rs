//! Chains: what the end of a run makes due, in the transaction of that end. Whatever is done for one end is done for all
//! ends of a transaction in one statement, so that a group of ten thousand costs no more for each.

use std::collections::{HashMap, HashSet};

use noontide_domain::chain::{Branch, Ended, LinkState, Linked, MemberResult, Origin, RESULTS, tally};
use noontide_domain::{Link, Outcome, RunId, RunState};
use serde_json::{Value, json};

use crate::batch::Batch;
use crate::insert::{self, NewRow};
use crate::query::{Statement, query};
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(links: WRITE, ENDS, NEXT, MADE, UNREACHED, GROUPS, TALLY, DECIDED, SIZES, RESULTS_OF);

/// What stands around a result in the row of its run, in bytes, and a little more.
const AROUND: i64 = 64;

/// The links of new chains.
pub(crate) async fn write(links: &[&Link], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let rows = links.iter().map(|link| columns(link)).collect::<Result<Vec<_>, _>>()?;
    many(WRITE, rows, desk).await
}

/// In the order of [`WRITE`].
fn columns(link: &Link) -> Result<Value, sqlx::Error> {
    let (handler, errand, missing) = match &link.what {
        Linked::Call { handler, errand } => (Some(handler), errand.as_ref(), None),
        Linked::Group { missing } => (None, None, Some(missing)),
    };
    Ok(json!([
        hex(link.id),
        hex(link.chain),
        link.path,
        link.after.map(hex),
        rows::branch_number(link.branch),
        link.waiter.map(hex),
        link.member,
        handler,
        errand.map(|errand| rows::to_json("errand", errand)).transpose()?,
        missing,
        rows::link_number(link.state),
    ]))
}

/// Writes what follows the ends of these runs of chains.
pub(crate) async fn follow(runs: &[RunId], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if runs.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = runs.iter().copied().map(hex).collect();
    let mut ended = Vec::with_capacity(runs.len());
    for row in query(ENDS).bind(json!(ids).to_string()).all(&mut *desk).await? {
        ended.push(Ended::run(&rows::link(&row)?, rows::state_in("run_state", &row)?));
    }
    follow_all(ended, desk).await
}

/// The ends of runs may end groups, and so on outwards: as many rounds as groups lie in each other.
pub(crate) async fn follow_all(mut ended: Vec<Ended>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    while !ended.is_empty() {
        take_up(&ended, desk).await?;
        leave_out(&ended, desk).await?;
        ended = groups(&ended, desk).await?;
    }
    Ok(())
}

/// Makes the runs that come next.
async fn take_up(ended: &[Ended], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let told: Vec<_> = ended.iter().map(|one| json!([hex(one.id), rows::branch_number(one.follows())])).collect();
    let next = query(NEXT).bind(Value::Array(told).to_string()).all(&mut *desk).await?;
    if next.is_empty() {
        return Ok(());
    }
    let next = next.iter().map(rows::link).collect::<Result<Vec<_>, _>>()?;
    let origins = origins(ended, &next, desk).await?;
    let mut made = Vec::with_capacity(next.len());
    let mut new = Batch::parted();
    for link in &next {
        let origin = link.after.and_then(|after| origins.get(&after)).cloned();
        if let Some(fire) = origin.and_then(|origin| link.fire(origin, desk.now)) {
            NewRow::ready(&fire, desk.now).put(&mut new)?;
            made.push(Value::from(hex(link.id)));
        }
    }
    desk.nudge |= !new.is_empty();
    many(MADE, made, desk).await?;
    insert::insert(new, desk.now, desk).await
}

/// What the next ones are told: only of ends that something comes after.
async fn origins(ended: &[Ended], next: &[Link], desk: &mut Desk<'_>) -> Result<HashMap<RunId, Origin>, sqlx::Error> {
    let before: HashSet<_> = next.iter().filter_map(|link| link.after).collect();
    let (groups, others): (Vec<_>, Vec<_>) = ended
        .iter()
        .filter(|one| before.contains(&one.id))
        .partition(|one| one.is_group() && one.follows() == Branch::Then);
    let mut origins = HashMap::with_capacity(before.len());
    for group in groups {
        origins.insert(group.id, gathered(group.id, desk).await?);
    }
    let decided: Vec<_> = others.iter().map(|one| hex(one.by)).collect();
    let mut rows = HashMap::new();
    for row in query(DECIDED).bind(json!(decided).to_string()).all(&mut *desk).await? {
        rows.insert(RunId(rows::uuid(&row, "id")?), row);
    }
    for one in others {
        let (outcome, reason) = match rows.get(&one.by) {
            Some(row) => (rows::maybe_json("outcome", row)?, rows::maybe_json("reason", row)?),
            None => (None, None),
        };
        let group = one.is_group().then_some(one.id);
        let origin = Origin::of_run(one.by, group, one.state, outcome.as_ref(), reason.as_ref());
        origins.insert(one.id, origin);
    }
    Ok(origins)
}

/// The results of a group's members.
async fn gathered(group: RunId, desk: &mut Desk<'_>) -> Result<Origin, sqlx::Error> {
    let sizes = query(SIZES).bind(group).all(&mut *desk).await?;
    let mut most = 0;
    let mut runs = Vec::with_capacity(sizes.len());
    for row in &sizes {
        most += (row.try_get::<i64>("bytes")? - AROUND).max(0);
        runs.push(RunId(rows::uuid(row, "id")?));
    }
    if usize::try_from(most).is_ok_and(|most| most > RESULTS) {
        return Ok(Origin::of_large_group(group, runs));
    }
    let mut results = Vec::with_capacity(runs.len());
    for row in query(RESULTS_OF).bind(group).all(&mut *desk).await? {
        let result = match rows::maybe_json("outcome", &row)? {
            Some(Outcome::Succeeded { result }) => result,
            _ => None,
        };
        results.push(MemberResult { run: RunId(rows::uuid(&row, "id")?), result });
    }
    Ok(Origin::of_group(group, results))
}

async fn leave_out(ended: &[Ended], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let gone = ended.iter().map(|one| range(one.chain, &one.unreached(), &one.why())).collect();
    many(UNREACHED, gone, desk).await
}

/// All paths that begin with `first`, which ends in a bracket or a dot.
pub(crate) fn range(chain: RunId, first: &str, why: &str) -> Value {
    let mut last = first.to_owned();
    // Both signs have a successor in ASCII.
    let sign = last.pop().map(|sign| char::from(sign as u8 + 1));
    last.extend(sign);
    json!([hex(chain), first, last, why])
}

/// Counts for the groups that wait; gives back those that are over now.
async fn groups(ended: &[Ended], desk: &mut Desk<'_>) -> Result<Vec<Ended>, sqlx::Error> {
    let tallies = tally(ended);
    if tallies.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = tallies.iter().map(|tally| hex(tally.group)).collect();
    let mut over = Vec::new();
    let mut told = Vec::new();
    for row in query(GROUPS).bind(json!(ids).to_string()).all(&mut *desk).await? {
        let link = rows::link(&row)?;
        let Some(tally) = tallies.iter().find(|tally| tally.group == link.id) else { continue };
        let Linked::Group { missing } = link.what else { continue };
        let (missing, state) = tally.applied(missing);
        told.push(json!([hex(link.id), missing, rows::link_number(state)]));
        if state != LinkState::Waiting {
            let (by, how) = tally.decided();
            over.push(Ended::group(&link, by, how));
        }
    }
    many(TALLY, told, desk).await?;
    Ok(over)
}

/// Whether the row, just written, is the end of a run of a chain: then something may follow it.
pub(crate) fn is_linked_end(row: &Row) -> Result<bool, sqlx::Error> {
    let state: RunState = rows::state(row)?;
    Ok(state.is_final() && rows::maybe_run(row, "chain")?.is_some())
}

/// Those of `runs`, in their order, whose rows, just written, are ends of runs of chains.
pub(crate) fn ends(written: &[Row], mut runs: Vec<RunId>) -> Result<Vec<RunId>, sqlx::Error> {
    let mut ended = HashSet::new();
    for row in written {
        if is_linked_end(row)? {
            ended.insert(RunId(rows::uuid(row, "id")?));
        }
    }
    runs.retain(|run| ended.contains(run));
    Ok(runs)
}

pub(crate) async fn many(statement: Statement, values: Vec<Value>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if !values.is_empty() {
        query(statement).bind(Value::Array(values).to_string()).run(&mut *desk).await?;
    }
    Ok(())
}

pub(crate) fn hex(id: RunId) -> String {
    id.0.simple().to_string()
}
