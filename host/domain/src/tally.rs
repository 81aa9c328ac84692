//! Counting where things happen: plain atomics, which know nothing of who reads them. A count costs some nanoseconds and
//! never waits for a reader.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often something has happened since the start.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Once more.
    pub fn one(&self) {
        self.add(1);
    }

    /// So many times more.
    pub fn add(&self, times: u64) {
        self.0.fetch_add(times, Ordering::Relaxed);
    }

    /// Back to nothing.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// How often so far.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The highest that was ever seen.
#[derive(Debug, Default)]
pub struct Peak(AtomicU64);

impl Peak {
    /// It was so high now.
    pub fn see(&self, height: u64) {
        self.0.fetch_max(height, Ordering::Relaxed);
    }

    /// The highest so far.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the lengths that are counted together, in seconds: from what a file's commit takes to a long handler.
pub const BOUNDS: [f64; 18] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0];

/// How long something took, each time since the start.
#[derive(Debug, Default)]
pub struct Lengths {
    /// By bound; the last one is beyond all of them.
    counts: [Count; BOUNDS.len() + 1],
    nanoseconds: Count,
}

impl Lengths {
    /// It took so long once more.
    pub fn took(&self, length: Duration) {
        let seconds = length.as_secs_f64();
        self.counts[BOUNDS.partition_point(|bound| *bound < seconds)].one();
        self.nanoseconds.add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
    }

    /// All of it so far.
    pub fn read(&self) -> Spread {
        Spread {
            counts: self.counts.iter().map(Count::read).collect(),
            seconds: Duration::from_nanos(self.nanoseconds.read()).as_secs_f64(),
        }
    }
}

/// What [`Lengths`] have counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spread {
    /// How many took longer than the bound before and no longer than this one; the last are beyond all [`BOUNDS`].
    pub counts: Vec<u64>,
    /// All of them together.
    pub seconds: f64,
}

/// A tally for each of something, made when it is first seen.
#[derive(Debug)]
pub struct Each<K, V>(RwLock<HashMap<K, Arc<V>>>);

impl<K, V> Default for Each<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash, V: Default> Each<K, V> {
    /// That of `key`.
    pub fn of<Q>(&self, key: &Q) -> Arc<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(found) = self.get(key) {
            return found;
        }
        Arc::clone(self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default())
    }

    /// That of `key`, if it was ever seen.
    pub fn get<Q>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Forgets those of which it is not said that they stay.
    pub fn keep(&self, stays: impl Fn(&K) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|key, _| stays(key));
    }

    /// All of them, in the order of their keys.
    pub fn all(&self) -> Vec<(K, Arc<V>)>
    where
        K: Clone + Ord,
    {
        let each = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = each.iter().map(|(key, tally)| (key.clone(), Arc::clone(tally))).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }
}

/// Whether metrics tell of each schedule by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PerSchedule {
    /// While there are no more than [`PerSchedule::MOST`].
    #[default]
    Auto,
    /// However many there are.
    Always,
    /// Of none.
    Never,
}

impl PerSchedule {
    /// More series than this times a dozen are a burden for whoever collects them.
    pub const MOST: usize = 2_000;

    /// Whether it is so with that many schedules.
    pub fn covers(self, schedules: usize) -> bool {
        match self {
            PerSchedule::Auto => schedules <= Self::MOST,
            PerSchedule::Always => true,
            PerSchedule::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_counted_at_the_first_bound_that_holds_it() {
        let lengths = Lengths::default();
        for millis in [0, 1, 2, 3_600_000] {
            lengths.took(Duration::from_millis(millis));
        }
        let read = lengths.read();
        assert_eq!(read.counts[..3], [1, 1, 1], "0 ms, exactly 1 ms, 2 ms");
        assert_eq!((read.counts.last(), read.counts.iter().sum::<u64>()), (Some(&1), 4));
        assert!((read.seconds - 3_600.003).abs() < 1e-9, "{}", read.seconds);
    }

    #[test]
    fn each_has_its_own_tally_and_who_leaves_is_forgotten() {
        let each = Each::<String, Count>::default();
        each.of("b").one();
        each.of("a").add(2);
        each.of("b").one();
        let read = || each.all().iter().map(|(key, count)| (key.clone(), count.read())).collect::<Vec<_>>();
        assert_eq!(read(), [("a".to_owned(), 2), ("b".to_owned(), 2)]);
        each.keep(|key| key == "b");
        assert_eq!(read(), [("b".to_owned(), 2)]);
        assert!(each.get("a").is_none());
    }
}
