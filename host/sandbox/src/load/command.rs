//! A program describes itself to nobody: it is called by its file's name, and offers one handler.

use noontide_domain::{HandlerInfo, PluginInfo, PluginName, Wants};

use super::describe::{Described, SUMMARY};
use super::survey::Names;
use super::{Content, Refusal};
use crate::journal::harmless;

/// The one handler of a program.
const HANDLER: &str = "run";

/// Digits of the digest that stand for a version where a program tells none.
const DIGITS: usize = 12;

/// The name is the file's, in lower case and with hyphens: `Word_Count.wasm` is `word-count`.
pub(super) fn name(content: &Content) -> Result<PluginName, Refusal> {
    content.stem.to_lowercase().replace(['_', ' ', '.'], "-").parse().map_err(|error| {
        Refusal::new("name", format!("a program is called by its file's name: {error} — rename the file"))
    })
}

pub(super) fn describe(content: &Content, name: PluginName, names: Names) -> Described {
    let handler = HandlerInfo {
        name: HANDLER.to_owned(),
        summary: "The program: input on stdin or as arguments, stdout as result, and its exit code".to_owned(),
        input_schema: None,
        example_input: None,
        timeout: None,
    };
    let summary = names.description.unwrap_or_else(|| "A program of WASI".to_owned());
    let version = names.version.unwrap_or_else(|| content.sha256.chars().take(DIGITS).collect());
    let info = PluginInfo { summary: harmless(&summary, SUMMARY), handlers: vec![handler], wants: Wants::default() };
    Described { name, version: harmless(&version, 64), info, schemas: vec![None] }
}
