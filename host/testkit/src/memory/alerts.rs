//! Notices, incidents and the messages about them.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::alert::{
    Alert, AlertKind, AlertRule, GONE, Incident, IncidentId, IncidentState, Notice, Subject, TRIED_FOR, judge, noted,
};
use noontide_domain::outbox::{Fate, MessageState};
use noontide_domain::ports::{
    AlertDelivery, AlertFilter, AlertLease, AlertRecord, Alerts, IncidentFilter, IncidentWish, Judged, LedgerError,
    PostedAlert, SinkRoom,
};
use noontide_domain::{HostId, HostState};

use super::MemoryLedger;
use super::book::Book;

/// All that is there of alerts.
#[derive(Default)]
pub(super) struct Alarms {
    pub heeds: bool,
    notices: Vec<Notice>,
    incidents: Vec<Incident>,
    deliveries: Vec<Sending>,
    /// Sinks that are gone, with their marks then.
    gone: Vec<(String, String)>,
    lost: BTreeSet<HostId>,
}

/// A message on its way to a sink.
struct Sending {
    record: AlertRecord,
    alert: Alert,
    give_up_at: DateTime<Utc>,
    due: DateTime<Utc>,
    tried_at: Option<DateTime<Utc>>,
    lease: Option<AlertLease>,
    fence: i64,
}

#[async_trait]
impl Alerts for MemoryLedger {
    fn heed(&self, heeds: bool) {
        self.book().alarms.heeds = heeds;
    }

    async fn note(&self, notices: Vec<Notice>) -> Result<(), LedgerError> {
        self.write(|book| {
            book.alarms.note(notices, true);
            Ok(())
        })
    }

    async fn note_hosts(&self, own: &str) -> Result<(), LedgerError> {
        let now = self.clock.now();
        self.write(|book| {
            book.note_hosts(own, now);
            Ok(())
        })
    }

    async fn next_judgement(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.count("next_judgement");
        let book = self.book();
        let waits = (!book.alarms.notices.is_empty()).then_some(DateTime::UNIX_EPOCH);
        Ok(waits.or_else(|| book.looks.values().flatten().min().copied()))
    }

    async fn judge(&self, rules: Vec<AlertRule>, limit: usize, now: DateTime<Utc>) -> Result<Judged, LedgerError> {
        let clock = self.clock.now();
        self.write(|book| Ok(book.judge(&rules, limit, now, clock)))
    }

    async fn lease_alerts(
        &self,
        host: HostId,
        lease: Duration,
        limit: usize,
        sinks: Vec<SinkRoom>,
    ) -> Result<Vec<PostedAlert>, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(book.alarms.lease(host, now + lease, limit, &sinks, now)))
    }

    async fn next_alert(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let book = self.book();
        Ok(book.alarms.deliveries.iter().filter(|one| one.is_open()).map(|one| one.due).min())
    }

    async fn settle_alerts(&self, deliveries: Vec<AlertDelivery>) -> Result<Vec<bool>, LedgerError> {
        self.write(|book| Ok(deliveries.into_iter().map(|one| book.alarms.settle(one)).collect()))
    }

    async fn retry_alert(&self, number: i64, now: DateTime<Utc>) -> Result<Option<MessageState>, LedgerError> {
        self.write(|book| Ok(book.alarms.retry(number, now)))
    }

    async fn post(&self, pings: Vec<Alert>) -> Result<(), LedgerError> {
        let now = self.clock.now();
        self.write(|book| {
            for ping in &pings {
                book.alarms.outdate(&ping.sinks, now);
                book.alarms.post(ping, now);
            }
            Ok(())
        })
    }

    async fn change_incident(&self, id: IncidentId, wish: IncidentWish) -> Result<Option<Incident>, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(book.change_incident(id, wish, now)))
    }
}

impl Alarms {
    /// In their order; what went well only where something is not over.
    pub fn note(&mut self, notices: impl IntoIterator<Item = Notice>, heeds: bool) {
        for notice in notices {
            let known = self.notices.iter().any(|waiting| waiting.subject == notice.subject)
                || self.live().any(|incident| incident.subject == notice.subject);
            if heeds && (notice.condition.is_some() || known) {
                self.notices.push(notice);
            }
        }
    }

    fn live(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().filter(|incident| incident.state != IncidentState::Closed)
    }

    fn put(&mut self, incident: Incident) {
        self.incidents.retain(|known| known.id != incident.id);
        self.incidents.push(incident);
        self.incidents.sort_by_key(|incident| incident.id);
    }

    fn outdate(&mut self, sinks: &[String], now: DateTime<Utc>) {
        let waits = |one: &&mut Sending| sinks.contains(&one.record.sink) && one.record.state == MessageState::Waiting;
        self.deliveries.iter_mut().filter(waits).for_each(|one| one.end(MessageState::Dropped, now));
    }

    fn post(&mut self, alert: &Alert, now: DateTime<Utc>) {
        for sink in &alert.sinks {
            let number = self.deliveries.last().map_or(0, |last| last.record.number) + 1;
            let record = AlertRecord {
                number,
                id: alert.id(),
                incident: alert.incident.id,
                kind: alert.kind,
                title: alert.title(),
                sink: sink.clone(),
                state: MessageState::Waiting,
                attempts: 0,
                not_before: None,
                status: None,
                answer: None,
                created_at: now,
                ended_at: None,
            };
            let (alert, give_up_at) = (alert.clone(), now + TRIED_FOR);
            let sending = Sending { record, alert, give_up_at, due: now, tried_at: None, lease: None, fence: 0 };
            self.deliveries.push(sending);
        }
    }

    fn lease(
        &mut self,
        host: HostId,
        until: DateTime<Utc>,
        limit: usize,
        sinks: &[SinkRoom],
        now: DateTime<Utc>,
    ) -> Vec<PostedAlert> {
        self.gone.retain(|(sink, marks)| sinks.iter().all(|room| room.sink != *sink || room.marks == *marks));
        let mut posted = Vec::new();
        for (sink, _) in &self.gone {
            let waits = |one: &&mut Sending| one.record.sink == *sink && one.record.state == MessageState::Waiting;
            self.deliveries.iter_mut().filter(waits).for_each(|one| one.end(MessageState::Dead, now));
        }
        let is_there = |room: &&SinkRoom| !self.gone.iter().any(|(sink, _)| *sink == room.sink);
        let rooms: Vec<_> = sinks.iter().filter(is_there).collect();
        for room in rooms {
            let lately = |one: &&Sending| one.tried_at.is_some_and(|at| at > now - TimeDelta::minutes(1));
            let used = self.deliveries.iter().filter(|one| one.record.sink == room.sink).filter(lately).count();
            let mut left = (room.a_minute as usize).saturating_sub(used).min(limit - posted.len());
            for place in 0..self.deliveries.len() {
                if left == 0 || !self.is_next(place, &room.sink, now) {
                    continue;
                }
                left -= 1;
                posted.extend(self.take(place, host, until, now));
            }
        }
        posted
    }

    fn is_next(&self, place: usize, sink: &str, now: DateTime<Utc>) -> bool {
        let one = &self.deliveries[place];
        one.record.sink == sink
            && one.is_open()
            && one.due <= now
            && !self.deliveries[..place].iter().any(|earlier| earlier.is_open() && earlier.is_told_with(one))
    }

    fn take(&mut self, place: usize, host: HostId, until: DateTime<Utc>, now: DateTime<Utc>) -> Option<PostedAlert> {
        let is_sent = |one: &&Sending| one.record.state == MessageState::Sent;
        let told = self.deliveries.iter().filter(is_sent).any(|one| one.is_told_with(&self.deliveries[place]));
        let one = &mut self.deliveries[place];
        if one.alert.kind == AlertKind::Recovered && !told {
            one.end(MessageState::Dropped, now);
            return None;
        }
        one.fence += 1;
        one.record.attempts += 1;
        one.record.state = MessageState::Sending;
        (one.due, one.tried_at) = (until, Some(now));
        let lease = AlertLease { number: one.record.number, host, fence: one.fence };
        one.lease = Some(lease.clone());
        Some(PostedAlert {
            lease,
            sink: one.record.sink.clone(),
            alert: one.alert.clone(),
            attempt: one.record.attempts,
            give_up_at: one.give_up_at,
        })
    }

    fn settle(&mut self, delivery: AlertDelivery) -> bool {
        let AlertDelivery { lease, sink, fate, reply, at } = delivery;
        let held = |one: &&mut Sending| one.lease.as_ref() == Some(&lease) && one.record.state == MessageState::Sending;
        let Some(one) = self.deliveries.iter_mut().find(held) else { return false };
        one.record.status = reply.status();
        one.record.answer = Some(reply.words());
        match fate {
            Fate::Sent => one.end(MessageState::Sent, at),
            Fate::Dead => one.end(MessageState::Dead, at),
            Fate::Again { not_before } => {
                one.record.state = MessageState::Waiting;
                one.due = not_before;
            }
        }
        if reply.status() == Some(GONE) {
            let waits = |one: &&mut Sending| one.record.sink == sink.sink && one.record.state == MessageState::Waiting;
            self.deliveries.iter_mut().filter(waits).for_each(|one| one.end(MessageState::Dead, at));
            self.gone.push((sink.sink, sink.marks));
        }
        true
    }

    fn retry(&mut self, number: i64, now: DateTime<Utc>) -> Option<MessageState> {
        let one = self.deliveries.iter_mut().find(|one| one.record.number == number)?;
        let state = one.record.state;
        if matches!(state, MessageState::Waiting | MessageState::Dead) {
            one.record.state = MessageState::Waiting;
            (one.record.ended_at, one.record.attempts, one.due) = (None, 0, now);
            one.give_up_at = now + TRIED_FOR;
            let sink = one.record.sink.clone();
            self.gone.retain(|(gone, _)| *gone != sink);
        }
        Some(state)
    }

    pub fn prune(&mut self, before: DateTime<Utc>) {
        let stays = |ended_at: Option<DateTime<Utc>>| ended_at.is_none_or(|at| at >= before);
        self.incidents.retain(|incident| stays(incident.ended_at));
        self.deliveries.retain(|one| stays(one.record.ended_at));
        self.notices.retain(|notice| notice.at >= before);
    }

    pub fn incidents(&self, filter: &IncidentFilter) -> Vec<Incident> {
        let wanted = |incident: &&Incident| match filter.id {
            Some(id) => incident.id == id,
            None => incident.state == filter.state.unwrap_or(IncidentState::Open),
        };
        let newest_first = self.incidents.iter().rev().filter(wanted);
        let newest_first = newest_first.filter(|one| filter.subject.as_ref().is_none_or(|about| one.subject == *about));
        let page = newest_first.filter(|one| filter.after.is_none_or(|after| one.id < after));
        page.take(filter.limit).cloned().collect()
    }

    pub fn list(&self, filter: &AlertFilter) -> Vec<AlertRecord> {
        let wanted = |record: &AlertRecord| {
            filter.incident.is_none_or(|incident| record.incident == incident)
                && filter.sink.as_ref().is_none_or(|sink| record.sink == *sink)
                && filter.state.is_none_or(|state| record.state == state)
                && filter.after.is_none_or(|after| record.number < after)
        };
        self.deliveries.iter().rev().map(Sending::record).filter(wanted).take(filter.limit).collect()
    }
}

impl Sending {
    fn is_open(&self) -> bool {
        matches!(self.record.state, MessageState::Waiting | MessageState::Sending)
    }

    fn is_told_with(&self, other: &Sending) -> bool {
        (self.record.incident, &self.record.sink) == (other.record.incident, &other.record.sink)
    }

    fn end(&mut self, state: MessageState, at: DateTime<Utc>) {
        self.record.state = state;
        self.record.ended_at = Some(at);
    }

    fn record(&self) -> AlertRecord {
        let waits = self.record.state == MessageState::Waiting;
        AlertRecord { not_before: waits.then_some(self.due), ..self.record.clone() }
    }
}

impl Book {
    /// Of what this process records.
    pub fn note(&mut self, notices: impl IntoIterator<Item = Notice>) {
        let heeds = self.alarms.heeds;
        self.alarms.note(notices, heeds);
    }

    fn note_hosts(&mut self, own: &str, now: DateTime<Utc>) {
        let all = self.every_host(now);
        let present: BTreeSet<_> = all
            .iter()
            .filter(|host| matches!(host.state, HostState::Live | HostState::Draining))
            .map(|host| host.news.name.clone())
            .chain([own.to_owned()])
            .collect();
        let mut notices = Vec::new();
        for host in &all {
            if host.state != HostState::Silent {
                self.alarms.lost.remove(&host.news.host);
            } else if self.alarms.lost.insert(host.news.host) && !present.contains(&host.news.name) {
                notices.push(noted::lost(&host.news.name, host.seen_at, now));
            }
        }
        for incident in self.alarms.live() {
            if let Subject::Host(name) = &incident.subject
                && present.contains(name)
            {
                notices.push(noted::back(name, now));
            }
        }
        self.alarms.note(notices, true);
    }

    fn judge(&mut self, rules: &[AlertRule], limit: usize, now: DateTime<Utc>, clock: DateTime<Utc>) -> Judged {
        // The durable ledgers keep milliseconds.
        let clock = clock.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(clock);
        let count = self.alarms.notices.len().min(limit);
        let notices: Vec<_> = self.alarms.notices.drain(..count).collect();
        let judgement = judge(rules, &notices, self.alarms.live().cloned().collect(), now);
        for incident in &judgement.incidents {
            self.alarms.put(incident.clone());
        }
        for alert in &judgement.alerts {
            self.alarms.post(alert, clock);
        }
        let rule = |incident: &Incident| rules.iter().find(|rule| rule.name == incident.rule);
        self.looks = self.alarms.live().map(|one| (one.id, one.look_at(rule(one)))).collect();
        Judged { notices: count, incidents: judgement.incidents, alerts: judgement.alerts }
    }

    fn change_incident(&mut self, id: IncidentId, wish: IncidentWish, now: DateTime<Utc>) -> Option<Incident> {
        let mut incident = self.alarms.incidents.iter().find(|incident| incident.id == id)?.clone();
        if incident.state == IncidentState::Closed {
            return Some(incident);
        }
        match wish {
            IncidentWish::Acknowledge(known) => {
                let look_at = known.as_ref().map_or(Some(now), |known| known.until);
                self.looks.insert(id, look_at);
                incident.acknowledged = known;
            }
            IncidentWish::Close { words, at } => {
                (incident.state, incident.words, incident.ended_at) = (IncidentState::Closed, words, Some(at));
                self.looks.remove(&id);
            }
        }
        self.alarms.put(incident.clone());
        Some(incident)
    }
}
