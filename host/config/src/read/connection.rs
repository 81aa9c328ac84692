//! `[connection.x]`: databases that plugins can be granted, and the grants of them.

use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::connection::SCHEMES;
use noontide_domain::{Access, Connection, ConnectionKind, ConnectionName, ConnectionUrl, suggest};

use super::named_tables;
use crate::interpolate::interpolate;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Place, Value};

/// Less holds no useful answer.
const LEAST_BYTES: u64 = 1 << 10;

/// What is there to be granted.
pub(crate) struct Connections {
    pub(crate) read: BTreeMap<ConnectionName, Connection>,
    /// Those whose table has a problem: they are not in `read`, and yet they have not left the file.
    pub(crate) faulty: BTreeSet<String>,
}

impl Connections {
    pub(super) fn read<'a>(desk: &'a Desk<'a>, top: &Reader<'a>) -> Self {
        let mut connections = Self { read: BTreeMap::new(), faulty: BTreeSet::new() };
        for (name, place, table) in named_tables(top, "connection") {
            let scope = Scope::Connection(name.to_owned());
            let reader = Reader::new(desk, table, scope, format!("connection `{name}`: "));
            let parsed = reader.good(place, name.parse::<ConnectionName>());
            let connection = connection(&reader, place);
            let clean = reader.finish();
            match (clean, parsed.zip(connection)) {
                (true, Some((name, connection))) => {
                    connections.read.insert(name, connection);
                }
                _ => {
                    connections.faulty.insert(name.to_owned());
                }
            }
        }
        connections
    }

    /// The value of `sql` or `kv` in a plugin's table: names, for reading only, or a table of names and what is granted.
    pub(super) fn granted<'a>(&self, reader: &Reader<'a>, key: &'static str) -> BTreeMap<String, Access> {
        let mut granted = BTreeMap::new();
        let Some(node) = reader.get(key) else { return granted };
        match &node.value {
            Value::Array(names) => {
                for node in names {
                    if let Some(name) = reader.as_text(key, node) {
                        reader.good(&node.place, self.fits(key, &name));
                        granted.insert(name, Access::ReadOnly);
                    }
                }
            }
            Value::Table(table) => {
                for (name, (place, node)) in table {
                    reader.good(place, self.fits(key, name));
                    let access = reader.as_text(name, node).and_then(|text| reader.good(&node.place, access(&text)));
                    granted.extend(access.map(|access| (name.clone(), access)));
                }
            }
            other => {
                let ways = format!("[\"shop\"], or {{ shop = \"{}\" }}", Access::ReadWrite.as_str());
                reader.problem(
                    &node.place,
                    format!("`{key}` is {}; names of connections are expected: {ways}", other.kind()),
                );
            }
        }
        granted
    }

    fn fits(&self, key: &str, name: &str) -> Result<(), String> {
        if self.faulty.contains(name) {
            return Ok(());
        }
        let found = name.parse::<ConnectionName>().ok().and_then(|name| self.read.get(&name));
        let right = if key == "sql" { is_sql } else { |kind| !is_sql(kind) };
        match found {
            None => {
                let fitting = self.read.iter().filter(|(_, connection)| right(connection.kind));
                let hint = suggest::hint(name, fitting.map(|(name, _)| name.as_str()));
                Err(format!("`{key}`: there is no [connection.{name}]{hint}"))
            }
            Some(connection) if !right(connection.kind) && key == "sql" => {
                Err(format!("`sql`: [connection.{name}] is a Redis database; grant it as `kv`"))
            }
            Some(connection) if !right(connection.kind) => {
                Err(format!("`kv`: [connection.{name}] is a SQL database; grant it as `sql`"))
            }
            Some(_) => Ok(()),
        }
    }
}

fn is_sql(kind: ConnectionKind) -> bool {
    matches!(kind, ConnectionKind::Sql(_))
}

fn access(text: &str) -> Result<Access, String> {
    let known = [Access::ReadOnly, Access::ReadWrite];
    known.into_iter().find(|access| access.as_str() == text).ok_or_else(|| {
        let hint = suggest::hint(text, known.map(Access::as_str));
        let remedy = if hint.is_empty() { "; read-only or read-write is expected" } else { &hint };
        format!("`{text}` is no way to be granted{remedy}")
    })
}

fn connection(reader: &Reader<'_>, place: &Place) -> Option<Connection> {
    let Some(node) = reader.get("url") else {
        reader.problem(place, "has no `url`; write for example url = { env = \"SHOP_URL\" }");
        return None;
    };
    let read = url(reader, node).and_then(|url| reader.good(&node.place, kind(&url, node)));
    let Some((url, kind)) = read else {
        // What else there is shall not be unknown because of it.
        let _ = bounds(reader, Connection::new(ConnectionUrl::new(""), ConnectionKind::Kv));
        return None;
    };
    if kind == ConnectionKind::Kv {
        for key in ["max-connections", "max-rows"].iter().filter(|key| reader.is_written(key)) {
            let message = format!("`{key}` goes with SQL only: all runs share one connection to Redis");
            reader.problem(&reader.place_of(key), message);
        }
    }
    bounds(reader, Connection::new(ConnectionUrl::new(url), kind))
}

fn bounds(reader: &Reader<'_>, usual: Connection) -> Option<Connection> {
    let most = reader.count("max-connections", 1).and_then(|count| u32::try_from(count).ok());
    Some(Connection {
        max_connections: most.unwrap_or(usual.max_connections),
        statement_timeout: reader.positive("statement-timeout").unwrap_or(usual.statement_timeout),
        max_rows: reader.count("max-rows", 1).map_or(usual.max_rows, |count| count as u64),
        max_bytes: reader.bytes("max-bytes", LEAST_BYTES).unwrap_or(usual.max_bytes),
        ..usual
    })
}

/// A text, or the name of what holds it. It may hold a password, so no complaint repeats it.
pub(super) fn url<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => {
            let vars = reader.vars().cloned().unwrap_or_default();
            let message =
                "`url`: a variable in it is not set, or `${` is not closed; a plain dollar sign is written `$$`";
            reader.good(&node.place, interpolate(text, &vars).map_err(|_| message))
        }
        Value::Table(_) => reader.secret("url", node),
        other => {
            let ways = "a text, { env = \"VARIABLE\" } or { file = \"/run/secrets/x\" }";
            reader.problem(&node.place, format!("`url` is {}; {ways} is expected", other.kind()));
            None
        }
    }
}

/// What the address leads to. SQLite's path is relative to the file it is written in.
fn kind(url: &str, node: &Node) -> Result<(String, ConnectionKind), String> {
    let ways = "sqlite://, postgres://, mysql:// and redis:// are known";
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(format!("`url` has no scheme; {ways}"));
    };
    let Some(kind) = ConnectionKind::of_scheme(scheme) else {
        return Err(match scheme {
            "rediss" => {
                "`url`: rediss (Redis over TLS) is not in this version yet; a local proxy such as stunnel does it"
                    .to_owned()
            }
            // Whatever stands before `://` was meant as a scheme, unless it is long: then it may be anything.
            scheme if scheme.len() <= 16 => {
                let hint = suggest::hint(scheme, SCHEMES.iter().map(|(known, _)| *known));
                let remedy = if hint.is_empty() { format!("; {ways}") } else { hint };
                format!("`url`: unknown scheme `{scheme}`{remedy}")
            }
            _ => format!("`url` begins with no scheme that is known; {ways}"),
        });
    };
    if scheme != "sqlite" {
        return Ok((url.to_owned(), kind));
    }
    let path = rest.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" || rest.contains('?') {
        return Err("`url`: a path and nothing else is expected, as in \"sqlite://../data/shop.db\"".to_owned());
    }
    let folder = node.place.folder().unwrap_or(std::path::Path::new(""));
    Ok((format!("sqlite://{}", crate::reader::plain(&folder.join(path)).display()), kind))
}
