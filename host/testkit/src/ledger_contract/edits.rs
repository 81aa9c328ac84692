//! What hosts see of one another's edits.

use noontide_domain::ports::{Claim, Edits, Overdue};
use noontide_domain::{Owner, Pause, Schedule, Standing, Trigger};

use super::schedules::every_minute;
use super::*;

fn mine(name: &str) -> Schedule {
    Schedule { owner: Owner::Api, ..every_minute(name) }
}

async fn newest(exam: &Exam) -> i64 {
    exam.ledger.edited(-1).await.expect("looks").expect("-1 is no edit's number")
}

async fn take(exam: &Exam, since: i64, now: i64) -> Edits {
    exam.ledger.take_edits(since, chrono_tz::UTC, second(now)).await.expect("takes")
}

fn names(edits: &Edits) -> Vec<&str> {
    edits.standing.iter().map(|standing| standing.schedule.name.as_str()).collect()
}

pub async fn what_is_declared_put_paused_and_removed_is_told_of_after_it_and_no_more_once_it_is_seen(exam: &Exam) {
    let before = newest(exam).await;
    exam.ledger.declare(vec![every_minute("filed")], second(0)).await.expect("declares");
    exam.ledger.put(mine("a"), "ops", second(0)).await.expect("puts");
    let edits = take(exam, before, 1).await;
    assert_eq!(names(&edits), ["filed", "a"], "in the order of the edits");
    assert_eq!(edits.standing, [every_minute("filed"), mine("a")].map(|schedule| Standing::new(schedule, second(0))));
    assert_eq!(exam.ledger.edited(edits.revision).await.expect("looks"), None);
    exam.ledger.put(mine("a"), "ops", second(2)).await.expect("puts");
    assert_eq!(exam.ledger.edited(edits.revision).await.expect("looks"), None, "it stands already, word for word");
    let pause = Pause { since: second(2), by: "ops".to_owned(), reason: None, until: None };
    exam.ledger.pause(&named("a"), Some(pause.clone()), second(2)).await.expect("pauses");
    let paused = take(exam, edits.revision, 3).await;
    assert_eq!((names(&paused), &paused.standing[0].pause), (vec!["a"], &Some(pause)));
    exam.ledger.remove(&named("a"), "ops", second(4)).await.expect("removes");
    exam.ledger.declare(Vec::new(), second(4)).await.expect("declares");
    let mut gone = take(exam, paused.revision, 5).await;
    gone.gone.sort();
    assert_eq!((names(&gone).len(), &gone.gone), (0, &vec![named("a"), named("filed")]));
    assert_eq!(exam.ledger.edited(gone.revision).await.expect("looks"), None);
}

pub async fn how_far_a_schedule_has_come_is_no_edit(exam: &Exam) {
    exam.ledger.put(mine("a"), "ops", second(0)).await.expect("puts");
    let seen = newest(exam).await;
    let lease = exam.running(fire("a", -1)).await.lease;
    exam.succeed(lease).await;
    let ahead = Claim { cursors: vec![(named("a"), second(60))], ..Claim::default() };
    exam.ledger.claim(ahead, None).await.expect("claims");
    assert!(take(exam, seen, 1).await.standing.is_empty());
    assert_eq!(newest(exam).await, seen);
}

pub async fn many_edits_are_told_of_in_parts_that_miss_none(exam: &Exam) {
    let before = newest(exam).await;
    let all: Vec<_> = (0..1_203).map(|i| every_minute(&format!("s{i:04}"))).collect();
    exam.ledger.declare(all.clone(), second(0)).await.expect("declares");
    let (mut seen, mut told, mut parts) = (before, Vec::new(), 0);
    while exam.ledger.edited(seen).await.expect("looks").is_some() {
        let edits = take(exam, seen, 1).await;
        told.extend(edits.standing.iter().map(|standing| standing.schedule.name.clone()));
        (seen, parts) = (edits.revision, parts + 1);
    }
    told.sort();
    assert_eq!(told, all.into_iter().map(|schedule| schedule.name).collect::<Vec<_>>());
    assert!(parts > 1, "a look is bounded");
}

pub async fn an_overdue_schedule_is_news_once_until_it_has_succeeded(exam: &Exam) {
    exam.ledger.put(Schedule { trigger: Trigger::Manual, ..mine("a") }, "ops", second(0)).await.expect("puts");
    let overdue = |since: i64, last_success: Option<i64>| Overdue {
        schedule: named("a"),
        since: second(since),
        last_success: last_success.map(second),
    };
    let tell = async |overdue: Overdue| exam.ledger.tell_overdue(vec![overdue]).await.expect("tells")[0];
    assert!(tell(overdue(60, None)).await);
    assert!(!tell(overdue(60, None)).await, "another host has told of it");
    let lease = exam.running(fire("a", -1)).await.lease;
    exam.succeed(lease).await;
    assert!(!tell(overdue(120, None)).await, "it has succeeded, and this host does not know");
    assert!(tell(overdue(120, Some(-1))).await, "it fell back");
    assert!(!tell(Overdue { schedule: named("b"), ..overdue(0, None) }).await, "nobody knows it");
}
