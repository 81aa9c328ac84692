//! What was changed of schedules' definitions.

use chrono::TimeDelta;
use noontide_domain::change::{ChangeKind, KEPT, ScheduleChange};
use noontide_domain::ports::{AuditEntry, Clock, Retention};
use noontide_domain::{Owner, Schedule};
use serde_json::json;

use super::schedules::every_minute;
use super::{Exam, named, second};

fn mine(input: serde_json::Value) -> Schedule {
    Schedule { owner: Owner::Api, input, ..every_minute("a") }
}

async fn changes(exam: &Exam) -> Vec<ScheduleChange> {
    exam.history.changes(&named("a")).await.expect("reads")
}

/// Newest first: kind, by whom, and each key with what it said and says.
async fn told(exam: &Exam) -> Vec<String> {
    let line = |change: ScheduleChange| {
        let keys = change.keys.iter().map(|one| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!(" {}:{}>{}", one.key, text(&one.before), text(&one.after))
        });
        format!("{} {} by {}{}", change.number, change.kind.as_str(), change.by, keys.collect::<String>())
    };
    changes(exam).await.into_iter().map(line).collect()
}

pub async fn what_a_client_changes_is_noted_with_who_and_when(exam: &Exam) {
    exam.ledger.put(mine(json!({ "to": "ops" })), "token ci", second(1)).await.expect("puts");
    exam.ledger.put(mine(json!({ "to": "ops" })), "token ci", second(2)).await.expect("puts");
    exam.ledger.put(mine(json!({ "to": "dev" })), "ana", second(3)).await.expect("puts");
    exam.ledger.remove(&named("a"), "bob", second(4)).await.expect("removes");
    exam.ledger.put(mine(json!({ "to": "dev" })), "ana", second(5)).await.expect("puts");
    let expected =
        ["4 defined by ana", "3 removed by bob", "2 changed by ana input.to:ops>dev", "1 defined by token ci"];
    assert_eq!(told(exam).await, expected);
    let at: Vec<_> = changes(exam).await.into_iter().map(|change| change.at).collect();
    assert_eq!(at, [5, 4, 3, 1].map(second));
    assert!(exam.history.changes(&named("b")).await.expect("reads").is_empty());
}

pub async fn what_a_file_changes_is_noted_with_its_place_and_another_line_is_no_change(exam: &Exam) {
    let at = |line, enabled| {
        let owner = Owner::File { path: "jobs.toml".to_owned(), line };
        vec![Schedule { owner, enabled, ..every_minute("a") }]
    };
    for (now, schedules) in [at(1, true), at(7, true), at(9, false), Vec::new(), at(9, false)].into_iter().enumerate() {
        exam.ledger.declare(schedules, second(now as i64)).await.expect("declares");
    }
    let expected =
        ["3 defined by jobs.toml:9", "2 removed by jobs.toml:9", "1 changed by jobs.toml:9 enabled:true>false"];
    assert_eq!(told(exam).await, expected);
}

pub async fn a_file_that_takes_over_is_a_change_of_the_owner(exam: &Exam) {
    exam.ledger.put(Schedule { owner: Owner::Api, ..every_minute("a") }, "ana", second(0)).await.expect("puts");
    exam.ledger.declare(vec![every_minute("a")], second(1)).await.expect("declares");
    assert_eq!(told(exam).await, ["2 changed by jobs.toml:1 owner:API>jobs.toml", "1 defined by ana"]);
}

pub async fn the_newest_changes_are_kept_and_a_year_long(exam: &Exam) {
    let (most, now) = (KEPT as i64, exam.clock.now());
    for number in 0..most + 3 {
        exam.ledger.put(mine(json!({ "n": number })), "ana", now).await.expect("puts");
    }
    let kept = changes(exam).await;
    assert_eq!((kept.len() as i64, kept[0].number as i64), (most, most + 3));
    assert_eq!(kept[most as usize - 1].kind, ChangeKind::Changed);
    let retention = Retention { before: now + TimeDelta::days(1), batch: 1_000 };
    exam.ledger.prune(retention).await.expect("prunes");
    assert_eq!(changes(exam).await.len() as i64, most);
    exam.clock.advance((AuditEntry::KEPT + TimeDelta::days(1)).to_std().expect("a length"));
    let retention = Retention { before: exam.clock.now(), batch: 1_000 };
    exam.ledger.prune(retention).await.expect("prunes");
    assert!(changes(exam).await.is_empty());
}
