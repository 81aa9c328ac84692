//! `/simulate`: what would fire if schedules were other ones, before anything is written.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::Schedule;
use noontide_domain::forecast::{ASSUMED, Lengths, Span, diff, resolved, simulate_while};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::{Instant, JsonBody};
use crate::problem::{Answer, Problem};
use crate::shape::Simulation;

/// Days looked ahead, where nothing is asked, and at most.
const DAYS: u16 = 31;
const MOST_DAYS: u16 = 92;

/// The walk ends after that, wherever it is: somebody waits.
const BUDGET: TimeDelta = TimeDelta::seconds(3);

/// One at a time: it takes all cores for a moment, and the scheduler needs them too.
static WALKING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(simulate))
}

/// # Errors
/// Another simulation goes on.
pub(crate) fn place() -> Answer<OwnedSemaphorePermit> {
    let words = "another simulation goes on; ask again in a moment";
    let taken = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words);
    Arc::clone(&WALKING).try_acquire_owned().map_err(taken)
}

/// What is to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SimulateBody {
    /// By name: a schedule as it would be put, or a merge patch over the one that stands; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<Object>>, required = false)]
    schedules: BTreeMap<String, Value>,
    /// These schedules alone, not those that stand beside them.
    #[serde(default)]
    #[schema(required = false)]
    alone: bool,
    /// Where the walk begins; now where nothing is said.
    from: Option<Instant>,
    /// How many days it goes on.
    #[schema(minimum = 1, maximum = 92, default = 31)]
    days: Option<u16>,
}

/// Try schedules without writing them
///
/// The planner that fires walks through the coming days on a virtual clock: how often each schedule fires, where it gets crowded,
/// and what differs from the list that stands. Runs are taken to last a second.
#[utoipa::path(post, path = "/simulate", operation_id = "simulate", request_body = SimulateBody,
    responses((status = 200, body = Simulation, description = "What would fire")))]
async fn simulate(State(parts): State<WebParts>, JsonBody(body): JsonBody<SimulateBody>) -> Answer<Json<Simulation>> {
    let days = body.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::bad_request(format!("`days` is {days}; 1 to {MOST_DAYS} is possible")));
    }
    let from = body.from.map_or_else(|| parts.engine.now(), |from| from.0);
    let to = from.checked_add_signed(TimeDelta::days(i64::from(days)));
    let to = to.ok_or_else(|| Problem::bad_request("`from` lies where dates end"))?;
    let tried = Tried::of(&parts, body.schedules, body.alone).await?;
    let (span, place, engine) = (Span { from, to }, place()?, parts.engine.clone());
    // Off the threads that answer requests.
    let work = tokio::task::spawn_blocking(move || {
        let simulation = tried.walked(span, || engine.now());
        drop(place);
        simulation
    });
    let failed = |panic: tokio::task::JoinError| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, panic.to_string());
    Ok(Json(work.await.map_err(failed)?))
}

/// The list that is walked, and those in it that are other ones.
struct Tried {
    all: Vec<Schedule>,
    /// Before and after.
    changed: [Vec<Schedule>; 2],
}

impl Tried {
    /// # Errors
    /// All that is wrong with what is to be tried.
    async fn of(parts: &WebParts, asked: BTreeMap<String, Value>, alone: bool) -> Answer<Self> {
        let mut all: BTreeMap<String, Schedule> = BTreeMap::new();
        if !alone {
            let standing = parts.engine.list().into_iter();
            all.extend(standing.map(|one| (one.schedule.name.to_string(), Schedule::clone(&one.schedule))));
        }
        let (mut before, mut after, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for (name, json) in asked {
            let former = parts.engine.find(&name).map(|standing| standing.schedule);
            let onto = former.as_ref().and_then(|schedule| schedule.asked.clone());
            before.extend(former);
            all.remove(&name);
            if json.is_null() {
                continue;
            }
            match parts.host.read_schedule(&name, &json, onto.as_ref()).await {
                Ok(schedule) => {
                    after.push(schedule.clone());
                    all.insert(name, schedule);
                }
                Err(problems) => wrong.extend(problems),
            }
        }
        match wrong.is_empty() {
            true => Ok(Self { all: all.into_values().collect(), changed: [before, after] }),
            false => Err(Problem::unprocessable(wrong)),
        }
    }

    fn walked(&self, span: Span, now: impl Fn() -> DateTime<Utc>) -> Simulation {
        let begun = now();
        let schedules = resolved(&self.all);
        let lengths = vec![Lengths::assumed(ASSUMED); schedules.len()];
        let goes_on = || now() - begun < BUDGET;
        let (told, load, until) = simulate_while(&schedules, &lengths, span, chrono_tz::Tz::UTC, goes_on);
        let [before, after] = &self.changed;
        Simulation::of(span, until, &told, &load, &diff(before, after, Span { to: until, ..span }))
    }
}
