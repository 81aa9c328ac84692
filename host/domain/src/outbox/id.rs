//! What names a message, here and to whom it is sent.

use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;
use crate::key::hex;

/// A message of a fire: the fire's key, and which of its messages this is. Sent as idempotency key: however often a message
/// goes out, and whichever attempt of the run handed it over, it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The hash of the fire's key.
    pub fire: [u8; 16],
    /// Counted from 0 over all attempts of the run that were kept.
    pub number: u32,
}

/// Why a text names no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no message: 32 hexadecimal digits, a hyphen and a number are expected, as `noontide outbox ls` shows them"
)]
pub struct BadMessageId(String);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", hex(&self.fire), self.number)
    }
}

impl FromStr for MessageId {
    type Err = BadMessageId;
    fn from_str(text: &str) -> Result<Self, BadMessageId> {
        read(text).ok_or_else(|| BadMessageId(excerpt(text)))
    }
}

/// Only as it is written: an identity has one spelling.
fn read(text: &str) -> Option<MessageId> {
    let (digits, number) = text.split_once('-')?;
    let fire = u128::from_str_radix(digits, 16).ok()?.to_be_bytes();
    let id = MessageId { fire, number: number.parse().ok()? };
    (id.to_string() == text).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "00112233445566778899aabbccddeeff-7";
        let id: MessageId = text.parse().expect("an id");
        assert_eq!((id.number, id.to_string().as_str()), (7, text));
        for other in
            ["", "7", "00112233445566778899AABBCCDDEEFF-7", "00112233445566778899aabbccddeeff-07", "é-1", "+0-1"]
        {
            assert!(other.parse::<MessageId>().is_err(), "{other:?} was taken");
        }
    }
}
