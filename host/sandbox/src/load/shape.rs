//! Whether what has our names in a file has our shape, too: function by function, in the words of WIT. The linker would find
//! out as well, after compiling and in words of its own.

use std::fmt::Write as _;
use std::sync::LazyLock;

use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Function, Handle, InterfaceId, Resolve, SourceMap, Type, TypeDefKind, TypeId, WorldItem};

use super::Refusal;
use crate::bindings::CONTRACT;

/// What `wit/` says.
pub(crate) const WIT: [(&str, &str); 10] = [
    ("types", include_str!("../../../../wit/types.wit")),
    ("run", include_str!("../../../../wit/run.wit")),
    ("state", include_str!("../../../../wit/state.wit")),
    ("outbox", include_str!("../../../../wit/outbox.wit")),
    ("secrets", include_str!("../../../../wit/secrets.wit")),
    ("artifacts", include_str!("../../../../wit/artifacts.wit")),
    ("sql", include_str!("../../../../wit/sql.wit")),
    ("kv", include_str!("../../../../wit/kv.wit")),
    ("describe", include_str!("../../../../wit/describe.wit")),
    ("handler", include_str!("../../../../wit/handler.wit")),
];

const OURS: &str = "noontide:plugin/";

/// Longest type that is compared, in bytes of its text; ours have a tenth of it.
const TEXT: usize = 64 << 10;

static HOST: LazyLock<Option<Resolve>> = LazyLock::new(|| host().ok());

fn host() -> Result<Resolve, String> {
    let mut sources = SourceMap::new();
    WIT.iter().for_each(|(name, text)| sources.push_str(name, *text));
    let group = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
    let mut resolve = Resolve::new();
    resolve.push_group(group).map_err(|error| format!("{error:?}"))?;
    Ok(resolve)
}

/// Compares all that has a name of ours. A component that says nothing WIT can express is left to the linker.
pub(super) fn fits(bytes: &[u8]) -> Result<(), Refusal> {
    let (Some(host), Ok(DecodedWasm::Component(file, world))) = (&*HOST, decode(bytes)) else { return Ok(()) };
    let world = &file.worlds[world];
    for item in world.imports.values() {
        let Some((name, theirs, ours)) = both(&file, host, item) else { continue };
        for (function, found) in &file.interfaces[theirs].functions {
            let Some(expected) = host.interfaces[ours].functions.get(function) else {
                return Err(missing(&format!("it calls `{name}.{function}`, which this host does not have")));
            };
            compare(&name, (&file, found), (host, expected))?;
        }
    }
    for item in world.exports.values() {
        let Some((name, theirs, ours)) = both(&file, host, item) else { continue };
        for (function, expected) in &host.interfaces[ours].functions {
            let Some(found) = file.interfaces[theirs].functions.get(function) else {
                let expected = signature(host, expected);
                return Err(missing(&format!("its {name} lacks `{function}: {expected}`")));
            };
            compare(&name, (&file, found), (host, expected))?;
        }
    }
    Ok(())
}

/// An interface of the file, and the one of the same name in the contract.
fn both(file: &Resolve, host: &Resolve, item: &WorldItem) -> Option<(String, InterfaceId, InterfaceId)> {
    let WorldItem::Interface { id, .. } = item else { return None };
    let full = file.id_of(*id)?;
    let (interface, version) = full.split_once('@')?;
    let name = interface.strip_prefix(OURS).filter(|_| version.starts_with("0.1."))?.to_owned();
    let (ours, _) = host.interfaces.iter().find(|(_, interface)| interface.name.as_ref() == Some(&name))?;
    Some((format!("{OURS}{name}"), *id, ours))
}

type Of<'a> = (&'a Resolve, &'a Function);

fn compare(interface: &str, found: Of<'_>, expected: Of<'_>) -> Result<(), Refusal> {
    if whole(found) == whole(expected) {
        return Ok(());
    }
    let name = format!("{interface}.{}", found.1.name);
    let (theirs, ours) = (signature(found.0, found.1), signature(expected.0, expected.1));
    if theirs != ours {
        return Err(missing(&format!("`{name}` is `{theirs}` in it, and `{ours}` here")));
    }
    let (theirs, ours) = (named(found), named(expected));
    let differs = ours.iter().find(|(name, text)| theirs.iter().any(|(other, found)| other == name && found != text));
    let Some((word, ours)) = differs else {
        return Err(missing(&format!("`{name}` has other types in it than here")));
    };
    let theirs = theirs.iter().find(|(other, _)| other == word).map(|(_, text)| text.as_str()).unwrap_or_default();
    Err(missing(&format!("`{word}`, which `{name}` uses, is `{theirs}` in it, and `{ours}` here")))
}

fn missing(words: &str) -> Refusal {
    let advice =
        "rebuild it with the wit/ folder of this release (`noontide plugin build`), or use the host it was built for";
    Refusal::new("world", format!("{words} — {advice}; rebuild it against noontide:plugin@{CONTRACT}"))
}

/// As WIT writes it.
fn signature(resolve: &Resolve, function: &Function) -> String {
    let params: Vec<_> = function.params.iter().map(|one| format!("{}: {}", one.name, word(resolve, one.ty))).collect();
    let result = function.result.map(|ty| format!(" -> {}", word(resolve, ty))).unwrap_or_default();
    format!("func({}){result}", params.join(", "))
}

/// A type by its name, or as it is written where it has none.
fn word(resolve: &Resolve, ty: Type) -> String {
    match ty {
        Type::Id(id) => match &resolve.types[id].name {
            Some(name) => name.clone(),
            None => written(resolve, id, &mut |ty| word(resolve, ty)),
        },
        plain => primitive(plain).to_owned(),
    }
}

/// The types that a function uses and that have names, with what they are; each once.
fn named((resolve, function): Of<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut waiting: Vec<Type> = function.params.iter().map(|one| one.ty).chain(function.result).collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(ty) = waiting.pop() {
        let Type::Id(id) = ty else { continue };
        if !seen.insert(id) {
            continue;
        }
        let text = written(resolve, id, &mut |ty| {
            waiting.push(ty);
            word(resolve, ty)
        });
        if let Some(name) = &resolve.types[id].name
            && name != &text
            && !found.iter().any(|(known, _)| known == name)
        {
            found.push((name.clone(), text));
        }
    }
    found
}

/// The function with all types to the last, so that equal texts are equal types.
fn whole((resolve, function): Of<'_>) -> Option<String> {
    let mut text = String::new();
    for one in &function.params {
        let _ = write!(text, "{}: ", one.name);
        to_the_last(resolve, one.ty, &mut text);
    }
    if let Some(ty) = function.result {
        text.push_str("-> ");
        to_the_last(resolve, ty, &mut text);
    }
    (text.len() < TEXT).then_some(text)
}

/// Of a type that is made to be long, only a beginning is written.
fn to_the_last(resolve: &Resolve, ty: Type, text: &mut String) {
    match ty {
        _ if text.len() >= TEXT => {}
        Type::Id(id) => match resolve.types[id].kind {
            TypeDefKind::Type(other) => to_the_last(resolve, other, text),
            _ => {
                let mut inside = Vec::new();
                text.push_str(&written(resolve, id, &mut |ty| {
                    inside.push(ty);
                    String::new()
                }));
                for ty in inside {
                    text.push('<');
                    to_the_last(resolve, ty, text);
                    text.push('>');
                }
            }
        },
        plain => text.push_str(primitive(plain)),
    }
}

/// One type, with what is within written by `inner`.
fn written(resolve: &Resolve, id: TypeId, inner: &mut dyn FnMut(Type) -> String) -> String {
    let mut list = |types: &mut dyn Iterator<Item = (String, Option<Type>)>, joint: &str| {
        let texts: Vec<_> = types
            .map(|(name, ty)| match ty {
                Some(ty) => format!("{name}{joint}{}{}", inner(ty), if joint == "(" { ")" } else { "" }),
                None => name,
            })
            .collect();
        texts.join(", ")
    };
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields = &mut record.fields.iter().map(|field| (field.name.clone(), Some(field.ty)));
            format!("record {{ {} }}", list(fields, ": "))
        }
        TypeDefKind::Variant(variant) => {
            let cases = &mut variant.cases.iter().map(|case| (case.name.clone(), case.ty));
            format!("variant {{ {} }}", list(cases, "("))
        }
        TypeDefKind::Enum(all) => {
            format!("enum {{ {} }}", list(&mut all.cases.iter().map(|case| (case.name.clone(), None)), ""))
        }
        TypeDefKind::Flags(all) => {
            format!("flags {{ {} }}", list(&mut all.flags.iter().map(|flag| (flag.name.clone(), None)), ""))
        }
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", list(&mut tuple.types.iter().map(|ty| (String::new(), Some(*ty))), ""))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", inner(*ty)),
        TypeDefKind::List(ty) => format!("list<{}>", inner(*ty)),
        TypeDefKind::Result(result) => {
            let ok = result.ok.map(&mut *inner);
            match (ok, result.err.map(inner)) {
                (None, None) => "result".to_owned(),
                (Some(ok), None) => format!("result<{ok}>"),
                (ok, Some(err)) => format!("result<{}, {err}>", ok.as_deref().unwrap_or("_")),
            }
        }
        TypeDefKind::Handle(Handle::Own(of)) => resource(resolve, *of),
        TypeDefKind::Handle(Handle::Borrow(of)) => format!("borrow<{}>", resource(resolve, *of)),
        TypeDefKind::Type(other) => inner(*other),
        TypeDefKind::Resource => format!("resource {}", resource(resolve, id)),
        other => other.as_str().to_owned(),
    }
}

fn resource(resolve: &Resolve, id: TypeId) -> String {
    resolve.types[id].name.clone().unwrap_or_default()
}

fn primitive(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext | Type::Id(_) => "error-context",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_read_whole_and_is_that_of_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let files = std::fs::read_dir(folder).expect("wit/").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "wit")).collect();
        files.retain(|path| !path.ends_with("world.wit"));
        for path in files {
            let text = std::fs::read_to_string(&path).expect("read");
            assert!(WIT.iter().any(|(_, known)| *known == text), "{} is not in WIT above", path.display());
        }
        host().expect("it parses");
    }
}
