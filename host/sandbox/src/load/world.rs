//! What a file imports and exports, by name, before a single instruction is compiled.

use std::collections::BTreeSet;

use noontide_domain::Makeup;
use wasmparser::{BinaryReader, Parser, Payload, ProducersSectionReader, Validator, WasmFeatures};

use super::Refusal;
use super::sniff::Kind;
use crate::bindings::CONTRACT;
use crate::journal::harmless;

const OURS: &str = "noontide:plugin/";

/// Interfaces of `noontide:plugin` that the host offers.
const OFFERED: [&str; 8] = ["types", "run", "state", "outbox", "secrets", "sql", "kv", "artifacts"];

/// Interfaces of WASI 0.2 that the host offers, in their denied form.
const WASI: [&str; 29] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Longest function body taken, in bytes. The largest known honest one (an interpreter's loop) has a tenth of it; what
/// an optimiser makes of a huge one is the cheapest way to use up a host at load.
const BODY: usize = 4 << 20;

/// Kept of what a file says about itself: names of interfaces, tools that made it, labels; and the bytes of each.
const NAMES: usize = 256;
const PRODUCERS: usize = 32;
const LABELS: usize = 8;
const LABEL: usize = 256;

/// Where modules of preview 1 get their functions from.
const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// The names at the outside of a file; of a core module, the modules it imports from.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) imports: Vec<String>,
    exports: Vec<String>,
    producers: BTreeSet<String>,
    labels: Vec<(String, String)>,
    /// What it says of its version and of itself, where compilers put such things.
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
}

/// How a file is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    /// By the contract of `wit/`.
    Plugin,
    /// As a program: arguments, stdin, stdout and an exit code.
    Command,
}

/// Walks and validates all sections (function bodies are the compiler's) and collects the outermost names.
pub(super) fn survey(bytes: &[u8], features: WasmFeatures) -> Result<Names, Refusal> {
    let mut validator = Validator::new_with_features(features);
    let mut names = Names::default();
    let mut depth = 0_usize;
    let broken = |error: wasmparser::BinaryReaderError| Refusal::new("validate", broken_words(&error));
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(broken)?;
        validator.payload(&payload).map_err(broken)?;
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionEntry(body) if body.range().len() > BODY => {
                let message = format!("a function of {} bytes, at most {BODY} — split it", body.range().len());
                return Err(Refusal::new("validate", message));
            }
            Payload::ImportSection(section) if depth == 0 => {
                for import in section.into_imports() {
                    let module = import.map_err(broken)?.module;
                    if !names.imports.iter().any(|known| known == module) {
                        names.imports.push(module.to_owned());
                    }
                }
            }
            Payload::ExportSection(section) if depth == 0 => {
                for export in section {
                    names.exports.push(export.map_err(broken)?.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == "producers" => names.made_by(section.data()),
            Payload::CustomSection(section) if depth == 0 => names.note(section.name(), section.data()),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    names.exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn broken_words(error: &wasmparser::BinaryReaderError) -> String {
    let words = error.to_string();
    if words.contains("unexpected end") {
        return format!("{words}: the file ends early — copy it again, under another name first and then `mv`");
    }
    format!("{words} — rebuild it; if it uses garbage collection, exceptions or threads, this host has them not")
}

/// Whether this host can call a file with these names, and how.
pub(super) fn judge(kind: Kind, names: &Names) -> Result<World, Refusal> {
    match kind {
        Kind::Component => judge_component(names),
        Kind::Module => judge_module(names),
    }
}

/// A module of preview 1 imports from one place only and is started at `_start`.
fn judge_module(names: &Names) -> Result<World, Refusal> {
    let refuse = |message: String| Err(Refusal::new("world", message));
    if let Some(other) = names.imports.iter().find(|module| *module != PREVIEW_1) {
        let remark = match other.as_str() {
            "wasi_unstable" => " (a preview of WASI from before preview 1)",
            "env" => " (Emscripten and other hosts of their own offer that)",
            module if module.starts_with("wasi:") => " (it is the inside of a component)",
            _ => "",
        };
        return refuse(format!(
            "a core module that imports from `{other}`{remark}, which this host does not offer — \
             build it with `--target wasm32-wasip2` or wasm32-wasip1"
        ));
    }
    if !names.exports.iter().any(|name| name == "_start") {
        return refuse(
            "a core module without `_start`: a library, and no program — build a program, \
             or a component with `--target wasm32-wasip2`"
                .to_owned(),
        );
    }
    if !names.exports.iter().any(|name| name == "memory") {
        return refuse(
            "a core module that does not export its `memory`, as programs of WASI do — rebuild it".to_owned(),
        );
    }
    Ok(World::Command)
}

fn judge_component(names: &Names) -> Result<World, Refusal> {
    let refuse = |message: String| Err(Refusal::new("world", message));
    if let Some(other) = names.exports.iter().chain(&names.imports).find(|name| other_version(name)) {
        return refuse(format!(
            "it is built for `{other}`, this host speaks noontide:plugin@{CONTRACT} — \
             rebuild it against the wit/ folder of this release, or use the host of its time"
        ));
    }
    let missing: Vec<&str> = ["handler", "describe"].into_iter().filter(|name| !names.exports_ours(name)).collect();
    let world = match missing.as_slice() {
        [] => World::Plugin,
        [_, _] if names.exports_one("wasi:cli/run@0.2") => World::Command,
        missing => return refuse(not_ours(names, missing)),
    };
    let unknown: Vec<&str> = names.imports.iter().map(String::as_str).filter(|name| !offered(name)).collect();
    match unknown.as_slice() {
        [] => Ok(world),
        unknown => refuse(format!(
            "it imports what this host does not offer: {}{} — build it without these",
            unknown.join(", "),
            unknown.iter().find_map(|name| remark(name)).unwrap_or_default()
        )),
    }
}

impl Names {
    /// The sections of `wasm-tools metadata`.
    fn note(&mut self, section: &str, data: &[u8]) {
        let text = || std::str::from_utf8(data).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match section {
            "version" => self.version = text(),
            "description" => self.description = text(),
            "authors" | "licenses" | "source" | "homepage" | "revision" if self.labels.len() < LABELS => {
                self.labels.extend(text().map(|text| (section.to_owned(), harmless(&text, LABEL))));
            }
            _ => {}
        }
    }

    /// What compilers and tools say of themselves, of the file and of each module in it. What cannot be read is no reason to
    /// refuse a file.
    fn made_by(&mut self, data: &[u8]) {
        let Ok(fields) = ProducersSectionReader::new(BinaryReader::new(data, 0)) else { return };
        for field in fields.into_iter().map_while(Result::ok) {
            for value in field.values.into_iter().map_while(Result::ok) {
                if self.producers.len() < PRODUCERS {
                    let text = format!("{}: {} {}", field.name, value.name, value.version);
                    self.producers.insert(harmless(text.trim_end(), LABEL));
                }
            }
        }
    }

    /// As it is shown.
    pub(super) fn makeup(&self, bytes: u64) -> Makeup {
        let version = |interface: &str| self.exports.iter().find_map(|name| name.strip_prefix(interface));
        let contract = match (version("noontide:plugin/handler@"), version("wasi:cli/run@")) {
            (Some(version), _) => format!("noontide:plugin@{version}"),
            (None, Some(version)) => format!("wasi:cli/run@{version}"),
            (None, None) => "preview 1".to_owned(),
        };
        Makeup {
            contract: harmless(&contract, LABEL),
            imports: shown(&self.imports),
            exports: shown(&self.exports),
            bytes,
            producers: self.producers.iter().cloned().collect(),
            labels: self.labels.clone(),
        }
    }

    fn exports_ours(&self, interface: &str) -> bool {
        self.exports.iter().any(|name| split(name).0.strip_prefix(OURS) == Some(interface))
    }

    fn exports_one(&self, start: &str) -> bool {
        self.exports.iter().any(|name| name.starts_with(start))
    }
}

fn shown(names: &[String]) -> Vec<String> {
    names.iter().take(NAMES).map(|name| harmless(name, LABEL)).collect()
}

fn not_ours(names: &Names, missing: &[&str]) -> String {
    if names.exports_one("wasi:http/incoming-handler") {
        return "it is an HTTP server (it exports wasi:http/incoming-handler), which this host does not run — \
                export noontide:plugin/handler and describe instead"
            .to_owned();
    }
    if names.exports.iter().chain(&names.imports).any(|name| wasi_three(name)) {
        return "it needs WASI 0.3, which this host does not offer — build it for wasm32-wasip2".to_owned();
    }
    let missing: Vec<String> = missing.iter().map(|name| format!("{OURS}{name}@{CONTRACT}")).collect();
    let exports = if names.exports.is_empty() { "nothing".to_owned() } else { names.exports.join(", ") };
    format!("it does not export {}; it exports {exports} — target the world `plugin` of wit/", missing.join(" and "))
}

fn remark(name: &str) -> Option<&'static str> {
    wasi_three(name).then_some(" (WASI 0.3 is not offered; wasm32-wasip2 is)")
}

/// Interface and version of a name such as `wasi:io/poll@0.2.3`.
fn split(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

fn other_version(name: &str) -> bool {
    let (interface, version) = split(name);
    interface.starts_with(OURS) && (!version.starts_with("0.1.") || version.contains('-'))
}

fn wasi_three(name: &str) -> bool {
    let (interface, version) = split(name);
    interface.starts_with("wasi:") && version.starts_with("0.3")
}

fn offered(name: &str) -> bool {
    let (interface, version) = split(name);
    match interface.strip_prefix(OURS) {
        Some(ours) => OFFERED.contains(&ours),
        None => WASI.contains(&interface) && version.starts_with("0.2.") && !version.contains('-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(kind: Kind, exports: &[&str], imports: &[&str]) -> Result<World, String> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let names = Names { imports: own(imports), exports: own(exports), ..Names::default() };
        judge(kind, &names).map_err(|refusal| refusal.message)
    }

    fn verdict(exports: &[&str], imports: &[&str]) -> Result<World, String> {
        verdict_of(Kind::Component, exports, imports)
    }

    const PLUGIN: [&str; 2] = ["noontide:plugin/handler@0.1.0", "noontide:plugin/describe@0.1.0"];

    #[test]
    fn a_plugin_of_this_contract_passes_with_what_standard_libraries_import() {
        assert_eq!(
            verdict(&PLUGIN, &["noontide:plugin/run@0.1.0", "wasi:io/poll@0.2.6", "wasi:cli/stdin@0.2.0"]),
            Ok(World::Plugin)
        );
    }

    #[test]
    fn another_version_is_refused_with_both_versions_and_what_to_do() {
        let refused = verdict(&["noontide:plugin/handler@0.2.0"], &[]).expect_err("another version");
        assert!(refused.contains("@0.2.0") && refused.contains("@0.1.0") && refused.contains("rebuild"), "{refused}");
    }

    #[test]
    fn what_is_not_offered_is_named_one_by_one() {
        let refused = verdict(&PLUGIN, &["wasi:http/outgoing-handler@0.3.0", "wasi:keyvalue/store@0.2.0-draft", "env"]);
        let refused = refused.expect_err("unknown imports");
        for name in ["wasi:http/outgoing-handler@0.3.0", "wasi:keyvalue/store@0.2.0-draft", "env"] {
            assert!(refused.contains(name), "{name} is not in: {refused}");
        }
    }

    #[test]
    fn components_for_other_hosts_are_told_what_they_are() {
        assert!(verdict(&["wasi:http/incoming-handler@0.2.0"], &[]).expect_err("a server").contains("HTTP server"));
        assert!(verdict(&["wasi:cli/run@0.3.0"], &[]).expect_err("p3").contains("WASI 0.3"));
        assert!(verdict(&["add"], &[]).expect_err("something else").contains("it exports add"));
        let half = verdict_of(Kind::Component, &["noontide:plugin/handler@0.1.0", "wasi:cli/run@0.2.3"], &[]);
        assert!(half.expect_err("half a plugin, and a program").contains("noontide:plugin/describe@0.1.0"));
        let half = verdict(&["noontide:plugin/handler@0.1.0"], &[]).expect_err("no describe");
        assert!(half.contains("noontide:plugin/describe@0.1.0"), "{half}");
    }
    #[test]
    fn programs_of_wasi_are_commands_whichever_preview_they_are_of() {
        assert_eq!(verdict(&["wasi:cli/run@0.2.3"], &["wasi:cli/stdin@0.2.3"]), Ok(World::Command));
        assert_eq!(verdict(&["wasi:cli/run@0.2.3"], &["wasi:http/types@0.2.0"]), Ok(World::Command));
        assert!(verdict(&["wasi:cli/run@0.2.3"], &["wasi:http/incoming-handler@0.2.0"]).is_err());
        let module = |exports: &[&str], imports: &[&str]| verdict_of(Kind::Module, exports, imports);
        let program = ["memory", "_start"];
        assert_eq!(module(&program, &["wasi_snapshot_preview1"]), Ok(World::Command));
        assert_eq!(module(&program, &[]), Ok(World::Command));
        for (exports, imports, word) in [
            (&program[..], &["wasi_snapshot_preview1", "env"][..], "`env` (Emscripten"),
            (&program[..], &["wasi_unstable"][..], "before preview 1"),
            (&["memory", "add"][..], &[][..], "without `_start`"),
            (&["_start"][..], &[][..], "its `memory`"),
        ] {
            let refused = module(exports, imports).expect_err("refused");
            assert!(refused.contains(word), "{refused}");
        }
    }
}
