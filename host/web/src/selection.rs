//! Which schedules a page shows: the API's filter over schedules, and whether they fail at present.

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
    /// How what owns it begins: `api`, or `file:conf/`.
    pub(crate) owner: String,
    /// The handler, or its plugin.
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
        let (q, owner, wanted) = (self.q.trim().to_lowercase(), self.owner.trim(), self.handler.trim());
        let has = |text: &str| text.to_lowercase().contains(&q);
        let calls =
            |handler: String| handler == wanted || handler.split_once('/').is_some_and(|(plugin, _)| plugin == wanted);
        let mut all = parts.engine.list();
        all.retain(|standing| {
            let schedule = &standing.schedule;
            failing.is_none_or(|failing| failing.contains(&schedule.name))
                && (q.is_empty() || has(schedule.name.as_str()) || schedule.description.as_deref().is_some_and(has))
                && (owner.is_empty() || schedule.owner.to_string().starts_with(owner))
                && (wanted.is_empty() || calls(schedule.handler.to_string()))
                && (self.state.is_empty() || self.stands(parts, standing, now))
        });
        all
    }

    /// Whether a schedule's inputs fit is dear, and asked only where the answer turns on it.
    fn stands(&self, parts: &WebParts, standing: &Standing, now: DateTime<Utc>) -> bool {
        match self.state.as_str() {
            "active" | "parked" => self.state == state(parts, standing, now),
            wanted => wanted == shape::state(standing, false, now),
        }
    }
}

/// How a schedule stands, in a word. Only where nothing else keeps it from running its handler is asked about.
pub(crate) fn state(parts: &WebParts, standing: &Standing, now: DateTime<Utc>) -> &'static str {
    match shape::state(standing, false, now) {
        "active" if parts.engine.check(&standing.schedule.handler, &standing.schedule.input).is_err() => "parked",
        state => state,
    }
}
