//! What must be true after any accident: the record has every due instant once, and what was done was not done again.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ledger::Standing;
use super::{Mark, Row};

/// Every multiple of the step from the first to the last due instant of a schedule has exactly one row, which is over.
/// `rows` are those of the schedule.
pub fn covered_once(standing: &Standing, step_ms: i64, rows: &[Row]) -> Result<(), String> {
    let step = usize::try_from(step_ms).expect("a step");
    let mut covered: BTreeMap<i64, usize> = BTreeMap::new();
    for row in rows {
        if (row.due_at - standing.anchor) % step_ms != 0 {
            return Err(format!("off the beat: {row:?}"));
        }
        if !row.succeeded() && row.state != 5 {
            return Err(format!("neither done nor skipped: {row:?}"));
        }
        for due in (row.due_at..=row.due_until).step_by(step) {
            *covered.entry(due).or_default() += 1;
        }
    }
    let last = rows.iter().map(|row| row.due_until).max().ok_or("it never fired")?.max(standing.cursor);
    for due in (standing.anchor + step_ms..=last).step_by(step) {
        match covered.get(&due) {
            Some(1) => {}
            other => return Err(format!("due at {due}: {} rows", other.unwrap_or(&0))),
        }
    }
    Ok(())
}

/// Nothing began again after its success was on record, and nothing is on record as done that never began.
pub fn done_once(rows: &[Row], marks: &[Mark]) -> Result<(), String> {
    let succeeded = rows.iter().filter(|row| row.succeeded());
    let finished: HashMap<_, _> = succeeded.map(|row| (&row.key, row.finished_at.expect("an end"))).collect();
    let after = |mark: &&Mark| finished.get(&mark.fire_key).is_some_and(|end| mark.at_ms > *end);
    if let Some(mark) = marks.iter().filter(|mark| mark.phase == "start").find(after) {
        return Err(format!("began again after its success was on record: {mark:?}"));
    }
    let ended: HashSet<_> = marks.iter().filter(|mark| mark.phase == "end").map(|mark| &mark.fire_key).collect();
    match finished.keys().find(|key| !ended.contains(*key)) {
        Some(key) => Err(format!("on record as done, and yet it never came to its end: {key}")),
        None => Ok(()),
    }
}

mod tests {
    use serde_json::Value;

    use super::*;

    const STANDING: Standing = Standing { anchor: 1_000, cursor: 1_600 };

    fn row(due_at: i64, due_until: i64) -> Row {
        let (started_at, finished_at) = (Some(due_at), Some(due_at + 50));
        let key = format!("key-{due_at}");
        Row {
            key,
            schedule: None,
            due_at,
            due_until,
            state: 2,
            attempt: 1,
            started_at,
            finished_at,
            reason: Value::Null,
        }
    }

    fn mark(due_at: i64, phase: &str, at_ms: i64) -> Mark {
        let (fire_key, run_id) = (format!("key-{due_at}"), format!("run-{due_at}"));
        Mark { fire_key, run_id, attempt: 1, phase: phase.to_owned(), at_ms, version: "a".to_owned() }
    }

    #[test]
    fn a_whole_record_passes_and_a_hole_a_double_and_an_unfinished_run_are_seen() {
        let whole = [row(1_200, 1_200), row(1_400, 1_600)];
        assert_eq!(covered_once(&STANDING, 200, &whole), Ok(()));
        assert_eq!(covered_once(&STANDING, 200, &whole[1..]), Err("due at 1200: 0 rows".to_owned()));
        assert_eq!(covered_once(&STANDING, 200, &whole[..1]), Err("due at 1400: 0 rows".to_owned()));
        let double = [row(1_200, 1_400), row(1_400, 1_600)];
        assert_eq!(covered_once(&STANDING, 200, &double), Err("due at 1400: 2 rows".to_owned()));
        let unfinished = [row(1_200, 1_200), Row { state: 1, ..row(1_400, 1_600) }];
        assert!(covered_once(&STANDING, 200, &unfinished).is_err());
    }

    #[test]
    fn what_is_taken_up_again_before_its_success_passes_and_after_it_does_not() {
        let rows = [row(1_200, 1_200)];
        let killed = mark(1_200, "start", 1_190);
        let whole = [killed, mark(1_200, "start", 1_201), mark(1_200, "end", 1_249)];
        assert_eq!(done_once(&rows, &whole), Ok(()));
        let again = [&whole[..], &[mark(1_200, "start", 1_251)]].concat();
        assert!(done_once(&rows, &again).is_err());
        assert!(done_once(&rows, &whole[..2]).is_err(), "on record without an end");
    }
}
