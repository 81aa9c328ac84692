//! What a run says, as it says it. Lines are numbered over all attempts from 1, those over the limits counted, so whoever comes
//! back goes on where it stopped. One who reads slowly is waited for; what goes over the limits meanwhile is told as a number.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use futures::stream::unfold;
use noontide_domain::ports::{HostFilter, LedgerError, RunRecord};
use noontide_domain::{HostId, RunId, RunState};
use noontide_engine::Listener;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::WebParts;
use crate::events::Source;
use crate::problem::Answer;
use crate::shape::SpokenLine;

/// How often the ledger is asked for what cannot be heard here.
const LOOK: Duration = Duration::from_millis(500);

/// Events on their way to a client that is slower than the run.
const ON_THE_WAY: usize = 16;

/// # Errors
/// There are too many streams.
pub(super) fn stream(
    parts: WebParts,
    source: &Source,
    run: RunId,
    last: u64,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
    let place = source.place()?;
    let (tell, told) = mpsc::channel(ON_THE_WAY);
    let follower = Follower { parts, run, last, attempt: None, place: None, tell, stop: source.stop(), _place: place };
    // A task of its own: a client that goes away must not drop a question to the ledger half way.
    tokio::spawn(async move { follower.follow().await });
    let stream = unfold(told, |mut told| async move { Some((Ok(told.recv().await?), told)) });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

struct Follower {
    parts: WebParts,
    run: RunId,
    /// The number of the last line that was told.
    last: u64,
    /// The attempt whose end is waited for.
    attempt: Option<u32>,
    /// The other host that was named.
    place: Option<HostId>,
    tell: mpsc::Sender<Event>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// Why nothing more is told.
enum Enough {
    /// The client or the host goes away.
    Gone,
    Ledger(LedgerError),
}

impl From<LedgerError> for Enough {
    fn from(problem: LedgerError) -> Self {
        Self::Ledger(problem)
    }
}

impl Follower {
    async fn follow(mut self) {
        if let Err(Enough::Ledger(problem)) = self.tell_all().await {
            // Who follows comes back by itself, with the last id.
            tracing::warn!(run = %self.run, %problem, "a stream of a run's log ends early");
        }
    }

    async fn tell_all(&mut self) -> Result<(), Enough> {
        loop {
            if let Some(listener) = self.parts.engine.listen(self.run) {
                self.hear(listener).await?;
            }
            let Some(run) = self.parts.history.run(self.run).await? else { return Ok(()) };
            if self.has_ended(&run) {
                self.recorded(u32::MAX).await?;
                return self.end(&run).await;
            }
            if run.state == RunState::Running {
                self.attempt = Some(run.attempt);
                self.name_host(&run).await?;
            }
            self.pause(LOOK).await?;
        }
    }

    /// The attempt that is followed is over; or all of it.
    fn has_ended(&self, run: &RunRecord) -> bool {
        let is_another = |attempt| run.state != RunState::Running || run.attempt != attempt;
        run.state.is_final() || self.attempt.is_some_and(is_another)
    }

    /// What it says here, until its end is on record.
    async fn hear(&mut self, mut listener: Listener) -> Result<(), Enough> {
        let attempt = listener.attempt();
        self.attempt = Some(attempt);
        let before = self.recorded(attempt).await?;
        let mut heard = self.last.saturating_sub(before);
        listener.skip(heard);
        loop {
            let lines = tokio::select! {
                lines = listener.next() => lines,
                () = self.tell.closed() => return Err(Enough::Gone),
                () = self.stop.cancelled() => return Err(Enough::Gone),
            };
            let Some(lines) = lines else { return Ok(()) };
            for (number, line) in lines {
                if number > heard + 1 {
                    self.say("lagged", None, &json!({ "missed": number - heard - 1 })).await?;
                }
                heard = number;
                self.line(before + number, attempt, &(&line).into()).await?;
            }
        }
    }

    /// What attempts before `attempt` said, as far as it is news; how many lines those were. Where some are missing in an attempt
    /// that is over nobody knows any more; they are told behind it.
    async fn recorded(&mut self, attempt: u32) -> Result<u64, Enough> {
        let mut begin = 0;
        for log in self.parts.history.logs(self.run).await?.iter().filter(|log| log.attempt < attempt) {
            let news = usize::try_from(self.last.saturating_sub(begin)).unwrap_or(usize::MAX);
            for (number, line) in (begin + 1..).zip(&log.lines).skip(news) {
                self.line(number, log.attempt, &line.into()).await?;
            }
            if log.dropped > 0 && news < log.lines.len() {
                self.say("lagged", None, &json!({ "missed": log.dropped })).await?;
            }
            begin += log.lines.len() as u64 + log.dropped;
        }
        Ok(begin)
    }

    async fn line(&mut self, number: u64, attempt: u32, line: &crate::shape::Line) -> Result<(), Enough> {
        let spoken = SpokenLine { number, attempt, line };
        self.say("line", Some(number), &serde_json::to_value(spoken).unwrap_or_default()).await?;
        self.last = number;
        Ok(())
    }

    /// Once, which other host it is on.
    async fn name_host(&mut self, run: &RunRecord) -> Result<(), Enough> {
        let Some(host) = run.host.filter(|host| *host != self.parts.engine.status().host) else { return Ok(()) };
        if self.place.replace(host) == Some(host) {
            return Ok(());
        }
        let all = HostFilter { state: None, after: None, limit: 10_000 };
        let hosts = self.parts.history.hosts(all).await?;
        let name = hosts.into_iter().find(|known| known.news.host == host).map(|known| known.news.name);
        self.say("elsewhere", None, &json!({ "host": host.to_string(), "name": name })).await
    }

    async fn end(&mut self, run: &RunRecord) -> Result<(), Enough> {
        let attempt = self.attempt.unwrap_or(run.attempt);
        let end = json!({ "attempt": attempt, "state": run.state.as_str(), "is_final": run.state.is_final() });
        self.say("end", None, &end).await
    }

    async fn say(&mut self, name: &str, id: Option<u64>, data: &Value) -> Result<(), Enough> {
        let event = Event::default().event(name).data(data.to_string());
        let event = match id {
            Some(id) => event.id(id.to_string()),
            None => event,
        };
        tokio::select! {
            sent = self.tell.send(event) => sent.map_err(|_| Enough::Gone),
            () = self.stop.cancelled() => Err(Enough::Gone),
        }
    }

    async fn pause(&self, time: Duration) -> Result<(), Enough> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.tell.closed() => Err(Enough::Gone),
            () = self.stop.cancelled() => Err(Enough::Gone),
        }
    }
}
