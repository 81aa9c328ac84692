//! Where new ids come from: one place, so that a simulation that shall tell the same story twice can put its own there.

use uuid::Uuid;

/// A new one, of version 7: ids sort by the time they were made.
pub(crate) fn id() -> Uuid {
    #[cfg(feature = "replay")]
    if let Some(id) = replay::next() {
        return id;
    }
    Uuid::now_v7()
}

/// Ids that a seed decides.
#[cfg(feature = "replay")]
pub mod replay {
    use std::cell::Cell;

    use chrono::{DateTime, Utc};
    use sha2::{Digest, Sha256};
    use uuid::{Builder, Uuid};

    thread_local! {
        /// Begin, seed, and how many there were.
        static SERIES: Cell<Option<(u64, u64, u64)>> = const { Cell::new(None) };
    }

    /// From now on new ids of this thread follow from `seed`, as if made from `begin` on, each a millisecond after the one before.
    pub fn ids_from(begin: DateTime<Utc>, seed: u64) {
        SERIES.set(Some((u64::try_from(begin.timestamp_millis()).unwrap_or_default(), seed, 0)));
    }

    /// The next one.
    pub fn id() -> Uuid {
        super::id()
    }

    pub(super) fn next() -> Option<Uuid> {
        let (begin, seed, made) = SERIES.get()?;
        SERIES.set(Some((begin, seed, made + 1)));
        let hash = Sha256::digest([seed.to_be_bytes(), made.to_be_bytes()].concat());
        let mut chance = [0; 10];
        chance.copy_from_slice(&hash[..10]);
        Some(Builder::from_unix_timestamp_millis(begin + made, &chance).into_uuid())
    }
}
