//! `runs`, `show-run`, `cancel`: what ran, what runs.

use clap::Args;
use noontide_domain::{RunId, RunState, duration};
use serde_json::{Value, json};

use super::show::{instant, lines, word};
use super::{chain, provenance};
use crate::args::{Global, Why};
use crate::exit::{Done, Exit, Stop};
use crate::output::Rows;
use crate::reach::Reach;
use crate::{clock, zone};

/// Which runs to list.
#[derive(Debug, Args)]
pub struct Runs {
    /// Of this schedule
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Of this handler
    #[arg(long, value_name = "PLUGIN/HANDLER")]
    handler: Option<String>,
    /// Of this chain
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
    /// In this state: ready, running, succeeded, failed, cancelled, skipped, expired
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<RunState>,
    /// Due at or after this instant, or this long ago
    #[arg(long, value_name = "INSTANT|DURATION")]
    since: Option<String>,
    /// Due before this instant
    #[arg(long, value_name = "INSTANT|DURATION")]
    until: Option<String>,
    /// Older than this run
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Which run to show.
#[derive(Debug, Args)]
pub struct ShowRun {
    /// The run's id, or the beginning of it
    id: String,
}

/// Which run to do again.
#[derive(Debug, Args)]
pub struct Retry {
    /// Its id, or the beginning of it
    id: String,
    #[command(flatten)]
    why: Why,
}

/// Which run to cancel.
#[derive(Debug, Args)]
pub struct Cancel {
    /// The run's id, or the beginning of it; with --chain the whole id
    id: String,
    /// All of a chain: its runs, and what has yet to come. A group or a call within it: that, and what follows it
    #[arg(long)]
    chain: bool,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// `runs`
///
/// # Errors
/// A filter is wrong (2); the host does not answer (5).
pub async fn runs(global: &Global, asked: &Runs) -> Done {
    let zone = global.zone()?;
    let moment = |flag, text: &Option<String>| moment(flag, text.as_deref(), zone.unwrap_or(chrono_tz::UTC));
    let filter = [
        ("schedule", asked.schedule.clone()),
        ("handler", asked.handler.clone()),
        ("chain", asked.chain.clone()),
        ("state", asked.state.map(|state| state.as_str().to_owned())),
        ("since", moment("since", &asked.since)?),
        ("until", moment("until", &asked.until)?),
        ("after", asked.after.clone()),
    ];
    let runs = Reach::to(global)?.pages("/runs", &filter, asked.limit).await?;
    if runs.is_empty() {
        global.output().hint("no such runs");
    }
    global.output().list(&runs, |runs| table(runs, zone.unwrap_or(chrono_tz::UTC)))?;
    Ok(Exit::Ok)
}

/// `show-run ID`
///
/// # Errors
/// No such run; the host does not answer.
pub async fn show(global: &Global, asked: &ShowRun) -> Done {
    let reach = Reach::to(global)?;
    let id = full_id(&reach, &asked.id).await?;
    let run = reach.get(&format!("/runs/{id}")).await?;
    let chain = chain::around(&reach, &run).await?.map(|chain| format!("\n{chain}")).unwrap_or_default();
    let mut told = run.clone();
    global.output().thing(&run, || {
        let provenance = provenance::told(&mut told);
        format!("{}{provenance}{chain}", lines(&told))
    })?;
    Ok(Exit::Ok)
}

/// `cancel ID`
///
/// # Errors
/// No such run (4); it is over (6); the host does not answer (5).
pub async fn cancel(global: &Global, asked: &Cancel) -> Done {
    if asked.chain {
        return chain::cancel(global, &asked.id, asked.reason.as_deref()).await;
    }
    let reach = Reach::to(global)?;
    let id = full_id(&reach, &asked.id).await?;
    let answer = reach.post(&format!("/runs/{id}/cancel"), &json!({ "reason": asked.reason })).await?;
    global.output().thing(&answer, || lines(&answer))?;
    Ok(Exit::Ok)
}

/// `retry ID`
///
/// # Errors
/// No such run (4); it is not over, or nothing is there any more to do it again with (6); the host does not answer (5).
pub async fn retry(global: &Global, asked: &Retry) -> Done {
    let reach = Reach::to(global)?.because(&asked.why);
    let id = full_id(&reach, &asked.id).await?;
    let answer = reach.post(&format!("/runs/{id}/retry"), &json!({})).await?;
    global.output().thing(&answer, || word(&answer, "run"))?;
    Ok(Exit::Ok)
}

/// The id that `text` is, or is the beginning of.
///
/// # Errors
/// No run begins so (4), or several do (2).
pub async fn full_id(reach: &Reach, text: &str) -> Result<String, Stop> {
    if text.parse::<RunId>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Err(Stop::usage(format!("`{text}` is no run id, nor the beginning of one; see noontide runs")));
    }
    let runs = reach.pages("/runs", &[], NEWEST).await?;
    let ids: Vec<_> = runs.iter().map(|run| word(run, "id")).filter(|id| id.starts_with(text)).collect();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Stop::new(Exit::NotFound, format!("no run begins with `{text}` (looked at the newest {NEWEST})"))),
        several => Err(Stop::usage(format!("{} runs begin with `{text}`; write more of the id", several.len()))),
    }
}

/// Among how many runs the beginning of an id is looked for.
const NEWEST: usize = 1_000;

fn table(runs: &[Value], zone: chrono_tz::Tz) -> Rows {
    let mut rows = Rows::of(["id", "schedule", "handler", "queue", "due", "state", "attempt", "took", "result"]);
    for run in runs {
        rows.push([
            word(run, "id"),
            word(run, "schedule"),
            word(run, "handler"),
            word(run, "queue"),
            instant(run, "due_at").map_or("-".to_owned(), |due| zone::wall(due, zone)),
            word(run, "state"),
            word(run, "attempt"),
            took(run),
            told(run),
        ]);
    }
    rows
}

fn took(run: &Value) -> String {
    match (instant(run, "started_at"), instant(run, "finished_at")) {
        (Some(begin), Some(end)) => (end - begin).to_std().map_or("-".to_owned(), duration::words),
        _ => "-".to_owned(),
    }
}

/// Why it failed, or never ran.
pub fn why(run: &Value) -> Option<String> {
    let text = run["error"].as_str().or_else(|| run["reason"]["text"].as_str());
    text.map(str::to_owned)
}

/// What came of it, short enough for a row; `show-run` and JSON have all of it.
fn told(run: &Value) -> String {
    let text = why(run).unwrap_or_else(|| word(run, "result")).replace(['\n', '\r'], " ");
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}

fn state(text: &str) -> Result<RunState, String> {
    RunState::parse(text).ok_or_else(|| {
        let names = RunState::ALL.map(RunState::as_str);
        let hint = noontide_domain::suggest::hint(text, names);
        format!("there are {}{hint}", names.join(", "))
    })
}

/// An instant, or a length of time that ends now.
fn moment(flag: &str, text: Option<&str>, zone: chrono_tz::Tz) -> Result<Option<String>, Stop> {
    let Some(text) = text else { return Ok(None) };
    let instant = match duration::parse(text) {
        Ok(length) => clock::now() - length,
        Err(_) => zone::instant(text, zone).map_err(|reason| Stop::usage(format!("--{flag}: {reason}")))?,
    };
    Ok(Some(zone::rfc3339(instant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shortened_and_json_is_not() {
        let run = json!({"id": "x", "result": "y".repeat(500), "state": "succeeded"});
        assert_eq!(told(&run).chars().count(), 60);
        assert!(table(&[run], chrono_tz::UTC).drawn().contains("succeeded"));
    }

    #[test]
    fn an_unknown_state_is_answered_with_those_there_are() {
        let error = state("sucseeded").unwrap_err();
        assert!(error.contains("did you mean `succeeded`?"), "{error}");
    }
}
