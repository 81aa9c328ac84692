//! kill -9 at random moments: nothing is lost, and nothing that was done is done again.

use std::time::Duration;

use super::support::{Host, Ledger, Mark, Place, Row, killed_at_random_moments, oracle, until};

/// Ten schedules, five times a second each: 50 fires a second.
const SCHEDULES: usize = 10;
const STEP_MS: i64 = 200;

#[tokio::test]
async fn killed_at_random_moments_under_fifty_fires_a_second_no_occurrence_is_lost_and_none_that_was_done_runs_again() {
    let place = Place::alone();
    place.plugin("recorder");
    place.conf("grants.toml", &place.recorder_grant());
    place.schedules(&schedules());
    let kills = killed_at_random_moments(&place).await;
    let host = place.serve().await;
    tell(&format!("{kills} kills"), settled(&place, host).await);
}

#[tokio::test]
async fn suspended_for_longer_than_its_lease_a_host_loses_nothing_and_does_nothing_again_that_is_on_record() {
    let place = Place::alone();
    place.plugin("recorder");
    place.conf("grants.toml", &place.recorder_grant());
    place.schedules(&schedules());
    let host = place.serve().await;
    until("it works", async || (place.marks().len() > 20).then_some(())).await;
    host.signal("STOP");
    // The lease of 2 s runs out while the host cannot know.
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.signal("CONT");
    tell("suspended", settled(&place, host).await);
}

/// Lets a second of fires pass and then all come to its end, and looks at the record.
async fn settled(place: &Place, host: Host) -> (Vec<Row>, Vec<Mark>) {
    let mut ledger = place.ledger().await;
    let begun = ledger.rows().await.len();
    until("a second of fires", async || (ledger.rows().await.len() > begun + 50).then_some(())).await;
    place.schedules("");
    until("everything has settled", async || {
        let before = ledger.rows().await.len();
        (ledger.open_runs().await == 0 && gone(&mut ledger).await && ledger.rows().await.len() == before).then_some(())
    })
    .await;
    let (rows, marks) = (ledger.rows().await, place.marks());
    host.stop().await;
    for index in 0..SCHEDULES {
        let own = ledger.rows_of(&name(index)).await;
        let covered = oracle::covered_once(&ledger.standing(&name(index)).await, STEP_MS, &own);
        assert_eq!(covered, Ok(()), "{}", name(index));
    }
    assert_eq!(oracle::done_once(&rows, &marks), Ok(()));
    assert_eq!(ledger.integrity().await, "ok");
    (rows, marks)
}

fn name(index: usize) -> String {
    format!("beat-{index}")
}

fn schedules() -> String {
    let schedule = |index| {
        format!(
            "[schedule.{}]\nhandler = \"fixture-recorder/run\"\nevery = \"{STEP_MS}ms\"\noverlap = \"allow\"\n\
             input = {{ hold_ms = 30 }}\nretry = {{ attempts = 50, backoff = \"0s\" }}\n",
            name(index)
        )
    };
    (0..SCHEDULES).map(schedule).collect()
}

/// The host has taken the empty list: no cursor moves any more.
async fn gone(ledger: &mut Ledger) -> bool {
    let mut cursors = Vec::new();
    for _ in 0..2 {
        cursors.push(ledger.standing(&name(0)).await.cursor);
        tokio::time::sleep(Duration::from_millis(2 * STEP_MS as u64)).await;
    }
    cursors[0] == cursors[1]
}

fn tell(what: &str, (rows, marks): (Vec<Row>, Vec<Mark>)) {
    let succeeded = rows.iter().filter(|row| row.succeeded()).count();
    let again = rows.iter().filter(|row| row.attempt > 1).count();
    let starts = marks.iter().filter(|mark| mark.phase == "start").count();
    println!(
        "{what}: {} occurrences, {succeeded} succeeded, {} skipped, {again} taken up again, {starts} starts; 0 lost, 0 \
         run again after success",
        rows.len(),
        rows.len() - succeeded
    );
}
