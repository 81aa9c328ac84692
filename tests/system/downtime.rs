//! A host that comes back after a month with very much to account for.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::support::{Ledger, Place, within};

const SCHEDULES: usize = 1_000;

/// From the start of the process until every due instant of the month has its row, for the release build; what the tests
/// usually run is not optimised.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 });

#[tokio::test]
async fn a_host_down_for_thirty_days_with_a_thousand_minute_schedules_is_up_again_within_seconds() {
    let place = Place::alone();
    place.plugin("noop");
    let mut schedules = String::new();
    for number in 0..SCHEDULES {
        // Every other one is of its own kind: whatever is worked out once for all of a kind does not hide the rest.
        let minutes = if number % 2 == 0 { "*".to_owned() } else { format!("*,{}", number % 60) };
        let catch_up = ["latest", "none", "all"][number % 3];
        write!(
            schedules,
            "[schedule.s{number}]\nhandler = \"fixture-noop/run\"\ncron = \"{minutes} * * * *\"\n\
             catch-up = {{ mode = \"{catch_up}\", limit = 5 }}\noverlap = \"allow\"\n"
        )
        .expect("a string grows");
    }
    place.schedules(&schedules);
    place.serve().await.stop().await;
    let month_ago = "UPDATE schedule SET cursor = cursor - 2592000000, anchor = anchor - 2592000000";
    Ledger::change(&place.path("data/noontide.db"), month_ago).await;

    let begun = Instant::now();
    let host = place.serve().await;
    let ready = begun.elapsed();
    let mut ledger = place.ledger().await;
    within(Duration::from_secs(300), "every schedule has a row for the month", async || {
        (ledger.spans().await == SCHEDULES as i64).then_some(())
    })
    .await;
    let accounted = begun.elapsed();
    println!("1,000 minute schedules after 30 days: ready in {ready:.2?}, all accounted for in {accounted:.2?}");
    assert!(accounted < LIMIT, "it took {accounted:?}");
    host.stop().await;
}
