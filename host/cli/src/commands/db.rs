//! `db …`: the ledger's database, without a host. Hosts may go on meanwhile.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use noontide_domain::duration;
use noontide_domain::ports::{Clock as _, Retention};
use noontide_ledger::{Condition, Opened};
use serde_json::{Value, json};

use super::show::lines;
use crate::args::Global;
use crate::clock::SystemClock;
use crate::conf;
use crate::exit::{Done, Exit, Stop};
use crate::progress::Progress;

/// Rows in one transaction: small enough that claims never wait long behind it.
const BATCH: usize = 1_000;

/// What may be asked of the database.
#[derive(Debug, Subcommand)]
pub enum Db {
    /// What it is, how old its schema is, how fast it answers; changes nothing
    Status(Place),
    /// Bring the schema up to what this noontide knows; a start of the host does the same
    Migrate(Place),
    /// Delete finished runs that are past their time now, and not within the hour
    Prune(Prune),
}

/// Which database.
#[derive(Debug, Args)]
pub struct Place {
    /// The ledger, in place of the configured one
    #[arg(long, value_name = "URL", env = "NOONTIDE_LEDGER", hide_env_values = true)]
    ledger: Option<String>,
}

/// What to delete.
#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    place: Place,
    /// Runs that ended longer ago [default: `engine.retention`]
    #[arg(long, value_name = "DURATION")]
    older_than: Option<String>,
}

/// Does what is asked.
///
/// # Errors
/// The database does not answer, or has a newer schema (1); it is older than it could be (`status`: 6).
pub async fn run(global: &Global, asked: &Db) -> Done {
    match asked {
        Db::Status(place) => status(global, place).await,
        Db::Migrate(place) => migrate(global, place).await,
        Db::Prune(asked) => prune(global, asked).await,
    }
}

async fn status(global: &Global, place: &Place) -> Done {
    let condition = noontide_ledger::condition(&url(global, place)?).await.map_err(Stop::failed)?;
    let shown = shown(&condition);
    global.output().thing(&shown, || lines(&shown))?;
    match condition.schema == condition.known {
        true => Ok(Exit::Ok),
        false => Err(Stop::new(Exit::Conflict, schema(&condition))),
    }
}

fn shown(condition: &Condition) -> Value {
    let Condition { database, version, text, journal, schema, known, latency, clock } = condition;
    json!({
        "database": database, "version": version, "text": text, "journal": journal, "schema": schema, "known_schema": known,
        "latency_ms": (latency.as_secs_f64() * 10_000.0).round() / 10.0, "clock": clock.map(crate::zone::rfc3339),
    })
}

fn schema(condition: &Condition) -> String {
    let Condition { schema, known, .. } = condition;
    match schema < known {
        true => format!("schema {schema}, and {known} is known: `noontide db migrate`, after a backup"),
        false => format!("schema {schema}, and only {known} is known: use the newer noontide that wrote it"),
    }
}

async fn migrate(global: &Global, place: &Place) -> Done {
    let url = url(global, place)?;
    // A file that is not there has no schema yet.
    let before = noontide_ledger::condition(&url).await.map_or(0, |condition| condition.schema);
    let opened = open(&url).await?;
    let after = opened.schema;
    opened.close().await;
    let told = json!({ "before": before, "after": after });
    global.output().thing(&told, || match before == after {
        true => format!("schema {after}: there was nothing to do"),
        false => format!("schema {before} is {after} now"),
    })?;
    Ok(Exit::Ok)
}

async fn prune(global: &Global, asked: &Prune) -> Done {
    let older_than = match &asked.older_than {
        Some(text) => duration::parse(text).map_err(|reason| Stop::usage(format!("--older-than: {reason}")))?,
        None => conf::load(global)?.config.engine.retention,
    };
    let opened = open(&url(global, &asked.place)?).await?;
    let deleted = delete(global, &opened, older_than).await;
    opened.close().await;
    let deleted = deleted?;
    let told = json!({ "deleted": deleted, "older_than": duration::words(older_than) });
    global
        .output()
        .thing(&told, || format!("{deleted} rows deleted that ended more than {} ago", duration::words(older_than)))?;
    Ok(Exit::Ok)
}

async fn delete(global: &Global, opened: &Opened, older_than: Duration) -> Result<u64, Stop> {
    let before = SystemClock.now() - older_than;
    let progress = Progress::open(global, "deleting what is past its time");
    let mut deleted = 0;
    loop {
        let gone = opened.ledger.prune(Retention { before, batch: BATCH }).await.map_err(Stop::failed)?;
        deleted += gone;
        progress.add(usize::try_from(gone).unwrap_or(usize::MAX));
        if gone < BATCH as u64 {
            return Ok(deleted);
        }
    }
}

async fn open(url: &str) -> Result<Opened, Stop> {
    noontide_ledger::open(url, Arc::new(SystemClock)).await.map_err(Stop::failed)
}

fn url(global: &Global, place: &Place) -> Result<String, Stop> {
    match &place.ledger {
        Some(url) => Ok(url.clone()),
        None => Ok(conf::load(global)?.config.ledger_url.reveal().to_owned()),
    }
}
