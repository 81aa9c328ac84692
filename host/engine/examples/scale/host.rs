//! A host: how far its planner has come, and what it holds.

use std::collections::VecDeque;

use crate::costs::{PLACES, RECORDED_AT_ONCE};

/// Runs held at once, as the engine's `held_at_most`.
const HELD: usize = 2 * PLACES;

/// One of the crowd.
#[derive(Default)]
pub struct Host {
    /// Batches of its own share that it has asked for, and of the others' share.
    pub own: usize,
    pub others: usize,
    /// Leased, by due instant; no place is free yet.
    waiting: VecDeque<(u64, usize)>,
    running: usize,
    /// Ended, and not recorded.
    ended: usize,
    /// On their way to being recorded.
    settling: usize,
    /// A lease is being asked for.
    pub leasing: bool,
}

impl Host {
    fn held(&self) -> usize {
        self.waiting.iter().map(|(_, runs)| runs).sum::<usize>() + self.running + self.ended + self.settling
    }

    /// How many runs it may lease, if it wants to.
    pub fn room(&self) -> Option<usize> {
        Some(HELD.saturating_sub(self.held())).filter(|room| *room >= PLACES)
    }

    /// The same for what comes due.
    pub fn room_for_fires(&self) -> usize {
        (HELD + PLACES).saturating_sub(self.held())
    }

    pub fn is_holding(&self) -> bool {
        self.held() > 0
    }

    /// Leased.
    pub fn take(&mut self, due: u64, runs: usize) {
        self.waiting.push_back((due, runs));
    }

    /// What begins now, by due instant.
    pub fn begin(&mut self) -> Vec<(u64, usize)> {
        let mut begun = Vec::new();
        while let Some((due, runs)) = self.waiting.front_mut().filter(|_| self.running < PLACES) {
            let now = (*runs).min(PLACES - self.running);
            begun.push((*due, now));
            self.running += now;
            *runs -= now;
            if *runs == 0 {
                self.waiting.pop_front();
            }
        }
        begun
    }

    pub fn end(&mut self, runs: usize) {
        self.running -= runs;
        self.ended += runs;
    }

    /// What is recorded next; nothing while something is on its way.
    pub fn settle(&mut self) -> Option<usize> {
        if self.settling > 0 || self.ended == 0 {
            return None;
        }
        self.settling = self.ended.min(RECORDED_AT_ONCE);
        self.ended -= self.settling;
        Some(self.settling)
    }

    /// It is on record. Whether there is room now that was not there before.
    pub fn settled(&mut self) -> bool {
        let before = self.room().is_some();
        self.settling = 0;
        !before && self.room().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_holds_twice_its_places_and_asks_for_more_when_half_of_it_is_done() {
        let mut host = Host::default();
        assert_eq!((host.room(), host.room_for_fires()), (Some(128), 192));
        host.take(0, 128);
        assert_eq!(host.begin(), [(0, 64)]);
        assert_eq!(host.room(), None);
        host.end(64);
        assert_eq!((host.begin(), host.settle(), host.settle()), (vec![(0, 64)], Some(64), None));
        assert!(host.settled());
        assert_eq!(host.room(), Some(64));
    }
}
