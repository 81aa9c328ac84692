//! Which files, in which order, laid over one another.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::LoadRequest;
use crate::problem::{Problem, Scope};
use crate::tree::{Node, Place, Source, Table, Value, lay_over};

/// Every key with its unit and reason. Read as if it lay in the configuration folder.
const DEFAULTS: &str = include_str!("../../../conf/default.toml");

/// Variables that set a value begin with this; `__` parts the keys, `_` stands for `-`.
const PREFIX: &str = "NOONTIDE__";

/// All layers as one tree.
pub(crate) struct Layers {
    pub(crate) tree: Table,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) env: String,
    pub(crate) env_dir: Option<PathBuf>,
}

pub(crate) fn read(request: &LoadRequest, problems: &mut Vec<Problem>) -> Layers {
    let mut layers = Layers { tree: Table::new(), files: Vec::new(), env: env_name(request), env_dir: None };
    layers.add_text(&request.dir.join("default.toml (built in)"), DEFAULTS, problems);
    let (files, folders) = match entries(&request.dir) {
        Ok(found) => found,
        Err(reason) => {
            let message = format!("the configuration folder cannot be read: {reason}; name another with --conf DIR");
            problems.push(host(Place::Outside(request.dir.display().to_string()), message));
            return layers;
        }
    };
    files.iter().for_each(|file| layers.add_file(file, problems));
    layers.add_env(&request.dir, &folders, problems);
    for (name, text) in &request.vars {
        if let Some(path) = name.strip_prefix(PREFIX) {
            let keys = path.split("__").map(|key| key.to_ascii_lowercase().replace('_', "-")).collect();
            layers.add_value(name, keys, text);
        }
    }
    for (name, text) in &request.overrides {
        layers.add_value(&format!("flag for {name}"), name.split('.').map(str::to_owned).collect(), text);
    }
    layers
}

fn env_name(request: &LoadRequest) -> String {
    let var = |name: &str| request.vars.get(name).filter(|value| !value.is_empty()).cloned();
    request.env.clone().or_else(|| var("NOONTIDE_ENV")).or_else(|| var("APP_ENV")).unwrap_or_else(|| "local".to_owned())
}

impl Layers {
    fn add_env(&mut self, dir: &Path, folders: &[PathBuf], problems: &mut Vec<Problem>) {
        let name = |folder: &PathBuf| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(folder) = folders.iter().find(|folder| name(folder) == self.env) else {
            // A folder without environments is fine as long as nobody asks for a particular one.
            if !(folders.is_empty() && self.env == "local") {
                let known: Vec<_> = folders.iter().map(name).collect();
                let message = format!(
                    "there is no environment `{}`: known are the folders {} (set by --env, NOONTIDE_ENV or APP_ENV)",
                    self.env,
                    if known.is_empty() { "(none)".to_owned() } else { known.join(", ") }
                );
                problems.push(host(Place::Outside(dir.display().to_string()), message));
            }
            return;
        };
        match entries(folder) {
            Ok((files, _)) => files.iter().for_each(|file| self.add_file(file, problems)),
            Err(reason) => {
                let message = format!("the environment's folder cannot be read: {reason}");
                problems.push(host(Place::Outside(folder.display().to_string()), message));
            }
        }
        self.env_dir = Some(folder.clone());
    }

    fn add_file(&mut self, path: &Path, problems: &mut Vec<Problem>) {
        self.files.push(path.to_owned());
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let place = Place::Outside(path.display().to_string());
                return problems.push(host(place, format!("cannot be read: {reason}")));
            }
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => self.add_text(path, text, problems),
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let place = Source::new(path, &good).place(good.len());
                problems.push(host(place, "this is not TOML: a byte that is not UTF-8; save the file as UTF-8"));
            }
        }
    }

    fn add_text(&mut self, path: &Path, text: &str, problems: &mut Vec<Problem>) {
        let source = Source::new(path, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let mut message = format!("this is not TOML: {}", error.message().replace('\n', "; "));
            if error.message() == "duplicate key" {
                message.push_str(&format!(" `{}`; keep one of them", text.get(span.clone()).unwrap_or_default()));
            }
            problems.push(host(source.place(span.start), message));
        }
        if errors.is_empty() {
            lay_over(&mut self.tree, source.table(table.get_ref()));
        }
    }

    /// A value from outside: TOML if it reads as TOML, else a string.
    fn add_value(&mut self, name: &str, keys: Vec<String>, text: &str) {
        let place = Place::Outside(name.to_owned());
        let mut node = Node { place: place.clone(), value: outside_value(text) }.at(&place);
        for key in keys.into_iter().rev() {
            node = Node { place: place.clone(), value: Value::Table(Table::from([(key, (place.clone(), node))])) };
        }
        if let Value::Table(table) = node.value {
            lay_over(&mut self.tree, table);
        }
    }
}

fn outside_value(text: &str) -> Value {
    let line = format!("v = {text}");
    let read = DeTable::parse(&line).map(|table| Source::new(Path::new(""), &line).table(table.get_ref()));
    let mut table = read.unwrap_or_default();
    match (table.remove("v"), table.is_empty()) {
        // What is a date or an odd number to TOML is a word to whoever wrote it in a variable.
        (Some((_, Node { value: Value::Datetime(_) | Value::Unreadable(_), .. })), _) => Value::Text(text.to_owned()),
        (Some((_, node)), true) => node.value,
        // More than one key: the text held a line break.
        _ => Value::Text(text.to_owned()),
    }
}

/// TOML files and folders, each in name order, and `default.toml` before all others: it is what they lie over. Dot
/// files are left alone (a ConfigMap keeps its generations in them).
fn entries(dir: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
        } else if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (path.file_name() != Some("default.toml".as_ref()), path.clone()));
    folders.sort();
    Ok((files, folders))
}

fn host(place: Place, message: impl std::fmt::Display) -> Problem {
    Problem::new(place, Scope::Host, message)
}
