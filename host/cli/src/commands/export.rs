//! `export`: schedules that live beside the files, as a configuration folder takes them. The way back of `put`.

use clap::Args;
use serde_json::Value;

use super::import::write::{self, Toml};
use super::show::word;
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::output::{Format, Rows, complain};
use crate::reach::{Reach, segment};

/// Which schedules to write.
#[derive(Debug, Args)]
pub struct Export {
    /// These; all that were put without any
    names: Vec<String>,
}

/// Writes them to stdout: TOML, or with `-o json` what was put.
///
/// # Errors
/// No such schedule (4), one is of a file (6), one holds what TOML cannot (1), the host does not answer (5).
pub async fn run(global: &Global, asked: &Export) -> Done {
    let schedules = chosen(&Reach::to(global)?, asked).await?;
    if schedules.is_empty() {
        global.output().hint("no schedule was put; those of the files are in the files already");
    }
    if !matches!(global.output, Format::Table | Format::Toml) {
        global.output().list(&schedules, |_| Rows::default())?;
        return Ok(Exit::Ok);
    }
    let (mut text, mut left_out) = ("# Written by `noontide export`.\n".to_owned(), 0);
    for schedule in &schedules {
        match block(schedule) {
            Ok(block) => text.push_str(&block),
            Err(reason) => {
                complain(&format!("left out: `{}`: it holds {reason}; -o json has it", word(schedule, "name")));
                left_out += 1;
            }
        }
    }
    if left_out < schedules.len() {
        // What nobody can read back is no export.
        write::loaded(&text)?;
        global.output().text(text.trim_end())?;
    }
    Ok(if left_out == 0 { Exit::Ok } else { Exit::Failed })
}

async fn chosen(reach: &Reach, asked: &Export) -> Result<Vec<Value>, Stop> {
    if asked.names.is_empty() {
        let all = reach.list("/schedules?limit=1000&owner=api").await?;
        return Ok(all.iter().filter_map(put).collect());
    }
    let mut found = Vec::with_capacity(asked.names.len());
    for name in &asked.names {
        let schedule = reach.get(&format!("/schedules/{}", segment(name))).await?;
        let of_a_file =
            || Stop::new(Exit::Conflict, format!("`{name}` is of {}: it is written there", word(&schedule, "owner")));
        found.push(put(&schedule).ok_or_else(of_a_file)?);
    }
    Ok(found)
}

/// Its name, and what was put.
fn put(schedule: &Value) -> Option<Value> {
    let mut keys = schedule["definition"].as_object()?.clone();
    keys.insert("name".to_owned(), schedule["name"].clone());
    Some(Value::Object(keys))
}

fn block(schedule: &Value) -> Result<String, String> {
    let keys = schedule.as_object().into_iter().flatten().filter(|(key, _)| *key != "name");
    let keys = keys.map(|(key, value)| Ok((key.clone(), Toml::of(value)?))).collect::<Result<Vec<_>, String>>()?;
    Ok(format!("\n{}", write::table(&word(schedule, "name"), keys.iter().map(|(key, value)| (key.as_str(), value)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_put_comes_out_as_a_file_that_loads() {
        let definition = json!({ "handler": "mail/send", "cron": "0 2 * * *", "retry": { "attempts": 3 }, "input": { "to": "o'ps" } });
        let put = put(&json!({ "name": "nightly", "definition": definition })).unwrap();
        let text = block(&put).unwrap();
        let loaded = write::loaded(&text).unwrap();
        assert_eq!(loaded[0].name.as_str(), "nightly");
        assert_eq!(loaded[0].input, json!({ "to": "o'ps" }));
        assert_eq!(super::put(&json!({ "name": "x", "definition": null })), None);
    }

    #[test]
    fn what_toml_cannot_hold_is_named() {
        let put = json!({ "name": "x", "handler": "a/b", "every": "5m", "input": { "to": null } });
        assert!(block(&put).unwrap_err().contains("null"));
    }
}
