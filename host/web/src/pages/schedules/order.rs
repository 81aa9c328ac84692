//! In which order schedules are listed, and where a page ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::Standing;

use crate::WebParts;

/// Of so many is asked when each comes due; of more, only those are put in order that come due first.
const IN_ORDER: usize = 2_000;

/// A page of the list.
pub(super) struct Listed {
    pub(super) rows: Vec<Arc<Standing>>,
    /// What the next page begins after.
    pub(super) next: Option<String>,
    /// Some match that are not in this order.
    pub(super) is_cut: bool,
}

/// Of `all`, which are in the order of their names.
pub(super) fn page(parts: &WebParts, all: Vec<Arc<Standing>>, sort: &str, after: &str, rows: usize) -> Listed {
    if sort != "due" {
        let named = all.into_iter().map(|standing| (standing.schedule.name.to_string(), standing));
        return cut(named.collect(), after, rows, false);
    }
    let is_cut = all.len() > IN_ORDER;
    let due = if is_cut { first_due(parts, &all) } else { all_due(all) };
    let mut placed: Vec<_> = due.into_iter().map(|(due, standing)| (place(due, &standing), standing)).collect();
    placed.sort_by(|(one, _), (other, _)| one.cmp(other));
    cut(placed, after, rows, is_cut)
}

/// By their places, in order.
fn cut(placed: Vec<(String, Arc<Standing>)>, after: &str, rows: usize, is_cut: bool) -> Listed {
    let begin = if after.is_empty() { 0 } else { placed.partition_point(|(place, _)| place.as_str() <= after) };
    let next = placed.get(begin + rows).and_then(|_| placed.get(begin + rows - 1)).map(|(place, _)| place.clone());
    let shown = placed.into_iter().skip(begin).take(rows).map(|(_, standing)| standing);
    Listed { rows: shown.collect(), next, is_cut }
}

/// What comes due never again is last.
fn all_due(all: Vec<Arc<Standing>>) -> Vec<(Option<DateTime<Utc>>, Arc<Standing>)> {
    all.into_iter().map(|standing| (standing.next_due(), standing)).collect()
}

fn first_due(parts: &WebParts, all: &[Arc<Standing>]) -> Vec<(Option<DateTime<Utc>>, Arc<Standing>)> {
    let wanted: BTreeSet<_> = all.iter().map(|standing| &standing.schedule.name).collect();
    let first = parts.engine.upcoming(IN_ORDER).into_iter();
    first.filter(|(_, one)| wanted.contains(&one.schedule.name)).map(|(due, one)| (Some(due), one)).collect()
}

/// Text that is in order as the instants and names are.
fn place(due: Option<DateTime<Utc>>, standing: &Standing) -> String {
    let due = due.map_or(i64::MAX, |due| due.timestamp_millis());
    format!("{due:019} {}", standing.schedule.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::{Schedule, Trigger};

    fn standing(name: &str) -> Arc<Standing> {
        let schedule =
            Schedule::new(name.parse().expect("a name"), Trigger::Manual, "mail/send".parse().expect("a handler"));
        Arc::new(Standing::new(schedule, DateTime::UNIX_EPOCH))
    }

    #[test]
    fn pages_follow_each_other_and_the_last_has_no_next() {
        let all = || ["a", "b", "c"].map(|name| (name.to_owned(), standing(name))).to_vec();
        let first = cut(all(), "", 2, false);
        assert_eq!((first.rows.len(), first.next.as_deref()), (2, Some("b")));
        let last = cut(all(), "b", 2, false);
        assert_eq!((last.rows[0].schedule.name.as_str(), last.next), ("c", None));
    }

    #[test]
    fn what_comes_due_later_lies_behind_and_what_never_does_last() {
        let at = |millis| DateTime::from_timestamp_millis(millis);
        let mut places =
            [place(None, &standing("a")), place(at(999), &standing("b")), place(at(1_000), &standing("a"))];
        places.sort();
        assert!(places[0].ends_with(" b") && places[1].contains("1000 a"), "{places:?}");
    }
}
