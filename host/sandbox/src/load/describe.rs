//! What a plugin says about itself: asked without any grant, and believed only after a check.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noontide_domain::ports::Clock;
use noontide_domain::{HandlerInfo, HandlerRef, Limits, Outcome, PluginInfo, PluginName, Wants};
use serde_json::Value;

use super::Refusal;
use crate::bindings::exports::noontide::plugin::describe as wit;
use crate::callee::Callee;
use crate::classify::{self, Ended};
use crate::engine::Machine;
use crate::guest::{Allowance, Guest};
use crate::journal::harmless;
use crate::schema::Schema;
use crate::stopwatch::{LONGEST, Stopped};

/// What a plugin has for describing itself.
const TIME: Duration = Duration::from_secs(2);
const MEMORY: u64 = 64 << 20;

/// Handlers of one plugin; longest schema or example, and longest line for people, in bytes.
const HANDLERS: usize = 256;
const DOCUMENT: usize = 256 << 10;
pub(super) const SUMMARY: usize = 2 << 10;
/// Entries in each list of wants.
const WANTS: usize = 64;

/// A description that holds.
pub(super) struct Described {
    pub(super) name: PluginName,
    pub(super) version: String,
    pub(super) info: PluginInfo,
    /// In the order of the handlers.
    pub(super) schemas: Vec<Option<Schema>>,
}

/// Calls `describe` in a store without grants.
pub(super) async fn ask(machine: &Machine, callee: &Callee, clock: Arc<dyn Clock>) -> Result<wit::PluginInfo, Refusal> {
    let limits = Limits { memory: MEMORY, timeout: TIME, log_lines: 0, artifact_count: 0, ..Limits::default() };
    let deadline = Instant::now() + TIME;
    let refuse = |message: String| Refusal::new("describe", message);
    let (grant, desk, connections, egress, fire, program, steady, trace) = Default::default();
    let plugin = String::new();
    let allowance =
        Allowance { grant, limits, desk, connections, egress, plugin, deadline, clock, fire, program, steady, trace };
    let guest = Guest::new(allowance).map_err(refuse)?;
    let _ticking = machine.ticker.ticking();
    let mut store = guest.into_store(&machine.engine);
    let ended = match tokio::time::timeout_at(deadline.into(), callee.describe(&mut store)).await {
        Ok(Some(Ok(info))) => return Ok(info),
        Ok(Some(Err(error))) => Ended::Broke(error),
        Ok(None) => return Err(refuse("a program does not describe itself".to_owned())),
        Err(_) => Ended::Stopped(Stopped::TimedOut),
    };
    Err(refuse(words(&classify::outcome(ended, &store.into_data(), TIME))))
}

fn words(outcome: &Outcome) -> String {
    let memory = noontide_domain::duration::bytes(MEMORY);
    let how = match outcome {
        Outcome::OutOfMemory { .. } => format!("it asked for more than {memory} of memory"),
        Outcome::TimedOut { .. } => format!("it took longer than {} s", TIME.as_secs()),
        other => format!("it {}: {}", other.as_str(), other.message().unwrap_or_default()),
    };
    format!(
        "asked to describe itself, {how} — a plugin must do that in {} s, {memory} and without grants",
        TIME.as_secs()
    )
}

/// Checks names, schemas and sizes.
pub(super) fn check(said: wit::PluginInfo) -> Result<Described, Refusal> {
    let name: PluginName =
        said.name.parse().map_err(|error| Refusal::new("name", format!("its name for itself: {error}")))?;
    let refuse = |message: String| Refusal { claims: Some(name.clone()), ..Refusal::new("describe", message) };
    if said.handlers.is_empty() {
        return Err(refuse(format!("plugin `{name}` offers no handler — it needs at least one")));
    }
    if said.handlers.len() > HANDLERS {
        return Err(refuse(format!("plugin `{name}` offers {} handlers, at most {HANDLERS}", said.handlers.len())));
    }
    let mut seen = BTreeSet::new();
    let mut handlers = Vec::new();
    let mut schemas = Vec::new();
    for said in said.handlers {
        let handler = format!("{name}/{}", harmless(&said.name, 160));
        handler.parse::<HandlerRef>().map_err(|error| refuse(format!("handler name: {error}")))?;
        if !seen.insert(said.name.clone()) {
            return Err(refuse(format!("handler `{handler}` is there twice — rename one")));
        }
        let (info, schema) = handler_info(said).map_err(|reason| refuse(format!("handler `{handler}`: {reason}")))?;
        handlers.push(info);
        schemas.push(schema);
    }
    let info = PluginInfo { summary: harmless(&said.summary, SUMMARY), handlers, wants: wants(said.wants) };
    Ok(Described { version: harmless(&said.version, 64), info, schemas, name })
}

fn handler_info(said: wit::HandlerInfo) -> Result<(HandlerInfo, Option<Schema>), String> {
    let input_schema = document("input-schema", said.input_schema)?;
    let example_input = document("example-input", said.example_input)?;
    let compile = |schema| Schema::new(schema).map_err(|reason| format!("input-schema is no JSON Schema: {reason}"));
    let schema = input_schema.as_ref().map(compile).transpose()?;
    let timeout = said.timeout_ms.map(|ms| Duration::from_millis(ms.max(1)).min(LONGEST));
    let summary = harmless(&said.summary, SUMMARY);
    Ok((HandlerInfo { name: said.name, summary, input_schema, example_input, timeout }, schema))
}

fn document(what: &str, text: Option<String>) -> Result<Option<Value>, String> {
    let Some(text) = text else { return Ok(None) };
    if text.len() > DOCUMENT {
        return Err(format!("{what} has {} bytes, at most {DOCUMENT}", text.len()));
    }
    serde_json::from_str(&text).map(Some).map_err(|error| format!("{what} is no JSON: {error}"))
}

fn wants(said: wit::Wants) -> Wants {
    let list = |items: Vec<String>| items.iter().take(WANTS).map(|item| harmless(item, 256)).collect();
    Wants {
        http: list(said.http),
        tcp: list(said.tcp),
        env: list(said.env),
        secrets: list(said.secrets),
        folders: list(said.folders),
        sql: list(said.sql),
        kv: list(said.kv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(name: &str) -> wit::HandlerInfo {
        wit::HandlerInfo {
            name: name.into(),
            summary: "s".into(),
            input_schema: None,
            example_input: None,
            timeout_ms: Some(u64::MAX),
        }
    }

    fn plugin(name: &str, handlers: Vec<wit::HandlerInfo>) -> wit::PluginInfo {
        let wants = wit::Wants {
            http: vec![],
            tcp: vec![],
            env: vec![],
            secrets: vec![],
            folders: vec!["\u{1b}[2J".into()],
            sql: vec![],
            kv: vec![],
        };
        wit::PluginInfo { name: name.into(), version: "1".into(), summary: "x\ny".into(), handlers, wants }
    }

    fn refused(said: wit::PluginInfo) -> Refusal {
        check(said).err().expect("refused")
    }

    #[test]
    fn what_a_plugin_says_is_bounded_and_harmless() {
        let described = check(plugin("p", vec![handler("a")])).unwrap_or_else(|refusal| panic!("{}", refusal.message));
        assert_eq!(described.info.summary, "x\\ny");
        assert_eq!(described.info.wants.folders, ["\\u{1b}[2J"]);
        assert_eq!(described.info.handlers[0].timeout, Some(LONGEST));
    }

    #[test]
    fn bad_names_twins_and_broken_schemas_are_refused_by_name() {
        assert_eq!(refused(plugin("../p", vec![handler("a")])).stage, "name");
        assert!(refused(plugin("p", vec![])).message.contains("no handler"));
        assert!(refused(plugin("p", vec![handler("a/b")])).message.contains("handler name"));
        assert!(refused(plugin("p", vec![handler("a"), handler("a")])).message.contains("`p/a` is there twice"));
        let mut wrong = handler("a");
        wrong.input_schema = Some("{".into());
        assert!(refused(plugin("p", vec![wrong.clone()])).message.contains("`p/a`: input-schema is no JSON"));
        wrong.input_schema = Some(r#"{"type": 3}"#.into());
        assert!(refused(plugin("p", vec![wrong])).message.contains("no JSON Schema"));
    }
}
