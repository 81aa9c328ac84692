//! What the operator wants of a plugin's upgrades.

use crate::{Key, KeyPart};

/// What the operator wants of a plugin's upgrades. By default what wants more or does not fit is held, what else comes is
/// taken at once, and three failures in a row that its predecessor did not have send it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpgradePolicy {
    /// How a new version is tried before it is taken; `None` takes it at once.
    pub canary: Option<Canary>,
    /// After so many failures of a handler in a row the host goes back; 0 never.
    pub rollback_after: u32,
    /// Take what wants more than its predecessor.
    pub take_wider: bool,
    /// Take what schedules and runs cannot be carried out with.
    pub take_incompatible: bool,
}

impl Default for UpgradePolicy {
    fn default() -> Self {
        Self { canary: None, rollback_after: 3, take_wider: false, take_incompatible: false }
    }
}

/// How a candidate is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canary {
    /// Of a hundred runs so many go to it.
    pub share: u8,
    /// So many calls it has to do well before it is taken.
    pub runs: u32,
}

impl Canary {
    /// Calls that a candidate with a share has to do well.
    pub const RUNS: u32 = 20;

    /// Whether the candidate with that digest gets the run with that key. The same question has the same answer on every
    /// host, so a retry goes where the first attempt went.
    pub fn takes(&self, key: &Key, sha256: &str) -> bool {
        let hash = Key::of("canary", &[KeyPart::Text(&key.hex()), KeyPart::Text(sha256)]).hash;
        let number = hash[..8].iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        number % 100 < u64::from(self.share)
    }
}
