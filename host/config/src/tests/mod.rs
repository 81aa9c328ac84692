mod alerts;
mod body;
mod connections;
mod identity;
mod layers;
mod log_file;
mod named;
mod network;
mod queues;
mod refusals;
mod schema;
mod terms;
mod upgrades;

use std::fs;
use std::path::Path;

use noontide_domain::{CatchUpMode, ExitMeaning, Overlap, SecretSource};
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
    LoadRequest { dir: dir.to_owned(), show: true, ..LoadRequest::default() }
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
description = "每晚一次, für alle"
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
args    = ["--quiet", "x y"]
exit-codes = { 3 = "skipped" }
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
    assert_eq!(grant.args, ["--quiet", "x y"]);
    assert_eq!(grant.exit_codes, BTreeMap::from([(3, ExitMeaning::Skipped)]));
}

#[test]
fn of_a_variable_that_comes_from_the_hosts_environment_its_source_is_known() {
    let text =
        "[plugin.mail]\nenv = { A = { env = \"X\" }, B = \"at ${X}\", C = \"5 $$\", D = \"d\", E = \"${Y:-e}\" }\n";
    let dir = folder(&[("a.toml", text)]);
    let vars = BTreeMap::from([("X".to_owned(), "x".to_owned())]);
    let loaded = load(&LoadRequest { vars, ..request(dir.path()) }).expect("loaded");
    let grant = &loaded.config.grants[&"mail".parse().expect("a name")];
    assert_eq!(grant.env.values().map(String::as_str).collect::<Vec<_>>(), ["x", "at x", "5 $", "d", "e"]);
    let sources: Vec<_> = grant.env_from.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    assert_eq!(sources, [("A", "env X"), ("B", "at ${X}"), ("E", "${Y:-e}")]);
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
fn a_file_cut_off_at_any_byte_never_panics_and_every_complaint_has_its_line_and_column() {
    let dir = folder(&[("a.toml", "")]);
    for end in 0..GOOD.len() {
        fs::write(dir.path().join("a.toml"), &GOOD.as_bytes()[..end]).expect("written");
        let (loaded, found) = match load(&request(dir.path())) {
            Ok(loaded) => (loaded.config.schedules.len() + loaded.config.faulty.len(), loaded.problems),
            Err(Refused(problems)) => (0, problems),
        };
        assert!(found.iter().all(|problem| matches!(problem.place, Place::File { .. })), "{end}: {found:?}");
        // What is cut between two lines is a shorter file and nothing else; only there may the schedule be missing.
        let begun = GOOD.as_bytes()[..end].windows(18).any(|bytes| bytes == b"[schedule.nightly]");
        assert!(!begun || loaded == 1 || !found.is_empty(), "{end}: a schedule is gone and nobody says so");
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

mod times;
