//! `clock = "due"`: a wall clock that stands at the due instant, and randomness that follows from the fire key. Every attempt
//! of a run reads the same time and draws the same bytes, in whatever year it is made.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::{GuestClock, Order};
use rand_core::TryRng;
use sha2::{Digest, Sha256};
use wasmtime_wasi::{HostWallClock, WasiCtxBuilder};

/// What a run's guests see in place of time and chance.
#[derive(Debug, Clone)]
pub(crate) struct Steady {
    due_at: DateTime<Utc>,
    key: [u8; 16],
}

impl Steady {
    /// `None` if the clock is real.
    pub(crate) fn of(clock: GuestClock, order: &Order) -> Option<Self> {
        (clock == GuestClock::Due).then_some(Self { due_at: order.due_at, key: order.key.hash })
    }

    /// The monotonic clock stays what it is: it begins at zero with each guest, and measures; without it nothing could wait.
    pub(crate) fn apply(&self, builder: &mut WasiCtxBuilder) {
        let mut seed = self.draws("insecure-seed");
        let seed = u128::from(seed.next()) << 64 | u128::from(seed.next());
        builder
            .wall_clock(Still(self.due_at))
            .secure_random(self.draws("secure"))
            .insecure_random(self.draws("insecure"))
            .insecure_random_seed(seed);
    }

    fn draws(&self, what: &'static str) -> Draws {
        Draws { key: self.key, what, block: 0, left: Vec::new() }
    }
}

struct Still(DateTime<Utc>);

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    /// WASI knows no time before 1970.
    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.timestamp_millis()).unwrap_or(0))
    }
}

/// SHA-256 in counter mode: nobody who does not know the key tells it from chance, and it is the same on every machine.
struct Draws {
    key: [u8; 16],
    what: &'static str,
    block: u64,
    left: Vec<u8>,
}

impl Draws {
    fn next(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.left.is_empty() {
                let hash =
                    Sha256::new().chain_update(self.key).chain_update(self.what).chain_update(self.block.to_le_bytes());
                self.block += 1;
                self.left.extend(hash.finalize().iter().rev());
            }
            *byte = self.left.pop().unwrap_or_default();
        }
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_follows_from_key_and_purpose_and_not_from_how_it_is_drawn() {
        let steady = |key| Steady { due_at: DateTime::UNIX_EPOCH, key: [key; 16] };
        let drawn = |draws: &mut Draws, pieces: &[usize]| {
            let mut all = Vec::new();
            for piece in pieces {
                let mut bytes = vec![0; *piece];
                draws.fill(&mut bytes);
                all.extend(bytes);
            }
            all
        };
        let whole = drawn(&mut steady(1).draws("secure"), &[100]);
        assert_eq!(whole, drawn(&mut steady(1).draws("secure"), &[1, 31, 32, 36]));
        assert_ne!(whole, drawn(&mut steady(2).draws("secure"), &[100]));
        assert_ne!(whole, drawn(&mut steady(1).draws("insecure"), &[100]));
        assert_ne!(whole[..32], whole[32..64], "no block comes twice");
    }

    #[test]
    fn a_due_instant_before_1970_is_its_beginning() {
        let early = DateTime::from_timestamp(-1, 0).expect("in range");
        assert_eq!(Still(early).now(), Duration::ZERO);
    }
}
