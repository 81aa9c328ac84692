//! The host's own log: on stderr, lines for people or JSON for collectors; in files, always JSON, with what runs did and what
//! their handlers said.

mod lines;
mod rotating;

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use noontide_config::{Log, LogFile};
use noontide_engine::story;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::exit::{Exit, Stop};
use lines::JsonLines;
use rotating::Rotating;

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// The log files, to be opened again.
pub struct LogFiles(Vec<Arc<Rotating>>);

impl LogFiles {
    /// Opens what lies at their paths now: somebody may have moved them away.
    pub fn reopen(&self) {
        self.0.iter().for_each(|file| file.reopen());
    }
}

/// Begins to log.
///
/// # Errors
/// If a filter cannot be read, or a file cannot be written.
pub fn begin(log: &Log, colorless: bool) -> Result<LogFiles, Stop> {
    let mut layers = vec![on_stderr(log, colorless)?];
    let mut files = Vec::new();
    for file in &log.files {
        let rotating = Arc::new(open(file)?);
        layers.push(JsonLines(Arc::clone(&rotating)).with_filter(filter(&file.level)?).boxed());
        files.push(rotating);
    }
    tracing_subscriber::registry().with(layers).init();
    Ok(LogFiles(files))
}

fn on_stderr(log: &Log, colorless: bool) -> Result<Boxed, Stop> {
    let of_no_run = |meta: &Metadata<'_>| ![story::RUN, story::HANDLER].contains(&meta.target());
    let filter = filter(&log.level)?.and(filter_fn(of_no_run));
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    Ok(match log.json {
        true => lines.json().flatten_event(true).with_filter(filter).boxed(),
        false => lines.with_ansi(!colorless && stderr().is_terminal()).with_target(false).with_filter(filter).boxed(),
    })
}

fn filter(level: &str) -> Result<EnvFilter, Stop> {
    EnvFilter::try_new(level).map_err(|reason| Stop::new(Exit::Config, format!("log level `{level}`: {reason}")))
}

fn open(file: &LogFile) -> Result<Rotating, Stop> {
    Rotating::open(file.clone()).map_err(|error| {
        let place = file.path.display();
        Stop::failed(format!(
            "log file {place}: {error}; let the host's user write there, or name another in [[log.file]]"
        ))
    })
}
