//! How long after its time a guest is gone.

use std::time::{Duration, Instant};

use noontide_domain::Outcome;
use noontide_domain::ports::PluginHost;

use crate::stage::Stage;

const TIME: Duration = Duration::from_millis(300);

/// What is promised on a machine that has time.
const LATE: Duration = Duration::from_millis(100);

/// How late a thread is here that only sleeps: what the machine adds to everything.
fn sleeper() -> std::thread::JoinHandle<Duration> {
    std::thread::spawn(|| {
        let begun = Instant::now();
        std::thread::park_timeout(TIME);
        begun.elapsed().saturating_sub(TIME)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_and_a_sleep_in_the_host_end_within_a_tenth_of_a_second_of_their_time() {
    let stage = Stage::of(&["endless-loop", "sleeper"]).await;
    let module = "(module (memory (export \"memory\") 1) (func (export \"_start\") (loop (br 0))))";
    stage.put("old-loop.wasm", &wat::parse_str(module).expect("a module"));
    stage.sandbox.rescan().await;
    for handler in ["fixture-endless-loop", "fixture-sleeper", "old-loop"] {
        let mut late = Vec::new();
        for _ in 0..5 {
            let (bare, begun) = (sleeper(), Instant::now());
            let report = stage.call_within(handler, TIME).await;
            let over = begun.elapsed().saturating_sub(TIME);
            assert_eq!(report.outcome, Outcome::TimedOut { after: TIME }, "{handler}");
            late.push((over, bare.join().expect("no panic")));
        }
        println!("{handler}: late by (and a bare sleep by) {late:?}");
        // A machine that lets a bare sleep wait lets a guest wait that computes beside others a few turns longer.
        let in_time = late.iter().filter(|(over, bare)| *over <= LATE + 10 * *bare).count();
        assert!(in_time >= 4, "{handler}: {late:?}");
    }
}
