//! Which host may take a run, and how many go on in all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use noontide_domain::ports::{Claimed, Clock, Fire, Settlement, Tenant};
use noontide_domain::{HostId, Labels, Leased, Overlap, Priority, QueueRoom, RunState, Schedule};

use super::schedules::every_minute;
use super::{Exam, again, enqueued, failure, fire, over, second, success, tenant};

fn labels(of: &[(&str, &str)]) -> Labels {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A call that asks for these labels, of that priority.
fn asking(key: &str, of: &[(&str, &str)], priority: u8) -> Fire {
    let mut fire = enqueued(key);
    (fire.order.runs_on, fire.order.priority) = (labels(of), Priority(priority));
    fire
}

/// A call in that queue, of that priority.
fn call(key: &str, queue: &str, priority: u8) -> Fire {
    let mut fire = enqueued(key);
    (fire.order.queue, fire.order.priority) = (queue.parse().expect("a name"), Priority(priority));
    fire
}

/// Room on a host of which that is said.
fn said(of: &[(&str, &str)]) -> QueueRoom {
    QueueRoom { labels: Some(labels(of)), ..QueueRoom::ALL }
}

/// Room for so many of `mail` in all.
fn total(most: usize) -> QueueRoom {
    QueueRoom { totals: BTreeMap::from([("mail".parse().expect("a name"), most)]), ..QueueRoom::ALL }
}

/// A host of its own.
fn host(queues: QueueRoom) -> Tenant {
    Tenant { host: HostId::new(), queues, ..tenant(9) }
}

async fn lease(exam: &Exam, tenant: &Tenant) -> Vec<Leased> {
    exam.ledger.lease(tenant.clone(), exam.clock.now()).await.expect("leases")
}

async fn next_ready(exam: &Exam, room: &QueueRoom) -> Option<chrono::DateTime<chrono::Utc>> {
    exam.ledger.next_ready(room).await.expect("reads")
}

fn keys(leased: &[Leased]) -> Vec<&str> {
    leased.iter().filter_map(|one| one.order.key.text.rsplit(':').next()).collect()
}

fn bounded(name: &str, most: Option<u32>) -> Schedule {
    Schedule { overlap: Overlap::Allow, concurrency: most, ..every_minute(name) }
}

async fn declare(exam: &Exam, schedules: &[Schedule]) {
    exam.ledger.declare(schedules.to_vec(), second(0)).await.expect("declares");
}

pub async fn a_run_goes_to_a_host_that_is_what_it_asks_for(exam: &Exam) {
    let gpu = [("gpu", "true")];
    exam.claim(vec![asking("a", &gpu, 0), asking("b", &[("gpu", "true"), ("zone", "x")], 0)]).await;
    let others = [said(&[]), said(&[("gpu", "false")]), said(&[("zone", "x")])];
    for room in others {
        assert_eq!(next_ready(exam, &room).await, None, "nobody looks again and again");
        assert!(lease(exam, &host(room)).await.is_empty());
    }
    assert_eq!(exam.next_ready().await, Some(second(0)), "whatever is asked");
    let leased = lease(exam, &host(said(&gpu))).await;
    assert_eq!((keys(&leased), &leased[0].order.runs_on), (vec!["a"], &labels(&gpu)));
    assert_eq!(exam.run(leased[0].order.id).await.runs_on, labels(&gpu));
    let room = said(&[("disk", "big"), ("gpu", "true"), ("zone", "x")]);
    assert_eq!(next_ready(exam, &room).await, Some(second(0)));
    assert_eq!(keys(&lease(exam, &host(room)).await), ["b"]);
}

pub async fn what_asks_for_another_host_holds_up_no_other(exam: &Exam) {
    let gpu = (0..50).map(|i| asking(&format!("gpu {i}"), &[("gpu", "true")], 9));
    exam.claim(gpu.chain([asking("same", &[], 9), asking("low", &[], 1)]).collect()).await;
    assert_eq!(keys(&lease(exam, &host(said(&[]))).await), ["same", "low"]);
}

pub async fn a_claim_leases_nothing_that_asks_for_another_host(exam: &Exam) {
    let fires = || vec![asking("gpu", &[("gpu", "true")], 9), asking("any", &[], 0)];
    let claimed = exam.claim_for(fires(), Some(host(said(&[])))).await;
    assert!(matches!(claimed[..], [Claimed::Ready(_), Claimed::Leased(_)]), "{claimed:?}");
    let again = vec![asking("gpu too", &[("gpu", "true")], 9)];
    let claimed = exam.claim_for(again, Some(host(said(&[("gpu", "true")])))).await;
    assert!(matches!(claimed[..], [Claimed::Leased(_)]), "{claimed:?}");
}

pub async fn the_first_of_a_queue_waits_for_its_host_and_those_behind_it_for_their_turn(exam: &Exam) {
    let going = exam.running(fire("a", -9)).await.lease;
    let mut next = [fire("a", -8), fire("a", -7)];
    next.iter_mut().for_each(|fire| fire.overlap = Overlap::QueueAll);
    next[0].order.runs_on = labels(&[("gpu", "true")]);
    exam.claim(next.to_vec()).await;
    exam.succeed(going).await;
    assert!(lease(exam, &host(said(&[]))).await.is_empty());
    assert_eq!(next_ready(exam, &said(&[])).await, None);
    let leased = lease(exam, &host(said(&[("gpu", "true")]))).await;
    assert_eq!(leased.iter().map(|one| one.order.due_at).collect::<Vec<_>>(), [second(-8)]);
    exam.succeed(leased[0].lease).await;
    assert_eq!(lease(exam, &host(said(&[]))).await[0].order.due_at, second(-7));
}

pub async fn of_a_bounded_schedule_no_more_go_on_whoever_leases(exam: &Exam) {
    declare(exam, &[bounded("a", Some(3))]).await;
    exam.claim((0..8).map(|i| fire("a", -20 + i)).collect()).await;
    let hosts = [host(QueueRoom::ALL), host(QueueRoom::ALL)];
    let mut one = lease(exam, &Tenant { places: 2, ..hosts[0].clone() }).await;
    let other = lease(exam, &hosts[1]).await;
    let due: Vec<_> = one.iter().chain(&other).map(|one| one.order.due_at).collect();
    assert_eq!(due, [second(-20), second(-19), second(-18)], "in the order of their time");
    for host in &hosts {
        assert!(lease(exam, host).await.is_empty());
    }
    assert_eq!(exam.next_ready().await, None, "nobody looks again and again");
    exam.succeed(one.remove(0).lease).await;
    assert_eq!(exam.next_ready().await, Some(second(-17)));
    assert_eq!(lease(exam, &hosts[1]).await.len(), 1);
    exam.ledger.release(vec![other[0].lease]).await.expect("releases");
    assert_eq!(lease(exam, &hosts[0]).await[0].order.id, other[0].order.id, "a lease given back leaves its place");
    assert!(lease(exam, &hosts[1]).await.is_empty());
}

pub async fn a_bounded_schedule_holds_up_no_other(exam: &Exam) {
    declare(exam, &[bounded("a", Some(1)), bounded("b", Some(1))]).await;
    let many = (0..50).map(|i| fire("a", -90 + i)).chain([fire("b", -9), enqueued("low")]);
    exam.claim(many.collect()).await;
    let leased = exam.lease(9).await;
    let schedules: Vec<_> = leased.iter().map(|one| one.order.schedule.as_ref().map(ToString::to_string)).collect();
    assert_eq!(schedules, [Some("a".to_owned()), Some("b".to_owned()), None]);
}

pub async fn a_retry_of_a_bounded_schedule_leaves_its_place_and_waits_for_one(exam: &Exam) {
    declare(exam, &[bounded("a", Some(1))]).await;
    exam.claim(vec![fire("a", -9), fire("a", -8)]).await;
    let first = exam.lease(9).await.remove(0);
    exam.settle(first.lease, again(0, true), failure()).await;
    let second_run = exam.lease(9).await;
    assert_eq!(second_run.iter().map(|one| one.order.due_at).collect::<Vec<_>>(), [second(-8)]);
    assert!(exam.lease(9).await.is_empty());
    exam.succeed(second_run[0].lease).await;
    assert_eq!(exam.lease(9).await[0].lease.run, first.lease.run);
}

pub async fn what_is_counted_over_all_hosts_is_not_leased_with_its_claim(exam: &Exam) {
    declare(exam, &[bounded("a", Some(9))]).await;
    let claimed = exam.claim_for(vec![fire("a", -1), call("x", "mail", 0)], Some(host(total(9)))).await;
    assert!(
        matches!(claimed[..], [Claimed::Ready(_), Claimed::Ready(_)]),
        "whoever waits already goes first: {claimed:?}"
    );
    assert_eq!(lease(exam, &host(total(9))).await.len(), 2);
}

pub async fn of_a_queue_with_a_total_no_more_go_on_and_the_higher_priority_first(exam: &Exam) {
    let calls = [("low", 0), ("high", 9), ("mid", 5), ("mid too", 5)];
    exam.claim(calls.map(|(key, priority)| call(key, "mail", priority)).to_vec()).await;
    exam.claim(vec![call("other", "default", 0)]).await;
    let hosts = [host(total(2)), host(total(2))];
    let one = lease(exam, &Tenant { places: 1, ..hosts[0].clone() }).await;
    assert_eq!(keys(&one), ["high"]);
    assert_eq!(keys(&lease(exam, &hosts[1]).await), ["mid", "other"], "what is full holds up nothing else");
    assert!(lease(exam, &hosts[0]).await.is_empty());
    assert_eq!(next_ready(exam, &total(2)).await, None, "nobody looks again and again");
    assert_eq!(next_ready(exam, &total(3)).await, Some(second(0)), "the number of the host that leases holds");
    exam.claim(vec![call("urgent", "mail", 200)]).await;
    exam.succeed(one[0].lease).await;
    assert_eq!(keys(&lease(exam, &hosts[1]).await), ["urgent"]);
    assert!(lease(exam, &hosts[0]).await.is_empty());
}

pub async fn a_total_and_the_room_of_the_host_hold_both(exam: &Exam) {
    exam.claim((0..9).map(|i| call(&format!("{i}"), "mail", 0)).collect()).await;
    let room = |named| QueueRoom { named: BTreeMap::from([("mail".parse().expect("a name"), named)]), ..total(4) };
    assert_eq!(lease(exam, &host(room(3))).await.len(), 3);
    assert_eq!(lease(exam, &host(room(3))).await.len(), 1);
    assert_eq!(next_ready(exam, &room(3)).await, None);
}

pub async fn a_bound_that_changes_holds_at_once_for_what_waits(exam: &Exam) {
    declare(exam, &[bounded("a", None)]).await;
    exam.claim((0..9).map(|i| fire("a", -20 + i)).collect()).await;
    let mut going = exam.lease(2).await;
    declare(exam, &[bounded("a", Some(3))]).await;
    going.extend(exam.lease(9).await);
    assert_eq!(going.len(), 3, "what goes on already is counted");
    declare(exam, &[bounded("a", Some(1))]).await;
    exam.succeed(going.remove(0).lease).await;
    assert!(exam.lease(9).await.is_empty(), "two still go on");
    declare(exam, &[bounded("a", None)]).await;
    assert_eq!(exam.lease(9).await.len(), 6);
}

pub async fn a_bound_stays_with_the_runs_of_a_schedule_that_left_the_list(exam: &Exam) {
    declare(exam, &[bounded("a", Some(1))]).await;
    exam.claim(vec![fire("a", -9), fire("a", -8)]).await;
    declare(exam, &[]).await;
    assert_eq!(exam.lease(9).await.len(), 1);
    assert!(exam.lease(9).await.is_empty());
    declare(exam, &[bounded("a", None)]).await;
    assert_eq!(exam.lease(9).await.len(), 1, "who comes back without a bound has none");
}

/// Leases and settles until all is done. What goes on is counted by the ledger itself, in one look.
async fn work(exam: &Exam, room: QueueRoom, [queue, all]: [u64; 2], runs: usize) {
    let done = Arc::new(AtomicUsize::new(0));
    let hosts = (0..4).map(|_| {
        let (ledger, history, tenant) = (Arc::clone(&exam.ledger), Arc::clone(&exam.history), host(room.clone()));
        let done = Arc::clone(&done);
        tokio::spawn(async move {
            while done.load(Ordering::SeqCst) < runs {
                let leased = ledger.lease(tenant.clone(), second(0)).await.expect("leases");
                let status = history.status().await.expect("reads");
                let in_queue =
                    status.queues.iter().find(|one| one.queue.as_str() == "mail").map_or(0, |one| one.running);
                assert!(in_queue <= queue && status.running <= all, "{status:?}");
                for one in leased {
                    ledger
                        .settle(vec![Settlement::new(one.lease, over(RunState::Succeeded), success())])
                        .await
                        .expect("settles");
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.await.expect("ends");
    }
}

pub async fn of_many_who_lease_at_once_none_takes_a_place_too_many(exam: &Exam) {
    declare(exam, &[bounded("a", Some(2))]).await;
    let of_schedule = (0..40).map(|i| fire("a", -90 + i));
    let of_queue = (0..40).map(|i| call(&format!("{i}"), "mail", 0));
    exam.claim(of_schedule.chain(of_queue).collect()).await;
    work(exam, total(3), [3, 2 + 3], 80).await;
    let succeeded = exam.all().await.iter().filter(|run| run.state == RunState::Succeeded).count();
    assert_eq!(succeeded, 80);
}
