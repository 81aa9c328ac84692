//! `import`: schedules of other schedulers, translated. What cannot be translated is refused in a line that says what
//! to do instead; what is translated with a loss is told.
//!
//! ```text
//! crontab FILE ────────▶ crontab ─────┐
//! apscheduler FILE ────▶ apscheduler ─┤                ┌─▶ write   TOML, which is loaded back before anybody sees it
//! celery-beat FILE|URL ▶ celery_beat ─┼─▶ Imported ────┼─▶ send    to a running host
//! task-table URL ──────▶ task_table ──┘                └─▶ check   the next fires by the source's own rules beside ours
//! ```

mod apscheduler;
mod arguments;
mod celery_beat;
mod check;
mod command;
mod crontab;
mod database;
mod fields;
mod flags;
mod length;
mod names;
mod recorded;
mod send;
mod task_table;
pub(super) mod write;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::HandlerRef;

use crate::args::Global;
use crate::clock;
use crate::exit::{Done, Exit, Stop};
use crate::output::complain;
use crate::progress::Progress;
use flags::From;
pub use flags::Import;
use names::Names;
use write::Toml;

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
    /// How far apart two fires may be that are one: nobody sees the sun to the millisecond.
    tolerance: TimeDelta,
}

impl Span {
    /// Fires that are the same to the millisecond or not the same.
    fn exact(from: DateTime<Utc>, to: DateTime<Utc>, fires: Vec<DateTime<Utc>>) -> Self {
        Self { from, to, fires, tolerance: TimeDelta::zero() }
    }
}

/// What a file holds.
#[derive(Debug, Default)]
struct Imported {
    entries: Vec<Entry>,
    /// The queues that the entries name, and whether each is new to the configuration.
    queues: BTreeMap<String, bool>,
    /// What is told about the file and its entries.
    notes: Vec<String>,
    /// What could not be translated, and what to do.
    refused: Vec<String>,
}

/// `import`
///
/// # Errors
/// The source cannot be read (2, a database 1), the file is there already (6), the host does not answer (5).
pub async fn run(global: &Global, asked: &Import) -> Done {
    let (from, handler, what) = asked.common()?;
    let shown = from.shown();
    let count = usize::from(what.count);
    let reading = Reading { file: &shown, handler, zone: global.zone()?, now: clock::now(), count };
    let mut names = Names::beside(what.into.as_deref());
    let progress = Progress::open(global, "reading");
    let mut imported = read(asked, &from, &reading, &mut names).await?;
    drop(progress);
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
    let same = match (what.check, what.put) {
        (true, _) => check::run(global, &imported, count)?,
        (_, true) => send::run(global, &what.why, &imported).await?,
        _ => write::run(global, &imported, what.into.as_deref(), &shown).map(|()| true)?,
    };
    Ok(if same && imported.refused.is_empty() { Exit::Ok } else { Exit::Failed })
}

async fn read(asked: &Import, from: &From, reading: &Reading<'_>, names: &mut Names) -> Result<Imported, Stop> {
    let text = match from {
        From::File(file) => text_of(file, reading.file)?,
        From::Database(_) => String::new(),
    };
    match (asked, from) {
        (Import::Crontab(flags), _) => Ok(crontab::read(&text, flags.system, reading, names)),
        (Import::Apscheduler(_), _) => apscheduler::read(&text, reading, names),
        (Import::CeleryBeat(flags), From::File(_)) => celery_beat::read(&text, flags.taking()?, reading, names),
        (Import::CeleryBeat(flags), From::Database(tables)) => {
            celery_beat::read_database(tables, flags.taking()?, reading, names).await
        }
        (Import::TaskTable(_), From::Database(tables)) => task_table::read(tables, reading, names).await,
        (Import::TaskTable(_), From::File(_)) => Err(Stop::usage("task-table: give --database URL")),
    }
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
