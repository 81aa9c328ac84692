//! `[[alert]]` and `[sink.x]`: of what somebody is told, and where.
//!
//! A mistake in one is a mistake of the whole: a rule that was left out would be missed when it is too late.

use std::collections::BTreeSet;
use std::time::Duration;

use noontide_domain::alert::{AlertRule, Condition, NamePattern, Sink, sink_name};

use super::named_tables;
use super::sink::sink;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Table, Value};

/// A reminder more often than that is a flood.
const LEAST_REMINDER: Duration = Duration::from_secs(60);

/// How a sink is written inline.
const WAYS: &str = r#"{ webhook = "https://…", secret = { env = "X" } }, or a name such as "ops" of [sink.ops]"#;

/// What there is to tell, and where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alerts {
    pub(crate) rules: Vec<AlertRule>,
    pub(crate) sinks: Vec<Sink>,
}

impl Alerts {
    pub(super) fn read<'a>(desk: &'a Desk<'a>, top: &Reader<'a>) -> Self {
        let mut alerts = Self::default();
        for (name, place, table) in named_tables(top, "sink") {
            let reader = Reader::new(desk, table, Scope::Host, format!("sink `{name}`: "));
            reader.good(place, sink_name(name));
            let sink = sink(&reader, name, place);
            reader.finish();
            alerts.sinks.extend(sink);
        }
        let written = match top.get("alert") {
            None => return alerts,
            Some(Node { value: Value::Array(rules), .. }) => rules,
            Some(node) => {
                top.problem(&node.place, format!("`alert` is {}; [[alert]] is expected", node.value.kind()));
                return alerts;
            }
        };
        for node in written {
            if let Some(table) = top.as_table("alert", node) {
                alerts.rule(desk, table, node);
            }
        }
        alerts
    }

    fn rule<'a>(&mut self, desk: &'a Desk<'a>, table: &'a Table, node: &'a Node) {
        let reader = Reader::new(desk, table, Scope::Host, "alert: ".to_owned());
        let on = conditions(&reader, node);
        let name = match reader.text("name") {
            Some((name, node)) => reader.good(&node.place, sink_name(&name)).unwrap_or(name),
            None => self.unused(&on),
        };
        if self.rules.iter().any(|rule| rule.name == name) {
            reader.problem(&reader.place_of("name"), format!("`name`: there is another rule `{name}`; choose another"));
        }
        let mut rule = AlertRule::new(name, on);
        (rule.schedules, rule.handlers) = (patterns(&reader, "schedules"), patterns(&reader, "handlers"));
        bounded(&reader, &rule);
        rule.after = reader.count("after", 1).map_or(1, |after| u32::try_from(after).unwrap_or(u32::MAX));
        rule.remind = reader.duration("remind");
        if rule.remind.is_some_and(|remind| remind < LEAST_REMINDER) {
            let message = "`remind` is less than a minute; an hour or more is usual, such as \"4h\"";
            reader.problem(&reader.place_of("remind"), message);
        }
        rule.recovery = reader.flag("recovery").unwrap_or(true);
        rule.sinks = self.targets(&reader, &rule.name, node);
        reader.finish();
        self.rules.push(rule);
    }

    /// As it says what it is about: its incidents are known by it, wherever in the file it stands.
    fn unused(&self, on: &BTreeSet<Condition>) -> String {
        let name = on.iter().map(|condition| condition.as_str()).collect::<Vec<_>>().join("-or-");
        let is_free = |name: &String| !self.rules.iter().any(|rule| rule.name == *name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
    }

    /// Names of sinks; one that is written inline has the rule's name.
    fn targets<'a>(&mut self, reader: &Reader<'a>, rule: &str, rule_node: &Node) -> Vec<String> {
        let nodes: Vec<&'a Node> = match reader.get("sink") {
            None => {
                reader.problem(&rule_node.place, format!("`sink` is missing: {WAYS}"));
                return Vec::new();
            }
            Some(Node { value: Value::Array(nodes), .. }) => nodes.iter().collect(),
            Some(node) => vec![node],
        };
        if nodes.is_empty() {
            reader.problem(&reader.place_of("sink"), format!("`sink` names none: {WAYS}"));
        }
        nodes.into_iter().filter_map(|node| self.target(reader, rule, node)).collect()
    }

    fn target<'a>(&mut self, reader: &Reader<'a>, rule: &str, node: &'a Node) -> Option<String> {
        if let Value::Table(table) = &node.value {
            let inside = reader.inside(table);
            let is_free = |name: &String| !self.sinks.iter().any(|sink| sink.name == *name);
            let numbered = (2..).map(|number| format!("{rule}-{number}"));
            let name = std::iter::once(rule.to_owned()).chain(numbered).find(is_free)?;
            let sink = sink(&inside, &name, &node.place);
            if !inside.finish() {
                reader.spoil();
            }
            self.sinks.extend(sink);
            return Some(name);
        }
        let name = reader.as_text("sink", node)?;
        let known = self.sinks.iter().map(|sink| sink.name.as_str());
        let hint = noontide_domain::suggest::hint(&name, known.clone());
        let found = known.clone().any(|known| known == name);
        reader
            .good(&node.place, found.then_some(()).ok_or_else(|| format!("`sink`: there is no [sink.{name}]{hint}")))?;
        Some(name)
    }
}

fn conditions(reader: &Reader<'_>, rule: &Node) -> BTreeSet<Condition> {
    let all = Condition::ALL.map(Condition::as_str).join(", ");
    let Some(node) = reader.get("on") else {
        reader.problem(&rule.place, format!("`on` is missing: a list of {all}"));
        return BTreeSet::new();
    };
    let Value::Array(nodes) = &node.value else {
        reader.problem(&node.place, format!("`on` is {}; a list of {all} is expected", node.value.kind()));
        return BTreeSet::new();
    };
    if nodes.is_empty() {
        reader.problem(&node.place, format!("`on` is empty, so nobody is told of anything; possible are {all}"));
    }
    let read = |node| {
        let text = reader.as_text("on", node)?;
        reader.good(&node.place, text.parse::<Condition>().map_err(|reason| format!("`on`: {reason}")))
    };
    nodes.iter().filter_map(read).collect()
}

/// Plugins and hosts have no schedule.
fn bounded(reader: &Reader<'_>, rule: &AlertRule) {
    let Some(other) = rule.on.iter().find(|condition| !condition.has_a_handler()) else { return };
    for (key, patterns) in [("schedules", &rule.schedules), ("handlers", &rule.handlers)] {
        if !patterns.is_empty() {
            let message = format!("`{key}` says nothing about `{other}`; write a rule of its own for that");
            reader.problem(&reader.place_of(key), message);
        }
    }
}

fn patterns(reader: &Reader<'_>, key: &'static str) -> Vec<NamePattern> {
    match reader.get(key) {
        None => Vec::new(),
        Some(Node { value: Value::Array(nodes), .. }) => {
            nodes.iter().filter_map(|node| reader.as_text(key, node)).map(NamePattern).collect()
        }
        Some(node) => reader.as_text(key, node).map(NamePattern).into_iter().collect(),
    }
}
