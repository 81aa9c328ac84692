//! What a run says: log lines, stdout and stderr, in the order they came, without secrets, bounded and harmless to a terminal.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::LogLine;
use noontide_domain::ports::Clock;

use crate::redact::{Redactor, SHORTEST};

/// Longest line, in bytes; longer log lines are cut, longer output goes on in the next line.
pub(crate) const LINE: usize = 8 << 10;
/// Pairs kept beside a log line, and the bytes of each part.
const FIELDS: usize = 32;
const FIELD: usize = 1 << 10;
/// Of each stream, so much is kept from its beginning and as much from its end, in bytes.
const KEPT: usize = 64 << 10;
/// Counted for each line on top of its bytes, so that a flood of empty lines is bounded too.
const LINE_COST: usize = 64;

/// Where a guest writes that uses `print`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Stream::Stdout => ("info", "stdout"),
            Stream::Stderr => ("warn", "stderr"),
        }
    }
}

/// The notes of one run.
pub(crate) struct Journal {
    clock: Arc<dyn Clock>,
    redactor: Redactor,
    next: u64,
    lines: Vec<(u64, LogLine)>,
    logged: usize,
    log_limit: usize,
    dropped: u64,
    stdout: Tape,
    stderr: Tape,
    /// stdout as it came, as long as it has no more bytes than asked for.
    whole: Option<Vec<u8>>,
    whole_limit: usize,
}

/// One stream: its unfinished line, what is left for the beginning, and the end.
#[derive(Default)]
struct Tape {
    /// Bytes in which a secret may have begun.
    held: Vec<u8>,
    unfinished: Vec<u8>,
    head: usize,
    tail: VecDeque<(u64, DateTime<Utc>, String)>,
    tail_cost: usize,
}

impl Journal {
    pub(crate) fn new(clock: Arc<dyn Clock>, log_limit: usize) -> Self {
        Self {
            clock,
            redactor: Redactor::default(),
            next: 0,
            lines: Vec::new(),
            logged: 0,
            log_limit,
            dropped: 0,
            stdout: Tape::default(),
            stderr: Tape::default(),
            whole: None,
            whole_limit: 0,
        }
    }

    /// From now on, stdout is kept as it comes, up to one byte more than `limit`.
    pub(crate) fn keep_stdout(&mut self, limit: usize) {
        (self.whole, self.whole_limit) = (Some(Vec::new()), limit);
    }

    /// What was kept of stdout: more than the limit if there was more.
    pub(crate) fn take_stdout(&mut self) -> Vec<u8> {
        self.whole.take().unwrap_or_default()
    }

    /// What nobody may read in what the guest says from now on.
    pub(crate) fn keep_secret(&mut self, name: &str, value: &str) {
        if !self.redactor.learn(name, value) {
            let message = format!(
                "secret `{name}` has fewer than {SHORTEST} characters and is not taken out of what the run says; use a longer one"
            );
            let at = self.clock.now();
            self.push(LogLine { at, level: "warn".to_owned(), source: "host".to_owned(), message, fields: Vec::new() });
        }
    }

    /// The same of a variable, of which a short one is seldom a secret.
    pub(crate) fn keep_variable(&mut self, name: &str, value: &str) {
        self.redactor.learn(name, value);
    }

    /// What must not be read.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// A guest's words as they are kept: without secrets, harmless, and cut at `most` bytes.
    pub(crate) fn kept(&self, text: &str, most: usize) -> String {
        self.redactor.words(text, most)
    }

    /// A line that the guest logs.
    pub(crate) fn log(&mut self, level: &str, message: &str, fields: &[(String, String)]) {
        if self.logged >= self.log_limit {
            self.dropped += 1;
            return;
        }
        self.logged += 1;
        let fields = fields.iter().take(FIELDS);
        let line = LogLine {
            at: self.clock.now(),
            level: level.to_owned(),
            source: "log".to_owned(),
            message: self.kept(message, LINE),
            fields: fields.map(|(name, value)| (self.kept(name, FIELD), self.kept(value, FIELD))).collect(),
        };
        self.push(line);
    }

    /// A line of the host's own, beside the guest's. Whoever calls it sees to it that there are few.
    pub(crate) fn remark(&mut self, level: &str, message: &str) {
        let (at, level, source) = (self.clock.now(), level.to_owned(), "host".to_owned());
        self.push(LogLine { at, level, source, message: harmless(message, LINE), fields: Vec::new() });
    }

    /// Bytes that the guest prints.
    pub(crate) fn print(&mut self, stream: Stream, bytes: &[u8]) {
        if let Some(whole) = self.whole.as_mut().filter(|_| stream == Stream::Stdout) {
            let room = (self.whole_limit + 1).saturating_sub(whole.len());
            whole.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if self.redactor.is_idle() {
            return self.write(stream, bytes);
        }
        let mut text = std::mem::take(&mut self.tape(stream).held);
        text.extend_from_slice(bytes);
        let (told, held) = self.redactor.stream(&text);
        self.tape(stream).held = held;
        self.write(stream, &told);
    }

    /// No more comes: what was held back is told.
    fn release(&mut self, stream: Stream) {
        let held = std::mem::take(&mut self.tape(stream).held);
        let told = self.redactor.bytes(&held).into_owned();
        self.write(stream, &told);
    }

    fn write(&mut self, stream: Stream, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = LINE - self.tape(stream).unfinished.len();
            let reach = &bytes[..bytes.len().min(room)];
            match reach.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.tape(stream).unfinished.extend_from_slice(&bytes[..end]);
                    self.end_line(stream);
                    bytes = &bytes[end + 1..];
                }
                None => {
                    self.tape(stream).unfinished.extend_from_slice(reach);
                    bytes = &bytes[reach.len()..];
                    if reach.len() == room {
                        self.end_line(stream);
                    }
                }
            }
        }
    }

    /// The newest words of stderr that name a panic, for the message of a trap.
    pub(crate) fn panic_words(&mut self) -> Option<String> {
        self.release(Stream::Stderr);
        let mut printed: Vec<(u64, &str)> = self.stderr.tail.iter().map(|(n, _, text)| (*n, text.as_str())).collect();
        let head = self.lines.iter().filter(|(_, line)| line.source == "stderr");
        printed.extend(head.map(|(n, line)| (*n, line.message.as_str())));
        printed.sort_unstable_by_key(|(n, _)| *n);
        let place = printed.iter().rposition(|(_, text)| text.contains("panicked at"))?;
        let words = printed.get(place + 1).map(|(_, text)| *text).unwrap_or_default();
        Some(format!("{} {words}", printed[place].1).trim_end().to_owned())
    }

    /// The last line of stderr that says something.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        self.release(Stream::Stderr);
        let unfinished = String::from_utf8_lossy(&self.stderr.unfinished);
        let last = harmless(unfinished.trim(), LINE);
        let tail = self.stderr.tail.iter().rev().map(|(_, _, text)| text.as_str());
        let head = self.lines.iter().rev().filter(|(_, line)| line.source == "stderr");
        let printed = std::iter::once(last.as_str()).chain(tail).chain(head.map(|(_, line)| line.message.as_str()));
        printed.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
    }

    /// All lines in their order, and how many there is no room for.
    pub(crate) fn close(&mut self) -> (Vec<LogLine>, u64) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            self.release(stream);
            if !self.tape(stream).unfinished.is_empty() {
                self.end_line(stream);
            }
            let tail = std::mem::take(&mut self.tape(stream).tail);
            self.lines.extend(tail.into_iter().map(|(number, at, text)| (number, printed(stream, at, text))));
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_by_key(|(number, _)| *number);
        (lines.into_iter().map(|(_, line)| line).collect(), self.dropped)
    }

    fn end_line(&mut self, stream: Stream) {
        let at = self.clock.now();
        let bytes = std::mem::take(&mut self.tape(stream).unfinished);
        let text = harmless(&String::from_utf8_lossy(&bytes), 6 * LINE);
        let cost = text.len() + LINE_COST;
        let tape = self.tape(stream);
        if tape.tail.is_empty() && tape.head + cost <= KEPT {
            tape.head += cost;
            self.push(printed(stream, at, text));
            return;
        }
        let number = self.number();
        let tape = self.tape(stream);
        tape.tail.push_back((number, at, text));
        tape.tail_cost += cost;
        self.trim(stream);
    }

    fn trim(&mut self, stream: Stream) {
        let mut gone = 0;
        let tape = self.tape(stream);
        while tape.tail_cost > KEPT {
            let Some((_, _, text)) = tape.tail.pop_front() else { break };
            tape.tail_cost -= text.len() + LINE_COST;
            gone += 1;
        }
        self.dropped += gone;
    }

    fn push(&mut self, line: LogLine) {
        let number = self.number();
        self.lines.push((number, line));
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn tape(&mut self, stream: Stream) -> &mut Tape {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

fn printed(stream: Stream, at: DateTime<Utc>, message: String) -> LogLine {
    let (level, source) = stream.words();
    LogLine { at, level: level.to_owned(), source: source.to_owned(), message, fields: Vec::new() }
}

/// `text` with control characters escaped, cut at `most` bytes: a guest's words end up in terminals and pages.
pub(crate) fn harmless(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for character in text.chars() {
        if out.len() >= most {
            out.push('…');
            break;
        }
        match character {
            '\t' => out.push('\t'),
            // C0, DEL, C1, and the characters that reorder what is displayed around them.
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.extend(c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn sleep_until(&self, _: DateTime<Utc>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(std::future::ready(()))
        }
    }

    fn journal(limit: usize) -> Journal {
        Journal::new(Arc::new(Still), limit)
    }

    #[test]
    fn lines_of_all_sources_keep_their_order() {
        let mut journal = journal(10);
        journal.print(Stream::Stdout, b"one\ntw");
        journal.log("info", "between", &[]);
        journal.print(Stream::Stdout, b"o\nend");
        let (lines, dropped) = journal.close();
        let said: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
        assert_eq!((said, dropped), (vec!["one", "between", "two", "end"], 0));
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let mut journal = journal(10);
        for number in 0..20_000 {
            journal.print(Stream::Stdout, format!("line {number}\n").as_bytes());
        }
        let (lines, dropped) = journal.close();
        assert_eq!(lines.len() as u64 + dropped, 20_000);
        assert!(lines.len() < 2_100, "{} lines", lines.len());
        assert_eq!(lines[0].message, "line 0");
        assert_eq!(lines[lines.len() - 1].message, "line 19999");
    }

    #[test]
    fn a_line_without_an_end_is_split_and_log_lines_are_cut() {
        let mut journal = journal(1);
        journal.print(Stream::Stderr, &[b'x'; 3 * LINE]);
        journal.log("info", &"y".repeat(2 * LINE), &[]);
        journal.log("info", "over the limit", &[]);
        let (lines, dropped) = journal.close();
        assert_eq!((lines.len(), dropped), (4, 1));
        assert!(lines.iter().all(|line| line.message.len() <= LINE + '…'.len_utf8()));
    }

    #[test]
    fn an_escape_sequence_cannot_reach_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\r\n\u{9b}", 100), "a\\u{1b}[31mb\\r\\n\\u{9b}");
    }

    #[test]
    fn a_secret_is_in_no_line_and_no_field_however_it_was_printed() {
        let mut journal = journal(10);
        journal.keep_secret("KEY", "two lines\nof one key");
        journal.print(Stream::Stdout, b"begin two li");
        journal.log("info", "two lines\nof one key", &[("key".to_owned(), "=two lines\nof one key".to_owned())]);
        journal.print(Stream::Stdout, b"nes\nof one");
        journal.print(Stream::Stdout, b" key end\ntwo lines\n");
        let (lines, _) = journal.close();
        let said: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
        assert_eq!(said, ["[secret KEY]", "begin [secret KEY] end", "two lines"]);
        assert_eq!(lines[0].fields, [("key".to_owned(), "=[secret KEY]".to_owned())]);
    }

    #[test]
    fn a_secret_across_the_longest_line_is_found_and_the_last_words_are_without_it() {
        let mut journal = journal(10);
        journal.keep_secret("KEY", "hunter22");
        journal.print(Stream::Stderr, &[b"x".repeat(LINE - 4), b"hunter22 is wrong".to_vec()].concat());
        assert_eq!(journal.last_words().as_deref(), Some("ret KEY] is wrong"));
        journal.print(Stream::Stderr, b"\npanicked at\nhunter22\n");
        assert_eq!(journal.panic_words().as_deref(), Some("panicked at [secret KEY]"));
        assert!(journal.close().0.iter().all(|line| !line.message.contains("unter")));
    }

    #[test]
    fn of_a_secret_too_short_to_be_taken_out_the_run_is_told() {
        let mut journal = journal(10);
        journal.keep_secret("PIN", "123");
        journal.keep_variable("DEBUG", "1");
        let (lines, _) = journal.close();
        assert_eq!((lines.len(), lines[0].source.as_str()), (1, "host"));
        assert!(lines[0].message.contains("`PIN` has fewer than 4 characters"), "{}", lines[0].message);
    }

    #[test]
    fn a_panic_is_found_in_what_was_printed() {
        let mut journal = journal(1);
        journal.print(Stream::Stderr, b"\nthread 'main' panicked at src/lib.rs:1:1:\nboom\nnote: run with\n");
        assert_eq!(journal.panic_words().as_deref(), Some("thread 'main' panicked at src/lib.rs:1:1: boom"));
    }
}
