//! An incident: what a rule has to tell about one subject, from the first trouble until all is well again.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AlertRule, Condition, Facts, Subject};

/// Identifies an incident. Ids grow with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub Uuid);

impl IncidentId {
    /// A new one.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for IncidentId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IncidentId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = crate::excerpt::excerpt(text);
        text.parse().map(Self).map_err(|_| format!("`{text}` names no incident; `noontide alert ls` shows them"))
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentState {
    /// Not often enough yet to be told.
    Counting,
    /// Told, and going on.
    Open,
    /// Over.
    Closed,
}

impl IncidentState {
    /// All of them, in the order of an incident's life.
    pub const ALL: [Self; 3] = [Self::Counting, Self::Open, Self::Closed];

    /// The word in API and CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counting => "counting",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Somebody knows, and wants no further messages for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// Why, for those who look on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// Until then it is quiet; until it is over if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// What a rule has to tell about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Which.
    pub id: IncidentId,
    /// The rule's name.
    pub rule: String,
    /// What it is about.
    pub subject: Subject,
    /// Where it stands.
    pub state: IncidentState,
    /// What is wrong, as of the newest notice.
    pub condition: Condition,
    /// How often it went wrong since it began.
    pub count: u64,
    /// What went wrong the last time, or why it is over.
    pub words: String,
    /// Where to look for more, the last time.
    #[serde(flatten)]
    pub facts: Facts,
    /// When it went wrong first.
    pub began_at: DateTime<Utc>,
    /// When it went wrong last.
    pub last_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many messages about it were written.
    pub told: u32,
    /// When the newest was.
    pub told_at: Option<DateTime<Utc>>,
    /// What the newest said was wrong, without what differs every time.
    pub told_gist: String,
    /// How many of them said that it went wrong in another way.
    pub changes: u32,
    /// Somebody knows.
    pub acknowledged: Option<Acknowledgement>,
}

impl Incident {
    /// Whether somebody asked for quiet.
    pub fn is_quiet(&self, now: DateTime<Utc>) -> bool {
        self.acknowledged.as_ref().is_some_and(|known| known.until.is_none_or(|until| now < until))
    }

    /// When it has to be looked at again even if nothing happens: for a reminder.
    pub fn look_at(&self, rule: Option<&AlertRule>) -> Option<DateTime<Utc>> {
        let remind = rule?.remind.filter(|_| self.state == IncidentState::Open)?;
        let due = self.told_at? + remind;
        match &self.acknowledged {
            Some(Acknowledgement { until: None, .. }) => None,
            Some(Acknowledgement { until: Some(until), .. }) => Some(due.max(*until)),
            None => Some(due),
        }
    }
}
