//! `/runs/{id}`: all there is to know of one run.

mod effect;
mod story;
mod tried;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::ports::{
    ArtifactRecord, HostFilter, ItemPage, ItemRecord, MessageFilter, MessageRecord, RunRecord,
};
use noontide_domain::{HostId, Outcome, RunId, duration};
use noontide_engine::Progress;
use serde::Deserialize;
use serde_json::Value;

use super::log::Lines;
use super::moment::Moment;
use super::page::{Asked, Page, Shown};
use super::runs::{Row, zone};
use super::visit::Visit;
use crate::body::Name;
use crate::problem::Answer;
use crate::{WebParts, runs};
use effect::Effect;
use story::Story;
use tried::Tried;

/// Items of a page.
const ITEMS: usize = 100;
/// Messages that are shown.
const MESSAGES: usize = 100;
/// Hosts whose names are looked up.
const HOSTS: usize = 1_000;
/// Of a text on the page, in bytes; the API has the rest.
const TEXT: usize = 64 << 10;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/runs/{id}", get(run))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Below {
    /// The last item of the page before.
    items_after: Option<u64>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    visit: Visit,
    row: Row,
    facts: Facts,
    story: Story,
    tried: Vec<Tried>,
    input: Text,
    result: Option<Text>,
    progress: Option<Progress>,
    files: Vec<ArtifactRecord>,
    items: Vec<ItemRecord>,
    /// The last item of this page, if another follows.
    more_items: Option<u64>,
    messages: Vec<MessageRecord>,
    effects: Vec<Effect>,
    lines: Lines,
}

/// What a reader finds in the list beside the story.
struct Facts {
    is_final: bool,
    queue: String,
    priority: String,
    window: Option<(Moment, Moment)>,
    includes: Vec<String>,
    labels: Vec<String>,
    headers: Vec<(String, String)>,
    trace: String,
    chain: Option<RunId>,
    previous: Option<RunId>,
    due: String,
    counts: Option<noontide_domain::ItemCounts>,
}

/// A value, indented, and how much of it is not shown.
struct Text {
    text: String,
    left_out: Option<String>,
}

async fn run(
    visit: Visit,
    State(parts): State<WebParts>,
    Name(id): Name,
    Asked(below): Asked<Below>,
) -> Shown<RunPage> {
    let record = runs::find(&parts, &id).await.map_err(visit.problem())?;
    draw(&visit, &parts, &record, below).await.map(Page).map_err(visit.problem())
}

async fn draw(visit: &Visit, parts: &WebParts, run: &RunRecord, below: Below) -> Answer<RunPage> {
    let earlier = parts.history.attempts(run.id).await?;
    let hosts = parts.history.hosts(HostFilter { state: None, after: None, limit: HOSTS }).await?;
    let named = |id: HostId| {
        let known = hosts.iter().find(|host| host.news.host == id).map(|host| host.news.name.clone());
        known.unwrap_or_else(|| id.to_string())
    };
    let tried = tried::all(visit, zone(parts, run), run, &earlier, named);
    let page = ItemPage { run: run.id, after: below.items_after, limit: ITEMS + 1 };
    let mut items = if run.items.is_some() { parts.history.items(page).await? } else { Vec::new() };
    let more = items.len() > ITEMS;
    items.truncate(ITEMS);
    let of_run = MessageFilter { run: Some(run.id), limit: MESSAGES, ..MessageFilter::default() };
    let result = match &run.outcome {
        Some(Outcome::Succeeded { result: Some(result) }) => Some(Text::of(result)),
        _ => None,
    };
    Ok(RunPage {
        visit: visit.clone(),
        row: Row::new(parts, visit, run),
        facts: facts(visit, parts, run),
        story: story::story(visit, zone(parts, run), run, &earlier),
        input: Text::of(&run.input),
        result,
        progress: parts.engine.progress(run.id),
        files: parts.history.artifacts(run.id).await?,
        more_items: items.last().filter(|_| more).map(|item| item.id),
        items,
        messages: parts.history.messages(of_run).await?,
        effects: effect::all(run),
        lines: Lines::newest(parts, run).await?,
        tried,
    })
}

fn facts(visit: &Visit, parts: &WebParts, run: &RunRecord) -> Facts {
    let zone = zone(parts, run);
    let origin = run.origin.as_deref();
    Facts {
        is_final: run.state.is_final(),
        queue: run.queue.to_string(),
        priority: run.priority.to_string(),
        window: run.window.map(|window| (visit.moment(window.from, zone), visit.moment(window.to, zone))),
        includes: run.includes.iter().map(|one| one.schedule.to_string()).collect(),
        labels: run.runs_on.0.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        headers: run.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        trace: run.trace_id.clone(),
        chain: run.chain,
        previous: origin.and_then(noontide_domain::chain::Origin::previous),
        due: crate::shape::time(run.due_at),
        counts: run.items,
    }
}

impl Text {
    fn of(value: &Value) -> Self {
        let whole = serde_json::to_string_pretty(value).unwrap_or_default();
        let text: String = whole.char_indices().take_while(|(at, _)| *at < TEXT).map(|(_, letter)| letter).collect();
        let left_out = whole.len() - text.len();
        Self { text, left_out: (left_out > 0).then(|| duration::bytes(left_out as u64)) }
    }
}
