//! `status`, `reload`, `healthcheck`: the host as a whole.

use std::time::Duration;

use clap::Args;
use noontide_domain::duration;
use serde_json::json;

use super::show::lines;
use super::watch;
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::output::complain;
use crate::reach::Reach;

/// Nobody reads faster, and the host has other work.
const LEAST: Duration = Duration::from_millis(200);

/// How to be told.
#[derive(Debug, Args)]
pub struct Status {
    /// Go on: what runs, what comes next, queues and health, painted anew until `q`; a line each where stdout is no terminal
    #[arg(long)]
    watch: bool,
    /// With --watch: look so often
    #[arg(long, value_name = "DURATION", default_value = "1s", requires = "watch")]
    every: String,
}

/// `status`
///
/// # Errors
/// If the host does not answer.
pub async fn status(global: &Global, asked: &Status) -> Done {
    if asked.watch {
        let every = duration::parse(&asked.every).map_err(|reason| Stop::usage(format!("--every: {reason}")))?;
        return watch::run(global, every.max(LEAST)).await;
    }
    let status = Reach::to(global)?.get("/status").await?;
    global.output().thing(&status, || lines(&status))?;
    Ok(Exit::Ok)
}

/// `reload`: the answer says what the configuration's mistakes are.
///
/// # Errors
/// The configuration is wrong (3), the host does not answer (5).
pub async fn reload(global: &Global, why: &Why) -> Done {
    let answer = Reach::to(global)?.because(why).post("/reload", &json!({})).await?;
    let problems = answer["problems"].as_array().cloned().unwrap_or_default();
    global.output().thing(&answer, || match problems.len() {
        0 => "reloaded".to_owned(),
        1 => "1 problem; what it concerns stays as it was".to_owned(),
        count => format!("{count} problems; what they concern stays as it was"),
    })?;
    for problem in &problems {
        complain(&problem.as_str().map_or_else(|| problem.to_string(), str::to_owned));
    }
    if problems.is_empty() { Ok(Exit::Ok) } else { Err(Stop::new(Exit::Config, "")) }
}

/// `healthcheck`: nothing but the exit code, and a word on stderr.
///
/// # Errors
/// It is not ready (1), or does not answer (5).
pub async fn healthcheck(global: &Global) -> Done {
    match Reach::to(global)?.unready().await? {
        None => Ok(Exit::Ok),
        Some(why) => Err(Stop::failed(format!("not ready: {why}"))),
    }
}
