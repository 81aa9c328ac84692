//! Chance, from a seed. Whoever throws has dice of their own, so that what one throws more does not change what falls to others.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use fastrand::Rng;

pub struct Dice(Rng);

impl Dice {
    /// Those that `whose` throws in the story of `seed`.
    pub fn of(seed: u64, whose: impl Hash) -> Self {
        // Without a key of its own, so the same in every process.
        let mut hasher = DefaultHasher::new();
        (seed, whose).hash(&mut hasher);
        Self(Rng::with_seed(hasher.finish()))
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, chance: u32) -> bool {
        self.0.u32(0..1_000) < chance
    }

    /// From `least` to less than `most`.
    pub fn number(&mut self, least: u64, most: u64) -> u64 {
        self.0.u64(least..most)
    }

    /// From `least` to less than `most`, in milliseconds.
    pub fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.number(least, most))
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.0.usize(0..all.len())]
    }
}
