//! `tcp`: hosts and ports that a plugin may open connections to.

use noontide_domain::TcpGrant;
use noontide_domain::plugin::egress::HostPattern;

use super::http::{addresses, leads_somewhere, listed, named};
use crate::reader::Reader;
use crate::tree::{Node, Value};

pub(super) fn tcp(reader: &Reader<'_>) -> Vec<TcpGrant> {
    let expected = r#"["db.internal:5432"], or [{ to = "db.internal:5432", addresses = ["10.0.0.0/8"] }]"#;
    listed(reader, "tcp", expected).filter_map(|node| grant(reader, node)).collect()
}

fn grant<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<TcpGrant> {
    let (to, addresses) = match &node.value {
        Value::Table(table) => {
            let inside = reader.inside(table);
            if !inside.has("to") {
                inside.problem(&node.place, "`tcp`: a grant has no `to`, such as \"db.internal:5432\"");
            }
            let to = inside.text("to");
            let to = to.and_then(|(text, node)| inside.good(&node.place, named("tcp", text.parse::<TcpGrant>())));
            let addresses = addresses(&inside);
            if !inside.finish() {
                reader.spoil();
                return None;
            }
            (to?, addresses)
        }
        _ => {
            let text = reader.as_text("tcp", node)?;
            (reader.good(&node.place, named("tcp", text.parse::<TcpGrant>()))?, Vec::new())
        }
    };
    let host = HostPattern::One(to.host.clone());
    reader.good(&node.place, leads_somewhere(&host, &addresses))?;
    Some(TcpGrant { addresses, ..to })
}
