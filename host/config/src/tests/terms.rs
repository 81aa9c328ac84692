//! What a schedule takes away from its plugin's grant, and what its clock shows.

use noontide_domain::{Conditions, GuestClock, Kept};
use serde_json::json;

use super::*;

const PLUGIN: &str = r#"
[connection.shop]
url = "mysql://db/shop"
[plugin.report]
folders = { "/orders" = "orders", "/out" = { path = "out", mode = "write", quota = "1GiB" } }
env     = { REGION = "eu" }
secrets = { KEY = { file = "/run/secrets/key" } }
sql     = { shop = "read-write" }
limits  = { memory = "128MiB", output = "1MiB", concurrency = 2, fuel = 1_000_000 }
clock   = "due"
reuse   = 50
"#;

fn terms(lines: &str) -> Conditions {
    let text = format!("{PLUGIN}\n[schedule.x]\nhandler = \"report/run\"\nmanual = true\n{lines}\n");
    let loaded = loaded(&[("a.toml", &text)]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded.config.schedules[0].terms.clone().map(|terms| *terms).unwrap_or_default()
}

#[test]
fn a_plugin_has_a_clock_a_reuse_a_quota_and_more_limits() {
    let grant = loaded(&[("a.toml", PLUGIN)]).config.grants[&"report".parse().expect("a name")].clone();
    assert_eq!((grant.clock, grant.reuse.0.get()), (GuestClock::Due, 50));
    assert_eq!(grant.folders["/out"].quota, Some(1 << 30));
    let limits = grant.limits;
    assert_eq!((limits.output, limits.concurrency, limits.fuel), (1 << 20, Some(2), Some(1_000_000)));
}

#[test]
fn a_schedule_says_what_stays() {
    assert_eq!(terms(""), Conditions::default());
    let terms = terms(
        "clock = \"real\"\n[schedule.x.grant]\nfolders = { \"/out\" = \"read\" }\nenv = []\nsql = { shop = \"read-only\" }\n\
         limits = { memory = \"64MiB\", fuel = 5 }",
    );
    assert_eq!(terms.clock, Some(GuestClock::Real));
    assert_eq!(terms.grant.folders, Some([("/out".to_owned(), Kept::ReadOnly)].into()));
    assert_eq!(terms.grant.sql, Some([("shop".to_owned(), Kept::ReadOnly)].into()));
    assert_eq!((terms.grant.env, terms.grant.secrets), (Some(BTreeMap::new()), None));
    assert_eq!((terms.grant.limits.memory, terms.grant.limits.fuel), (Some(64 << 20), Some(5)));
}

#[test]
fn each_widening_is_refused_in_one_line_at_its_place() {
    for (line, place, wanted) in [
        ("folders = [\"/order\"]", "16:12", "`/order` is not granted to the plugin — did you mean `/orders`?"),
        ("folders = { \"/out\" = \"write\", \"/etc\" = \"read\" }", "16:40", "granted are /orders, /out"),
        ("folders = { \"/out\" = \"rw\" }", "16:22", "read or write is expected"),
        ("folders = { \"/orders\" = \"write\" }", "16:25", "granted for reading only"),
        ("env = [\"REGION\", \"PATH\"]", "16:18", "`PATH` is not granted"),
        ("env = { REGION = \"us\" }", "16:7", "a list of what is kept is expected"),
        ("kv = [\"cache\"]", "16:7", "it is granted nothing of this kind"),
        ("http = [\"https://example.com\"]", "16:9", "not granted"),
        ("limits = { memory = \"1GiB\" }", "16:21", "more than the plugin's 128 MiB"),
        ("limits = { timeout = \"1h\" }", "16:22", "more than the plugin's 30s"),
        ("limits = { fuel = 2_000_000 }", "16:19", "more than the plugin's 1000000"),
        ("limits = { concurrency = 1 }", "16:12", "unknown key `concurrency`"),
        ("folder = []", "16:1", "did you mean `folders`?"),
    ] {
        let head = "[schedule.x]\nhandler = \"report/run\"\nmanual = true\n[schedule.x.grant]\n";
        let found = problems(&[("a.toml", &format!("{PLUGIN}{head}{line}\n"))], &[]);
        let start = format!("a.toml:{place}: schedule `x`: ");
        assert!(found.len() == 1 && found[0].starts_with(&start) && found[0].contains(wanted), "{line}: {found:?}");
    }
}

#[test]
fn each_wrong_term_of_a_plugin_is_refused_in_one_line_at_its_place() {
    for (line, place, wanted) in [
        ("clock = \"noon\"", "2:9", "`noon` is no clock; real or due"),
        ("reuse = 0", "2:9", "at least 1"),
        ("limits = { output = \"1KiB\" }", "2:21", "at least 16 KiB"),
        ("limits = { output = \"1GiB\" }", "2:21", "over 16 MiB"),
        ("limits = { concurrency = 0 }", "2:26", "at least 1"),
        ("folders = { \"/in\" = { path = \"in\", quota = \"1GiB\" } }", "2:44", "set `mode = \"write\"`"),
    ] {
        let found = problems(&[("a.toml", &format!("[plugin.x]\n{line}\n"))], &[]);
        let start = format!("a.toml:{place}: plugin `x`: ");
        assert!(found.len() == 1 && found[0].starts_with(&start) && found[0].contains(wanted), "{line}: {found:?}");
    }
}

#[test]
fn a_grant_that_cannot_be_read_is_no_reason_to_complain_about_who_narrows_it() {
    let text = "[plugin.report]\nfolders = 5\n[schedule.x]\nhandler = \"report/run\"\nmanual = true\n\
                [schedule.x.grant]\nfolders = [\"/orders\"]\n";
    let loaded = loaded(&[("a.toml", text)]);
    assert_eq!((loaded.problems.len(), loaded.config.schedules.len()), (1, 1), "{:?}", loaded.problems);
}

#[test]
fn a_client_narrows_by_the_same_rules_and_names_stay_as_they_are_written() {
    let config = loaded(&[("a.toml", &PLUGIN.replace("/orders", "/my_orders"))]).config;
    let body = |grant| json!({ "handler": "report/run", "every": "5m", "clock": "due", "grant": grant });
    let read = |json: &serde_json::Value| config.schedule(Body { name: "mine", json, onto: None }, Vec::new);
    let good = read(&body(json!({ "folders": { "/my_orders": "read" }, "limits": { "log_lines": 3 } })));
    let terms = good.expect("a schedule").terms.expect("terms");
    assert_eq!((terms.grant.limits.log_lines, terms.clock), (Some(3), Some(GuestClock::Due)));
    assert!(terms.grant.folders.is_some_and(|folders| folders.contains_key("/my_orders")));
    let wrong = read(&body(json!({ "env": ["HOME"] }))).expect_err("refused");
    assert!(wrong[0].contains("`HOME` is not granted to the plugin; granted are REGION"), "{wrong:?}");
}
