//! A question that is put together for one call: only the conditions that are asked for, so that each finds its index.

use crate::connection::Kind;
use crate::query::{Arg, Query, made};

/// Text and values so far.
pub(crate) struct Listing<'q> {
    kind: Kind,
    text: String,
    args: Vec<Arg<'q>>,
}

impl<'q> Listing<'q> {
    pub fn new(kind: Kind, begin: &str) -> Self {
        Self { kind, text: begin.to_owned(), args: Vec::new() }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A value, and its place in the text.
    pub fn push_bind(&mut self, value: impl Into<Arg<'q>>) -> &mut Self {
        self.args.push(value.into());
        let sigil = if self.kind == Kind::Postgres { '$' } else { '?' };
        self.text.push_str(&format!("{sigil}{}", self.args.len()));
        self
    }

    #[cfg(test)]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn query(self) -> Query<'q> {
        self.args.into_iter().fold(made(self.text), Query::bind)
    }
}
