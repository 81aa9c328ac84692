//! A message about an incident: what it says, in words and as data. Each kind of sink makes its own form of it.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::{Condition, Facts, Incident, IncidentId, IncidentState, Subject};

/// Why it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertKind {
    /// Something is wrong.
    Opened,
    /// It is wrong in another way now.
    Changed,
    /// It still is.
    Reminder,
    /// It is over.
    Recovered,
    /// Somebody tries out whether messages arrive.
    Test,
    /// A run began. This and what follows are pings: they go out for each run, whether anything is wrong or not.
    Started,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

impl AlertKind {
    /// The word in API and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Reminder => "reminder",
            Self::Recovered => "recovered",
            Self::Test => "test",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// A message about an incident, as it stood when the message was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Why it is sent.
    pub kind: AlertKind,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The incident then.
    pub incident: Incident,
    /// Where it goes, by name.
    pub sinks: Vec<String>,
    /// Where to look at it in a browser. Known to who sends it; nowhere on record.
    #[serde(skip)]
    pub link: Option<String>,
}

impl Alert {
    /// The newest message about `incident`, which has counted it already.
    pub fn new(kind: AlertKind, incident: &Incident, sinks: Vec<String>, at: DateTime<Utc>) -> Self {
        Self { kind, at, incident: incident.clone(), sinks, link: None }
    }

    /// One that says that it is a test, sent by `host`.
    pub fn test(host: &str, at: DateTime<Utc>) -> Self {
        let incident = Incident {
            id: IncidentId::new(),
            rule: "test".to_owned(),
            subject: Subject::Host(host.to_owned()),
            state: IncidentState::Open,
            condition: Condition::Failed,
            count: 1,
            words: "This is a test. Nothing is wrong.".to_owned(),
            facts: Facts::default(),
            began_at: at,
            last_at: at,
            ended_at: None,
            told: 1,
            told_at: Some(at),
            told_gist: String::new(),
            changes: 0,
            acknowledged: None,
        };
        Self { kind: AlertKind::Test, at, incident, sinks: Vec::new(), link: None }
    }

    /// Names the message, here and to whom it is sent: the same however often it goes out.
    pub fn id(&self) -> String {
        format!("{}-{}", self.incident.id, self.incident.told)
    }

    /// With its page on the dashboard at `site`, such as `https://noontide.example.com`. A test has none but that of all.
    #[must_use]
    pub fn linked(mut self, site: &str) -> Self {
        let id = self.incident.id;
        self.link =
            Some(if self.kind == AlertKind::Test { format!("{site}/alerts") } else { format!("{site}/alerts/{id}") });
        self
    }

    /// Whether all is well again with it.
    pub fn is_good_news(&self) -> bool {
        self.kind == AlertKind::Recovered
    }

    /// One line: what, and what became of it.
    pub fn title(&self) -> String {
        let Incident { subject, condition, .. } = &self.incident;
        let name = name(subject);
        match self.kind {
            AlertKind::Opened => format!("{name} {}", what(*condition)),
            AlertKind::Changed => format!("{name} {}, in another way", what(*condition)),
            AlertKind::Reminder => format!("{name} {}: still so", what(*condition)),
            AlertKind::Recovered => format!("{name}: all is well again"),
            AlertKind::Test => format!("Test of alerts from {name}"),
            AlertKind::Started | AlertKind::Succeeded | AlertKind::Failed => format!("{name} {}", self.kind.as_str()),
        }
    }

    /// What there is to say beside the title, each with its name.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let incident = &self.incident;
        let Facts { handler, run, due_at, attempt } = &incident.facts;
        let mut details = Vec::new();
        if self.kind != AlertKind::Test {
            details.extend(handler.as_ref().map(|handler| ("handler", handler.to_string())));
            details.extend(due_at.map(|at| ("due", instant(at))));
            details.extend(run.map(|run| ("run", run.to_string())));
            details.extend(attempt.filter(|made| *made > 1).map(|made| ("attempts", made.to_string())));
            let since = (self.incident.count > 1 || self.kind != AlertKind::Opened).then(|| instant(incident.began_at));
            details.extend(since.map(|since| ("since", since)));
            details.extend((incident.count > 1).then(|| ("times", incident.count.to_string())));
            details.push(("rule", incident.rule.clone()));
        }
        details.push(("incident", incident.id.to_string()));
        details.extend(self.link.iter().map(|link| ("look", link.clone())));
        details
    }

    /// All of it as plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n{}\n\n", self.title(), self.incident.words);
        for (name, value) in self.details() {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        text
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Schedule(name) => name.to_string(),
        Subject::Handler(name) => name.to_string(),
        Subject::Plugin(name) => format!("plugin {name}"),
        Subject::Host(name) => format!("host {name}"),
        Subject::Outbox(name) => format!("a message of {name}"),
    }
}

fn what(condition: Condition) -> &'static str {
    match condition {
        Condition::Failed => "failed",
        Condition::Missed => "did not run",
        Condition::Overdue => "is overdue",
        Condition::PluginRejected => "was rejected",
        Condition::PluginHeld => "waits for approval",
        Condition::PluginRolledBack => "was rolled back",
        Condition::HostLost => "is lost",
        Condition::Undelivered => "was given up",
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_and_where_to_look() {
        let mut alert = Alert::test("here", DateTime::from_timestamp(1_800_000_000, 0).expect("in range"));
        alert.kind = AlertKind::Reminder;
        alert.incident.subject = Subject::Schedule("nightly".parse().expect("a name"));
        alert.incident.count = 7;
        alert.incident.words = "disk full".to_owned();
        alert.incident.facts.handler = Some("db/dump".parse().expect("a handler"));
        let text = alert.text();
        let begin =
            "nightly failed: still so\n\ndisk full\n\nhandler: db/dump\nsince: 2027-01-15T08:00:00Z\ntimes: 7\n";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with(&format!("incident: {}\n", alert.incident.id)), "{text}");
        let page = format!("https://noon.example.com/alerts/{}", alert.incident.id);
        assert!(alert.linked("https://noon.example.com").text().ends_with(&format!("look: {page}\n")));
    }
}
