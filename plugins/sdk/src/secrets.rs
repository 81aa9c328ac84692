//! Why a secret was not handed out.

use std::error::Error;
use std::fmt;

/// Why a secret was not handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretError {
    /// The operator did not grant it to this plugin.
    NotGranted {
        /// The name that was asked for.
        name: String,
    },
    /// Granted, but the host could not read it.
    Unavailable {
        /// The name that was asked for.
        name: String,
        /// What the host says.
        reason: String,
    },
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted { name } => write!(
                f,
                "secret `{name}` is not granted: add `secrets = {{ {name} = {{ env = \"{name}\" }} }}` to this plugin's \
                 table, [plugin.<name>]"
            ),
            Self::Unavailable { name, reason } => write!(f, "secret `{name}` cannot be read: {reason}"),
        }
    }
}

impl Error for SecretError {}
