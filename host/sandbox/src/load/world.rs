//! What a component imports and exports, by name, before a single instruction is compiled.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::Refusal;
use crate::bindings::CONTRACT;

const OURS: &str = "noontide:plugin/";

/// Interfaces of `noontide:plugin` that the host offers.
const OFFERED: [&str; 7] = ["types", "run", "state", "secrets", "sql", "kv", "artifacts"];

/// Interfaces of WASI 0.2 that the host offers, in their denied form.
const WASI: [&str; 27] = [
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

/// The names at the outside of a component.
#[derive(Debug, Default)]
pub(super) struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
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

/// Whether a component with these names is a plugin for this host.
pub(super) fn judge(names: &Names) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::new("world", message));
    if let Some(other) = names.exports.iter().chain(&names.imports).find(|name| other_version(name)) {
        return refuse(format!(
            "it is built for `{other}`, this host speaks noontide:plugin@{CONTRACT} — \
             rebuild it against the wit/ folder of this release, or use the host of its time"
        ));
    }
    let missing: Vec<&str> = ["handler", "describe"].into_iter().filter(|name| !names.exports_ours(name)).collect();
    if !missing.is_empty() {
        return refuse(not_ours(names, &missing));
    }
    let unknown: Vec<&str> = names.imports.iter().map(String::as_str).filter(|name| !offered(name)).collect();
    match unknown.as_slice() {
        [] => Ok(()),
        unknown => refuse(format!(
            "it imports what this host does not offer: {}{} — build it without these",
            unknown.join(", "),
            unknown.iter().find_map(|name| remark(name)).unwrap_or_default()
        )),
    }
}

impl Names {
    fn exports_ours(&self, interface: &str) -> bool {
        self.exports.iter().any(|name| split(name).0.strip_prefix(OURS) == Some(interface))
    }

    fn exports_one(&self, start: &str) -> bool {
        self.exports.iter().any(|name| name.starts_with(start))
    }
}

fn not_ours(names: &Names, missing: &[&str]) -> String {
    if names.exports_one("wasi:cli/run@0.2") {
        return "it is a command (it exports wasi:cli/run); commands are not supported yet — \
                export noontide:plugin/handler and describe instead"
            .to_owned();
    }
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
    if wasi_three(name) {
        return Some(" (WASI 0.3 is not offered; wasm32-wasip2 is)");
    }
    name.starts_with("wasi:http/").then_some(" (HTTP is not offered to plugins yet)")
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

    fn verdict(exports: &[&str], imports: &[&str]) -> Result<(), String> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        judge(&Names { imports: own(imports), exports: own(exports) }).map_err(|refusal| refusal.message)
    }

    const PLUGIN: [&str; 2] = ["noontide:plugin/handler@0.1.0", "noontide:plugin/describe@0.1.0"];

    #[test]
    fn a_plugin_of_this_contract_passes_with_what_standard_libraries_import() {
        assert_eq!(
            verdict(&PLUGIN, &["noontide:plugin/run@0.1.0", "wasi:io/poll@0.2.6", "wasi:cli/stdin@0.2.0"]),
            Ok(())
        );
    }

    #[test]
    fn another_version_is_refused_with_both_versions_and_what_to_do() {
        let refused = verdict(&["noontide:plugin/handler@0.2.0"], &[]).expect_err("another version");
        assert!(refused.contains("@0.2.0") && refused.contains("@0.1.0") && refused.contains("rebuild"), "{refused}");
    }

    #[test]
    fn what_is_not_offered_is_named_one_by_one() {
        let refused = verdict(&PLUGIN, &["wasi:http/outgoing-handler@0.2.4", "wasi:keyvalue/store@0.2.0-draft", "env"]);
        let refused = refused.expect_err("unknown imports");
        for name in ["wasi:http/outgoing-handler@0.2.4", "wasi:keyvalue/store@0.2.0-draft", "env"] {
            assert!(refused.contains(name), "{name} is not in: {refused}");
        }
    }

    #[test]
    fn components_for_other_hosts_are_told_what_they_are() {
        assert!(
            verdict(&["wasi:cli/run@0.2.3"], &[]).expect_err("a command").contains("commands are not supported yet")
        );
        assert!(verdict(&["wasi:http/incoming-handler@0.2.0"], &[]).expect_err("a server").contains("HTTP server"));
        assert!(verdict(&["wasi:cli/run@0.3.0"], &[]).expect_err("p3").contains("WASI 0.3"));
        assert!(verdict(&["add"], &[]).expect_err("something else").contains("it exports add"));
        let half = verdict(&["noontide:plugin/handler@0.1.0"], &[]).expect_err("no describe");
        assert!(half.contains("noontide:plugin/describe@0.1.0"), "{half}");
    }
}
