//! `hosts`: those that share the ledger.

use clap::Args;
use noontide_domain::{HostState, suggest};
use serde_json::Value;

use super::show::{instant, word};
use crate::args::Global;
use crate::exit::{Done, Exit};
use crate::output::Rows;
use crate::reach::Reach;
use crate::zone;

/// Which hosts to list.
#[derive(Debug, Args)]
pub struct Hosts {
    /// In this state: live, draining, silent, ended; without it, all that have not ended
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<HostState>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1_000)]
    limit: usize,
}

/// Lists them.
///
/// # Errors
/// If the host does not answer.
pub async fn run(global: &Global, asked: &Hosts) -> Done {
    let filter = [("state", asked.state.map(|state| state.as_str().to_owned()))];
    let hosts = Reach::to(global)?.pages("/hosts", &filter, asked.limit).await?;
    if hosts.is_empty() {
        global.output().hint("no such hosts");
    }
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    global.output().list(&hosts, |hosts| table(hosts, zone))?;
    for host in hosts.iter().filter(|host| host["clock_skewed"] == true) {
        let (name, skew) = (word(host, "name"), seconds(host));
        global.output().hint(&format!("the clock of `{name}` differs by {skew} s from the ledger's: set it right"));
    }
    Ok(Exit::Ok)
}

fn table(hosts: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["id", "name", "state", "version", "roles", "queues", "labels", "clock", "heard of"]);
    for host in hosts {
        rows.push([
            word(host, "id"),
            word(host, "name"),
            word(host, "state"),
            word(host, "version"),
            names(&host["roles"], "-"),
            names(&host["queues"], "all"),
            labels(&host["labels"]),
            if host["clock_skew_ms"].is_null() { "-".to_owned() } else { format!("{} s", seconds(host)) },
            instant(host, "seen_at").map_or("-".to_owned(), |seen| zone::wall(seen, zone)),
        ]);
    }
    rows
}

fn seconds(host: &Value) -> String {
    format!("{:+.1}", host["clock_skew_ms"].as_f64().unwrap_or_default() / 1_000.0)
}

fn names(list: &Value, none: &str) -> String {
    let list = list.as_array().map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
    list.unwrap_or_else(|| none.to_owned())
}

fn labels(labels: &Value) -> String {
    let of = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap_or_default());
    let shown: Vec<_> = labels.as_object().into_iter().flatten().map(of).collect();
    if shown.is_empty() { "-".to_owned() } else { shown.join(",") }
}

fn state(text: &str) -> Result<HostState, String> {
    HostState::parse(text).ok_or_else(|| {
        let names = HostState::ALL.map(HostState::as_str);
        format!("there are {}{}", names.join(", "), suggest::hint(text, names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_tells_what_a_host_does_and_how_its_clock_goes() {
        let host = json!({
            "id": "b7c1", "name": "one", "state": "silent", "version": "0.9.0", "roles": ["worker"], "queues": null,
            "labels": { "gpu": "true" }, "clock_skew_ms": -2_500, "seen_at": "2026-07-01T08:00:00Z"
        });
        let drawn = table(&[host], chrono_tz::UTC).drawn();
        for part in ["b7c1", "one", "silent", "worker", "all", "gpu=true", "-2.5 s", "2026-07-01 08:00:00"] {
            assert!(drawn.contains(part), "{part} is not in: {drawn}");
        }
    }

    #[test]
    fn a_state_that_is_none_is_told_the_nearest() {
        let refused = state("alive").unwrap_err();
        assert!(refused.contains("live, draining, silent, ended"), "{refused}");
    }
}
