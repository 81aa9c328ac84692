//! Whether all is well, in tiles: a word, a colour, a number, and where to look next.

use chrono::TimeDelta;
use noontide_domain::ports::{HostFilter, LedgerError, LedgerStatus, RunBrief};
use noontide_domain::{Cause, HostState, duration};
use serde_json::Value;

use crate::WebParts;
use crate::pages::length::length;
use crate::pages::visit::Visit;

/// Runs that the lateness is told of, the newest of an hour.
const LATELY: usize = 1_000;

/// From due to begun: more than that is worth a look, and a look at once.
const LATE: [TimeDelta; 2] = [TimeDelta::seconds(5), TimeDelta::seconds(60)];

/// The same of an answer of the database.
const SLOW: [TimeDelta; 2] = [TimeDelta::milliseconds(250), TimeDelta::milliseconds(2_000)];

/// Free on the disk of the data folder: with less there is little time, with much less none. In bytes.
const FREE: [u64; 2] = [2 << 30, 256 << 20];

/// Hosts counted.
const HOSTS: usize = 1_000;

/// How one thing stands.
#[derive(Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) title: &'static str,
    /// `ok`, `warn` or `bad`.
    pub(super) state: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

pub(super) async fn tiles(
    parts: &WebParts,
    visit: &Visit,
    ledger: &LedgerStatus,
    answered_in: TimeDelta,
) -> Result<Vec<Tile>, LedgerError> {
    let latest = parts.history.latest(visit.now - TimeDelta::hours(1), LATELY).await?;
    let hosts = parts.history.hosts(HostFilter { limit: HOSTS, ..HostFilter::default() }).await?;
    let states: Vec<_> = hosts.iter().map(|host| host.state).collect();
    let facts = parts.host.facts();
    let mut tiles =
        vec![lateness(&latest), database(parts, ledger, answered_in), plugins(parts, &facts), of_hosts(&states)];
    tiles.extend(disk(&facts["disk"]));
    Ok(tiles)
}

/// How much later than it was due a run began; of 100 runs 99 were no later. What somebody asked of the past is not late.
fn lateness(latest: &[RunBrief]) -> Tile {
    let begun = latest.iter().filter(|run| run.attempt == 1 && run.cause != Cause::Backfill);
    let mut late: Vec<_> = begun.filter_map(|run| Some(run.started_at? - run.due_at)).collect();
    late.sort_unstable();
    let Some(worst) = late.get((late.len() * 99).div_ceil(100).saturating_sub(1)) else {
        return tile("Lateness", "ok", "–".to_owned(), "nothing ran in the last hour".to_owned());
    };
    let of = if latest.len() < LATELY { "last hour".to_owned() } else { format!("last {} runs", late.len()) };
    tile("Lateness", graded(worst, &LATE), length(*worst), format!("due to started, 99 of 100, {of}"))
}

fn database(parts: &WebParts, ledger: &LedgerStatus, answered_in: TimeDelta) -> Tile {
    match parts.engine.status().trouble {
        Some((reason, _)) => tile("Database", "bad", "cannot be written".to_owned(), reason),
        None => tile("Database", graded(&answered_in, &SLOW), length(answered_in), format!("{} answers", ledger.kind)),
    }
}

fn plugins(parts: &WebParts, facts: &Value) -> Tile {
    let plugins = parts.engine.plugins();
    let refused: Vec<_> = plugins.iter().filter(|plugin| plugin.error.is_some()).map(|one| one.file.as_str()).collect();
    let loaded = plugins.iter().filter(|plugin| plugin.loaded.is_some()).count();
    let watcher =
        facts["plugins"]["watcher"].as_str().map_or_else(String::new, |watcher| format!("watched by {watcher}"));
    match refused.as_slice() {
        [] => tile("Plugins", "ok", format!("{loaded} loaded"), watcher),
        refused => tile("Plugins", "bad", format!("{} refused", refused.len()), refused.join(", ")),
    }
}

fn of_hosts(states: &[HostState]) -> Tile {
    let count = |wanted| states.iter().filter(|state| **state == wanted).count();
    let (live, draining, silent) = (count(HostState::Live), count(HostState::Draining), count(HostState::Silent));
    let note = if draining > 0 { format!("{draining} draining") } else { "heard of within their lease".to_owned() };
    match silent {
        0 => tile("Hosts", "ok", format!("{live} live"), note),
        silent => tile("Hosts", "warn", format!("{silent} silent"), format!("{live} live")),
    }
}

fn disk(disk: &Value) -> Option<Tile> {
    let (free, total) = (disk["free"].as_u64()?, disk["total"].as_u64()?);
    let state = if free < FREE[1] {
        "bad"
    } else if free < FREE[0] {
        "warn"
    } else {
        "ok"
    };
    let note = format!("free of {}, data folder", rounded(total));
    Some(tile("Disk", state, rounded(free), note))
}

/// `34 GiB`; the exact number is nobody's wish.
fn rounded(bytes: u64) -> String {
    let unit = [1_u64 << 40, 1 << 30, 1 << 20].into_iter().find(|unit| bytes >= unit * 2).unwrap_or(1);
    duration::bytes(bytes / unit * unit)
}

fn graded(value: &TimeDelta, [warn, bad]: &[TimeDelta; 2]) -> &'static str {
    if value >= bad {
        "bad"
    } else if value >= warn {
        "warn"
    } else {
        "ok"
    }
}

fn tile(title: &'static str, state: &'static str, value: String, note: String) -> Tile {
    Tile { title, state, value, note }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::picture::spark::tests::brief;
    use noontide_domain::RunState;

    #[test]
    fn lateness_is_what_99_of_100_runs_stay_below() {
        let begun = |late| {
            let mut run = brief(RunState::Succeeded, 100, 5);
            run.started_at = Some(run.due_at + TimeDelta::milliseconds(late));
            run
        };
        let mut runs: Vec<_> = (1..=100).map(begun).collect();
        assert_eq!((lateness(&runs).value.as_str(), lateness(&runs).state), ("99 ms", "ok"));
        runs.push(begun(700_000));
        runs.push(begun(700_000));
        assert_eq!(lateness(&runs).state, "bad");
        for run in &mut runs[100..] {
            run.cause = Cause::Backfill;
        }
        assert_eq!(lateness(&runs).state, "ok", "the past was asked for");
        assert_eq!(lateness(&[]).state, "ok");
    }

    #[test]
    fn a_disk_is_told_of_before_it_is_full() {
        let of = |free: u64| {
            disk(&serde_json::json!({ "free": free, "total": 100_u64 << 30 })).map(|tile| (tile.state, tile.value))
        };
        assert_eq!(of(50 << 30), Some(("ok", "50 GiB".to_owned())));
        assert_eq!(of(1 << 30).map(|(state, _)| state), Some("warn"));
        assert_eq!(of(1 << 20).map(|(state, _)| state), Some("bad"));
        assert_eq!(disk(&Value::Null), None);
    }
}
