//! Secrets, read when they are needed.

use noontide_domain::SecretSource;

/// Larger files are no secrets, in bytes.
const MOST: usize = 64 << 10;

pub(crate) fn all(sources: &[SecretSource]) -> Result<Vec<String>, String> {
    sources.iter().map(read).collect()
}

/// The value; an empty one is none.
pub(crate) fn read(source: &SecretSource) -> Result<String, String> {
    let value = match source {
        SecretSource::Env(name) => std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?,
        SecretSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
        }
    };
    match value.len() {
        0 => Err(format!("the secret ({source}) is empty")),
        length if length > MOST => Err(format!("the secret ({source}) is larger than {MOST} bytes")),
        _ => Ok(value),
    }
}
