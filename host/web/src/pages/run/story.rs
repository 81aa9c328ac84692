//! The life of a run: its instants in words, and as one bar.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{AttemptRecord, RunRecord};
use noontide_domain::{Cause, Outcome, RunState};

use super::tried::{Span, mark, spans};
use crate::pages::length::length;
use crate::pages::moment::Moment;
use crate::pages::picture::lifeline::{Bar, Stretch, lifeline};
use crate::pages::visit::Visit;

/// What a reader is told.
pub(super) struct Story {
    pub(super) steps: Vec<Step>,
    pub(super) bars: Vec<Bar>,
}

/// Something that happened to it, or will.
pub(super) struct Step {
    pub(super) at: Moment,
    /// After the step before it.
    pub(super) after: Option<String>,
    pub(super) words: String,
    /// Colour and shape.
    pub(super) mark: &'static str,
}

/// An instant, what happened then, and its colour.
type Told = (DateTime<Utc>, String, &'static str);

pub(super) fn story(visit: &Visit, zone: Tz, run: &RunRecord, earlier: &[AttemptRecord]) -> Story {
    let told = told(run, earlier, visit.now);
    let before = std::iter::once(None).chain(told.iter().map(|(at, ..)| Some(*at)));
    let steps = told.iter().zip(before).map(|((at, words, mark), before)| Step {
        at: visit.moment(*at, zone),
        after: before.filter(|before| before < at).map(|before| format!("+{}", length(*at - before))),
        words: words.clone(),
        mark,
    });
    Story { steps: steps.collect(), bars: lifeline(stretches(run, earlier, visit.now)) }
}

fn told(run: &RunRecord, earlier: &[AttemptRecord], now: DateTime<Utc>) -> Vec<Told> {
    let due = (run.due_at, due(run.cause).to_owned(), "ready");
    let written = (run.created_at, written(run).to_owned(), "ready");
    // What was asked for ahead of its time is written before it is due.
    let mut told = if run.created_at < run.due_at { vec![written, due] } else { vec![due, written] };
    for Span { number, begin, end, outcome } in spans(run, earlier, now) {
        told.push((begin, format!("attempt {number} begins"), "running"));
        if let Some(outcome) = outcome {
            let error = outcome.message().map_or(String::new(), |message| format!(": {message}"));
            told.push((end, format!("attempt {number} ends: {}{error}", outcome.as_str()), mark(Some(outcome))));
        }
    }
    let later = run.not_before.filter(|_| run.state == RunState::Ready);
    told.extend(later.map(|at| (at, "may begin".to_owned(), "ready")));
    if let Some(reason) = &run.reason {
        told.push((run.finished_at.unwrap_or(run.created_at), reason.to_string(), run.state.as_str()));
    }
    told
}

fn due(cause: Cause) -> &'static str {
    match cause {
        Cause::Schedule => "comes due",
        Cause::Manual => "was asked for by hand",
        Cause::Enqueued => "was to begin",
        Cause::After => "the schedule before it has succeeded",
        Cause::Backfill => "was due, asked for again",
    }
}

fn written(run: &RunRecord) -> &'static str {
    match run.state {
        RunState::Skipped => "recorded as skipped",
        _ if run.late => "claimed late: caught up",
        _ => "claimed by a host",
    }
}

/// Waiting and running in turn. What was due long before it was seen begins when it was written.
fn stretches(run: &RunRecord, earlier: &[AttemptRecord], now: DateTime<Utc>) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut last = run.created_at;
    for Span { number, begin, end, outcome } in spans(run, earlier, now) {
        all.extend(waited(last, begin));
        let title =
            format!("attempt {number}, {}: {}", outcome.map_or("running", Outcome::as_str), length(end - begin));
        all.push(Stretch { from: begin, to: end, mark: mark(outcome), title });
        last = end;
    }
    if run.state == RunState::Ready {
        all.extend(waited(last, now));
    }
    all
}

fn waited(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Stretch> {
    let title = format!("waited {}", length(to - from));
    (to - from > TimeDelta::zero()).then_some(Stretch { from, to, mark: "ready", title })
}
