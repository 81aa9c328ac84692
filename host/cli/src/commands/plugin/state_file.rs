//! What is remembered as a JSON file, for calls without a ledger: `{ "schedule": { "key": value }, "plugin": { … } }`.

use std::collections::BTreeMap;
use std::path::Path;

use noontide_domain::{StateScope, StateWrite};
use serde_json::{Map, Value, json};

use crate::commands::artifacts;
use crate::exit::Stop;

/// Entries by memory and key, as bytes.
pub type Entries = BTreeMap<(StateScope, String), Vec<u8>>;

/// The memories, as the file names them.
const SCOPES: [(&str, StateScope); 2] = [("schedule", StateScope::Schedule), ("plugin", StateScope::Plugin)];

/// Bytes that are no JSON are written as `{"$hex": "ff00"}`.
const HEX: &str = "$hex";

/// Reads the file; none is an empty memory.
///
/// # Errors
/// Usage: it cannot be read, or is no JSON object.
pub fn read(path: &Path) -> Result<Entries, Stop> {
    let wrong = |reason: String| Stop::usage(format!("--state: {}: {reason}", path.display()));
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Entries::new()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let memories: BTreeMap<String, Map<String, Value>> = serde_json::from_slice(&text)
        .map_err(|error| wrong(format!("{error}; write {{\"schedule\": {{\"key\": value}}, \"plugin\": {{}}}}")))?;
    let mut entries = Entries::new();
    for (name, memory) in memories {
        let scope = SCOPES.iter().find(|(known, _)| *known == name);
        let (_, scope) = scope.ok_or_else(|| wrong(format!("`{name}` is no memory; `schedule` and `plugin` are")))?;
        for (key, value) in memory {
            let bytes = as_bytes(&value);
            let bytes = bytes.ok_or_else(|| wrong(format!("`{key}`: `{HEX}` is no text of hexadecimal digits")))?;
            entries.insert((*scope, key), bytes);
        }
    }
    Ok(entries)
}

/// The memory after these writes.
pub fn after(mut entries: Entries, writes: &[StateWrite]) -> Entries {
    for write in writes {
        match &write.value {
            Some(value) => entries.insert((write.scope, write.key.clone()), value.clone()),
            None => entries.remove(&(write.scope, write.key.clone())),
        };
    }
    entries
}

/// Writes the file anew.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, entries: &Entries) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(&as_json(entries)).unwrap_or_default() + "\n";
    artifacts::write(path, text.as_bytes(), true)
}

fn as_json(entries: &Entries) -> Value {
    let of = |wanted: StateScope| -> Map<String, Value> {
        let own = entries.iter().filter(|((scope, _), _)| *scope == wanted);
        own.map(|((_, key), value)| (key.clone(), shown(value))).collect()
    };
    SCOPES.iter().map(|(name, scope)| ((*name).to_owned(), Value::Object(of(*scope)))).collect()
}

/// A value as JSON.
pub fn shown(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ HEX: digits })
    })
}

fn as_bytes(value: &Value) -> Option<Vec<u8>> {
    let Some(hex) = value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get(HEX)) else {
        return Some(value.to_string().into_bytes());
    };
    let digits: Vec<_> = hex.as_str()?.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok();
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_of(key: &str, value: Option<&[u8]>) -> StateWrite {
        let value = value.map(<[u8]>::to_vec);
        StateWrite { scope: StateScope::Schedule, key: key.to_owned(), value, base: 0, revision: 1 }
    }

    #[test]
    fn what_a_run_writes_is_what_the_next_one_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let first = read(&path).unwrap();
        assert!(first.is_empty());
        let entries =
            after(first, &[write_of("count", Some(b"3")), write_of("raw", Some(&[0xff, 0])), write_of("x", None)]);
        write(&path, &entries).unwrap();
        assert_eq!(read(&path).unwrap(), entries);
        assert_eq!(
            serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()).unwrap(),
            json!({"schedule": {"count": 3, "raw": {"$hex": "ff00"}}, "plugin": {}})
        );
        let fewer = after(entries, &[write_of("raw", None)]);
        assert_eq!(fewer.into_keys().collect::<Vec<_>>(), [(StateScope::Schedule, "count".to_owned())]);
    }

    #[test]
    fn a_file_that_is_no_memory_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let hex = |digits: &str| format!(r#"{{"plugin": {{"a": {{"$hex": "{digits}"}}}}}}"#);
        for text in ["[1]".to_owned(), "{".to_owned(), r#"{"mine": {}}"#.to_owned(), hex("zz"), hex("abc")] {
            std::fs::write(file.path(), &text).unwrap();
            assert!(read(file.path()).is_err(), "{text} was taken");
        }
    }
}
