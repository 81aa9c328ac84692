//! `set`: some keys of a schedule that was put.

use clap::Args;
use serde_json::{Map, Value};

use super::schedules::changed;
use crate::args::{Global, Why};
use crate::exit::{Done, Exit};
use crate::reach::{Reach, segment};

/// What shall be otherwise.
#[derive(Debug, Args)]
pub struct Set {
    /// The schedule
    name: String,
    /// A key of [schedule.NAME] and its value, as JSON or as a text: enabled=false, every=5m, retry.attempts=3. Without a value the key is taken away: jitter=
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = pair)]
    pairs: Vec<(String, Value)>,
    #[command(flatten)]
    why: Why,
}

/// `set NAME KEY=VALUE…`
///
/// # Errors
/// No such schedule (4), a file owns it (6), something is wrong with it (2), the host does not answer (5).
pub async fn run(global: &Global, asked: &Set) -> Done {
    let path = format!("/schedules/{}", segment(&asked.name));
    let answer = Reach::to(global)?.because(&asked.why).patch(&path, &patch(&asked.pairs)).await?;
    changed(global, &answer)?;
    let next = answer["next_due"].as_str().map_or_else(String::new, |due| format!("; next due {due}"));
    global.output().hint(&format!("changed {}{next}", asked.name));
    Ok(Exit::Ok)
}

fn pair(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    let value = match value {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    };
    match key.split('.').any(str::is_empty) {
        true => Err(format!("`{key}` is no key")),
        false => Ok((key.to_owned(), value)),
    }
}

/// `retry.attempts` is `attempts` within `retry`.
fn patch(pairs: &[(String, Value)]) -> Value {
    let mut patch = Value::Object(Map::new());
    for (key, value) in pairs {
        let mut place = &mut patch;
        for name in key.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name];
        }
        *place = value.clone();
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_json_or_texts_and_nothing_takes_a_key_away() {
        let texts = ["enabled=false", "every=5m", "jitter=", "input.to=\"7\"", "input.n=7", "cron=0 2 * * *"];
        let pairs: Vec<_> = texts.map(|text| pair(text).unwrap()).to_vec();
        let expected = json!({
            "enabled": false, "every": "5m", "jitter": null, "input": { "to": "7", "n": 7 }, "cron": "0 2 * * *",
        });
        assert_eq!(patch(&pairs), expected);
        assert!(pair("enabled").is_err() && pair("=1").is_err() && pair("a..b=1").is_err());
    }
}
