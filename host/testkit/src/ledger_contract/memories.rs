//! Memories: whose they are, what is in them, and how much of it there may be.

use noontide_domain::ports::{KeyPage, Settled, Settlement};
use noontide_domain::{OverLimit, Report, RunState, StateScope, StateSize, StateWrite};

use super::{Exam, enqueued, fire, over, success, write};

fn shared(key: &str, value: &str, base: u64) -> StateWrite {
    StateWrite { scope: StateScope::Plugin, ..write(key, value, base) }
}

fn remembering(state: Vec<StateWrite>) -> Report {
    Report { state, ..success() }
}

async fn settled(exam: &Exam, due: i64, report: Report) -> Settled {
    let lease = exam.running(fire("nightly", due)).await.lease;
    exam.settle(lease, over(RunState::Succeeded), report).await
}

async fn size(exam: &Exam) -> (u64, u64) {
    let size = exam.ledger.state_size(&"mail".parse().expect("a name")).await.expect("reads");
    (size.bytes, size.keys)
}

async fn keys(exam: &Exam, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let page = KeyPage { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit };
    exam.ledger.state_keys("schedule:nightly", page).await.expect("reads")
}

pub async fn what_a_plugin_shares_is_apart_from_what_its_schedules_remember(exam: &Exam) {
    assert_eq!(
        settled(exam, 0, remembering(vec![write("k", "own", 0), shared("k", "all", 0)])).await,
        Settled::Recorded
    );
    let lease = exam.running(enqueued("a")).await.lease;
    let third = remembering(vec![shared("k", "more", 1)]);
    assert_eq!(exam.settle(lease, over(RunState::Succeeded), third).await, Settled::Recorded);
    let entry = async |scope| exam.ledger.state(scope, "k").await.expect("reads");
    assert_eq!(entry("schedule:nightly").await, Some((b"own".to_vec(), 1)));
    assert_eq!(entry("plugin:mail").await, Some((b"more".to_vec(), 2)));
    assert_eq!(entry("handler:mail/send").await, None);
}

pub async fn a_conflict_in_one_memory_leaves_the_other_as_it_was(exam: &Exam) {
    settled(exam, 0, remembering(vec![shared("k", "1", 0)])).await;
    let late = remembering(vec![write("own", "x", 0), shared("k", "2", 0)]);
    assert_eq!(settled(exam, 1, late).await, Settled::StateConflict { key: "k".to_owned() });
    assert_eq!(keys(exam, "", None, 9).await, Vec::<String>::new());
}

pub async fn keys_are_listed_in_the_order_of_their_bytes_and_page_by_page(exam: &Exam) {
    let names = ["b", "a", "", "a/2", "B", "a/1", "ä", "a/10", "a0"];
    settled(exam, 0, remembering(names.iter().map(|name| write(name, "x", 0)).collect())).await;
    settled(exam, 1, remembering(vec![shared("a/shared", "x", 0)])).await;
    assert_eq!(keys(exam, "", None, 99).await, ["", "B", "a", "a/1", "a/10", "a/2", "a0", "b", "ä"]);
    assert_eq!(keys(exam, "a/", None, 99).await, ["a/1", "a/10", "a/2"]);
    assert_eq!(keys(exam, "a/", Some("a/10"), 99).await, ["a/2"]);
    assert_eq!(keys(exam, "", Some(""), 2).await, ["B", "a"]);
    assert_eq!(keys(exam, "c", None, 99).await, Vec::<String>::new());
    assert_eq!(
        exam.ledger.state_keys("plugin:mail", KeyPage { limit: 9, ..KeyPage::default() }).await.expect("reads"),
        ["a/shared"]
    );
}

pub async fn what_a_plugin_remembers_is_summed_over_its_memories(exam: &Exam) {
    assert_eq!(size(exam).await, (0, 0));
    settled(exam, 0, remembering(vec![write("ä", "123", 0), shared("k", "12345", 0)])).await;
    assert_eq!(size(exam).await, (11, 2), "in bytes of UTF-8");
    settled(exam, 1, remembering(vec![shared("k", "1", 1)])).await;
    assert_eq!(size(exam).await, (7, 2));
    settled(exam, 2, remembering(vec![StateWrite { value: None, ..shared("k", "", 2) }])).await;
    assert_eq!(size(exam).await, (5, 1));
}

pub async fn an_entry_counts_for_the_plugin_that_wrote_it_last(exam: &Exam) {
    settled(exam, 0, remembering(vec![write("k", "12345", 0)])).await;
    // The schedule has another handler now.
    let mut moved = fire("nightly", 1);
    moved.order.handler = "other/send".parse().expect("a handler");
    let lease = exam.running(moved).await.lease;
    exam.settle(lease, over(RunState::Succeeded), remembering(vec![write("k", "123", 1)])).await;
    assert_eq!(size(exam).await, (0, 0));
    let other = exam.ledger.state_size(&"other".parse().expect("a name")).await.expect("reads");
    assert_eq!(other, StateSize { bytes: 4, keys: 1 });
}

/// A report that may have so much in all.
fn bounded(bytes: u64, keys: u64, state: Vec<StateWrite>) -> Report {
    Report { state_allows: StateSize { bytes, keys }, ..remembering(state) }
}

pub async fn what_goes_over_a_limit_is_refused_and_nothing_of_it_is_written(exam: &Exam) {
    let three = || vec![write("a", "1234", 0), shared("b", "1234", 0)];
    let over = |limit, allows| Settled::StateOver(OverLimit { limit, allows });
    assert_eq!(settled(exam, 0, bounded(9, 9, three())).await, over("state-size", 9));
    assert_eq!(settled(exam, 1, bounded(99, 1, three())).await, over("state-keys", 1));
    assert_eq!(size(exam).await, (0, 0));
    assert_eq!(settled(exam, 2, bounded(10, 2, three())).await, Settled::Recorded);
    assert_eq!(settled(exam, 3, bounded(10, 2, vec![write("a", "12345", 1)])).await, over("state-size", 10));
    let swapped = vec![write("a", "12345", 1), shared("b", "123", 1)];
    assert_eq!(settled(exam, 4, bounded(10, 2, swapped)).await, Settled::Recorded);
    let less = vec![write("a", "1", 2)];
    assert_eq!(settled(exam, 5, bounded(1, 1, less)).await, Settled::Recorded, "the operator has lowered the limits");
}

pub async fn of_many_who_write_at_once_none_goes_over_the_limit(exam: &Exam) {
    let mut batches = Vec::new();
    for run in 0..8 {
        let mut batch = Vec::new();
        for entry in 0..4 {
            let lease = exam.running(fire("nightly", run * 10 + entry)).await.lease;
            let report = bounded(1 << 20, 20, vec![shared(&format!("{run}/{entry}"), "x", 0)]);
            batch.push(Settlement::new(lease, over(RunState::Succeeded), report));
        }
        batches.push(batch);
    }
    let hosts: Vec<_> = batches
        .into_iter()
        .map(|batch| {
            let ledger = std::sync::Arc::clone(&exam.ledger);
            tokio::spawn(async move { ledger.settle(batch).await.expect("settles") })
        })
        .collect();
    let mut recorded = 0;
    for host in hosts {
        recorded += host.await.expect("no panic").iter().filter(|one| **one == Settled::Recorded).count();
    }
    assert_eq!((recorded, size(exam).await.1), (20, 20));
}
