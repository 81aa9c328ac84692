//! HMAC-SHA256, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub(crate) fn signed(key: &[u8], message: &[u8]) -> String {
    // A key of any length is one; the error is of other kinds of signatures.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The bytes of a secret: after `whsec_` in base64, else the text itself.
pub(crate) fn key(secret: &str) -> Result<Vec<u8>, String> {
    match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| "the secret is no base64 after `whsec_`".to_owned()),
        None => Ok(secret.as_bytes().to_vec()),
    }
}
