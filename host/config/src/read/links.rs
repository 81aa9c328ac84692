//! Names of other schedules: `after`, `includes`, `supersedes`. What is named has to be there, and no way may lead back.

use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::{Schedule, ScheduleName, suggest};

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// A key that names other schedules.
pub(super) struct Link {
    pub(super) key: &'static str,
    named: fn(&Schedule) -> Vec<&ScheduleName>,
    /// Why it cannot lead back, behind the name it leads to.
    circle: &'static str,
    /// Why a schedule without that key's means cannot have it, or be named by it.
    misfit: fn(&Schedule, &Schedule) -> Option<String>,
}

/// All of them.
pub(super) const LINKS: [Link; 3] = [
    Link {
        key: "after",
        named: |schedule| schedule.trigger.follows(),
        circle: "which in the end follows it: neither would ever begin",
        misfit: |_, _| None,
    },
    Link {
        key: "includes",
        named: |schedule| schedule.includes.iter().collect(),
        circle: "which in the end includes it: a larger schedule includes smaller ones",
        misfit: |larger, smaller| {
            let timetable = [larger, smaller].into_iter().find(|one| one.trigger.timetable().is_some())?;
            Some(format!("the work of a timetable (`{}`) comes with its payloads; take it out", timetable.name))
        },
    },
    Link {
        key: "supersedes",
        named: |schedule| schedule.supersedes.iter().collect(),
        circle: "which in the end supersedes it: on a day of both neither would fire",
        misfit: |larger, smaller| {
            let idle = [larger, smaller].into_iter().find(|one| !one.trigger.has_instants())?;
            let kind = idle.trigger.kind();
            Some(format!(
                "`{}` has no due instants of its own (`{kind}`), so no day belongs to it; take it out",
                idle.name
            ))
        },
    },
];

/// Whether `schedule` names others.
pub(super) fn are_in(schedule: &Schedule) -> bool {
    LINKS.iter().any(|link| !(link.named)(schedule).is_empty())
}

/// The names under `key`: a list, or one alone.
pub(super) fn names(reader: &Reader<'_>, key: &'static str) -> Vec<ScheduleName> {
    let Some(node) = reader.get(key) else { return Vec::new() };
    let name = |node: &Node| {
        let text = reader.as_text(key, node)?;
        reader.good(&node.place, text.parse().map_err(|reason| format!("`{key}`: {reason}")))
    };
    let mut names: Vec<ScheduleName> = match &node.value {
        Value::Array(items) => items.iter().filter_map(name).collect(),
        _ => name(node).into_iter().collect(),
    };
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Key and sentence of the first wrong name in `schedule`, which is one of `all`. `is_known` knows more names: those of
/// schedules that are there and have mistakes of their own.
pub(super) fn wrong(
    schedule: &Schedule,
    all: &BTreeMap<&ScheduleName, &Schedule>,
    is_known: impl Fn(&ScheduleName) -> bool,
) -> Option<(&'static str, String)> {
    LINKS.iter().find_map(|link| {
        let wrong = |name: &&ScheduleName| link.wrong(schedule, name, all, &is_known);
        let sentence = (link.named)(schedule).iter().find_map(wrong)?;
        Some((link.key, format!("`{}`: {sentence}", link.key)))
    })
}

impl Link {
    fn wrong(
        &self,
        schedule: &Schedule,
        name: &ScheduleName,
        all: &BTreeMap<&ScheduleName, &Schedule>,
        is_known: impl Fn(&ScheduleName) -> bool,
    ) -> Option<String> {
        let Some(other) = all.get(name) else {
            let hint = suggest::hint(name.as_str(), all.keys().map(|name| name.as_str()));
            return (!is_known(name)).then(|| format!("there is no schedule `{name}`{hint}"));
        };
        if self.leads_to(all, name, &schedule.name) {
            return Some(format!("it names `{name}`, {}", self.circle));
        }
        (self.misfit)(schedule, other)
    }

    /// Whether from `from` one comes to `to`.
    fn leads_to(&self, all: &BTreeMap<&ScheduleName, &Schedule>, from: &ScheduleName, to: &ScheduleName) -> bool {
        let mut open = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            if seen.insert(name) {
                open.extend(all.get(name).into_iter().flat_map(|schedule| (self.named)(schedule)));
            }
        }
        false
    }
}
