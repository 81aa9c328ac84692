//! Schedules by how they ended last: the newest row that is over decides.

use noontide_domain::ports::RunBrief;
use noontide_domain::{RunState, Standing};

use crate::WebParts;
use crate::problem::{Answer, Problem};

/// How a schedule ended last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// The handler did it.
    Succeeded,
    /// It did not.
    Failed,
    /// The due instant did not run, or could not begin in time.
    Missed,
    /// There is none.
    Never,
}

impl Last {
    const ALL: [(&'static str, Self); 4] =
        [("succeeded", Self::Succeeded), ("failed", Self::Failed), ("missed", Self::Missed), ("never", Self::Never)];

    /// The word in a query.
    pub(super) fn parse(text: &str) -> Answer<Self> {
        let found = Self::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, last)| last);
        let known = Self::ALL.map(|(word, _)| word).join(", ");
        found.ok_or_else(|| Problem::bad_request(format!("`last`: `{text}` is none of {known}")))
    }

    /// Those of `some` that ended so.
    pub(super) async fn of(self, parts: &WebParts, some: Vec<Standing>) -> Answer<Vec<Standing>> {
        let names: Vec<_> = some.iter().map(|standing| standing.schedule.name.clone()).collect();
        let newest = parts.history.newest(&names, 1).await?;
        let is_so = |standing: &Standing| self.fits(newest.get(&standing.schedule.name).and_then(|runs| runs.first()));
        Ok(some.into_iter().filter(is_so).collect())
    }

    fn fits(self, newest: Option<&RunBrief>) -> bool {
        match newest.map(|run| run.state) {
            None => self == Self::Never,
            Some(RunState::Succeeded) => self == Self::Succeeded,
            Some(RunState::Failed) => self == Self::Failed,
            Some(RunState::Skipped | RunState::Expired) => self == Self::Missed,
            Some(_) => false,
        }
    }
}
