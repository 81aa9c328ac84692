//! From the start of the process to its first fire, with ten plugins whose compiled forms are there already; and what the host
//! holds then.

use std::time::Duration;

use crate::figures::Figures;
use crate::support::{Host, Place, now_ms, until};

const PLUGINS: [&str; 10] = [
    "noop",
    "echo",
    "counter",
    "chance",
    "arithmetic",
    "sleeper",
    "trap",
    "stdout-flood",
    "fails-twice",
    "cancellable",
];

/// What an idle host is given before its memory is read.
const SETTLING: Duration = Duration::from_secs(2);

pub async fn measure(figures: &mut Figures) {
    let place = Place::alone();
    for plugin in PLUGINS {
        place.plugin(plugin);
    }
    // Long due when the host comes again: it runs as soon as the host can run anything.
    place.schedules("[schedule.often]\nevery = \"100ms\"\nhandler = \"fixture-noop/run\"\n");
    // Compiles what is not compiled yet.
    place.serve().await.stop().await;
    let begun = now_ms();
    let host = Host::start(&place).await;
    let mut ledger = place.ledger().await;
    let first = until("the first fire is on record", async || {
        let rows = ledger.rows().await;
        rows.iter().filter_map(|row| row.started_at).filter(|started| *started >= begun).min()
    })
    .await;
    figures.add("process to first fire, 10 plugins: ms", 150.0, (first - begun) as f64);
    tokio::time::sleep(SETTLING).await;
    figures.add("memory of an idle host, 10 plugins: MiB", 60.0, host.own_memory_mib() as f64);
    host.stop().await;
}
