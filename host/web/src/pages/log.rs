//! `/runs/{id}/log`: what a run said, in pieces of some hundred lines: a log may have a hundred thousand. The page of the run shows
//! the newest piece; `assets/log.js` asks for those before and after, and `assets/tail.js` hears what comes while the run goes on.

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::LogLine;
use noontide_domain::ports::{AttemptLogs, LedgerError, RunRecord};
use serde::Deserialize;

use super::page::{Asked, Page, Shown};
use super::visit::Visit;
use crate::body::Name;
use crate::{WebParts, runs, shape};

/// Lines of a piece.
const PIECE: usize = 400;
/// Of a line's text, in bytes; the API has the rest.
const LINE: usize = 8 << 10;

/// From the quietest to the loudest.
pub(crate) const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/runs/{id}/log", get(log))
}

/// Which lines are asked for. Lines are counted from 0, over all attempts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    /// At least as loud as this.
    level: String,
    /// With this text in them, in whatever case.
    q: String,
    /// From this line on.
    from: Option<usize>,
    /// The last ones before this line; without either, the newest.
    before: Option<usize>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct Log {
    visit: Visit,
    id: String,
    name: String,
    wanted: Wanted,
    lines: Lines,
}

/// A piece of a log.
pub(crate) struct Lines {
    /// What is shown.
    pub(crate) shown: Vec<Line>,
    /// Lines of the log.
    pub(crate) all: usize,
    /// Lines that match.
    pub(crate) matching: usize,
    /// Lines over the limits, which nobody kept.
    pub(crate) dropped: u64,
    /// The first line that is shown, if matching ones lie before it.
    pub(crate) earlier: Option<usize>,
    /// Where the next piece begins, be there one already or not.
    pub(crate) next: usize,
    /// Matching lines follow.
    pub(crate) has_later: bool,
    /// The run is not over: more will be said.
    pub(crate) is_open: bool,
}

/// A line.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: usize,
    /// It is the first of its attempt among those that are shown, and there were several.
    pub(crate) attempt: Option<u32>,
    pub(crate) time: String,
    pub(crate) at: String,
    pub(crate) level: String,
    pub(crate) source: String,
    pub(crate) text: String,
    pub(crate) fields: Vec<(String, String)>,
}

async fn log(visit: Visit, State(parts): State<WebParts>, Name(id): Name, Asked(wanted): Asked<Wanted>) -> Shown<Log> {
    let run = runs::find(&parts, &id).await.map_err(visit.problem())?;
    let logs = parts.history.logs(run.id).await.map_err(visit.problem())?;
    let name = run.schedule.as_ref().map_or_else(|| run.handler.to_string(), ToString::to_string);
    let lines = Lines { is_open: !run.state.is_final(), ..Lines::of(&logs, &wanted) };
    Ok(Page(Log { visit, id, name, lines, wanted }))
}

impl Lines {
    /// The end of what it said.
    pub(crate) async fn newest(parts: &WebParts, run: &RunRecord) -> Result<Self, LedgerError> {
        let lines = Self::of(&parts.history.logs(run.id).await?, &Wanted::default());
        Ok(Self { is_open: !run.state.is_final(), ..lines })
    }

    fn of(logs: &[AttemptLogs], wanted: &Wanted) -> Self {
        let all = || logs.iter().flat_map(|one| one.lines.iter().map(|line| (one.attempt, line))).enumerate();
        let loud = LEVELS.iter().position(|level| *level == wanted.level).unwrap_or_default();
        let sought = wanted.q.to_lowercase();
        let matching: Vec<_> = all().filter(|(_, (_, line))| fits(line, loud, &sought)).collect();
        let place = |line: usize| matching.partition_point(|(index, _)| *index < line);
        let (begin, end) = match (wanted.from, wanted.before) {
            (Some(from), _) => (place(from), (place(from) + PIECE).min(matching.len())),
            (None, before) => {
                let end = before.map_or(matching.len(), place);
                (end.saturating_sub(PIECE), end)
            }
        };
        let count = all().count();
        let piece = &matching[begin..end];
        Self {
            shown: piece.iter().scan(None, |last, (index, said)| Some(line(*index, *said, last))).collect(),
            all: count,
            matching: matching.len(),
            dropped: logs.iter().map(|one| one.dropped).sum(),
            earlier: piece.first().filter(|_| begin > 0).map(|(index, _)| *index),
            next: if end < matching.len() { matching[end].0 } else { count },
            has_later: end < matching.len(),
            is_open: false,
        }
    }
}

fn fits(line: &LogLine, loud: usize, sought: &str) -> bool {
    let level = LEVELS.iter().position(|level| *level == line.level).unwrap_or(LEVELS.len());
    let has = |text: &str| text.to_lowercase().contains(sought);
    level >= loud
        && (sought.is_empty() || has(&line.message) || line.fields.iter().any(|(name, value)| has(name) || has(value)))
}

fn line(index: usize, (attempt, line): (u32, &LogLine), last: &mut Option<u32>) -> Line {
    let is_other = last.replace(attempt) != Some(attempt);
    Line {
        number: index + 1,
        attempt: Some(attempt).filter(|_| is_other),
        time: line.at.format("%H:%M:%S%.3f").to_string(),
        at: shape::time(line.at),
        level: line.level.clone(),
        source: line.source.clone(),
        text: line.message.char_indices().take_while(|(at, _)| *at < LINE).map(|(_, letter)| letter).collect(),
        fields: line.fields.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(count: usize) -> Vec<AttemptLogs> {
        let at = "2026-07-01T08:00:00Z".parse().expect("an instant");
        let line = |number: usize| LogLine {
            at,
            level: if number.is_multiple_of(100) { "warn" } else { "info" }.into(),
            source: "log".into(),
            message: format!("line {number}"),
            fields: Vec::new(),
        };
        let half = count / 2;
        let lines = |numbers: std::ops::Range<usize>| numbers.map(line).collect();
        vec![
            AttemptLogs { attempt: 1, lines: lines(0..half), dropped: 3 },
            AttemptLogs { attempt: 2, lines: lines(half..count), dropped: 4 },
        ]
    }

    #[test]
    fn a_long_log_is_read_from_its_end_piece_by_piece() {
        let logs = logs(10_000);
        let newest = Lines::of(&logs, &Wanted::default());
        assert_eq!((newest.shown.len(), newest.all, newest.dropped, newest.next), (PIECE, 10_000, 7, 10_000));
        let mut seen = newest.shown.len();
        let mut before = newest.earlier;
        while let Some(first) = before {
            let piece = Lines::of(&logs, &Wanted { before: Some(first), ..Wanted::default() });
            assert_eq!(piece.shown.last().map(|line| line.number), Some(first), "pieces join");
            (seen, before) = (seen + piece.shown.len(), piece.earlier);
        }
        assert_eq!(seen, 10_000);
    }

    #[test]
    fn lines_are_sought_by_text_and_loudness_and_keep_their_numbers() {
        let wanted = Wanted { level: "warn".into(), q: "LINE 9".into(), ..Wanted::default() };
        let found = Lines::of(&logs(1_000), &wanted);
        assert_eq!(found.shown.iter().map(|line| line.number).collect::<Vec<_>>(), [901]);
        assert_eq!((found.matching, found.all, found.shown[0].attempt), (1, 1_000, Some(2)));
    }

    #[test]
    fn who_follows_a_log_gets_what_has_come_since() {
        let wanted = Wanted { from: Some(1_000), ..Wanted::default() };
        let none = Lines::of(&logs(1_000), &wanted);
        assert_eq!((none.shown.len(), none.next, none.has_later), (0, 1_000, false));
        let more = Lines::of(&logs(1_010), &wanted);
        assert_eq!((more.shown.len(), more.shown[0].number, more.next), (10, 1_001, 1_010));
    }
}
