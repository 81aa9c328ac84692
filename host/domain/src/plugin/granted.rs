//! A grant in names and sources: as it is shown, put on record and digested. No value of a variable or a secret is in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ExitMeaning, Grant};

/// Where a variable's value comes from that stands in the configuration.
const WRITTEN: &str = "written in the configuration";

/// Bytes of SHA-256 that tell grants apart.
const DIGEST: usize = 16;

/// What a plugin was granted. What is empty is left out, so that a kind of grant that comes later changes no digest of today.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Granted {
    /// Origins that it may call, with what narrows and widens each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// host:port that it may connect to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tcp: Vec<String>,
    /// Environment variables, and where each value comes from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Secrets, and where each value comes from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Guest paths of folders.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, GrantedFolder>,
    /// SQL connections: `read-only` or `read-write`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sql: BTreeMap<String, String>,
    /// Redis connections, in the same form.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kv: BTreeMap<String, String>,
    /// First arguments of a program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What exit codes of a program mean.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
}

/// A folder as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedFolder {
    /// On the host.
    pub path: String,
    /// `read` or `write`.
    pub mode: String,
}

impl Granted {
    /// The names and sources of a grant.
    pub fn of(grant: &Grant) -> Self {
        let env = |(name, _): (&String, &String)| {
            let source = grant.env_from.get(name).map_or(WRITTEN, String::as_str);
            (name.clone(), source.to_owned())
        };
        let access = |(name, access): (&String, &crate::Access)| (name.clone(), access.as_str().to_owned());
        let folders = grant.folders.iter().map(|(guest, folder)| {
            let mode = if folder.write { "write" } else { "read" };
            (guest.clone(), GrantedFolder { path: folder.path.display().to_string(), mode: mode.to_owned() })
        });
        Self {
            http: sorted(grant.http.iter().map(ToString::to_string)),
            tcp: sorted(grant.tcp.iter().map(ToString::to_string)),
            env: grant.env.iter().map(env).collect(),
            secrets: grant.secrets.iter().map(|(name, source)| (name.clone(), source.to_string())).collect(),
            folders: folders.collect(),
            sql: grant.sql.iter().map(access).collect(),
            kv: grant.kv.iter().map(access).collect(),
            args: grant.args.clone(),
            exit_codes: grant.exit_codes.clone(),
        }
    }

    /// Whether nothing was granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Of a list in which the order means nothing.
fn sorted(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

impl Grant {
    /// Tells whether two attempts held the same grant: 32 hexadecimal digits over names and sources, in one order. Values of
    /// variables and secrets, and limits, take no part. `None` where nothing is granted.
    pub fn digest(&self) -> Option<String> {
        let granted = Granted::of(self);
        // Maps are in the order of their keys and fields in the order of the type: one text for one grant.
        let text = serde_json::to_vec(&granted).ok().filter(|_| !granted.is_empty())?;
        Some(Sha256::digest(&text).iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, FolderGrant, Limits, SecretSource};

    fn grant() -> Grant {
        Grant {
            secrets: [("PASSWORD".to_owned(), SecretSource::Env("DB_PASSWORD".to_owned()))].into(),
            env: [("LEVEL".to_owned(), "info".to_owned()), ("KEY".to_owned(), "hunter22".to_owned())].into(),
            env_from: [("KEY".to_owned(), "env API_KEY".to_owned())].into(),
            sql: [("shop".to_owned(), Access::ReadOnly)].into(),
            ..Grant::default()
        }
    }

    #[test]
    fn a_grant_is_shown_in_names_and_sources_and_never_in_values() {
        let shown = serde_json::to_string(&Granted::of(&grant())).expect("JSON");
        assert_eq!(
            shown,
            r#"{"env":{"KEY":"env API_KEY","LEVEL":"written in the configuration"},"secrets":{"PASSWORD":"env DB_PASSWORD"},"sql":{"shop":"read-only"}}"#
        );
    }

    #[test]
    fn a_digest_tells_grants_apart_by_names_and_sources_alone() {
        let same = Grant {
            env: [("KEY".to_owned(), "another".to_owned()), ("LEVEL".to_owned(), "debug".to_owned())].into(),
            limits: Limits { memory: 1 << 20, ..Limits::default() },
            ..grant()
        };
        assert_eq!(same.digest(), grant().digest());
        let folder = FolderGrant { path: "/srv".into(), write: false };
        let narrower = Grant { sql: Default::default(), ..grant() };
        let writing = Grant { sql: [("shop".to_owned(), Access::ReadWrite)].into(), ..grant() };
        let elsewhere =
            Grant { secrets: [("PASSWORD".to_owned(), SecretSource::Env("X".to_owned()))].into(), ..grant() };
        let wider = Grant { folders: [("/srv".to_owned(), folder)].into(), ..grant() };
        let calling = Grant { http: vec!["https://a.example".parse().expect("an origin")], ..grant() };
        for other in [calling, narrower, writing, elsewhere, wider] {
            assert_ne!(other.digest(), grant().digest());
        }
    }

    #[test]
    fn the_digest_of_a_grant_is_the_same_in_every_release() {
        assert_eq!(grant().digest().as_deref(), Some("7cec60c637f8974e05f54da25c5e0904"));
        assert_eq!(Grant::default().digest(), None);
    }
}
