//! `http`: origins that a plugin may send requests to.

use noontide_domain::HttpGrant;
use noontide_domain::plugin::egress::{AddressRule, HostPattern, NetHost};

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// Methods that a grant may name. CONNECT is none: it would be a tunnel.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

pub(super) fn http(reader: &Reader<'_>) -> Vec<HttpGrant> {
    let expected = r#"["https://api.example.com"], or [{ origin = "https://api.example.com", methods = ["GET"] }]"#;
    listed(reader, "http", expected).filter_map(|node| grant(reader, node)).collect()
}

fn grant<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<HttpGrant> {
    let Value::Table(table) = &node.value else {
        let text = reader.as_text("http", node)?;
        let grant = reader.good(&node.place, named("http", text.parse::<HttpGrant>()))?;
        return reader.good(&node.place, leads_somewhere(&grant.host, &grant.addresses)).map(|()| grant);
    };
    let inside = reader.inside(table);
    if !inside.has("origin") {
        inside.problem(&node.place, "`http`: a grant has no `origin`, such as \"https://api.example.com\"");
    }
    let origin = inside.text("origin");
    let origin = origin.and_then(|(text, node)| inside.good(&node.place, named("http", text.parse::<HttpGrant>())));
    let methods = methods(&inside);
    let path = inside.text("path").and_then(|(text, node)| inside.good(&node.place, named("path", text.parse())));
    let addresses = addresses(&inside);
    if !inside.finish() {
        reader.spoil();
        return None;
    }
    let grant = HttpGrant { methods, path, addresses, ..origin? };
    reader.good(&node.place, leads_somewhere(&grant.host, &grant.addresses)).map(|()| grant)
}

fn methods(reader: &Reader<'_>) -> Vec<String> {
    let read = |node| {
        let method = reader.as_text("methods", node)?;
        let known = METHODS.contains(&method.as_str()).then_some(());
        let hint = noontide_domain::suggest::hint(&method.to_ascii_uppercase(), METHODS.iter().copied());
        let hint = if hint.is_empty() { format!("; known are {}", METHODS.join(", ")) } else { hint };
        reader
            .good(&node.place, known.ok_or_else(|| format!("`methods`: `{method}` is none that is granted{hint}")))?;
        Some(method)
    };
    let methods: Vec<String> = listed(reader, "methods", r#"["GET", "POST"]"#).filter_map(read).collect();
    if reader.is_written("methods") && methods.is_empty() {
        reader.problem(&reader.place_of("methods"), "`methods` names none; take it out to grant all");
    }
    methods
}

/// What a grant lifts beside public addresses.
pub(super) fn addresses(reader: &Reader<'_>) -> Vec<AddressRule> {
    let read = |node| {
        let text = reader.as_text("addresses", node)?;
        reader.good(&node.place, named("addresses", text.parse()))
    };
    listed(reader, "addresses", r#"["10.0.0.0/8"], ["private"] or ["loopback"]"#).filter_map(read).collect()
}

/// `localhost` is the machine itself, by whichever name it is called.
pub(super) fn leads_somewhere(host: &HostPattern, addresses: &[AddressRule]) -> Result<(), String> {
    let name = match host {
        HostPattern::One(NetHost::Ip(address)) => {
            let written = AddressRule::only(*address);
            let permitted = noontide_domain::plugin::egress::permitted(*address, [&written]);
            return permitted.map_err(|kind| format!("{address} is a {kind} address; nobody can be reached there"));
        }
        HostPattern::One(NetHost::Name(name)) | HostPattern::Below(name) => name,
    };
    match addresses.is_empty() && (name == "localhost" || name.ends_with(".localhost")) {
        true => Err(format!(
            "`{name}` is this machine, and names lead to public addresses only; write 127.0.0.1, or add \
             addresses = [\"loopback\"]"
        )),
        false => Ok(()),
    }
}

pub(super) fn named<T>(key: &str, read: Result<T, String>) -> Result<T, String> {
    read.map_err(|reason| format!("`{key}`: {reason}"))
}

/// The items of a list; none if it is not there, or is no list.
pub(super) fn listed<'a>(reader: &Reader<'a>, key: &'static str, expected: &str) -> std::slice::Iter<'a, Node> {
    match reader.get(key) {
        None => [].iter(),
        Some(Node { value: Value::Array(items), .. }) => items.iter(),
        Some(node) => {
            reader.problem(&node.place, format!("`{key}` is {}; a list is expected: {expected}", node.value.kind()));
            [].iter()
        }
    }
}
