//! Payloads that arrive as files: each is handed over once, whatever happens to the host, and none is lost.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Place, now_ms, until, within};

/// Longer than the host looks by itself.
const LOOK: Duration = Duration::from_secs(25);

fn place(more: &str) -> Place {
    let place = Place::new();
    place.plugin_as("live-notice", "live-notice.wasm");
    std::fs::create_dir(place.path("inbox")).expect("a folder");
    schedule(&place, more);
    place
}

fn schedule(place: &Place, more: &str) {
    place.schedules(&format!(
        "[schedule.live]\nhandler = \"live-notice/push\"\n\
         timetable = {{ unique = [\"channel_id\"], watch = \"../inbox\"{more} }}\n"
    ));
}

fn now() -> i64 {
    now_ms() / 1_000
}

fn line(at: i64, channel: &str) -> String {
    format!("{}\n", json!({ "at": at, "payload": { "channel_id": channel, "title": format!("Talk {channel}") } }))
}

fn arrives(place: &Place, name: &str, text: &str) {
    let beside = place.path("inbox").join(format!("{name}.part"));
    std::fs::write(&beside, text).expect("writes");
    std::fs::rename(&beside, place.path("inbox").join(name)).expect("renames");
}

fn find(place: &Place, folder: &str, ending: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(place.path("inbox").join(folder)).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with(ending))
}

async fn appears(place: &Place, folder: &str, ending: &str) -> PathBuf {
    within(LOOK, &format!("{ending} in {folder}/"), async || find(place, folder, ending)).await
}

async fn counts(place: &Place, name: &str) -> Value {
    let told = appears(place, "done", &format!("{name}.counts")).await;
    appears(place, "done", name).await;
    serde_json::from_slice(&std::fs::read(told).expect("reads")).expect("JSON")
}

#[tokio::test]
async fn files_of_both_kinds_are_handed_over_and_their_counts_lie_beside_them() {
    let place = place("");
    let host = place.serve().await;
    let document =
        json!({ now().to_string(): [{ "channel_id": "A", "title": "Talk A" }], "1602349200": [{ "channel_id": "B" }] });
    arrives(&place, "a.json", &document.to_string());
    let told = counts(&place, "a.json").await;
    assert_eq!((&told["accepted"], &told["out_of_window"], &told["schedule"]), (&json!(1), &json!(1), &json!("live")));
    let instant = now();
    arrives(&place, "b.jsonl", &[line(instant, "C"), line(instant, "C"), line(instant + 1, "D")].concat());
    let told = counts(&place, "b.jsonl").await;
    assert_eq!((&told["accepted"], &told["duplicate"]), (&json!(2), &json!(1)), "{told}");
    until("all ran", async || {
        let runs = host.api().list("/runs?state=succeeded").await;
        (runs.len() == 3).then_some(())
    })
    .await;
    assert!(find(&place, "taking", ".json").is_none() && find(&place, "", ".json").is_none());
}

#[tokio::test]
async fn a_file_that_is_wrong_is_put_aside_with_the_reason_and_nothing_of_it_is_kept() {
    let place = place("");
    let host = place.serve().await;
    arrives(&place, "bad.jsonl", &(line(now(), "A") + &line(now(), "B").replace("\"B\"", "[12, 23]")));
    arrives(&place, "half.json", "{\"1602349200\": [");
    let linked = place.path("secret");
    std::fs::write(&linked, "{}").expect("writes");
    std::os::unix::fs::symlink(&linked, place.path("inbox/link.json")).expect("links");
    for (name, said) in [
        ("bad.jsonl", "line 2, timestamp"),
        ("bad.jsonl", "field `channel_id`: is a list"),
        ("half.json", "no timetable: EOF"),
        ("link.json", "symbolic link"),
    ] {
        let reason = appears(&place, "refused", &format!("{name}.error")).await;
        let reason = std::fs::read_to_string(reason).expect("reads");
        assert!(reason.starts_with(&format!("{name}: ")) && reason.contains(said), "{reason}");
        appears(&place, "refused", name).await;
    }
    assert!(host.api().list("/runs").await.is_empty());
    let oversize = std::fs::File::create(place.path("inbox/large.jsonl")).expect("creates");
    oversize.set_len(65 << 20).expect("a long file");
    let reason = appears(&place, "refused", "large.jsonl.error").await;
    assert!(std::fs::read_to_string(reason).expect("reads").contains("longer than the 67108864 bytes"));
}

#[tokio::test]
async fn what_was_handed_over_before_a_crash_is_not_handed_over_again_even_if_it_may_repeat() {
    let place = place(", repeatable = true");
    let host = place.serve().await;
    arrives(&place, "a.jsonl", &line(now(), "A"));
    let first = counts(&place, "a.jsonl").await;
    until("it ran", async || (host.api().list("/runs?state=succeeded").await.len() == 1).then_some(())).await;
    host.kill();
    // As a host leaves it that dies after the submission and before the move.
    let done = appears(&place, "done", "a.jsonl").await;
    std::fs::rename(&done, place.path("inbox/taking").join(done.file_name().expect("a name"))).expect("moves");
    std::fs::remove_file(done.with_extension("jsonl.counts")).expect("removes");
    let host = place.serve().await;
    assert_eq!(counts(&place, "a.jsonl").await, first, "what was told the first time");
    assert_eq!(host.api().list("/runs").await.len(), 1, "it ran once");
    arrives(&place, "a.jsonl", &std::fs::read_to_string(&done).expect("reads"));
    until("put there anew it is repeated", async || (host.api().list("/runs").await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn files_wait_while_their_schedule_is_paused_or_the_folder_is_away() {
    let place = place("");
    let host = place.serve().await;
    place.noontide(&["pause", "live"]);
    arrives(&place, "a.jsonl", &line(now(), "A"));
    let problem = |wanted: &'static str| {
        let place = &place;
        async move {
            within(LOOK, wanted, async || {
                let said = place.noontide(&["status", "-o", "json"]).json();
                said["problems"].to_string().contains(wanted).then_some(())
            })
            .await;
        }
    };
    problem("it is paused by").await;
    assert!(place.path("inbox/a.jsonl").exists());
    place.noontide(&["resume", "live"]);
    counts(&place, "a.jsonl").await;
    std::fs::rename(place.path("inbox"), place.path("away")).expect("moves");
    problem("inbox cannot be read").await;
    std::fs::rename(place.path("away"), place.path("inbox")).expect("moves");
    arrives(&place, "b.jsonl", &line(now(), "B"));
    counts(&place, "b.jsonl").await;
    until("both ran", async || (host.api().list("/runs?state=succeeded").await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn lines_go_through_the_command_line_too() {
    let place = place("");
    let host = place.serve().await;
    let text = line(now(), "A") + &line(now() - 7_200, "B");
    std::fs::write(place.path("streams.jsonl"), &text).expect("writes");
    let by_ending = place.noontide(&["submit", "live", "streams.jsonl", "-o", "json"]).json();
    assert_eq!((&by_ending["accepted"], &by_ending["out_of_window"]), (&json!(1), &json!(1)));
    let asked_for = place.noontide_reading(&["submit", "live", "-", "--format", "jsonl", "-o", "json"], &text).json();
    assert_eq!(asked_for["duplicate"], json!(1));
    let wrong = place.noontide_reading(&["submit", "live", "-", "--format", "jsonl"], &(text + "{"));
    assert!(wrong.code == 2 && wrong.err.contains("line 3, "), "{wrong:?}");
    host.stop().await;
}
