//! The end of an attempt.

use chrono::{DateTime, Utc};
use noontide_domain::alert::noted::{self, OfRun};
use noontide_domain::ports::{AttemptLogs, AttemptRecord, Claim, LedgerError, Settled, Settlement};
use noontide_domain::{Artifact, Lease, Report, RunState, Verdict};

use super::book::Book;
use super::row::Row;

impl Book {
    pub fn settle(&mut self, settlements: Vec<Settlement>, now: DateTime<Utc>) -> Result<Vec<Settled>, LedgerError> {
        for settlement in &settlements {
            self.refuse_known_ids(&settlement.then)?;
        }
        let mut answers = Vec::new();
        let mut follows = Claim::default();
        let mut ended = Vec::new();
        for settlement in settlements {
            let (lease, then) = (settlement.lease, settlement.then.clone());
            let is_held = self.rows.get(&lease.run).is_some_and(|row| row.is_held_by(&lease));
            let answer = self.settle_one(settlement, now);
            if is_held && answer == Settled::Recorded && self.rows.get(&lease.run).is_some_and(Row::has_succeeded) {
                follows.fire.extend(then.fire);
                follows.skip.extend(then.skip);
                follows.cursors.extend(then.cursors);
            }
            ended.extend((is_held && answer == Settled::Recorded).then_some(lease.run));
            answers.push(answer);
        }
        // All ends come first: what follows one may wait for another.
        self.claim(follows, None, now)?;
        self.follow(ended, now);
        Ok(answers)
    }

    fn settle_one(&mut self, settlement: Settlement, now: DateTime<Utc>) -> Settled {
        let Some(row) = self.rows.get(&settlement.lease.run).filter(|row| row.is_held_by(&settlement.lease)) else {
            return if self.is_settled_by(&settlement) { Settled::Recorded } else { Settled::LeaseLost };
        };
        let Settlement { lease, verdict, report, then: _ } = settlement;
        let order = row.order.clone();
        if report.keeps_state()
            && let Some(refused) = self.remember(&order, &report)
        {
            return refused;
        }
        if let Some(row) = self.rows.get_mut(&lease.run) {
            row.settle(verdict, report.clone());
        }
        self.note_call(lease.run, &report);
        self.settle_items(lease.run, &report, now);
        self.post(lease.run, &report, now);
        self.note_success(lease.run);
        self.note_end(lease, &report);
        Settled::Recorded
    }

    fn note_end(&mut self, lease: Lease, report: &Report) {
        let Some(row) = self.rows.get(&lease.run) else { return };
        let notice = noted::end(row.of_run(), row.state, lease.attempt, &report.outcome, report.finished_at);
        self.note(notice);
    }

    fn note_success(&mut self, run: noontide_domain::RunId) {
        let Some(row) = self.rows.get(&run).filter(|row| row.has_succeeded()) else { return };
        let schedule = row.order.schedule.as_ref();
        if let Some(entry) = schedule.and_then(|schedule| self.schedules.get_mut(schedule)) {
            entry.standing.last_success = entry.standing.last_success.max(Some(row.order.due_at));
        }
    }
}

impl Row {
    pub fn of_run(&self) -> OfRun {
        let order = &self.order;
        let (schedule, handler) = (order.schedule.clone(), order.handler.clone());
        OfRun { run: order.id, schedule, handler, due_at: order.due_at }
    }

    fn has_succeeded(&self) -> bool {
        self.state == RunState::Succeeded
    }

    fn settle(&mut self, verdict: Verdict, report: Report) {
        let attempt = self.attempt;
        self.provenance = report.provenance();
        if report.keeps_artifacts() && !report.artifacts.is_empty() {
            let named = |file: Artifact| (file.name.clone(), (attempt, file));
            self.artifacts = report.artifacts.iter().cloned().map(named).collect();
        }
        if !report.logs.is_empty() || report.logs_dropped > 0 {
            self.logs.push(AttemptLogs { attempt, lines: report.logs, dropped: report.logs_dropped });
        }
        self.started_at = Some(report.started_at);
        self.finished_at = Some(report.finished_at);
        self.outcome = Some(report.outcome.clone());
        self.plugin = report.plugin.clone();
        self.usage = report.usage;
        match verdict {
            Verdict::Final { state, reason } => {
                self.reason = reason;
                self.end(state, report.finished_at);
            }
            // Whoever asked it to stop did not ask for one more attempt.
            Verdict::Again { .. } if self.cancel_asked => self.end(RunState::Cancelled, report.finished_at),
            Verdict::Again { not_before, counted } => {
                let record = AttemptRecord {
                    attempt,
                    outcome: report.outcome,
                    plugin: report.plugin,
                    host: self.host,
                    started_at: report.started_at,
                    finished_at: report.finished_at,
                    usage: report.usage,
                    provenance: self.provenance.clone(),
                };
                self.archive.push((self.fence, record));
                self.state = RunState::Ready;
                self.not_before = not_before;
                self.attempt = if counted { attempt } else { attempt - 1 };
            }
        }
    }
}
