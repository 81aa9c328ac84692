//! What stands in the address of the list of runs.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::RunFilter;
use noontide_domain::trigger::at;
use noontide_domain::{RunId, RunState, duration};

use crate::pages::visit::Visit;
use crate::problem::{Answer, Problem};

/// As it was written, so that the form shows it again.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) schedule: String,
    pub(super) handler: String,
    pub(super) chain: String,
    /// Any of these; all where it is empty.
    pub(super) states: Vec<RunState>,
    /// Due at or after: an instant, or how long ago.
    pub(super) since: String,
    /// Due before.
    pub(super) until: String,
    /// A run's id, or the trace id of one.
    pub(super) q: String,
    after: String,
}

impl Filter {
    /// Reads the pairs of a query. `state` may stand there several times, and may name several.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Answer<Self> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            let value = value.trim().to_owned();
            match name.as_str() {
                "schedule" => filter.schedule = value,
                "handler" => filter.handler = value,
                "chain" => filter.chain = value,
                "since" => filter.since = value,
                "until" => filter.until = value,
                "q" => filter.q = value,
                "after" => filter.after = value,
                "state" => filter.states.extend(states(&value)?),
                _ => return Err(Problem::bad_request(format!("there is no filter `{name}`"))),
            }
        }
        Ok(filter)
    }

    /// The run that is asked for by its id.
    pub(super) fn run(&self) -> Answer<Option<RunId>> {
        id("q", &self.q)
    }

    /// What the ledger is asked for, without the states.
    pub(super) fn wanted(&self, visit: &Visit, limit: usize) -> Answer<RunFilter> {
        let schedule = Some(&self.schedule).filter(|name| !name.is_empty()).map(|name| name.parse()).transpose();
        Ok(RunFilter {
            schedule: schedule.map_err(|reason| Problem::bad_request(format!("`schedule`: {reason}")))?,
            handler: Some(self.handler.clone()).filter(|handler| !handler.is_empty()),
            chain: id("chain", &self.chain)?,
            state: None,
            since: instant("since", &self.since, visit)?,
            until: instant("until", &self.until, visit)?,
            after: id("after", &self.after)?,
            limit,
        })
    }

    pub(super) fn has(&self, state: &RunState) -> bool {
        self.states.contains(state)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs().is_empty() && self.after.is_empty()
    }

    /// The address of what is older than `last`.
    pub(super) fn after(&self, last: RunId) -> String {
        let mut pairs = self.pairs();
        pairs.push(("after", last.to_string()));
        format!("/runs?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }

    /// What narrows the list, as it stands in the address.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("schedule", self.schedule.clone()),
            ("handler", self.handler.clone()),
            ("chain", self.chain.clone()),
            ("since", self.since.clone()),
            ("until", self.until.clone()),
        ];
        pairs.extend(self.states.iter().map(|state| ("state", state.as_str().to_owned())));
        pairs.retain(|(_, value)| !value.is_empty());
        pairs
    }
}

fn states(words: &str) -> Answer<Vec<RunState>> {
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| RunState::parse(word).ok_or_else(|| unknown(word))).collect()
}

fn unknown(word: &str) -> Problem {
    let known = RunState::ALL.map(RunState::as_str).join(", ");
    Problem::bad_request(format!("`state` is `{word}`; one of {known} is expected"))
}

fn id(field: &str, text: &str) -> Answer<Option<RunId>> {
    let refused = |_| Problem::bad_request(format!("`{field}`: `{text}` is no run's id"));
    Some(text).filter(|text| !text.is_empty()).map(|text| text.parse().map_err(refused)).transpose()
}

/// An instant as people write it, in the zone of the page, or how long ago.
fn instant(field: &str, text: &str, visit: &Visit) -> Answer<Option<DateTime<Utc>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let ago = duration::parse(text).ok().and_then(|length| TimeDelta::from_std(length).ok());
    if let Some(instant) = ago.and_then(|ago| visit.now.checked_sub_signed(ago)) {
        return Ok(Some(instant));
    }
    let zone = visit.zone.of(Tz::UTC, visit.mine);
    let refused = |reason| Problem::bad_request(format!("`{field}`: {reason}; or write how long ago, such as 24h"));
    at::parse_instant(text, zone).map(Some).map_err(refused)
}
