//! Calls that follow one another: whatever ends a run writes what follows it, once.

use std::time::Duration;

use noontide_domain::chain::{First, LinkState, Linked, Origin, lay_out};
use noontide_domain::errand::Moment;
use noontide_domain::ports::{
    CancelAnswer, ChainCancelled, Claim, Claimed, LinkPage, LinkRecord, Retention, RunFilter, RunRecord, Settled,
};
use noontide_domain::{Chain, Errand, Lease, Leased, Outcome, RunId, RunState};
use serde_json::{Value, json};

use super::{Exam, again, failure, over, report, second, success, write};

/// A call that is told apart by its input.
pub(super) fn call(name: &str) -> Chain {
    errand(name).into()
}

pub(super) fn errand(name: &str) -> Errand {
    Errand::new("mail/send".parse().expect("a handler"), json!(name))
}

pub(super) fn group(names: &[&str]) -> Chain {
    let members = names.iter().map(|name| call(name)).collect();
    Chain { first: First::Group { key: None, members }, then: Vec::new(), on_failure: Vec::new() }
}

pub(super) fn then(mut chain: Chain, next: Chain) -> Chain {
    chain.then.push(next);
    chain
}

pub(super) fn on_failure(mut chain: Chain, next: Chain) -> Chain {
    chain.on_failure.push(next);
    chain
}

pub(super) fn with(result: Value) -> Outcome {
    Outcome::Succeeded { result: Some(result) }
}

impl Exam {
    /// Claims the calls that begin, with the links; gives back the chain's id.
    pub(super) async fn begin(&self, chain: Chain) -> RunId {
        let laid = lay_out(chain, second(0)).expect("a chain");
        let claim = Claim { fire: laid.fires, links: laid.links, ..Claim::default() };
        let id = claim.links[0].chain;
        self.ledger.claim(claim, None).await.expect("claims");
        id
    }

    pub(super) async fn links(&self, chain: RunId) -> Vec<LinkRecord> {
        let page = LinkPage { chain, next_to: None, after: None, limit: 100_000 };
        self.history.links(page).await.expect("reads")
    }

    pub(super) async fn at(&self, chain: RunId, path: &str) -> LinkRecord {
        let links = self.links(chain).await;
        links.into_iter().find(|one| one.link.path == path).unwrap_or_else(|| panic!("nothing at {path}"))
    }

    /// How far the links have come, in the order in which the chain was written.
    pub(super) async fn states(&self, chain: RunId) -> Vec<LinkState> {
        self.links(chain).await.iter().map(|one| one.link.state).collect()
    }

    /// Leases all that is ready; by their inputs.
    pub(super) async fn ready(&self) -> Vec<String> {
        let mut names: Vec<_> = self.take().await.iter().map(name).collect();
        names.sort();
        names
    }

    pub(super) async fn take(&self) -> Vec<Leased> {
        self.lease(100_000).await
    }

    /// Leases all that is ready, and settles it as succeeded with its name as result.
    pub(super) async fn carry_out(&self) -> Vec<String> {
        let taken = self.take().await;
        for one in &taken {
            self.settle(one.lease, over(RunState::Succeeded), report(with(json!(name(one))))).await;
        }
        taken.iter().map(name).collect()
    }

    /// Of the run of that name.
    pub(super) async fn named(&self, name: &str) -> RunRecord {
        let all = self.all().await;
        all.into_iter().find(|run| run.input == json!(name)).unwrap_or_else(|| panic!("no run {name}"))
    }

    pub(super) async fn cancel_chain(&self, link: RunId) -> Option<ChainCancelled> {
        self.ledger.cancel_chain(link, second(0)).await.expect("cancels")
    }
}

pub(super) fn name(leased: &Leased) -> String {
    leased.order.input.as_str().unwrap_or_default().to_owned()
}

pub async fn what_follows_a_success_is_made_with_it_and_is_told_its_result(exam: &Exam) {
    let chain = exam.begin(on_failure(then(then(call("a"), call("b")), call("c")), call("d"))).await;
    let lease = exam.take().await.remove(0).lease;
    exam.clock.advance(Duration::from_secs(5));
    exam.settle(lease, over(RunState::Succeeded), report(with(json!({ "n": 1 })))).await;
    let (made, unreached) = (LinkState::Made, LinkState::Unreached);
    assert_eq!(exam.states(chain).await, [made, made, made, unreached]);
    let left_out = exam.at(chain, "on-failure[0]").await.link;
    assert_eq!(left_out.why.as_deref(), Some(&*format!("run {} succeeded", lease.run)));
    assert!(matches!(left_out.what, Linked::Call { errand: Some(_), .. }), "what it was stays");
    let next = exam.take().await;
    assert_eq!(next.iter().map(name).collect::<Vec<_>>(), ["b", "c"]);
    let order = &next[0].order;
    assert_eq!((order.id, order.due_at), (exam.at(chain, "then[0]").await.link.id, second(5)));
    assert_eq!((order.chain, &order.trace_id), (Some(chain), &exam.run(lease.run).await.trace_id));
    let origin = Origin::Success { run: lease.run, result: Some(json!({ "n": 1 })) };
    assert_eq!(order.origin.as_deref(), Some(&origin));
    assert_eq!(exam.run(order.id).await.origin.as_deref(), Some(&origin));
}

pub async fn what_follows_any_other_end_is_made_with_it_and_is_told_why(exam: &Exam) {
    let ends = [
        (RunState::Failed, failure(), "failed: no"),
        (RunState::Cancelled, report(Outcome::Cancelled), "cancelled"),
        (RunState::Skipped, report(Outcome::Skipped { reason: "idle".to_owned() }), "skipped"),
    ];
    for (state, report, error) in ends {
        let chain = exam.begin(on_failure(then(call("a"), then(call("b"), call("c"))), call("d"))).await;
        let lease = exam.take().await.remove(0).lease;
        exam.settle(lease, over(state), report).await;
        let (made, unreached) = (LinkState::Made, LinkState::Unreached);
        assert_eq!(exam.states(chain).await, [made, unreached, unreached, made]);
        let next = exam.take().await;
        assert_eq!(next.iter().map(name).collect::<Vec<_>>(), ["d"]);
        let origin = Origin::Failure { run: lease.run, group: None, error: error.to_owned() };
        assert_eq!(next[0].order.origin.as_deref(), Some(&origin));
    }
}

pub async fn a_run_that_never_began_has_an_end_too(exam: &Exam) {
    // Cancelled while it waits.
    let waiting = exam.begin(on_failure(then(call("a"), call("b")), call("c"))).await;
    assert_eq!(exam.ledger.cancel(waiting, second(0)).await.expect("cancels"), CancelAnswer::Cancelled);
    assert_eq!(exam.ready().await, ["c"]);
    // Asked to stop, and given back before it began.
    let held = exam.begin(on_failure(then(call("d"), call("e")), call("f"))).await;
    let lease = exam.take().await.remove(0).lease;
    assert_eq!(exam.ledger.cancel(held, second(0)).await.expect("asks"), CancelAnswer::Asked);
    exam.ledger.release(vec![lease]).await.expect("releases");
    assert_eq!(exam.ready().await, ["f"]);
    // Expired.
    let late = Errand { expires: Some(Moment::After(Duration::from_secs(9))), ..errand("g") };
    exam.begin(on_failure(then(late.into(), call("h")), call("i"))).await;
    exam.clock.advance(Duration::from_secs(10));
    assert_eq!(exam.ready().await, ["i"]);
    assert_eq!(exam.named("g").await.state, RunState::Expired);
    let told = exam.named("i").await.origin.expect("it follows");
    assert!(matches!(*told, Origin::Failure { error, .. } if error.starts_with("expired: it had to begin")));
    // Abandoned for the last time.
    exam.begin(on_failure(call("j"), call("k"))).await;
    exam.take().await;
    exam.clock.advance(Duration::from_secs(60));
    let lapsed = exam.lapsed().await;
    let lapsed: Vec<_> = lapsed.iter().filter(|one| one.order.input == json!("j")).collect();
    exam.settle(lapsed[0].lease, over(RunState::Failed), report(Outcome::Abandoned)).await;
    assert_eq!(exam.ready().await, ["k"]);
}

pub async fn while_another_attempt_follows_nothing_else_does(exam: &Exam) {
    let chain = exam.begin(on_failure(then(call("a"), call("b")), call("c"))).await;
    let lease = exam.take().await.remove(0).lease;
    exam.settle(lease, again(0, true), failure()).await;
    assert_eq!(exam.states(chain).await, [LinkState::Made, LinkState::Waiting, LinkState::Waiting]);
    let again_asked = exam.take().await.remove(0).lease;
    exam.ledger.cancel(lease.run, second(0)).await.expect("asks");
    // Whoever was asked to stop is not tried again: that is an end.
    exam.settle(again_asked, again(0, true), failure()).await;
    assert_eq!(exam.ready().await, ["c"]);
}

pub async fn without_a_lease_or_after_a_conflict_nothing_is_made(exam: &Exam) {
    let chain = exam.begin(on_failure(then(call("a"), call("b")), call("c"))).await;
    let old = exam.take().await.remove(0).lease;
    exam.settle(old, again(0, true), failure()).await;
    let new = exam.take().await.remove(0).lease;
    assert_eq!(exam.settle(old, over(RunState::Succeeded), success()).await, Settled::LeaseLost);
    let mut conflict = success();
    conflict.state = vec![write("page", "2", 7)];
    let answer = exam.settle(new, over(RunState::Succeeded), conflict).await;
    assert_eq!(answer, Settled::StateConflict { key: "page".to_owned() });
    assert_eq!(exam.states(chain).await, [LinkState::Made, LinkState::Waiting, LinkState::Waiting]);
    exam.succeed(new).await;
    assert_eq!(exam.settle(new, over(RunState::Failed), failure()).await, Settled::LeaseLost);
    assert_eq!(exam.ready().await, ["b"]);
    assert_eq!(exam.all().await.len(), 2);
}

pub async fn a_chain_is_there_once_and_as_a_whole(exam: &Exam) {
    let keyed = |names: &[&str]| {
        let First::Group { members, .. } = group(names).first else { panic!("a group") };
        then(Chain { first: First::Group { key: Some("k".to_owned()), members }, ..group(&[]) }, call("last"))
    };
    let claim = |chain: Chain| {
        let laid = lay_out(chain, second(0)).expect("a chain");
        exam.ledger.claim(Claim { fire: laid.fires, links: laid.links, ..Claim::default() }, None)
    };
    let first = claim(keyed(&["a", "b"])).await.expect("claims");
    let Claimed::Ready(run) = first[0] else { panic!("not ready: {first:?}") };
    let duplicate = vec![Claimed::Duplicate(run); 3];
    assert_eq!(claim(keyed(&["a", "b", "c"])).await.expect("claims"), duplicate);
    assert_eq!(exam.all().await.len(), 2);
    assert_eq!(exam.carry_out().await, ["a", "b"]);
    assert_eq!(exam.carry_out().await, ["last"], "and once");

    let call = || then(Errand { key: Some("k".to_owned()), ..errand("d") }.into(), call("e"));
    let twice = [call(), call()].map(|chain| lay_out(chain, second(0)).expect("a chain"));
    let fire = twice.iter().flat_map(|one| one.fires.clone()).collect();
    let links = twice.iter().flat_map(|one| one.links.clone()).collect();
    let both = exam.ledger.claim(Claim { fire, links, ..Claim::default() }, None).await.expect("claims");
    assert!(matches!(both[..], [Claimed::Ready(one), Claimed::Duplicate(other)] if one == other));
    assert_eq!(exam.carry_out().await, ["d"]);
    assert_eq!(exam.carry_out().await, ["e"]);
}

pub async fn what_a_chain_still_waits_for_is_not_pruned_and_its_links_go_with_its_last_run(exam: &Exam) {
    let prune = async |batch| exam.ledger.prune(Retention { before: second(600), batch }).await.expect("prunes");
    let chain = exam.begin(then(group(&["a", "b"]), call("c"))).await;
    let members: Vec<Lease> = exam.take().await.iter().map(|one| one.lease).collect();
    exam.succeed(members[0]).await;
    assert_eq!(prune(9).await, 0, "its result is still to be told");
    exam.succeed(members[1]).await;
    exam.carry_out().await;
    assert_eq!(prune(2).await, 2);
    assert_eq!(exam.links(chain).await.len(), 4);
    assert_eq!(prune(9).await, 1);
    assert_eq!(exam.links(chain).await, []);
}

pub async fn a_follower_whose_time_has_passed_expires_and_its_chain_goes_on(exam: &Exam) {
    let late = Errand { expires: Some(Moment::At(second(60))), ..errand("b") };
    exam.begin(then(call("a"), on_failure(late.into(), call("c")))).await;
    let lease = exam.take().await.remove(0).lease;
    exam.clock.advance(Duration::from_secs(61));
    exam.succeed(lease).await;
    assert_eq!(exam.ready().await, ["c"]);
    assert_eq!(exam.named("b").await.state, RunState::Expired);
}

pub async fn links_are_read_page_by_page(exam: &Exam) {
    let chain = exam.begin(on_failure(then(group(&["a", "b"]), call("c")), call("d"))).await;
    exam.begin(then(call("other"), call("chain"))).await;
    let all = exam.links(chain).await;
    let paths: Vec<_> = all.iter().map(|one| one.link.path.as_str()).collect();
    assert_eq!(paths, ["", "group[0]", "group[1]", "then[0]", "on-failure[0]"]);
    assert_eq!(
        all.iter().map(|one| one.run).collect::<Vec<_>>()[..3],
        [None, Some(RunState::Ready), Some(RunState::Ready)]
    );
    let page = LinkPage { chain, next_to: None, after: Some(all[1].link.id), limit: 2 };
    assert_eq!(exam.history.links(page).await.expect("reads"), all[2..4]);
    let next = LinkPage { next_to: Some(chain), after: None, limit: 9, ..page };
    assert_eq!(exam.history.links(next).await.expect("reads"), all[3..]);
    assert_eq!(exam.history.link(all[3].link.id).await.expect("reads").as_ref(), Some(&all[3]));
    assert_eq!(exam.history.link(RunId::new()).await.expect("reads"), None);
    let of_chain = RunFilter { chain: Some(chain), limit: 9, ..RunFilter::default() };
    assert_eq!(exam.history.runs(of_chain).await.expect("reads").len(), 2);
}
