//! How late handlers begin: from the due instant to the start of the handler, with the claim on the disk before.

use std::fmt::Write as _;
use std::time::Duration;

use crate::figures::Figures;
use crate::late::Late;
use crate::support::{Place, now_ms};

/// How long each crowd is watched.
const WATCHED: Duration = Duration::from_secs(20);
const SETTLING: Duration = Duration::from_secs(3);

/// So many that are due at once, each period; bars for the median and for 99 of a hundred, in milliseconds.
struct Crowd {
    name: &'static str,
    schedules: usize,
    every: &'static str,
    middle: f64,
    late: f64,
}

const CROWDS: [Crowd; 3] = [
    Crowd { name: "1,000 at one instant, each second", schedules: 1_000, every: "1s", middle: 15.0, late: 40.0 },
    Crowd { name: "100 at one instant, each second", schedules: 100, every: "1s", middle: 8.0, late: 8.0 },
    Crowd { name: "10 a second on an idle host", schedules: 1, every: "100ms", middle: 3.0, late: 3.0 },
];

pub async fn measure(figures: &mut Figures) {
    for crowd in &CROWDS {
        let late = of(crowd).await;
        figures.add(&format!("{}: p50 ms", crowd.name), crowd.middle, late.at(50) as f64);
        figures.add(&format!("{}: p99 ms", crowd.name), crowd.late, late.at(99) as f64);
    }
}

async fn of(crowd: &Crowd) -> Late {
    let place = Place::alone();
    place.plugin("noop");
    let mut text = String::new();
    for number in 0..crowd.schedules {
        let _ = writeln!(
            text,
            "[schedule.s{number:03}]\nevery = \"{}\"\nstart = \"2026-01-01T00:00:00Z\"\nhandler = \"fixture-noop/run\"\n\
             overlap = \"allow\"",
            crowd.every
        );
    }
    place.schedules(&text);
    let host = place.serve().await;
    tokio::time::sleep(SETTLING).await;
    let from = now_ms();
    tokio::time::sleep(WATCHED).await;
    let until = now_ms();
    tokio::time::sleep(SETTLING).await;
    host.stop().await;
    let late = Late::of(&place, from, until).await;
    assert!(late.waiting == 0 && !late.began.is_empty(), "{}: {} never began", crowd.name, late.waiting);
    late
}
