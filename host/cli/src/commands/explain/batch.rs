//! `explain --batch`: one question a line, one answer a line, each answered before the next is read.

use std::io::{BufRead, Write};

use serde_json::{Value, json};

use super::answer::{instants, texts};
use super::question::Question;
use crate::clock;
use crate::exit::{Done, Exit, Stop};

/// Answers every line of `questions`.
///
/// # Errors
/// If stdin or stdout breaks; a bad line is an answer, not an error.
pub fn answer_all(mut questions: impl BufRead, mut answers: impl Write) -> Done {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = questions.read_until(b'\n', &mut line).map_err(|e| Stop::failed(format!("reading stdin: {e}")))?;
        if read == 0 {
            return Ok(Exit::Ok);
        }
        writeln!(answers, "{}", answer(&line))?;
        answers.flush()?;
    }
}

fn answer(line: &[u8]) -> Value {
    match next(line) {
        Ok(next) => json!({ "next": next }),
        Err(reason) => json!({ "error": one_line(&reason) }),
    }
}

fn next(line: &[u8]) -> Result<Vec<String>, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| format!("the line is no JSON: {error}"))?;
    let Value::Object(fields) = value else { return Err("the line is no JSON object".to_owned()) };
    let question = Question::read(&fields, clock::now())?;
    Ok(texts(&instants(&question)))
}

/// Quoted input may hold line breaks.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(lines: &str) -> Vec<Value> {
        let mut out = Vec::new();
        assert_eq!(answer_all(lines.as_bytes(), &mut out), Ok(Exit::Ok));
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn error(line: &str) -> String {
        answered(line)[0]["error"].as_str().expect(line).to_owned()
    }

    #[test]
    fn every_line_has_its_answer_in_the_same_order() {
        let answers = answered(concat!(
            r#"{"cron":"*/5 * * * *","tz":"UTC","from":"2026-01-01T00:00:00Z","count":2}"#,
            "\n",
            "nonsense\n",
            "\n",
            r#"{"every":"30s","start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:30Z","from":"2025-01-01T00:00:00Z"}"#,
        ));
        assert_eq!(answers[0], json!({"next": ["2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"]}));
        assert!(answers[1]["error"].is_string() && answers[2]["error"].is_string());
        assert_eq!(answers[3], json!({"next": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"]}));
    }

    #[test]
    fn a_date_that_has_passed_has_an_empty_next() {
        let line = r#"{"at":"2020-01-01T00:00:00Z","from":"2026-01-01T00:00:00Z","count":3}"#;
        assert_eq!(answered(line), [json!({"next": []})]);
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_what_was_found() {
        assert_eq!(error(r#"{"cron":5}"#), "cron: expected text, found the number 5");
        assert_eq!(error(r#"{"cron":"* * * * *","tz":null}"#), "tz: expected text, found null");
        assert!(error(r#"{"cron":"* * * * *","count":"5"}"#).starts_with("count: expected a whole number"));
        assert!(error(r#"{"cron":"* * * * *","count":-1}"#).starts_with("count: "));
        assert!(error(r#"{"solar":"sunset","lat":"31","lon":121}"#).starts_with("lat: expected a number"));
        assert!(error("[1]").contains("no JSON object"));
    }

    #[test]
    fn an_unknown_field_is_named_with_the_nearest_one() {
        assert_eq!(error(r#"{"crn":"* * * * *"}"#), "unknown field `crn` — did you mean `cron`?");
    }

    #[test]
    fn what_belongs_to_another_kind_of_trigger_is_refused() {
        assert_eq!(error(r#"{"every":"5m","dialect":"quartz"}"#), "dialect: goes with cron, not with every");
        assert_eq!(error(r#"{"cron":"0 0 * * *","lat":5}"#), "lat: goes with solar, not with cron");
        assert!(error(r#"{"solar":"sunset","lat":31.23}"#).contains("needs both"));
    }

    #[test]
    fn each_kind_of_trigger_has_its_bounds_checked() {
        for line in [
            r#"{"solar":"sunset","lat":91,"lon":0}"#,
            r#"{"solar":"moonrise","lat":1,"lon":0}"#,
            r#"{"solar":"sunset","lat":1,"lon":0,"offset":"soon"}"#,
            r#"{"cron":"0 0 * * *","dialect":"cobol"}"#,
            r#"{"cron":"0 0 * * *","dst_gap":"both"}"#,
            r#"{"every":"-5m"}"#,
            r#"{"every":"NaN"}"#,
            r#"{"every":"1 fortnight"}"#,
            r#"{"at":[]}"#,
            r#"{"cron":"0 0 * * *","start":"2027-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}"#,
            r#"{"every":"5m","start":"2027-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}"#,
            r#"{"cron":"0 0 * * *","at":"2026-01-01T00:00:00Z"}"#,
        ] {
            assert!(!error(line).contains('\n'), "{line}");
        }
    }

    #[test]
    fn dialects_and_clock_changes_are_read_as_asked() {
        let line = |more: &str| {
            let line = format!(
                r#"{{"cron":"30 2 * * *","tz":"Europe/Berlin","from":"2026-03-28T12:00:00Z","count":1{more}}}"#
            );
            answered(&line)[0]["next"][0].clone()
        };
        assert_eq!(line(""), "2026-03-29T01:00:00Z");
        assert_eq!(line(r#","dst_gap":"skip""#), "2026-03-30T00:30:00Z");
        let quartz = r#"{"cron":"0 0 12 ? * 1","dialect":"quartz","from":"2026-11-21T00:00:00Z","count":1}"#;
        assert_eq!(answered(quartz), [json!({"next": ["2026-11-22T12:00:00Z"]})]);
        let table = r#"{"cron":{"minute":30,"hour":14,"week":"1-53/2"},"from":"2026-11-21T00:00:00Z","count":2}"#;
        assert_eq!(answered(table), [json!({"next": ["2026-11-21T14:30:00Z", "2026-11-22T14:30:00Z"]})]);
    }

    #[test]
    fn steps_of_the_calendar_keep_the_wall_time() {
        let line = r#"{"every":"1 month","start":"2026-01-31 09:00:00","tz":"Europe/Berlin","from":"2026-01-01T00:00:00Z","count":3}"#;
        let next = json!(["2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T07:00:00Z"]);
        assert_eq!(answered(line), [json!({ "next": next })]);
    }

    #[test]
    fn nothing_on_a_line_makes_it_panic() {
        let lines: [&[u8]; 9] = [
            b"\xff\xfe{}",
            b"{\"cron\":\"\\u0000\"}",
            b"{\"every\":\"0\"}",
            b"{\"every\":\"1ms\",\"from\":\"9999-12-31T23:59:59Z\",\"count\":3}",
            b"{\"cron\":\"0 0 29 2 *\",\"from\":\"9999-12-31T23:59:59Z\",\"tz\":\"Europe/Berlin\"}",
            b"{\"cron\":\"0 0 * * *\",\"from\":\"0000-01-01T00:00:00Z\",\"tz\":\"Pacific/Apia\"}",
            b"{\"every\":\"1000000000000w\"}",
            b"{\"at\":\"+262142-12-31 23:59:59\"}",
            b"{\"cron\":\"0 0 * * *\",\"count\":1e300}",
        ];
        for line in lines {
            let answer = answer(line);
            assert!(answer.get("next").is_some() != answer.get("error").is_some(), "{answer}");
        }
    }

    #[test]
    fn an_error_is_always_one_line() {
        assert!(!error(r#"{"cron":"a\nb"}"#).contains('\n'));
    }
}
