//! `plugin build`, `run` and `dev`, with builds that copy plugins which are there: what they tell, and what they do about what is wrong.

use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::support::{Place, fixtures, until};

/// A plugin's folder whose build copies `src/plugin.wasm`; `fixture` is its name, too.
fn project(place: &Place, fixture: &str, tried: &str) {
    std::fs::create_dir_all(place.path("mine/src")).expect("a folder");
    let manifest = format!(
        "[plugin]\nname = \"fixture-{fixture}\"\n[build]\ncommand = [\"sh\", \"build.sh\"]\noutput = \"made.wasm\"\n\
         watch = [\"src\", \"build.sh\"]\n[try]\n{tried}\n"
    );
    std::fs::write(place.path("mine/noontide.toml"), manifest).expect("a file");
    std::fs::write(place.path("mine/build.sh"), "cp src/plugin.wasm made.wasm\n").expect("a file");
    source(place, fixture);
}

/// Written beside, then renamed, as editors save.
fn source(place: &Place, fixture: &str) {
    let beside = place.path("mine/plugin.wasm~");
    std::fs::copy(fixtures::wasm(fixture), &beside).expect("a copy");
    std::fs::rename(beside, place.path("mine/src/plugin.wasm")).expect("a name");
}

#[test]
fn what_is_built_is_checked_and_put_where_it_is_wanted() {
    let place = Place::new();
    project(&place, "echo", "");
    let built = place.noontide(&["plugin", "build", "mine"]);
    assert_eq!(built.code, 0, "{built:?}");
    assert!(
        built.err.contains("$ sh build.sh") && built.out.starts_with("mine/made.wasm: ok, fixture-echo "),
        "{built:?}"
    );
    let put = place.noontide(&["plugin", "build", "mine", "--to", "plugins", "-o", "json"]).json();
    assert_eq!((&put["file"], &put["name"]), (&json!("plugins/fixture-echo.wasm"), &json!("fixture-echo")));
    let (made, there) = (place.path("mine/made.wasm"), place.path("plugins/fixture-echo.wasm"));
    assert_eq!(std::fs::read(made).expect("made"), std::fs::read(there).expect("put"));
    assert_eq!(std::fs::read_dir(place.path("plugins")).expect("a folder").count(), 1, "nothing else is left there");
}

#[test]
fn a_build_that_cannot_end_well_says_why_in_one_line() {
    let place = Place::new();
    project(&place, "echo", "");
    let edit = |from: &str, to: &str| {
        let path = place.path("mine/noontide.toml");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(path, text.replace(from, to)).expect("a file");
    };
    let refused = |code: i32, words: &str| {
        let said = place.noontide(&["plugin", "build", "mine", "--quiet"]);
        let last = said.err.trim_end().lines().last().unwrap_or_default().to_owned();
        assert!(said.code == code && last.contains(words), "{words}: {said:?}");
    };
    edit("fixture-echo", "echo");
    refused(1, "it is called `fixture-echo`, and noontide.toml says `echo`");
    edit("made.wasm", "other.wasm");
    refused(1, "mine/other.wasm: the build ended well and did not make it");
    edit("other.wasm", "build.sh");
    refused(1, "mine/build.sh: ");
    std::fs::write(place.path("mine/build.sh"), "echo no good >&2; exit 3\n").expect("a file");
    refused(1, "the build failed: `sh build.sh` ended with exit status: 3");
    edit("[try]", "needs = [{ command = \"no-such-tool\", hint = \"apt-get install it\" }]");
    refused(4, "no-such-tool is missing: apt-get install it");
    edit("command = [\"sh\"", "commnd = [\"sh\"");
    refused(3, "mine/noontide.toml:4:1: [build] unknown key `commnd` — did you mean `command`?");
    assert_eq!(place.noontide(&["plugin", "build", "nowhere"]).code, 4);
    assert_eq!(place.noontide(&["plugin", "run", "mine"]).code, 3);
}

#[test]
fn a_call_is_told_who_it_is_and_tells_what_it_used_and_wrote() {
    let place = Place::new();
    project(&place, "state", "handler = \"count\"\ninput = {}");
    assert_eq!(place.noontide(&["plugin", "run", "mine"]).code, 4, "not built yet");
    assert_eq!(place.noontide(&["plugin", "build", "mine"]).code, 0);
    let first = place.noontide(&["plugin", "run", "mine"]);
    assert_eq!((first.code, first.out.trim()), (0, "1"), "{first:?}");
    assert!(first.err.contains("succeeded after ") && first.err.contains(" of 30s, "), "{first:?}");
    assert!(first.err.contains("of 64 MiB memory at most"), "{first:?}");
    assert!(first.err.contains("state: count = 1 (not kept; --state FILE keeps it)"), "{first:?}");

    std::fs::write(place.path("memory.json"), r#"{"schedule": {"count": 41, "other": [1]}}"#).expect("a file");
    let kept = place.noontide(&["plugin", "run", "mine", "--state", "memory.json", "-o", "json"]).json();
    assert_eq!((&kept["result"], &kept["state"]), (&json!(42), &json!({ "count": 42 })));
    assert_eq!(kept["provenance"]["effects"]["state-written"], json!({ "count": 1 }));
    assert_eq!(kept["limits"], json!({ "timeout_ms": 30_000, "memory_bytes": 64 << 20 }));
    let memory = || std::fs::read_to_string(place.path("memory.json")).expect("a file");
    assert_eq!(
        serde_json::from_str::<Value>(&memory()).expect("JSON"),
        json!({
            "schedule": { "count": 42, "other": [1] }, "plugin": {},
        })
    );
    let before = memory();
    let bad =
        place.noontide(&["plugin", "run", "mine", "--state", "memory.json", "--input", r#"{"fail":"permanent"}"#]);
    assert!(bad.code == 1 && bad.err.contains("fails after writing 43"), "{bad:?}");
    assert_eq!(memory(), before, "what failed has written nothing");
}

#[test]
fn a_program_is_told_its_fire_key_attempt_and_due_instant() {
    let place = Place::new();
    let wasm = fixtures::wasm("program");
    let wasm = wasm.to_str().expect("a path");
    let key = "00112233445566778899aabbccddeeff";
    let given = ["--fire-key", key, "--attempt", "2/3", "--due", "2026-03-01 08:00", "--tz", "Asia/Shanghai"];
    let told = place.noontide(&[&["plugin", "run", wasm, "--input", r#"{"args":["env"]}"#], &given[..]].concat());
    for words in [key, "NOONTIDE_ATTEMPT", "2026-03-01T00:00:00.000Z", "Asia/Shanghai"] {
        assert!(told.code == 0 && told.out.contains(words), "{words}: {told:?}");
    }
    for wrong in [["--attempt", "0"], ["--due", "soon"], ["--items", "nowhere"], ["--state", "plugins"]] {
        assert_eq!(place.noontide(&[&["plugin", "run", wasm], &wrong[..]].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn payloads_are_handed_over_and_what_became_of_each_is_told() {
    let place = Place::new();
    let wasm = fixtures::wasm("live-notice");
    let wasm = wasm.to_str().expect("a path");
    std::fs::write(place.path("items.jsonl"), "{\"no\": \"notice\"}\n7\n").expect("a file");
    let told = place.noontide(&["plugin", "run", wasm, "--items", "items.jsonl", "-o", "json"]);
    let value: Value = serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{told:?}"));
    let items = value["items"].as_array().expect("items");
    let numbers: Vec<_> = items.iter().map(|item| item["item"].as_str().unwrap_or_default()).collect();
    assert_eq!(numbers, ["1", "2"], "{value}");
    assert!(items.iter().all(|item| item["error"].as_str().is_some_and(|error| error.contains("payload"))), "{value}");
}

/// `plugin dev` as a process, with what it says in files.
struct Dev<'place> {
    place: &'place Place,
    child: Child,
}

impl<'place> Dev<'place> {
    fn begin(place: &'place Place) -> Self {
        let file = |name: &str| std::fs::File::create(place.path(name)).expect("a file");
        let mut command = place.command(&["plugin", "dev", "mine"]);
        command.stdin(Stdio::null()).stdout(file("dev.out")).stderr(file("dev.err"));
        Self { place, child: command.spawn().expect("the binary starts") }
    }

    /// Waits until it has said this so many times.
    async fn says(&mut self, words: &str, times: usize) {
        let place = self.place;
        let child = &mut self.child;
        let told = || {
            let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap_or_default();
            read("dev.out") + &read("dev.err")
        };
        until(&format!("`{words}` is said {times} times"), async || {
            assert!(child.try_wait().expect("a process").is_none(), "it ended by itself: {}", told());
            (told().matches(words).count() >= times).then_some(())
        })
        .await;
    }

    async fn interrupt(mut self) -> Option<i32> {
        let status = std::process::Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(status.expect("kill").success());
        until("it ends", async || self.child.try_wait().expect("a process")).await.code()
    }
}

#[tokio::test]
async fn dev_builds_and_calls_again_after_every_change_and_outlives_what_is_wrong() {
    let place = Place::new();
    project(&place, "echo", "input = { args = [1] }");
    let mut dev = Dev::begin(&place);
    dev.says("waiting for a change in mine", 1).await;
    dev.says("\"args\":[1]", 1).await;

    // A build that fails is told, and the next change is waited for.
    std::fs::write(place.path("mine/build.sh"), "echo broken; false\n").expect("a file");
    dev.says("the build failed: `sh build.sh`", 1).await;
    dev.says("waiting for a change", 2).await;
    std::fs::write(place.path("mine/build.sh"), "cp src/plugin.wasm made.wasm # mended\n").expect("a file");
    dev.says("built fixture-echo", 2).await;
    dev.says("waiting for a change", 3).await;

    // Other input, told as a difference to the last result; then a manifest that is wrong for a while.
    let manifest = place.path("mine/noontide.toml");
    let text = std::fs::read_to_string(&manifest).expect("a file");
    std::fs::write(&manifest, text.replace("[1]", "[2]")).expect("a file");
    dev.says("+     2", 1).await;
    dev.says("waiting for a change", 4).await;
    std::fs::write(&manifest, "[plugin").expect("a file");
    dev.says("mine/noontide.toml:1:8: this is not TOML", 1).await;
    dev.says("waiting for a change", 5).await;

    // Another plugin under the same name is refused, a changed one is called.
    std::fs::write(&manifest, &text).expect("a file");
    dev.says("waiting for a change", 6).await;
    source(&place, "noop");
    dev.says("it is called `fixture-noop`", 1).await;
    assert_eq!(dev.interrupt().await, Some(0));
    let told = std::fs::read_to_string(place.path("dev.err")).expect("what it said");
    assert!(!told.contains('\u{1b}'), "no escape codes without a terminal: {told:?}");
}

#[tokio::test]
async fn dev_stops_a_call_that_has_no_end() {
    let place = Place::new();
    project(&place, "sleeper", "input = { ms = 600000 }");
    std::fs::write(place.path("mine/build.sh"), "cp src/plugin.wasm made.wasm; echo it is made\n").expect("a file");
    let mut dev = Dev::begin(&place);
    dev.says("built fixture-sleeper", 1).await;
    assert_eq!(dev.interrupt().await, Some(0));
}
