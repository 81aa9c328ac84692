//! A schedule as clients of the API write it: the keys of `[schedule.NAME]` in a JSON object.

use std::cell::RefCell;
use std::collections::BTreeMap;

use noontide_domain::{Owner, Schedule};
use serde_json::{Map, Value as Json};

use super::{links, schedule, trigger};
use crate::Body;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Place, Table, Value};

/// A client sends the same object as often as it likes, so what is read is what is kept: it is the base of later patches.
pub(crate) fn schedule(
    body: Body<'_>,
    known: &trigger::Times<'_>,
    standing: impl FnOnce() -> Vec<Schedule>,
) -> Result<Schedule, Vec<String>> {
    let subject = format!("schedule `{}`: ", body.name);
    let failed = |reason: String| vec![format!("{subject}{reason}")];
    let asked = asked(body).map_err(failed)?;
    let mut keys = asked.clone();
    // A handler's input is JSON already, and may hold what TOML cannot.
    let input = keys.remove("input");
    let place = Place::Outside("body".to_owned());
    let table = table(&place, &keys).map_err(failed)?;
    let desk = Desk { vars: None, problems: RefCell::default() };
    let reader = Reader::new(&desk, &table, Scope::Schedule(body.name.to_owned()), subject.clone());
    let read = schedule::schedule(&reader, body.name, &place, known);
    let is_clean = reader.finish();
    if let Some(schedule) = read.as_ref().filter(|schedule| links::are_in(schedule)) {
        let standing = standing();
        let all = standing.iter().chain([schedule]).map(|schedule| (&schedule.name, schedule)).collect();
        if let Some((_, wrong)) = links::wrong(schedule, &all, |_| false) {
            reader.problem(&place, wrong);
        }
    }
    let mut problems: Vec<_> = desk.problems.take().into_iter().map(|problem| problem.message).collect();
    problems.sort();
    problems.dedup();
    match read.filter(|_| is_clean && problems.is_empty()) {
        Some(read) => {
            let input = input.unwrap_or(read.input);
            Ok(Schedule { owner: Owner::Api, input, asked: Some(Json::Object(asked)), ..read })
        }
        None => Err(problems),
    }
}

/// What is asked for in all, with kebab-case keys and without nulls.
fn asked(body: Body<'_>) -> Result<Map<String, Json>, String> {
    let Json::Object(given) = body.json else {
        return Err(
            "the body is no object; send the keys of [schedule.NAME], such as {\"handler\": …, \"cron\": …}".into()
        );
    };
    let mut asked = match body.onto {
        Some(Json::Object(before)) => before.clone(),
        _ => Map::new(),
    };
    let given = kebab(given)?;
    merge(&mut asked, &given);
    if let (None, Some(input)) = (body.onto, given.get("input").filter(|input| !input.is_null())) {
        // Nulls in an input are the handler's, unless they are a patch's.
        asked.insert("input".to_owned(), input.clone());
    }
    Ok(asked)
}

/// Lays a patch over what is there, as RFC 7396 has it: null takes a key away. Over nothing, it only takes the nulls out.
fn merge(base: &mut Map<String, Json>, patch: &Map<String, Json>) {
    for (key, value) in patch {
        match value {
            Json::Null => {
                base.remove(key);
            }
            Json::Object(inner) => {
                let below = base.entry(key.clone()).or_insert(Json::Null);
                if !below.is_object() {
                    *below = Json::Object(Map::new());
                }
                if let Json::Object(below) = below {
                    merge(below, inner);
                }
            }
            plain => {
                base.insert(key.clone(), plain.clone());
            }
        }
    }
}

/// `catch_up` is `catch-up`. Below `input`, `headers`, `runs-on`, `cron` and the kinds of a grant the names are other people's.
fn kebab(object: &Map<String, Json>) -> Result<Map<String, Json>, String> {
    let mut out = Map::new();
    for (key, value) in object {
        let name = key.replace('_', "-");
        let value = match name.as_str() {
            "input" | "cron" | "headers" | "runs-on" | "folders" | "env" | "secrets" | "sql" | "kv" | "http"
            | "tcp" => value.clone(),
            _ => kebab_inside(value)?,
        };
        if out.insert(name.clone(), value).is_some() {
            return Err(format!("`{name}` is there twice, with a hyphen and with an underscore; take one out"));
        }
    }
    Ok(out)
}

fn kebab_inside(value: &Json) -> Result<Json, String> {
    Ok(match value {
        Json::Object(inner) => Json::Object(kebab(inner)?),
        Json::Array(items) => Json::Array(items.iter().map(kebab_inside).collect::<Result<_, _>>()?),
        plain => plain.clone(),
    })
}

fn table(place: &Place, object: &Map<String, Json>) -> Result<Table, String> {
    let entry = |(key, value): (&String, &Json)| Ok((key.clone(), (place.clone(), node(place, key, value)?)));
    object.iter().map(entry).collect::<Result<BTreeMap<_, _>, _>>()
}

fn node(place: &Place, key: &str, value: &Json) -> Result<Node, String> {
    let value = match value {
        Json::Null => return Err(format!("`{key}` holds null in a list; take it out")),
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) if number.is_f64() => Value::Float(real),
            _ => Value::Unreadable(number.to_string()),
        },
        Json::Array(items) => {
            Value::Array(items.iter().map(|item| node(place, key, item)).collect::<Result<_, String>>()?)
        }
        Json::Object(inner) => Value::Table(table(place, inner)?),
    };
    Ok(Node { place: place.clone(), value })
}

/// A TOML text with the keys of one schedule as JSON for the API: alone, or under `[schedule.NAME]`.
///
/// # Errors
/// A sentence: it is no TOML, has no such table, or holds what JSON cannot carry.
pub fn from_toml(text: &str, name: &str) -> Result<Json, String> {
    let top: toml::Table = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
    let keys = match top.get("schedule") {
        None => top,
        Some(schedules) => match schedules.get(name) {
            Some(toml::Value::Table(table)) => table.clone(),
            _ => return Err(format!("there is no [schedule.{name}]; write one, or the keys without a table")),
        },
    };
    json(toml::Value::Table(keys))
}

fn json(value: toml::Value) -> Result<Json, String> {
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) if number.is_finite() => Json::from(number),
        toml::Value::Float(number) => return Err(format!("`{number}` is a number that JSON cannot carry")),
        toml::Value::Boolean(flag) => Json::Bool(flag),
        toml::Value::Datetime(date) => Json::String(date.to_string()),
        toml::Value::Array(items) => Json::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            Json::Object(table.into_iter().map(|(key, value)| Ok((key, json(value)?))).collect::<Result<_, String>>()?)
        }
    })
}
