//! What a file is made of: all its sections, validated, and the names at its outside. Bounded in all that a file could have
//! too much of; function bodies are the compiler's.

use std::collections::BTreeSet;

use noontide_domain::Makeup;
use serde::{Deserialize, Serialize};
use wasmparser::{BinaryReader, BinaryReaderError, Parser, Payload, ProducersSectionReader, Validator, WasmFeatures};

use super::Refusal;
use crate::journal::harmless;

/// Longest function body taken, in bytes. The largest known honest one (an interpreter's loop) has a tenth of it; what
/// an optimiser makes of a huge one is the cheapest way to use up a host at load.
const BODY: usize = 4 << 20;

/// Modules and components within each other. Toolchains nest three deep.
const DEPTH: usize = 32;

/// Imports of a file, and exports; the longest name in bytes. An interpreter exports a few thousand short ones.
const NAMES: usize = 4_000;
const NAME: usize = 256;

/// Kept of what a file says about itself: names of interfaces, tools that made it, labels; and the bytes of each.
const SHOWN: usize = 256;
const PRODUCERS: usize = 32;
const LABELS: usize = 8;
const LABEL: usize = 256;

/// Longest version or description taken, in bytes.
const NOTE: usize = 4 << 10;

/// The names at the outside of a file; of a core module, the modules it imports from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
    producers: BTreeSet<String>,
    labels: Vec<(String, String)>,
    /// What it says of its version and of itself, where compilers put such things.
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
}

/// Walks and validates all sections and collects the outermost names.
pub(super) fn survey(bytes: &[u8], features: WasmFeatures) -> Result<Names, Refusal> {
    let mut validator = Validator::new_with_features(features);
    let mut names = Names::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(broken)?;
        validator.payload(&payload).map_err(broken)?;
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionEntry(body) if body.range().len() > BODY => {
                return Err(refuse(format!("a function of {} bytes, at most {BODY} — split it", body.range().len())));
            }
            Payload::CustomSection(section) if section.name() == "producers" => names.made_by(section.data()),
            payload if depth == 0 => names.collect(payload)?,
            _ => {}
        }
        if depth > DEPTH {
            return Err(refuse(format!("modules and components nest deeper than {DEPTH} — rebuild it")));
        }
    }
    Ok(names)
}

fn refuse(message: String) -> Refusal {
    Refusal::new("validate", message)
}

fn broken(error: BinaryReaderError) -> Refusal {
    let words = error.to_string();
    if words.contains("unexpected end") {
        return refuse(format!("{words}: the file ends early — copy it again, under another name first and then `mv`"));
    }
    refuse(format!(
        "{words} — rebuild it; if it uses garbage collection, exceptions or threads, this host has them not"
    ))
}

impl Names {
    fn collect(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let module = import.map_err(broken)?.module;
                    if !self.imports.iter().any(|known| known == module) {
                        push(&mut self.imports, module)?;
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    push(&mut self.exports, export.map_err(broken)?.name)?;
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    push(&mut self.imports, import.map_err(broken)?.name.name)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    push(&mut self.exports, export.map_err(broken)?.name.name)?;
                }
            }
            Payload::CustomSection(section) => self.note(section.name(), section.data()),
            _ => {}
        }
        Ok(())
    }

    /// The sections of `wasm-tools metadata`.
    fn note(&mut self, section: &str, data: &[u8]) {
        let short = || Some(data).filter(|data| data.len() <= NOTE).and_then(|data| std::str::from_utf8(data).ok());
        let text = || short().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
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
}

fn shown(names: &[String]) -> Vec<String> {
    names.iter().take(SHOWN).map(|name| harmless(name, LABEL)).collect()
}

fn push(names: &mut Vec<String>, name: &str) -> Result<(), Refusal> {
    if names.len() >= NAMES || name.len() > NAME {
        return Err(refuse(format!("over {NAMES} imports or exports, or one of over {NAME} bytes — rebuild it")));
    }
    names.push(name.to_owned());
    Ok(())
}
