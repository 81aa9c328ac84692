//! Why a file was not attached.

use std::error::Error;
use std::fmt;

/// Why a file was not attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactError {
    /// The name is no file name; in the host's words.
    InvalidName(String),
    /// The media type is none; in the host's words.
    InvalidMediaType(String),
    /// Over a limit of the plugin.
    OverLimit {
        /// Which: `artifact-size`, `artifact-total` or `artifact-count`.
        key: String,
        /// What it allows, in bytes or files.
        allows: u64,
    },
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(reason) | Self::InvalidMediaType(reason) => write!(f, "artifact: {reason}"),
            Self::OverLimit { key, allows } => {
                let unit = if key == "artifact-count" { "files" } else { "bytes" };
                write!(
                    f,
                    "artifact: over `{key}`, which allows {allows} {unit}: attach less, or raise it in `limits` of this \
                     plugin's table, [plugin.<name>]"
                )
            }
        }
    }
}

impl Error for ArtifactError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;

    #[test]
    fn what_was_attached_last_under_a_name_is_there() {
        let call = Call::test();
        call.attach("report.html", "text/html", "<p>1").unwrap();
        call.attach("report.html", "text/html; charset=utf-8", "<p>2").unwrap();
        let file = call.artifact("report.html").unwrap();
        assert_eq!((file.media_type.as_str(), file.content), ("text/html; charset=utf-8", b"<p>2".to_vec()));
        assert_eq!(call.artifact("other"), None);
    }

    #[test]
    fn a_refusal_names_the_limit_and_the_next_step() {
        let call = Call::test().refusing_artifacts(ArtifactError::OverLimit { key: "artifact-size".into(), allows: 8 });
        let refused = call.attach("report.html", "text/html", "").unwrap_err().to_string();
        assert!(refused.contains("`artifact-size`, which allows 8 bytes") && refused.contains("[plugin."), "{refused}");
        assert_eq!(call.artifact("report.html"), None);
    }
}
