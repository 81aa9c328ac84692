//! What was changed of a schedule's definition: key by key, as people read it, with when and by whom.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Owner, Schedule, duration};

/// Changes that are kept of each schedule, the newest ones.
pub const KEPT: u64 = 50;

/// Keys that are told of one change.
const MOST_KEYS: usize = 40;

/// Longer values are cut, in characters: a list says what was changed, the definition has all of it.
const LONGEST: usize = 300;

/// What became of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new on the list, or back.
    Defined,
    /// It says something else.
    Changed,
    /// It has left the list.
    Removed,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Defined, Self::Changed, Self::Removed];

    /// The word in API and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Defined => "defined",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One change of a schedule's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleChange {
    /// Counted from 1 for each schedule.
    pub number: u64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who did it: `path:line` of a file, the name of a client of the API, or what was edited in the ledger itself.
    pub by: String,
    /// What became of it.
    pub kind: ChangeKind,
    /// Of a changed one: what.
    pub keys: Vec<ChangedKey>,
}

/// A key that says something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedKey {
    /// As the configuration calls it, with dots: `retry.attempts`.
    pub key: String,
    /// `None` if nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// `None` if nothing is said any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The keys that `after` says otherwise than `before`. That a file was edited above a schedule, so that it stands on another
/// line, is no change of it.
pub fn changed_keys(before: &Schedule, after: &Schedule) -> Vec<ChangedKey> {
    let (mut old, mut new) = (said(before), said(after));
    if before.trigger != after.trigger && old.get("trigger") == new.get("trigger") {
        // What was changed is not in the short form: a calendar, a date that is left out.
        old.insert("trigger".to_owned(), whole(before));
        new.insert("trigger".to_owned(), whole(after));
    }
    let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut changed: Vec<_> = keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).collect();
    changed.truncate(MOST_KEYS);
    let shown = |said: &BTreeMap<String, String>, key| said.get(key).map(|text: &String| cut(text));
    changed
        .into_iter()
        .map(|key| ChangedKey { key: key.clone(), before: shown(&old, key), after: shown(&new, key) })
        .collect()
}

/// Each key with what it says, as a list for people; what is not said is not in it.
pub fn said(schedule: &Schedule) -> BTreeMap<String, String> {
    let mut json = serde_json::to_value(schedule).unwrap_or_default();
    // What a client wrote is in the other keys, and where a trigger is written changes nothing.
    for key in ["asked", "named", "name"] {
        json.as_object_mut().and_then(|keys| keys.remove(key));
    }
    json["trigger"] = schedule.trigger.text().into();
    json["owner"] = match &schedule.owner {
        Owner::File { path, .. } => path.clone().into(),
        Owner::Api => "API".into(),
    };
    let mut said = BTreeMap::new();
    flatten("", &json, &mut said);
    said
}

fn flatten(path: &str, value: &Value, said: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Null => return,
        Value::String(text) => text.clone(),
        Value::Object(keys) if !keys.is_empty() => match length(value) {
            Some(length) => length,
            None => {
                for (key, inner) in keys {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    flatten(&path, inner, said);
                }
                return;
            }
        },
        other => other.to_string(),
    };
    said.insert(path.to_owned(), text);
}

/// Lengths of time have seconds and nanoseconds in JSON.
fn length(value: &Value) -> Option<String> {
    let is_one = value.as_object().is_some_and(|keys| keys.len() == 2 && keys.contains_key("nanos"));
    let length = is_one.then(|| serde_json::from_value(value.clone()).ok())??;
    Some(duration::words(length))
}

fn whole(schedule: &Schedule) -> String {
    serde_json::to_string(&schedule.trigger).unwrap_or_default()
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::trigger::{Cron, Trigger};
    use crate::{Overlap, RetryPolicy};

    fn nightly() -> Schedule {
        let trigger = Trigger::Cron(Cron::parse("0 2 * * *", chrono_tz::UTC).expect("cron"));
        let schedule =
            Schedule::new("nightly".parse().expect("a name"), trigger, "db/dump".parse().expect("a handler"));
        Schedule { owner: Owner::File { path: "conf/x.toml".to_owned(), line: 3 }, ..schedule }
    }

    fn told(after: &Schedule) -> Vec<String> {
        let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |one: ChangedKey| format!("{}: {} > {}", one.key, text(one.before), text(one.after));
        changed_keys(&nightly(), after).into_iter().map(line).collect()
    }

    #[test]
    fn each_key_that_says_something_else_is_told_with_what_it_said() {
        let trigger = Trigger::Cron(Cron::parse("30 2 * * *", chrono_tz::UTC).expect("cron"));
        let after = Schedule {
            trigger,
            input: json!({ "to": { "host": "a" }, "days": [1, 2] }),
            expect_within: Some(Duration::from_secs(86_400)),
            overlap: Overlap::Queue,
            retry: RetryPolicy { attempts: 5, ..nightly().retry },
            ..nightly()
        };
        let overlap = format!("overlap: {} > queue", json!(nightly().overlap).as_str().expect("a word"));
        let retry = format!("retry.attempts: {} > 5", nightly().retry.attempts);
        let expected = [
            "expect-within: - > 1d",
            "input.days: - > [1,2]",
            "input.to.host: - > a",
            &overlap,
            &retry,
            "trigger: 0 2 * * * > 30 2 * * *",
        ];
        assert_eq!(told(&after), expected);
    }

    #[test]
    fn another_line_of_the_same_file_is_no_change_and_another_file_is_one() {
        let moved = |path: &str| Schedule { owner: Owner::File { path: path.to_owned(), line: 90 }, ..nightly() };
        assert!(told(&moved("conf/x.toml")).is_empty());
        assert_eq!(told(&moved("conf/y.toml")), ["owner: conf/x.toml > conf/y.toml"]);
        let asked = Some(json!({ "cron": "0 2 * * *" }));
        assert_eq!(told(&Schedule { owner: Owner::Api, asked, ..nightly() }), ["owner: conf/x.toml > API"]);
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_much_is_bounded() {
        let many: serde_json::Map<_, _> = (0..100).map(|i| (format!("k{i}"), json!(i))).collect();
        assert_eq!(told(&Schedule { input: many.into(), ..nightly() }).len(), MOST_KEYS);
        let long = told(&Schedule { description: Some("x".repeat(1_000)), ..nightly() });
        assert_eq!(long, [format!("description: - > {}…", "x".repeat(LONGEST))]);
    }
}
