//! What the rest of the house asks of the alerter.

use std::collections::BTreeSet;
use std::sync::Arc;

use noontide_domain::ScheduleName;
use noontide_domain::alert::{Alert, AlertRule, Incident, IncidentId};
use noontide_domain::outbox::{MessageState, Reply};
use noontide_domain::ports::{AlertSink, IncidentWish, SinkFacts};

use super::Alerting;
use super::delivery::PATIENCE;
use crate::{EngineError, EngineHandle};

/// What a sink answered to a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The sink.
    pub sink: SinkFacts,
    /// What came back.
    pub reply: Reply,
}

impl EngineHandle {
    /// Tells by `rules`, through `sinks`, from now on. What is open stays open; a rule that is gone ends in silence.
    pub fn alert_by(&self, rules: Vec<AlertRule>, sinks: Arc<dyn AlertSink>) {
        self.core.ledger.heed(!rules.is_empty());
        self.core.alerting.write(Alerting { rules, sinks: Some(sinks) });
    }

    /// Tells of each run of these schedules, through the sinks of [`ping_sink`](noontide_domain::alert::ping_sink), from now on.
    pub fn ping_of(&self, schedules: BTreeSet<ScheduleName>) {
        self.core.alerting.pings.follow(schedules);
    }

    /// The rules there are now.
    pub fn alert_rules(&self) -> Vec<AlertRule> {
        self.core.alerting.read().rules
    }

    /// The sinks there are now.
    pub fn alert_sinks(&self) -> Vec<SinkFacts> {
        self.core.alerting.read().sinks.map(|sinks| sinks.sinks()).unwrap_or_default()
    }

    /// Sends a message that says that it is a test to the sink of that name, or to all, and waits for the answers. Nothing of
    /// it is recorded or tried again.
    pub async fn test_alerts(&self, sink: Option<&str>) -> Vec<Tried> {
        let Alerting { sinks: Some(sinks), .. } = self.core.alerting.read() else { return Vec::new() };
        let alert = Alert::test(&self.core.settings.name, self.core.clock.now());
        let mut tried = Vec::new();
        for facts in sinks.sinks().into_iter().filter(|facts| sink.is_none_or(|name| facts.name == name)) {
            let reply = sinks.send(&facts.name, &alert, PATIENCE).await;
            tried.push(Tried { sink: facts, reply });
        }
        tried
    }

    /// Has a message that is dead or waits sent at once, and tried as long as a new one. What it was; `None` if there is none.
    ///
    /// # Errors
    /// No ledger.
    pub async fn retry_alert(&self, number: i64) -> Result<Option<MessageState>, EngineError> {
        let found = self.core.ledger.retry_alert(number, self.core.clock.now()).await?;
        self.core.alerting.nudge();
        Ok(found)
    }

    /// Changes an incident that is not over; how it stands now, or `None` if there is no such incident.
    ///
    /// # Errors
    /// No ledger.
    pub async fn change_incident(&self, id: IncidentId, wish: IncidentWish) -> Result<Option<Incident>, EngineError> {
        let found = self.core.ledger.change_incident(id, wish).await?;
        self.core.alerting.nudge();
        Ok(found)
    }
}
