//! `[host]`: which host this is, among others that share a ledger.

use noontide_domain::{Labels, Role, Roles};

use crate::Identity;
use crate::reader::Reader;
use crate::tree::{Node, Value};

pub(super) fn identity(top: &Reader<'_>) -> Option<Identity> {
    let reader = top.inside(top.table("host")?);
    let name = reader.text("name").map(|(name, _)| name);
    let roles = reader.get("roles").and_then(|node| roles(&reader, node));
    let labels = reader.table("labels").map(|labels| {
        let label = |(name, (_, node)): (&String, &(_, Node))| Some((name.clone(), reader.as_text(name, node)?));
        labels.iter().filter_map(label).collect::<Labels>()
    });
    let clean = reader.finish();
    let identity = || Some(Identity { name: name?, roles: roles?, labels: labels? });
    identity().filter(|_| clean)
}

fn roles<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<Roles> {
    let Value::Array(nodes) = &node.value else {
        reader.problem(&node.place, format!("`roles` is {}; a list is expected", node.value.kind()));
        return None;
    };
    if nodes.is_empty() {
        reader.problem(&node.place, "`roles` is empty: this host would do nothing; take it out for all of them");
    }
    let role = |node: &Node| {
        let read = reader.as_text("roles", node)?.parse::<Role>();
        reader.good(&node.place, read.map_err(|reason| format!("`roles`: {reason}")))
    };
    Some(nodes.iter().filter_map(role).collect())
}
