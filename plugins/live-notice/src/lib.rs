//! Announces streams that are about to begin: one notice per channel, however many of its streams come due together.
//!
//! The payloads come from a timetable. Without one, `entries` of the input stand in: that is how a notice is tried by
//! hand.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use chrono::DateTime;
use noontide_sdk::{Call, Failure, Item, ItemOutcome, Outcome, info, plugin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

plugin! {
    name: "live-notice",
    summary: "Announces streams that are about to begin.",
    handlers: {
        "push" => push {
            summary: "Writes one notice per channel.",
            example: { "entries": [{ "channel_id": 7, "title": "Evening talk", "starts_at": 1602349200 }] },
            timeout: "1m",
        },
    }
}

#[derive(Default, Deserialize, JsonSchema)]
struct Input {
    /// Streams to announce where no timetable brings any.
    #[serde(default)]
    entries: Vec<Stream>,
}

/// A payload of the timetable. Whatever else it holds is no concern of a notice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct Stream {
    channel_id: Channel,
    title: String,
    /// Unix seconds.
    starts_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Channel {
    Number(i64),
    Name(String),
}

#[derive(Debug, PartialEq, Serialize)]
struct Pushed {
    notices: Vec<String>,
}

fn push(call: &Call, input: Input) -> Result<Outcome<Pushed>, Failure> {
    let items = call.items::<Stream>();
    if !items.is_empty() {
        return push_items(call, items);
    }
    if input.entries.is_empty() {
        return Ok(Outcome::skipped("nothing due"));
    }
    let streams = input.entries.into_iter().map(Stream::checked).collect::<Result<Vec<_>, _>>();
    let streams = streams.map_err(Failure::invalid_input)?;
    let notices: Vec<_> = by_channel(streams, |stream| stream).iter().map(|streams| notice(streams)).collect();
    notices.iter().for_each(|notice| info!(call, "{notice}"));
    Ok(Outcome::Done(Pushed { notices }))
}

fn push_items(call: &Call, items: Vec<Item<Stream>>) -> Result<Outcome<Pushed>, Failure> {
    let mut outcomes = Vec::new();
    let mut sound = Vec::new();
    for item in items {
        match item.payload.and_then(Stream::checked) {
            Ok(stream) => sound.push((item.key, stream)),
            Err(reason) => outcomes.push(ItemOutcome::failed(item.key, reason)),
        }
    }
    for group in by_channel(sound, |(_, stream)| stream) {
        call.stop_if_cancelled()?;
        let (keys, streams): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        info!(call, channel = streams[0].channel_id, streams = streams.len(); "{}", notice(&streams));
        outcomes.extend(keys.into_iter().map(ItemOutcome::done));
    }
    Ok(Outcome::Items(outcomes))
}

/// Channels in order, the streams of each in the order of their beginning.
fn by_channel<T>(entries: Vec<T>, stream: impl Fn(&T) -> &Stream) -> Vec<Vec<T>> {
    let mut groups = BTreeMap::<Channel, Vec<T>>::new();
    for entry in entries {
        groups.entry(stream(&entry).channel_id.clone()).or_default().push(entry);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.sort_by_key(|entry| stream(entry).starts_at));
    groups
}

fn notice(streams: &[Stream]) -> String {
    let lines: Vec<_> = streams.iter().map(ToString::to_string).collect();
    format!("Channel {} goes live: {}", streams[0].channel_id, lines.join("; "))
}

impl Stream {
    fn checked(self) -> Result<Self, String> {
        match self.title.trim() {
            "" => Err(format!("a stream of channel {} has an empty title", self.channel_id)),
            _ => Ok(self),
        }
    }
}

impl Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title.trim())?;
        match self.starts_at.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            Some(start) => write!(f, " ({} UTC)", start.format("%Y-%m-%d %H:%M")),
            None => Ok(()),
        }
    }
}

impl Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
