//! Headers: short texts that travel with a run, beside its input.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::excerpt::excerpt;

/// Texts under names, handed to the handler and shown with the run. They decide nothing here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// How many there may be.
    pub const MOST: usize = 64;

    /// Names and texts together, in bytes: what is longer belongs into the input.
    pub const BYTES: usize = 8 << 10;

    /// Headers of these names.
    ///
    /// # Errors
    /// Names the header that is wrong, or how many there may be.
    pub fn new(texts: BTreeMap<String, String>) -> Result<Self, String> {
        if texts.len() > Self::MOST {
            return Err(format!("{} headers are too many; at most {} are taken", texts.len(), Self::MOST));
        }
        let bytes: usize = texts.iter().map(|(name, text)| name.len() + text.len()).sum();
        if bytes > Self::BYTES {
            return Err(format!(
                "the headers have {bytes} bytes; at most {} are taken, more belongs into the input",
                Self::BYTES
            ));
        }
        let is_a_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        match texts.keys().find(|name| !is_a_name(name)) {
            Some(name) => {
                Err(format!("`{}` cannot name a header; visible ASCII without blanks is possible", excerpt(name)))
            }
            None => Ok(Self(texts)),
        }
    }

    /// Names and texts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Headers {
    type Error = String;
    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, String> {
        Self::new(texts)
    }
}

impl From<Headers> for BTreeMap<String, String> {
    fn from(headers: Headers) -> Self {
        headers.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_visible_and_the_whole_is_short() {
        let of = |name: &str, text: &str| Headers::new(BTreeMap::from([(name.to_owned(), text.to_owned())]));
        assert!(of("tenant", "Köln\n").is_ok(), "a text may be any");
        for name in ["", "a b", "ä", "a\n"] {
            assert!(of(name, "x").unwrap_err().contains("cannot name a header"), "{name:?}");
        }
        assert!(of("a", &"x".repeat(Headers::BYTES)).unwrap_err().contains("8193 bytes"));
        let many = (0..=Headers::MOST).map(|i| (i.to_string(), String::new())).collect();
        assert!(Headers::new(many).unwrap_err().contains("at most 64"));
    }
}
