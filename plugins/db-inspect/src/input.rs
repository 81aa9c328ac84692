//! What a schedule asks for.

use noontide_sdk::Failure;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::level::Level;
use crate::phrase::Language;
use crate::threshold::Thresholds;
use crate::{mysql, postgresql};

/// What to inspect, how thoroughly, and how to report it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Names of SQL connections that are granted to this plugin.
    pub connections: Vec<String>,
    /// Each level does what the smaller ones do: daily, weekly, monthly, yearly.
    #[serde(default)]
    pub level: Level,
    /// The language of the report: en or zh.
    #[serde(default)]
    pub language: Language,
    /// Checks to leave out, by their ids.
    #[serde(default)]
    pub skip: Vec<String>,
    /// From where on something matters; what is not said has a default.
    #[serde(default)]
    pub thresholds: Thresholds,
}

impl Input {
    /// What no schema says: something to inspect, no name twice, and only checks that there are.
    pub fn checked(self) -> Result<Self, Failure> {
        if self.connections.is_empty() {
            return Err(Failure::invalid_input(
                "`connections` names no database: list connections granted in [plugin.db-inspect] sql",
            ));
        }
        for (index, name) in self.connections.iter().enumerate() {
            if self.connections[..index].contains(name) {
                return Err(Failure::invalid_input(format!("`connections` names `{name}` twice")));
            }
        }
        for id in &self.skip {
            if !postgresql::checks().chain(mysql::checks()).any(|check| check.id == id) {
                return Err(Failure::invalid_input(format!(
                    "`skip` names `{id}`, and there is no such check: each report.json lists the ids"
                )));
            }
        }
        Ok(self)
    }
}
