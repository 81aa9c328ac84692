//! Counts what a folder of logs says: levels, package actions, and the messages that come most often.
//!
//! A handler call reads top-down: `files` picks what to read, `line` understands one line (`zone` its time), `tally`
//! counts, and `report` says what came of it. Lines outside the call's window do not count.

mod files;
mod line;
mod report;
mod tally;
mod zone;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use noontide_sdk::{Call, Failure, info, plugin, warn};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::line::Line;
use crate::report::Report;
use crate::tally::Tally;
use crate::zone::Zone;

plugin! {
    name: "log-digest",
    summary: "Counts what a folder of logs says.",
    wants: { folders: ["/logs"] },
    handlers: {
        "digest" => digest {
            summary: "Levels, package actions and the most frequent messages, inside the window if there is one.",
            example: { "folder": "/logs", "files": ["dpkg.log"], "top": 5 },
            timeout: "5m",
        },
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(default)]
struct Input {
    /// The folder as the plugin sees it: a guest path of a grant.
    folder: String,
    /// Files whose names end with one of these are read; a leading `*` may be written.
    files: Vec<String>,
    /// How many of the most frequent messages to name.
    top: usize,
}

impl Default for Input {
    fn default() -> Self {
        Self { folder: "/logs".to_owned(), files: vec![".log".to_owned()], top: 10 }
    }
}

/// Lines between two looks at whether to stop: below a millisecond of work.
const LINES_PER_LOOK: usize = 1000;

fn digest(call: &Call, input: Input) -> Result<Report, Failure> {
    let zone = Zone::named(call.timezone());
    if !zone.is_known() {
        warn!(call, timezone = call.timezone(); "unknown time zone, times without one are read as UTC");
    }
    let files = files::matching(&input.folder, &input.files)?;
    if files.is_empty() {
        warn!(call, folder = input.folder; "no file ends with {}", input.files.join(" or "));
    }
    let mut tally = Tally::over(call.window());
    for (done, file) in (0_u64..).zip(&files) {
        call.progress(done, files.len() as u64, file.display().to_string());
        match File::open(file) {
            Ok(opened) => read(call, opened, &zone, &mut tally).map_err(|failure| named(failure, file))?,
            Err(refused) => {
                warn!(call, file = file.display(); "not read: {refused}");
                tally.unread(file);
            }
        }
    }
    call.progress(files.len() as u64, files.len() as u64, "done");
    let report = Report::of(tally, &zone, input.top);
    info!(call, files = report.files, lines = report.lines; "{} lines counted", report.in_window);
    Ok(report)
}

fn read(call: &Call, file: File, zone: &Zone, tally: &mut Tally) -> Result<(), Failure> {
    tally.next_file();
    // Bytes, not `lines()`: logs are not always UTF-8.
    for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
        if number.is_multiple_of(LINES_PER_LOOK) {
            call.stop_if_cancelled()?;
        }
        tally.count(&Line::parse(String::from_utf8_lossy(&line?).trim_end(), zone));
    }
    Ok(())
}

/// A read error alone does not say which file it was.
fn named(failure: Failure, file: &Path) -> Failure {
    match failure {
        Failure::Retryable { message, after } => {
            Failure::Retryable { message: format!("{}: {message}", file.display()), after }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
