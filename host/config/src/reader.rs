//! Asks a table for its keys, and notices what nobody asked for.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use noontide_domain::{SecretSource, duration, suggest};

use crate::interpolate::interpolate;
use crate::problem::{Problem, Scope};
use crate::tree::{Node, Place, Table, Value};

/// What all readers of one load share.
pub(crate) struct Desk<'a> {
    /// `None` where texts are taken as they stand, because whoever wrote them may not read the host's environment.
    pub(crate) vars: Option<&'a BTreeMap<String, String>>,
    pub(crate) problems: RefCell<Vec<Problem>>,
}

/// Reads one table. What goes wrong is noted, and the reading goes on.
pub(crate) struct Reader<'a> {
    desk: &'a Desk<'a>,
    table: &'a Table,
    scope: Scope,
    /// For messages: `schedule \`x\`: ` or `[http] `.
    subject: String,
    asked: RefCell<BTreeSet<&'static str>>,
    clean: Cell<bool>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(desk: &'a Desk<'a>, table: &'a Table, scope: Scope, subject: String) -> Self {
        Self { desk, table, scope, subject, asked: RefCell::default(), clean: Cell::new(true) }
    }

    /// A reader for a table inside this one, under the same subject.
    pub(crate) fn inside(&self, table: &'a Table) -> Reader<'a> {
        Reader::new(self.desk, table, self.scope.clone(), self.subject.clone())
    }

    pub(crate) fn problem(&self, place: &Place, message: impl std::fmt::Display) {
        self.clean.set(false);
        let message = format!("{}{message}", self.subject);
        self.desk.problems.borrow_mut().push(Problem::new(place.clone(), self.scope.clone(), message));
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key).map(|(_, node)| node)
    }

    /// Notes keys that a later version will know. They are not offered to whoever mistypes another.
    pub(crate) fn later(&self, keys: &[&'static str], instead: &str) {
        for key in keys.iter().filter(|key| self.is_written(key)) {
            self.asked.borrow_mut().insert(key);
            self.problem(&self.place_of(key), format!("`{key}` is not in this version yet; {instead}"));
        }
    }

    /// Whether the key is there, without asking for it.
    pub(crate) fn is_written(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn table(&self, key: &'static str) -> Option<&'a Table> {
        self.get(key).and_then(|node| self.as_table(key, node))
    }

    pub(crate) fn as_table(&self, key: &str, node: &'a Node) -> Option<&'a Table> {
        match &node.value {
            Value::Table(table) => Some(table),
            other => self.wrong(key, node, "a table", other),
        }
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<(String, &'a Node)> {
        let node = self.get(key)?;
        self.as_text(key, node).map(|text| (text, node))
    }

    pub(crate) fn as_text(&self, key: &str, node: &Node) -> Option<String> {
        let Value::Text(text) = &node.value else { return self.wrong(key, node, "a string", &node.value) };
        match self.desk.vars {
            Some(vars) => self.good(&node.place, interpolate(text, vars)),
            None => Some(text.clone()),
        }
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let node = self.get(key)?;
        match &node.value {
            Value::Boolean(flag) => Some(*flag),
            other => self.wrong(key, node, "true or false", other),
        }
    }

    /// A whole number from `least` up.
    pub(crate) fn count(&self, key: &'static str, least: i64) -> Option<usize> {
        let node = self.get(key)?;
        match &node.value {
            Value::Integer(number) if *number >= least => usize::try_from(*number).ok(),
            Value::Integer(number) => {
                self.problem(&node.place, format!("`{key}` is {number}; at least {least} is needed"));
                None
            }
            other => self.wrong(key, node, "a whole number", other),
        }
    }

    pub(crate) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.get(key).and_then(|node| self.as_duration(key, node))
    }

    pub(crate) fn as_duration(&self, key: &str, node: &Node) -> Option<Duration> {
        match &node.value {
            Value::Integer(seconds) => {
                let read = duration::parse(&seconds.to_string());
                self.good(&node.place, read.map_err(|reason| format!("`{key}`: {reason}")))
            }
            Value::Text(_) => {
                let text = self.as_text(key, node)?;
                self.good(&node.place, duration::parse(&text).map_err(|reason| format!("`{key}`: {reason}")))
            }
            other => self.wrong(key, node, "a duration such as \"5m\"", other),
        }
    }

    /// A duration that is longer than nothing.
    pub(crate) fn positive(&self, key: &'static str) -> Option<Duration> {
        let duration = self.duration(key)?;
        if duration.is_zero() {
            self.problem(
                &self.place_of(key),
                format!("`{key}` is zero; take it out, or give a length such as \"30s\""),
            );
            return None;
        }
        Some(duration)
    }

    /// A size from `least` up.
    pub(crate) fn bytes(&self, key: &'static str, least: u64) -> Option<u64> {
        let node = self.get(key)?;
        let Value::Text(_) = &node.value else {
            return self.wrong(key, node, "a size such as \"64MiB\"", &node.value);
        };
        let text = self.as_text(key, node)?;
        let size = duration::parse_bytes(&text).and_then(|size| match size < least {
            true => Err(format!("`{text}` is too small; at least {} is needed", duration::bytes(least))),
            false => Ok(size),
        });
        self.good(&node.place, size.map_err(|reason| format!("`{key}`: {reason}")))
    }

    /// A path; relative ones are relative to the file that sets them.
    pub(crate) fn as_path(&self, key: &str, node: &Node) -> Option<PathBuf> {
        let path = PathBuf::from(self.as_text(key, node)?);
        match node.place.folder() {
            Some(folder) if path.is_relative() => Some(plain(&folder.join(path))),
            _ => Some(path),
        }
    }

    /// `{ env = "X" }`, `{ file = "…" }` or `{ credential = "…" }`.
    pub(crate) fn as_secret(&self, key: &str, node: &'a Node) -> Option<SecretSource> {
        let Value::Table(table) = &node.value else {
            let ways = r#"{ env = "VARIABLE" }, { file = "/run/secrets/x" } or { credential = "x" }"#;
            self.problem(&node.place, format!("`{key}` is a secret and is named, not written: {ways}"));
            return None;
        };
        let inside = self.inside(table);
        let env = inside.var_name("env").map(|(name, _)| SecretSource::Env(name));
        let file = inside.get("file").and_then(|node| inside.as_path("file", node)).map(SecretSource::File);
        let credential =
            inside.text("credential").and_then(|(name, node)| inside.good(&node.place, self.credential(&name)));
        if !inside.finish() {
            self.clean.set(false);
            return None;
        }
        let mut named = [env, file, credential.map(SecretSource::File)].into_iter().flatten();
        match (named.next(), named.next()) {
            (Some(source), None) => Some(source),
            _ => {
                self.problem(&node.place, format!("`{key}` needs exactly one of env, file and credential"));
                None
            }
        }
    }

    /// The file of a credential that systemd hands to the service (`LoadCredential=`, `SetCredential=`).
    fn credential(&self, name: &str) -> Result<PathBuf, String> {
        if name.is_empty() || name.contains('/') {
            return Err(format!("`credential` is `{name}`; a credential has a plain name, such as \"ledger\""));
        }
        let folder = self.var("CREDENTIALS_DIRECTORY").ok_or_else(|| {
            format!("the credential `{name}` is not there: this process has none; start it as a service with LoadCredential={name}:…")
        })?;
        Ok(PathBuf::from(folder).join(name))
    }

    /// The value that [`Reader::as_secret`] names.
    pub(crate) fn secret(&self, key: &str, node: &'a Node) -> Option<String> {
        let value = match self.as_secret(key, node)? {
            SecretSource::Env(name) => {
                self.var(&name).ok_or_else(|| format!("`{key}`: the variable {name} is not set"))
            }
            SecretSource::File(path) => std::fs::read_to_string(&path)
                .map(|text| one_line(&text).to_owned())
                .map_err(|reason| format!("`{key}`: {} cannot be read: {reason}", path.display())),
        };
        self.good(&node.place, value)
    }

    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map(|(_, node)| node.place.clone()).unwrap_or_default()
    }

    /// A text that can name a variable of the environment.
    pub(crate) fn var_name(&self, key: &'static str) -> Option<(String, &'a Node)> {
        let (name, node) = self.text(key)?;
        self.good(&node.place, variable(&name))?;
        Some((name, node))
    }

    /// Whether a client of the API wrote it, and no file.
    pub(crate) fn is_from_outside(&self) -> bool {
        self.desk.vars.is_none()
    }

    /// The environment, where texts may ask for it.
    pub(crate) fn vars(&self) -> Option<&'a BTreeMap<String, String>> {
        self.desk.vars
    }

    /// A variable of the environment.
    pub(crate) fn var(&self, name: &str) -> Option<String> {
        self.desk.vars?.get(name).cloned()
    }

    /// Notes the error of a reading.
    pub(crate) fn good<T>(&self, place: &Place, read: Result<T, impl std::fmt::Display>) -> Option<T> {
        read.map_err(|reason| self.problem(place, reason)).ok()
    }

    fn wrong<T>(&self, key: &str, node: &Node, wanted: &str, found: &Value) -> Option<T> {
        self.problem(&node.place, format!("`{key}` is {}; {wanted} is expected", found.kind()));
        None
    }

    /// Refuses keys that nobody asked for. `true` if nothing at all was wrong.
    pub(crate) fn finish(&self) -> bool {
        let asked = self.asked.borrow();
        for (key, (place, _)) in self.table {
            if !asked.contains(key.as_str()) {
                let hint = suggest::hint(key, asked.iter().copied());
                let known: Vec<_> = asked.iter().copied().collect();
                let remedy = if hint.is_empty() { format!("; known are {}", known.join(", ")) } else { hint };
                self.problem(place, format!("unknown key `{key}`{remedy}"));
            }
        }
        self.clean.get()
    }

    /// Something inside went wrong that was noted elsewhere.
    pub(crate) fn spoil(&self) {
        self.clean.set(false);
    }
}

/// As secrets are read for plugins: one line break at the end is not part of it.
fn one_line(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Whether an environment can hold a variable of this name.
pub(crate) fn variable(name: &str) -> Result<(), String> {
    match name.is_empty() || name.contains(['=', '\0']) {
        true => Err(format!("`{name}` cannot name a variable of the environment")),
        false => Ok(()),
    }
}

/// `conf/local/../../data` is `data`: only for names, symbolic links are not looked at. A leading `..` stays.
pub(crate) fn plain(path: &std::path::Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for component in path.components() {
        match (component, out.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            (Component::CurDir, _) => {}
            _ => out.push(component),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}
