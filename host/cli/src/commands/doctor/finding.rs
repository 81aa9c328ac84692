//! What was looked at, how it is, and what to do.

use std::fmt::Display;

use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// A host runs with it, and somebody should look.
    Warn,
    /// A host does not run with it, or loses something.
    Fail,
}

/// A line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, found: impl Display) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.to_string(), next: None }
    }

    /// Somebody should look.
    pub fn warn(check: &'static str, found: impl Display, next: impl Display) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.to_string(), next: Some(next.to_string()) }
    }

    /// It has to be repaired.
    pub fn fail(check: &'static str, found: impl Display, next: impl Display) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(check, found, next) }
    }

    /// For people.
    pub fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        let next = self.next.as_ref().map_or(String::new(), |next| format!("\n{:21}-> {next}", ""));
        format!("{verdict:<5} {:<14} {}{next}", self.check, self.found)
    }
}
