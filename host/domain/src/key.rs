//! The dedup key: what makes two fires the same fire.
//!
//! Parts are typed and length-prefixed before they are hashed, never joined as text: `a_b` + `c` is not
//! `a` + `b_c`, 12 is not "12" is not 12.0, and `A` is not `a` whatever collation a database has.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{RunId, ScheduleName};

/// The identity of a fire: 16 bytes of SHA-256 over the encoded parts, and a text for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// What the unique index holds.
    pub hash: [u8; 16],
    /// For people and logs; takes part in nothing.
    pub text: String,
}

/// One part of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyPart<'a> {
    /// Text, compared byte by byte.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A whole number that no [`KeyPart::Integer`] can hold.
    Unsigned(u64),
    /// A number with a fraction (or written with one).
    Float(f64),
}

impl Key {
    /// The key of a schedule's occurrence: its name and nominal due instant.
    pub fn occurrence(schedule: &ScheduleName, due_at: DateTime<Utc>) -> Self {
        let millis = due_at.timestamp_millis();
        Self::of("occurrence", &[KeyPart::Text(schedule.as_str()), KeyPart::Integer(millis)])
            .named(format!("{schedule}@{}", due_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)))
    }

    /// The key of an occurrence that is filled in later. Apart from [`Key::occurrence`], so that the row that says why there
    /// was no run stays; the same backfill twice is one run.
    pub fn backfill(schedule: &ScheduleName, due_at: DateTime<Utc>) -> Self {
        let millis = due_at.timestamp_millis();
        Self::of("backfill", &[KeyPart::Text(schedule.as_str()), KeyPart::Integer(millis)])
            .named(format!("{schedule}@{} (backfill)", due_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)))
    }

    /// The key of a fire by hand, which is its own occasion.
    pub fn manual(run: RunId) -> Self {
        let text = run.to_string();
        Self::of("manual", &[KeyPart::Text(&text)]).named(format!("manual:{text}"))
    }

    /// A key that a client chose for an enqueued run; unique within its handler.
    pub fn chosen(handler: &str, key: &str) -> Self {
        Self::of("chosen", &[KeyPart::Text(handler), KeyPart::Text(key)]).named(format!("{handler}:{key}"))
    }

    /// The key of a call in a chain. The chain has a key that is new, and in it each path is there once.
    pub fn link(chain: RunId, path: &str) -> Self {
        let text = chain.to_string();
        Self::of("link", &[KeyPart::Text(&text), KeyPart::Text(path)]).named(format!("{text}:{path}"))
    }

    /// The key of a member of a group under a key that a client chose for the group.
    pub fn member(key: &str, path: &str) -> Self {
        Self::of("member", &[KeyPart::Text(key), KeyPart::Text(path)]).named(format!("{key}:{path}"))
    }

    /// The key of a run with the entries of a timetable that are due at `due_at`. A later submission may bring more for the
    /// same instant; each entry has a key of its own.
    pub fn bucket(schedule: &ScheduleName, due_at: DateTime<Utc>, run: RunId) -> Self {
        let (millis, run) = (due_at.timestamp_millis(), run.to_string());
        Self::of("bucket", &[KeyPart::Text(schedule.as_str()), KeyPart::Integer(millis), KeyPart::Text(&run)])
            .named(format!("{schedule}@{} (timetable)", due_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)))
    }

    /// Hashes `parts` under a `kind` that keeps keys of different kinds apart.
    pub fn of(kind: &str, parts: &[KeyPart<'_>]) -> Self {
        let mut hasher = Sha256::new();
        feed(&mut hasher, b'k', kind.as_bytes());
        for part in parts {
            match part {
                KeyPart::Text(text) => feed(&mut hasher, b't', text.as_bytes()),
                KeyPart::Integer(number) => feed(&mut hasher, b'i', &number.to_be_bytes()),
                KeyPart::Unsigned(number) => feed(&mut hasher, b'u', &number.to_be_bytes()),
                KeyPart::Float(number) => feed(&mut hasher, b'f', &number.to_bits().to_be_bytes()),
            }
        }
        let digest = hasher.finalize();
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        Self { hash, text: kind.to_owned() }
    }

    fn named(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    /// What handlers get as idempotency key: the hash in hexadecimal, 32 characters.
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

/// A hash as text, 32 characters.
pub fn hex(hash: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    hash.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn feed(hasher: &mut Sha256, tag: u8, bytes: &[u8]) {
    hasher.update([tag]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_part_ends_and_the_next_begins_matters() {
        let one = Key::of("t", &[KeyPart::Text("a_b"), KeyPart::Text("c")]);
        let other = Key::of("t", &[KeyPart::Text("a"), KeyPart::Text("b_c")]);
        assert_ne!(one.hash, other.hash);
    }

    #[test]
    fn twelve_is_not_the_text_twelve_is_not_twelve_point_zero() {
        let keys =
            [KeyPart::Integer(12), KeyPart::Text("12"), KeyPart::Float(12.0)].map(|part| Key::of("t", &[part]).hash);
        assert_ne!(keys[0], keys[1]);
        assert_ne!(keys[1], keys[2]);
        assert_ne!(keys[0], keys[2]);
    }

    #[test]
    fn case_matters() {
        assert_ne!(Key::of("t", &[KeyPart::Text("A")]).hash, Key::of("t", &[KeyPart::Text("a")]).hash);
    }
}
