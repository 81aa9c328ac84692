use std::fs;
use std::path::Path;

use noontide_domain::{CatchUpMode, Overlap, SecretSource};
use tempfile::TempDir;

use super::*;

/// A configuration folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    dir
}

fn request(dir: &Path) -> LoadRequest {
    LoadRequest { dir: dir.to_owned(), ..LoadRequest::default() }
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let dir = folder(files);
    load(&request(dir.path())).unwrap_or_else(|refused| panic!("{refused}"))
}

/// All problems as text, without the temporary folder's name.
fn problems(files: &[(&str, &str)], vars: &[(&str, &str)]) -> Vec<String> {
    let dir = folder(files);
    let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let found = match load(&LoadRequest { vars, ..request(dir.path()) }) {
        Ok(loaded) => loaded.problems,
        Err(Refused(problems)) => problems,
    };
    found.iter().map(|problem| problem.to_string().replace(&format!("{}/", dir.path().display()), "")).collect()
}

const GOOD: &str = r#"
[schedule.nightly]
handler  = "mail/send"
cron     = "0 8 * * WED"
timezone = "Asia/Shanghai"
input    = { to = "${TO:-ops}", when = 2026-10-01T00:00:00Z, n = [1, 2.5, true] }
window   = "3d"
overlap  = "allow"
catch-up = { mode = "all", within = "2h", limit = 3 }
retry    = { attempts = 3, backoff = "10s", cap = "10m" }
timeout  = "90s"

[plugin.mail]
folders = { "/in" = "inbox", "/out" = { path = "outbox", mode = "write" } }
env     = { LEVEL = "high" }
secrets = { PASSWORD = { env = "MAIL_PASSWORD" }, KEY = { file = "/run/secrets/key" } }
limits  = { memory = "128MiB", timeout = "5m", log-lines = 50 }
"#;

#[test]
fn a_schedule_and_its_grants_become_domain_types() {
    let loaded = loaded(&[("a.toml", GOOD)]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let schedule = &loaded.config.schedules[0];
    assert_eq!(schedule.handler.to_string(), "mail/send");
    assert_eq!(schedule.timezone, chrono_tz::Asia::Shanghai);
    assert_eq!(schedule.input, serde_json::json!({"to": "ops", "when": "2026-10-01T00:00:00Z", "n": [1, 2.5, true]}));
    assert_eq!((schedule.overlap, schedule.retry.attempts), (Overlap::Allow, 3));
    assert_eq!((schedule.catch_up.mode, schedule.catch_up.limit), (CatchUpMode::All, 3));
    let grant = &loaded.config.grants[&"mail".parse().expect("a name")];
    assert!(grant.folders["/out"].write && !grant.folders["/in"].write);
    assert!(grant.folders["/in"].path.ends_with("inbox") && grant.folders["/in"].path.is_absolute());
    assert_eq!(grant.secrets["PASSWORD"], SecretSource::Env("MAIL_PASSWORD".into()));
    assert_eq!((grant.limits.memory, grant.limits.log_lines), (128 << 20, 50));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_the_way_out() {
    let text = r#"[schedule.nightly]
handler = "mail/send"
crn     = "0 8 * * *"

[schedule.weekly]
handler  = "mail/send"
cron     = "0 8 30 2 *"
timezone = "Asia/Shangai"

[schedule.both]
handler = "mail"
every   = "5m"
manual  = true
"#;
    assert_eq!(
        problems(&[("local/schedules.toml", text)], &[]),
        [
            "local/schedules.toml:1:11: schedule `nightly`: has no trigger; give exactly one of cron, every, at, manual",
            "local/schedules.toml:3:1: schedule `nightly`: unknown key `crn` — did you mean `cron`?",
            "local/schedules.toml:7:12: schedule `weekly`: `cron`: `0 8 30 2 *` never fires: day of month `30` does not exist in month `2`",
            "local/schedules.toml:8:12: schedule `weekly`: unknown time zone `Asia/Shangai` — did you mean `Asia/Shanghai`?",
            "local/schedules.toml:10:11: schedule `both`: has every and manual; exactly one trigger is possible",
        ]
    );
}

#[test]
fn one_bad_schedule_leaves_the_others_standing() {
    let loaded = loaded(&[("a.toml", "[schedule.bad]\nhandler = 1\n[schedule.good]\nhandler = \"a/b\"\nevery = 5\n")]);
    let names: Vec<_> = loaded.config.schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    assert_eq!(names, ["good"]);
    assert!(loaded.config.faulty.contains("bad"));
    assert!(loaded.problems.iter().all(|problem| problem.schedule() == Some("bad")));
}

#[test]
fn each_wrong_value_is_refused_in_one_line() {
    let cases = [
        ("every = \"0s\"", "shorter than 100ms"),
        ("every = -5", "no duration"),
        ("every = 1.5", "`every` is a number; a duration"),
        ("every = \"99999999999d\"", "longer than a thousand years"),
        ("every = \"5m\"\nstart = \"2026-02-01 00:00:00\"\nend = \"2026-01-01 00:00:00\"", "lies before `start`"),
        ("every = \"5m\"\nstart = \"tomorrow\"", "no date with a time"),
        ("at = []", "empty list"),
        ("at = \"2026-12-31 23:59:60\"", "leap second"),
        ("manual = false", "says nothing"),
        ("solar = \"sunset\"", "not in this version yet"),
        ("manual = true\noverlap = \"queue\"", "not in this version yet"),
        ("manual = true\noverlap = \"skipp\"", "skip or allow"),
        ("manual = true\ncatch-up = \"newest\"", "latest, all or none"),
        ("manual = true\ncatch-up = { within = \"1h\", limt = 2 }", "did you mean `limit`"),
        ("manual = true\nretry = 0", "at least 1"),
        ("manual = true\nretry = { backoff = \"1h\", cap = \"1m\" }", "shorter than `backoff`"),
        ("manual = true\ntimeout = \"0s\"", "is zero"),
        ("manual = true\nenabled = \"yes\"", "true or false is expected"),
        ("manual = true\ninput = { x = \"${NOPE}\" }", "variable NOPE is not set"),
        ("manual = true\ninput = { x = nan }", "no number that can be worked with"),
        ("cron = \"* * * *\"", "has 4 fields"),
    ];
    for (line, wanted) in cases {
        let found = problems(&[("a.toml", &format!("[schedule.x]\nhandler = \"a/b\"\n{line}\n"))], &[]);
        assert!(found.len() == 1 && found[0].contains(wanted) && !found[0].contains('\n'), "{line}: {found:?}");
        assert!(found[0].starts_with("a.toml:"), "{found:?}");
    }
}

#[test]
fn what_is_wrong_outside_schedules_and_plugins_refuses_the_whole() {
    let cases = [
        ("[htp]\nlisten = \"off\"", "a.toml:1:2: unknown key `htp` — did you mean `http`?"),
        ("[http]\nlisten = \"localhost\"", "a.toml:2:10: `listen` is `localhost`; an address with a port is expected"),
        ("[http]\nlisten = \"0.0.0.0:80\"", "a.toml:2:10: 0.0.0.0:80 can be reached from outside"),
        ("[engine]\nheartbeat = \"20s\"", "a.toml:2:13: `heartbeat` must fit twice"),
        ("[engine]\nconcurrency = 0", "a.toml:2:15: `concurrency` is 0; at least 1"),
        ("[log]\nformat = \"xml\"", "a.toml:2:10: `format` is `xml`"),
        ("[[alert]]\non = []", "not in this version yet"),
        ("timezone = \"Mars\"", "unknown time zone `Mars`"),
        ("schedule = 5", "`schedule` is an integer"),
        ("[schedule.x\n", "this is not TOML"),
    ];
    for (text, wanted) in cases {
        let dir = folder(&[("a.toml", text)]);
        let refused = load(&request(dir.path())).expect_err(text);
        let text = refused.to_string();
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn environments_lie_over_the_shared_files_and_say_where_a_value_comes_from() {
    let files = [
        ("a.toml", "[engine]\nconcurrency = 2\nlease = \"60s\"\n"),
        ("local/b.toml", "[engine]\nconcurrency = 3\n"),
        ("test/b.toml", "[engine]\nconcurrency = 4\n[http]\nlisten = \"off\"\n"),
    ];
    let dir = folder(&files);
    let with = |env: Option<&str>, vars: &[(&str, &str)]| {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&LoadRequest { env: env.map(str::to_owned), vars, ..request(dir.path()) }).expect("loaded")
    };
    assert_eq!(with(None, &[]).config.engine.concurrency, 3);
    assert_eq!(with(None, &[("APP_ENV", "test")]).config.engine.concurrency, 4);
    assert_eq!(with(Some("local"), &[("APP_ENV", "test")]).config.engine.concurrency, 3);
    let outside = with(None, &[("NOONTIDE__ENGINE__CONCURRENCY", "5")]);
    assert_eq!((outside.config.engine.concurrency, outside.config.engine.lease.as_secs()), (5, 60));
    let origin = |key: &str| outside.shown.iter().find(|shown| shown.key == key).expect(key).origin.clone();
    assert_eq!(origin("engine.concurrency"), "NOONTIDE__ENGINE__CONCURRENCY");
    assert!(origin("engine.lease").ends_with("a.toml:3:1"));
    assert!(origin("engine.drain").contains("built in"));
    let unknown =
        load(&LoadRequest { env: Some("prod".into()), ..request(dir.path()) }).expect_err("no such environment");
    assert!(unknown.to_string().contains("known are the folders local, test"), "{unknown}");
}

#[test]
fn a_token_is_named_not_written_and_does_not_show_itself() {
    let text = "[http]\nlisten = \"0.0.0.0:80\"\ntoken = { env = \"T\" }\n";
    assert!(problems(&[("a.toml", text)], &[])[0].contains("variable T is not set"));
    assert!(problems(&[("a.toml", text)], &[("T", "short")])[0].contains("at least 16"));
    assert!(problems(&[("a.toml", "[http]\ntoken = \"abc\"\n")], &[])[0].contains("named, not written"));
    let dir = folder(&[("a.toml", text)]);
    let vars = BTreeMap::from([("T".to_owned(), "0123456789abcdef".to_owned())]);
    let loaded = load(&LoadRequest { vars, ..request(dir.path()) }).expect("loaded");
    assert_eq!(loaded.config.http.token.as_ref().map(Secret::reveal), Some("0123456789abcdef"));
    assert!(!format!("{loaded:?}").contains("0123456789abcdef"));
}

#[test]
fn network_grants_are_refused_as_long_as_there_is_no_network() {
    let found = problems(&[("a.toml", "[plugin.x]\nhttp = [\"https://a\"]\n")], &[]);
    assert!(found[0].starts_with("a.toml:2:8: plugin `x`: `http` is not in this version yet"), "{found:?}");
}

#[test]
fn a_file_cut_off_anywhere_never_panics_and_every_complaint_has_a_place() {
    let dir = folder(&[("a.toml", "")]);
    for end in (0..GOOD.len()).filter(|end| GOOD.is_char_boundary(*end)) {
        fs::write(dir.path().join("a.toml"), &GOOD[..end]).expect("written");
        let found = match load(&request(dir.path())) {
            Ok(loaded) => loaded.problems,
            Err(Refused(problems)) => problems,
        };
        assert!(found.iter().all(|problem| problem.to_string().contains("a.toml:")), "{end}: {found:?}");
    }
}

#[test]
fn the_projects_own_configuration_is_good_in_every_environment() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conf");
    for env in ["local", "test", "online"] {
        let vars = BTreeMap::from([("NOONTIDE_TOKEN".to_owned(), "0123456789abcdef".to_owned())]);
        let loaded = load(&LoadRequest { env: Some(env.into()), vars, ..request(&dir) });
        let loaded = loaded.unwrap_or_else(|refused| panic!("{env}: {refused}"));
        assert!(loaded.problems.is_empty(), "{env}: {:?}", loaded.problems);
    }
}
