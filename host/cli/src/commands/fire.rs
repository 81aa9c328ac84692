//! `fire`: run a schedule now, or a little later, and wait for it if asked.

use clap::Args;
use serde_json::{Value, json};

use super::wait::{self, Waiting};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::reach::{Reach, segment};
use crate::{clock, input, window, zone};

/// The flags of `fire`.
#[derive(Debug, Args)]
pub struct Fire {
    /// The schedule
    name: String,
    /// JSON, @file or @-, in place of the schedule's input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// The data window, in place of the schedule's
    #[arg(long, value_name = "FROM..TO")]
    window: Option<String>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    moment: Moment,
    #[command(flatten)]
    waiting: Waiting,
}

/// Not now, but then.
#[derive(Debug, Args)]
pub struct Moment {
    /// This much later
    #[arg(long, value_name = "DURATION", conflicts_with = "at")]
    delay: Option<String>,
    /// At this instant
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
}

/// `fire NAME`
///
/// # Errors
/// No such schedule (4), busy (6), the input does not fit (2), the run failed (1).
pub async fn fire(global: &Global, asked: &Fire) -> Done {
    let zone = global.zone()?.unwrap_or(chrono_tz::UTC);
    let waiting = asked.waiting.checked()?;
    let mut body = json!({});
    set(&mut body, "input", asked.input.as_deref().map(input::read).transpose()?);
    let window = asked.window.as_deref().map(|text| window::read(text, zone)).transpose()?;
    let window = window.map(|span| json!({"from": zone::rfc3339(span.from), "to": zone::rfc3339(span.to)}));
    set(&mut body, "window", window);
    set(&mut body, "at", asked.moment.read(zone)?);
    set(&mut body, "reason", asked.reason.clone().map(Value::from));
    let reach = Reach::to(global)?;
    let answer = reach.post(&format!("/schedules/{}/fire", segment(&asked.name)), &body).await?;
    let run = answer["run"].as_str().ok_or_else(|| Stop::failed(format!("the host names no run: {answer}")))?;
    finish(global, &reach, run, &answer, waiting).await
}

impl Moment {
    /// The instant, as the host reads it.
    ///
    /// # Errors
    /// Usage: what is wrong with either flag.
    pub fn read(&self, zone: chrono_tz::Tz) -> Result<Option<Value>, Stop> {
        let at = window::moment(self.delay.as_deref(), self.at.as_deref(), zone, clock::now())?;
        Ok(at.map(|at| Value::from(zone::rfc3339(at))))
    }
}

/// Says it, if there is something to say.
pub fn set(body: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        body[key] = value;
    }
}

/// Waits for the run if asked to, else says which it is.
///
/// # Errors
/// As the run ends; the host does not answer.
pub async fn finish(
    global: &Global,
    reach: &Reach,
    run: &str,
    answer: &Value,
    waiting: Option<wait::Patience>,
) -> Done {
    match waiting {
        Some(patience) => wait::for_run(global, reach, run, patience).await,
        None => {
            global.output().thing(answer, || run.to_owned())?;
            global.output().hint(&format!("how it goes: noontide show-run {run}"));
            Ok(Exit::Ok)
        }
    }
}
