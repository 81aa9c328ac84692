//! What is answered: the trigger in words, the next instants, and what people stumble over.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use noontide_domain::{Lang, duration};
use serde_json::{Value, json};

use super::changes;
use super::question::Question;
use crate::output::Rows;
use crate::zone;

/// The answer to a [`Question`].
#[derive(Debug)]
pub struct Answer {
    trigger: String,
    words: String,
    zone: Tz,
    next: Vec<DateTime<Utc>>,
    notes: Vec<String>,
    lang: Lang,
}

impl Answer {
    /// Answers `question`.
    pub fn to(question: &Question, lang: Lang) -> Self {
        let next = instants(question);
        let mut notes = question.trigger.notes(lang);
        notes.extend(changes::notes(question, &next, lang));
        Self {
            trigger: format!("{} {}", question.trigger.kind(), question.trigger.text()),
            words: question.trigger.words(lang),
            zone: question.zone,
            next,
            notes,
            lang,
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "trigger": self.trigger,
            "words": self.words,
            "tz": self.zone.name(),
            "next": texts(&self.next),
            "notes": self.notes,
        })
    }

    /// For people.
    pub fn text(&self, shown_in: Tz, now: DateTime<Utc>) -> String {
        let mut text = format!("{}\n{}\n", self.trigger, self.words);
        if self.next.is_empty() {
            text.push_str("\nnothing follows\n");
        } else {
            let mut rows = Rows::of(["", "next", "utc", "from now"]);
            for due in &self.next {
                let weekday = zone::weekday(*due, shown_in, self.lang).to_owned();
                rows.push([weekday, zone::wall(*due, shown_in), zone::rfc3339(*due), duration::distance(*due - now)]);
            }
            text.push_str(&format!("\n{}\n", rows.drawn()));
        }
        for note in &self.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        text.trim_end().to_owned()
    }
}

/// The instants strictly after `from`, ascending; up to the year 9999, where RFC 3339 ends.
pub fn instants(question: &Question) -> Vec<DateTime<Utc>> {
    let after =
        |instant| question.trigger.next_after(instant, question.from).filter(|due: &DateTime<Utc>| due.year() <= 9999);
    std::iter::successors(after(question.from), |due| after(*due)).take(question.count).collect()
}

/// As JSON shows them.
pub fn texts(instants: &[DateTime<Utc>]) -> Vec<String> {
    instants.iter().map(|due| zone::rfc3339(*due)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn answered(line: Value) -> Value {
        let question = Question::read(line.as_object().unwrap(), clock::now()).unwrap();
        Answer::to(&question, Lang::En).json()
    }

    #[test]
    fn the_answer_has_the_five_fields_of_the_contract_and_instants_in_utc() {
        let answer = answered(json!({
            "cron": "*/5 9-17 * * MON-FRI", "tz": "Europe/Berlin", "from": "2026-03-28T00:00:00Z", "count": 2
        }));
        assert_eq!(answer["next"], json!(["2026-03-30T07:00:00Z", "2026-03-30T07:05:00Z"]));
        assert_eq!(answer["tz"], "Europe/Berlin");
        assert_eq!(answer["trigger"], "cron */5 9-17 * * MON-FRI");
        assert!(answer["words"].is_string() && answer["notes"].is_array(), "{answer}");
    }

    #[test]
    fn every_without_a_start_fires_first_one_length_after_from() {
        let answer = answered(json!({"every": "90m", "from": "2026-01-01T00:00:00Z", "count": 2}));
        assert_eq!(answer["next"], json!(["2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"]));
    }

    #[test]
    fn a_date_that_has_passed_is_answered_with_an_empty_list() {
        let answer = answered(json!({"at": "2020-01-01 00:00:00", "from": "2026-01-01T00:00:00Z"}));
        assert_eq!(answer["next"], json!([]));
    }

    #[test]
    fn a_table_shows_wall_time_and_utc_side_by_side() {
        let fields = json!({"at": "2026-10-01 00:00:00", "tz": "Asia/Shanghai", "from": "2026-09-01T00:00:00Z"});
        let question = Question::read(fields.as_object().unwrap(), clock::now()).unwrap();
        let text = Answer::to(&question, Lang::En).text(question.zone, question.from);
        assert!(text.contains("2026-10-01 00:00:00 CST") && text.contains("2026-09-30T16:00:00Z"), "{text}");
    }
}
