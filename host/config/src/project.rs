//! `noontide.toml` in a plugin's own folder: how it is built, and with what it is tried.

use std::path::{Component, Path, PathBuf};

use noontide_domain::PluginName;
use toml::de::DeTable;

use crate::problem::{Problem, Refused, Scope};
use crate::read::input;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Place, Source, Table, Value};

/// The file's name.
pub const FILE: &str = "noontide.toml";

/// How a plugin is built and tried. Paths are relative to its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The file that a host is given is `NAME.wasm`.
    pub name: PluginName,
    /// Told, and decides nothing.
    pub language: Option<String>,
    /// A program and its arguments; no shell.
    pub command: Vec<String>,
    /// What it makes.
    pub output: PathBuf,
    /// Files and folders whose change asks for another build.
    pub watch: Vec<PathBuf>,
    /// What must be on the machine.
    pub needs: Vec<Need>,
    /// Which handler is tried; may be left out if there is one.
    pub handler: Option<String>,
    /// What it is tried with.
    pub input: Option<serde_json::Value>,
}

/// Something that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What.
    pub what: Needed,
    /// How to come by it.
    pub hint: String,
}

/// What a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// A program: a name on `PATH`, or a path.
    Command(String),
    /// A file or a folder.
    File(PathBuf),
}

impl Project {
    /// Reads the file in `folder`.
    ///
    /// # Errors
    /// It cannot be read, or all that is wrong with it, a line each.
    pub fn read(folder: &Path) -> Result<Self, Refused> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|reason| {
            let remedy = "name the folder of a plugin, or make one with `noontide plugin new`";
            let place = Place::Outside(path.display().to_string());
            Refused(vec![Problem::new(place, Scope::Host, format!("cannot be read: {reason}; {remedy}"))])
        })?;
        Self::parse(&path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Refused> {
        let source = Source::new(path, text);
        let table = DeTable::parse(text).map_err(|error| {
            let place = source.place(error.span().map_or(text.len(), |span| span.start));
            let message = format!("this is not TOML: {}", error.message().replace('\n', "; "));
            Refused(vec![Problem::new(place, Scope::Host, message)])
        })?;
        let table = source.table(table.get_ref());
        let desk = Desk { vars: None, problems: Default::default() };
        let read = project(&desk, &table, &source.place(0));
        let mut problems = desk.problems.into_inner();
        problems.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
        read.filter(|_| problems.is_empty()).ok_or(Refused(problems))
    }
}

fn project(desk: &Desk<'_>, table: &Table, top: &Place) -> Option<Project> {
    let reader = Reader::new(desk, table, Scope::Host, String::new());
    let inside = |key: &'static str| {
        let found = reader.table(key)?;
        Some(Reader::new(desk, found, Scope::Host, format!("[{key}] ")))
    };
    let [plugin, build, tried] = ["plugin", "build", "try"].map(inside);
    for (name, part) in [("plugin", &plugin), ("build", &build)] {
        if part.is_none() && !reader.is_written(name) {
            reader.problem(top, format!("the table [{name}] is missing"));
        }
    }
    reader.finish();
    let name = plugin.as_ref().and_then(|reader| {
        let (name, node) = needed(reader, "name", top)?;
        reader.good(&node.place, name.parse::<PluginName>())
    });
    let language = plugin.as_ref().and_then(|reader| reader.text("language")).map(|(text, _)| text);
    let command = build.as_ref().and_then(|reader| command(reader, top));
    let output = build.as_ref().and_then(|reader| {
        let (text, node) = needed(reader, "output", top)?;
        within(reader, "output", &text, node)
    });
    let watch = build.as_ref().map(watch).unwrap_or_default();
    let needs = build.as_ref().map(|reader| needs(desk, reader)).unwrap_or_default();
    let handler = tried.as_ref().and_then(|reader| reader.text("handler")).map(|(text, _)| text);
    let input = tried.as_ref().and_then(|reader| input::json(reader, reader.get("input")?));
    for reader in [&plugin, &build, &tried].into_iter().flatten() {
        reader.finish();
    }
    Some(Project { name: name?, language, command: command?, output: output?, watch, needs, handler, input })
}

fn needed<'a>(reader: &Reader<'a>, key: &'static str, top: &Place) -> Option<(String, &'a Node)> {
    if !reader.has(key) {
        reader.problem(top, format!("`{key}` is missing"));
    }
    reader.text(key)
}

fn command(reader: &Reader<'_>, top: &Place) -> Option<Vec<String>> {
    if !reader.has("command") {
        reader.problem(top, "`command` is missing; a program and its arguments, such as [\"make\"]");
    }
    let (words, node) = texts(reader, "command")?;
    if words.first().is_none_or(String::is_empty) {
        reader.problem(&node.place, "`command` is empty; a program and its arguments are expected");
        return None;
    }
    Some(words)
}

fn watch(reader: &Reader<'_>) -> Vec<PathBuf> {
    let Some((paths, node)) = texts(reader, "watch") else { return Vec::new() };
    paths.iter().filter_map(|path| within(reader, "watch", path, node)).collect()
}

/// `output` and `watch` stay within the folder: nothing else of the machine is the plugin's.
fn within(reader: &Reader<'_>, key: &str, text: &str, node: &Node) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if text.is_empty() || !stays {
        reader.problem(&node.place, format!("`{key}`: `{text}` is no path within the plugin's folder"));
        return None;
    }
    Some(path)
}

fn needs<'a>(desk: &'a Desk<'a>, reader: &Reader<'a>) -> Vec<Need> {
    let Some(node) = reader.get("needs") else { return Vec::new() };
    let Value::Array(nodes) = &node.value else {
        reader.problem(&node.place, "`needs` is a list, such as [{ command = \"cargo\", hint = \"…\" }]");
        return Vec::new();
    };
    nodes.iter().filter_map(|node| need(desk, reader, node)).collect()
}

fn need<'a>(desk: &'a Desk<'a>, reader: &Reader<'a>, node: &'a Node) -> Option<Need> {
    let inside = Reader::new(desk, reader.as_table("needs", node)?, Scope::Host, "[build] `needs`: ".to_owned());
    let command = inside.text("command").map(|(text, _)| Needed::Command(text));
    let file = inside.text("file").map(|(text, _)| Needed::File(PathBuf::from(text)));
    let hint = inside.text("hint").map(|(text, _)| text).unwrap_or_default();
    inside.finish();
    match (command, file) {
        (Some(what), None) | (None, Some(what)) => Some(Need { what, hint }),
        _ => {
            inside.problem(&node.place, "exactly one of command and file is needed");
            None
        }
    }
}

fn texts<'a>(reader: &Reader<'a>, key: &'static str) -> Option<(Vec<String>, &'a Node)> {
    let node = reader.get(key)?;
    let Value::Array(items) = &node.value else {
        reader.problem(&node.place, format!("`{key}` is {}; a list of strings is expected", node.value.kind()));
        return None;
    };
    Some((items.iter().map(|item| reader.as_text(key, item)).collect::<Option<_>>()?, node))
}

#[cfg(test)]
mod tests;
