//! How the tests hold a host: a place for its files, its process, its windows and its record.

pub mod api;
pub mod cluster;
pub mod fixtures;
pub mod host;
pub mod killing;
pub mod ledger;
pub mod moment;
pub mod oracle;
pub mod place;
pub mod receiver;
pub mod record;
pub mod shared;
pub mod volume;

pub use api::Api;
pub use cluster::{Cluster, Kind};
pub use host::Host;
pub use killing::killed_at_random_moments;
pub use ledger::{Ledger, Row};
pub use moment::{now_ms, number, until, within};
pub use place::Place;
pub use record::Mark;
pub use shared::Shared;
pub use volume::Volume;
