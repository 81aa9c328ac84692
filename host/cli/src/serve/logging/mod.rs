//! The host's own log: on stderr, lines for people or JSON for collectors; in files, always JSON, with what runs did and what
//! their handlers said. Levels follow the configuration, the rest is laid down at the start.

mod lines;
mod rotating;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::sync::Arc;

use noontide_config::{Log, LogFile, LogFormat};
use noontide_engine::story;
use tracing::{Metadata, warn};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::exit::{Exit, Stop};
use lines::JsonLines;
use rotating::Rotating;

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;
type Level = reload::Handle<EnvFilter, Registry>;

/// The log at work.
pub struct Logging {
    on_stderr: Level,
    files: Vec<(Arc<Rotating>, PathBuf, Level)>,
}

impl Logging {
    /// Opens the files that lie at their paths now: somebody may have moved them away.
    pub fn reopen(&self) {
        self.files.iter().for_each(|(file, ..)| file.reopen());
    }

    /// From now on with the levels of `log`. A file that is not open yet is opened with the next start.
    pub fn follow(&self, log: &Log) {
        set(&self.on_stderr, &log.level);
        for (_, path, level) in &self.files {
            log.files.iter().filter(|file| file.path == *path).for_each(|file| set(level, &file.level));
        }
    }
}

/// What of the log is laid down at the start.
pub fn opened(log: &Log) -> (LogFormat, Vec<LogFile>) {
    let without_level = |file: &LogFile| LogFile { level: String::new(), ..file.clone() };
    (log.format, log.files.iter().map(without_level).collect())
}

/// Whether lines on stderr are JSON.
pub fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

/// Begins to log.
///
/// # Errors
/// If a filter cannot be read, or a file cannot be written.
pub fn begin(log: &Log, colorless: bool) -> Result<Logging, Stop> {
    let (layer, on_stderr) = to_stderr(log, colorless)?;
    let mut layers = vec![layer];
    let mut files = Vec::new();
    for file in &log.files {
        let rotating = Arc::new(open(file)?);
        let (filter, level) = reload::Layer::new(filter(&file.level)?);
        layers.push(JsonLines(Arc::clone(&rotating)).with_filter(filter).boxed());
        files.push((rotating, file.path.clone(), level));
    }
    tracing_subscriber::registry().with(layers).init();
    Ok(Logging { on_stderr, files })
}

fn to_stderr(log: &Log, colorless: bool) -> Result<(Boxed, Level), Stop> {
    let of_no_run = |meta: &Metadata<'_>| ![story::RUN, story::HANDLER].contains(&meta.target());
    let (filter, level) = reload::Layer::new(filter(&log.level)?);
    let filter = filter.and(filter_fn(of_no_run));
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let layer = match is_json(log.format) {
        true => lines.json().flatten_event(true).with_filter(filter).boxed(),
        false => lines.with_ansi(!colorless && stderr().is_terminal()).with_target(false).with_filter(filter).boxed(),
    };
    Ok((layer, level))
}

fn filter(level: &str) -> Result<EnvFilter, Stop> {
    EnvFilter::try_new(level).map_err(|reason| Stop::new(Exit::Config, format!("log level `{level}`: {reason}")))
}

/// What was checked when it was read is a filter.
fn set(level: &Level, wanted: &str) {
    match filter(wanted).map(|filter| level.reload(filter)) {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => warn!(%problem, "the log level stays as it was"),
        Err(refused) => warn!("{}; it stays as it was", refused.message),
    }
}

fn open(file: &LogFile) -> Result<Rotating, Stop> {
    Rotating::open(file.clone()).map_err(|error| {
        let place = file.path.display();
        Stop::failed(format!(
            "log file {place}: {error}; let the host's user write there, or name another in [[log.file]]"
        ))
    })
}
