//! What a run of a chain is told of those before it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lay_out::trace_id;
use super::{Link, Linked};
use crate::ports::Fire;
use crate::{Cause, Key, Order, Outcome, Overlap, RunId, RunState, SkipReason};

/// The results of a group's members together, in bytes of JSON; a single result is at most 1 MiB. Beyond, the final step is
/// told where the results are instead.
pub const RESULTS: usize = 4 << 20;

/// Where a run of a chain comes from; fixed when it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// A run before it succeeded.
    Success {
        /// That run.
        run: RunId,
        /// What came of it.
        result: Option<Value>,
    },
    /// A run before it came to another end, or it failed a group before it.
    Failure {
        /// That run.
        run: RunId,
        /// The group, if it is one that this run follows.
        group: Option<RunId>,
        /// How it ended, in words.
        error: String,
    },
    /// All members of a group have succeeded.
    Group {
        /// The group.
        group: RunId,
        /// One for each member, in their order.
        results: Vec<MemberResult>,
        /// The results were larger than [`RESULTS`] together and are left out; each is kept with its run.
        omitted: bool,
    },
}

/// What came of a member of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberResult {
    /// The last run of the member.
    pub run: RunId,
    /// `None` if there was none, or the results were too large together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl Origin {
    /// After a run that ended so, or after a group that it failed.
    pub fn of_run(
        run: RunId,
        group: Option<RunId>,
        state: RunState,
        outcome: Option<&Outcome>,
        reason: Option<&SkipReason>,
    ) -> Self {
        match (state, outcome) {
            (RunState::Succeeded, Some(Outcome::Succeeded { result })) => Self::Success { run, result: result.clone() },
            (RunState::Succeeded, _) => Self::Success { run, result: None },
            _ => {
                let why = reason.map(ToString::to_string).or_else(|| outcome.and_then(Outcome::message));
                let state = state.as_str();
                let error = match why {
                    None => state.to_owned(),
                    Some(why) if why.starts_with(state) => why,
                    Some(why) => format!("{state}: {why}"),
                };
                Self::Failure { run, group, error }
            }
        }
    }

    /// After a group whose members' results these are. All of them are told, or none is.
    pub fn of_group(group: RunId, mut results: Vec<MemberResult>) -> Self {
        let omitted = results.iter().filter_map(|member| member.result.as_ref()).map(length).sum::<usize>() > RESULTS;
        if omitted {
            results.iter_mut().for_each(|member| member.result = None);
        }
        Self::Group { group, results, omitted }
    }

    /// The same, where it is known without looking at the results that they are too large together.
    pub fn of_large_group(group: RunId, runs: Vec<RunId>) -> Self {
        let results = runs.into_iter().map(|run| MemberResult { run, result: None }).collect();
        Self::Group { group, results, omitted: true }
    }

    /// What the handler is told, beside its input: names and texts.
    pub fn told(&self) -> Vec<(String, String)> {
        let pair = |name: &str, text: String| (name.to_owned(), text);
        match self {
            Origin::Success { run, result } => {
                let result = result.as_ref().unwrap_or(&Value::Null);
                vec![pair("previous-run", run.to_string()), pair("previous-result", result.to_string())]
            }
            Origin::Failure { run, group, error } => {
                let mut told = vec![pair("previous-run", run.to_string()), pair("previous-error", error.clone())];
                told.extend(group.map(|group| pair("group", group.to_string())));
                told
            }
            Origin::Group { group, results, omitted } => {
                let list = results.iter().map(|member| match omitted {
                    true => json!({ "run": member.run }),
                    false => json!({ "run": member.run, "result": member.result }),
                });
                let mut told = vec![pair("group", group.to_string())];
                told.push(pair("results", Value::Array(list.collect()).to_string()));
                let why = || format!("together they have more than {RESULTS} bytes; each is kept with its run");
                told.extend(omitted.then(|| pair("results-omitted", why())));
                told
            }
        }
    }

    /// The run before it; of a group's final step there are many.
    pub fn previous(&self) -> Option<RunId> {
        match self {
            Origin::Success { run, .. } | Origin::Failure { run, .. } => Some(*run),
            Origin::Group { .. } => None,
        }
    }

    /// The group before it.
    pub fn group(&self) -> Option<RunId> {
        match self {
            Origin::Success { .. } => None,
            Origin::Failure { group, .. } => *group,
            Origin::Group { group, .. } => Some(*group),
        }
    }
}

/// Of a value as JSON, in bytes, without writing it down.
fn length(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value can always be written.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

impl Link {
    /// The fire of a call that has been reached at `now`; `None` for a group. What lies in the past by then (an absolute
    /// start or end) is left to the lease: a run that cannot begin any more expires, and its own `on-failure` comes.
    pub fn fire(&self, origin: Origin, now: DateTime<Utc>) -> Option<Fire> {
        let Linked::Call { errand: Some(errand), .. } = &self.what else { return None };
        let errand = (**errand).clone();
        let at = |moment: Option<crate::errand::Moment>| moment.and_then(|moment| moment.from(now));
        let trace_id = trace_id(self.chain, &errand);
        let (due_at, expires_at) = (at(errand.start).unwrap_or(now), at(errand.expires));
        let order = Order {
            input: errand.input,
            priority: errand.priority,
            queue: errand.queue,
            runs_on: errand.runs_on,
            headers: errand.headers,
            retry: errand.retry,
            expires_at,
            chain: Some(self.chain),
            origin: Some(Box::new(origin)),
            trace_id,
            ..Order::new(self.id, Key::link(self.chain, &self.path), errand.handler, due_at, Cause::Enqueued)
        };
        Some(Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None })
    }
}
