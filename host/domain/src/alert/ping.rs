//! Pings: a word about each run of a schedule for whoever wonders where it is when none comes. No incident, no rule; only the
//! newest of a schedule is worth sending.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Alert, AlertKind, Condition, Facts, Incident, IncidentId, IncidentState, Subject};
use crate::{HandlerRef, RunId, ScheduleName};

/// The name of the sink that a schedule's pings go to. No sink of the configuration is called so.
pub fn sink_of(schedule: &ScheduleName) -> String {
    format!("ping:{schedule}")
}

/// That `run` of `schedule` began or ended, with why it failed.
pub fn ping(
    kind: AlertKind,
    schedule: &ScheduleName,
    handler: &HandlerRef,
    run: RunId,
    words: &str,
    at: DateTime<Utc>,
) -> Alert {
    let sink = sink_of(schedule);
    let incident = Incident {
        id: story(&sink),
        rule: "ping".to_owned(),
        subject: Subject::Schedule(schedule.clone()),
        state: IncidentState::Closed,
        condition: Condition::Failed,
        count: 1,
        words: words.to_owned(),
        facts: Facts { handler: Some(handler.clone()), run: Some(run), ..Facts::default() },
        began_at: at,
        last_at: at,
        ended_at: Some(at),
        told: 0,
        told_at: Some(at),
        told_gist: String::new(),
        changes: 0,
        acknowledged: None,
    };
    Alert::new(kind, &incident, vec![sink], at)
}

/// All pings of a schedule are one story, so that they go out one after the other.
fn story(sink: &str) -> IncidentId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(sink)[..16]);
    IncidentId(Uuid::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_of_a_schedule_are_one_story_to_one_sink() {
        let (schedule, handler) = ("nightly".parse().expect("a name"), "db/dump".parse().expect("a handler"));
        let of = |kind, words| ping(kind, &schedule, &handler, RunId::new(), words, DateTime::UNIX_EPOCH);
        let (started, failed) = (of(AlertKind::Started, ""), of(AlertKind::Failed, "disk full"));
        assert_eq!(started.incident.id, failed.incident.id);
        assert_eq!(
            (failed.sinks.as_slice(), failed.title().as_str()),
            (&["ping:nightly".to_owned()][..], "nightly failed")
        );
    }
}
