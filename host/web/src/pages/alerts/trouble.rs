//! An incident, as lists and its own page show it.

use chrono_tz::Tz;
use noontide_domain::alert::{Incident, IncidentState, Subject};

use crate::WebParts;
use crate::pages::length::length;
use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// An incident on a page.
pub(in crate::pages) struct Trouble {
    pub(in crate::pages) id: String,
    /// A schedule, a handler, a plugin, a host.
    pub(in crate::pages) kind: &'static str,
    pub(in crate::pages) subject: String,
    /// The page of what it is about, below the base.
    pub(in crate::pages) link: String,
    pub(in crate::pages) rule: String,
    pub(in crate::pages) condition: &'static str,
    pub(in crate::pages) state: &'static str,
    /// Colour and shape.
    pub(in crate::pages) mark: &'static str,
    pub(in crate::pages) words: String,
    pub(in crate::pages) count: u64,
    pub(in crate::pages) told: u32,
    pub(in crate::pages) began: Moment,
    pub(in crate::pages) latest: Moment,
    pub(in crate::pages) ended: Option<Moment>,
    /// How long it went on, or goes on by now.
    pub(in crate::pages) lasted: String,
    pub(in crate::pages) run: Option<String>,
    pub(in crate::pages) handler: Option<String>,
    pub(in crate::pages) due: Option<Moment>,
    pub(in crate::pages) known: Option<Known>,
    /// Whether reminders are held back.
    pub(in crate::pages) is_quiet: bool,
}

/// Somebody knows.
pub(in crate::pages) struct Known {
    pub(in crate::pages) by: String,
    pub(in crate::pages) reason: Option<String>,
    pub(in crate::pages) at: Moment,
    pub(in crate::pages) until: Option<Moment>,
}

impl Trouble {
    /// `incident`, as `visit` shows it.
    pub(in crate::pages) fn new(visit: &Visit, parts: &WebParts, incident: &Incident) -> Self {
        let zone = zone(parts, &incident.subject);
        let moment = |at| visit.moment(at, zone);
        let (kind, subject, link) = about(&incident.subject);
        Self {
            id: incident.id.to_string(),
            kind,
            subject,
            link,
            rule: incident.rule.clone(),
            condition: incident.condition.as_str(),
            state: state(incident, visit),
            mark: mark(incident, visit),
            words: incident.words.clone(),
            count: incident.count,
            told: incident.told,
            began: moment(incident.began_at),
            latest: moment(incident.last_at),
            ended: incident.ended_at.map(moment),
            lasted: length(incident.ended_at.unwrap_or(visit.now) - incident.began_at),
            run: incident.facts.run.map(|run| run.to_string()),
            handler: incident.facts.handler.as_ref().map(ToString::to_string),
            due: incident.facts.due_at.map(moment),
            known: incident.acknowledged.as_ref().map(|known| Known {
                by: known.by.clone(),
                reason: known.reason.clone(),
                at: moment(known.at),
                until: known.until.map(moment),
            }),
            is_quiet: incident.is_quiet(visit.now),
        }
    }

    /// What can still be changed about it.
    pub(in crate::pages) fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}

/// Kind, name, and the page of it.
fn about(subject: &Subject) -> (&'static str, String, String) {
    let path = |before: &str, name: &str| format!("{before}{}", escaped(name));
    match subject {
        Subject::Schedule(name) => ("schedule", name.to_string(), path("/schedules/", name.as_str())),
        Subject::Handler(name) => ("handler", name.to_string(), path("/runs?handler=", &name.to_string())),
        Subject::Plugin(name) => ("plugin", name.clone(), path("/plugins/", name)),
        Subject::Host(name) => ("host", name.clone(), "/hosts".to_owned()),
        Subject::Outbox(name) => ("outbox of", name.to_string(), path("/plugins/", name.as_str())),
    }
}

/// A name as a part of an address: all but letters, digits and what is never a sign of an address is written in code.
fn escaped(name: &str) -> String {
    let sign = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(sign).collect()
}

/// Of schedules, their own.
fn zone(parts: &WebParts, subject: &Subject) -> Tz {
    let schedule = match subject {
        Subject::Schedule(name) => parts.engine.find(name.as_str()),
        _ => None,
    };
    schedule.map_or(Tz::UTC, |standing| standing.schedule.timezone)
}

fn state(incident: &Incident, visit: &Visit) -> &'static str {
    match incident.state {
        IncidentState::Counting => "not told yet",
        IncidentState::Open if incident.is_quiet(visit.now) => "acknowledged",
        IncidentState::Open => "open",
        IncidentState::Closed => "over",
    }
}

fn mark(incident: &Incident, visit: &Visit) -> &'static str {
    match incident.state {
        IncidentState::Counting => "waiting",
        IncidentState::Open if incident.is_quiet(visit.now) => "warn",
        IncidentState::Open => "bad",
        IncidentState::Closed => "ok",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_incident_is_about_leads_to_its_page() {
        let of = |subject: Subject| about(&subject).2;
        assert_eq!(of(Subject::Schedule("nightly-eu".parse().expect("a name"))), "/schedules/nightly-eu");
        assert_eq!(of(Subject::Handler("mail/send".parse().expect("a handler"))), "/runs?handler=mail%2Fsend");
        assert_eq!(of(Subject::Plugin("a b?.wasm".to_owned())), "/plugins/a%20b%3F.wasm");
    }
}
