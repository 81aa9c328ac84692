//! `limits`: how much a plugin may use.

use noontide_domain::{Limits, duration};

use crate::reader::Reader;

/// A page of WebAssembly memory, in bytes: with less, no guest begins.
const LEAST_MEMORY: u64 = 64 << 10;
/// Most messages of one attempt: each may have 256 KiB, and all are in memory while its run goes on.
const MOST_MESSAGES: usize = 256;
/// Largest artifact, in bytes: each is in memory while its run goes on, and one row of the ledger.
const LARGEST_ARTIFACT: u64 = 64 << 20;

/// Requests of one attempt at a time: each holds a connection of the host's.
const MOST_REQUESTS: usize = 256;

pub(super) fn limits(reader: &Reader<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(table) = reader.table("limits") else { return limits };
    let inside = reader.inside(table);
    limits.memory = inside.bytes("memory", LEAST_MEMORY).unwrap_or(limits.memory);
    limits.timeout = inside.positive("timeout").unwrap_or(limits.timeout);
    limits.log_lines = inside.count("log-lines", 0).unwrap_or(limits.log_lines);
    limits.artifact_total = inside.bytes("artifact-total", 0).unwrap_or(limits.artifact_total);
    limits.artifact_count = inside.count("artifact-count", 0).unwrap_or(limits.artifact_count);
    limits.artifact_size = artifact_size(&inside, limits.artifact_total).unwrap_or(limits.artifact_size);
    limits.state_size = inside.bytes("state-size", 0).unwrap_or(limits.state_size);
    limits.state_keys = inside.count("state-keys", 0).map_or(limits.state_keys, |keys| keys as u64);
    limits.outbox_messages = outbox_messages(&inside).unwrap_or(limits.outbox_messages);
    limits.http_response = inside.bytes("http-response", 1).unwrap_or(limits.http_response);
    limits.http_concurrency = http_concurrency(&inside).unwrap_or(limits.http_concurrency);
    if !inside.finish() {
        reader.spoil();
    }
    limits
}

fn http_concurrency(limits: &Reader<'_>) -> Option<usize> {
    let count = limits.count("http-concurrency", 1)?;
    let fits = match count <= MOST_REQUESTS {
        true => Ok(count),
        false => Err(format!("`http-concurrency` is {count}; at most {MOST_REQUESTS} go out at a time")),
    };
    limits.good(&limits.place_of("http-concurrency"), fits)
}

fn artifact_size(limits: &Reader<'_>, total: u64) -> Option<u64> {
    let size = limits.bytes("artifact-size", 0)?;
    let fits = if size > LARGEST_ARTIFACT {
        Err(format!("is over {}; grant a folder for larger files", duration::bytes(LARGEST_ARTIFACT)))
    } else if size > total {
        Err(format!("is over `artifact-total`, {}; raise that too", duration::bytes(total)))
    } else {
        Ok(size)
    };
    let named = |reason| format!("`artifact-size`: {} {reason}", duration::bytes(size));
    limits.good(&limits.place_of("artifact-size"), fits.map_err(named))
}

fn outbox_messages(limits: &Reader<'_>) -> Option<usize> {
    let count = limits.count("outbox-messages", 0)?;
    let too_many =
        || format!("`outbox-messages`: {count} is over {MOST_MESSAGES}; put more into one message, or into more runs");
    limits.good(&limits.place_of("outbox-messages"), (count <= MOST_MESSAGES).then_some(count).ok_or_else(too_many))
}
