//! Files come, change, break and go while the host runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use noontide_domain::ports::PluginHost;
use noontide_domain::{FolderGrant, Grant, Outcome, PluginStatus};
use serde_json::{Value, json};

use crate::stage::{Stage, call, fixture};

fn is_loaded(status: Option<&PluginStatus>) -> bool {
    status.is_some_and(|status| status.loaded.is_some() && status.error.is_none())
}

fn is_refused(status: Option<&PluginStatus>) -> bool {
    status.is_some_and(|status| status.error.is_some())
}

fn result(outcome: &Outcome) -> &Value {
    match outcome {
        Outcome::Succeeded { result: Some(result) } => result,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_and_goes_is_noticed_within_two_seconds() {
    let stage = Stage::of(&["noop"]).await; // Compiled once, so that the clock below is about noticing.
    std::fs::remove_file(stage.plugins.join("noop.wasm")).expect("removed");
    stage.sandbox.rescan().await;
    stage.sandbox.start_watching();
    stage.sandbox.rescan().await;
    assert_eq!(stage.sandbox.watcher(), "inotify");

    let begun = Instant::now();
    stage.put("again.wasm", &fixture("noop"));
    stage.until("again.wasm", is_loaded).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "added after {:?}", begun.elapsed());

    let begun = Instant::now();
    std::fs::remove_file(stage.plugins.join("again.wasm")).expect("removed");
    stage.until("again.wasm", |status| status.is_none()).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "removed after {:?}", begun.elapsed());
    let report = stage.call("fixture-noop", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Unavailable { .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_under_a_running_call_touches_only_the_next_one() {
    let stage = Stage::of(&["recorder"]).await;
    let folder = FolderGrant { path: stage.folder.path().to_owned(), write: true, quota: None };
    stage
        .grant("fixture-recorder", Grant { folders: BTreeMap::from([("/record".into(), folder)]), ..Grant::default() });
    stage.sandbox.start_watching();
    let (sandbox, old) = (stage.sandbox.clone(), call("fixture-recorder", json!({ "hold_ms": 3_000 })));
    let old = tokio::spawn(async move { sandbox.invoke(old).await });
    let before = stage.status("recorder.wasm").and_then(|status| status.loaded).expect("loaded").version;
    stage.put("recorder.wasm", &fixture("recorder-b"));
    let swapped = |status: Option<&PluginStatus>| {
        status.and_then(|status| status.loaded.as_ref()).is_some_and(|loaded| loaded.version != before)
    };
    stage.until("recorder.wasm", swapped).await;
    let new = stage.call("fixture-recorder", json!({})).await;
    assert_eq!(result(&new.outcome)["version"], "b");
    assert!(!old.is_finished(), "the old call was to outlast the swap");
    let old = old.await.expect("no panic");
    assert_eq!(result(&old.outcome)["version"], "a");
    assert_ne!(old.plugin, new.plugin);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_replacement_shows_its_error_and_the_good_version_goes_on() {
    let stage = Stage::of(&["noop"]).await;
    stage.put("noop.wasm", &fixture("noop")[..50_000]);
    stage.sandbox.rescan().await;
    let status = stage.status("noop.wasm").expect("still there");
    let error = status.error.expect("refused");
    assert_eq!(error.stage, "validate");
    assert!(error.message.contains("copy it again"), "{error}");
    assert!(status.loaded.is_some());
    let report = stage.call("fixture-noop", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    stage.put("noop.wasm", &fixture("noop"));
    stage.sandbox.rescan().await;
    assert!(is_loaded(stage.status("noop.wasm").as_ref()), "the good bytes are back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_was_good_explains_why_its_handler_is_missing() {
    let stage = Stage::empty();
    stage.put("fixture-noop.wasm", b"\0asm\x01\0\0\0");
    stage.sandbox.rescan().await;
    assert!(is_refused(stage.status("fixture-noop.wasm").as_ref()));
    let missing = stage.sandbox.check(&"fixture-noop".parse().expect("a handler"), &json!({}));
    let words = missing.expect_err("not loaded").to_string();
    assert!(words.contains("fixture-noop.wasm was refused: world: a core module"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_with_one_name_the_first_stays_until_it_goes() {
    let stage = Stage::empty();
    stage.put("b.wasm", &fixture("recorder-b"));
    stage.put("a.wasm", &fixture("recorder"));
    stage.sandbox.rescan().await;
    assert!(is_loaded(stage.status("a.wasm").as_ref()), "at the start the file name decides");
    let second = stage.status("b.wasm").expect("seen");
    let error = second.error.expect("refused");
    assert!(error.stage == "name" && error.message.contains("a.wasm holds the name"), "{error}");
    assert_eq!(second.loaded, None);
    std::fs::remove_file(stage.plugins.join("a.wasm")).expect("removed");
    stage.sandbox.rescan().await;
    assert!(is_loaded(stage.status("b.wasm").as_ref()), "the name has become free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_copied_is_not_read_half_way() {
    use std::io::Write;
    let stage = Stage::empty();
    stage.sandbox.start_watching();
    let whole = fixture("noop");
    let mut file = std::fs::File::create(stage.plugins.join("slow.wasm")).expect("made");
    let mut changes = stage.sandbox.changes();
    for part in whole.chunks(whole.len() / 5) {
        file.write_all(part).expect("written");
        // The next part comes before the file counts as still, and after a look may have begun.
        let quiet = tokio::time::timeout(Duration::from_millis(60), changes.changed()).await;
        assert!(quiet.is_err() || !is_refused(stage.status("slow.wasm").as_ref()), "{:?}", stage.status("slow.wasm"));
    }
    drop(file);
    stage.until("slow.wasm", is_loaded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_missing_is_named_and_watched_once_it_appears() {
    let stage = Stage::with(|settings| settings.plugins.push("later"));
    let folder = stage.plugins.join("later");
    stage.sandbox.rescan().await;
    let shown = stage.sandbox.plugins();
    let error = shown[0].error.as_ref().expect("an error");
    assert_eq!(shown[0].file, folder.display().to_string());
    assert!(error.message.contains("make it"), "{error}");
    stage.sandbox.start_watching();
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(folder.join("noop.wasm"), fixture("noop")).expect("written");
    stage.until("noop.wasm", is_loaded).await;
    assert_eq!(stage.sandbox.plugins().len(), 1, "the folder's error is gone");
}
