//! Growth on paper: a thousand hosts and ten million schedules before one database.
//!
//! Nobody has a thousand hosts on a desk. So the parts that can be real are real, and the rest is a model whose numbers are
//! measured:
//!
//! ```text
//! mix        ten million schedules, each known by its number                    real triggers
//! agenda     which of them come due when, and what the planner decides          the real planner, real plans
//! host       what the loops of a host ask of the database, and when             a model; `real` counts what the loops do ask
//! database   cores, round trips, commits, rows that somebody else has locked    a model; costs from docs/performance.md
//! crowd      all hosts before that database, event by event                     virtual time, the same in every run
//! ```
//!
//! `make scale`, or `cargo run --release -p noontide-engine --example scale -- 1000 10000000`; docs/scaling.md says what comes
//! of it.

mod agenda;
mod costs;
mod crowd;
mod database;
mod host;
mod mix;
mod real;
mod scenarios;
mod strides;
mod tables;
mod turning;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let hosts = numbers.next().unwrap_or(1_000);
    let schedules = numbers.next().and_then(|number| u32::try_from(number).ok()).unwrap_or(10_000_000);
    scenarios::all(hosts, schedules);
}
