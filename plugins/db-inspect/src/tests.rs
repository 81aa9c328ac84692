use std::collections::BTreeSet;

use noontide_sdk::serde_json::{Value, from_str};
use noontide_sdk::sql::{Dialect, Rows, SqlError};
use noontide_sdk::{Outcome, TestCall, json, params};

use super::*;
use crate::check::{Check, Covers};
use crate::level::Level;
use crate::rule::Rule;

fn every_check() -> impl Iterator<Item = &'static Check> {
    postgresql::checks().chain(mysql::checks())
}

/// A PostgreSQL that answers each statement that was not scripted before with no rows.
fn postgresql_of(call: TestCall, name: &str, monitors: bool) -> TestCall {
    let facts = Rows::new(["version", "banner", "monitors", "statements"]);
    let facts = facts.with(params![150_018, "PostgreSQL 15.18", monitors, None::<&str>]);
    call.sql_answer(name, "server_version_num", facts).sql_answer(name, "select", Rows::new(["subject", "value"]))
}

fn call(level: &str) -> TestCall {
    Call::test().handler("inspect").input(json!({ "connections": ["shop"], "level": level }))
}

fn ends(call: &TestCall) -> Value {
    let Ok(Outcome::Done(result)) = plugin().run(call) else { panic!("{:?}", plugin().run(call)) };
    from_str(&result).unwrap()
}

fn report(call: &TestCall) -> Value {
    from_str(std::str::from_utf8(&call.artifact("report.json").unwrap().content).unwrap()).unwrap()
}

fn check<'r>(report: &'r Value, id: &str) -> &'r Value {
    let checks = report["connections"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == id).unwrap_or_else(|| panic!("no check {id}"))
}

#[test]
fn ids_are_unique_and_every_severe_finding_comes_with_advice_in_both_languages() {
    let mut seen = BTreeSet::new();
    for check in every_check() {
        assert!(seen.insert(check.id), "{} is there twice", check.id);
        let told = matches!(check.rule, Rule::Told(_) | Rule::Expected(_));
        for language in [phrase::Language::En, phrase::Language::Zh] {
            assert!(!check.title.spoken(language).is_empty(), "{}", check.id);
            assert!(told || !check.advice.spoken(language).is_empty(), "{} gives no advice", check.id);
        }
    }
}

#[test]
fn the_page_about_this_plugin_lists_every_check_and_its_level() {
    let page = include_str!("../../../docs/db-inspect.md");
    for check in every_check() {
        let (level, title) = (check.level.name(), check.title);
        let line = [level, title].map(|phrase| phrase.spoken(phrase::Language::En)).join(" | ");
        assert!(
            page.contains(&format!("| `{}` | {line} |", check.id)),
            "docs/db-inspect.md lacks `{}` | {line}",
            check.id
        );
    }
}

#[test]
fn statements_about_the_window_bind_its_two_ends_and_others_bind_nothing() {
    for check in every_check() {
        for (_, statement) in check.ask {
            let marks = statement.matches('?').count() + statement.matches("to_timestamp($").count();
            let expected = if check.covers == Covers::Window { 2 } else { 0 };
            assert_eq!(marks, expected, "{}", check.id);
        }
    }
}

#[test]
fn a_setting_that_is_expected_is_also_asked_for() {
    for check in every_check() {
        let Rule::Expected(expectations) = &check.rule else { continue };
        for expectation in *expectations {
            let asked =
                check.ask.iter().all(|(_, statement)| statement.contains(&format!("'{}'", expectation.setting)));
            assert!(asked, "{}: {} is not asked for", check.id, expectation.setting);
        }
    }
}

#[test]
fn each_level_takes_the_steps_of_the_smaller_ones_and_more() {
    let steps = |level: Level| {
        let call = postgresql_of(
            call(level.name().spoken(phrase::Language::En)).sql_granted("shop", Dialect::Postgresql),
            "shop",
            true,
        );
        ends(&call);
        let checks = report(&call)["connections"][0]["checks"].as_array().unwrap().clone();
        checks.into_iter().map(|check| check["check"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let taken = Level::ALL.map(steps);
    for (smaller, larger) in taken.iter().zip(&taken[1..]) {
        assert!(smaller.is_subset(larger) && smaller.len() < larger.len(), "{smaller:?} {larger:?}");
    }
}

#[test]
fn what_is_wrong_is_in_all_reports_and_the_result_names_the_worst() {
    let sick = Rows::new(["subject", "value"]).with(params!["public.<orders>", 4096]);
    let call = call("weekly").sql_granted("shop", Dialect::Postgresql).sql_answer("shop", "k.contype = 'p'", sick);
    let call = postgresql_of(call, "shop", true);
    let result = ends(&call);
    assert_eq!((&result["critical"], &result["warning"]), (&json!(0), &json!(1)));
    assert_eq!(result["worst"][0]["check"], "pg-no-primary-key");
    let text = |name| String::from_utf8(call.artifact(name).unwrap().content).unwrap();
    assert_eq!(check(&report(&call), "pg-no-primary-key")["findings"][0]["severity"], "warning");
    assert!(text("report.html").contains("public.&lt;orders&gt;") && !text("report.html").contains("<orders>"));
    assert!(text("report.md").contains("| warning | Tables without primary key | public.&lt;orders> | 4 KiB |"));
    assert!(
        text("report.csv")
            .contains("pg-no-primary-key,Tables without primary key,now,warning,public.<orders>,4 KiB,4096,B")
    );
}

#[test]
fn the_window_is_the_schedules_or_else_the_levels_span_up_to_the_due_instant() {
    let ends_of = |call: TestCall| {
        let call = postgresql_of(call.sql_granted("shop", Dialect::Postgresql), "shop", true);
        let result = ends(&call);
        let asked =
            call.statements("shop").into_iter().find(|statement| statement.text.contains("pg_ls_logdir")).unwrap();
        (result["from"].clone(), result["to"].clone(), asked.parameters)
    };
    let (from, to) = ("2025-12-28T00:00:00Z".parse().unwrap(), "2025-12-31T00:00:00Z".parse().unwrap());
    let given = ends_of(call("daily").window(from, to));
    assert_eq!(
        given,
        (
            json!("2025-12-28T00:00:00+00:00"),
            json!("2025-12-31T00:00:00+00:00"),
            params![from.timestamp(), to.timestamp()]
        )
    );
    assert_eq!(ends_of(call("weekly")).0, "2025-12-25T00:00:00+00:00");
}

#[test]
fn what_is_not_shown_is_a_notice_that_says_what_to_grant_and_the_rest_goes_on() {
    let refusal = SqlError::Refused { code: "42501".into(), message: "permission denied for table pg_authid".into() };
    let call = call("weekly").sql_granted("shop", Dialect::Postgresql).sql_fails("shop", "from pg_authid", refusal);
    let call = postgresql_of(call, "shop", false);
    ends(&call);
    let report = report(&call);
    let finding = &check(&report, "pg-no-password")["findings"][0];
    assert_eq!(
        (&finding["severity"], &finding["found"]),
        (&json!("notice"), &json!("not visible: permission denied for table pg_authid"))
    );
    let hidden = &check(&report, "pg-connections")["findings"][0];
    assert_eq!(
        (&hidden["found"], &hidden["advice"]),
        (&json!("not visible"), &json!("GRANT pg_monitor TO this account;"))
    );
    assert!(
        !call.statements("shop").iter().any(|asked| asked.text.contains("pg_stat_activity")),
        "what is hidden is not asked"
    );
    assert_eq!(check(&report, "pg-extensions")["findings"][0]["found"], "none");
}

#[test]
fn a_statement_that_takes_too_long_is_a_warning_and_the_rest_goes_on() {
    let slow = SqlError::TimedOut { after: std::time::Duration::from_secs(30) };
    let call = call("daily").sql_granted("shop", Dialect::Postgresql).sql_fails("shop", "pg_database_size", slow);
    let call = postgresql_of(call, "shop", true);
    assert_eq!(ends(&call)["worst"][0]["found"], "no answer: the statement was stopped after 30000 ms");
    assert_eq!(check(&report(&call), "pg-wal-size")["findings"][0]["severity"], "ok");
}

#[test]
fn a_memory_of_another_version_is_no_memory() {
    let call = call("daily").sql_granted("shop", Dialect::Postgresql).state_before("connection/shop", json!("old"));
    ends(&postgresql_of(call, "shop", true));
}

#[test]
fn growth_and_counts_are_judged_against_the_previous_inspection() {
    let mib = |count: i64| count * 1024 * 1024;
    let sizes = |size| Rows::new(["subject", "value"]).with(params!["shop", mib(size)]);
    let run = |size, before: Option<Value>| {
        let call =
            call("daily").sql_granted("shop", Dialect::Postgresql).sql_answer("shop", "pg_database_size", sizes(size));
        let call = postgresql_of(call, "shop", true);
        let call = match before {
            Some(memory) => call.state_before("connection/shop", memory),
            None => call,
        };
        ends(&call);
        (check(&report(&call), "pg-database-size")["findings"][0].clone(), call.state_after("connection/shop"))
    };
    let (first, memory) = run(1_000, None);
    assert_eq!(
        (&first["severity"], &first["found"]),
        (&json!("ok"), &json!("1000 MiB (first seen, nothing to compare with)"))
    );
    let (grown, _) = run(1_300, memory.clone());
    assert_eq!(
        (&grown["severity"], &grown["found"]),
        (&json!("warning"), &json!("1.3 GiB (+300 MiB since 2026-01-01 00:00 UTC)"))
    );
    assert_eq!(run(1_050, memory).0["severity"], "ok", "little growth never matters");
}

#[test]
fn a_database_that_is_away_is_critical_in_the_report_of_the_others() {
    let away = || SqlError::Unavailable("connection refused".into());
    let call = Call::test().handler("inspect").input(json!({ "connections": ["shop", "gone"] }));
    let call = call.sql_granted("gone", Dialect::Mysql).sql_fails("gone", "select", away());
    let call = postgresql_of(call.sql_granted("shop", Dialect::Postgresql), "shop", true);
    let result = ends(&call);
    assert_eq!((&result["worst"][0]["connection"], &result["worst"][0]["check"]), (&json!("gone"), &json!("reached")));
    assert_eq!(result["connections"][1]["server"], json!(null));

    let alone = Call::test().handler("inspect").input(json!({ "connections": ["gone"] }));
    let alone = alone.sql_granted("gone", Dialect::Mysql).sql_fails("gone", "select", away());
    let Err(Failure::Retryable { message, .. }) = plugin().run(&alone) else { panic!("it may come back") };
    assert!(message.contains("gone: the database is unavailable: connection refused"), "{message}");
    assert!(alone.artifact("report.html").is_none());
}

#[test]
fn a_connection_lost_half_way_is_critical_and_keeps_its_older_memory() {
    let lost = SqlError::Unavailable("connection reset".into());
    let call = call("daily").sql_granted("shop", Dialect::Postgresql).sql_fails("shop", "pg_prepared_xacts", lost);
    let call = postgresql_of(call, "shop", true);
    assert_eq!(ends(&call)["critical"], 1);
    assert_eq!(
        check(&report(&call), "reached")["findings"][0]["found"],
        "no answer: the database is unavailable: connection reset"
    );
    assert_eq!(call.state_after("connection/shop"), None);
}

#[test]
fn what_was_never_granted_fails_for_good_and_says_what_to_write() {
    let Err(Failure::Permanent(message)) = plugin().run(&call("daily")) else { panic!("no permanent failure") };
    assert!(message.contains("shop: connection `shop` is not granted: add `sql = [\"shop\"]`"), "{message}");
    let sqlite = call("daily").sql_granted("shop", Dialect::Sqlite);
    let Err(Failure::Permanent(message)) = plugin().run(&sqlite) else { panic!("no permanent failure") };
    assert!(message.contains("SQLite has no server to inspect"), "{message}");
}

#[test]
fn input_that_cannot_be_meant_is_refused() {
    for (input, said) in [
        (json!({ "connections": [] }), "names no database"),
        (json!({ "connections": ["a", "a"] }), "names `a` twice"),
        (json!({ "connections": ["a"], "skip": ["pg-nothing"] }), "there is no such check"),
        (json!({ "connections": ["a"], "level": "hourly" }), "unknown variant `hourly`"),
        (json!({ "connections": ["a"], "thresholds": { "lagg": 1 } }), "unknown field `lagg`"),
    ] {
        let Err(Failure::InvalidInput(message)) = plugin().run(&Call::test().handler("inspect").input(input)) else {
            panic!("{said} is not said")
        };
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn a_request_to_stop_is_heeded_between_checks() {
    let call = postgresql_of(call("daily").sql_granted("shop", Dialect::Postgresql), "shop", true).cancelled_after(3);
    assert_eq!(plugin().run(&call), Err(Failure::Cancelled));
    assert_eq!(call.statements("shop").len(), 4, "the first question and three checks");
}
