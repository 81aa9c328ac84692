//! `/events`: what happens from now on, or since `Last-Event-ID`, as server-sent events. A client that is too slow, or
//! comes back too late, is told how much it missed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use futures::Stream;
use futures::stream::unfold;
use noontide_domain::duration;
use noontide_engine::EngineHandle;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Query;
use crate::problem::{Answer, Problem};
use crate::tape::{LAGGED, Line, Tape};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(events))
}

/// What streams are read from, and what ends them.
#[derive(Clone)]
pub(crate) struct Source {
    tape: Arc<Tape>,
    stop: CancellationToken,
    places: Arc<Semaphore>,
}

impl Source {
    /// Writes down what happens from now on.
    /// For `most` streams at the same time: they stay open, and shall not take up all connections.
    pub(crate) fn of(engine: &EngineHandle, stop: &CancellationToken, most: usize) -> Self {
        let (tape, stop) = (Arc::new(Tape::new(engine.now())), stop.clone());
        tokio::spawn(Arc::clone(&tape).record(engine.clone(), engine.events(), stop.clone()));
        Self { tape, stop, places: Arc::new(Semaphore::new(most)) }
    }

    /// A place for a stream, as long as it is held.
    ///
    /// # Errors
    /// All are taken.
    pub(crate) fn place(&self) -> Answer<OwnedSemaphorePermit> {
        let full = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many event streams are open; close one");
        Arc::clone(&self.places).try_acquire_owned().map_err(full)
    }

    /// Ends all streams.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// Which events; all of them if nothing is said. Several of a kind by commas. What says that events are gone always comes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Of these schedules only.
    schedule: Option<String>,
    /// Of these handlers only.
    #[param(example = "mail/send")]
    handler: Option<String>,
    /// Of these kinds only.
    #[param(example = "run-started,run-finished")]
    kind: Option<String>,
    /// At most one event in this time, the newest; those between are left out. For pages that look anew when something happened.
    #[param(example = "1s")]
    pace: Option<String>,
}

impl EventsQuery {
    fn wants(&self, line: &Line) -> bool {
        let among = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_ref().is_none_or(|words| words.split(',').any(|word| Some(word.trim()) == is))
        };
        line.name == LAGGED
            || (among(&self.kind, Some(line.name))
                && among(&self.schedule, line.about.schedule.as_deref())
                && among(&self.handler, line.about.handler.as_deref()))
    }
}

/// What happens, as server-sent events
///
/// From now on, or since `Last-Event-ID`. Lossy: `lagged` says how many events are gone; the lists tell the truth. Ends when
/// the host stops, so that open pages never hold a shutdown up.
#[utoipa::path(get, path = "/events", operation_id = "streamEvents",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = String, description = "The stream")))]
async fn events(
    Extension(source): Extension<Source>,
    headers: HeaderMap,
    Query(wanted): Query<EventsQuery>,
) -> Answer<Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<>>> {
    let place = source.place()?;
    let Source { tape, stop, .. } = source;
    let newest = tape.newest();
    // One that lies ahead is of a process whose clock did; waiting for it would be for ever.
    let last = last_seen(&headers).filter(|id| *id <= newest).unwrap_or(newest);
    let pace = wanted.pace.as_deref().map(duration::parse).transpose();
    let pace = pace.map_err(|reason| Problem::bad_request(format!("`pace`: {reason}")))?;
    let reading = Reading { tape, last, pause: Duration::ZERO, pace, wanted, stop, _place: place };
    let stream = unfold(reading, |mut reading| async move {
        let line = reading.next().await?;
        let sse = SseEvent::default().id(line.id.to_string()).event(line.name).data(&*line.data);
        Some((Ok(sse), reading))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// Where a client goes on that was cut off.
pub(crate) fn last_seen(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok())
}

/// How far one client has read.
struct Reading {
    tape: Arc<Tape>,
    last: u64,
    /// Before the next line.
    pause: Duration,
    pace: Option<Duration>,
    wanted: EventsQuery,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Reading {
    /// The next line to be sent; nothing once the host stops.
    async fn next(&mut self) -> Option<Line> {
        // Even a sleep of nothing would cost a millisecond for each line.
        if !self.pause.is_zero() {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(self.pause) => {}
            }
        }
        let mut newest = self.tape.watch();
        loop {
            // Before looking: a line that comes after this is a change.
            newest.borrow_and_update();
            if let Some(line) = self.look() {
                self.pause = self.pace.unwrap_or_default();
                return Some(line);
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = newest.changed() => changed.ok()?,
            }
        }
    }

    /// What is there already: with a pace the newest of it, else the oldest.
    fn look(&mut self) -> Option<Line> {
        if self.pace.is_some() {
            let newest = self.tape.newest();
            let line = self.tape.newest_after(self.last, |line| self.wanted.wants(line));
            self.last = newest;
            return line;
        }
        while let Some(line) = self.tape.after(self.last) {
            self.last = line.id;
            if self.wanted.wants(&line) {
                return Some(line);
            }
        }
        None
    }
}
