//! What a run was, told afterwards: what it was built for, what held while it ran, what it did outside.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Effects;
use crate::Limits;

/// What held while an attempt ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What the file was built for: `noontide:plugin@0.1.0`, `wasi:cli/run@0.2.3`, `preview 1`.
    pub contract: String,
    /// How much it might use. The timeout is the attempt's own.
    #[serde(default = "recorded", with = "sparse", skip_serializing_if = "is_recorded")]
    pub limits: Limits,
    /// [`Grant::digest`](crate::Grant::digest) of what it was granted; `None` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// What an attempt stood on and what it did, beside its outcome. Kept for each attempt that began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// What held.
    #[serde(flatten)]
    pub terms: Terms,
    /// What it did outside of its sandbox.
    #[serde(default, skip_serializing_if = "Effects::is_empty")]
    pub effects: Effects,
}

/// The limits that a record leaves out. They are part of what is on disk: they stay as they are, whatever the defaults of a
/// release become. A limit that is not among these is written wherever it is set.
fn recorded() -> Limits {
    Limits {
        memory: 64 << 20,
        timeout: Duration::from_secs(30),
        log_lines: 1_000,
        artifact_size: 8 << 20,
        artifact_total: 16 << 20,
        artifact_count: 32,
        state_size: 1 << 20,
        state_keys: 1_000,
        outbox_messages: 32,
        http_response: 16 << 20,
        http_concurrency: 8,
    }
}

fn is_recorded(limits: &Limits) -> bool {
    *limits == recorded()
}

/// Limits as the fields in which they differ from [`recorded`].
mod sparse {
    use super::*;

    pub(super) fn serialize<S: Serializer>(limits: &Limits, serializer: S) -> Result<S::Ok, S::Error> {
        let usual = fields(&recorded());
        let differs = |(name, value): &(String, Value)| usual.get(name) != Some(value);
        fields(limits).into_iter().filter(differs).collect::<Map<_, _>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
        let mut all = fields(&recorded());
        all.extend(Map::deserialize(deserializer)?);
        serde_json::from_value(Value::Object(all)).map_err(serde::de::Error::custom)
    }

    fn fields(limits: &Limits) -> Map<String, Value> {
        match serde_json::to_value(limits) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(limits: Limits) -> Terms {
        Terms { contract: "noontide:plugin@0.1.0".to_owned(), limits, grant: None }
    }

    fn json(provenance: &Provenance) -> String {
        let text = serde_json::to_string(provenance).expect("JSON");
        assert_eq!(serde_json::from_str::<Provenance>(&text).expect("reads back"), *provenance);
        text
    }

    #[test]
    fn a_run_with_nothing_special_costs_a_few_bytes() {
        let usual = Provenance { terms: terms(recorded()), effects: Effects::default() };
        assert_eq!(json(&usual), r#"{"contract":"noontide:plugin@0.1.0"}"#);
    }

    #[test]
    fn only_limits_that_are_not_the_usual_ones_are_written() {
        let limits = Limits { memory: 1 << 20, timeout: Duration::from_millis(1_500), ..recorded() };
        let mut effects = Effects::default();
        effects.secret("PASSWORD");
        let terms = Terms { grant: Some("ab".repeat(16)), ..terms(limits) };
        assert_eq!(
            json(&Provenance { terms, effects }),
            r#"{"contract":"noontide:plugin@0.1.0","limits":{"memory":1048576,"timeout":1500},"grant":"abababababababababababababababab","effects":{"secrets":{"PASSWORD":1}}}"#
        );
    }
}
