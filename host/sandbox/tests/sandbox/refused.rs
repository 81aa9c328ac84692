//! Files that are no plugins: each is refused at a stage, in words, and nothing breaks.

use noontide_domain::PluginError;

use crate::stage::{Stage, fixture};

async fn refusal(stage: &Stage, bytes: &[u8]) -> PluginError {
    let path = stage.folder.path().join("file.wasm");
    std::fs::write(&path, bytes).expect("written");
    match stage.sandbox.inspect_file(path).await {
        Ok(loaded) => panic!("it was taken: {loaded:?}"),
        Err(error) => error,
    }
}

async fn refusal_of_text(text: &str) -> PluginError {
    refusal(&Stage::empty(), &wat::parse_str(text).expect("a component")).await
}

/// A component with empty interfaces under the given names.
fn empty_interfaces(imports: &[&str], exports: &[&str]) -> String {
    let imports: String = imports.iter().map(|name| format!("(import \"{name}\" (instance))")).collect();
    let exports: String = exports.iter().map(|name| format!("(export \"{name}\" (instance $none))")).collect();
    format!("(component {imports} (instance $none) {exports})")
}

const OURS: [&str; 2] = ["noontide:plugin/handler@0.1.0", "noontide:plugin/describe@0.1.0"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_is_told_what_it_is() {
    let stage = Stage::empty();
    let text = refusal(&stage, b"#!/bin/sh\n").await;
    assert_eq!(text.stage, "sniff");
    assert!(text.message.contains("not WebAssembly") && text.sha256.is_some(), "{text}");
    let core = refusal_of_text("(module)").await;
    assert!(core.message.contains("core module") && core.message.contains("wasm32-wasip2"), "{core}");
}

#[tokio::test(flavor = "multi_thread")]
async fn native_code_is_never_taken() {
    let engine = wasmtime::Engine::default();
    let component = wat::parse_str("(component)").expect("a component");
    let native = engine.precompile_component(&component).expect("compiled");
    let error = refusal(&Stage::empty(), &native).await;
    assert_eq!(error.stage, "sniff");
    assert!(error.message.contains("precompiled component"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_import_is_named() {
    let error = refusal_of_text(&empty_interfaces(&["wasi:keyvalue/store@0.2.0", "acme:x/y"], &OURS)).await;
    assert_eq!(error.stage, "world");
    assert!(error.message.contains("wasi:keyvalue/store@0.2.0, acme:x/y"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_contract_is_refused_with_both_versions() {
    let error = refusal_of_text(&empty_interfaces(&[], &["noontide:plugin/handler@0.2.0"])).await;
    assert!(error.message.contains("0.2.0") && error.message.contains("0.1.0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_names_with_the_wrong_shape_are_refused() {
    let error = refusal_of_text(&empty_interfaces(&[], &OURS)).await;
    assert_eq!(error.stage, "world");
    assert!(error.message.contains("rebuild it against noontide:plugin@0.1.0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_the_contract_is_told_in_the_words_of_wit_with_what_to_do() {
    let good = include_str!("../data/tiny-0.1.wat");
    // At the end, where it moves no index.
    let begin = good.trim_end().strip_suffix(')').expect("a component ends so");
    let importing = |import: &str| format!("{begin}{import})");
    let table = [
        (
            good.replace("@0.1.0", "@0.2.0"),
            &["noontide:plugin/describe@0.2.0", "speaks noontide:plugin@0.1.0", "update the host"][..],
        ),
        (
            importing("(import \"noontide:plugin/telepathy@0.1.9\" (instance))"),
            &["does not offer: noontide:plugin/telepathy@0.1.9", "update the host"],
        ),
        (
            importing("(import \"noontide:plugin/run@0.1.9\" (instance (export \"shout\" (func))))"),
            &["calls `noontide:plugin/run.shout`, which this host does not have", "noontide plugin build"],
        ),
        (
            importing("(import \"noontide:plugin/run@0.1.0\" (instance (export \"time-left\" (func (result u64)))))"),
            &[
                "`noontide:plugin/run.time-left` is `func() -> u64` in it, and `func() -> option<u64>` here",
                "plugin build",
            ],
        ),
        (
            good.replace("(func (param \"call\"", "(func (param \"invocation\""),
            &["`func(invocation: invocation) -> result<outcome, failure>` in it, and `func(call: invocation)"],
        ),
        (
            good.replace("(field \"attempt\" u32) ", ""),
            &[
                "`invocation`, which `noontide:plugin/handler.run` uses, is `record { run-id: string,",
                "attempt: u32",
                "here",
            ],
        ),
        (
            empty_interfaces(&[], &OURS),
            &["lacks `run: func(call: invocation) -> result<outcome, failure>`", "rebuild it"],
        ),
        (empty_interfaces(&["wasi:cli/stdin@0.3.0"], &OURS), &["WASI 0.3 is not offered"]),
        (empty_interfaces(&[], &["wasi:http/incoming-handler@0.2.0"]), &["HTTP server"]),
        (empty_interfaces(&[], &OURS[..1]), &["does not export noontide:plugin/describe@0.1.0"]),
    ];
    let stage = Stage::empty();
    for (text, words) in table {
        let error = refusal(&stage, &wat::parse_str(&text).expect("a component")).await;
        assert_eq!(error.stage, "world", "{error}");
        for word in words {
            assert!(error.message.contains(word), "`{word}` is not in: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_was_made_for_the_first_0_1_0_still_runs() {
    let stage = Stage::empty();
    stage.put("tiny.wasm", &crate::tiny::of_this_contract());
    noontide_domain::ports::PluginHost::rescan(&*stage.sandbox).await;
    let report = stage.call("tiny/run", serde_json::json!({})).await;
    assert!(report.outcome.ended_well(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_file_than_allowed_is_not_even_read_to_its_end() {
    let stage = Stage::with(|settings| settings.max_file_size = 1_000);
    let error = refusal(&stage, &[0; 2_000]).await;
    assert_eq!((error.stage.as_str(), error.sha256.as_deref()), ("read", None));
    assert!(error.message.contains("larger than 1000 B"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cut_anywhere_is_refused_and_breaks_nothing() {
    let stage = Stage::empty();
    let whole = fixture("noop");
    for length in (0..essential(&whole)).step_by(64) {
        let error = refusal(&stage, &whole[..length]).await;
        assert!(["sniff", "validate", "world"].contains(&error.stage.as_str()), "at {length}: {error}");
    }
}

/// Where the last section ends that is no custom one: a file cut between those behind it lacks notes and nothing else.
fn essential(bytes: &[u8]) -> usize {
    let payloads = wasmparser::Parser::new(0).parse_all(bytes).map(|payload| payload.expect("a good file"));
    let sections = payloads.filter_map(|payload| payload.as_section());
    sections.filter(|(id, _)| *id != 0).map(|(_, range)| range.end).max().expect("sections")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_wrong_byte_never_breaks_the_loader() {
    let stage = Stage::empty();
    let whole = fixture("noop");
    let path = stage.folder.path().join("file.wasm");
    for number in 0..64_usize {
        let mut bytes = whole.clone();
        // Near the beginning, where the structure is; the steps have no common divisor with anything in the format.
        bytes[(8 + number * 97) % 6_000] ^= 1 << (number % 8);
        std::fs::write(&path, bytes).expect("written");
        if let Err(error) = stage.sandbox.inspect_file(&path).await {
            assert!(!error.message.contains("the loader itself broke"), "byte {number}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_file_can_be_inspected_and_called() {
    let stage = Stage::empty();
    let path = stage.folder.path().join("single.wasm");
    std::fs::write(&path, fixture("noop")).expect("written");
    let shown = stage.sandbox.inspect_file(&path).await.expect("a plugin");
    assert_eq!(shown.version.name.as_str(), "fixture-noop");
    assert!(stage.sandbox.load_single(&path).await.is_ok());
    let report = stage.call("fixture-noop", serde_json::json!({})).await;
    assert!(report.plugin.is_some(), "{report:?}");
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let clock = std::sync::Arc::new(crate::stage::Wall);
    let open = |cache: &std::path::Path| {
        let settings = noontide_sandbox::SandboxSettings::new(folder.path().join("plugins"), cache, clock.clone());
        noontide_sandbox::Sandbox::open(settings).err().map(|error| error.to_string())
    };
    let cache = folder.path().join("cache");
    assert_eq!(open(&cache), None, "it is made");
    let mode = std::fs::metadata(&cache).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::set_permissions(&cache, PermissionsExt::from_mode(0o770)).expect("set");
    assert!(open(&cache).expect("refused").contains("chmod 700"));
    std::fs::create_dir(folder.path().join("plugins")).expect("made");
    assert!(open(&folder.path().join("plugins/cache")).expect("refused").contains("within the plugin folder"));
}
