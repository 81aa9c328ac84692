//! Calls side by side, what follows them, and taking back what has yet to come.

use std::sync::Arc;

use noontide_domain::chain::{First, LinkState, Linked, MemberResult, Origin, RESULTS};
use noontide_domain::ports::{ChainCancelled, Settled, Settlement};
use noontide_domain::{Chain, Outcome, RunId, RunState};
use serde_json::json;

use super::chains::{call, group, name, on_failure, then, with};
use super::{Exam, failure, over, report, success, tenant};

pub async fn a_group_is_over_with_its_last_member_and_tells_all_results_in_their_order(exam: &Exam) {
    let chain = exam.begin(on_failure(then(group(&["a", "b", "c"]), call("d")), call("e"))).await;
    let members = exam.take().await;
    assert_eq!(members.iter().map(name).collect::<Vec<_>>(), ["a", "b", "c"]);
    for (i, missing) in [(2, 2), (0, 1)] {
        exam.settle(members[i].lease, over(RunState::Succeeded), report(with(json!(i)))).await;
        assert_eq!(exam.at(chain, "").await.link.what, Linked::Group { missing });
        assert_eq!(exam.ready().await, [""; 0]);
    }
    exam.succeed(members[1].lease).await;
    let next = exam.take().await;
    assert_eq!(next.iter().map(name).collect::<Vec<_>>(), ["d"]);
    let result = |i: usize, result| MemberResult { run: members[i].lease.run, result };
    let results = vec![result(0, Some(json!(0))), result(1, None), result(2, Some(json!(2)))];
    let origin = Origin::Group { group: chain, results, omitted: false };
    assert_eq!(next[0].order.origin.as_deref(), Some(&origin));
    assert_eq!(exam.at(chain, "").await.link.state, LinkState::Succeeded);
    assert_eq!(exam.at(chain, "on-failure[0]").await.link.why, Some(format!("group {chain} succeeded")));
}

pub async fn of_many_who_settle_the_last_members_at_once_one_makes_what_follows_the_group(exam: &Exam) {
    const MEMBERS: usize = 40;
    let names: Vec<_> = (0..MEMBERS).map(|i| i.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for _ in 0..3 {
        exam.begin(then(group(&names), call("last"))).await;
        let settle = exam.take().await.into_iter().map(|one| {
            let ledger = Arc::clone(&exam.ledger);
            tokio::spawn(async move {
                let settlement = Settlement::new(one.lease, over(RunState::Succeeded), success());
                ledger.settle(vec![settlement]).await.expect("settles")
            })
        });
        for settled in settle.collect::<Vec<_>>() {
            assert_eq!(settled.await.expect("no panic"), [Settled::Recorded]);
        }
        assert_eq!(exam.carry_out().await, ["last"]);
    }
}

pub async fn the_first_member_that_does_not_succeed_fails_its_group_once_and_the_others_go_on(exam: &Exam) {
    let members = vec![call("a"), call("b"), then(call("c"), call("after c")), call("d")];
    let whole = Chain { first: First::Group { key: None, members }, ..group(&[]) };
    let chain = exam.begin(on_failure(then(whole, call("never")), call("once"))).await;
    let members = exam.take().await;
    exam.succeed(members[0].lease).await;
    // In one call, and the order of the call counts.
    let settlements = vec![
        Settlement::new(members[3].lease, over(RunState::Failed), failure()),
        Settlement::new(members[1].lease, over(RunState::Cancelled), report(Outcome::Cancelled)),
    ];
    exam.ledger.settle(settlements).await.expect("settles");
    let made = exam.take().await;
    assert_eq!(made.iter().map(name).collect::<Vec<_>>(), ["once"]);
    let run = members[3].lease.run;
    let origin = Origin::Failure { run, group: Some(chain), error: "failed: no".to_owned() };
    assert_eq!(made[0].order.origin.as_deref(), Some(&origin));
    let never = exam.at(chain, "then[0]").await.link;
    assert_eq!((never.state, never.why), (LinkState::Unreached, Some(format!("run {run} of group {chain} failed"))));
    exam.succeed(members[2].lease).await;
    assert_eq!(exam.carry_out().await, ["after c"]);
    assert_eq!(exam.ready().await, [""; 0]);
    assert_eq!(exam.at(chain, "").await.link.state, LinkState::Failed);
}

pub async fn a_group_waits_for_all_that_its_members_lead_to(exam: &Exam) {
    let inner = then(group(&["x", "y"]), call("z"));
    let members = vec![then(call("a"), call("b")), then(call("c"), inner)];
    let whole = Chain { first: First::Group { key: None, members }, ..group(&[]) };
    exam.begin(then(whole, call("last"))).await;
    assert_eq!(exam.carry_out().await, ["a", "c"]);
    assert_eq!(exam.carry_out().await, ["b", "x", "y"]);
    assert_eq!(exam.carry_out().await, ["z"]);
    let last = exam.take().await.remove(0);
    let Some(Origin::Group { results, .. }) = last.order.origin.as_deref() else { panic!("a group is before it") };
    let results: Vec<_> = results.iter().map(|member| member.result.clone()).collect();
    assert_eq!(results, [Some(json!("b")), Some(json!("z"))], "of a member, the last");
}

pub async fn a_group_that_fails_fails_the_group_around_it(exam: &Exam) {
    let inner = on_failure(then(group(&["x", "y"]), call("never")), call("inner failed"));
    let whole =
        Chain { first: First::Group { key: None, members: vec![call("a"), then(call("b"), inner)] }, ..group(&[]) };
    let chain = exam.begin(on_failure(then(whole, call("never either")), call("outer failed"))).await;
    exam.carry_out().await;
    let within = exam.take().await;
    exam.settle(within[0].lease, over(RunState::Failed), failure()).await;
    let made = exam.take().await;
    assert_eq!(made.iter().map(name).collect::<Vec<_>>(), ["inner failed", "outer failed"]);
    let origins: Vec<_> = made.iter().filter_map(|one| one.order.origin.as_ref()?.group()).collect();
    assert_eq!(origins, [exam.at(chain, "group[1].then[0]").await.link.id, chain]);
    exam.succeed(within[1].lease).await;
    assert_eq!(exam.ready().await, [""; 0]);
    let waits = exam.states(chain).await.into_iter().filter(|state| *state == LinkState::Waiting).count();
    assert_eq!(waits, 0);
}

pub async fn results_that_are_too_large_together_are_left_with_their_runs(exam: &Exam) {
    exam.begin(then(group(&["a", "b", "c"]), call("last"))).await;
    for one in exam.take().await {
        let large = "x".repeat(RESULTS / 3);
        exam.settle(one.lease, over(RunState::Succeeded), report(with(json!(large)))).await;
    }
    let last = exam.take().await.remove(0);
    let Some(Origin::Group { results, omitted, .. }) = last.order.origin.as_deref() else {
        panic!("a group is before it")
    };
    assert!(*omitted && results.len() == 3 && results.iter().all(|member| member.result.is_none()));
}

pub async fn of_a_chain_taken_back_nothing_follows_any_more(exam: &Exam) {
    let members = vec![call("a"), on_failure(call("b"), call("never")), call("c")];
    let whole = Chain { first: First::Group { key: None, members }, ..group(&[]) };
    let chain = exam.begin(on_failure(then(whole, call("never")), call("never"))).await;
    let members = exam.lease(2).await;
    let answer = exam.cancel_chain(chain).await.expect("there is one");
    let asked: Vec<_> = members.iter().map(|one| one.lease.run).collect();
    assert_eq!(answer, ChainCancelled { cancelled: 1, asked: asked.clone(), unreached: 4 });
    let pulse = exam.ledger.heartbeat(tenant(1), members.iter().map(|one| one.lease).collect()).await.expect("beats");
    assert_eq!(pulse.cancel, asked);
    exam.settle(members[0].lease, over(RunState::Cancelled), report(Outcome::Cancelled)).await;
    exam.succeed(members[1].lease).await;
    assert_eq!(exam.ready().await, [""; 0]);
    let why: Vec<_> = exam.links(chain).await.into_iter().filter_map(|one| one.link.why).collect();
    assert_eq!(why, ["cancelled"; 4]);
    assert_eq!(exam.cancel_chain(chain).await, Some(ChainCancelled::default()), "again, and nothing is left");
    assert_eq!(exam.cancel_chain(RunId::new()).await, None);
}

pub async fn a_part_taken_back_fails_the_group_around_it(exam: &Exam) {
    let members = vec![call("a"), then(call("b"), then(group(&["x", "y"]), call("z")))];
    let whole = Chain { first: First::Group { key: None, members }, ..group(&[]) };
    let chain = exam.begin(on_failure(then(whole, call("never")), call("failed"))).await;
    let part = exam.at(chain, "group[1].then[0]").await.link.id;
    let answer = exam.cancel_chain(part).await.expect("there is one");
    assert_eq!(answer, ChainCancelled { unreached: 4, ..ChainCancelled::default() });
    let made = exam.take().await;
    assert_eq!(made.iter().map(name).collect::<Vec<_>>(), ["a", "b", "failed"]);
    let origin = Origin::Failure { run: part, group: Some(chain), error: "cancelled".to_owned() };
    assert_eq!(made[2].order.origin.as_deref(), Some(&origin));
    exam.succeed(made[0].lease).await;
    exam.succeed(made[1].lease).await;
    assert_eq!(exam.ready().await, [""; 0], "a and b went on, and nothing follows");
}

pub async fn a_group_that_has_not_begun_goes_with_what_is_taken_back_within_it(exam: &Exam) {
    let outer =
        Chain { first: First::Group { key: None, members: vec![then(call("b"), call("c")), call("d")] }, ..group(&[]) };
    let chain = exam.begin(then(call("a"), on_failure(outer, call("never")))).await;
    let part = exam.at(chain, "then[0].group[0].then[0]").await.link.id;
    let answer = exam.cancel_chain(part).await.expect("there is one");
    assert_eq!(answer, ChainCancelled { unreached: 5, ..ChainCancelled::default() });
    assert_eq!(exam.carry_out().await, ["a"]);
    assert_eq!(exam.ready().await, [""; 0]);
}
