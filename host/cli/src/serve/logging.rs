//! The host's own log, on stderr: lines for people, or JSON for collectors.

use std::io::{IsTerminal, stderr};

use noontide_config::Log;
use tracing_subscriber::EnvFilter;

use crate::exit::{Exit, Stop};

/// Begins to log.
///
/// # Errors
/// If the filter cannot be read.
pub fn begin(log: &Log, colorless: bool) -> Result<(), Stop> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|reason| Stop::new(Exit::Config, format!("log.level: `{}`: {reason}", log.level)))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if log.json {
        lines.json().flatten_event(true).init();
    } else {
        lines.with_ansi(!colorless && stderr().is_terminal()).with_target(false).init();
    }
    Ok(())
}
