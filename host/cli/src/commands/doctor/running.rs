//! The host that runs here, if one does, and what it says of itself.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use super::finding::Finding;
use crate::args::Global;
use crate::reach::Reach;

/// A host, or none.
pub struct Running(Option<Value>);

impl Running {
    /// Asks.
    pub async fn reach(global: &Global) -> Self {
        let status = async { Reach::to(global)?.get("/status").await };
        Self(status.await.ok())
    }

    /// What it says under that path, such as `/plugins/watcher`.
    pub fn says(&self, pointer: &str) -> Option<&Value> {
        self.0.as_ref()?.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Whether one answers, and what it has to complain of.
    pub fn finding(&self) -> Finding {
        let Some(status) = &self.0 else {
            return Finding::ok("host", "none runs here; what it would stand on is looked at all the same");
        };
        let problems = status["problems"].as_array().map_or(&[][..], Vec::as_slice);
        match problems {
            [] => Finding::ok(
                "host",
                format!("{} runs here, pid {}", status["version"].as_str().unwrap_or("?"), status["pid"]),
            ),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
                let first = first.as_str().unwrap_or_default();
                Finding::warn("host", format!("{first}{more}"), "`noontide status` has all of them")
            }
        }
    }

    /// Whether the API's port is ours, or free.
    pub fn port(&self, listen: Option<SocketAddr>) -> Option<Finding> {
        let listen = listen?;
        if let Some(address) = self.says("/address").and_then(Value::as_str) {
            return Some(Finding::ok("port", format!("the host listens on {address}")));
        }
        Some(match TcpListener::bind(listen) {
            Ok(_) => Finding::ok("port", format!("{listen} is free")),
            Err(error) => {
                Finding::fail("port", format!("{listen}: {error}"), "end who has it, or set another `[http] listen`")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Verdict;

    #[test]
    fn a_port_that_somebody_else_has_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let found = Running(None).port(taken.local_addr().ok()).unwrap();
        assert_eq!(found.verdict, Verdict::Fail);
        assert!(found.found.contains(&taken.local_addr().unwrap().to_string()), "{found:?}");
        assert_eq!(Running(None).port(None), None, "off");
    }
}
