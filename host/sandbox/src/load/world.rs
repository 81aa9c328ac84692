//! Whether this host can call a file, and how, by the names that it imports and exports.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::sniff::Kind;
use super::survey::Names;
use crate::bindings::CONTRACT;

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

/// Names told of a list that has many.
const SHOWN: usize = 8;

/// Where modules of preview 1 get their functions from.
const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// The versions of `noontide:plugin` that this host speaks. Within one, hosts and plugins of any age understand each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Contract {
    V0_1,
    #[cfg(test)]
    V0_2,
}

impl Contract {
    /// By the version that a name carries: `0.1.7` is `0.1`; a draft is nobody's.
    fn of(version: &str) -> Option<Self> {
        match version.rsplit_once('.') {
            _ if version.contains('-') => None,
            Some(("0.1", _)) => Some(Contract::V0_1),
            #[cfg(test)]
            Some(("0.2", _)) => Some(Contract::V0_2),
            _ => None,
        }
    }
}

/// How a file is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum World {
    /// By the contract of `wit/`, in one of its versions.
    Plugin(Contract),
    /// As a program: arguments, stdin, stdout and an exit code.
    Command,
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
            "it is built for `{other}`, this host speaks noontide:plugin@{CONTRACT} — update the host, or rebuild the plugin \
             with the wit/ folder of this release (`noontide plugin build`)"
        ));
    }
    let missing: Vec<&str> = ["handler", "describe"].into_iter().filter(|name| !names.exports_ours(name)).collect();
    let world = match missing.as_slice() {
        [] => World::Plugin(names.contract().unwrap_or(Contract::V0_1)),
        [_, _] if names.exports_one("wasi:cli/run@0.2") => World::Command,
        missing => return refuse(not_ours(names, missing)),
    };
    let unknown: Vec<&str> = names.imports.iter().map(String::as_str).filter(|name| !offered(name)).collect();
    match unknown.as_slice() {
        [] => Ok(world),
        unknown => refuse(format!(
            "it imports what this host does not offer: {}{} — build it without these",
            some(unknown),
            unknown.iter().find_map(|name| remark(name)).unwrap_or_default()
        )),
    }
}

impl Names {
    fn exports_ours(&self, interface: &str) -> bool {
        self.exports.iter().any(|name| split(name).0.strip_prefix(OURS) == Some(interface))
    }

    /// The version of the handler that it offers.
    fn contract(&self) -> Option<Contract> {
        let handler = format!("{OURS}handler@");
        self.exports.iter().find_map(|name| name.strip_prefix(&handler)).and_then(Contract::of)
    }

    fn exports_one(&self, start: &str) -> bool {
        self.exports.iter().any(|name| name.starts_with(start))
    }
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
    let exports = if names.exports.is_empty() {
        "nothing".to_owned()
    } else {
        some(&names.exports.iter().map(String::as_str).collect::<Vec<_>>())
    };
    format!("it does not export {}; it exports {exports} — target the world `plugin` of wit/", missing.join(" and "))
}

/// The first few, and how many more.
fn some(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

fn remark(name: &str) -> Option<&'static str> {
    if wasi_three(name) {
        return Some(" (WASI 0.3 is not offered; wasm32-wasip2 is)");
    }
    if name.starts_with(OURS) {
        return Some(" (of a later 0.1, it may be: update the host)");
    }
    name.starts_with("wasi:http/").then_some(" (of wasi:http there are types and outgoing-handler)")
}

/// Interface and version of a name such as `wasi:io/poll@0.2.3`.
fn split(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

fn other_version(name: &str) -> bool {
    let (interface, version) = split(name);
    interface.starts_with(OURS) && Contract::of(version).is_none()
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
        let mut names = Names::default();
        (names.imports, names.exports) = (own(imports), own(exports));
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
            Ok(World::Plugin(Contract::V0_1))
        );
    }

    #[test]
    fn another_version_is_refused_with_both_versions_and_what_to_do() {
        let refused = verdict(&["noontide:plugin/handler@0.9.0"], &[]).expect_err("another version");
        assert!(refused.contains("@0.9.0") && refused.contains("@0.1.0") && refused.contains("rebuild"), "{refused}");
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
