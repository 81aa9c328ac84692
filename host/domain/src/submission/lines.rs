//! JSON Lines: one payload a line, `{"at": 1602349200, "payload": {…}}`.

use serde::Deserialize;
use serde_json::Value;

use super::data::{Data, Entry};
use super::refusal::{Refusal, kind};
use super::{PAYLOAD_BYTES, PAYLOADS};

/// Length of a line, in bytes: a payload as long as it may be, with room for blanks and escapes.
const LINE_BYTES: usize = 4 * PAYLOAD_BYTES;

/// Reads as the text arrives, so that nobody has to hold it as a whole.
#[derive(Debug, Default)]
pub struct Lines {
    data: Data,
    /// How many lines have ended.
    ended: usize,
    /// The beginning of the next.
    begun: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Value,
    payload: Value,
}

impl Lines {
    /// Reads all of `text`.
    ///
    /// # Errors
    /// As [`Lines::add`].
    pub fn read(text: &[u8]) -> Result<Data, Refusal> {
        let mut lines = Self::default();
        lines.add(text)?;
        lines.end()
    }

    /// Takes the next bytes, wherever they were cut.
    ///
    /// # Errors
    /// Names the line that is no JSON, or no payload with its instant, or too long; or the one that is one too many.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.keep(&rest[..end])?;
            self.finish_line()?;
            rest = &rest[end + 1..];
        }
        self.keep(rest)
    }

    /// What was read. The last line need not end in a line break.
    ///
    /// # Errors
    /// As [`Lines::add`].
    pub fn end(mut self) -> Result<Data, Refusal> {
        self.finish_line()?;
        Ok(self.data)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.begun.len() + bytes.len() > LINE_BYTES {
            let reason = format!("which is longer than {LINE_BYTES} bytes; one line holds one payload");
            return Err(Refusal::of_line(self.ended + 1, reason));
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }

    /// A line of blanks says nothing.
    fn finish_line(&mut self) -> Result<(), Refusal> {
        let text = std::mem::take(&mut self.begun);
        self.ended += 1;
        if !text.trim_ascii().is_empty() {
            let entry = entry(&text, self.ended)?;
            if self.data.0.len() == PAYLOADS {
                let reason = format!("which is one too many; at most {PAYLOADS} are taken at once");
                return Err(Refusal::of_line(self.ended, reason));
            }
            self.data.0.push(entry);
        }
        Ok(())
    }
}

fn entry(text: &[u8], line: usize) -> Result<Entry, Refusal> {
    let wanted = "write {\"at\": 1602349200, \"payload\": …}";
    let read: Line = serde_json::from_slice(text)
        .map_err(|reason| Refusal::of_line(line, format!("which cannot be read: {reason}; {wanted}")))?;
    let timestamp = match read.at {
        Value::Number(seconds) => seconds.to_string(),
        Value::String(seconds) => seconds,
        other => {
            let reason = format!("where `at` is {}; {wanted}, with unix seconds", kind(&other));
            return Err(Refusal::of_line(line, reason));
        }
    };
    Ok(Entry { timestamp, payloads: Value::Array(vec![read.payload]), line: Some(line) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "{\"at\": 1602349200, \"payload\": {\"id\": 1}}\n\n{\"payload\": 2, \"at\": \"1602349201\"}\r\n";

    fn entry(at: &str, payload: Value, line: usize) -> Entry {
        Entry { timestamp: at.to_owned(), payloads: json!([payload]), line: Some(line) }
    }

    fn refused(text: &str) -> String {
        Lines::read(text.as_bytes()).expect_err("is refused").to_string()
    }

    #[test]
    fn each_line_is_an_entry_and_knows_where_it_stands() {
        let expected = [entry("1602349200", json!({ "id": 1 }), 1), entry("1602349201", json!(2), 3)];
        assert_eq!(Lines::read(TEXT.as_bytes()).expect("reads").0, expected);
        assert_eq!(Lines::read(TEXT.trim_end().as_bytes()).expect("reads").0, expected, "without the last line break");
        assert_eq!(Lines::read(b"").expect("reads"), Data::default());
    }

    #[test]
    fn wherever_the_text_is_cut_it_reads_the_same() {
        let whole = Lines::read(TEXT.as_bytes());
        for size in 1..TEXT.len() {
            let mut lines = Lines::default();
            TEXT.as_bytes().chunks(size).try_for_each(|chunk| lines.add(chunk)).expect("reads");
            assert_eq!(lines.end(), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        for (wrong, said) in [
            ("{\"at\": 1", "line 4, which cannot be read: EOF"),
            ("{\"at\": 1}", "missing field `payload`"),
            ("{\"at\": 1, \"payload\": 1, \"pay\": 2}", "unknown field `pay`"),
            ("{\"at\": [1], \"payload\": 1}", "line 4, where `at` is a list"),
            ("[1]", "line 4, which cannot be read"),
        ] {
            let told = refused(&format!("{TEXT}{wrong}"));
            assert!(told.contains(said), "{wrong}: {told}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused_before_it_is_held() {
        let mut lines = Lines::default();
        let chunk = vec![b' '; LINE_BYTES / 2];
        let told = [&chunk, &chunk, &chunk].into_iter().find_map(|chunk| lines.add(chunk).err()).expect("refused");
        assert!(told.to_string().contains("line 1, which is longer than"), "{told}");
        let line = "{\"at\":1,\"payload\":1}\n";
        assert!(refused(&line.repeat(PAYLOADS + 1)).contains(&format!("line {}, which is one too many", PAYLOADS + 1)));
    }
}
