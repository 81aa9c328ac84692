//! How a plugin file stands, and why its handlers cannot be called.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Granted, Makeup, PluginInfo, PluginVersion, Signer, Wish};

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
    /// Who signed the file, where keys are trusted.
    pub signer: Option<Signer>,
    /// What its file is made of.
    pub makeup: Makeup,
    /// What it is granted now: names and sources.
    pub granted: Granted,
    /// What it wants beside that.
    pub wishes: Vec<Wish>,
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
    /// `read`, `trust`, `sniff`, `validate`, `world`, `compile`, `describe`, `name`.
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
