//! JSON from the command line: as it stands, `@file`, or `@-` for stdin.

use std::io::Read;

use serde_json::Value;

use crate::exit::Stop;

/// Reads what `--input` was given.
///
/// # Errors
/// Usage: the file cannot be read, or it is no JSON.
pub fn read(text: &str) -> Result<Value, Stop> {
    let (place, json) = match text.strip_prefix('@') {
        None => ("--input".to_owned(), text.to_owned()),
        Some("-") => ("stdin".to_owned(), stdin().map_err(|e| Stop::usage(format!("--input: stdin: {e}")))?),
        Some(path) => {
            let json = std::fs::read_to_string(path).map_err(|e| Stop::usage(format!("--input: {path}: {e}")))?;
            (path.to_owned(), json)
        }
    };
    serde_json::from_str(&json).map_err(|error| {
        Stop::usage(format!(
            "{place}: no JSON: {error}; text needs its own quotes: --input '\"text\"', a file an @: --input @file"
        ))
    })
}

/// All of stdin.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn stdin() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn json_comes_as_it_stands_or_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"name":"you"}"#).unwrap();
        let named = format!("@{}", file.path().display());
        assert_eq!(read(&named), Ok(serde_json::json!({"name": "you"})));
        assert_eq!(read("[1]"), Ok(serde_json::json!([1])));
    }

    #[test]
    fn what_is_no_json_is_a_usage_error_that_says_how_to_write_it() {
        let stop = read("you").unwrap_err();
        assert_eq!(stop.exit, Exit::Usage);
        assert!(stop.message.contains("--input @file"), "{}", stop.message);
    }
}
