//! Upgrades that cannot hurt: whether new bytes of a plugin may run, how they are tried, and when the host goes back.
//!
//! ```text
//! new bytes ──judge──▶ Take ────────────────────────────▶ active        the former one: superseded
//!                │                                          │ fails as its predecessor did not (verdict)
//!                ├──▶ Canary ──▶ candidate ──does well──▶ active         └──▶ rolled back, the predecessor is active
//!                └──▶ Hold ────▶ held ──approved, or fits by now──▶ as above
//! ```
//!
//! All of it is decided from what the ledger knows ([`KnownVersion`]), so that hosts that share one decide alike.

mod arrive;
mod hand;
mod judge;
mod policy;
mod record;
mod verdict;
mod version;
mod wider;

pub use arrive::{Arrived, arrive, rejudge};
pub use hand::{HandRefusal, Handed, approve, roll_back};
pub use judge::{Judgement, judge};
pub use policy::{Canary, UpgradePolicy};
pub use record::HandlerRecord;
pub use verdict::{last_good, verdict};
pub use version::{
    Approval, Arrival, Change, Decision, KnownVersion, Misfit, Offer, PluginNews, Use, User, VersionStanding, active,
    candidate, label,
};
pub use wider::{difference, wider};

/// Versions kept of each plugin unless the configuration says otherwise.
pub const KEEP_VERSIONS: usize = 5;

#[cfg(test)]
mod tests;
