//! Files that a handler leaves with its run. Their names become file names elsewhere, and their media types headers: both
//! are checked here, once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::excerpt::excerpt;

/// Longest name and longest media type, in bytes: what file systems take for a name.
const LONGEST: usize = 255;

/// A named file that a handler attached to its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// One of its kind in a run.
    pub name: ArtifactName,
    /// What it is.
    pub media_type: MediaType,
    /// Shared, because a report is copied when the ledger is asked again.
    pub content: Arc<[u8]>,
    /// Of the content, in hexadecimal.
    pub sha256: String,
}

impl Artifact {
    /// A file with this content.
    pub fn new(name: ArtifactName, media_type: MediaType, content: impl Into<Arc<[u8]>>) -> Self {
        let content = content.into();
        let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name, media_type, content, sha256 }
    }
}

/// The name of an artifact: a file name on any system, and never a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactName(String);

/// A media type such as `text/html; charset=utf-8`, fit for a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaType(String);

/// Why a text names no artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadArtifactName {
    /// Nothing there.
    #[error("the name is empty; write for example `report.html`")]
    Empty,
    /// Over 255 bytes.
    #[error("`{0}` has more than {LONGEST} bytes")]
    TooLong(String),
    /// `.`, `..`, or a file that listings hide.
    #[error("`{0}` begins with a dot; names of hidden files and of folders are not taken")]
    Dot(String),
    /// Some systems drop what stands there.
    #[error("`{0}` begins or ends with a space, or ends with a dot")]
    Edge(String),
    /// It separates folders, or cannot be seen.
    #[error("`{name}` holds `{}`, which no file name may hold", excerpt(&character.escape_default().to_string()))]
    Character {
        /// The name, as far as it can stand in a line.
        name: String,
        /// The first such character.
        character: char,
    },
}

/// The text is no media type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no media type; write for example `text/html; charset=utf-8`")]
pub struct BadMediaType(String);

impl FromStr for ArtifactName {
    type Err = BadArtifactName;

    fn from_str(text: &str) -> Result<Self, BadArtifactName> {
        let shown = || excerpt(text);
        if text.is_empty() {
            return Err(BadArtifactName::Empty);
        }
        if text.len() > LONGEST {
            return Err(BadArtifactName::TooLong(shown()));
        }
        if let Some(character) = text.chars().find(|character| is_unfit(*character)) {
            return Err(BadArtifactName::Character { name: shown(), character });
        }
        if text.starts_with('.') {
            return Err(BadArtifactName::Dot(shown()));
        }
        if text.trim() != text || text.ends_with('.') {
            return Err(BadArtifactName::Edge(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What separates folders on some system, what cannot be seen, and what reorders the text around it.
fn is_unfit(character: char) -> bool {
    let separates = matches!(character, '/' | '\\' | ':');
    let hides =
        matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    separates || hides || character.is_control()
}

impl FromStr for MediaType {
    type Err = BadMediaType;

    fn from_str(text: &str) -> Result<Self, BadMediaType> {
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let is_token = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        let is_pair = essence.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        match is_pair && is_printable && text.len() <= LONGEST {
            true => Ok(Self(text.to_owned())),
            false => Err(BadMediaType(excerpt(text))),
        }
    }
}

impl ArtifactName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MediaType {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_name_and_never_a_path() {
        for name in ["report.html", "a b.csv", "巡检 2026-10-01.md", "-x", &"x".repeat(255)] {
            assert_eq!(name.parse::<ArtifactName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        let unfit =
            ["", ".", "..", "../x", "a/b", "a\\b", "c:x", ".profile", "a\0", "a\nb", "x.", " x", "x ", "a\u{202e}b"];
        for name in unfit.into_iter().chain([&*"x".repeat(256)]) {
            assert!(name.parse::<ArtifactName>().is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn a_media_type_fits_into_a_header() {
        for text in ["text/html", "text/html; charset=utf-8", "application/vnd.oai.openapi+json", "a/b;c=\"d e\""] {
            assert_eq!(text.parse::<MediaType>().map(|media| media.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", "html", "text/", "/html", "te xt/html", "text/html\r\nSet-Cookie: a=b", "text/é", "a/b; \u{7f}"]
        {
            assert!(text.parse::<MediaType>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn the_digest_is_of_the_content() {
        let file = Artifact::new("a".parse().unwrap(), "text/plain".parse().unwrap(), *b"abc");
        assert_eq!(file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
