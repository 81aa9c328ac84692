//! From notices to incidents, and from incidents to messages. Pure: the same question has the same answer, whichever host asks.
//!
//! | what happens | what is told |
//! |---|---|
//! | it goes wrong, often enough in a row | one message: opened |
//! | it goes wrong again in the same way | nothing |
//! | it goes wrong in another way | one message, at most one in [`CHANGE_PAUSE`] and [`CHANGES`] in all |
//! | it goes on for as long as the rule says | a reminder, unless somebody knows |
//! | all is well again | one message, if there was one before |

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Alert, AlertKind, AlertRule, Condition, Incident, IncidentId, IncidentState, Notice, Subject};

/// Between two messages that it goes wrong in another way.
pub const CHANGE_PAUSE: Duration = Duration::from_secs(300);

/// So many of them at most in one incident: whose errors differ every time says the same every time.
pub const CHANGES: u32 = 5;

/// What is wrong is compared up to here, in characters.
const GIST: usize = 200;

/// What was decided: to be written in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Incidents that are new or stand otherwise now.
    pub incidents: Vec<Incident>,
    /// Messages, in their order.
    pub alerts: Vec<Alert>,
}

/// Judges `notices` in their order. `known` are the incidents of their subjects that are not over, and others of which a
/// reminder may be due.
pub fn judge(rules: &[AlertRule], notices: &[Notice], known: Vec<Incident>, now: DateTime<Utc>) -> Judgement {
    let mut desk = Desk { rules, now, live: BTreeMap::new(), changed: BTreeMap::new(), alerts: Vec::new() };
    desk.live.extend(known.into_iter().map(|one| ((one.rule.clone(), one.subject.clone()), one)));
    for notice in notices {
        match notice.condition {
            Some(condition) => desk.went_wrong(notice, condition),
            None => desk.is_well(notice),
        }
    }
    desk.remind();
    Judgement { incidents: desk.changed.into_values().collect(), alerts: desk.alerts }
}

struct Desk<'a> {
    rules: &'a [AlertRule],
    now: DateTime<Utc>,
    /// What is not over, by rule and subject.
    live: BTreeMap<(String, Subject), Incident>,
    changed: BTreeMap<IncidentId, Incident>,
    alerts: Vec<Alert>,
}

impl Desk<'_> {
    fn went_wrong(&mut self, notice: &Notice, condition: Condition) {
        for rule in self.rules.iter().filter(|rule| rule.is_about(notice)) {
            let key = (rule.name.clone(), notice.subject.clone());
            let mut incident = self.live.remove(&key).unwrap_or_else(|| begun(rule, notice, condition));
            incident.count += 1;
            incident.condition = condition;
            incident.words.clone_from(&notice.words);
            incident.facts = notice.facts.clone();
            incident.last_at = notice.at;
            let gist = gist(condition, &notice.words);
            match incident.state {
                IncidentState::Counting if condition == Condition::Failed && incident.count < u64::from(rule.after) => {
                }
                IncidentState::Counting => {
                    incident.state = IncidentState::Open;
                    incident.told_gist = gist;
                    self.tell(AlertKind::Opened, rule, &mut incident);
                }
                _ if gist != incident.told_gist && may_tell_of_a_change(&incident, self.now) => {
                    incident.changes += 1;
                    incident.told_gist = gist;
                    self.tell(AlertKind::Changed, rule, &mut incident);
                }
                _ => {}
            }
            self.changed.insert(incident.id, incident.clone());
            self.live.insert(key, incident);
        }
    }

    /// Whatever rule it was: one that was taken out since has nobody left to tell.
    fn is_well(&mut self, notice: &Notice) {
        let of_it: Vec<_> = self.live.keys().filter(|(_, subject)| *subject == notice.subject).cloned().collect();
        for key in of_it {
            let Some(mut incident) = self.live.remove(&key) else { continue };
            let was_open = incident.state == IncidentState::Open;
            incident.state = IncidentState::Closed;
            incident.ended_at = Some(notice.at);
            incident.words.clone_from(&notice.words);
            let rule = self.rules.iter().find(|rule| rule.name == incident.rule);
            if let Some(rule) = rule.filter(|rule| was_open && rule.recovery) {
                self.tell(AlertKind::Recovered, rule, &mut incident);
            }
            self.changed.insert(incident.id, incident);
        }
    }

    fn remind(&mut self) {
        let due: Vec<_> = self.live.keys().cloned().collect();
        for key in due {
            let Some(rule) = self.rules.iter().find(|rule| rule.name == key.0) else { continue };
            let Some(mut incident) = self.live.remove(&key) else { continue };
            if incident.look_at(Some(rule)).is_some_and(|at| at <= self.now) {
                self.tell(AlertKind::Reminder, rule, &mut incident);
                self.changed.insert(incident.id, incident.clone());
            }
            self.live.insert(key, incident);
        }
    }

    fn tell(&mut self, kind: AlertKind, rule: &AlertRule, incident: &mut Incident) {
        incident.told += 1;
        incident.told_at = Some(self.now);
        self.alerts.push(Alert::new(kind, incident, rule.sinks.clone(), self.now));
    }
}

fn begun(rule: &AlertRule, notice: &Notice, condition: Condition) -> Incident {
    Incident {
        id: IncidentId::new(),
        rule: rule.name.clone(),
        subject: notice.subject.clone(),
        state: IncidentState::Counting,
        condition,
        count: 0,
        words: String::new(),
        facts: notice.facts.clone(),
        began_at: notice.at,
        last_at: notice.at,
        ended_at: None,
        told: 0,
        told_at: None,
        told_gist: String::new(),
        changes: 0,
        acknowledged: None,
    }
}

fn may_tell_of_a_change(incident: &Incident, now: DateTime<Utc>) -> bool {
    let rested = incident.told_at.is_none_or(|told| told + CHANGE_PAUSE <= now);
    rested && incident.changes < CHANGES && !incident.is_quiet(now)
}

/// What is wrong, without what differs every time: numbers, ids, addresses.
fn gist(condition: Condition, words: &str) -> String {
    let mut gist = format!("{condition}: ");
    let is_number = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    for word in words.split_inclusive(|sign: char| !sign.is_alphanumeric()) {
        let (name, end) = match word.char_indices().next_back() {
            Some((at, sign)) if !sign.is_alphanumeric() => word.split_at(at),
            _ => (word, ""),
        };
        gist.push_str(if is_number(name) { "#" } else { name });
        gist.push_str(end);
    }
    gist.chars().take(GIST).collect()
}

#[cfg(test)]
mod tests;
