//! `alert …`: what somebody was told, and whether they can be.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::show::{instant, word};
use crate::args::{Global, Why};
use crate::exit::{Done, Exit};
use crate::output::Rows;
use crate::reach::{Reach, segment};
use crate::zone;

/// What may be asked about alerts.
#[derive(Debug, Subcommand)]
pub enum Alert {
    /// Incidents, newest first: those that are open, or of a state
    Ls(Ls),
    /// Messages about incidents: where to, and what was answered
    Sent(Sent),
    /// Rules and sinks
    Rules,
    /// Send a message that says that it is a test, and tell what came back
    Test(Test),
    /// Let incidents be quiet: somebody knows
    Ack(Ack),
    /// Close incidents; nobody is told
    Close(Close),
    /// Send messages again that are dead or wait
    Retry(Retry),
}

/// Which incidents to list.
#[derive(Debug, Args)]
pub struct Ls {
    /// counting, open or closed
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Which messages to list.
#[derive(Debug, Args)]
pub struct Sent {
    /// About this incident
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// To this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// waiting, sending, sent, dead or dropped
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Which sinks to try.
#[derive(Debug, Args)]
pub struct Test {
    /// The sink; all of them without one
    name: Option<String>,
}

/// Which incidents, and for how long.
#[derive(Debug, Args)]
pub struct Ack {
    /// Ids, as `alert ls` shows them
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why, for those who look on
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Until then, as RFC 3339; without it until it is over
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
}

/// Which incidents to close.
#[derive(Debug, Args)]
pub struct Close {
    /// Ids, as `alert ls` shows them
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Which messages to send again.
#[derive(Debug, Args)]
pub struct Retry {
    /// Numbers, as `alert sent` shows them
    #[arg(required = true)]
    numbers: Vec<i64>,
    #[command(flatten)]
    why: Why,
}

/// Does what is asked.
///
/// # Errors
/// No such incident, sink or message (4); it is over (6); the host does not answer (5).
pub async fn run(global: &Global, asked: &Alert) -> Done {
    let reach = Reach::to(global)?;
    match asked {
        Alert::Ls(asked) => {
            let found = reach.pages("/alerts/incidents", &[("state", asked.state.clone())], asked.limit).await?;
            list(global, &found, incidents, "nothing is wrong that somebody would be told of")
        }
        Alert::Sent(asked) => {
            let filter =
                [("incident", asked.incident.clone()), ("sink", asked.sink.clone()), ("state", asked.state.clone())];
            let found = reach.pages("/alerts/deliveries", &filter, asked.limit).await?;
            list(global, &found, sent, "no such messages")
        }
        Alert::Rules => {
            let settings = reach.get("/alerts").await?;
            let rules = settings["rules"].as_array().cloned().unwrap_or_default();
            list(global, &rules, rules_table, "there are no rules; [[alert]] makes one")
        }
        Alert::Test(asked) => test(global, &reach, asked).await,
        Alert::Ack(asked) => {
            let body = json!({ "reason": asked.reason, "until": asked.until });
            change(global, &reach, &asked.ids, "acknowledge", &body).await
        }
        Alert::Close(asked) => change(global, &reach, &asked.ids, "close", &json!({ "reason": asked.reason })).await,
        Alert::Retry(asked) => {
            let reach = reach.because(&asked.why);
            for number in &asked.numbers {
                reach.post(&format!("/alerts/deliveries/{number}/retry"), &json!({})).await?;
            }
            global.output().hint(&format!("{} messages are sent again", asked.numbers.len()));
            Ok(Exit::Ok)
        }
    }
}

fn list(global: &Global, found: &[Value], table: fn(&[Value], chrono_tz::Tz) -> Rows, none: &str) -> Done {
    if found.is_empty() {
        global.output().hint(none);
    }
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    global.output().list(found, |found| table(found, zone))?;
    Ok(Exit::Ok)
}

async fn test(global: &Global, reach: &Reach, asked: &Test) -> Done {
    let answer = reach.post("/alerts/test", &json!({ "sink": asked.name })).await?;
    let found = answer["items"].as_array().cloned().unwrap_or_default();
    list(global, &found, tried, "there are no sinks; [[alert]] or [sink.NAME] makes one")?;
    let all_took_it = !found.is_empty() && found.iter().all(|one| one["ok"] == json!(true));
    Ok(if all_took_it { Exit::Ok } else { Exit::Failed })
}

async fn change(global: &Global, reach: &Reach, ids: &[String], verb: &str, body: &Value) -> Done {
    for id in ids {
        reach.post(&format!("/alerts/incidents/{}/{verb}", segment(id)), body).await?;
    }
    global.output().hint(&format!("{} incidents changed", ids.len()));
    Ok(Exit::Ok)
}

fn incidents(found: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["id", "subject", "condition", "times", "since", "state", "known by", "what"]);
    for one in found {
        rows.push([
            word(one, "id"),
            word(one, "subject"),
            word(one, "condition"),
            word(one, "count"),
            instant(one, "began_at").map_or("-".to_owned(), |at| zone::wall(at, zone)),
            word(one, "state"),
            word(&one["acknowledged"], "by"),
            word(one, "words").replace(['\n', '\r'], " "),
        ]);
    }
    rows
}

fn sent(found: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["number", "sink", "kind", "title", "state", "tries", "next", "answer"]);
    for one in found {
        rows.push([
            word(one, "number"),
            word(one, "sink"),
            word(one, "kind"),
            word(one, "title"),
            word(one, "state"),
            word(one, "attempts"),
            instant(one, "not_before").map_or("-".to_owned(), |at| zone::wall(at, zone)),
            word(one, "answer").replace(['\n', '\r'], " "),
        ]);
    }
    rows
}

fn rules_table(found: &[Value], _: chrono_tz::Tz) -> Rows {
    let words = |one: &Value, key: &str| {
        let all = one[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        all.collect::<Vec<_>>().join(", ")
    };
    let mut rows = Rows::of(["rule", "on", "schedules", "handlers", "after", "sinks"]);
    for one in found {
        let (name, after) = (word(one, "name"), word(one, "after"));
        let [on, schedules, handlers, sinks] = ["on", "schedules", "handlers", "sinks"].map(|key| words(one, key));
        rows.push([name, on, schedules, handlers, after, sinks]);
    }
    rows
}

fn tried(found: &[Value], _: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["sink", "kind", "to", "taken", "answer"]);
    for one in found {
        let taken = if one["ok"] == json!(true) { "yes" } else { "no" };
        let [sink, kind, to, answer] = ["sink", "kind", "destination", "answer"].map(|key| word(one, key));
        rows.push([sink, kind, to, taken.to_owned(), answer]);
    }
    rows
}
