//! `noontide:plugin/secrets`: read where the operator says, at the moment the guest asks, and taken out of
//! whatever it says from then on.

use noontide_domain::SecretSource;
use std::path::Path;
use tokio::io::AsyncReadExt;

use crate::bindings::secrets::{Host, SecretError};
use crate::guest::Guest;

/// Longest secret, in bytes.
const LONGEST: u64 = 64 << 10;

impl Host for Guest {
    async fn get(&mut self, name: String) -> Result<String, SecretError> {
        let source = self.grant.as_ref().and_then(|grant| grant.secrets.get(&name)).ok_or(SecretError::NotGranted)?;
        self.effects.note(|effects| effects.secret(&name));
        let value = match source {
            SecretSource::Env(variable) => from_env(variable),
            SecretSource::File(path) => from_file(path).await,
        }
        .map_err(SecretError::Unavailable)?;
        self.journal.lock().keep_secret(&name, &value);
        Ok(value)
    }
}

fn from_env(variable: &str) -> Result<String, String> {
    std::env::var(variable).map_err(|error| match error {
        std::env::VarError::NotPresent => format!("the host has no environment variable {variable}"),
        std::env::VarError::NotUnicode(_) => format!("the host's environment variable {variable} is not UTF-8"),
    })
}

async fn from_file(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = tokio::fs::File::open(path).await.map_err(cannot)?;
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).await.map_err(cannot)?;
    if text.len() as u64 > LONGEST {
        return Err(format!("{}: a secret may have {} bytes", path.display(), LONGEST));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
