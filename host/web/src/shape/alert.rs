//! Alerts, as clients see them.

use noontide_domain::alert::{self, AlertRule};
use noontide_domain::outbox::Reply;
use noontide_domain::ports::{AlertRecord, SinkFacts};
use noontide_engine::Tried;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, words};

/// Of what somebody is told, and where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertSettings {
    rules: Vec<Rule>,
    sinks: Vec<SinkShape>,
}

impl AlertSettings {
    pub(crate) fn new(rules: &[AlertRule], sinks: &[SinkFacts]) -> Self {
        Self { rules: rules.iter().map(Rule::from).collect(), sinks: sinks.iter().map(SinkShape::from).collect() }
    }
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
struct Rule {
    name: String,
    on: Vec<&'static str>,
    schedules: Vec<String>,
    handlers: Vec<String>,
    /// Told after so many failed runs in a row.
    after: u32,
    /// Said again after so many seconds.
    remind_seconds: Option<u64>,
    recovery: bool,
    sinks: Vec<String>,
}

impl From<&AlertRule> for Rule {
    fn from(rule: &AlertRule) -> Self {
        let names = |patterns: &[alert::NamePattern]| patterns.iter().map(|pattern| pattern.0.clone()).collect();
        Self {
            name: rule.name.clone(),
            on: rule.on.iter().map(|condition| condition.as_str()).collect(),
            schedules: names(&rule.schedules),
            handlers: names(&rule.handlers),
            after: rule.after,
            remind_seconds: rule.remind.map(|remind| remind.as_secs()),
            recovery: rule.recovery,
            sinks: rule.sinks.clone(),
        }
    }
}

/// A sink, without what may be secret.
#[derive(Debug, Serialize, ToSchema)]
struct SinkShape {
    name: String,
    #[schema(example = "webhook")]
    kind: &'static str,
    /// Scheme, host and port; or the program.
    destination: String,
    /// Messages at most.
    a_minute: u32,
}

impl From<&SinkFacts> for SinkShape {
    fn from(sink: &SinkFacts) -> Self {
        let (name, destination) = (sink.name.clone(), sink.destination.clone());
        Self { name, kind: sink.kind, destination, a_minute: sink.room.a_minute }
    }
}

/// What came back from a sink that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SinkAnswer {
    sink: String,
    kind: &'static str,
    destination: String,
    /// It took the message.
    ok: bool,
    #[schema(example = "answered 200")]
    answer: String,
}

impl From<&Tried> for SinkAnswer {
    fn from(tried: &Tried) -> Self {
        Self {
            sink: tried.sink.name.clone(),
            kind: tried.sink.kind,
            destination: tried.sink.destination.clone(),
            ok: matches!(tried.reply, Reply::Answered { status: 200..=299, .. }),
            answer: tried.reply.words(),
        }
    }
}

/// What a rule has to tell about one subject, until all is well again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Incident {
    id: String,
    rule: String,
    #[schema(example = "schedule/nightly")]
    subject: String,
    #[schema(value_type = words::IncidentState)]
    state: &'static str,
    #[schema(example = "failed")]
    condition: &'static str,
    /// How often it went wrong since it began.
    count: u64,
    /// What went wrong the last time, or why it is over.
    words: String,
    handler: Option<String>,
    run: Option<String>,
    due_at: Option<Time>,
    began_at: Time,
    last_at: Time,
    ended_at: Option<Time>,
    /// How many messages about it were written.
    told: u32,
    told_at: Option<Time>,
    acknowledged: Option<Known>,
}

/// Somebody knows.
#[derive(Debug, Serialize, ToSchema)]
struct Known {
    by: String,
    reason: Option<String>,
    at: Time,
    until: Option<Time>,
}

impl From<&alert::Incident> for Incident {
    fn from(incident: &alert::Incident) -> Self {
        let facts = &incident.facts;
        let known = |known: &alert::Acknowledgement| Known {
            by: known.by.clone(),
            reason: known.reason.clone(),
            at: Time(known.at),
            until: known.until.map(Time),
        };
        Self {
            id: incident.id.to_string(),
            rule: incident.rule.clone(),
            subject: incident.subject.to_string(),
            state: incident.state.as_str(),
            condition: incident.condition.as_str(),
            count: incident.count,
            words: incident.words.clone(),
            handler: facts.handler.as_ref().map(ToString::to_string),
            run: facts.run.map(|run| run.to_string()),
            due_at: facts.due_at.map(Time),
            began_at: Time(incident.began_at),
            last_at: Time(incident.last_at),
            ended_at: incident.ended_at.map(Time),
            told: incident.told,
            told_at: incident.told_at.map(Time),
            acknowledged: incident.acknowledged.as_ref().map(known),
        }
    }
}

/// A message about an incident, to one sink.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// Names it, to have it sent again.
    number: i64,
    /// What receivers see; the same for each sink.
    id: String,
    incident: String,
    #[schema(example = "opened")]
    kind: &'static str,
    title: String,
    sink: String,
    #[schema(value_type = words::MessageState)]
    state: &'static str,
    attempts: u32,
    not_before: Option<Time>,
    /// The HTTP status of the newest try.
    status: Option<u16>,
    /// What came of the newest try, in words.
    answer: Option<String>,
    created_at: Time,
    ended_at: Option<Time>,
}

impl From<&AlertRecord> for Delivery {
    fn from(record: &AlertRecord) -> Self {
        Self {
            number: record.number,
            id: record.id.clone(),
            incident: record.incident.to_string(),
            kind: record.kind.as_str(),
            title: record.title.clone(),
            sink: record.sink.clone(),
            state: record.state.as_str(),
            attempts: record.attempts,
            not_before: record.not_before.map(Time),
            status: record.status,
            answer: record.answer.clone(),
            created_at: Time(record.created_at),
            ended_at: record.ended_at.map(Time),
        }
    }
}
