//! `[ledger]`: where the durable record is.

use std::path::Path;

use noontide_domain::connection::SqlDialect;
use noontide_domain::{ConnectionKind, ConnectionUrl};

use super::connection;
use crate::reader::Reader;
use crate::tree::{Node, Value};

const WAYS: &str = "write for example \"sqlite://../data/noontide.db\", \"postgres://noontide@db.internal/noontide\" or \
                    \"mysql://noontide@db.internal/noontide\"";

/// An empty address is a file in the data folder.
pub(super) fn url(top: &Reader<'_>, data_dir: Option<&Path>) -> Option<ConnectionUrl> {
    let reader = top.inside(top.table("ledger")?);
    let url = reader.get("url").and_then(|node| match &node.value {
        Value::Text(text) if text.is_empty() => data_dir.map(|dir| file(&dir.join("noontide.db"))),
        _ => {
            let text = connection::url(&reader, node)?;
            reader.good(&node.place, address(&text, node))
        }
    });
    url.filter(|_| reader.finish()).map(ConnectionUrl::new)
}

/// Refuses what the ledger would refuse, but with the place. The address may hold a password: it is not repeated.
fn address(url: &str, node: &Node) -> Result<String, String> {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    match ConnectionKind::of_scheme(scheme) {
        Some(ConnectionKind::Sql(SqlDialect::Sqlite)) => {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || path == ":memory:" {
                return Err(format!("`url` has no path; {WAYS}"));
            }
            if path.contains('?') {
                return Err(format!("`url` has options after `?`, which are not known of SQLite; {WAYS}"));
            }
            Ok(file(&crate::reader::plain(&node.place.folder().unwrap_or(Path::new("")).join(path))))
        }
        Some(ConnectionKind::Sql(_)) if rest.starts_with("//") && rest.len() > 2 => Ok(url.to_owned()),
        Some(ConnectionKind::Sql(_)) => Err(format!("`url` names no host; {WAYS}")),
        Some(ConnectionKind::Kv) => Err(format!("`url`: a ledger needs a SQL database; {WAYS}")),
        None => Err(format!("`url` does not begin with sqlite://, postgres:// or mysql://; {WAYS}")),
    }
}

fn file(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}
