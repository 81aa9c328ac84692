//! What a handler says, heard while it runs.

use noontide_domain::ports::NumberedLine;
use noontide_domain::{LogLine, RunId};
use noontide_testkit::Step;

use super::*;
use crate::Listener;

/// Nothing here takes nearly so long; what does is a failure.
const SOON: Duration = Duration::from_secs(20);

fn talk(lines: usize, outcome: Outcome) -> Step {
    let line = |number| LogLine {
        at: utc("2026-07-01T08:00:30Z"),
        level: "info".into(),
        source: "log".into(),
        message: format!("line {number}"),
        fields: Vec::new(),
    };
    Step { logs: (1..=lines).map(line).collect(), ..outcome.into() }
}

async fn fired(world: &World, host: &EngineHandle) -> RunId {
    let before = world.plugins.calls().len();
    let run = host.fire("a", FireRequest::default()).await.expect("it can be fired");
    world.plugins.called(before + 1).await;
    run
}

async fn next(listener: &mut Listener) -> Option<Vec<u64>> {
    let heard: Option<Vec<NumberedLine>> = tokio::time::timeout(SOON, listener.next()).await.expect("in time");
    heard.map(|lines| lines.into_iter().map(|(number, _)| number).collect())
}

#[tokio::test]
async fn what_a_handler_says_is_heard_while_it_runs_and_the_end_comes_when_it_is_on_record() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.plugins.script("mail/send", [talk(250, Outcome::Succeeded { result: None })]);
    let gate = world.plugins.hold("mail/send");
    let run = fired(&world, &host).await;
    let (mut first, mut late) = (host.listen(run).expect("it goes on"), host.listen(run).expect("it goes on"));
    late.skip(249);
    for piece in [1..=100, 101..=200, 201..=250] {
        assert_eq!(next(&mut first).await, Some(piece.collect()));
    }
    gate.open();
    assert_eq!(next(&mut first).await, None);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.id == run)).await;
    assert!(rows.iter().any(|row| row.id == run && row.state == RunState::Succeeded), "{rows:?}");
    assert_eq!(
        (next(&mut late).await, next(&mut late).await),
        (Some(vec![250]), None),
        "the last words are kept for it"
    );
    assert!(host.listen(run).is_none(), "the ledger has it now");
}

#[tokio::test]
async fn each_attempt_is_heard_by_itself() {
    let world = World::new();
    let retry = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
    let host = world.host(vec![Schedule { retry, ..minutely("a") }]).await;
    world.plugins.script("mail/send", [talk(1, failed()), talk(2, Outcome::Succeeded { result: None })]);
    let gate = world.plugins.hold("mail/send");
    let run = fired(&world, &host).await;
    let mut listener = host.listen(run).expect("it goes on");
    assert_eq!((listener.attempt(), next(&mut listener).await), (1, Some(vec![1])));
    gate.open();
    assert_eq!(next(&mut listener).await, None);
    let gate = world.plugins.hold("mail/send");
    world.clock.advance(DAY);
    world.plugins.called(2).await;
    let mut listener = host.listen(run).expect("it goes on again");
    assert_eq!((listener.attempt(), next(&mut listener).await), (2, Some(vec![1, 2])));
    gate.open();
}
