//! The disk is full: nothing begins that is not on record, and freed space is all it takes to go on.

use std::collections::HashSet;
use std::time::Duration;

use super::support::{Place, Row, Volume, oracle, until};

const STEP_MS: i64 = 200;

#[tokio::test]
async fn on_a_full_disk_no_handler_starts_without_a_committed_claim_and_with_room_again_it_goes_on_by_itself() {
    let place = Place::alone();
    let Some(volume) = Volume::at(&place.path("data"), "24m") else { return };
    place.plugin("recorder");
    place.conf("grants.toml", &place.recorder_grant());
    place.schedules(&format!(
        "[schedule.beat]\nhandler = \"fixture-recorder/run\"\nevery = \"{STEP_MS}ms\"\noverlap = \"allow\"\n\
         retry = {{ attempts = 20, backoff = \"0s\" }}\n"
    ));
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    let done = |rows: &[Row]| rows.iter().filter(|row| row.succeeded()).count();
    until("it works", async || (done(&ledger.rows().await) >= 3).then_some(())).await;

    volume.fill();
    until("the host says why it stands", async || host.log().contains("disk is full").then_some(())).await;
    // Nothing is to happen for a while, so there is nothing to wait for but the time of a few beats.
    tokio::time::sleep(Duration::from_millis(6 * STEP_MS as u64)).await;
    let claimed: HashSet<_> = ledger.rows().await.into_iter().map(|row| row.key).collect();
    let stray: Vec<_> = place.marks().into_iter().filter(|mark| !claimed.contains(&mark.fire_key)).collect();
    assert!(stray.is_empty(), "began without a claim: {stray:?}");
    assert_eq!(host.api().status("/livez").await, Some(200), "it lives");

    let before = done(&ledger.rows().await);
    volume.free();
    until("it goes on", async || (done(&ledger.rows().await) >= before + 5).then_some(())).await;
    place.schedules("");
    until("all is settled", async || (ledger.open_runs().await == 0).then_some(())).await;
    host.stop().await;
    let rows = ledger.rows().await;
    assert_eq!(oracle::covered_once(&ledger.standing("beat").await, STEP_MS, &rows), Ok(()));
    assert_eq!(oracle::done_once(&rows, &place.marks()), Ok(()));
    assert_eq!(ledger.integrity().await, "ok");
}
