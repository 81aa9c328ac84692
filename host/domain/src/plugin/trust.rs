//! What a plugin file has to prove before anything of it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::PluginName;

/// Whose signatures count, and which bytes may hold a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Without keys no signature is looked at.
    pub keys: Vec<TrustedKey>,
    /// Whether a file without a signature is refused.
    pub required: bool,
    /// SHA-256 of the files that may hold a name, in hexadecimal. A name that is not here may be held by any file, one with
    /// an empty set by none.
    pub pins: BTreeMap<PluginName, BTreeSet<String>>,
}

impl Trust {
    /// Whether a file with this digest may hold the name.
    pub fn may_hold(&self, name: &PluginName, sha256: &str) -> bool {
        self.pins.get(name).is_none_or(|pinned| pinned.contains(sha256))
    }

    /// The ids of the keys, for people.
    pub fn key_ids(&self) -> String {
        let ids: Vec<_> = self.keys.iter().map(|key| key.id().to_string()).collect();
        ids.join(", ")
    }
}

/// A public key as minisign writes it: 56 characters that begin with `RW`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustedKey {
    text: String,
    id: KeyId,
}

/// Bytes of a public key: what it is for, its id, the key.
const KEY: usize = 42;

impl TrustedKey {
    /// What it is called by.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for TrustedKey {
    type Err = String;

    /// Takes the key alone, or the two lines of a `.pub` file.
    fn from_str(text: &str) -> Result<Self, String> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let id =
            KeyId::of(line).filter(|_| line.len() == KEY / 3 * 4 && line.bytes().all(|byte| sextet(byte).is_some()));
        let advice = "it has 56 letters and digits and begins with RW, as the second line of a .pub file of \
                      `noontide plugin keygen` or minisign does";
        match id {
            Some(id) => Ok(Self { text: line.to_owned(), id }),
            None => {
                Err(format!("`{}` is no public key of minisign; {advice}", line.chars().take(80).collect::<String>()))
            }
        }
    }
}

/// The number of a key, as minisign shows it: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

impl KeyId {
    /// Of a public key or a signature in base64: both begin with two letters (`Ed` or `ED`) and the id.
    pub fn of(base64: &str) -> Option<Self> {
        let mut bytes = [0; 12];
        let symbols = base64.as_bytes().get(..16)?;
        for (four, three) in symbols.chunks(4).zip(bytes.chunks_mut(3)) {
            let number = four.iter().try_fold(0_u32, |number, symbol| Some(number << 6 | sextet(*symbol)?))?;
            three.copy_from_slice(&number.to_be_bytes()[1..]);
        }
        let (kind, id) = bytes.split_at(2);
        let id = id.first_chunk().map(|id| Self(u64::from_le_bytes(*id)));
        id.filter(|_| kind == b"Ed" || kind == b"ED")
    }
}

fn sextet(symbol: u8) -> Option<u32> {
    let value = match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Who signed a loaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// A trusted key.
    pub key: KeyId,
    /// The trusted comment: the signature covers it, too.
    pub comment: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the manual of minisign.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_is_read_alone_or_with_the_line_before_it_and_has_the_id_that_minisign_shows() {
        let key: TrustedKey = KEY.parse().expect("a key");
        assert_eq!(key.id().to_string(), "E7620F1842B4E81F");
        let file = format!("untrusted comment: minisign public key E7620F1842B4E81F\n{KEY}\n");
        assert_eq!(file.parse(), Ok(key));
    }

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        for wrong in ["", "RWQ", &KEY[1..], &KEY.replace("RWQ", "AAA"), &KEY.replace('7', "-"), &format!("{KEY}AAAA")] {
            let refused = wrong.parse::<TrustedKey>().expect_err(wrong);
            assert!(refused.contains("56 letters"), "{refused}");
        }
    }

    #[test]
    fn a_name_without_pins_is_for_any_file_and_one_with_none_for_no_file() {
        let name: PluginName = "hello".parse().expect("a name");
        let mut trust = Trust::default();
        assert!(trust.may_hold(&name, "ab"));
        trust.pins.insert(name.clone(), ["ab".to_owned()].into());
        assert!(trust.may_hold(&name, "ab") && !trust.may_hold(&name, "cd"));
        trust.pins.insert(name.clone(), BTreeSet::new());
        assert!(!trust.may_hold(&name, "ab"));
    }
}
