//! `[schedule.x.grant]` and `clock`: under which terms a schedule's runs go on. They only take away from what `[plugin.x]` grants.

use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::{
    Conditions, Grant, GuestClock, HttpGrant, Keep, Kept, LimitNarrowing, Narrowing, PluginName, TcpGrant,
};

use super::plugin::{LEAST_MEMORY, LEAST_OUTPUT};
use crate::reader::Reader;
use crate::tree::{Node, Place, Table, Value};

/// What all plugins are granted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    pub(crate) read: BTreeMap<PluginName, Grant>,
    /// Whose table has a problem: what they are granted nobody can say.
    pub(crate) faulty: BTreeSet<String>,
}

pub(super) fn terms(reader: &Reader<'_>, plugin: Option<&PluginName>, grants: &Grants) -> Option<Box<Conditions>> {
    let clock = clock(reader);
    let Some(table) = reader.table("grant") else { return Conditions { clock, ..Conditions::default() }.boxed() };
    let inside = reader.inside(table);
    let grant = narrowing(&inside);
    if let Some(plugin) = plugin.filter(|plugin| !grants.faulty.contains(plugin.as_str())) {
        within(&inside, &grant, table, grants.read.get(plugin).unwrap_or(&Grant::default()));
    }
    if !inside.finish() {
        reader.spoil();
    }
    Conditions { grant, clock }.boxed()
}

/// What the guest's clock shows.
pub(super) fn clock(reader: &Reader<'_>) -> Option<GuestClock> {
    let (word, node) = reader.text("clock")?;
    reader.good(&node.place, GuestClock::parse(&word).map_err(|reason| format!("`clock`: {reason}")))
}

fn narrowing(reader: &Reader<'_>) -> Narrowing {
    const FOLDERS: [&str; 2] = ["read", "write"];
    const CONNECTIONS: [&str; 2] = ["read-only", "read-write"];
    Narrowing {
        folders: keep(reader, "folders", Some(FOLDERS)),
        env: keep(reader, "env", None),
        secrets: keep(reader, "secrets", None),
        sql: keep(reader, "sql", Some(CONNECTIONS)),
        kv: keep(reader, "kv", Some(CONNECTIONS)),
        http: origins(keep(reader, "http", None), |text| text.parse().map(|grant: HttpGrant| grant.origin())),
        tcp: origins(keep(reader, "tcp", None), |text| text.parse().map(|grant: TcpGrant| grant.origin())),
        limits: limits(reader),
    }
}

/// Names in a list, or in a table with how much of each: a word for reading, and one for all that there is.
fn keep(reader: &Reader<'_>, key: &'static str, words: Option<[&str; 2]>) -> Option<Keep> {
    let node = reader.get(key)?;
    match (&node.value, words) {
        (Value::Array(names), _) => {
            let names = names.iter().filter_map(|name| Some((reader.as_text(key, name)?, Kept::AsGranted)));
            Some(names.collect())
        }
        (Value::Table(table), Some(words)) => {
            let how =
                |(name, (_, node)): (&String, &(Place, Node))| Some((name.clone(), how(reader, name, node, words)?));
            Some(table.iter().filter_map(how).collect())
        }
        (other, _) => {
            let message = format!("`{key}` is {}; a list of what is kept is expected, [] for nothing", other.kind());
            reader.good(&node.place, Err(message))
        }
    }
}

/// As the grant writes them: `https://a.example:443` is `https://a.example`. What is none is told as not granted.
fn origins(keep: Option<Keep>, origin: impl Fn(&str) -> Result<String, String>) -> Option<Keep> {
    let plain = |(name, kept): (String, Kept)| (origin(&name).unwrap_or(name), kept);
    keep.map(|keep| keep.into_iter().map(plain).collect())
}

fn how(reader: &Reader<'_>, name: &str, node: &Node, [reading, all]: [&str; 2]) -> Option<Kept> {
    match reader.as_text(name, node)? {
        word if word == reading => Some(Kept::ReadOnly),
        word if word == all => Some(Kept::ReadWrite),
        word => reader.good(&node.place, Err(format!("`{name}` is `{word}`; {reading} or {all} is expected"))),
    }
}

fn limits(reader: &Reader<'_>) -> LimitNarrowing {
    let mut limits = LimitNarrowing::default();
    let Some(table) = reader.table("limits") else { return limits };
    let inside = reader.inside(table);
    limits.memory = inside.bytes("memory", LEAST_MEMORY);
    limits.timeout = inside.positive("timeout");
    limits.log_lines = inside.count("log-lines", 0);
    limits.artifact_size = inside.bytes("artifact-size", 0);
    limits.artifact_total = inside.bytes("artifact-total", 0);
    limits.artifact_count = inside.count("artifact-count", 0);
    limits.output = inside.bytes("output", LEAST_OUTPUT);
    limits.outbox_messages = inside.count("outbox-messages", 0);
    limits.http_response = inside.bytes("http-response", 1);
    limits.http_concurrency = inside.count("http-concurrency", 1);
    limits.fuel = inside.count("fuel", 1).map(|fuel| fuel as u64);
    if !inside.finish() {
        reader.spoil();
    }
    limits
}

/// Refuses what the plugin is not granted, each at its place.
fn within(reader: &Reader<'_>, narrowing: &Narrowing, table: &Table, grant: &Grant) {
    for beyond in narrowing.beyond(grant) {
        reader.problem(&place(table, beyond.key, &beyond.name), format!("`grant.{}`: {}", beyond.key, beyond.reason));
    }
}

/// Of what stands in the list or the table below `key`.
fn place(table: &Table, key: &str, name: &str) -> Place {
    let Some((_, node)) = table.get(key) else { return Place::default() };
    let inside = match &node.value {
        Value::Array(names) => names.iter().find(|one| matches!(&one.value, Value::Text(text) if text == name)),
        Value::Table(names) => names.get(name).map(|(_, node)| node),
        _ => None,
    };
    inside.unwrap_or(node).place.clone()
}
