//! Plugins as the rest of the house sees them: what they offer, what they may do, how they stand.

pub mod egress;
mod grant;
mod granted;
mod limits;
mod makeup;
mod narrow;
mod status;
mod trust;
pub mod upgrade;
pub mod wants;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::PluginName;

pub use egress::{HttpGrant, TcpGrant};
pub use grant::{ExitMeaning, FolderGrant, Grant, GuestClock, Reuse, SecretSource};
pub use granted::{Granted, GrantedFolder};
pub use limits::Limits;
pub use makeup::Makeup;
pub use narrow::{Beyond, Conditions, Keep, Kept, LimitNarrowing, Narrowing};
pub use status::{LoadedPlugin, PluginError, PluginStatus, Unavailable};
pub use trust::{KeyId, Signer, Trust, TrustedKey};
pub use upgrade::UpgradePolicy;
pub use wants::{Answer, Wish, WishKind};

/// One loaded state of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PluginVersion {
    /// The plugin's own name.
    pub name: PluginName,
    /// What it calls its version.
    pub version: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A handler as its plugin describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandlerInfo {
    /// Its name within the plugin.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// JSON Schema of the input; `None` takes anything.
    pub input_schema: Option<serde_json::Value>,
    /// An input that works.
    pub example_input: Option<serde_json::Value>,
    /// Used where the schedule sets none.
    pub timeout: Option<Duration>,
}

/// What a plugin would like to be granted. Shown beside the grants, never acted on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wants {
    /// Origins.
    pub http: Vec<String>,
    /// host:port.
    pub tcp: Vec<String>,
    /// Environment variables.
    pub env: Vec<String>,
    /// Secrets.
    pub secrets: Vec<String>,
    /// Guest paths of folders.
    pub folders: Vec<String>,
    /// SQL connections: a name, with ` read-write` after it where it also writes.
    pub sql: Vec<String>,
    /// Redis connections, in the same form.
    pub kv: Vec<String>,
}

/// What a plugin says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PluginInfo {
    /// One line for people.
    pub summary: String,
    /// At least one.
    pub handlers: Vec<HandlerInfo>,
    /// Shown, never acted on.
    pub wants: Wants,
}
