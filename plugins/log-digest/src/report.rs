//! What came of it, for programs and for people.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::Serialize;

use crate::tally::Tally;
use crate::zone::Zone;

#[derive(Debug, Serialize)]
pub struct Report {
    /// Files that were read.
    pub files: u64,
    /// Files that match and could not be opened.
    pub unread: Vec<String>,
    pub lines: u64,
    /// Lines that counted; all of them where there is no window.
    pub in_window: u64,
    pub levels: BTreeMap<&'static str, u64>,
    pub actions: BTreeMap<&'static str, u64>,
    pub top: Vec<Frequent>,
    /// Lines whose message was not kept because there were too many different ones.
    pub unnamed: u64,
    /// The zone in which times without one were read.
    pub timezone: String,
    /// The same for people.
    pub markdown: String,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Frequent {
    pub count: u64,
    pub message: String,
}

impl Report {
    pub fn of(tally: Tally, zone: &Zone, top: usize) -> Self {
        let top = tally.top(top).into_iter();
        let top = top.map(|(message, count)| Frequent { count, message: message.to_owned() }).collect();
        let mut report = Self {
            files: tally.files,
            unread: tally.unread,
            lines: tally.lines,
            in_window: tally.in_window,
            levels: tally.levels,
            actions: tally.actions,
            top,
            unnamed: tally.unnamed,
            timezone: zone.name().to_owned(),
            markdown: String::new(),
        };
        report.markdown = report.to_string();
        report
    }
}

/// Markdown.
impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} lines in {} files\n", self.in_window, self.lines, self.files)?;
        for (name, counts) in [("level", &self.levels), ("action", &self.actions)] {
            if !counts.is_empty() {
                writeln!(f, "| {name} | lines |\n|---|---:|")?;
                counts.iter().try_for_each(|(word, count)| writeln!(f, "| {word} | {count} |"))?;
                writeln!(f)?;
            }
        }
        for frequent in &self.top {
            // A backtick inside would end the code span.
            writeln!(f, "* {} × `{}`", frequent.count, frequent.message.replace('`', "'"))?;
        }
        Ok(())
    }
}
