//! Which schedules are meant: the filter of the list, and of what is done to many at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{LedgerError, RunFilter};
use noontide_domain::{RunState, ScheduleName, Standing};
use serde::{Deserialize, Serialize};

use crate::{WebParts, shape};

/// The newest failures in which those are looked for that fail now.
const FAILURES: usize = 500;

/// A filter over schedules; what is empty asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Selection {
    /// A part of the name or the description.
    pub(crate) q: String,
    /// How it stands, in the word that the API has for it.
    pub(crate) state: String,
    /// A part of what owns it: `api`, or a file.
    pub(crate) owner: String,
    /// A part of the handler.
    pub(crate) handler: String,
    /// `failed`: its newest run did.
    pub(crate) last: String,
}

impl Selection {
    /// The names that the newest failures are of, if these are asked for.
    pub(crate) async fn failing(&self, parts: &WebParts) -> Result<Option<BTreeSet<ScheduleName>>, LedgerError> {
        if self.last.is_empty() {
            return Ok(None);
        }
        let filter = RunFilter { state: Some(RunState::Failed), limit: FAILURES, ..RunFilter::default() };
        let failed: BTreeSet<_> =
            parts.history.runs(filter).await?.into_iter().filter_map(|run| run.schedule).collect();
        let newest = parts.history.newest(&failed.into_iter().collect::<Vec<_>>(), 1).await?;
        let fails =
            newest.into_iter().filter(|(_, runs)| runs.first().is_some_and(|run| run.state == RunState::Failed));
        Ok(Some(fails.map(|(name, _)| name).collect()))
    }

    /// All that are meant, by name.
    pub(crate) fn of(
        &self,
        parts: &WebParts,
        failing: Option<&BTreeSet<ScheduleName>>,
        now: DateTime<Utc>,
    ) -> Vec<Arc<Standing>> {
        let [q, owner, handler] = [&self.q, &self.owner, &self.handler].map(|text| text.trim().to_lowercase());
        let has = |text: &str, part: &str| part.is_empty() || text.to_lowercase().contains(part);
        let mut all = parts.engine.list();
        all.retain(|standing| {
            let schedule = &standing.schedule;
            failing.is_none_or(|failing| failing.contains(&schedule.name))
                && (has(schedule.name.as_str(), &q) || schedule.description.as_ref().is_some_and(|text| has(text, &q)))
                && (owner.is_empty() || has(&schedule.owner.to_string(), &owner))
                && (handler.is_empty() || has(&schedule.handler.to_string(), &handler))
                && (self.state.is_empty() || self.state == state(parts, standing, now))
        });
        all
    }
}

/// How a schedule stands, in a word. Only where nothing else keeps it from running its handler is asked about.
pub(crate) fn state(parts: &WebParts, standing: &Standing, now: DateTime<Utc>) -> &'static str {
    match shape::state(standing, false, now) {
        "active" if parts.engine.check(&standing.schedule.handler, &standing.schedule.input).is_err() => "parked",
        state => state,
    }
}
