//! What belongs to a run: items, files, messages, log lines, progress.

use noontide_domain::LogLine;
use noontide_domain::ports::{ArtifactRecord, AttemptLogs, ItemRecord, MessageRecord};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Time, words};

/// An item of a timetable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Item {
    pub(crate) id: u64,
    /// Its identity, in hexadecimal.
    key: String,
    /// The same for people.
    text: String,
    payload: Value,
    #[schema(value_type = words::ItemStatus)]
    status: &'static str,
    error: Option<String>,
    /// How often it was handed to a run.
    runs: u64,
    finished_at: Option<Time>,
    /// When its key was first seen.
    created_at: Time,
    updated_at: Time,
}

impl From<&ItemRecord> for Item {
    fn from(item: &ItemRecord) -> Self {
        Self {
            id: item.id,
            key: item.key.hex(),
            text: item.key.text.clone(),
            // The ledger keeps what it was handed: JSON.
            payload: serde_json::from_str(&item.payload).unwrap_or_default(),
            status: item.status.as_str(),
            error: item.error.clone(),
            runs: item.runs,
            finished_at: item.finished_at.map(Time),
            created_at: Time(item.created_at),
            updated_at: Time(item.updated_at),
        }
    }
}

/// A file that a handler attached to its run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Artifact {
    name: String,
    media_type: String,
    bytes: u64,
    sha256: String,
    /// Which attempt attached it.
    attempt: u32,
}

impl From<&ArtifactRecord> for Artifact {
    fn from(file: &ArtifactRecord) -> Self {
        Self {
            name: file.name.as_str().to_owned(),
            media_type: file.media_type.as_str().to_owned(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            attempt: file.attempt,
        }
    }
}

/// A message of the outbox: where to and what became of it; what is in it stays in the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// The run that handed it over.
    run: String,
    plugin: String,
    #[schema(value_type = words::MessageState)]
    state: &'static str,
    method: String,
    /// Scheme, host and port.
    destination: String,
    /// Of URL, headers and body.
    bytes: u64,
    /// How often it was taken to be sent.
    attempts: u32,
    not_before: Option<Time>,
    /// The HTTP status of the newest try.
    status: Option<u16>,
    /// What came of the newest try, in words.
    answer: Option<String>,
    created_at: Time,
    ended_at: Option<Time>,
}

impl From<&MessageRecord> for Message {
    fn from(message: &MessageRecord) -> Self {
        Self {
            id: message.id.to_string(),
            run: message.run.to_string(),
            plugin: message.plugin.to_string(),
            state: message.state.as_str(),
            method: message.method.clone(),
            destination: message.destination.clone(),
            bytes: message.bytes,
            attempts: message.attempts,
            not_before: message.not_before.map(Time),
            status: message.status,
            answer: message.answer.clone(),
            created_at: Time(message.created_at),
            ended_at: message.ended_at.map(Time),
        }
    }
}

/// How far a run has come, by its own words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    done: u64,
    total: Option<u64>,
    note: String,
}

impl From<noontide_engine::Progress> for Progress {
    fn from(progress: noontide_engine::Progress) -> Self {
        Self { done: progress.done, total: progress.total, note: progress.note }
    }
}

/// What one attempt said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptLog {
    /// Counted from 1.
    attempt: u32,
    lines: Vec<Line>,
    /// Lines over the limits.
    dropped: u64,
}

impl From<&AttemptLogs> for AttemptLog {
    fn from(logs: &AttemptLogs) -> Self {
        Self { attempt: logs.attempt, lines: logs.lines.iter().map(Into::into).collect(), dropped: logs.dropped }
    }
}

/// One line of a run's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    at: Time,
    /// `trace`, `debug`, `info`, `warn` or `error`.
    level: String,
    /// `log`, `stdout` or `stderr`; `host` where the host says what it refused.
    source: String,
    /// Control characters are escaped.
    message: String,
    /// Pairs given beside the message.
    fields: Vec<(String, String)>,
}

/// A line of a run that goes on, as an event says it.
#[derive(Debug, Serialize)]
pub(crate) struct SpokenLine<'a> {
    /// In the run, from 1.
    pub(crate) number: u64,
    pub(crate) attempt: u32,
    #[serde(flatten)]
    pub(crate) line: &'a Line,
}

impl From<&LogLine> for Line {
    fn from(line: &LogLine) -> Self {
        Self {
            at: Time(line.at),
            level: line.level.clone(),
            source: line.source.clone(),
            message: line.message.clone(),
            fields: line.fields.clone(),
        }
    }
}
