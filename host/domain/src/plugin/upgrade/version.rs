//! A version as the ledger knows it, and what can be decided about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::HandlerRecord;
use crate::{HandlerRef, PluginInfo, PluginName, PluginVersion, ScheduleName};

/// What a version is to its plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionStanding {
    /// Calls go to it. One of each plugin.
    Active,
    /// Some calls go to it, to see whether it does well.
    Candidate,
    /// It came and was not let in; the active one goes on.
    Held,
    /// It failed where its predecessor did not, or somebody took it back. Not taken again by itself.
    RolledBack,
    /// Another took its place.
    Superseded,
}

impl VersionStanding {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Active, Self::Candidate, Self::Held, Self::RolledBack, Self::Superseded];

    /// The word in API, CLI and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Candidate => "candidate",
            Self::Held => "held",
            Self::RolledBack => "rolled-back",
            Self::Superseded => "superseded",
        }
    }

    /// The standing of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }
}

/// Somebody let a version in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A version as the ledger knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownVersion {
    /// Name, version, digest.
    pub version: PluginVersion,
    /// What it says about itself.
    pub info: PluginInfo,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// The file it came in; `None` for what runs although its file is gone.
    pub file: Option<String>,
    /// Of the file, in bytes.
    pub size: u64,
    /// When its bytes were first seen.
    pub first_seen: DateTime<Utc>,
    /// When they last arrived.
    pub last_loaded: DateTime<Utc>,
    /// What it is to its plugin.
    pub standing: VersionStanding,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, in words.
    pub why: Option<String>,
    /// Who let it in.
    pub approved: Option<Approval>,
    /// The digest of the last good version before it; `None` for the first, and for what the host went back to.
    pub replaces: Option<String>,
    /// How its handlers have done, by the handler as it was called.
    pub records: BTreeMap<String, HandlerRecord>,
}

impl KnownVersion {
    /// For people: `2.0.0 (0123456789ab)`.
    pub fn label(&self) -> String {
        label(&self.version)
    }

    /// As it is compared.
    pub fn offer(&self) -> Offer<'_> {
        Offer { info: &self.info, imports: &self.imports }
    }

    /// Calls that ended well, and those that did not.
    pub fn calls(&self) -> (u64, u64) {
        self.records.values().fold((0, 0), |(good, bad), record| (good + record.good, bad + record.bad))
    }
}

/// A version for people: `2.0.0 (0123456789ab)`.
pub fn label(version: &PluginVersion) -> String {
    let digest: String = version.sha256.chars().take(12).collect();
    format!("{} ({digest})", version.version)
}

/// The version that calls go to.
pub fn active(known: &[KnownVersion]) -> Option<&KnownVersion> {
    known.iter().find(|one| one.standing == VersionStanding::Active)
}

/// The version that is on trial.
pub fn candidate(known: &[KnownVersion]) -> Option<&KnownVersion> {
    known.iter().find(|one| one.standing == VersionStanding::Candidate)
}

/// What a version offers and what it reaches for.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// What it says about itself.
    pub info: &'a PluginInfo,
    /// The interfaces it imports.
    pub imports: &'a [String],
}

/// Who calls a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// A schedule that stands.
    Schedule(ScheduleName),
    /// Runs that wait or go on, and calls of chains that are yet to come.
    Runs(u64),
}

/// Something in the ledger that calls a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Who.
    pub by: User,
    /// What is called.
    pub handler: HandlerRef,
    /// With what.
    pub input: serde_json::Value,
}

/// Something that can be carried out now and could not be with the new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Who calls.
    pub by: User,
    /// What is missing or wrong, in words that name the handler.
    pub reason: String,
}

/// Bytes that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Name, version, digest.
    pub version: PluginVersion,
    /// What it says about itself.
    pub info: PluginInfo,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// The file they came in.
    pub file: String,
    /// The bytes.
    pub content: Arc<[u8]>,
    /// What lay beside them as their signature; without one, an earlier one stays.
    pub signature: Option<String>,
}

/// What becomes of a version.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub sha256: String,
    /// What it is from now on.
    pub standing: VersionStanding,
    /// Why, in words.
    pub why: Option<String>,
    /// The last good version before it.
    pub replaces: Option<String>,
    /// Somebody let it in just now.
    pub approved: Option<Approval>,
    /// How it did before does not count any more.
    pub anew: bool,
    /// It runs although there is no file of its name.
    pub alone: bool,
}

impl Change {
    /// A change of standing alone.
    pub fn to(sha256: &str, standing: VersionStanding, why: impl Into<Option<String>>) -> Self {
        let why = why.into();
        Self { sha256: sha256.to_owned(), standing, why, replaces: None, approved: None, anew: false, alone: false }
    }
}

/// What a host has decided about the versions of a plugin; written as a whole, and only if nobody has decided anything
/// since it looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The plugin.
    pub plugin: PluginName,
    /// How many decisions there were when the host looked.
    pub seen: i64,
    /// Bytes that came, if any did.
    pub arrival: Option<Arrival>,
    /// What becomes of which version.
    pub changes: Vec<Change>,
    /// So many versions are kept; those in use and those to go back to in any case.
    pub keep: usize,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something about a plugin's versions that people want to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginNews {
    /// The version it is about.
    pub version: PluginVersion,
    /// What it is from now on.
    pub standing: VersionStanding,
    /// A sentence.
    pub words: String,
}
