//! `outbox …`: messages that handlers handed over to be sent.

use clap::{Args, Subcommand};
use noontide_domain::{MessageState, duration};
use serde_json::{Value, json};

use super::show::{instant, word};
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::{Reach, segment};
use crate::zone;

/// What may be asked about messages.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// Messages, newest first: where to, how they stand, what was answered
    Ls(Ls),
    /// Send dead or waiting messages again, now
    Retry(Retry),
    /// Take messages out that are dead or wait; they are not sent
    Drop(Drop),
}

/// Which messages to list.
#[derive(Debug, Args)]
pub struct Ls {
    /// Of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Of this plugin
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// In this state: waiting, sending, sent, dead, dropped
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<MessageState>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Which messages to send again.
#[derive(Debug, Args)]
pub struct Retry {
    /// The messages' ids, as `outbox ls` shows them
    #[arg(required_unless_present = "dead")]
    ids: Vec<String>,
    /// All that are dead
    #[arg(long, conflicts_with = "ids")]
    dead: bool,
    /// With --dead: only of this plugin
    #[arg(long, value_name = "NAME", requires = "dead")]
    plugin: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Which messages to take out.
#[derive(Debug, Args)]
pub struct Drop {
    /// The messages' ids, as `outbox ls` shows them
    #[arg(required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    why: Why,
}

/// Does what is asked.
///
/// # Errors
/// No such message (4); it was sent (6); the host does not answer (5).
pub async fn run(global: &Global, asked: &Outbox) -> Done {
    match asked {
        Outbox::Ls(asked) => ls(global, asked).await,
        Outbox::Retry(asked) => retry(global, asked).await,
        Outbox::Drop(asked) => {
            let reach = Reach::to(global)?.because(&asked.why);
            for id in &asked.ids {
                reach.delete(&format!("/outbox/{}", segment(id))).await?;
                global.output().hint(&format!("dropped {id}"));
            }
            Ok(Exit::Ok)
        }
    }
}

async fn ls(global: &Global, asked: &Ls) -> Done {
    let filter = [
        ("run", asked.run.clone()),
        ("plugin", asked.plugin.clone()),
        ("state", asked.state.map(|state| state.as_str().to_owned())),
    ];
    let messages = Reach::to(global)?.pages("/outbox", &filter, asked.limit).await?;
    if messages.is_empty() {
        global.output().hint("no such messages");
    }
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    global.output().list(&messages, |messages| table(messages, zone))?;
    Ok(Exit::Ok)
}

async fn retry(global: &Global, asked: &Retry) -> Done {
    let reach = Reach::to(global)?.because(&asked.why);
    let ids = if asked.dead { dead(&reach, asked.plugin.clone()).await? } else { asked.ids.clone() };
    for id in &ids {
        reach.post(&format!("/outbox/{}/retry", segment(id)), &json!({})).await?;
    }
    global.output().hint(&format!("{} messages are sent again", ids.len()));
    Ok(Exit::Ok)
}

async fn dead(reach: &Reach, plugin: Option<String>) -> Result<Vec<String>, Stop> {
    let filter = [("state", Some("dead".to_owned())), ("plugin", plugin)];
    let dead = reach.pages("/outbox", &filter, usize::MAX).await?;
    Ok(dead.iter().map(|message| word(message, "id")).collect())
}

fn table(messages: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["id", "plugin", "to", "size", "state", "tries", "next", "answer"]);
    for message in messages {
        rows.push([
            word(message, "id"),
            word(message, "plugin"),
            format!("{} {}", word(message, "method"), word(message, "destination")),
            message["bytes"].as_u64().map_or("-".to_owned(), duration::bytes),
            word(message, "state"),
            word(message, "attempts"),
            instant(message, "not_before").map_or("-".to_owned(), |next| zone::wall(next, zone)),
            word(message, "answer").replace(['\n', '\r'], " "),
        ]);
    }
    rows
}

fn state(text: &str) -> Result<MessageState, String> {
    MessageState::parse(text).ok_or_else(|| {
        let names = MessageState::ALL.map(MessageState::as_str);
        format!("there are {}{}", names.join(", "), noontide_domain::suggest::hint(text, names))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_where_to_and_what_was_answered() {
        let message = json!({
            "id": "ab-0", "plugin": "mail", "method": "POST", "destination": "https://a.example.com", "bytes": 2048,
            "state": "dead", "attempts": 1, "not_before": null, "answer": "answered 410"
        });
        let drawn = table(&[message], chrono_tz::UTC).drawn();
        for part in ["ab-0", "POST https://a.example.com", "2 KiB", "dead", "answered 410"] {
            assert!(drawn.contains(part), "{part} is not in: {drawn}");
        }
    }

    #[test]
    fn a_state_that_is_none_is_told_the_nearest() {
        let refused = state("ded").unwrap_err();
        assert!(refused.contains("dead"), "{refused}");
    }
}
