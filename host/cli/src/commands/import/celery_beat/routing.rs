//! What a message is sent with: queue, priority and headers have their equals here, the rest is the broker's.

use std::collections::BTreeMap;

use noontide_domain::{Headers, Priority, QueueName, excerpt::excerpt};

use super::super::Entry;
use super::super::write::Toml;
use super::task::Task;
use super::trigger::Keys;

/// The keys of a message.
///
/// # Errors
/// A priority that there is not.
pub fn keys(task: &Task, notes: &mut Vec<String>) -> Result<Keys, String> {
    let mut keys = Keys::new();
    if let Some(name) = &task.queue {
        match name.parse::<QueueName>() {
            Ok(queue) => keys.push(("queue", Toml::Text(queue.to_string()))),
            Err(reason) => notes.push(format!("queue `{}` is left out: {reason}", excerpt(name))),
        }
    }
    if let Some(number) = task.priority {
        let priority = Priority::of_number(number)?;
        keys.push(("priority", Toml::Number(priority.0.into())));
        notes.push(format!(
            "priority {priority} goes before smaller ones, as with RabbitMQ; with Redis as broker 0 went first: turn it"
        ));
    }
    keys.extend(headers(task, notes).map(|texts| ("headers", texts)));
    for (name, value) in [("exchange", &task.exchange), ("routing_key", &task.routing_key)] {
        if let Some(value) = value {
            notes.push(format!("{name} `{}` is left out: there is no broker", excerpt(value)));
        }
    }
    let left_out = task.left_out.iter().map(|option| format!("option `{}` is left out", excerpt(option)));
    notes.extend(left_out);
    Ok(keys)
}

/// Texts, whatever they were.
fn headers(task: &Task, notes: &mut Vec<String>) -> Option<Toml> {
    let texts: BTreeMap<String, String> = task
        .headers
        .iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    if let Err(reason) = Headers::new(texts.clone()) {
        notes.push(format!("headers are left out: {reason}"));
        return None;
    }
    if task.headers.iter().flatten().any(|(_, value)| !value.is_string()) {
        notes.push("its headers are texts here, whatever they were".to_owned());
    }
    let table: Vec<_> = texts.into_iter().map(|(name, text)| (name, Toml::Text(text))).collect();
    (!table.is_empty()).then_some(Toml::Table(table))
}

/// The queue that an entry names.
pub fn queue_of(entry: &Entry) -> Option<&str> {
    entry.keys.iter().find_map(|(key, value)| match value {
        Toml::Text(queue) if *key == "queue" && queue != QueueName::DEFAULT => Some(queue.as_str()),
        _ => None,
    })
}
