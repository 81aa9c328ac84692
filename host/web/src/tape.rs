//! What happened lately, numbered, so that a client that was cut off goes on where it stopped. Lossy by design: the truth
//! is in the ledger.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use noontide_engine::Event;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::shape;

/// Lines kept: some seconds of a busy host, which is as long as a browser takes to come back.
const LINES: usize = 1_024;

/// Bytes kept; a single result may have 1 MiB.
const BYTES: usize = 4 << 20;

/// The event that says how many are gone.
pub(crate) const LAGGED: &str = "lagged";

/// The newest lines.
pub(crate) struct Tape {
    reel: Mutex<Reel>,
    /// The id of the newest line.
    newest: watch::Sender<u64>,
}

struct Reel {
    lines: VecDeque<Line>,
    bytes: usize,
    /// The first id this tape ever gave.
    first: u64,
    /// The id of the next line.
    next: u64,
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

    /// Writes down what happens, until the host stops.
    pub(crate) async fn record(self: Arc<Self>, mut events: Receiver<Event>, stop: CancellationToken) {
        loop {
            let (name, data) = tokio::select! {
                () = stop.cancelled() => return,
                event = events.recv() => match event {
                    Ok(event) => shape::event(&event),
                    Err(RecvError::Lagged(missed)) => lagged(Some(missed)),
                    Err(RecvError::Closed) => return,
                },
            };
            self.write_about(name, data.to_string().into(), About::of(&data));
        }
    }

    #[cfg(test)]
    fn write(&self, name: &'static str, data: Arc<str>) {
        self.write_about(name, data, About::default());
    }

    fn write_about(&self, name: &'static str, data: Arc<str>, about: About) {
        let mut reel = self.reel();
        let id = reel.next;
        reel.next += 1;
        reel.bytes += data.len();
        reel.lines.push_back(Line { id, name, data, about });
        while reel.lines.len() > LINES || (reel.bytes > BYTES && reel.lines.len() > 1) {
            let gone = reel.lines.pop_front().map_or(0, |line| line.data.len());
            reel.bytes -= gone;
        }
        drop(reel);
        self.newest.send_replace(id);
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
        reel.lines.get(usize::try_from(wanted - oldest).ok()?).cloned()
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

    fn told(tape: &Tape, last: u64) -> Vec<String> {
        let follow = |last: &Line| tape.after(last.id);
        std::iter::successors(tape.after(last), follow).map(|line| line.data.to_string()).collect()
    }

    #[test]
    fn who_comes_back_hears_what_came_meanwhile() {
        let tape = tape();
        tape.write("a", "1".into());
        let last = tape.newest();
        tape.write("a", "2".into());
        tape.write("a", "3".into());
        assert_eq!(told(&tape, last), ["2", "3"]);
        assert_eq!(told(&tape, tape.newest()), [""; 0]);
        assert_eq!(tape.after(u64::MAX), None);
    }

    #[test]
    fn who_comes_back_late_hears_how_much_is_gone() {
        let tape = tape();
        let begin = tape.newest();
        (0..LINES + 5).for_each(|number| tape.write("a", number.to_string().into()));
        let told = told(&tape, begin);
        assert_eq!((told.len(), told[0].as_str(), told[1].as_str()), (LINES + 1, r#"{"missed":5}"#, "5"));
    }

    #[test]
    fn who_comes_from_a_former_process_hears_that_nobody_knows() {
        let tape = tape();
        tape.write("a", "1".into());
        assert_eq!(told(&tape, 7), [r#"{"missed":null}"#, "1"]);
    }

    #[test]
    fn large_results_do_not_pile_up() {
        let tape = tape();
        (0..40).for_each(|_| tape.write("a", "x".repeat(1 << 20).into()));
        assert!(tape.reel().bytes <= BYTES);
        tape.write("a", "x".repeat(BYTES + 1).into());
        assert_eq!(tape.reel().lines.len(), 1, "the newest is always there");
    }
}
