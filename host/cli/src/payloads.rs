//! Files with payloads for a timetable: one object, or a payload a line.

use std::io::Read;
use std::path::Path;

use clap::ValueEnum;
use noontide_domain::submission::{BYTES, Data, Lines};

/// How payloads are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// { "<unix seconds>": [payload, …], … }
    Json,
    /// A line for each payload: {"at": <unix seconds>, "payload": …}
    Jsonl,
}

impl Written {
    /// By the file's ending; `None` for a file that is called otherwise.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// What the API calls it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jsonl => "application/jsonl",
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// A sentence that names the line.
    pub fn data(self, text: &[u8]) -> Result<Data, String> {
        match self {
            Self::Json => serde_json::from_slice(text).map_err(|error| {
                format!("no timetable: {error}; write {{ \"<unix seconds>\": [payload, …], … }}, or a payload a line")
            }),
            Self::Jsonl => Lines::read(text).map_err(|refusal| refusal.to_string()),
        }
    }
}

/// All of it, up to what a submission may be long.
///
/// # Errors
/// It cannot be read, or is longer ([`std::io::ErrorKind::FileTooLarge`]).
pub fn read(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(BYTES as u64 + 1).read_to_end(&mut text)?;
    match text.len() > BYTES {
        true => Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("longer than the {BYTES} bytes of a submission; hand it over in parts"),
        )),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_how_payloads_are_written() {
        let of = |name: &str| Written::of(Path::new(name));
        assert_eq!(
            (of("a.json"), of("a.jsonl"), of("a.ndjson")),
            (Some(Written::Json), Some(Written::Jsonl), Some(Written::Jsonl))
        );
        assert_eq!((of("a.json.tmp"), of("json"), of("a.JSON~")), (None, None, None));
    }

    #[test]
    fn what_is_too_long_is_not_read_to_its_end() {
        assert_eq!(read(std::io::repeat(b' ')).unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
        assert_eq!(read(&b"{}"[..]).unwrap(), b"{}");
    }
}
