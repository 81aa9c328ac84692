//! What the keys mean.

mod alert;
pub(crate) mod body;
pub(crate) mod calendar;
mod connection;
mod every;
mod host;
mod http;
mod identity;
pub(crate) mod input;
mod ledger;
mod links;
mod log_file;
pub(crate) mod named;
mod plugin;
mod queue;
mod schedule;
mod sink;
pub(crate) mod terms;
mod timetable;
pub(crate) mod trigger;
mod trust;

pub(crate) use terms::Grants;
pub(crate) use trigger::Times;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::alert::Sink;
use noontide_domain::{PluginName, Schedule, ScheduleName, Trust, suggest};

use crate::layers::Layers;
use crate::problem::{Problem, Scope};
use crate::reader::{Desk, Reader};
use crate::tree::{Place, Table, Value};
use crate::{Config, SchedulePlaces, Watch};

/// `None` only if something outside schedules and plugins is wrong, which is noted.
pub(crate) fn config(layers: &Layers, vars: &BTreeMap<String, String>, problems: &mut Vec<Problem>) -> Option<Config> {
    let desk = Desk { vars: Some(vars), problems: RefCell::default() };
    let top = Reader::new(&desk, &layers.tree, Scope::Host, String::new());
    let zone = zone(&top);
    let data_dir = host::data_dir(&top);
    let ledger_url = ledger::url(&top, data_dir.as_deref());
    let plugins = host::plugins(&top);
    let http = http::http(&top, &layers.env);
    let http_client = host::http_client(&top);
    let mut queues = queue::queues(&desk, &top);
    let engine = host::engine(&top, &mut queues);
    let own = identity::identity(&top);
    let log = host::log(&top);
    let per_schedule = host::metrics(&top);
    let alerts = alert::Alerts::read(&desk, &top);
    let connections = connection::Connections::read(&desk, &top);
    let (grants, pins) = grants(&desk, &top, &connections);
    let calendars = calendar::calendars(&desk, &top);
    let alone =
        Times { zone, calendars: &calendars, triggers: &named::Triggers::new(), queues: &queues, grants: &grants };
    let triggers = named::triggers(&desk, &top, &alone);
    let mut schedules = Schedules::read(&desk, &top, &Times { triggers: &triggers, ..alone });
    schedules.link_what_is_there(&desk);
    top.finish();
    problems.append(&mut desk.problems.borrow_mut());
    let (plugins, trust) = plugins?;
    Some(Config {
        ledger_url: ledger_url?,
        plugins,
        trust: Trust { pins, ..trust },
        http: http?,
        http_client: http_client?,
        data_dir: data_dir?,
        host: own?,
        engine: engine?,
        queues,
        log: log?,
        per_schedule: per_schedule?,
        grants: grants.read,
        faulty_grants: grants.faulty,
        connections: connections.read,
        faulty_connections: connections.faulty,
        schedules: schedules.read,
        alert_rules: alerts.rules,
        sinks: alerts.sinks,
        pings: schedules.pings,
        watches: schedules.watches,
        faulty: schedules.faulty,
        places: schedules.places,
        timezone: zone,
        calendars,
        triggers,
    })
}

/// The reader's own `timezone`, or UTC.
fn zone(reader: &Reader<'_>) -> chrono_tz::Tz {
    own_zone(reader).unwrap_or(chrono_tz::UTC)
}

fn own_zone(reader: &Reader<'_>) -> Option<chrono_tz::Tz> {
    let (name, node) = reader.text("timezone")?;
    reader.good(&node.place, parse_zone(&name))
}

fn parse_zone(name: &str) -> Result<chrono_tz::Tz, String> {
    name.parse().map_err(|_| {
        let hint = suggest::hint(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let remedy = if hint.is_empty() { "; zones are IANA names such as Europe/Berlin" } else { &hint };
        format!("unknown time zone `{name}`{remedy}")
    })
}

type Pins = BTreeMap<PluginName, BTreeSet<String>>;

/// A table with a mistake grants nothing, and what it pins is pinned all the same.
fn grants<'a>(desk: &'a Desk<'a>, top: &Reader<'a>, connections: &connection::Connections) -> (Grants, Pins) {
    let (mut grants, mut pins) = (Grants::default(), Pins::new());
    for (name, place, table) in named_tables(top, "plugin") {
        let scope = Scope::Plugin(name.to_owned());
        let reader = Reader::new(desk, table, scope, format!("plugin `{name}`: "));
        let parsed = reader.good(place, name.parse::<PluginName>());
        let grant = plugin::grant(&reader, connections);
        let pinned = plugin::pins(&reader);
        let clean = reader.finish();
        pins.extend(parsed.clone().zip(pinned));
        match parsed.filter(|_| clean) {
            Some(name) => grants.read.extend([(name, grant)]),
            None => grants.faulty.extend([name.to_owned()]),
        }
    }
    (grants, pins)
}

struct Schedules {
    read: Vec<Schedule>,
    watches: Vec<Watch>,
    pings: Vec<Sink>,
    faulty: BTreeSet<String>,
    places: BTreeMap<String, SchedulePlaces>,
}

impl Schedules {
    fn read<'a>(desk: &'a Desk<'a>, top: &Reader<'a>, times: &trigger::Times<'_>) -> Self {
        let mut schedules = Self {
            read: Vec::new(),
            watches: Vec::new(),
            pings: Vec::new(),
            faulty: BTreeSet::new(),
            places: BTreeMap::new(),
        };
        for (name, place, table) in named_tables(top, "schedule") {
            let scope = Scope::Schedule(name.to_owned());
            let reader = Reader::new(desk, table, scope, format!("schedule `{name}`: "));
            let schedule = schedule::schedule(&reader, name, place, times);
            let watch = schedule.as_ref().and_then(|schedule| schedules.watch(&reader, &schedule.name));
            let ping = reader.get("ping").and_then(|node| sink::url(&reader, "ping", node));
            let clean = reader.finish();
            match schedule.filter(|_| clean) {
                Some(schedule) => {
                    schedules.pings.extend(ping.map(|url| sink::ping(&schedule.name, url)));
                    schedules.read.push(schedule);
                    schedules.watches.extend(watch);
                }
                None => {
                    schedules.faulty.insert(name.to_owned());
                }
            }
            let input = table.get("input").map(|(_, node)| node.place.clone());
            let link = |link: &links::Link| Some((link.key, table.get(link.key)?.1.place.clone()));
            let links = links::LINKS.iter().filter_map(link).collect();
            let places = SchedulePlaces { table: place.clone(), handler: reader.place_of("handler"), input, links };
            schedules.places.insert(name.to_owned(), places);
        }
        schedules
    }

    /// What arrives in one place goes to one schedule.
    fn watch(&self, reader: &Reader<'_>, schedule: &ScheduleName) -> Option<Watch> {
        let (path, node) = timetable::watch(reader)?;
        if let Some(other) = self.watches.iter().find(|watch| watch.path == path) {
            let message = format!("`watch`: schedule `{}` watches it, too; give each its own", other.schedule);
            reader.problem(&node.place, message);
        }
        Some(Watch { schedule: schedule.clone(), path })
    }

    /// A schedule that names one that is not there, or in the end itself, is left out.
    fn link_what_is_there(&mut self, desk: &Desk<'_>) {
        let all: BTreeMap<_, _> = self.read.iter().map(|schedule| (&schedule.name, schedule)).collect();
        let is_known = |name: &ScheduleName| self.faulty.contains(name.as_str());
        let wrong = |schedule: &Schedule| Some((schedule.name.clone(), links::wrong(schedule, &all, is_known)?));
        let out: BTreeMap<_, _> = self.read.iter().filter_map(wrong).collect();
        for (name, (key, message)) in &out {
            let places = self.places.get(name.as_str());
            let place = places.and_then(|places| places.links.get(key).or(Some(&places.table))).cloned();
            let message = format!("schedule `{name}`: {message}");
            let scope = Scope::Schedule(name.to_string());
            desk.problems.borrow_mut().push(Problem::new(place.unwrap_or_default(), scope, message));
            self.faulty.insert(name.to_string());
        }
        self.read.retain(|schedule| !out.contains_key(&schedule.name));
    }
}

/// The tables `[key.name]`, with the place of each.
fn named_tables<'a>(top: &Reader<'a>, key: &'static str) -> Vec<(&'a str, &'a Place, &'a Table)> {
    let mut tables = Vec::new();
    let Some(node) = top.get(key) else { return tables };
    let Value::Table(named) = &node.value else {
        top.problem(&node.place, format!("`{key}` is {}; tables `[{key}.NAME]` are expected", node.value.kind()));
        return tables;
    };
    for (name, (place, node)) in named {
        match &node.value {
            Value::Table(table) => tables.push((name.as_str(), place, table)),
            other => top.problem(
                &node.place,
                format!("`{key}.{name}` is {}; a table `[{key}.{name}]` is expected", other.kind()),
            ),
        }
    }
    tables
}
