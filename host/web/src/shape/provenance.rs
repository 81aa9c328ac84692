//! What held while an attempt ran, what it used and what it did outside.

use std::collections::BTreeMap;

use noontide_domain::{Effects, ItemCounts, Limits, Provenance as Told, Traffic as DomainTraffic, Usage};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How often, by name.
type Counts = BTreeMap<String, u64>;

/// What held while an attempt ran, and what it did outside.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Provenance {
    /// What the plugin was built for.
    #[schema(example = "noontide:plugin@0.1.0")]
    contract: String,
    /// How much it might use, by the names of the configuration with `_`.
    #[schema(value_type = Object)]
    limits: Value,
    /// Of what it was granted; `null` for nothing.
    grant_digest: Option<String>,
    effects: Outside,
}

impl From<&Told> for Provenance {
    fn from(Told { terms, effects }: &Told) -> Self {
        Self {
            contract: terms.contract.clone(),
            limits: limits(&terms.limits),
            grant_digest: terms.grant.clone(),
            effects: effects.into(),
        }
    }
}

/// As the domain writes them, with the words of the API.
fn limits(limits: &Limits) -> Value {
    let Ok(Value::Object(fields)) = serde_json::to_value(limits) else { return Value::Null };
    let named = |name: String| if name == "timeout" { "timeout_ms".to_owned() } else { name.replace('-', "_") };
    fields.into_iter().map(|(name, value)| (named(name), value)).collect()
}

/// What it did outside of its sandbox.
#[derive(Debug, Serialize, ToSchema)]
struct Outside {
    /// By destination, such as `https://api.example.com:443`.
    hosts: BTreeMap<String, Traffic>,
    /// Secrets asked for, by name.
    secrets: Counts,
    /// Statements, by connection.
    sql: Counts,
    /// Redis commands, by connection.
    kv: Counts,
    /// By key.
    state_read: Counts,
    /// By key.
    state_written: Counts,
    /// Messages handed over, by destination.
    outbox: Counts,
}

impl From<&Effects> for Outside {
    fn from(effects: &Effects) -> Self {
        let Effects { hosts, secrets, sql, kv, state_read, state_written, outbox } = effects.clone();
        let hosts = hosts.into_iter().map(|(host, traffic)| (host, traffic.into())).collect();
        Self { hosts, secrets, sql, kv, state_read, state_written, outbox }
    }
}

/// With one host outside.
#[derive(Debug, Serialize, ToSchema)]
struct Traffic {
    /// Requests or connections that were let through.
    calls: u64,
    /// Refused by the grant or by the kind of address.
    refused: u64,
    /// Bytes.
    sent: u64,
    /// Bytes.
    received: u64,
}

impl From<DomainTraffic> for Traffic {
    fn from(DomainTraffic { calls, refused, sent, received }: DomainTraffic) -> Self {
        Self { calls, refused, sent, received }
    }
}

/// What an attempt used.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Used {
    /// From call to end, in milliseconds.
    wall_ms: u64,
    /// Time in which the guest was seen computing, in milliseconds (10 ms steps).
    cpu_ms: u64,
    /// The most its memories held together, in bytes.
    peak_memory_bytes: u64,
    /// Steps of computing; not there unless its plugin's limits count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
}

impl From<Usage> for Used {
    fn from(Usage { wall_ms, cpu_ms, peak_memory_bytes, fuel }: Usage) -> Self {
        Self { wall_ms, cpu_ms, peak_memory_bytes, fuel }
    }
}

/// How the items of a run stand. What is in neither of the two is not executed yet.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Items {
    total: u64,
    succeeded: u64,
    failed: u64,
}

impl From<ItemCounts> for Items {
    fn from(ItemCounts { total, succeeded, failed }: ItemCounts) -> Self {
        Self { total, succeeded, failed }
    }
}
