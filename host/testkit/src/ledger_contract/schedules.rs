//! The schedules that stand.

use std::time::Duration;

use noontide_domain::ports::{Claim, Fire, RunFilter};
use noontide_domain::trigger::Every;
use noontide_domain::{Cause, Overlap, Owner, Pause, RunState, Schedule, Standing, Trigger};

use super::{Exam, enqueued, failure, fire, named, over, second, tenant};

/// Of the file `jobs.toml`.
pub(super) fn every_minute(name: &str) -> Schedule {
    let trigger = Trigger::Every(Every { every: Duration::from_secs(60), start: None, end: None });
    Schedule {
        owner: Owner::File { path: "jobs.toml".to_owned(), line: 1 },
        ..Schedule::new(named(name), trigger, "mail/send".parse().expect("a handler"))
    }
}

async fn declare(exam: &Exam, schedules: &[Schedule], now: i64) -> Vec<Standing> {
    let standings = exam.ledger.declare(schedules.to_vec(), second(now)).await.expect("declares");
    assert_eq!(exam.history.standings().await.expect("reads"), standings);
    standings
}

pub async fn a_new_schedule_starts_now(exam: &Exam) {
    let schedules = [every_minute("a"), every_minute("b")];
    let expected = schedules.clone().map(|schedule| Standing::new(schedule, second(5)));
    assert_eq!(declare(exam, &schedules, 5).await, expected);
}

pub async fn the_same_definition_changes_nothing(exam: &Exam) {
    let before = declare(exam, &[every_minute("a")], 0).await;
    assert_eq!(declare(exam, &[every_minute("a")], 60).await, before);
    let mut moved = every_minute("a");
    moved.owner = Owner::File { path: "jobs.toml".to_owned(), line: 99 };
    let after = declare(exam, &[moved.clone()], 60).await;
    assert_eq!((after[0].cursor, &after[0].schedule), (second(0), &moved));
}

pub async fn a_changed_trigger_zone_or_flag_does_not_look_back(exam: &Exam) {
    let mut schedule = every_minute("a");
    declare(exam, &[schedule.clone()], 0).await;
    let changes: [fn(&mut Schedule); 4] = [
        |schedule| schedule.trigger = Trigger::Manual,
        |schedule| schedule.timezone = "Asia/Tokyo".parse().expect("a zone"),
        |schedule| schedule.max_runs = Some(9),
        |schedule| schedule.enabled = false,
    ];
    for (now, change) in (60..).step_by(60).zip(changes) {
        change(&mut schedule);
        let standing = declare(exam, &[schedule.clone()], now).await.remove(0);
        let expected = Standing { cursor: second(now), ..Standing::new(schedule.clone(), second(0)) };
        assert_eq!(standing, expected);
    }
}

pub async fn a_changed_input_keeps_the_cursor(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    let mut changed = every_minute("a");
    changed.input = serde_json::json!({ "to": "ops" });
    changed.handler = "mail/other".parse().expect("a handler");
    let standing = declare(exam, &[changed.clone()], 60).await.remove(0);
    assert_eq!((standing.cursor, standing.schedule), (second(0), changed));
}

pub async fn what_left_the_file_leaves_the_list_and_comes_back_without_looking_back(exam: &Exam) {
    declare(exam, &[every_minute("a"), every_minute("b")], 0).await;
    let run = exam.running(fire("b", 0)).await.lease.run;
    let left = declare(exam, &[every_minute("a")], 60).await;
    assert_eq!(left.len(), 1);
    assert!(!exam.ledger.pause(&named("b"), None, second(60)).await.expect("asks"), "it is not on the list");
    let of_b = RunFilter { schedule: Some(named("b")), limit: 9, ..RunFilter::default() };
    assert_eq!(exam.history.runs(of_b).await.expect("reads")[0].id, run, "its history stays");
    let back = declare(exam, &[every_minute("a"), every_minute("b")], 120).await;
    assert_eq!((back[1].anchor, back[1].cursor), (second(0), second(120)));
}

pub async fn what_the_api_owns_stays(exam: &Exam) {
    let of_api = Schedule { owner: Owner::Api, ..every_minute("mine") };
    declare(exam, &[of_api.clone(), every_minute("a")], 0).await;
    let standings = declare(exam, &[], 60).await;
    assert_eq!(standings.len(), 1);
    assert_eq!((&standings[0].schedule, standings[0].cursor), (&of_api, second(0)));
}

pub async fn a_pause_is_kept_and_resuming_moves_the_cursor(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    let pause =
        Pause { since: second(1), by: "ops".to_owned(), reason: Some("Wartung".to_owned()), until: Some(second(900)) };
    assert!(exam.ledger.pause(&named("a"), Some(pause.clone()), second(1)).await.expect("pauses"));
    let paused = declare(exam, &[every_minute("a")], 60).await.remove(0);
    assert_eq!((paused.pause, paused.cursor), (Some(pause), second(0)));
    assert!(exam.ledger.pause(&named("a"), None, second(300)).await.expect("resumes"));
    let resumed = exam.history.standings().await.expect("reads").remove(0);
    assert_eq!((resumed.pause, resumed.cursor), (None, second(300)));
    let ahead = Claim { cursors: vec![(named("a"), second(600))], ..Claim::default() };
    exam.ledger.claim(ahead, None).await.expect("claims");
    exam.ledger.pause(&named("a"), None, second(400)).await.expect("resumes");
    assert_eq!(exam.history.standings().await.expect("reads")[0].cursor, second(600), "never back");
}

pub async fn an_unknown_schedule_cannot_be_paused(exam: &Exam) {
    assert!(!exam.ledger.pause(&named("a"), None, second(0)).await.expect("asks"));
}

async fn runs(exam: &Exam) -> u64 {
    exam.history.standings().await.expect("reads")[0].runs
}

pub async fn a_run_is_counted_when_it_is_claimed_because_it_came_due(exam: &Exam) {
    declare(exam, &[every_minute("a"), every_minute("b")], 0).await;
    let of = |due, cause, overlap| {
        let mut fire = Fire { overlap, ..fire("a", due) };
        fire.order.cause = cause;
        fire
    };
    let counted = [
        of(-9, Cause::Schedule, Overlap::Allow),
        of(-8, Cause::After, Overlap::Allow),
        of(-7, Cause::Schedule, Overlap::QueueAll),
    ];
    exam.claim_for(counted.to_vec(), Some(tenant(1))).await;
    assert_eq!(runs(exam).await, 3);
    let not_counted = [
        of(-9, Cause::Schedule, Overlap::Allow),
        of(-6, Cause::Schedule, Overlap::Skip),
        of(-5, Cause::Manual, Overlap::Allow),
        of(-4, Cause::Backfill, Overlap::Allow),
        enqueued("k"),
        fire("unknown", 0),
    ];
    exam.claim(not_counted.to_vec()).await;
    assert_eq!(runs(exam).await, 3);
    let with_the_cursor = Claim {
        fire: vec![of(3, Cause::Schedule, Overlap::Allow), of(4, Cause::Schedule, Overlap::Allow)],
        cursors: vec![(named("a"), second(60)), (named("b"), second(30))],
        ..Claim::default()
    };
    exam.ledger.claim(with_the_cursor, None).await.expect("claims");
    let standings = exam.history.standings().await.expect("reads");
    assert_eq!((standings[0].runs, standings[0].cursor), (5, second(60)));
    assert_eq!((standings[1].runs, standings[1].cursor), (0, second(30)));
}

pub async fn of_fires_that_replace_each_other_the_last_is_counted(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    let fires = [-3, -2, -1].map(|due| Fire { overlap: Overlap::CancelRunning, ..fire("a", due) });
    exam.claim(fires.to_vec()).await;
    assert_eq!(runs(exam).await, 1);
}

pub async fn an_edit_keeps_the_count_and_who_comes_back_starts_anew(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    exam.claim(vec![fire("a", -2), fire("a", -1)]).await;
    let edited = Schedule { trigger: Trigger::Manual, max_runs: Some(7), ..every_minute("a") };
    assert_eq!(declare(exam, std::slice::from_ref(&edited), 60).await[0].runs, 2);
    declare(exam, &[], 120).await;
    assert_eq!(declare(exam, &[edited], 180).await[0].runs, 0);
}

pub async fn the_last_success_stands_with_its_schedule(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    let last_success = async || exam.history.standings().await.expect("reads")[0].last_success;
    assert_eq!(last_success().await, None);
    for due in [-20, -10, -30] {
        let lease = exam.running(fire("a", due)).await.lease;
        exam.succeed(lease).await;
    }
    let failed = exam.running(fire("a", 0)).await.lease;
    exam.settle(failed, over(RunState::Failed), failure()).await;
    assert_eq!(last_success().await, Some(second(-10)));
    assert_eq!(declare(exam, &[every_minute("a")], 60).await[0].last_success, Some(second(-10)));
}
