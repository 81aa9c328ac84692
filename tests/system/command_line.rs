//! The command line: questions that need no host, and the exit codes.

use serde_json::{Value, json};

use super::support::Place;

#[test]
fn explain_says_when_a_trigger_fires_across_a_clock_change() {
    let place = Place::new();
    let args = ["explain", "--cron", "*/5 9-17 * * MON-FRI", "--tz", "Europe/Berlin", "--from", "2026-03-27T16:50:00Z"];
    let said = place.noontide(&[&args[..], &["--count", "3", "-o", "json"]].concat()).json();
    assert_eq!(said["next"], json!(["2026-03-27T16:55:00Z", "2026-03-30T07:00:00Z", "2026-03-30T07:05:00Z"]));
    assert_eq!(said["tz"], "Europe/Berlin");
    let every = ["explain", "--every", "90m", "--from", "2026-01-01T00:00:00Z", "--count", "2", "-o", "json"];
    assert_eq!(place.noontide(&every).json()["next"], json!(["2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"]));
    let at = ["explain", "--at", "2026-10-01 00:00:00", "--tz", "Asia/Shanghai", "--from", "2026-01-01T00:00:00Z"];
    assert_eq!(place.noontide(&[&at[..], &["-o", "json"]].concat()).json()["next"], json!(["2026-09-30T16:00:00Z"]));
}

#[test]
fn a_bad_expression_is_refused_in_one_line_that_names_the_field() {
    let place = Place::new();
    for (expression, word) in [("61 * * * *", "minute"), ("* * * *", "five are needed"), ("0 0 30 2 *", "never fires")]
    {
        let said = place.noontide(&["explain", "--cron", expression]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert!(said.err.trim_end().lines().count() == 1 && said.err.contains(word), "{said:?}");
    }
}

#[test]
fn a_batch_of_questions_is_answered_line_by_line_in_the_same_order() {
    let place = Place::new();
    let questions = [
        json!({ "cron": "0 0 1 1 *", "tz": "UTC", "from": "2026-05-01T00:00:00Z", "count": 2 }),
        json!({ "cron": "not cron" }),
        json!({ "every": "30s", "start": "2026-01-01T00:00:00Z", "from": "2026-01-01T00:00:00Z", "count": 1 }),
        json!({ "at": "2020-01-01T00:00:00Z", "from": "2026-01-01T00:00:00Z" }),
        json!({ "crn": "* * * * *" }),
    ];
    let lines: Vec<_> = questions.iter().map(Value::to_string).collect();
    let said = place.noontide_reading(&["explain", "--batch"], &(lines.join("\n") + "\nno json\n"));
    assert_eq!(said.code, 0, "{said:?}");
    let answers: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), 6, "{said:?}");
    assert_eq!(answers[0]["next"], json!(["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]));
    assert_eq!(answers[2]["next"], json!(["2026-01-01T00:00:30Z"]));
    assert_eq!(answers[3]["next"], json!([]), "a date that has passed");
    for index in [1, 4, 5] {
        let error = answers[index]["error"].as_str().unwrap_or_else(|| panic!("{}", answers[index]));
        assert!(!error.contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn exit_codes_say_what_became_of_the_command() {
    let place = Place::new();
    place.plugin("hello");
    place.plugin("sleeper");
    place.schedules(
        "[schedule.hello]\nhandler = \"hello/greet\"\nmanual = true\n[schedule.slow]\nhandler = \"fixture-sleeper/run\"\nmanual = true\n",
    );
    let code = |args: &[&str]| place.noontide(args).code;
    assert_eq!(code(&["check"]), 0);
    assert_eq!(code(&["frobnicate"]), 2, "usage");
    assert_eq!(code(&["status"]), 5, "nobody is there");
    assert_eq!(code(&["healthcheck"]), 5, "nobody is there");
    let host = place.serve().await;
    assert_eq!(code(&["healthcheck"]), 0);
    assert_eq!(code(&["show", "hello"]), 0);
    assert_eq!(code(&["show", "nothing"]), 4, "not found");
    assert_eq!(code(&["runs", "--state", "done"]), 2, "usage");
    assert_eq!(code(&["fire", "slow", "--wait", "--timeout", "300ms"]), 8, "waited long enough");
    assert_eq!(code(&["fire", "hello", "--input", r#"{"name":5}"#]), 2, "a bad input");
    assert_eq!(
        place.noontide(&["runs", "--schedule", "hello", "-o", "json"]).out.trim(),
        "[]",
        "nothing is a list, too"
    );
    drop(host);
}

#[test]
fn config_show_tells_what_was_understood_and_where_it_stands() {
    let place = Place::new();
    place.conf("local/zone.toml", "timezone = \"Asia/Shanghai\"\n");
    let said = place.noontide(&["config", "show", "--origin"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Asia/Shanghai") && said.out.contains("zone.toml"), "{said:?}");
}
