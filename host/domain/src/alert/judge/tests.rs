//! What is told, and what is not.

use proptest::prelude::*;

use super::*;
use crate::alert::Acknowledgement;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("in range")
}

fn subject(name: &str) -> Subject {
    Subject::Schedule(name.parse().expect("a name"))
}

fn failed(second: i64, words: &str) -> Notice {
    Notice::wrong(at(second), subject("nightly"), Condition::Failed, words)
}

fn well(second: i64) -> Notice {
    Notice::well(at(second), subject("nightly"), "succeeded")
}

fn rule() -> AlertRule {
    AlertRule { sinks: vec!["ops".to_owned()], ..AlertRule::new("r", [Condition::Failed, Condition::HostLost]) }
}

/// One judgement after the other, as hosts do it over time.
struct Story {
    rule: AlertRule,
    known: Vec<Incident>,
    told: Vec<AlertKind>,
}

impl Story {
    fn of(rule: AlertRule) -> Self {
        Self { rule, known: Vec::new(), told: Vec::new() }
    }

    fn judge(&mut self, notices: &[Notice], now: i64) -> Vec<AlertKind> {
        let judgement = judge(std::slice::from_ref(&self.rule), notices, self.known.clone(), at(now));
        for incident in judgement.incidents {
            self.known.retain(|known| known.id != incident.id);
            self.known.extend((incident.state != IncidentState::Closed).then_some(incident));
        }
        let kinds: Vec<_> = judgement.alerts.iter().map(|alert| alert.kind).collect();
        self.told.extend(&kinds);
        kinds
    }
}

#[test]
fn a_thousand_failures_are_one_message_and_the_first_success_one_more() {
    let mut story = Story::of(rule());
    let flood: Vec<_> = (0..1_000).map(|second| failed(second, &format!("row {second} of 10.0.0.{second}"))).collect();
    assert_eq!(story.judge(&flood, 1_000), [AlertKind::Opened]);
    assert_eq!(story.judge(&flood, 9_000), []);
    assert_eq!(story.known[0].count, 2_000);
    assert_eq!(story.judge(&[well(9_001), well(9_002)], 9_002), [AlertKind::Recovered]);
    assert_eq!(story.known, []);
}

#[test]
fn it_is_told_at_the_nth_failure_in_a_row() {
    let mut story = Story::of(AlertRule { after: 3, ..rule() });
    assert_eq!(story.judge(&[failed(0, "no"), failed(1, "no"), well(2)], 2), [], "and nothing is over");
    assert_eq!(story.judge(&[failed(3, "no")], 3), []);
    assert_eq!(story.judge(&[failed(4, "no")], 4), []);
    assert_eq!(story.judge(&[failed(5, "no")], 5), [AlertKind::Opened]);
}

#[test]
fn what_is_no_run_is_told_at_once() {
    let mut story = Story::of(AlertRule { after: 3, ..rule() });
    let lost = Notice::wrong(at(0), Subject::Host("a".to_owned()), Condition::HostLost, "silent");
    assert_eq!(story.judge(&[lost], 0), [AlertKind::Opened]);
}

#[test]
fn another_error_is_told_but_not_faster_than_every_five_minutes_and_not_for_ever() {
    let mut story = Story::of(rule());
    story.judge(&[failed(0, "disk full")], 0);
    assert_eq!(story.judge(&[failed(1, "no route")], 1), [], "too soon");
    assert_eq!(story.judge(&[failed(2, "no route")], 300), [AlertKind::Changed], "and yet not forgotten");
    let words = ["a", "b", "c", "d", "e", "f", "g"];
    for (round, word) in (2..).zip(words) {
        story.judge(&[failed(round, word)], round * 300);
    }
    assert_eq!(story.told.len() as u32, 1 + CHANGES);
}

#[test]
fn what_differs_every_time_is_no_other_error() {
    let same = |a, b| assert_eq!(gist(Condition::Failed, a), gist(Condition::Failed, b));
    same("row 17: host 10.0.0.1:443 away", "row 9: host 10.2.0.99:80 away");
    same("run 0197f3a4-11bc refused", "run 0297f3a4-12bd refused");
    assert_ne!(gist(Condition::Failed, "no route"), gist(Condition::Failed, "no space"));
    assert_ne!(gist(Condition::Failed, "no"), gist(Condition::Missed, "no"));
}

#[test]
fn a_reminder_comes_each_time_the_rule_says_until_somebody_knows() {
    let mut story = Story::of(AlertRule { remind: Some(Duration::from_secs(3_600)), ..rule() });
    story.judge(&[failed(0, "no")], 0);
    assert_eq!(story.known[0].look_at(Some(&story.rule)), Some(at(3_600)));
    assert_eq!(story.judge(&[], 3_599), []);
    assert_eq!(story.judge(&[], 3_600), [AlertKind::Reminder]);
    assert_eq!(story.judge(&[], 3_601), []);
    let until = Some(at(20_000));
    let known = Acknowledgement { by: "ana".to_owned(), reason: None, at: at(3_700), until };
    story.known[0].acknowledged = Some(known.clone());
    assert_eq!(story.judge(&[failed(7_300, "another")], 9_000), [], "quiet");
    assert_eq!(story.judge(&[], 20_000), [AlertKind::Reminder]);
    story.known[0].acknowledged = Some(Acknowledgement { until: None, ..known });
    assert_eq!(story.judge(&[], 90_000), []);
    assert_eq!(story.judge(&[well(90_001)], 90_001), [AlertKind::Recovered], "that it is over is told");
}

#[test]
fn without_its_rule_an_incident_ends_in_silence() {
    let mut story = Story::of(rule());
    story.judge(&[failed(0, "no")], 0);
    let judgement = judge(&[], &[well(1)], story.known.clone(), at(1));
    assert_eq!((judgement.incidents.len(), judgement.alerts.len()), (1, 0));
    assert_eq!(judgement.incidents[0].state, IncidentState::Closed);
}

#[test]
fn a_rule_that_wants_no_word_at_the_end_gets_none() {
    let mut story = Story::of(AlertRule { recovery: false, ..rule() });
    story.judge(&[failed(0, "no")], 0);
    assert_eq!(story.judge(&[well(1)], 1), []);
}

#[test]
fn each_message_has_an_id_of_its_own_that_names_the_incident() {
    let mut story = Story::of(rule());
    let judgement = judge(std::slice::from_ref(&story.rule), &[failed(0, "no"), well(1)], Vec::new(), at(1));
    let id = judgement.incidents[0].id;
    let ids: Vec<_> = judgement.alerts.iter().map(Alert::id).collect();
    assert_eq!(ids, [format!("{id}-1"), format!("{id}-2")]);
    assert_eq!(story.judge(&[], 0), []);
}

proptest! {
    /// However failures and successes come and however they are cut into judgements: messages open and close in turn.
    #[test]
    fn openings_and_recoveries_come_in_turn(steps in prop::collection::vec((any::<bool>(), 0_i64..400, any::<bool>()), 0..60), after in 1_u32..4) {
        let mut story = Story::of(AlertRule { after, ..rule() });
        let (mut now, mut waiting) = (0, Vec::new());
        for (fails, wait, cut) in steps {
            now += wait;
            waiting.push(if fails { failed(now, "no") } else { well(now) });
            if cut {
                story.judge(&waiting, now);
                waiting.clear();
            }
        }
        story.judge(&waiting, now);
        for (place, kind) in story.told.iter().enumerate() {
            let expected = if place % 2 == 0 { AlertKind::Opened } else { AlertKind::Recovered };
            prop_assert_eq!(*kind, expected);
        }
    }
}
