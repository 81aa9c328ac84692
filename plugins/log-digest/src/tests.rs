use chrono::{DateTime, Utc};
use noontide_sdk::json;
use tempfile::TempDir;

use super::*;

const DPKG: &str = "\
2026-11-01 10:11:12 startup archives unpack
2026-11-01 10:11:12 install foo:amd64 <none> 1.2
2026-11-01 10:11:13 install bar:amd64 <none> 2.0
2026-11-01 10:11:14 configure foo:amd64 1.2 <none>
";

const APP: &str = "\
2026-11-01T10:00:00Z ERROR request 17 failed
  at handler 3
2026-11-01T11:00:00Z ERROR request 18 failed
2026-11-01T12:00:00Z INFO ready
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn over(folder: &TempDir) -> Input {
    Input { folder: folder.path().display().to_string(), ..Input::default() }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_package_log_is_counted_by_its_actions() {
    let folder = folder(&[("dpkg.log", DPKG), ("dpkg.log.1.gz", "not read")]);
    let report = digest(&Call::test(), over(&folder)).unwrap();
    assert_eq!((report.files, report.lines, report.in_window), (1, 4, 4));
    assert_eq!(report.actions["install"], 2);
    assert_eq!(report.actions["configure"], 1);
    assert!(report.levels.is_empty());
    assert!(report.markdown.contains("| install | 2 |"));
}

#[test]
fn only_lines_inside_the_window_count_and_a_continuation_belongs_to_its_line() {
    let folder = folder(&[("app.log", APP)]);
    let call = Call::test().window(instant("2026-11-01T09:00:00Z"), instant("2026-11-01T11:00:00Z"));
    let report = digest(&call, over(&folder)).unwrap();
    assert_eq!((report.lines, report.in_window), (4, 2));
    assert_eq!(report.levels["ERROR"], 1);
    assert_eq!(report.top[0], report::Frequent { count: 1, message: "at handler #".into() });
}

#[test]
fn times_without_a_zone_are_read_in_the_calls() {
    let folder = folder(&[("dpkg.log", DPKG)]);
    let window = (instant("2026-11-01T02:11:13Z"), instant("2026-11-01T03:00:00Z"));
    let call = Call::test().timezone("Asia/Shanghai").window(window.0, window.1);
    let report = digest(&call, over(&folder)).unwrap();
    assert_eq!((report.in_window, report.timezone.as_str()), (2, "Asia/Shanghai"));
}

#[test]
fn an_unknown_zone_is_said_and_read_as_utc() {
    let folder = folder(&[("dpkg.log", DPKG)]);
    let call = Call::test().timezone("Moon/Crater");
    assert_eq!(digest(&call, over(&folder)).unwrap().timezone, "UTC");
    assert_eq!(call.lines()[0].field("timezone"), Some("Moon/Crater"));
}

#[test]
fn a_missing_folder_fails_for_good_and_says_which_grant_is_needed() {
    let call = Call::test().handler("digest").input(json!({ "folder": "/no/such" }));
    let Err(Failure::Permanent(message)) = plugin().run(&call) else { panic!("no permanent failure") };
    assert!(message.starts_with("folder /no/such cannot be read"), "{message}");
    assert!(message.contains(r#"[plugin.log-digest] folders = { "/no/such" = { path = "/var/log", mode = "read" } }"#));
}

#[test]
fn progress_is_reported_per_file_and_a_request_to_stop_is_heeded() {
    let folder = folder(&[("a.log", APP), ("b.log", APP)]);
    let call = Call::test();
    digest(&call, over(&folder)).unwrap();
    let steps: Vec<_> = call.steps().iter().map(|step| (step.done, step.total)).collect();
    assert_eq!(steps, [(0, Some(2)), (1, Some(2)), (2, Some(2))]);

    let call = Call::test().cancelled_after(1);
    assert_eq!(digest(&call, over(&folder)).unwrap_err(), Failure::Cancelled);
}

#[test]
fn a_log_that_is_not_utf_8_is_read_all_the_same() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("odd.log"), b"ERROR caf\xe9\nERROR caf\xe9\n").unwrap();
    let report = digest(&Call::test(), over(&folder)).unwrap();
    assert_eq!(report.levels["ERROR"], 2);
}
