//! `logs ID`: what a run said, attempt by attempt; with `--follow` what it says, until it is over.

mod follow;

use clap::Args;
use noontide_domain::LogLine;
use serde_json::Value;

use super::show::word;
use crate::args::Global;
use crate::exit::{Done, Exit};
use crate::reach::Reach;

/// Which run.
#[derive(Debug, Args)]
pub struct Logs {
    /// The run's id, or the beginning of it
    id: String,
    /// Show each line as it is said, and end when the run is over
    #[arg(long, short)]
    follow: bool,
}

/// `logs ID`
///
/// # Errors
/// No such run; the host does not answer.
pub async fn run(global: &Global, asked: &Logs) -> Done {
    let reach = Reach::to(global)?;
    let id = super::runs::full_id(&reach, &asked.id).await?;
    if asked.follow {
        return follow::to_the_end(global, &reach, &id).await;
    }
    let answer = reach.get(&format!("/runs/{id}/logs")).await?;
    let attempts = answer["items"].as_array().cloned().unwrap_or_default();
    if attempts.iter().all(|attempt| attempt["lines"].as_array().is_none_or(Vec::is_empty)) {
        global.output().hint("it said nothing");
    }
    global.output().list(&attempts, |attempts| {
        let mut rows = crate::output::Rows::of(["attempt", "at", "level", "source", "message"]);
        for attempt in attempts {
            for line in attempt["lines"].as_array().into_iter().flatten() {
                rows.push([
                    word(attempt, "attempt"),
                    word(line, "at"),
                    word(line, "level"),
                    word(line, "source"),
                    message(line),
                ]);
            }
        }
        rows
    })?;
    for attempt in attempts.iter().filter(|attempt| attempt["dropped"].as_u64().is_some_and(|count| count > 0)) {
        let (number, dropped) = (word(attempt, "attempt"), word(attempt, "dropped"));
        global.output().hint(&format!("attempt {number}: {dropped} lines over the limits were dropped"));
    }
    Ok(Exit::Ok)
}

/// A line as `plugin run` writes it to stderr.
pub fn line(line: &LogLine) -> String {
    let fields: String = line.fields.iter().map(|(key, value)| format!(" {key}={value}")).collect();
    match line.source.as_str() {
        "log" => format!("{} {}{fields}", line.level, line.message),
        source => format!("{source} {}", line.message),
    }
}

fn message(line: &Value) -> String {
    let mut text = word(line, "message");
    match &line["fields"] {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| text.push_str(&format!(" {key}={value}"))),
        Value::Array(pairs) => {
            for pair in pairs {
                let part = |index: usize| pair[index].as_str().unwrap_or_default();
                text.push_str(&format!(" {}={}", part(0), part(1)));
            }
        }
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_behind_the_message_they_belong_to() {
        let said: LogLine = serde_json::from_value(serde_json::json!({
            "at": "2026-01-01T00:00:00Z", "level": "info", "source": "log", "message": "read", "fields": [["lines", "5"]]
        }))
        .unwrap();
        assert_eq!(line(&said), "info read lines=5");
        assert_eq!(message(&serde_json::to_value(&said).unwrap()), "read lines=5");
    }
}
