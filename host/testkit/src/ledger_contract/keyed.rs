//! Requests that a client may send twice and that are done once.

use std::time::Duration;

use noontide_domain::ports::{Clock, KeptAnswer, KeyStanding, KeyedRequest, Retention};

use super::Exam;

const HOUR: Duration = Duration::from_secs(3_600);

fn answer() -> KeptAnswer {
    // Any bytes, and more of them than fit a short column.
    let body = (0..=255).cycle().take(70_000).collect();
    KeptAnswer { status: 202, media_type: "application/json; charset=utf-8".to_owned(), body }
}

async fn begin(exam: &Exam, key: u8, request: u8) -> KeyStanding {
    let request = KeyedRequest { key: [key; 32], request: [request; 32], at: exam.clock.now() };
    exam.access.begin_keyed(request).await.expect("writes")
}

async fn end(exam: &Exam, key: u8, answer: Option<KeptAnswer>) {
    exam.access.end_keyed(&[key; 32], answer).await.expect("writes");
}

pub async fn a_key_stands_for_its_first_request_and_has_its_answer_ready(exam: &Exam) {
    assert_eq!(begin(exam, 1, 1).await, KeyStanding::New);
    assert_eq!((begin(exam, 1, 1).await, begin(exam, 1, 2).await), (KeyStanding::Going, KeyStanding::Other));
    assert_eq!(begin(exam, 2, 1).await, KeyStanding::New, "another key, another request");
    end(exam, 1, Some(answer())).await;
    assert_eq!(begin(exam, 1, 1).await, KeyStanding::Answered(answer()));
    assert_eq!(begin(exam, 1, 2).await, KeyStanding::Other);
    assert_eq!(begin(exam, 2, 1).await, KeyStanding::Going, "and its own answer");
}

pub async fn a_key_whose_request_came_to_nothing_is_free_and_one_with_an_answer_is_not(exam: &Exam) {
    assert_eq!(begin(exam, 1, 1).await, KeyStanding::New);
    end(exam, 1, None).await;
    assert_eq!(begin(exam, 1, 2).await, KeyStanding::New);
    end(exam, 1, Some(answer())).await;
    end(exam, 1, None).await;
    assert_eq!(begin(exam, 1, 2).await, KeyStanding::Answered(answer()));
    end(exam, 9, None).await;
}

pub async fn of_many_who_take_a_key_at_once_one_gets_it(exam: &Exam) {
    let all = (0..8).map(|_| {
        let (access, at) = (exam.access.clone(), exam.clock.now());
        let request = KeyedRequest { key: [1; 32], request: [1; 32], at };
        tokio::spawn(async move { access.begin_keyed(request).await.expect("writes") })
    });
    let mut new = 0;
    for one in all.collect::<Vec<_>>() {
        match one.await.expect("no panic") {
            KeyStanding::New => new += 1,
            other => assert_eq!(other, KeyStanding::Going),
        }
    }
    assert_eq!(new, 1);
}

pub async fn after_a_day_a_key_is_free_and_forgotten(exam: &Exam) {
    assert_eq!(begin(exam, 1, 1).await, KeyStanding::New);
    end(exam, 1, Some(answer())).await;
    exam.clock.advance(HOUR * 23);
    assert_eq!(begin(exam, 2, 1).await, KeyStanding::New);
    let prune = async || {
        let before = exam.clock.now() - chrono::TimeDelta::days(30);
        exam.ledger.prune(Retention { before, batch: 100 }).await.expect("prunes");
    };
    prune().await;
    assert_eq!(begin(exam, 1, 2).await, KeyStanding::Other);
    exam.clock.advance(HOUR * 2);
    assert_eq!(begin(exam, 1, 2).await, KeyStanding::New, "also where nobody has pruned");
    prune().await;
    assert_eq!((begin(exam, 1, 2).await, begin(exam, 2, 1).await), (KeyStanding::Going, KeyStanding::Going));
}
