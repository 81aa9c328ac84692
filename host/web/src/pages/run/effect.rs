//! What a run did outside of its sandbox, in lines.

use noontide_domain::duration::bytes;
use noontide_domain::ports::RunRecord;
use noontide_domain::{Effects, Traffic};

/// A line.
pub(super) struct Effect {
    /// Where: a host, a connection, the plugin's state.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: String,
    /// How much.
    pub(super) words: String,
}

/// Of the newest attempt.
pub(super) fn all(run: &RunRecord) -> Vec<Effect> {
    let Some(provenance) = &run.provenance else { return Vec::new() };
    let Effects { hosts, secrets, sql, kv, state_read, state_written, outbox } = &provenance.effects;
    let counted = [
        ("secret", secrets, "read"),
        ("SQL", sql, "statements"),
        ("Redis", kv, "commands"),
        ("state", state_read, "read"),
        ("state", state_written, "written"),
        ("outbox", outbox, "messages"),
    ];
    let hosts = hosts.iter().map(|(name, traffic)| effect("network", name, told(traffic)));
    let counted = counted.into_iter().flat_map(|(kind, names, word)| {
        names.iter().map(move |(name, count)| effect(kind, name, format!("{count} × {word}")))
    });
    hosts.chain(counted).collect()
}

fn effect(kind: &'static str, name: &str, words: String) -> Effect {
    Effect { kind, name: name.to_owned(), words }
}

fn told(traffic: &Traffic) -> String {
    let Traffic { calls, refused, sent, received } = traffic;
    let mut words = format!("{calls} × called, {} sent, {} received", bytes(*sent), bytes(*received));
    if *refused > 0 {
        words.push_str(&format!(", {refused} × refused"));
    }
    words
}
