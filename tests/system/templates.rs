//! Every template of `plugin new`, from nothing to a schedule that fires, with the commands that it names itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::support::fixtures::{repository, toolchain};
use super::support::place::Said;
use super::support::{Host, Place, within};

/// What compilers may take on a busy machine.
const BUILD: Duration = Duration::from_secs(900);
/// What the largest plugin (a Python interpreter) may take to be compiled by the host.
const LOAD: Duration = Duration::from_secs(300);

#[tokio::test]
async fn every_template_is_built_checked_called_and_fires_in_a_running_host() {
    let languages = languages();
    assert!(languages.contains(&"rust".to_owned()), "{languages:?}");
    let mut left_out = Vec::new();
    for language in &languages {
        match walk(language).await {
            Ok(()) => println!("template {language}: built, checked, called, fired"),
            Err(missing) => left_out.push(format!("{language} ({})", missing.trim())),
        }
    }
    if !left_out.is_empty() {
        println!("LEFT OUT, {} of {} templates: {}", left_out.len(), languages.len(), left_out.join("; "));
        let all = std::env::var("NOONTIDE_TEMPLATES").is_ok_and(|which| which == "all");
        assert!(!all, "NOONTIDE_TEMPLATES=all, and left out: {}", left_out.join("; "));
    }
}

/// As the guide goes. `Err` with the words for what the machine lacks.
async fn walk(language: &str) -> Result<(), String> {
    let mut place = Place::new();
    rust(&mut place);
    let name = format!("demo-{language}");
    place.schedules(&format!(
        "[schedule.first]\nhandler = \"{name}\"\nevery = \"500ms\"\ninput = {{ name = \"Ada\" }}\n"
    ));
    let new = place.noontide(&["plugin", "new", &name, "--lang", language]);
    assert_eq!(new.code, 0, "{new:?}");
    lend_tools(&place, language, &name);
    let host = place.serve().await;

    let built = place.noontide_within(BUILD, &["plugin", "build", &name, "--to", "plugins"]);
    if built.code == 4 {
        return Err(built.err);
    }
    assert_eq!(built.code, 0, "{language}: {built:?}");
    assert!(built.out.starts_with(&format!("plugins/{name}.wasm: ok, {name} ")), "{built:?}");

    let file = format!("plugins/{name}.wasm");
    let checked = place.noontide_within(LOAD, &["plugin", "check", &file]);
    assert_eq!(checked.code, 0, "{language}: {checked:?}");
    called(language, &place.noontide_within(LOAD, &["plugin", "run", &name, "-o", "json"]));
    fired(&host, language).await;
    host.stop().await;
    Ok(())
}

/// Crates come from the machine's own cache: the same as those of the plugins here, which are built before.
fn rust(place: &mut Place) {
    place.set_var("RUSTUP_TOOLCHAIN", &toolchain());
    place.set_var("CARGO_NET_OFFLINE", "true");
}

fn called(language: &str, said: &Said) {
    let told = said.json();
    assert_eq!(told["outcome"], "succeeded", "{language}: {told}");
    assert!(!told["result"].is_null(), "{language}: a template shows a result: {told}");
    assert!(told["logs"].as_array().is_some_and(|lines| !lines.is_empty()), "{language}: and a line of log: {told}");
}

async fn fired(host: &Host, language: &str) {
    let api = host.api();
    let run = within(LOAD, &format!("the schedule of {language} fires"), async || {
        api.list("/runs?schedule=first&state=succeeded").await.into_iter().next()
    })
    .await;
    assert!(!run["result"].is_null() && run["cause"] == "schedule", "{language}: {run}");
}

/// The folders of `host/cli/templates`, which the binary must carry.
fn languages() -> Vec<String> {
    let folders = std::fs::read_dir(repository().join("host/cli/templates")).expect("the templates");
    let mut names: Vec<_> =
        folders.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What need not be made anew for each test: compiled crates, and what `make` has installed.
fn lend_tools(place: &Place, language: &str, name: &str) {
    let folder = place.path(name);
    if language == "rust" {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates/rust");
        std::fs::create_dir_all(&target).expect("a folder");
        std::os::unix::fs::symlink(target, folder.join("target")).expect("a link");
    }
    let Some(tools) = std::env::var_os("NOONTIDE_TEMPLATE_TOOLS") else { return };
    let Ok(entries) = std::fs::read_dir(PathBuf::from(tools).join(language)) else { return };
    for entry in entries.flatten() {
        let link = folder.join(entry.file_name());
        if !link.exists() {
            std::os::unix::fs::symlink(entry.path(), link).expect("a link");
        }
    }
}

#[test]
fn a_new_plugin_is_told_with_what_comes_next_and_writes_over_nothing() {
    let place = Place::new();
    let said = place.noontide(&["plugin", "new", "order-count", "-o", "json"]).json();
    assert_eq!((&said["name"], &said["folder"]), (&json!("order-count"), &json!("order-count")));
    let next = ["cd order-count", "noontide plugin build", "noontide plugin run", "noontide plugin dev"];
    assert_eq!(said["next"], json!(next));
    let manifest = std::fs::read_to_string(place.path("order-count/Cargo.toml")).expect("it was written");
    assert!(manifest.contains("name = \"order-count\""), "{manifest}");

    let mine = place.path("order-count/src/lib.rs");
    std::fs::write(&mine, "// mine").expect("a file");
    let again = place.noontide(&["plugin", "new", "order-count"]);
    assert!(again.code == 6 && again.err.contains("order-count is there and is not empty"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&mine).expect("it is there"), "// mine");
    assert_eq!(place.noontide(&["plugin", "new", "order-count", "--dir", "elsewhere"]).code, 0);
    assert!(place.path("elsewhere/noontide.toml").exists());
    assert_eq!(place.noontide(&["plugin", "new", "Order_Count"]).code, 2);
    assert_eq!(place.noontide(&["plugin", "new", "x", "--lang", "cobol"]).code, 2);
}

#[test]
fn a_slip_in_the_declaration_is_named_by_the_compiler() {
    let mut place = Place::new();
    rust(&mut place);
    assert_eq!(place.noontide(&["plugin", "new", "slip"]).code, 0);
    lend_tools(&place, "rust", "slip");
    let path = place.path("slip/src/lib.rs");
    let source = std::fs::read_to_string(&path).expect("the source");
    for (good, slip, words) in [
        ("    summary: ", "    sumary: ", "plugin! has no key `sumary`; it has name, summary, wants and handlers"),
        ("timeout: ", "timout: ", "handler \"run\" has no key `timout`; it has summary, example and timeout"),
        ("timeout: \"30s\"", "timeout: \"30 seconds\"", "a timeout ends with ms, s, m or h, as in \"30s\""),
    ] {
        assert!(source.contains(good), "{good}");
        std::fs::write(&path, source.replace(good, slip)).expect("a file");
        let said = place.noontide_within(BUILD, &["plugin", "build", "slip"]);
        assert!(said.code == 1 && said.err.contains(words), "{words}: {said:?}");
        assert!(said.err.trim_end().lines().last().is_some_and(|line| line.contains("the build failed: `cargo build")));
    }
}

/// The template's crates are those the repository's own plugins are tested with.
#[test]
fn the_rust_template_locks_the_same_crates_as_the_plugins_here() {
    let locked = |path: &str| -> Vec<(String, String)> {
        let text = std::fs::read_to_string(repository().join(path)).expect("a lock file");
        let lock: toml::Table = text.parse().expect("TOML");
        let packages = lock["package"].as_array().expect("packages").iter();
        let text = |package: &toml::Value, key: &str| package[key].as_str().expect("text").to_owned();
        packages.map(|package| (text(package, "name"), text(package, "version"))).collect()
    };
    let ours = locked("plugins/Cargo.lock");
    for package in locked("host/cli/templates/rust/Cargo.lock") {
        let own = package.0 == "noontide-template";
        assert!(
            own || ours.contains(&package),
            "{package:?} is another in plugins/Cargo.lock: build the template anew"
        );
    }
}
