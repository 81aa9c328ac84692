//! Plugins as the rest of the house sees them: what they offer, what they may do, how they stand.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Access, PluginName};

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

/// What the operator allows a plugin. Everything that is not here is denied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grant {
    /// Guest path -> folder of the host.
    pub folders: BTreeMap<String, FolderGrant>,
    /// Environment variables, with values already resolved.
    pub env: BTreeMap<String, String>,
    /// Secrets by name; read when the guest asks.
    pub secrets: BTreeMap<String, SecretSource>,
    /// SQL connections by name.
    pub sql: BTreeMap<String, Access>,
    /// Redis connections by name.
    pub kv: BTreeMap<String, Access>,
    /// How much it may use.
    pub limits: Limits,
}

/// A folder of the host that a guest may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderGrant {
    /// On the host.
    pub path: PathBuf,
    /// Reading only, unless true.
    pub write: bool,
}

/// Where a secret comes from. Its value is in no configuration, no log and no answer of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable of the host.
    Env(String),
    /// A file; one newline at its end is not part of the secret.
    File(PathBuf),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Env(name) => write!(f, "env {name}"),
            SecretSource::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// How much a plugin may use in one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Over all its memories together, in bytes.
    pub memory: u64,
    /// Where neither schedule nor handler set one.
    pub timeout: Duration,
    /// Log lines kept of one attempt.
    pub log_lines: usize,
    /// One artifact, in bytes.
    pub artifact_size: u64,
    /// All artifacts of one attempt together, in bytes.
    pub artifact_total: u64,
    /// Artifacts of one attempt.
    pub artifact_count: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            timeout: Duration::from_secs(30),
            log_lines: 1_000,
            artifact_size: 8 << 20,
            artifact_total: 16 << 20,
            artifact_count: 32,
        }
    }
}

/// How a plugin file stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginStatus {
    /// The file's name in the plugin folder.
    pub file: String,
    /// What is loaded; `None` if nothing of this file ever was.
    pub loaded: Option<LoadedPlugin>,
    /// Why the newest bytes of the file are not in use.
    pub error: Option<PluginError>,
}

/// What is loaded of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadedPlugin {
    /// Name, version, digest.
    pub version: PluginVersion,
    /// What it says about itself.
    pub info: PluginInfo,
    /// Since when.
    pub loaded_at: DateTime<Utc>,
    /// How long compiling and checking took, in milliseconds.
    pub load_ms: u64,
    /// Attempts going on right now, on this version.
    pub running: usize,
}

/// Why a file was refused: the stage it reached, and the reason in words that name the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{stage}: {message}")]
pub struct PluginError {
    /// `read`, `sniff`, `validate`, `world`, `compile`, `describe`, `name`.
    pub stage: String,
    /// In words.
    pub message: String,
    /// SHA-256 of the refused bytes, where they could be read.
    pub sha256: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a handler cannot be called right now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// No file holds the plugin.
    #[error("no plugin `{plugin}` is loaded{hint}")]
    Plugin {
        /// What was asked for.
        plugin: String,
        /// A did-you-mean or the plugin's load error; starts with a separator, or is empty.
        hint: String,
    },
    /// The plugin has no such handler.
    #[error("plugin `{plugin}` has no handler `{handler}`{hint}")]
    Handler {
        /// The plugin.
        plugin: String,
        /// What was asked for.
        handler: String,
        /// As above.
        hint: String,
    },
    /// The input does not fit the handler's schema.
    #[error("input of `{handler}`: {message}")]
    Input {
        /// The handler.
        handler: String,
        /// Path and reason.
        message: String,
    },
}
