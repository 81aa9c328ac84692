//! Traces over several programs, as W3C Trace Context has them: a trace id for all that follows from one cause, a span id for
//! each part of it, both in one header.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RunId;

/// The header's name.
pub const TRACEPARENT: &str = "traceparent";

/// Whose part something is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent {
    /// 32 hexadecimal digits, not all zero.
    pub trace_id: String,
    /// 16 hexadecimal digits, not all zero.
    pub span_id: String,
}

impl TraceParent {
    /// Reads a header. `None` for what is none: whoever gets such a header begins a trace of their own.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = is_hex(version, 2) && version != "ff" && is_hex(flags, 2);
        // Later versions may say more behind what this one says.
        let is_whole = version != "00" || parts.next().is_none();
        let names = is_id(trace_id, 32) && is_id(span_id, 16);
        (is_known && is_whole && names).then(|| Self { trace_id: trace_id.to_owned(), span_id: span_id.to_owned() })
    }

    /// An attempt of a run in the trace `trace_id`.
    pub fn of_attempt(trace_id: &str, run: RunId, attempt: u32) -> Self {
        Self { trace_id: trace_id.to_owned(), span_id: format!("{:016x}", span_of_attempt(run, attempt)) }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-01", self.trace_id, self.span_id)
    }
}

impl TryFrom<String> for TraceParent {
    type Error = String;

    fn try_from(header: String) -> Result<Self, String> {
        Self::parse(&header).ok_or_else(|| "it is no traceparent".to_owned())
    }
}

impl From<TraceParent> for String {
    fn from(parent: TraceParent) -> String {
        parent.to_string()
    }
}

/// The span of a run as a whole: random as the run's id is, and the same on every host.
pub fn span_of_run(run: RunId) -> u64 {
    let (_, random) = run.0.as_u64_pair();
    random.max(1)
}

/// The span of one of its attempts, counted from 1.
pub fn span_of_attempt(run: RunId, attempt: u32) -> u64 {
    let (_, random) = run.0.as_u64_pair();
    (random ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_header_is_read_and_written_as_it_was() {
        let read = TraceParent::parse(HEADER).expect("a header");
        assert_eq!((read.trace_id.as_str(), read.span_id.as_str()), (&HEADER[3..35], &HEADER[36..52]));
        assert_eq!(read.to_string(), HEADER);
        assert!(TraceParent::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later").is_some());
    }

    #[test]
    fn what_is_no_header_begins_nothing() {
        for wrong in [
            "",
            "00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ] {
            assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_attempt_has_a_span_of_its_own_and_so_has_the_run() {
        let run = RunId::new();
        let mut spans = vec![span_of_run(run)];
        spans.extend((1..=20).map(|attempt| span_of_attempt(run, attempt)));
        spans.sort_unstable();
        spans.dedup();
        assert_eq!(spans.len(), 21);
    }
}
