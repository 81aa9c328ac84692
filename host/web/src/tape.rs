//! What happened lately, numbered, so that a client that was cut off goes on where it stopped. Lossy by design: the truth
//! is in the ledger.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use noontide_engine::{EngineHandle, Event, Happening};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast::Receiver, watch};
use tokio_util::sync::CancellationToken;

use crate::shape;

/// Lines kept: some seconds of a busy host, which is as long as a browser takes to come back.
const LINES: usize = 1_024;

/// Bytes kept; a single result may have 1 MiB.
const BYTES: usize = 4 << 20;

/// What a line has besides the texts that may be long, in bytes.
const AROUND: usize = 256;

/// The event that says how many are gone.
pub(crate) const LAGGED: &str = "lagged";

/// The newest lines.
pub(crate) struct Tape {
    reel: Mutex<Reel>,
    /// The id of the newest line.
    newest: watch::Sender<u64>,
}

struct Reel {
    lines: VecDeque<Said>,
    bytes: usize,
    /// The first id this tape ever gave.
    first: u64,
    /// The id of the next line.
    next: u64,
}

/// What a line says. It is put into words when somebody reads it: on a busy host hardly any line is read.
enum Said {
    Happened(Event),
    /// So many were missed.
    Lagged(u64),
}

impl Said {
    /// About how long it is in words.
    fn bytes(&self) -> usize {
        let texts = match self {
            Said::Happened(Event { happening: Happening::Finished { message, result, .. }, .. }) => {
                message.as_ref().map_or(0, String::len) + result.as_ref().map_or(0, length)
            }
            Said::Happened(Event { happening: Happening::Skipped { reason, .. }, .. }) => reason.len(),
            _ => 0,
        };
        AROUND + texts
    }

    fn in_words(&self, id: u64) -> Line {
        let (name, data) = match self {
            Said::Happened(event) => shape::event(event),
            Said::Lagged(missed) => lagged(Some(*missed)),
        };
        Line { id, name, about: About::of(&data), data: data.to_string().into() }
    }
}

/// About how long a value is as text.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(all) => all.iter().map(|one| length(one) + 1).sum::<usize>() + 2,
        Value::Object(all) => all.iter().map(|(name, one)| name.len() + length(one) + 4).sum::<usize>() + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// One event as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) data: Arc<str>,
    pub(crate) about: About,
}

/// What a line is about, for who wants to hear of that only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) schedule: Option<Arc<str>>,
    pub(crate) handler: Option<Arc<str>>,
}

impl About {
    fn of(data: &Value) -> Self {
        let text = |key: &str| data[key].as_str().map(Arc::from);
        Self { schedule: text("schedule"), handler: text("handler") }
    }
}

impl Tape {
    /// Ids begin with the microseconds of `now`, so they grow over restarts, too.
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        let first = u64::try_from(now.timestamp_micros()).unwrap_or_default().max(1);
        let reel = Reel { lines: VecDeque::new(), bytes: 0, first, next: first };
        Self { reel: Mutex::new(reel), newest: watch::Sender::new(first - 1) }
    }

    /// Writes down what happens, until the host stops. What has gathered meanwhile is written at once.
    pub(crate) async fn record(
        self: Arc<Self>,
        engine: EngineHandle,
        mut events: Receiver<Event>,
        stop: CancellationToken,
    ) {
        let dropped = |missed| {
            engine.tally().events_dropped.add(missed);
            Said::Lagged(missed)
        };
        let mut stopped = std::pin::pin!(stop.cancelled());
        loop {
            let first = tokio::select! {
                () = &mut stopped => return,
                event = events.recv() => match event {
                    Ok(event) => Said::Happened(event),
                    Err(RecvError::Lagged(missed)) => dropped(missed),
                    Err(RecvError::Closed) => return,
                },
            };
            let more = std::iter::from_fn(|| match events.try_recv() {
                Ok(event) => Some(Said::Happened(event)),
                Err(TryRecvError::Lagged(missed)) => Some(dropped(missed)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => None,
            });
            self.write(std::iter::once(first).chain(more.take(LINES)));
        }
    }

    fn write(&self, said: impl Iterator<Item = Said>) {
        let mut reel = self.reel();
        for said in said {
            reel.next += 1;
            reel.bytes += said.bytes();
            reel.lines.push_back(said);
            while reel.lines.len() > LINES || (reel.bytes > BYTES && reel.lines.len() > 1) {
                let gone = reel.lines.pop_front().map_or(0, |line| line.bytes());
                reel.bytes -= gone;
            }
        }
        let newest = reel.next - 1;
        drop(reel);
        self.newest.send_replace(newest);
    }

    /// The id of the newest line: whoever begins here hears what happens from now on.
    pub(crate) fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Changes with each line.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// What follows `last`, if anything does. Where lines are gone, a line in their place says so.
    pub(crate) fn after(&self, last: u64) -> Option<Line> {
        let reel = self.reel();
        let oldest = reel.next - reel.lines.len() as u64;
        let wanted = last.saturating_add(1);
        if wanted < oldest {
            // How many another process told, nobody knows here.
            let missed = (wanted >= reel.first).then(|| oldest - wanted);
            let (name, data) = lagged(missed);
            return Some(Line { id: oldest - 1, name, data: data.to_string().into(), about: About::default() });
        }
        reel.lines.get(usize::try_from(wanted - oldest).ok()?).map(|said| said.in_words(wanted))
    }

    /// The newest line after `last` that is wanted, whatever lies between.
    pub(crate) fn newest_after(&self, last: u64, wanted: impl Fn(&Line) -> bool) -> Option<Line> {
        let reel = self.reel();
        let ids = (last.saturating_add(1)..reel.next).rev();
        ids.zip(reel.lines.iter().rev()).map(|(id, said)| said.in_words(id)).find(wanted)
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.reel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lagged(missed: Option<u64>) -> (&'static str, serde_json::Value) {
    (LAGGED, json!({ "missed": missed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape() -> Tape {
        Tape::new("2026-07-01T08:00:00Z".parse().expect("an instant"))
    }

    fn finished(text: &str) -> Said {
        let (now, run) = ("2026-07-01T08:00:00Z".parse().expect("an instant"), noontide_domain::RunId::new());
        let happening = Happening::Finished {
            run,
            schedule: None,
            handler: "mail/send".parse().expect("a handler"),
            attempt: 1,
            outcome: "succeeded",
            message: None,
            result: Some(text.into()),
            state: noontide_domain::RunState::Succeeded,
            wall_ms: 0,
        };
        Said::Happened(Event { at: now, happening })
    }

    fn write<'t>(tape: &Tape, texts: impl IntoIterator<Item = &'t str>) {
        tape.write(texts.into_iter().map(finished));
    }

    fn told(tape: &Tape, last: u64) -> Vec<String> {
        let follow = |last: &Line| tape.after(last.id);
        let lines = std::iter::successors(tape.after(last), follow);
        let said = |line: Line| serde_json::from_str::<Value>(&line.data).expect("JSON");
        lines.map(said).map(|said| said["result"].as_str().map_or(said.to_string(), str::to_owned)).collect()
    }

    #[test]
    fn who_comes_back_hears_what_came_meanwhile() {
        let tape = tape();
        write(&tape, ["1"]);
        let last = tape.newest();
        write(&tape, ["2", "3"]);
        assert_eq!(told(&tape, last), ["2", "3"]);
        assert_eq!(told(&tape, tape.newest()), [""; 0]);
        assert_eq!(tape.after(u64::MAX), None);
    }

    #[test]
    fn who_wants_the_newest_is_given_the_newest_that_is_wanted() {
        let tape = tape();
        write(&tape, ["1", "2", "3"]);
        let last = tape.newest();
        let newest = |wanted: &str| {
            let line = tape.newest_after(last - 2, |line| line.data.contains(wanted))?;
            Some(last - line.id)
        };
        assert_eq!(newest(r#""result":"#), Some(0));
        assert_eq!(
            tape.newest_after(last - 2, |line| line.data.contains(r#""2""#)).map(|line| line.id),
            Some(last - 1)
        );
        assert_eq!(newest(r#""1""#), None, "it was read already");
    }

    #[test]
    fn who_comes_back_late_hears_how_much_is_gone() {
        let tape = tape();
        let begin = tape.newest();
        (0..LINES + 5).for_each(|number| write(&tape, [number.to_string().as_str()]));
        let told = told(&tape, begin);
        assert_eq!((told.len(), told[0].as_str(), told[1].as_str()), (LINES + 1, r#"{"missed":5}"#, "5"));
    }

    #[test]
    fn who_comes_from_a_former_process_hears_that_nobody_knows() {
        let tape = tape();
        write(&tape, ["1"]);
        assert_eq!(told(&tape, 7), [r#"{"missed":null}"#, "1"]);
    }

    #[test]
    fn large_results_do_not_pile_up() {
        let tape = tape();
        (0..40).for_each(|_| write(&tape, ["x".repeat(1 << 20).as_str()]));
        assert!(tape.reel().bytes <= BYTES);
        write(&tape, ["x".repeat(BYTES + 1).as_str()]);
        assert_eq!(tape.reel().lines.len(), 1, "the newest is always there");
    }
}
