//! What lies outside: the sinks of alerts and the databases of handlers. Nothing is sent and nothing written.

use std::time::Duration;

use noontide_config::Config;
use noontide_domain::ports::Connections as _;
use noontide_domain::{ConnectionKind, KvCommand, KvVerb, SqlStatement};
use noontide_sinks::reach;

use super::finding::Finding;
use crate::serve::wiring;

/// Who has not answered by then is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at all of them, one after the other.
pub async fn look(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sink in config.sinks.iter().chain(&config.pings) {
        findings.push(match reach(sink, &config.http_client.ca, PATIENCE).await {
            Ok(seen) => Finding::ok("alerts", format!("sink `{}`: {seen}", sink.name)),
            Err(reason) => {
                let next = format!("correct [sink.{}]; `noontide alert test {}` sends a message", sink.name, sink.name);
                Finding::fail("alerts", format!("sink `{}`: {reason}", sink.name), next)
            }
        });
    }
    let databases = wiring::connections(config);
    for (name, connection) in &config.connections {
        let asked = match connection.kind {
            ConnectionKind::Kv => {
                let read = KvCommand { key: "noontide-doctor".to_owned(), verb: KvVerb::Get };
                databases.kv(name.as_str(), read, PATIENCE).await.map(drop).map_err(|error| error.to_string())
            }
            ConnectionKind::Sql(_) => {
                let one = SqlStatement { text: "SELECT 1".to_owned(), parameters: Vec::new() };
                databases.query(name.as_str(), one, PATIENCE).await.map(drop).map_err(|error| error.to_string())
            }
        };
        findings.push(match asked {
            Ok(()) => Finding::ok("connection", format!("`{name}` answers")),
            Err(reason) => {
                Finding::fail("connection", format!("`{name}`: {reason}"), format!("correct [connection.{name}]"))
            }
        });
    }
    databases.close().await;
    findings
}
