//! Names and identities. Each is a type, so that one cannot be taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::excerpt::excerpt;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing there.
    #[error("a name may not be empty")]
    Empty,
    /// Over 128 characters.
    #[error("`{0}…` is longer than 128 characters")]
    TooLong(String),
    /// A character that names may not hold.
    #[error(
        "`{name}` holds `{}`; letters, digits, `-`, `_` and `.` are allowed, starting with a letter or digit",
        excerpt(&character.to_string())
    )]
    Character {
        /// The text as given, as far as it can stand in a line.
        name: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// Not of the form `plugin/handler`.
    #[error("`{0}` is not of the form `plugin/handler`")]
    Handler(String),
}

fn checked(text: &str) -> Result<String, BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if text.chars().count() > 128 {
        return Err(BadName::TooLong(excerpt(&text.chars().take(24).collect::<String>())));
    }
    let allowed =
        |position: usize, c: char| c.is_ascii_alphanumeric() || (position > 0 && matches!(c, '-' | '_' | '.'));
    match text.char_indices().find(|(i, c)| !allowed(*i, *c)) {
        Some((_, character)) => Err(BadName::Character { name: excerpt(text), character }),
        None => Ok(text.to_owned()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// Names a schedule; unique in a ledger.
    ScheduleName
}
name! {
    /// Names a plugin; one file may hold it at a time.
    PluginName
}
name! {
    /// Names a database outside, as handlers ask for it.
    ConnectionName
}
name! {
    /// Names a queue: a line of runs with places of its own on each host.
    QueueName
}

impl QueueName {
    /// The queue of whoever names none.
    pub const DEFAULT: &str = "default";

    /// Whether it is the queue of whoever names none.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }
}

impl Default for QueueName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// A task handler that a plugin exports, written `plugin/handler`; just `plugin` means its only handler.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HandlerRef {
    /// The plugin that exports it.
    pub plugin: PluginName,
    /// The handler within the plugin; `None` stands for the only one.
    pub handler: Option<String>,
}

impl FromStr for HandlerRef {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text.split_once('/') {
            None => Ok(Self { plugin: text.parse()?, handler: None }),
            Some((_, handler)) if handler.is_empty() || handler.contains('/') => Err(BadName::Handler(excerpt(text))),
            Some((plugin, handler)) => Ok(Self { plugin: plugin.parse()?, handler: Some(checked(handler)?) }),
        }
    }
}

impl TryFrom<String> for HandlerRef {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<HandlerRef> for String {
    fn from(handler: HandlerRef) -> String {
        handler.to_string()
    }
}

impl fmt::Display for HandlerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.handler {
            Some(handler) => write!(f, "{}/{handler}", self.plugin),
            None => write!(f, "{}", self.plugin),
        }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub Uuid);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Identifies a run. A UUID of version 7, so that ids sort by the time they were made.
    RunId
}
id! {
    /// Identifies a submission. What was taken under an id is not taken under it again.
    SubmissionId
}
id! {
    /// One process start of a host. Random: never a host name, which two processes may share.
    HostId
}

impl RunId {
    /// A new id; the clock in it orders listings and decides nothing.
    pub fn new() -> Self {
        Self(crate::fresh::id())
    }
}

impl SubmissionId {
    /// A new id; the clock in it orders listings and decides nothing.
    pub fn new() -> Self {
        Self(crate::fresh::id())
    }
}

impl Default for SubmissionId {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new()
    }
}

impl HostId {
    /// A new id for a process that starts.
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl Default for HostId {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_written_plugin_slash_handler() {
        let handler: HandlerRef = "db-inspect/inspect".parse().expect("a handler");
        assert_eq!(handler.plugin.as_str(), "db-inspect");
        assert_eq!(handler.handler.as_deref(), Some("inspect"));
        assert_eq!(handler.to_string(), "db-inspect/inspect");
    }

    #[test]
    fn a_name_with_a_path_in_it_is_refused() {
        for text in ["", "../x", "a b", "é", ".hidden", "a\0"] {
            assert!(text.parse::<ScheduleName>().is_err(), "{text:?} was taken");
        }
        assert!("a/b/c".parse::<HandlerRef>().is_err());
        assert!("a/".parse::<HandlerRef>().is_err());
    }
}
