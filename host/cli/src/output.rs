//! What goes to stdout: a table for people, JSON for programs. Both from the same value, so they cannot differ.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::exit::Stop;

/// How a list or a thing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One line of JSON for each thing.
    Jsonl,
    /// What a configuration folder takes; of `import` only, which writes it by default.
    Toml,
}

/// Where data goes, and how.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// As asked.
    pub format: Format,
    /// Hints and progress are wanted.
    pub talkative: bool,
}

impl Output {
    /// Writes `items`: as a table with `rows`, or as they are.
    ///
    /// # Errors
    /// If stdout takes no more.
    pub fn list(&self, items: &[Value], rows: impl FnOnce(&[Value]) -> Rows) -> Result<(), Stop> {
        match self.format {
            Format::Table if items.is_empty() => Ok(()),
            Format::Table => self.text(&rows(items).drawn()),
            Format::Json => self.text(&pretty(&Value::Array(items.to_vec()))),
            Format::Toml => Err(no_toml()),
            Format::Jsonl => items.iter().try_for_each(|item| self.text(&item.to_string())),
        }
    }

    /// Writes one thing: as `text` for people, or as it is.
    ///
    /// # Errors
    /// If stdout takes no more.
    pub fn thing(&self, value: &Value, text: impl FnOnce() -> String) -> Result<(), Stop> {
        match self.format {
            Format::Table => self.text(&text()),
            Format::Json => self.text(&pretty(value)),
            Format::Jsonl => self.text(&value.to_string()),
            Format::Toml => Err(no_toml()),
        }
    }

    /// Writes lines to stdout.
    ///
    /// # Errors
    /// If stdout takes no more.
    pub fn text(&self, text: &str) -> Result<(), Stop> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// A hint on stderr, unless `--quiet`.
    pub fn hint(&self, text: &str) {
        if self.talkative {
            complain(text);
        }
    }
}

/// A line on stderr; that nobody reads there is no reason to stop.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The rows of a table.
#[derive(Debug, Default)]
pub struct Rows {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// A table with these columns.
    pub fn of(header: impl IntoIterator<Item = &'static str>) -> Self {
        Self { header: header.into_iter().collect(), rows: Vec::new() }
    }

    /// One more row.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }

    /// As text, without a trailing newline.
    pub fn drawn(self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header.iter().map(|name| name.to_uppercase()));
        for row in self.rows {
            table.add_row(row);
        }
        let lines: Vec<_> =
            table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
        lines.join("\n")
    }
}

fn no_toml() -> Stop {
    Stop::usage("-o toml: only `import` writes TOML; take table, json or jsonl")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_a_terminal_holds_no_escape_codes() {
        let mut rows = Rows::of(["name", "state"]);
        rows.push(["hello".to_owned(), "succeeded".to_owned()]);
        let text = rows.drawn();
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert_eq!(text.lines().count(), 2);
        assert!(text.starts_with("NAME"), "{text:?}");
    }

    #[test]
    fn a_long_cell_is_not_cut() {
        let mut rows = Rows::of(["name"]);
        rows.push(["x".repeat(500)]);
        assert!(rows.drawn().contains(&"x".repeat(500)));
    }
}
