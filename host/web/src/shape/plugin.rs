//! Plugins and their versions.

use noontide_domain::plugin::upgrade::{KnownVersion, VersionStanding, active, difference};
use noontide_domain::{HandlerInfo, LoadedPlugin, PluginError, PluginName, PluginStatus, Wish, duration};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Time, words};

/// A loaded state of a plugin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PluginVersion {
    #[schema(value_type = String)]
    name: PluginName,
    version: String,
    sha256: String,
}

impl From<&noontide_domain::PluginVersion> for PluginVersion {
    fn from(version: &noontide_domain::PluginVersion) -> Self {
        Self { name: version.name.clone(), version: version.version.clone(), sha256: version.sha256.clone() }
    }
}

/// A plugin: what is loaded of it, and what is known of its versions. What only a loaded plugin has is `null` without one.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// The file in the plugin folder; `null` if it is gone.
    file: Option<String>,
    #[schema(value_type = Option<String>)]
    name: Option<PluginName>,
    version: Option<String>,
    sha256: Option<String>,
    summary: Option<String>,
    handlers: Vec<Handler>,
    /// What the file was built for.
    contract: Option<String>,
    /// Interfaces it imports.
    imports: Option<Vec<String>>,
    /// Interfaces it exports.
    exports: Option<Vec<String>>,
    /// How large the file is.
    bytes: Option<u64>,
    /// What the plugin asks for.
    #[schema(value_type = Option<Object>)]
    wants: Value,
    /// Who signed the file, where keys are trusted.
    #[schema(value_type = Option<Object>)]
    signer: Value,
    /// What it is granted: names and sources.
    #[schema(value_type = Option<Object>)]
    grants: Value,
    /// What it wants and is not granted.
    #[schema(value_type = Option<Vec<Object>>)]
    missing: Value,
    /// What it is granted and does not want.
    #[schema(value_type = Option<Vec<Object>>)]
    not_wanted: Value,
    loaded_at: Option<Time>,
    /// How long compiling and checking took, in milliseconds.
    load_ms: Option<u64>,
    /// Attempts going on right now on this version.
    running: Option<usize>,
    /// Why the newest bytes of the file are not in use.
    error: Option<Refused>,
    /// The version that waits for approval.
    held: Option<Version>,
    /// The version that is being tried.
    candidate: Option<Version>,
    versions: Vec<Version>,
}

impl Plugin {
    pub(crate) fn of(status: &PluginStatus, known: &[KnownVersion]) -> Self {
        let loaded = status.loaded.as_ref();
        let versions = versions(known, |name| loaded.is_some_and(|loaded| loaded.version.name == *name));
        let standing = |wanted: VersionStanding| versions.iter().find(|one| one.standing == wanted.as_str()).cloned();
        Self {
            file: Some(status.file.clone()),
            error: status.error.as_ref().map(Into::into),
            held: standing(VersionStanding::Held),
            candidate: standing(VersionStanding::Candidate),
            versions,
            ..loaded.map(Self::loaded).unwrap_or_default()
        }
    }

    /// A plugin whose file is gone; `None` if nothing is known of it.
    pub(crate) fn gone(name: PluginName, known: &[KnownVersion]) -> Option<Self> {
        let versions = versions(known, |own| *own == name);
        (!versions.is_empty()).then(|| Self { name: Some(name), versions, ..Self::default() })
    }

    fn loaded(loaded: &LoadedPlugin) -> Self {
        let wishes = |of: fn(&Wish) -> bool| written(loaded.wishes.iter().filter(|wish| of(wish)).collect::<Vec<_>>());
        Self {
            name: Some(loaded.version.name.clone()),
            version: Some(loaded.version.version.clone()),
            sha256: Some(loaded.version.sha256.clone()),
            summary: Some(loaded.info.summary.clone()),
            handlers: loaded.info.handlers.iter().map(Into::into).collect(),
            contract: Some(loaded.makeup.contract.clone()),
            imports: Some(loaded.makeup.imports.clone()),
            exports: Some(loaded.makeup.exports.clone()),
            bytes: Some(loaded.makeup.bytes),
            wants: written(&loaded.info.wants),
            signer: written(&loaded.signer),
            grants: written(&loaded.granted),
            missing: wishes(Wish::is_missing),
            not_wanted: wishes(|wish| !wish.is_wanted()),
            loaded_at: Some(Time(loaded.loaded_at)),
            load_ms: Some(loaded.load_ms),
            running: Some(loaded.running),
            ..Self::default()
        }
    }
}

/// As the domain writes it.
fn written(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A handler that a plugin exports.
#[derive(Debug, Serialize, ToSchema)]
struct Handler {
    name: String,
    summary: String,
    /// JSON Schema of its input.
    input_schema: Value,
    example_input: Value,
    /// Longest time of one attempt, by its own words.
    #[schema(example = "5m")]
    timeout: Option<String>,
}

impl From<&HandlerInfo> for Handler {
    fn from(handler: &HandlerInfo) -> Self {
        Self {
            name: handler.name.to_string(),
            summary: handler.summary.clone(),
            input_schema: written(&handler.input_schema),
            example_input: written(&handler.example_input),
            timeout: handler.timeout.map(duration::words),
        }
    }
}

/// Why the newest bytes of a file are not in use.
#[derive(Debug, Serialize, ToSchema)]
struct Refused {
    /// How far it came.
    #[schema(example = "world")]
    stage: String,
    message: String,
    /// Of the refused bytes.
    sha256: Option<String>,
    at: Time,
}

impl From<&PluginError> for Refused {
    fn from(error: &PluginError) -> Self {
        Self {
            stage: error.stage.clone(),
            message: error.message.clone(),
            sha256: error.sha256.clone(),
            at: Time(error.at),
        }
    }
}

/// A version of a plugin, and what it is to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Version {
    version: String,
    sha256: String,
    #[schema(value_type = words::VersionStanding)]
    standing: &'static str,
    since: Time,
    /// Why it stands so, in words.
    why: Option<String>,
    approved: Option<Approved>,
    /// The digest of the last good version before it.
    replaces: Option<String>,
    file: Option<String>,
    /// Of the file, in bytes.
    size: u64,
    first_seen: Time,
    last_loaded: Time,
    /// How its handlers have done.
    calls: Counted,
    last_error: Option<String>,
    /// What it differs in from the active one.
    #[schema(value_type = Option<Object>)]
    difference: Value,
}

/// Who let a version in.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Approved {
    by: String,
    at: Time,
}

/// Calls that ended well, and those that did not.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Counted {
    good: u64,
    bad: u64,
}

/// Each with what it differs in from the active one.
fn versions(known: &[KnownVersion], wanted: impl Fn(&PluginName) -> bool) -> Vec<Version> {
    let mine: Vec<_> = known.iter().filter(|one| wanted(&one.version.name)).cloned().collect();
    let active = active(&mine);
    mine.iter().map(|one| version(one, active)).collect()
}

fn version(one: &KnownVersion, active: Option<&KnownVersion>) -> Version {
    let (good, bad) = one.calls();
    let differs = active.filter(|active| active.version.sha256 != one.version.sha256);
    Version {
        version: one.version.version.clone(),
        sha256: one.version.sha256.clone(),
        standing: one.standing.as_str(),
        since: Time(one.since),
        why: one.why.clone(),
        approved: one.approved.as_ref().map(|it| Approved { by: it.by.clone(), at: Time(it.at) }),
        replaces: one.replaces.clone(),
        file: one.file.clone(),
        size: one.size,
        first_seen: Time(one.first_seen),
        last_loaded: Time(one.last_loaded),
        calls: Counted { good, bad },
        last_error: one.records.values().find_map(|record| record.last_error.clone()),
        difference: written(differs.map(|active| difference(active.offer(), one.offer()))),
    }
}
