//! One call of a handler without a host: in the sandbox that `serve` has, with the grants that the configuration has for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use noontide_config::project::Project;
use noontide_domain::ports::{Call, PluginHost};
use noontide_domain::{
    Cause, Grant, HandlerInfo, HandlerRef, HostId, Item, Key, KeyPart, Lease, Leased, Limits, LoadedPlugin, Order,
    Report, RunId, Window, duration,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::state_file::Entries;
use super::{desk::Desk, file, lacking, state_file};
use crate::args::Global;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::{clock, conf, input, window, zone};

/// No grant reaches above: as in [`noontide_sandbox::SandboxSettings::new`], in bytes.
const MEMORY_CEILING: u64 = 512 << 20;

/// What is called, and as what.
#[derive(Debug, Args)]
pub struct Asked {
    /// Which handler; may be left out if there is one only
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// JSON, @file or @- [default: that of noontide.toml, else the handler's example]
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// The nominal due instant the handler is told [default: now]
    #[arg(long, value_name = "INSTANT")]
    due: Option<String>,
    /// The data window the handler is told
    #[arg(long, value_name = "FROM..TO")]
    window: Option<String>,
    /// Which attempt the handler is told it is, and of how many
    #[arg(long, value_name = "N[/MAX]", default_value = "1")]
    attempt: String,
    /// The fire key the handler is told: 32 hexadecimal digits as they are, any other text stands for one [default: new]
    #[arg(long, value_name = "KEY")]
    fire_key: Option<String>,
    /// Payloads, as a handler of a timetable gets them: a JSON array, or one a line in a .jsonl file
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// What is remembered, {"schedule": {"key": value}, "plugin": {}}: read before, and written after a call that ends well
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Write the files it attaches into this folder
    #[arg(long, value_name = "DIR")]
    pub artifacts: Option<PathBuf>,
    /// Longest time it may take
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
}

/// A call that was made.
pub struct Tried {
    /// What became of it.
    pub report: Report,
    /// The limits that held.
    pub held: Held,
    /// What it wants and was not granted, in a line.
    pub lacks: Option<String>,
    /// The payloads it was handed.
    pub items: Arc<[Item]>,
    /// Where its memory is kept, if it is.
    pub kept: Option<PathBuf>,
}

/// The limits of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Longest time.
    pub time: Duration,
    /// Of all its memories together, in bytes.
    pub memory: u64,
}

impl Asked {
    /// Calls the handler of `file`.
    ///
    /// # Errors
    /// The file is refused; no such handler; the input does not fit; a flag says what cannot be.
    pub async fn try_out(
        &self,
        global: &Global,
        file: &Path,
        project: Option<&Project>,
        stop: &CancellationToken,
    ) -> Result<Tried, Stop> {
        let allowed = conf::allowed_if_there(global)?;
        let grants = allowed.grants.clone();
        let sandbox = file::sandbox(allowed)?;
        let loaded = sandbox.load_single(file).await.map_err(|error| file::refused(file, &error))?;
        let name = self.handler.clone().or_else(|| project.and_then(|project| project.handler.clone()));
        let handler = HandlerRef { plugin: loaded.version.name.clone(), handler: name };
        let given = self.input.as_deref().map(input::read).transpose()?;
        let given = given.or_else(|| project.and_then(|project| project.input.clone()));
        let input = given.unwrap_or_else(|| example(&loaded, &handler, global.output()));
        let info = sandbox.check(&handler, &input).map_err(unavailable)?;
        let order = self.order(global, handler, &info, input)?;
        let grant = grants.get(&loaded.version.name);
        let (held, lacks) = (held(grant, &info, order.timeout), lacking::told(&loaded.version.name, &loaded.wishes));
        let items = self.items()?;
        let memory = self.state.as_deref().map(state_file::read).transpose()?.unwrap_or_default();
        let call = self.call(order, Arc::clone(&items), memory.clone(), global.output(), stop)?;
        let report = sandbox.invoke(call).await;
        if let Some(path) = self.state.as_deref().filter(|_| report.keeps_state()) {
            state_file::write(path, &state_file::after(memory, &report.state))?;
        }
        Ok(Tried { held, lacks, items, kept: self.state.clone().filter(|_| report.keeps_state()), report })
    }

    fn order(&self, global: &Global, handler: HandlerRef, info: &HandlerInfo, input: Value) -> Result<Order, Stop> {
        let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
        let window: Option<Window> = self.window.as_deref().map(|text| window::read(text, zone)).transpose()?;
        let timeout = self.timeout.as_deref().map(duration::parse).transpose();
        let timeout = timeout.map_err(|reason| Stop::usage(format!("--timeout: {reason}")))?;
        let due = self.due.as_deref().map(|text| zone::instant(text, zone)).transpose();
        let due: Option<DateTime<Utc>> = due.map_err(|reason| Stop::usage(format!("--due: {reason}")))?;
        let id = RunId::new();
        let handler = HandlerRef { handler: Some(info.name.clone()), ..handler };
        let key = self.fire_key.as_deref().map_or_else(|| Key::manual(id), |text| fire_key(&handler, text));
        let order = Order::new(id, key, handler, due.unwrap_or_else(clock::now), Cause::Manual);
        let (_, attempts) = attempt(&self.attempt)?;
        let retry = noontide_domain::RetryPolicy { attempts, ..order.retry };
        Ok(Order { input, window, timezone: zone, timeout, retry, ..order })
    }

    fn call(
        &self,
        order: Order,
        items: Arc<[Item]>,
        state: Entries,
        output: Output,
        stop: &CancellationToken,
    ) -> Result<Call, Stop> {
        let (attempt, _) = attempt(&self.attempt)?;
        let lease = Lease { run: order.id, host: HostId::new(), fence: 1, attempt };
        Ok(Call {
            leased: Leased { order, lease, previous_success: None, items, messages: 0 },
            desk: Arc::new(Desk { output, cancelled: stop.clone(), state }),
        })
    }

    fn items(&self) -> Result<Arc<[Item]>, Stop> {
        let Some(path) = &self.items else { return Ok(Default::default()) };
        let wrong = |reason: String| Stop::usage(format!("--items: {}: {reason}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let payloads = payloads(&text, path.extension().is_some_and(|ending| ending == "jsonl")).map_err(wrong)?;
        let item = |(number, payload): (usize, Value)| {
            let payload = payload.to_string();
            let key = Key { text: (number + 1).to_string(), ..Key::of("tried", &[KeyPart::Text(&payload)]) };
            Item { key, payload }
        };
        Ok(payloads.into_iter().enumerate().map(item).collect())
    }
}

fn payloads(text: &str, lines: bool) -> Result<Vec<Value>, String> {
    if !lines {
        return serde_json::from_str(text).map_err(|error| format!("no JSON array: {error}"));
    }
    let written = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read =
        |(number, line)| serde_json::from_str(line).map_err(|error| format!("line {}: no JSON: {error}", number + 1));
    written.map(read).collect()
}

/// `2`, or `2/3`.
fn attempt(text: &str) -> Result<(u32, u32), Stop> {
    let (attempt, of) = text.split_once('/').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0);
    match (number(attempt), number(of)) {
        (Some(attempt), Some(of)) if attempt <= of => Ok((attempt, of)),
        _ => Err(Stop::usage(format!(
            "--attempt: `{text}` is no attempt; write a number from 1, or 2/3 for the second of three"
        ))),
    }
}

/// A key from a log or from `show-run` is taken as it is.
fn fire_key(handler: &HandlerRef, text: &str) -> Key {
    let digits = || text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<_>>>();
    let bytes = digits().filter(|digits| digits.len() == 32).map(|digits| {
        let byte = |at: usize| u8::try_from(digits[2 * at] * 16 + digits[2 * at + 1]).unwrap_or_default();
        std::array::from_fn(byte)
    });
    match bytes {
        Some(hash) => Key { hash, text: text.to_owned() },
        None => Key::chosen(&handler.to_string(), text),
    }
}

fn held(grant: Option<&Grant>, info: &HandlerInfo, asked: Option<Duration>) -> Held {
    let limits = grant.map_or_else(Limits::default, |grant| grant.limits);
    Held { time: asked.or(info.timeout).unwrap_or(limits.timeout), memory: limits.memory.min(MEMORY_CEILING) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_one_of_so_many() {
        assert_eq!((attempt("1"), attempt("2/3")), (Ok((1, 1)), Ok((2, 3))));
        for text in ["0", "3/2", "", "a", "1/", "-1"] {
            assert!(attempt(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_fire_key_from_a_log_is_taken_as_it_is_and_another_text_stands_for_one() {
        let handler: HandlerRef = "mail/send".parse().unwrap();
        let hex = "00ff102030405060708090a0b0c0d0e0";
        assert_eq!(fire_key(&handler, hex).hex(), hex);
        let other = fire_key(&handler, "order 7");
        assert_eq!(other.hex(), fire_key(&handler, "order 7").hex());
        assert_ne!(other.hex(), fire_key(&handler, "order 8").hex());
    }

    #[test]
    fn payloads_are_an_array_or_one_a_line() {
        let three = Ok(vec![Value::from(1), Value::from("b"), Value::Null]);
        assert_eq!(payloads("[1, \"b\", null]", false), three);
        assert_eq!(payloads("1\n\"b\"\n\nnull\n", true), three);
        assert!(payloads("1\n{", true).unwrap_err().starts_with("line 2: "));
        assert!(payloads("{}", false).is_err());
    }
}
