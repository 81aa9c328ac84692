//! Secrets of ours: 256 bits at random. With so many a plain digest tells nothing about them, and salt adds nothing.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use noontide_domain::ports::SecretDigest;
use sha2::{Digest, Sha256};

use crate::problem::{Answer, Problem};

/// What all tokens begin with: programs that look for secrets in places where there should be none know them by it.
pub(crate) const PREFIX: &str = "noontide_";

/// A new one.
///
/// # Errors
/// The system gives no random bytes.
pub(crate) fn fresh(prefix: &str) -> Answer<String> {
    let mut bytes = [0; 32];
    let failed =
        |error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the system gives no random bytes: {error}"));
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// All that is kept of one.
pub(crate) fn digest(secret: &str) -> SecretDigest {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_made_twice_and_each_has_256_bits_behind_its_prefix() {
        let [one, two] = [(); 2].map(|()| fresh(PREFIX).expect("randomness"));
        assert_ne!(one, two);
        assert_eq!(one.strip_prefix("noontide_").map(str::len), Some(43), "{one}");
    }
}
