//! Schedules as a configuration folder takes them. What is written is loaded back first: a text that a host would refuse
//! is our mistake, and nobody's configuration.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use noontide_config::{LoadRequest, Loaded};
use noontide_domain::Schedule;
use serde_json::{Map, Value};

use super::{Entry, Imported};
use crate::args::Global;
use crate::exit::{Exit, Stop};
use crate::output::{Format, Rows};

/// A value in TOML, its tables in the order in which they are read best.
#[derive(Debug, Clone, PartialEq)]
pub enum Toml {
    /// A string.
    Text(String),
    /// An integer or a float, in its digits.
    Number(serde_json::Number),
    /// `true` or `false`.
    Flag(bool),
    /// `[…]`
    List(Vec<Toml>),
    /// `{ … }`
    Table(Vec<(String, Toml)>),
}

impl Toml {
    /// The same in TOML.
    ///
    /// # Errors
    /// A sentence about what TOML has no way to write.
    pub fn of(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::Null => return Err("null, which TOML cannot hold".to_owned()),
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) if number.is_i64() || number.is_f64() => Self::Number(number.clone()),
            Value::Number(number) => return Err(format!("{number}, which is too long a number for TOML")),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(values) => Self::List(values.iter().map(Self::of).collect::<Result<_, _>>()?),
            Value::Object(table) => {
                let pairs = table.iter().map(|(key, value)| Ok((key.clone(), Self::of(value)?)));
                Self::Table(pairs.collect::<Result<_, String>>()?)
            }
        })
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::List(values) => values.iter().map(Self::json).collect(),
            Self::Table(pairs) => pairs.iter().map(|(key, value)| (key.clone(), value.json())).collect(),
        }
    }
}

impl fmt::Display for Toml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quoted(&dollars(text))),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(Self::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Table(pairs) if pairs.is_empty() => f.write_str("{}"),
            Self::Table(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
                write!(f, "{{ {} }}", pairs.join(", "))
            }
        }
    }
}

/// Writes all entries: to stdout, or to a new file in `into`.
///
/// # Errors
/// The file is there already (6), or cannot be written (1).
pub(super) fn run(global: &Global, imported: &Imported, into: Option<&Path>, source: &str) -> Result<(), Stop> {
    let text = written(imported, source, |queue| imported.queues.get(queue) == Some(&true));
    let Some(folder) = into else {
        return match global.output {
            Format::Table | Format::Toml if imported.entries.is_empty() => Ok(()),
            Format::Table | Format::Toml => global.output().text(text.trim_end()),
            Format::Json | Format::Jsonl => {
                let items: Vec<_> = imported.entries.iter().map(json).collect();
                global.output().list(&items, |_| Rows::default())
            }
        };
    };
    if imported.entries.is_empty() {
        return Err(Stop::failed(format!("{source}: there is nothing to write")));
    }
    let path = folder.join(format!("imported-{}.toml", file_name(source)));
    let shown = path.display();
    let mut file = File::create_new(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Stop::new(Exit::Conflict, format!("{shown} is there already; move it away, or look with -o toml first"))
        }
        _ => Stop::failed(format!("{shown}: {error}; --into names a folder that exists, such as conf/local")),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half a file would be read by a host that watches the folder.
        let _ = std::fs::remove_file(&path);
        Stop::failed(format!("{shown}: {error}"))
    })?;
    global.output().hint(&format!("{} schedules in {shown}; `noontide check` reads them", imported.entries.len()));
    Ok(())
}

/// All entries as one file, which needs no other.
pub(super) fn document(imported: &Imported, source: &str) -> String {
    written(imported, source, |_| true)
}

fn written(imported: &Imported, source: &str, begins_queue: impl Fn(&str) -> bool) -> String {
    let mut text = format!("# Written by `noontide import` from {}.\n", line(source));
    for queue in imported.queues.keys().filter(|queue| begins_queue(queue)) {
        text.push_str(&format!("\n[queue.{}]\n", key(queue)));
    }
    for entry in &imported.entries {
        text.push('\n');
        for (number, original) in entry.original.iter().enumerate() {
            let place = if number == 0 { format!("{}: ", entry.place) } else { "  ".to_owned() };
            text.push_str(&format!("# {}{}\n", line(&place), line(original)));
        }
        for note in &entry.notes {
            text.push_str(&format!("# note: {}\n", line(note)));
        }
        text.push_str(&table(&entry.name, entry.keys.iter().map(|(key, value)| (*key, value))));
    }
    text
}

/// `[schedule.NAME]` with its keys in one column.
pub fn table<'a>(name: &str, keys: impl Iterator<Item = (&'a str, &'a Toml)> + Clone) -> String {
    let width = keys.clone().map(|(key, _)| key.len()).max().unwrap_or_default();
    let lines: String = keys.map(|(key, value)| format!("{key:width$} = {}\n", laid_out(value))).collect();
    format!("[schedule.{}]\n{lines}", key(name))
}

/// Several triggers stand below each other, anything else in a line.
fn laid_out(value: &Toml) -> String {
    match value {
        Toml::List(values) if values.iter().all(|value| matches!(value, Toml::Table(_))) => {
            let lines: String = values.iter().map(|value| format!("  {value},\n")).collect();
            format!("[\n{lines}]")
        }
        _ => value.to_string(),
    }
}

/// Refuses the entries that a host would refuse: a start after its end, an interval of a blink.
///
/// # Errors
/// The document as a whole does not load, which is our fault; the temporary folder cannot be used.
pub(super) fn settle(imported: &mut Imported) -> Result<(), Stop> {
    let loaded = load(&document(imported, "a test"))?;
    for problem in &loaded.problems {
        let wrong = |entry: &Entry| problem.schedule() == Some(entry.name.as_str());
        if let Some(at) = imported.entries.iter().position(wrong) {
            let entry = imported.entries.remove(at);
            imported.refused.push(format!("{}: {}", entry.place, problem.message));
        }
    }
    Ok(())
}

/// The schedules of a document, as a host would read them.
///
/// # Errors
/// One of them does not load, which [`settle`] has seen to.
pub fn loaded(document: &str) -> Result<Vec<Schedule>, Stop> {
    let loaded = load(document)?;
    match loaded.problems.first() {
        Some(problem) => Err(ours(&problem.to_string())),
        None => Ok(loaded.config.schedules),
    }
}

fn load(document: &str) -> Result<Loaded, Stop> {
    let folder = std::env::temp_dir().join(format!("noontide-import-{}", uuid::Uuid::new_v4()));
    let written = std::fs::create_dir(&folder).and_then(|()| std::fs::write(folder.join("imported.toml"), document));
    let read = written.map(|()| noontide_config::load(&LoadRequest { dir: folder.clone(), ..LoadRequest::default() }));
    // What stays behind in the temporary folder is no reason to refuse an import.
    let _ = std::fs::remove_dir_all(&folder);
    let read = read.map_err(|error| Stop::failed(format!("{}: {error}; set TMPDIR", folder.display())))?;
    read.map_err(|refused| ours(&refused.to_string()))
}

fn ours(reason: &str) -> Stop {
    Stop::failed(format!("what was translated does not load, which is a mistake of Noontide: {reason}"))
}

fn json(entry: &Entry) -> Value {
    let head = [("name", &entry.name), ("place", &entry.place)];
    let head = head.map(|(key, text)| (key.to_owned(), Value::String(text.clone())));
    let notes = ("notes".to_owned(), entry.notes.iter().cloned().map(Value::String).collect());
    let keys = entry.keys.iter().map(|(key, value)| ((*key).to_owned(), value.json()));
    Value::Object(head.into_iter().chain([notes]).chain(keys).collect::<Map<_, _>>())
}

/// The stem of the source's file.
fn file_name(source: &str) -> String {
    let stem = Path::new(source).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    stem.chars().map(plain).collect()
}

/// A name as a key: bare if it may be.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { name.to_owned() } else { quoted(name) }
}

/// The configuration puts variables in: `$$` is a dollar sign, and has to be one only before `$` and `{`.
fn dollars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        out.push(character);
        if character == '$' && characters.peek().is_some_and(|next| matches!(next, '$' | '{')) {
            out.push('$');
        }
    }
    out
}

/// In single quotes where that saves backslashes, else as a basic string.
fn quoted(text: &str) -> String {
    let plain = !text.contains('\'') && !text.contains(char::is_control);
    if plain && text.contains(['"', '\\']) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if character.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// In a comment there is nothing to escape with.
fn line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() && character != '\t' { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_a_command_holds_is_loaded_back_as_it_was() {
        for text in [
            "plain",
            r#"awk '{print $1}' "$HOME/x" ${A:-b} $$ $$$x $${y}"#,
            "back\\slash and \"quotes\"",
            "line\nbreak\ttab\r\u{1}\u{7f}\u{85}",
            "每晚 🕐",
            "'",
            "",
        ] {
            let input = Toml::of(&json!({"command": text, "a b": [1, 2.5, true, {"deep": text}]})).unwrap();
            let keys = vec![("handler", Toml::Text("a/b".to_owned())), ("manual", Toml::Flag(true)), ("input", input)];
            let (name, place, original) = ("x".to_owned(), "f:1".to_owned(), vec![text.to_owned()]);
            let entry = Entry { name, place, original, notes: vec![text.to_owned()], keys, spans: Vec::new() };
            let document = document(&Imported { entries: vec![entry], ..Imported::default() }, "f");
            let schedules = loaded(&document).unwrap_or_else(|stop| panic!("{document}\n{}", stop.message));
            assert_eq!(schedules[0].input["command"], text, "{document}");
            assert_eq!(schedules[0].input["a b"], json!([1, 2.5, true, {"deep": text}]), "{document}");
        }
    }

    #[test]
    fn what_toml_cannot_hold_is_named() {
        assert!(Toml::of(&json!([null])).unwrap_err().contains("null"));
        assert!(Toml::of(&json!(u64::MAX)).unwrap_err().contains("too long"));
    }
}
