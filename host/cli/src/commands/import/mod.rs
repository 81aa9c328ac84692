//! `import`: schedules of other schedulers, translated. What cannot be translated is refused in a line that says what
//! to do instead; what is translated with a loss is told.
//!
//! ```text
//! crontab FILE ─────▶ crontab ──┐
//!                               ├─▶ Imported ─▶ write   TOML, which is loaded back before anybody sees it
//! apscheduler FILE ─▶ apscheduler┘           └─▶ check   the next fires by the source's own rules beside ours
//! ```

mod apscheduler;
mod check;
mod command;
mod crontab;
mod fields;
mod names;
mod write;

use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use noontide_domain::HandlerRef;

use crate::args::Global;
use crate::clock;
use crate::exit::{Done, Exit, Stop};
use crate::output::complain;
use names::Names;
use write::Toml;

/// Where the schedules come from.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A crontab, as `crontab -l` shows it, or /etc/crontab with --system
    Crontab(Crontab),
    /// Jobs of APScheduler 3, as docs/apscheduler-export.py writes them
    Apscheduler(Apscheduler),
}

/// The flags of `import crontab`.
#[derive(Debug, Args)]
pub struct Crontab {
    /// The crontab; `-` is stdin
    file: PathBuf,
    /// Lines have a user before the command, as in /etc/crontab and /etc/cron.d
    #[arg(long)]
    system: bool,
    /// The handler of the schedules; its input is the command
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "command/run")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// The flags of `import apscheduler`.
#[derive(Debug, Args)]
pub struct Apscheduler {
    /// The export; `-` is stdin
    file: PathBuf,
    /// The handler of the schedules; its input is the function with its arguments
    #[arg(long, value_name = "PLUGIN/HANDLER", default_value = "python/call")]
    handler: HandlerRef,
    #[command(flatten)]
    what: What,
}

/// What is done with what was read.
#[derive(Debug, Args)]
struct What {
    /// Write nothing: show the next fires by the source's own rules beside ours; exit 1 if they differ
    #[arg(long, conflicts_with = "into")]
    check: bool,
    /// How many fires --check looks at
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    count: u16,
    /// Write DIR/imported-FILE.toml in place of stdout; a file that is there stays
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// What the sources are read with.
struct Reading<'a> {
    /// What the file is called in messages.
    file: &'a str,
    handler: &'a HandlerRef,
    /// `--tz`.
    zone: Option<Tz>,
    now: DateTime<Utc>,
    count: usize,
}

/// One schedule to be.
#[derive(Debug)]
struct Entry {
    name: String,
    /// `crontab:12`.
    place: String,
    /// As it was written there, a comment line each.
    original: Vec<String>,
    /// What may surprise about it, a comment line each.
    notes: Vec<String>,
    keys: Vec<(&'static str, Toml)>,
    /// When the source fires.
    spans: Vec<Span>,
}

/// All fires of the source in [`from`, `to`].
#[derive(Debug)]
struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    fires: Vec<DateTime<Utc>>,
}

/// What a file holds.
#[derive(Debug, Default)]
struct Imported {
    entries: Vec<Entry>,
    /// What is told about the file and its entries.
    notes: Vec<String>,
    /// What could not be translated, and what to do.
    refused: Vec<String>,
}

/// `import`
///
/// # Errors
/// The file cannot be read (2), is there already (6).
pub fn run(global: &Global, asked: &Import) -> Done {
    let (file, handler, what) = match asked {
        Import::Crontab(Crontab { file, handler, what, .. })
        | Import::Apscheduler(Apscheduler { file, handler, what }) => (file, handler, what),
    };
    let shown = if file.as_os_str() == "-" { "stdin".to_owned() } else { file.display().to_string() };
    let text = text_of(file, &shown)?;
    let count = usize::from(what.count);
    let reading = Reading { file: &shown, handler, zone: global.zone()?, now: clock::now(), count };
    let mut names = Names::beside(what.into.as_deref());
    let mut imported = match asked {
        Import::Crontab(flags) => crontab::read(&text, flags.system, &reading, &mut names),
        Import::Apscheduler(_) => apscheduler::read(&text, &reading, &mut names)?,
    };
    write::settle(&mut imported)?;
    if !what.check {
        check::note(&mut imported, count)?;
    }
    for note in &imported.notes {
        global.output().hint(&format!("note: {note}"));
    }
    for refused in &imported.refused {
        complain(&format!("refused: {refused}"));
    }
    let same = match what.check {
        true => check::run(global, &imported, count)?,
        false => write::run(global, &imported, what.into.as_deref(), &shown).map(|()| true)?,
    };
    Ok(if same && imported.refused.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn text_of(file: &Path, shown: &str) -> Result<String, Stop> {
    let mut bytes = Vec::new();
    let read = match shown {
        "stdin" => std::io::stdin().read_to_end(&mut bytes).map(|_| ()),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    read.map_err(|error| Stop::usage(format!("{shown}: cannot be read: {error}; name a file, or `-` for stdin")))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        Stop::usage(format!("{shown}:{line}: a byte that is not UTF-8; save the file as UTF-8"))
    })
}
