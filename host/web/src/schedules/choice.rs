//! Which schedules are meant: for lists, and for verbs over many.

use noontide_domain::{ScheduleName, Standing};
use serde::Deserialize;
use utoipa::ToSchema;

use super::problem;
use crate::WebParts;
use crate::problem::{Answer, Problem};
use crate::shape::{state, words};

/// Schedules looked at in one go: more would keep others from the list for long.
const STRIDE: usize = 1_000;

/// Which schedules; all of them if nothing is said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleChoice {
    /// With this in the name or the description, in any case.
    pub(super) q: Option<String>,
    /// Whose name begins so.
    pub(super) prefix: Option<String>,
    /// In one of these states, by commas.
    #[schema(example = "paused,parked")]
    pub(super) state: Option<String>,
    /// `api`, `file`, or how the owner begins, such as `file:conf/local/`.
    pub(super) owner: Option<String>,
    /// Of this handler, or of this plugin.
    #[schema(example = "mail/send")]
    pub(super) handler: Option<String>,
}

impl ScheduleChoice {
    /// Whether all are meant.
    pub(super) fn is_empty(&self) -> bool {
        [&self.q, &self.prefix, &self.state, &self.owner, &self.handler].into_iter().all(Option::is_none)
    }

    /// Those that are meant, by name and after `after`; `most` of them.
    ///
    /// # Errors
    /// A state that there is none of.
    pub(super) fn find(&self, parts: &WebParts, after: Option<ScheduleName>, most: usize) -> Answer<Vec<Standing>> {
        let states = self.states()?;
        let q = self.q.as_ref().map(|q| q.to_lowercase());
        let now = parts.engine.now();
        let in_state = |standing: &Standing| match &states {
            None => true,
            Some(states) => states.contains(&state(standing, problem(parts, standing).is_some(), now)),
        };
        let (mut found, mut after) = (Vec::new(), after);
        loop {
            // Whether a handler can be called is asked outside: it takes longer.
            let some =
                parts.engine.page(after.as_ref(), |standing| self.fits(standing, q.as_deref()), STRIDE.min(most));
            let Some(last) = some.last() else { return Ok(found) };
            after = Some(last.schedule.name.clone());
            found.extend(some.into_iter().filter(in_state));
            if found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
        }
    }

    fn fits(&self, standing: &Standing, q: Option<&str>) -> bool {
        let schedule = &standing.schedule;
        let said = |text: &str, q: &str| text.to_lowercase().contains(q);
        let name = schedule.name.as_str();
        let handler = |wanted: &str| {
            let handler = schedule.handler.to_string();
            handler == wanted || handler.split_once('/').is_some_and(|(plugin, _)| plugin == wanted)
        };
        q.is_none_or(|q| said(name, q) || schedule.description.as_ref().is_some_and(|text| said(text, q)))
            && self.prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
            && self.owner.as_ref().is_none_or(|owner| schedule.owner.to_string().starts_with(owner))
            && self.handler.as_deref().is_none_or(handler)
    }

    /// `None` for all of them.
    fn states(&self) -> Answer<Option<Vec<&str>>> {
        let Some(states) = &self.state else { return Ok(None) };
        let states: Vec<_> = states.split(',').map(str::trim).collect();
        match states.iter().find(|state| !words::SCHEDULE_STATES.contains(state)) {
            None => Ok(Some(states)),
            Some(other) => Err(Problem::bad_request(format!(
                "`state`: `{other}` is none of {}",
                words::SCHEDULE_STATES.join(", ")
            ))),
        }
    }
}
