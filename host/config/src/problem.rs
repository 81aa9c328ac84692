//! A mistake, with its place.

use std::fmt;

use crate::tree::Place;

/// What a mistake stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole configuration.
    Host,
    /// This schedule only.
    Schedule(String),
    /// This plugin's grants only; it then has none.
    Plugin(String),
    /// This connection only.
    Connection(String),
}

/// A mistake: the place, the thing, and what would be right, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) place: Place,
    /// What it stops.
    pub scope: Scope,
    /// Names thing and remedy.
    pub message: String,
}

impl Problem {
    /// What a file or a variable holds may stand in the message: control characters are written out, so that a problem
    /// stays one line and cannot pass for another.
    pub(crate) fn new(place: Place, scope: Scope, message: impl fmt::Display) -> Self {
        let mut line = String::new();
        for character in message.to_string().chars() {
            match character.is_control() {
                true => line.extend(character.escape_default()),
                false => line.push(character),
            }
        }
        Self { place, scope, message: line }
    }

    /// The schedule it is about, if it is about one.
    pub fn schedule(&self) -> Option<&str> {
        match &self.scope {
            Scope::Schedule(name) => Some(name),
            _ => None,
        }
    }

    /// The plugin it is about, if it is about one.
    pub fn plugin(&self) -> Option<&str> {
        match &self.scope {
            Scope::Plugin(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The configuration was refused as a whole. All problems, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<Problem>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
