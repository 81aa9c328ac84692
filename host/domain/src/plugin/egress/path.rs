//! Paths below which requests may go, whatever a server makes of dots and percent signs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Rounds of decoding looked at; what is still encoded then is nobody's honest path.
const ROUNDS: usize = 8;

/// The beginning of a path: `/in/` for all below, `/in` for that and all below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Whether a request for `path` (without its query) stays below.
    ///
    /// # Errors
    /// Why not, in words. A path that some server takes for one that climbs out is refused as well: with `..` as a
    /// segment, also encoded once or more, behind a backslash or before a semicolon.
    pub fn covers(&self, path: &str) -> Result<(), String> {
        let rest = match path.strip_prefix(self.0.as_str()) {
            Some(rest) if self.0.ends_with('/') || rest.is_empty() || rest.starts_with('/') => rest,
            _ => return Err(format!("`{}` is not below `{}`", shortened(path), self.0)),
        };
        climbs(rest).map_or(Ok(()), |how| Err(format!("`{}` {how}", shortened(path))))
    }
}

/// What makes a server leave the place that `path` begins at, in any reading of it.
fn climbs(path: &str) -> Option<&'static str> {
    let mut reading = Cow::Borrowed(path);
    for _ in 0..ROUNDS {
        if reading.chars().any(char::is_control) {
            return Some("has a control character");
        }
        let segments = reading.split(['/', '\\']);
        if segments.map(|segment| segment.split(';').next().unwrap_or_default().trim()).any(|segment| segment == "..") {
            return Some("climbs by `..`, or does in some reading");
        }
        match decoded(&reading) {
            Ok(Some(next)) => reading = Cow::Owned(next),
            Ok(None) => return None,
            Err(reason) => return Some(reason),
        }
    }
    Some("is encoded many times over")
}

/// One round; `None` if nothing is encoded.
fn decoded(text: &str) -> Result<Option<String>, &'static str> {
    if !text.contains('%') {
        return Ok(None);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut changed) = (0, false);
    while at < bytes.len() {
        let pair = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2))).filter(|_| bytes[at] == b'%');
        match pair {
            Some((high, low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                (at, changed) = (at + 3, true);
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8(out).map_err(|_| "is encoded in other ways than UTF-8")?;
    Ok(changed.then_some(text))
}

fn shortened(path: &str) -> Cow<'_, str> {
    match path.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &path[..end]).into(),
        None => path.into(),
    }
}

impl FromStr for PathPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\\;*".contains(&byte);
        if !text.starts_with('/') || text.contains("//") || !text.bytes().all(plain) {
            return Err(format!("`{text}` is no beginning of a path; it starts with `/`, such as \"/in/\""));
        }
        if text.split('/').any(|segment| segment == "." || segment == "..") || climbs(text).is_some() {
            return Err(format!("`{text}`: write the path as it is in the end, without dots"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(prefix: &str, path: &str) -> bool {
        prefix.parse::<PathPrefix>().expect("a prefix").covers(path).is_ok()
    }

    #[test]
    fn a_prefix_ends_at_the_border_of_a_segment() {
        for path in ["/in", "/in/", "/in/a/b", "/in/./a", "/in/a%20b", "/in/%C3%A9", "/in/a..b", "/in/...", "/in/100%"]
        {
            assert!(covers("/in", path), "{path}");
        }
        for path in ["/", "", "/inn", "/IN/a", "/in.", "/other/in/", "//in/a", "/%69n/a"] {
            assert!(!covers("/in", path), "{path}");
        }
        assert!(covers("/in/", "/in/a") && covers("/in/", "/in/") && !covers("/in/", "/in"));
        assert!(covers("/", "/anything"));
    }

    #[test]
    fn no_spelling_climbs_out() {
        for rest in [
            "..",
            "../x",
            "a/../../x",
            "a/../b",
            "%2e%2e/x",
            "%2E./x",
            ".%2e",
            "%252e%252e/x",
            "..%2fx",
            "..%5cx",
            "..\\x",
            "a\\..\\x",
            "a%2f..%2fx",
            "..;/x",
            "..;a=b/x",
            "%2e%2e%3b/x",
            "%25252e%25252e/x",
            "%c0%ae%c0%ae/x",
            "%00",
            "a%0d%0ab",
            "..%00/x",
            "%2e%2e%20/x",
            "%2525252525252525252e",
        ] {
            assert!(!covers("/in/", &format!("/in/{rest}")), "{rest}");
        }
    }

    #[test]
    fn a_prefix_is_written_plainly() {
        for text in ["", "in", "/in?x", "/in#x", "/a/../b", "/a/./b", "/a//b", "/a b", "/%2e%2e/", "/é", "/a\\b", "/*"]
        {
            assert!(text.parse::<PathPrefix>().is_err(), "{text}");
        }
    }
}
