//! What a version wants beyond another. A want is a declaration and grants nothing; this is about noticing.

use std::collections::BTreeSet;

use super::Offer;
use crate::Wants;

/// Imports that give a guest nothing to reach for.
const HARMLESS: [&str; 6] =
    ["noontide:plugin/types", "noontide:plugin/run", "wasi:cli", "wasi:clocks", "wasi:io", "wasi:random"];

/// What `new` wants and imports that `old` does not, a few words each.
pub fn wider(old: Offer<'_>, new: Offer<'_>) -> Vec<String> {
    let before = reach(old);
    reach(new).into_iter().filter(|more| !before.contains(more)).filter(|more| !narrowed(more, &before)).collect()
}

/// All that two versions differ in, a line each: `+` is new, `-` is gone.
pub fn difference(old: Offer<'_>, new: Offer<'_>) -> Vec<String> {
    let all = |offer: Offer<'_>| -> BTreeSet<String> {
        let handlers = offer.info.handlers.iter().map(|handler| format!("handler {}", handler.name));
        reach(offer).into_iter().chain(handlers).collect()
    };
    let (before, after) = (all(old), all(new));
    let gone = before.difference(&after).map(|one| format!("- {one}"));
    let come = after.difference(&before).map(|one| format!("+ {one}"));
    let schemas = new.info.handlers.iter().filter_map(|handler| {
        let same = old.info.handlers.iter().find(|other| other.name == handler.name)?;
        (same.input_schema != handler.input_schema).then(|| format!("~ handler {}: another input schema", handler.name))
    });
    gone.chain(come).chain(schemas).collect()
}

/// `sql shop` is not wider than `sql shop read-write`.
fn narrowed(more: &str, before: &BTreeSet<String>) -> bool {
    before.contains(&format!("{more} read-write"))
}

fn reach(offer: Offer<'_>) -> BTreeSet<String> {
    let Wants { http, tcp, env, secrets, folders, sql, kv } = &offer.info.wants;
    let kinds = [
        ("http", http),
        ("tcp", tcp),
        ("env", env),
        ("secret", secrets),
        ("folder", folders),
        ("sql", sql),
        ("kv", kv),
    ];
    let wants = kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind} {name}")));
    let imports = offer.imports.iter().map(|import| group(import)).filter(|group| !HARMLESS.contains(group));
    wants.chain(imports.map(|group| format!("import {group}"))).collect()
}

/// Of ours the interface, of WASI the package: which of its interfaces a library needs is the compiler's affair.
fn group(import: &str) -> &str {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    match name.split_once('/') {
        Some((package, _)) if package.starts_with("wasi:") => package,
        _ if name.starts_with("wasi_") => "wasi:cli",
        _ => name,
    }
}
