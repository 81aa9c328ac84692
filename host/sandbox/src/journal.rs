//! What a run says: log lines, stdout and stderr, in the order they came, without secrets, bounded and harmless to a terminal.

use std::collections::{BTreeSet, VecDeque};
use std::io::BufRead;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Clock, NumberedLine, RunDesk};
use noontide_domain::{Limits, LogLine};

use crate::redact::{Redactor, SHORTEST};

/// Longest line, in bytes; longer log lines are cut, longer output goes on in the next line.
pub(crate) const LINE: usize = 8 << 10;
/// Pairs kept beside a log line, and the bytes of each part.
const FIELDS: usize = 32;
const FIELD: usize = 1 << 10;
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
    /// Is told of each line, for who listens.
    desk: Option<Arc<dyn RunDesk>>,
    redactor: Redactor,
    /// Secrets too short to be taken out, of which the run was told.
    short: BTreeSet<String>,
    next: u64,
    lines: Vec<NumberedLine>,
    logged: usize,
    log_limit: usize,
    dropped: u64,
    stdout: Tape,
    stderr: Tape,
    /// stdout as it came, as long as it has no more bytes than asked for.
    whole: Option<Vec<u8>>,
    whole_limit: usize,
    /// Of each stream, so much is kept from its beginning and as much from its end, in bytes.
    kept: usize,
    /// Longest line of a stream.
    line: usize,
}

/// One stream: its unfinished line, what is left for the beginning, and the end, as it came: of a flood, most lines are never
/// read again.
#[derive(Default)]
struct Tape {
    /// Bytes in which a secret may have begun.
    held: Vec<u8>,
    unfinished: Vec<u8>,
    head: usize,
    tail: VecDeque<(u64, DateTime<Utc>, Vec<u8>)>,
    tail_cost: usize,
}

impl Journal {
    pub(crate) fn new(clock: Arc<dyn Clock>, limits: &Limits) -> Self {
        // Two streams, each with a beginning and an end.
        let kept = usize::try_from(limits.output / 4).unwrap_or(usize::MAX);
        Self {
            clock,
            desk: None,
            redactor: Redactor::default(),
            short: BTreeSet::new(),
            next: 0,
            lines: Vec::new(),
            logged: 0,
            log_limit: limits.log_lines,
            dropped: 0,
            stdout: Tape::default(),
            stderr: Tape::default(),
            whole: None,
            whole_limit: 0,
            kept,
            line: LINE.min(kept / 2).max(1),
        }
    }

    /// Tells `desk` of each line from now on.
    pub(crate) fn heard_by(self, desk: Option<Arc<dyn RunDesk>>) -> Self {
        Self { desk, ..self }
    }

    /// For another call of the same guest: empty, but what must not be told it may still remember.
    pub(crate) fn again(&mut self, clock: Arc<dyn Clock>, limits: &Limits, desk: Option<Arc<dyn RunDesk>>) {
        let redactor = std::mem::take(&mut self.redactor);
        *self = Self { redactor, desk, ..Self::new(clock, limits) };
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
        // Once: a guest may ask a thousand times.
        if !self.redactor.learn(name, value) && self.short.insert(name.to_owned()) {
            let message = format!(
                "secret `{name}` has fewer than {SHORTEST} characters and is not taken out of what the run says; use a longer one"
            );
            self.remark("warn", &message);
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
            // Who listens hears of it by the gap.
            self.next += 1;
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
        self.push(LogLine { at, level, source, message: self.kept(message, LINE), fields: Vec::new() });
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
            let most = self.line;
            let unfinished = &mut self.tape(stream).unfinished;
            let room = most - unfinished.len();
            let mut reach = &bytes[..bytes.len().min(room)];
            // Searches and copies at once, and reading from memory does not fail.
            let taken = reach.read_until(b'\n', unfinished).unwrap_or(reach.len()).max(1);
            bytes = &bytes[taken..];
            let is_whole = unfinished.pop_if(|byte| *byte == b'\n').is_some();
            if is_whole || taken == room {
                self.end_line(stream);
            }
        }
    }

    /// The newest words of stderr that name a panic, for the message of a trap.
    pub(crate) fn panic_words(&mut self) -> Option<String> {
        self.release(Stream::Stderr);
        let tail = self.stderr.tail.iter().map(|(n, _, bytes)| (*n, text(bytes)));
        let head = self.lines.iter().filter(|(_, line)| line.source == "stderr");
        let mut printed: Vec<(u64, String)> = tail.chain(head.map(|(n, line)| (*n, line.message.clone()))).collect();
        printed.sort_unstable_by_key(|(n, _)| *n);
        let place = printed.iter().rposition(|(_, text)| text.contains("panicked at"))?;
        let words = printed.get(place + 1).map(|(_, text)| text.as_str()).unwrap_or_default();
        Some(format!("{} {words}", printed[place].1).trim_end().to_owned())
    }

    /// The last line of stderr that says something.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        self.release(Stream::Stderr);
        let last = std::iter::once(text(&self.stderr.unfinished));
        let tail = self.stderr.tail.iter().rev().map(|(_, _, bytes)| text(bytes));
        let head = self.lines.iter().rev().filter(|(_, line)| line.source == "stderr");
        let mut printed = last.chain(tail).chain(head.map(|(_, line)| line.message.clone()));
        printed.find(|text| !text.trim().is_empty()).map(|text| text.trim().to_owned())
    }

    /// All lines in their order, and how many there is no room for.
    pub(crate) fn close(&mut self) -> (Vec<NumberedLine>, u64) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            self.release(stream);
            if !self.tape(stream).unfinished.is_empty() {
                self.end_line(stream);
            }
            let tail = std::mem::take(&mut self.tape(stream).tail);
            let mut room = self.kept;
            let mut kept = Vec::new();
            // Written out it may be longer than it came; then less of it is kept.
            for (number, at, bytes) in tail.iter().rev() {
                let text = text(bytes);
                let Some(left) = room.checked_sub(text.len() + LINE_COST) else { break };
                room = left;
                kept.push((*number, printed(stream, *at, text)));
            }
            self.dropped += (tail.len() - kept.len()) as u64;
            self.lines.extend(kept);
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_by_key(|(number, _)| *number);
        (lines, self.dropped)
    }

    /// The first lines with a number above `last`, `most` at most; of the end of a stream only these are put into words.
    pub(crate) fn after(&self, last: u64, most: usize) -> Vec<NumberedLine> {
        let begin = self.lines.partition_point(|(number, _)| *number <= last);
        let mut found: Vec<NumberedLine> = self.lines[begin..].iter().take(most).cloned().collect();
        for (stream, tape) in [(Stream::Stdout, &self.stdout), (Stream::Stderr, &self.stderr)] {
            let begin = tape.tail.partition_point(|(number, ..)| *number <= last);
            let tail = tape.tail.iter().skip(begin).take(most);
            found.extend(tail.map(|(number, at, bytes)| (*number, printed(stream, *at, text(bytes)))));
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        found.truncate(most);
        found
    }

    fn end_line(&mut self, stream: Stream) {
        let at = self.clock.now();
        let kept = self.kept;
        let tape = self.tape(stream);
        let bytes = std::mem::take(&mut tape.unfinished);
        if tape.tail.is_empty() {
            let text = text(&bytes);
            let cost = text.len() + LINE_COST;
            if tape.head + cost <= kept {
                tape.head += cost;
                self.push(printed(stream, at, text));
                return;
            }
        }
        let number = self.number();
        let tape = self.tape(stream);
        tape.tail_cost += bytes.len() + LINE_COST;
        tape.tail.push_back((number, at, bytes));
        self.trim(stream);
        self.tell();
    }

    fn trim(&mut self, stream: Stream) {
        let (mut gone, kept) = (0, self.kept);
        let tape = self.tape(stream);
        while tape.tail_cost > kept {
            let Some((_, _, bytes)) = tape.tail.pop_front() else { break };
            tape.tail_cost -= bytes.len() + LINE_COST;
            gone += 1;
        }
        self.dropped += gone;
    }

    fn push(&mut self, line: LogLine) {
        let number = self.number();
        self.lines.push((number, line));
        self.tell();
    }

    fn tell(&self) {
        if let Some(desk) = &self.desk {
            desk.said();
        }
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

/// What was printed, as it may be shown.
fn text(bytes: &[u8]) -> String {
    harmless(&String::from_utf8_lossy(bytes), 6 * LINE)
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
            // C0, DEL, C1, line breaks of Unicode, and the characters that reorder what is displayed around them.
            c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.extend(c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
