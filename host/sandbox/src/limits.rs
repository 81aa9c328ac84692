//! How much a guest may take: the sum of all its memories, not each for itself.

use noontide_domain::Limits;
use wasmtime::{ResourceLimiter, Result};

/// Entries in all tables of one kind of guest; function tables of interpreters have some ten thousand.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;

/// Places of the pool that one permit stands for. A plugin that needs more takes several permits.
pub(crate) const MEMORIES_PER_PERMIT: u32 = 2;
/// As above, for tables.
pub(crate) const TABLES_PER_PERMIT: u32 = 4;

/// Bytes a guest may hand to the host in one call, unless its artifacts may be larger.
const HOSTCALL_FUEL: usize = 16 << 20;
/// Handles of resources a guest may hold.
pub(crate) const COMPONENT_HANDLES: usize = 10_000;
/// Resources the host keeps for a guest.
pub(crate) const RESOURCES: usize = 4_096;
/// All headers of one HTTP message that a guest makes, as they lie in memory.
pub(crate) const HTTP_FIELDS: usize = 32 << 10;
/// Of one call for random bytes.
pub(crate) const RANDOM_BYTES: u64 = 1 << 20;

/// Bytes a guest may hand to the host in one call. Room for twice the largest artifact: what is a little over the cap is
/// refused by its name, and only what is far over it breaks the guest.
pub(crate) fn hostcall_fuel(largest_artifact: u64) -> usize {
    usize::try_from(largest_artifact.saturating_mul(2)).unwrap_or(usize::MAX).max(HOSTCALL_FUEL)
}

/// Counts what a guest takes, and says no at the limit.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: usize,
    used: usize,
    peak: usize,
    last_growth: usize,
    table_entries: usize,
    denied: bool,
    fuel: Option<u64>,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        let limit = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        Self { limit, used: 0, peak: 0, last_growth: 0, table_entries: 0, denied: false, fuel: limits.fuel }
    }

    /// The most the memories held together, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak as u64
    }

    /// The fuel it began with, if that is counted.
    pub(crate) fn fuel(&self) -> Option<u64> {
        self.fuel
    }

    /// For another call of the same guest: what it holds counts from the beginning.
    pub(crate) fn again(&mut self) {
        (self.peak, self.denied) = (self.used, false);
    }

    /// The limit, if the guest was ever told no.
    pub(crate) fn denied(&self) -> Option<u64> {
        self.denied.then_some(self.limit as u64)
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let growth = desired.saturating_sub(current);
        let total = self.used.saturating_add(growth);
        // Past its own maximum is the guest's own doing, not a want of memory.
        if total > self.limit && maximum.is_none_or(|maximum| desired <= maximum || maximum >= self.limit) {
            self.denied = true;
        }
        if total > self.limit {
            return Ok(false);
        }
        self.used = total;
        self.last_growth = growth;
        self.peak = self.peak.max(total);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> Result<()> {
        self.used = self.used.saturating_sub(std::mem::take(&mut self.last_growth));
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let total = self.table_entries.saturating_add(desired.saturating_sub(current));
        let fits = total <= TABLE_ELEMENTS;
        if fits {
            self.table_entries = total;
        }
        Ok(fits)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(memory: u64) -> Meter {
        Meter::new(&Limits { memory, ..Limits::default() })
    }

    #[test]
    fn all_memories_count_together() {
        let mut meter = meter(10 << 16);
        assert!(meter.memory_growing(0, 6 << 16, None).expect("an answer"));
        assert!(!meter.memory_growing(0, 6 << 16, None).expect("an answer"));
        assert_eq!(meter.denied(), Some(10 << 16));
        assert_eq!(meter.peak(), 6 << 16);
    }

    #[test]
    fn growth_that_failed_is_not_counted() {
        let mut meter = meter(10 << 16);
        assert!(meter.memory_growing(0, 8 << 16, None).expect("an answer"));
        meter.memory_grow_failed(wasmtime::Error::msg("no pages")).expect("noted");
        assert!(meter.memory_growing(0, 8 << 16, None).expect("an answer"));
    }
}
