//! Messages that wait to be sent.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::alert::noted;
use noontide_domain::outbox::{Fate, TRIED_FOR};
use noontide_domain::ports::{
    Delivery, LedgerError, MessageAnswer, MessageFilter, MessageLease, MessageRecord, Outbox, Posted,
};
use noontide_domain::{HostId, MessageId, MessageState, Report, RunId, Webhook};

use super::MemoryLedger;
use super::book::Book;

/// A message, and the right to send it.
pub(super) struct Letter {
    record: MessageRecord,
    webhook: Webhook,
    trace_id: String,
    give_up_at: DateTime<Utc>,
    /// While it waits, of the next try; while it is sent, of the lease's end.
    due: DateTime<Utc>,
    lease: Option<MessageLease>,
    fence: i64,
}

#[async_trait]
impl Outbox for MemoryLedger {
    async fn lease_messages(&self, host: HostId, lease: Duration, limit: usize) -> Result<Vec<Posted>, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(book.lease_messages(host, lease, limit, now)))
    }

    async fn next_message(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.count("next_message");
        Ok(self.book().messages.iter().filter(|letter| letter.is_open()).map(|letter| letter.due).min())
    }

    async fn settle_messages(&self, deliveries: Vec<Delivery>) -> Result<Vec<bool>, LedgerError> {
        self.write(|book| Ok(deliveries.into_iter().map(|delivery| book.settle_message(delivery)).collect()))
    }

    async fn retry_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.write(|book| {
            Ok(book.change_message(id, |letter| {
                letter.record.state = MessageState::Waiting;
                letter.record.ended_at = None;
                letter.record.attempts = 0;
                letter.due = now;
                letter.give_up_at = now + TRIED_FOR;
            }))
        })
    }

    async fn drop_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.write(|book| Ok(book.change_message(id, |letter| letter.end(MessageState::Dropped, now))))
    }
}

impl Letter {
    fn is_open(&self) -> bool {
        matches!(self.record.state, MessageState::Waiting | MessageState::Sending)
    }

    fn end(&mut self, state: MessageState, at: DateTime<Utc>) {
        self.record.state = state;
        self.record.ended_at = Some(at);
    }

    pub fn record(&self) -> MessageRecord {
        let waits = self.record.state == MessageState::Waiting;
        MessageRecord { not_before: waits.then_some(self.due), ..self.record.clone() }
    }

    /// Over, with nothing left to be looked at.
    pub fn is_forgotten(&self, before: DateTime<Utc>) -> bool {
        let is_over = matches!(self.record.state, MessageState::Sent | MessageState::Dropped);
        is_over && self.record.ended_at.is_some_and(|at| at < before)
    }
}

impl Book {
    /// What an attempt whose end counts handed over.
    pub fn post(&mut self, run: RunId, report: &Report, now: DateTime<Utc>) {
        let Some(row) = self.rows.get_mut(&run).filter(|_| report.keeps_state()) else { return };
        // The durable ledgers keep milliseconds.
        let now = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        for webhook in &report.messages {
            let record = MessageRecord {
                id: MessageId { fire: row.order.key.hash, number: row.messages },
                run,
                plugin: row.order.handler.plugin.clone(),
                state: MessageState::Waiting,
                method: webhook.method.clone(),
                destination: webhook.destination().to_owned(),
                bytes: webhook.bytes(),
                attempts: 0,
                not_before: None,
                answer: None,
                status: None,
                created_at: now,
                ended_at: None,
            };
            row.messages += 1;
            self.messages.push(Letter {
                record,
                webhook: webhook.clone(),
                trace_id: row.order.trace_id.clone(),
                give_up_at: now + TRIED_FOR,
                due: now,
                lease: None,
                fence: 0,
            });
        }
    }

    fn lease_messages(&mut self, host: HostId, lease: Duration, limit: usize, now: DateTime<Utc>) -> Vec<Posted> {
        let mut due: Vec<_> = (0..self.messages.len())
            .filter(|i| self.messages[*i].is_open() && self.messages[*i].due <= now)
            .map(|i| (self.messages[i].due, i))
            .collect();
        due.sort();
        due.truncate(limit);
        let mut chosen: Vec<_> = due.into_iter().map(|(_, i)| i).collect();
        chosen.sort_unstable();
        chosen.into_iter().map(|i| self.messages[i].take(host, now + lease)).collect()
    }

    fn settle_message(&mut self, delivery: Delivery) -> bool {
        let Delivery { lease, fate, reply, at } = delivery;
        let mut letters = self.messages.iter_mut();
        let Some(letter) =
            letters.find(|letter| letter.lease == Some(lease) && letter.record.state == MessageState::Sending)
        else {
            return false;
        };
        let gave_up = (fate == Fate::Dead).then(|| reply.words());
        let notice = noted::message(
            letter.record.id,
            letter.record.plugin.clone(),
            &letter.record.destination,
            gave_up.as_deref(),
            at,
        );
        letter.record.status = reply.status();
        letter.record.answer = Some(reply.words());
        match fate {
            Fate::Sent => letter.end(MessageState::Sent, at),
            Fate::Dead => letter.end(MessageState::Dead, at),
            Fate::Again { not_before } => {
                letter.record.state = MessageState::Waiting;
                letter.due = not_before;
                return true;
            }
        }
        self.note([notice]);
        true
    }

    fn change_message(&mut self, id: MessageId, change: impl FnOnce(&mut Letter)) -> MessageAnswer {
        let Some(letter) = self.messages.iter_mut().find(|letter| letter.record.id == id) else {
            return MessageAnswer::NotFound;
        };
        match letter.record.state {
            MessageState::Waiting | MessageState::Dead => {
                change(letter);
                MessageAnswer::Done
            }
            other => MessageAnswer::Is(other),
        }
    }

    pub fn messages(&self, filter: &MessageFilter) -> Vec<MessageRecord> {
        let before = filter.after.and_then(|after| self.messages.iter().position(|letter| letter.record.id == after));
        let until = if filter.after.is_some() { before.unwrap_or_default() } else { self.messages.len() };
        let fits = |record: &MessageRecord| {
            filter.run.is_none_or(|run| record.run == run)
                && filter.plugin.as_ref().is_none_or(|plugin| record.plugin == *plugin)
                && filter.state.is_none_or(|state| record.state == state)
        };
        let newest_first = self.messages[..until].iter().rev().map(Letter::record);
        newest_first.filter(fits).take(filter.limit).collect()
    }
}

impl Letter {
    fn take(&mut self, host: HostId, until: DateTime<Utc>) -> Posted {
        self.fence += 1;
        self.record.attempts += 1;
        self.record.state = MessageState::Sending;
        self.due = until;
        let lease = MessageLease { id: self.record.id, host, fence: self.fence };
        self.lease = Some(lease);
        Posted {
            lease,
            run: self.record.run,
            plugin: self.record.plugin.clone(),
            webhook: self.webhook.clone(),
            trace_id: self.trace_id.clone(),
            attempt: self.record.attempts,
            give_up_at: self.give_up_at,
        }
    }
}
