//! `plugin run FILE`: call a handler once, in the sandbox, with the grants the configuration has for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use noontide_domain::ports::{Call, PluginHost};
use noontide_domain::{
    Cause, HandlerInfo, HandlerRef, HostId, Key, Lease, Leased, LoadedPlugin, Order, Outcome, Report, RunId, Window,
    duration,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{desk::Desk, file};
use crate::args::Global;
use crate::commands::artifacts;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Format, Output};
use crate::{clock, conf, input, window};

/// The flags of `plugin run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The component, a .wasm file
    file: PathBuf,
    /// Which handler; may be left out if there is one only
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// JSON, @file or @- [default: the handler's example]
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// The data window the handler is told
    #[arg(long, value_name = "FROM..TO")]
    window: Option<String>,
    /// Write the files it attaches into this folder
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Longest time it may take
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
}

/// Calls the handler and shows what became of it.
///
/// # Errors
/// The file is refused; no such handler; the input does not fit.
pub async fn run(global: &Global, asked: Run) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let window = asked.window.as_deref().map(|text| window::read(text, zone)).transpose()?;
    let timeout = asked.timeout.as_deref().map(duration::parse).transpose();
    let timeout = timeout.map_err(|reason| Stop::usage(format!("--timeout: {reason}")))?;
    let given = asked.input.as_deref().map(input::read).transpose()?;

    let sandbox = file::sandbox(conf::allowed_if_there(global)?)?;
    let loaded = sandbox.load_single(&asked.file).await.map_err(|error| file::refused(&asked.file, &error))?;
    let handler = HandlerRef { plugin: loaded.version.name.clone(), handler: asked.handler };
    let input = given.unwrap_or_else(|| example(&loaded, &handler, global.output()));
    let info = sandbox.check(&handler, &input).map_err(unavailable)?;

    let call = call(order(handler, &info, input, window, timeout, zone), global.output());
    let report = sandbox.invoke(call).await;
    if let Some(folder) = &asked.artifacts {
        keep(folder, &report)?;
    }
    show(global.output(), &report)
}

fn keep(folder: &Path, report: &Report) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| Stop::failed(format!("{}: {error}", folder.display())))?;
    report
        .artifacts
        .iter()
        .try_for_each(|file| artifacts::write(&folder.join(file.name.as_str()), &file.content, false))
}

fn example(loaded: &LoadedPlugin, handler: &HandlerRef, output: Output) -> Value {
    let offered = &loaded.info.handlers;
    let info = match &handler.handler {
        Some(name) => offered.iter().find(|info: &&HandlerInfo| info.name == *name),
        None => offered.first().filter(|_| offered.len() == 1),
    };
    let example = info.and_then(|info| info.example_input.clone());
    if let Some(example) = &example {
        output.hint(&format!("no --input given, taking the handler's example: {example}"));
    }
    example.unwrap_or_default()
}

fn unavailable(reason: noontide_domain::Unavailable) -> Stop {
    let exit = match reason {
        noontide_domain::Unavailable::Input { .. } => Exit::Usage,
        _ => Exit::NotFound,
    };
    Stop::new(exit, reason)
}

fn order(
    handler: HandlerRef,
    info: &HandlerInfo,
    input: Value,
    window: Option<Window>,
    timeout: Option<Duration>,
    timezone: chrono_tz::Tz,
) -> Order {
    let id = RunId::new();
    let handler = HandlerRef { handler: Some(info.name.clone()), ..handler };
    let due_at: DateTime<Utc> = clock::now();
    Order { input, window, timezone, timeout, ..Order::new(id, Key::manual(id), handler, due_at, Cause::Manual) }
}

fn call(order: Order, output: Output) -> Call {
    let lease = Lease { run: order.id, host: HostId::new(), fence: 1, attempt: 1 };
    let cancelled = CancellationToken::new();
    let asked = cancelled.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.cancel();
        }
    });
    Call {
        leased: Leased { order, lease, previous_success: None, items: Default::default(), messages: 0 },
        desk: Arc::new(Desk { output, cancelled }),
    }
}

fn show(output: Output, report: &Report) -> Done {
    for line in &report.logs {
        crate::output::complain(&crate::commands::logs::line(line));
    }
    if report.logs_dropped > 0 {
        output.hint(&format!("{} lines over the limits were dropped", report.logs_dropped));
    }
    let outcome = &report.outcome;
    let usage = report.usage;
    output.hint(&format!(
        "{} after {} ms, {} ms of them computing, {} of memory at most, {} state writes (not kept), {} files",
        outcome.as_str(),
        usage.wall_ms,
        usage.cpu_ms,
        duration::bytes(usage.peak_memory_bytes),
        report.state.len(),
        report.artifacts.len()
    ));
    let result = match outcome {
        Outcome::Succeeded { result } => result.clone(),
        _ => None,
    };
    let value = json!({
        "outcome": outcome.as_str(), "result": result, "error": outcome.message(), "usage": usage, "logs": report.logs,
    });
    match &result {
        None if output.format == Format::Table => {}
        _ => output.thing(&value, || result.unwrap_or_default().to_string())?,
    }
    match outcome.message() {
        None => Ok(Exit::Ok),
        Some(message) => Err(Stop::failed(format!("{}: {message}", outcome.as_str()))),
    }
}
