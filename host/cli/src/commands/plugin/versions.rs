//! `plugin versions`, `approve`, `rollback`: which version of a plugin runs, and what people decide about that.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use serde_json::{Value, json};

use crate::args::{Global, Why};
use crate::commands::show::{instant, word};
use crate::exit::{Done, Exit, Stop};
use crate::output::{Rows, complain};
use crate::reach::{Reach, segment};
use crate::zone;

/// Digits of a digest that people are shown.
const DIGITS: usize = 12;

/// A plugin of the host.
#[derive(Debug, Args)]
pub struct Named {
    /// The plugin
    name: String,
}

/// Which version to let in.
#[derive(Debug, Args)]
pub struct Approve {
    /// The plugin
    name: String,
    /// How the digest of the version begins [default: the one that is held, else on trial, else rolled back last]
    sha256: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    why: Why,
}

/// Which version to go back to.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The plugin
    name: String,
    /// How the digest of the version begins [default: the last good one; a version on trial is sent back]
    #[arg(long, value_name = "SHA256")]
    to: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// `plugin versions NAME`
///
/// # Errors
/// No such plugin; the host does not answer.
pub async fn show(global: &Global, asked: &Named) -> Done {
    let versions = known(&Reach::to(global)?, &asked.name).await?;
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    global.output().list(&versions, |versions| {
        let mut rows = Rows::of(["version", "sha256", "standing", "since", "good", "bad", "why"]);
        for one in versions {
            let since = instant(one, "since").map_or("-".to_owned(), |since| zone::wall(since, zone));
            let calls = &one["calls"];
            rows.push([
                word(one, "version"),
                digest(one),
                word(one, "standing"),
                since,
                word(calls, "good"),
                word(calls, "bad"),
                why(one),
            ]);
        }
        rows
    })?;
    Ok(Exit::Ok)
}

/// `plugin approve NAME [SHA256]`: shows what it would change, asks, and lets it in.
///
/// # Errors
/// No such plugin or version; nothing waits; nobody said yes; the host does not answer.
pub async fn approve(global: &Global, asked: &Approve) -> Done {
    let host = Reach::to(global)?.because(&asked.why);
    let versions = known(&host, &asked.name).await?;
    let mut body = json!({ "by": who() });
    body["sha256"] = asked.sha256.clone().into();
    if let Some(version) = meant(&versions, asked.sha256.as_deref()) {
        body["sha256"] = version["sha256"].clone();
        let runs = versions.iter().find(|one| one["standing"] == "active").map_or("nothing".to_owned(), label);
        complain(&format!("{} of {} is {}; {runs} runs", label(version), asked.name, standing(version)));
        for line in version["difference"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            complain(&format!("  {line}"));
        }
        if !asked.yes && !confirmed()? {
            return Err(Stop::new(Exit::Conflict, "nothing is changed"));
        }
    }
    decided(global, &host, &format!("/plugins/{}/approve", segment(&asked.name)), &body).await
}

/// `plugin rollback NAME`
///
/// # Errors
/// No such plugin or version; none to go back to; the host does not answer.
pub async fn roll_back(global: &Global, asked: &Rollback) -> Done {
    let body = json!({ "by": who(), "sha256": asked.to });
    let path = format!("/plugins/{}/rollback", segment(&asked.name));
    decided(global, &Reach::to(global)?.because(&asked.why), &path, &body).await
}

async fn decided(global: &Global, host: &Reach, path: &str, body: &Value) -> Done {
    let answer = host.post(path, body).await?;
    global.output().thing(&answer, || word(&answer, "words"))?;
    Ok(Exit::Ok)
}

async fn known(host: &Reach, name: &str) -> Result<Vec<Value>, Stop> {
    let plugin = host.get(&format!("/plugins/{}", segment(name))).await?;
    Ok(plugin["versions"].as_array().cloned().unwrap_or_default())
}

/// The version that the host will take; `None` leaves it to the host to say what is wrong.
fn meant<'a>(versions: &'a [Value], digest: Option<&str>) -> Option<&'a Value> {
    let begins = |one: &&Value, digest: &str| one["sha256"].as_str().is_some_and(|own| own.starts_with(digest));
    match digest {
        Some(digest) => {
            let mut found = versions.iter().filter(|one| begins(one, &digest.to_ascii_lowercase()));
            found.next().filter(|_| found.next().is_none())
        }
        None => ["held", "candidate", "rolled-back"].into_iter().find_map(|standing| {
            let those = versions.iter().filter(|one| one["standing"] == standing);
            those.max_by_key(|one| instant(one, "since"))
        }),
    }
}

fn confirmed() -> Result<bool, Stop> {
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage("nobody is there to ask; look at the difference and say --yes"));
    }
    let mut err = std::io::stderr().lock();
    write!(err, "let it in? [y/N] ").and_then(|()| err.flush())?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn who() -> String {
    let who = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    who.unwrap_or_else(|| "somebody on the command line".to_owned())
}

fn digest(version: &Value) -> String {
    word(version, "sha256").chars().take(DIGITS).collect()
}

/// A version in a word and its digest.
pub(super) fn label(version: &Value) -> String {
    format!("{} ({})", word(version, "version"), digest(version))
}

fn standing(version: &Value) -> String {
    match version["why"].as_str() {
        Some(why) => format!("{}: {why}", word(version, "standing")),
        None => word(version, "standing"),
    }
}

fn why(version: &Value) -> String {
    let stands = matches!(version["standing"].as_str(), Some("active" | "candidate"));
    let approved = version["approved"]["by"].as_str().filter(|_| stands).map(|by| format!("approved by {by}"));
    let parts: Vec<_> = version["why"].as_str().map(str::to_owned).into_iter().chain(approved).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
}
