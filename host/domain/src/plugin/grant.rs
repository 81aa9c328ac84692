//! What the operator allows a plugin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{HttpGrant, Limits, TcpGrant};
use crate::Access;

/// What the operator allows a plugin. Everything that is not here is denied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grant {
    /// Guest path -> folder of the host.
    pub folders: BTreeMap<String, FolderGrant>,
    /// Environment variables, with values already resolved.
    pub env: BTreeMap<String, String>,
    /// Of `env`, those whose value the host's own environment gave, and how: `env DB_PASSWORD`, or the text with `${…}` as it was
    /// written. Such values are kept out of what a run says, as secrets are.
    pub env_from: BTreeMap<String, String>,
    /// Secrets by name; read when the guest asks.
    pub secrets: BTreeMap<String, SecretSource>,
    /// SQL connections by name.
    pub sql: BTreeMap<String, Access>,
    /// Redis connections by name.
    pub kv: BTreeMap<String, Access>,
    /// HTTP requests it may send.
    pub http: Vec<HttpGrant>,
    /// TCP connections it may open.
    pub tcp: Vec<TcpGrant>,
    /// For a program: its first arguments.
    pub args: Vec<String>,
    /// For a program: what exit codes mean, where they mean something of their own.
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
    /// How much it may use.
    pub limits: Limits,
}

/// What it means that a program ended with some exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitMeaning {
    /// Done; stdout is the result.
    Done,
    /// There was nothing to do.
    Skipped,
    /// A failure that may pass.
    Retry,
    /// A failure that trying again would not help.
    Permanent,
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
