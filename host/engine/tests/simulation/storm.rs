//! What breaks, and when.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::dice::Dice;

/// How long it lasts; then everything heals.
pub const STORM: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy)]
pub enum Blow {
    /// Between two steps: after so many from now.
    Kill(usize, usize),
    Start(usize),
    Freeze(usize),
    Thaw(usize),
    CutOff(usize),
    Reconnect(usize),
    /// Somebody sets its clock.
    Step(usize, TimeDelta),
    /// The ledger is away.
    Outage,
    Back,
    /// Of a thousand requests so many go wrong from now on.
    Trouble(u32),
    Pause(usize),
    Resume(usize),
    Fire(usize),
    /// The run with that number, counted from the newest.
    Cancel(usize),
    /// A call with a key that others use, too.
    Enqueue(u64),
}

/// Blows in the order of their instants. What goes away comes back before the end.
pub fn brew(dice: &mut Dice, begin: DateTime<Utc>, hosts: usize, schedules: usize) -> Vec<(DateTime<Utc>, Blow)> {
    let mut storm = Vec::new();
    let end = begin + STORM;
    for _ in 0..dice.number(4, 16) {
        let at = begin + dice.millis(0, STORM.as_millis() as u64);
        let back = |length: Duration| (at + length).min(end);
        let host = dice.number(0, hosts as u64) as usize;
        let schedule = dice.number(0, schedules as u64) as usize;
        // From a moment to several leases.
        let length = match dice.number(0, 3) {
            0 => dice.millis(100, 5_000),
            1 => dice.millis(5_000, 40_000),
            _ => dice.millis(40_000, 200_000),
        };
        match dice.number(0, 12) {
            0..3 => {
                storm.push((at, Blow::Kill(host, dice.number(0, 60) as usize)));
                storm.push((back(length), Blow::Start(host)));
            }
            3 => {
                storm.push((at, Blow::Freeze(host)));
                storm.push((back(length), Blow::Thaw(host)));
            }
            4 => {
                storm.push((at, Blow::CutOff(host)));
                storm.push((back(length), Blow::Reconnect(host)));
            }
            5 => storm.push((at, Blow::Step(host, step(dice)))),
            6 => {
                storm.push((at, Blow::Outage));
                storm.push((back(length), Blow::Back));
            }
            7 => storm.push((at, Blow::Trouble(dice.number(0, 300) as u32))),
            8 => {
                storm.push((at, Blow::Pause(schedule)));
                storm.push((back(length), Blow::Resume(schedule)));
            }
            9 => storm.push((at, Blow::Fire(schedule))),
            10 => storm.push((at, Blow::Cancel(dice.number(0, 4) as usize))),
            _ => storm.push((at, Blow::Enqueue(dice.number(0, 5)))),
        }
    }
    storm.sort_by_key(|(at, _)| *at);
    storm
}

/// Seconds or minutes, forwards or backwards.
fn step(dice: &mut Dice) -> TimeDelta {
    let seconds = dice.pick(&[-3_600, -90, -3, -1, 1, 3, 90, 1_800]);
    TimeDelta::seconds(seconds)
}
