//! The host's own settings. The built-in defaults set every key, so what is missing has been noted as wrong.

use std::path::PathBuf;

use noontide_domain::tally::PerSchedule;
use noontide_domain::{Queues, Trust, suggest};

use super::{log_file, queue, trust};
use crate::reader::Reader;
use crate::tree::{Node, Value};
use crate::{Compile, Engine, HttpClient, Log, LogFormat, Plugins};

pub(super) fn data_dir(top: &Reader<'_>) -> Option<PathBuf> {
    let reader = top.inside(top.table("data")?);
    let dir = reader.get("dir").and_then(|node| reader.as_path("dir", node));
    finished(&reader, dir)
}

/// Less does not even start the compiler, in bytes.
const LEAST_COMPILE_MEMORY: u64 = 64 << 20;

/// The folder, and whose signatures count for what lies in it.
pub(super) fn plugins(top: &Reader<'_>) -> Option<(Plugins, Trust)> {
    let reader = top.inside(top.table("plugins")?);
    let dir = reader.get("dir").and_then(|node| reader.as_path("dir", node));
    let max_file_size = reader.bytes("max-file-size", 1);
    // One that runs, and one to go back to.
    let keep_versions = reader.count("keep-versions", 2);
    let share = reader.flag("share");
    let memory = reader.bytes("compile-memory", LEAST_COMPILE_MEMORY);
    let timeout = reader.positive("compile-timeout");
    let trust = trust::trust(&reader);
    let compile = memory.zip(timeout).map(|(memory, timeout)| Compile { memory, timeout });
    let plugins = || {
        let (max_file_size, keep_versions) = (max_file_size?, keep_versions?);
        Some(Plugins { dir: dir?, max_file_size, keep_versions, share: share?, compile: compile? })
    };
    finished(&reader, plugins().zip(trust))
}

/// What plugins reach over HTTPS. The files are read when the sandbox is opened.
pub(super) fn http_client(top: &Reader<'_>) -> Option<HttpClient> {
    let reader = top.inside(top.table("http-client")?);
    let ca = match reader.get("ca") {
        None => Vec::new(),
        Some(Node { value: Value::Array(paths), .. }) => {
            paths.iter().filter_map(|node| reader.as_path("ca", node)).collect()
        }
        Some(node) => reader.as_path("ca", node).into_iter().collect(),
    };
    finished(&reader, Some(HttpClient { ca }))
}

pub(super) fn engine(top: &Reader<'_>, queues: &mut Queues) -> Option<Engine> {
    let reader = top.inside(top.table("engine")?);
    queue::taken(&reader, queues);
    let concurrency = reader.count("concurrency", 1);
    let [lease, heartbeat, retention] = ["lease", "heartbeat", "retention"].map(|key| reader.positive(key));
    let poll = reader.get("poll").and_then(|_| reader.positive("poll"));
    let drain = reader.duration("drain");
    if let (Some(lease), Some(heartbeat)) = (lease, heartbeat)
        && heartbeat * 2 > lease
    {
        reader.problem(
            &reader.place_of("heartbeat"),
            "`heartbeat` must fit twice into `lease`, so that one lost beat loses no run",
        );
    }
    let engine = || {
        Some(Engine {
            concurrency: concurrency?,
            lease: lease?,
            heartbeat: heartbeat?,
            poll,
            drain: drain?,
            retention: retention?,
        })
    };
    finished(&reader, engine())
}

pub(super) fn log(top: &Reader<'_>) -> Option<Log> {
    let reader = top.inside(top.table("log")?);
    let level = reader.text("level").and_then(|(text, node)| {
        reader.good(&node.place, level(&text))?;
        Some(text)
    });
    let format = reader.text("format").and_then(|(format, node)| match format.as_str() {
        "auto" => Some(LogFormat::Auto),
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => reader.good(&node.place, Err(format!("`format` is `{format}`; auto, text or json is expected"))),
    });
    let files = log_file::files(&reader, level.as_deref().unwrap_or("info"));
    finished(&reader, level.zip(format)).map(|(level, format)| Log { level, format, files })
}

/// Whether metrics tell of each schedule by itself.
pub(super) fn metrics(top: &Reader<'_>) -> Option<PerSchedule> {
    let reader = top.inside(top.table("metrics")?);
    let told = reader.text("per-schedule").and_then(|(word, node)| match word.as_str() {
        "auto" => Some(PerSchedule::Auto),
        "always" => Some(PerSchedule::Always),
        "never" => Some(PerSchedule::Never),
        _ => {
            let expected = format!("`per-schedule` is `{word}`; auto, always or never is expected");
            reader.good(&node.place, Err(expected))
        }
    });
    finished(&reader, told)
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// A filter takes any word for the name of a room, so a mistyped level would silence the log. Here it is a mistake.
pub(super) fn level(filter: &str) -> Result<(), String> {
    for part in filter.split(',').map(str::trim) {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        let spans = filter.contains('[');
        if !spans && !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            let hint = suggest::hint(level, LEVELS);
            let remedy = if hint.is_empty() { format!("; {} are known", LEVELS.join(", ")) } else { hint };
            return Err(format!("`level`: `{level}` is no level{remedy}"));
        }
    }
    Ok(())
}

pub(super) fn finished<T>(reader: &Reader<'_>, value: Option<T>) -> Option<T> {
    let clean = reader.finish();
    value.filter(|_| clean)
}
