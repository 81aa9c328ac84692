//! `/why`: any due instant of any schedule, and what became of it.

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono::{DateTime, Utc};
use noontide_domain::{Lang, RunState};
use serde::Deserialize;

use super::moment::Moment;
use super::page::{Asked, Page, Shown};
use super::runs::Row;
use super::visit::Visit;
use crate::WebParts;
use crate::occurrences::{Explained, explain};
use crate::problem::Answer;

/// Due instants shown on each side of the one that is asked for.
const AROUND: usize = 5;
/// Names that the field offers.
const OFFERED: usize = 500;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/why", get(why))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Question {
    schedule: String,
    /// RFC 3339, or wall time in the zone of the page.
    at: String,
}

#[derive(Template)]
#[template(path = "why.html")]
struct Why {
    visit: Visit,
    question: Question,
    /// Names of schedules.
    names: Vec<String>,
    told: Option<Told>,
}

/// The answer.
struct Told {
    /// The word, and the state whose colour it has.
    state: &'static str,
    mark: &'static str,
    text: String,
    at: Moment,
    words: String,
    rows: Vec<Row>,
    around: Vec<Neighbour>,
}

/// A due instant beside the one that is asked for, or that one itself.
struct Neighbour {
    at: Moment,
    state: &'static str,
    mark: &'static str,
    is_asked: bool,
    text: String,
}

async fn why(visit: Visit, State(parts): State<WebParts>, Asked(question): Asked<Question>) -> Shown<Why> {
    let told = match question.schedule.is_empty() {
        true => None,
        false => Some(tell(&visit, &parts, &question).await.map_err(visit.problem())?),
    };
    let names = parts.engine.page(None, |_| true, OFFERED).iter().map(|one| one.schedule.name.to_string()).collect();
    Ok(Page(Why { visit, question, names, told }))
}

/// Without an instant the newest one is meant.
async fn tell(visit: &Visit, parts: &WebParts, question: &Question) -> Answer<Told> {
    let standing = parts.engine.standing(&question.schedule)?;
    let job = standing.schedule.timezone;
    let zone = visit.zone.of(job, visit.mine);
    let at = match question.at.as_str() {
        "" => crate::shape::time(standing.cursor),
        at => at.to_owned(),
    };
    let explained = explain(parts, standing, &at, zone).await?;
    let schedule = &explained.standing.schedule;
    Ok(Told {
        state: explained.state,
        mark: mark(explained.state),
        text: explained.text.clone(),
        at: visit.moment(explained.at, job),
        words: schedule.trigger.words(Lang::En),
        rows: explained.rows.iter().map(|run| Row::new(parts, visit, run)).collect(),
        around: around(visit, parts, &explained).await?,
    })
}

/// The due instants before and after, each with what became of it.
async fn around(visit: &Visit, parts: &WebParts, explained: &Explained) -> Answer<Vec<Neighbour>> {
    let standing = &explained.standing;
    let mut before = Vec::new();
    let mut next = explained.before;
    while let Some(at) = next.filter(|_| before.len() < AROUND) {
        let told = neighbour(visit, parts, explained, at).await?;
        before.push(told.0);
        next = told.1;
    }
    before.reverse();
    let follow = |at: &DateTime<Utc>| standing.schedule.trigger.next_after(*at, standing.anchor);
    let after: Vec<_> = std::iter::successors(explained.after, follow).take(AROUND).collect();
    let mut all = before;
    if explained.due {
        all.push(neighbour(visit, parts, explained, explained.at).await?.0);
    }
    for at in after {
        all.push(neighbour(visit, parts, explained, at).await?.0);
    }
    Ok(all)
}

/// One of them, and the due instant before it.
async fn neighbour(
    visit: &Visit,
    parts: &WebParts,
    explained: &Explained,
    at: DateTime<Utc>,
) -> Answer<(Neighbour, Option<DateTime<Utc>>)> {
    let standing = explained.standing.clone();
    let zone = standing.schedule.timezone;
    let told = explain(parts, standing, &crate::shape::time(at), zone).await?;
    let neighbour = Neighbour {
        at: visit.moment(at, zone),
        state: told.state,
        mark: mark(told.state),
        is_asked: at == explained.at,
        text: told.text,
    };
    Ok((neighbour, told.before))
}

/// The state whose colour a verdict has.
fn mark(word: &'static str) -> &'static str {
    match word {
        "upcoming" | "undecided" => "ready",
        "paused" => "paused",
        "handler-missing" => "failed",
        word => RunState::parse(word).map_or("skipped", RunState::as_str),
    }
}
