//! Chains, from the call to the last of them.

use noontide_domain::chain::{First, LinkState, Linked, Origin};
use noontide_domain::ports::{History, LinkPage};
use noontide_domain::{Chain, Errand, Outcome, RunId, RunState, Unavailable};
use serde_json::json;

use super::{World, failed};
use crate::{EngineError, EngineHandle, Enqueued};

fn call(handler: &str) -> Chain {
    Errand::new(handler.parse().expect("a handler"), json!({})).into()
}

fn group(members: Vec<Chain>) -> Chain {
    Chain { first: First::Group { key: None, members }, then: Vec::new(), on_failure: Vec::new() }
}

impl World {
    fn with(self, handlers: &[&str]) -> Self {
        handlers.iter().for_each(|handler| self.plugins.add(handler));
        self
    }

    async fn begin(&self, host: &EngineHandle, chain: Chain) -> Enqueued {
        host.enqueue_chains(vec![chain]).await.expect("enqueued").remove(0)
    }

    async fn states(&self, chain: RunId) -> Vec<LinkState> {
        let page = LinkPage { chain, next_to: None, after: None, limit: 100 };
        self.ledger.links(page).await.expect("reads").iter().map(|one| one.link.state).collect()
    }
}

#[tokio::test]
async fn what_follows_begins_as_soon_as_it_is_due() {
    let world = World::new().with(&["p/a", "p/b", "p/c", "p/d"]);
    world.plugins.script("p/b", [failed()]);
    let host = world.host(Vec::new()).await;
    let chain = Chain {
        then: vec![Chain { on_failure: vec![call("p/d")], then: vec![call("p/c")], ..call("p/b") }],
        ..call("p/a")
    };
    let begun = world.begin(&host, chain).await;
    world.plugins.called(3).await;
    let called: Vec<_> = world.plugins.calls().iter().map(|call| call.leased.order.handler.to_string()).collect();
    assert_eq!(called, ["p/a", "p/b", "p/d"]);
    let told = world.plugins.calls()[2].leased.order.origin.clone().expect("it follows");
    assert!(matches!(*told, Origin::Failure { error, .. } if error == "failed: no"));
    let rows = world.ledger.until(|rows| rows.iter().all(|row| row.state.is_final())).await;
    assert!(rows.iter().all(|row| row.trace_id == rows[0].trace_id && row.chain == begun.chain));
}

#[tokio::test]
async fn a_group_of_calls_side_by_side_is_followed_by_one() {
    let world = World::new().with(&["p/a", "p/last"]);
    let gate = world.plugins.hold("p/a");
    let host = world.host(Vec::new()).await;
    let begun = world.begin(&host, Chain { then: vec![call("p/last")], ..group(vec![call("p/a"); 5]) }).await;
    assert_eq!(begun.runs.len(), 5);
    world.plugins.called(5).await;
    gate.open();
    world.plugins.called(6).await;
    let last = &world.plugins.calls()[5].leased.order;
    let Some(Origin::Group { results, .. }) = last.origin.as_deref() else { panic!("a group is before it") };
    let members: Vec<_> = results.iter().map(|member| (member.run, false)).collect();
    assert_eq!(members, begun.runs, "in their order");
}

#[tokio::test]
async fn a_chain_with_a_call_that_cannot_be_made_is_refused_as_a_whole_and_the_path_is_named() {
    let world = World::new().with(&["p/a"]);
    let host = world.host(Vec::new()).await;
    let members = vec![call("p/a"), call("p/a"), call("p/a"), call("p/gone")];
    let chain = Chain { then: vec![group(members)], ..call("p/a") };
    let refused = host.enqueue_chains(vec![call("p/a"), chain]).await.expect_err("refused");
    let EngineError::Errand { index: 1, field, problem } = &refused else { panic!("{refused}") };
    assert_eq!(field, "then[0].group[3].handler");
    assert!(matches!(**problem, EngineError::Unavailable(Unavailable::Handler { .. })));
    assert!(refused.to_string().starts_with("call 1: `then[0].group[3].handler`: "), "{refused}");
    let queue =
        Errand { queue: "slow".parse().expect("a name"), ..Errand::new("p/a".parse().expect("a handler"), json!({})) };
    let refused = host.enqueue_chains(vec![Chain { on_failure: vec![queue.into()], ..call("p/a") }]).await;
    assert!(refused.expect_err("refused").to_string().starts_with("call 0: `on-failure[0].queue`: there is no queue"));
    assert_eq!(world.ledger.records().len(), 0);
}

#[tokio::test]
async fn a_chain_taken_back_stops_what_goes_on_and_nothing_follows() {
    let world = World::new().with(&["p/a", "p/b"]);
    let _held = world.plugins.hold("p/a");
    let host = world.host(Vec::new()).await;
    let whole =
        Chain { then: vec![call("p/b")], on_failure: vec![call("p/b")], ..group(vec![call("p/a"), call("p/a")]) };
    let chain = world.begin(&host, whole).await.chain.expect("a chain");
    world.plugins.called(2).await;
    let answer = host.cancel_chain(chain).await.expect("answers").expect("there is one");
    assert_eq!((answer.asked.len(), answer.unreached), (2, 3));
    let rows = world.ledger.until(|rows| rows.iter().all(|row| row.state == RunState::Cancelled)).await;
    assert_eq!(rows.len(), 2);
    let (unreached, made) = (LinkState::Unreached, LinkState::Made);
    assert_eq!(world.states(chain).await, [unreached, made, made, unreached, unreached]);
    assert_eq!(host.cancel_chain(RunId::new()).await.expect("answers"), None);
}

#[tokio::test]
async fn calls_without_anything_behind_them_leave_no_links() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let begun = world.begin(&host, call("mail/send")).await;
    assert_eq!((begun.chain, begun.runs.len()), (None, 1));
    let rows = world.ledger.until(|rows| rows.iter().all(|row| row.state == RunState::Succeeded)).await;
    assert_eq!(rows[0].chain, None);
    let done = Outcome::Succeeded { result: None };
    assert_eq!(rows[0].outcome, Some(done));
    assert_eq!(world.ledger.link(begun.runs[0].0).await.expect("reads").map(|one| one.link.what), None::<Linked>);
}
