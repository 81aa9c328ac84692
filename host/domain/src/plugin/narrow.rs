//! What a schedule takes away from its plugin's grant. It never adds: what is not granted stays denied, whatever a schedule says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FolderGrant, Grant, GuestClock, HttpGrant, Limits, TcpGrant};
use crate::{Access, duration, suggest};

/// The terms under which the attempts of a run go on, beside what the plugin is granted. Fixed when the run is claimed, as all of
/// its order is; the grant that they are laid over is that of the moment of the call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Conditions {
    /// What is taken away.
    #[serde(skip_serializing_if = "Narrowing::is_nothing")]
    pub grant: Narrowing,
    /// In place of the plugin's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<GuestClock>,
}

impl Conditions {
    /// `None` if they say nothing: the usual case takes no room.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// What stays of a grant. A kind that is not named stays as it is, an empty one is taken away altogether.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Narrowing {
    /// Guest paths of folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folders: Option<Keep>,
    /// Environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Keep>,
    /// Secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Keep>,
    /// SQL connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<Keep>,
    /// Redis connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv: Option<Keep>,
    /// Origins, as [`HttpGrant::origin`] writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Keep>,
    /// host:port, as [`TcpGrant::origin`] writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<Keep>,
    /// Smaller limits.
    #[serde(skip_serializing_if = "LimitNarrowing::is_nothing")]
    pub limits: LimitNarrowing,
}

/// What stays of one kind, by name.
pub type Keep = BTreeMap<String, Kept>;

/// How a thing stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// As the plugin has it.
    #[default]
    AsGranted,
    /// The same; said of what the plugin may write.
    ReadWrite,
    /// For reading only.
    ReadOnly,
}

/// Limits that are smaller than the plugin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct LimitNarrowing {
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// No attempt takes longer, whatever schedule and handler say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<usize>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_size: Option<u64>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_total: Option<u64>,
    /// Files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_count: Option<usize>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// Steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox_messages: Option<usize>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_response: Option<u64>,
    /// Requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_concurrency: Option<usize>,
}

/// Something that a narrowing names and the grant does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The key: `folders`, `limits`.
    pub key: &'static str,
    /// What stands below it.
    pub name: String,
    /// In words, with the next step.
    pub reason: String,
}

impl Grant {
    /// What is left of it. Nothing is ever more than it was.
    pub fn narrowed(&self, by: &Narrowing) -> Grant {
        let reading = |_: &Access| Access::ReadOnly;
        Grant {
            folders: kept(&self.folders, by.folders.as_ref(), |folder| FolderGrant { write: false, ..folder.clone() }),
            env: kept(&self.env, by.env.as_ref(), Clone::clone),
            secrets: kept(&self.secrets, by.secrets.as_ref(), Clone::clone),
            sql: kept(&self.sql, by.sql.as_ref(), reading),
            kv: kept(&self.kv, by.kv.as_ref(), reading),
            http: named(&self.http, by.http.as_ref(), HttpGrant::origin),
            tcp: named(&self.tcp, by.tcp.as_ref(), TcpGrant::origin),
            limits: by.limits.over(self.limits),
            ..self.clone()
        }
    }
}

/// The network's grants go by the origin they are for: all that is granted of one stays together.
fn named<T: Clone>(granted: &[T], keep: Option<&Keep>, origin: impl Fn(&T) -> String) -> Vec<T> {
    let stays = |one: &&T| keep.is_none_or(|keep| keep.contains_key(&origin(one)));
    granted.iter().filter(stays).cloned().collect()
}

fn kept<T: Clone>(
    granted: &BTreeMap<String, T>,
    keep: Option<&Keep>,
    reading: impl Fn(&T) -> T,
) -> BTreeMap<String, T> {
    let Some(keep) = keep else { return granted.clone() };
    let stays = |(name, thing): (&String, &T)| {
        let thing = match keep.get(name)? {
            Kept::AsGranted | Kept::ReadWrite => thing.clone(),
            Kept::ReadOnly => reading(thing),
        };
        Some((name.clone(), thing))
    };
    granted.iter().filter_map(stays).collect()
}

impl Narrowing {
    /// Whether it takes nothing away.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whatever it names that `grant` does not have, and limits that are no smaller; nothing of it would come true.
    pub fn beyond(&self, grant: &Grant) -> Vec<Beyond> {
        fn names<T>(granted: &BTreeMap<String, T>, writes: impl Fn(&T) -> bool) -> Vec<(&str, bool)> {
            granted.iter().map(|(name, thing)| (name.as_str(), writes(thing))).collect()
        }
        let writes = |access: &Access| *access == Access::ReadWrite;
        let http: Vec<_> = grant.http.iter().map(HttpGrant::origin).collect();
        let tcp: Vec<_> = grant.tcp.iter().map(TcpGrant::origin).collect();
        let kinds = [
            ("folders", &self.folders, names(&grant.folders, |folder| folder.write)),
            ("env", &self.env, names(&grant.env, |_| true)),
            ("secrets", &self.secrets, names(&grant.secrets, |_| true)),
            ("sql", &self.sql, names(&grant.sql, writes)),
            ("kv", &self.kv, names(&grant.kv, writes)),
            ("http", &self.http, http.iter().map(|name| (name.as_str(), true)).collect()),
            ("tcp", &self.tcp, tcp.iter().map(|name| (name.as_str(), true)).collect()),
        ];
        let mut beyond = Vec::new();
        for (key, keep, granted) in kinds {
            let wrong = |(name, kept): (&String, &Kept)| {
                let reason = not_granted(name, *kept, &granted)?;
                Some(Beyond { key, name: name.clone(), reason })
            };
            beyond.extend(keep.iter().flatten().filter_map(wrong));
        }
        beyond.extend(self.limits.beyond(&grant.limits));
        beyond
    }
}

fn not_granted(name: &str, kept: Kept, granted: &[(&str, bool)]) -> Option<String> {
    let names = || granted.iter().map(|(name, _)| *name);
    match granted.iter().find(|(known, _)| *known == name) {
        Some((_, writes)) if *writes || kept != Kept::ReadWrite => return None,
        Some(_) => return Some(format!("`{name}` is granted for reading only; a schedule may only take less")),
        None => {}
    }
    let hint = suggest::hint(name, names());
    let remedy = match (hint.is_empty(), granted) {
        (false, _) => hint,
        (true, []) => "; it is granted nothing of this kind".to_owned(),
        (true, _) => format!("; granted are {}", names().collect::<Vec<_>>().join(", ")),
    };
    Some(format!("`{name}` is not granted to the plugin{remedy}"))
}

impl LimitNarrowing {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The smaller of each.
    pub fn over(&self, limits: Limits) -> Limits {
        fn least<T: Ord>(asked: Option<T>, granted: T) -> T {
            match asked {
                Some(asked) => asked.min(granted),
                None => granted,
            }
        }
        Limits {
            memory: least(self.memory, limits.memory),
            timeout: least(self.timeout, limits.timeout),
            log_lines: least(self.log_lines, limits.log_lines),
            artifact_size: least(self.artifact_size, limits.artifact_size),
            artifact_total: least(self.artifact_total, limits.artifact_total),
            artifact_count: least(self.artifact_count, limits.artifact_count),
            output: least(self.output, limits.output),
            outbox_messages: least(self.outbox_messages, limits.outbox_messages),
            http_response: least(self.http_response, limits.http_response),
            http_concurrency: least(self.http_concurrency, limits.http_concurrency),
            fuel: self.fuel.into_iter().chain(limits.fuel).min(),
            ..limits
        }
    }

    fn beyond(&self, limits: &Limits) -> Vec<Beyond> {
        let number = |number: usize| number as u64;
        let bytes = |size: &u64| duration::bytes(*size);
        let plain = |count: &u64| count.to_string();
        let mut beyond = Vec::new();
        let mut look = |name: &str, asked: Option<u64>, granted: u64, words: &dyn Fn(&u64) -> String| {
            if let Some(asked) = asked.filter(|asked| *asked > granted) {
                let reason = format!(
                    "`{name}` is {}, more than the plugin's {}; a schedule may only take less",
                    words(&asked),
                    words(&granted)
                );
                beyond.push(Beyond { key: "limits", name: name.to_owned(), reason });
            }
        };
        look("memory", self.memory, limits.memory, &bytes);
        look("log-lines", self.log_lines.map(number), number(limits.log_lines), &plain);
        look("artifact-size", self.artifact_size, limits.artifact_size, &bytes);
        look("artifact-total", self.artifact_total, limits.artifact_total, &bytes);
        look("artifact-count", self.artifact_count.map(number), number(limits.artifact_count), &plain);
        look("output", self.output, limits.output, &bytes);
        look("outbox-messages", self.outbox_messages.map(number), number(limits.outbox_messages), &plain);
        look("http-response", self.http_response, limits.http_response, &bytes);
        look("http-concurrency", self.http_concurrency.map(number), number(limits.http_concurrency), &plain);
        look("fuel", self.fuel, limits.fuel.unwrap_or(u64::MAX), &plain);
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let length = |millis: &u64| duration::words(Duration::from_millis(*millis));
        look("timeout", self.timeout.map(millis), millis(limits.timeout), &length);
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        let folder = |write| FolderGrant { path: "/srv".into(), write, quota: None };
        Grant {
            folders: [("/in".to_owned(), folder(false)), ("/out".to_owned(), folder(true))].into(),
            env: [("REGION".to_owned(), "eu".to_owned()), ("COLOR".to_owned(), "blue".to_owned())].into(),
            sql: [("shop".to_owned(), Access::ReadWrite), ("books".to_owned(), Access::ReadOnly)].into(),
            args: vec!["-q".to_owned()],
            ..Grant::default()
        }
    }

    fn keep(names: &[(&str, Kept)]) -> Option<Keep> {
        Some(names.iter().map(|(name, kept)| ((*name).to_owned(), *kept)).collect())
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_empty_goes() {
        assert_eq!(grant().narrowed(&Narrowing::default()), grant());
        let none = Narrowing { env: keep(&[]), folders: keep(&[]), ..Narrowing::default() };
        let left = grant().narrowed(&none);
        assert!(left.env.is_empty() && left.folders.is_empty());
        assert_eq!((left.sql.len(), left.args), (2, grant().args));
    }

    #[test]
    fn reading_stays_of_writing_and_never_the_other_way() {
        let narrowing = Narrowing {
            folders: keep(&[("/out", Kept::ReadOnly), ("/in", Kept::AsGranted)]),
            sql: keep(&[("shop", Kept::ReadOnly), ("books", Kept::AsGranted)]),
            ..Narrowing::default()
        };
        let left = grant().narrowed(&narrowing);
        assert!(left.folders.values().all(|folder| !folder.write) && left.folders.len() == 2);
        assert!(left.sql.values().all(|access| *access == Access::ReadOnly) && left.sql.len() == 2);
    }

    #[test]
    fn a_name_that_is_not_granted_gives_nothing_and_is_told_with_the_nearest() {
        let narrowing = Narrowing {
            env: keep(&[("REGOIN", Kept::AsGranted)]),
            kv: keep(&[("cache", Kept::AsGranted)]),
            ..Narrowing::default()
        };
        assert!(grant().narrowed(&narrowing).env.is_empty());
        let told: Vec<_> = narrowing.beyond(&grant()).into_iter().map(|one| (one.key, one.name, one.reason)).collect();
        assert_eq!((told[0].0, told[1].0), ("env", "kv"));
        assert!(
            told[0].2.ends_with("did you mean `REGION`?") && told[1].2.contains("nothing of this kind"),
            "{told:?}"
        );
    }

    #[test]
    fn the_network_stays_by_origin_with_all_that_is_said_of_it() {
        let http = |text: &str, path: &str| HttpGrant { path: path.parse().ok(), ..text.parse().expect("a grant") };
        let grant = Grant {
            http: vec![
                http("https://a.example", "/x/"),
                http("https://a.example", "/y/"),
                http("https://b.example", "/"),
            ],
            tcp: vec!["db.internal:5432".parse().expect("a grant")],
            ..Grant::default()
        };
        let narrowing =
            Narrowing { http: keep(&[("https://a.example", Kept::AsGranted)]), tcp: keep(&[]), ..Narrowing::default() };
        let left = grant.narrowed(&narrowing);
        assert_eq!((left.http, left.tcp), (grant.http[..2].to_vec(), Vec::new()));
        let wrong = Narrowing { http: keep(&[("https://c.example", Kept::AsGranted)]), ..Narrowing::default() };
        assert!(
            wrong.beyond(&grant)[0].reason.contains("did you mean `https://a.example`"),
            "{:?}",
            wrong.beyond(&grant)
        );
    }

    #[test]
    fn limits_only_shrink() {
        let asked = LimitNarrowing {
            memory: Some(1 << 40),
            output: Some(64 << 10),
            timeout: Some(Duration::from_secs(60)),
            fuel: Some(9),
            ..LimitNarrowing::default()
        };
        let limits = asked.over(Limits::default());
        let usual = Limits::default();
        assert_eq!((limits.memory, limits.timeout, limits.output), (usual.memory, usual.timeout, 64 << 10));
        assert_eq!(limits.fuel, Some(9), "any number is less than none");
        assert_eq!(asked.over(Limits { fuel: Some(3), ..usual }).fuel, Some(3));
        let told = Narrowing { limits: asked, ..Narrowing::default() }.beyond(&Grant::default());
        assert_eq!(told.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["memory", "timeout"]);
        assert!(told[1].reason.contains("1m, more than the plugin's 30s"), "{}", told[1].reason);
    }

    #[test]
    fn terms_that_say_nothing_take_no_room_and_others_come_back_as_they_were() {
        assert_eq!(Conditions::default().boxed(), None);
        let grant = Narrowing { folders: keep(&[("/out", Kept::ReadOnly)]), env: keep(&[]), ..Narrowing::default() };
        let terms = Conditions { grant, clock: Some(GuestClock::Due) };
        let text = serde_json::to_string(&terms).expect("JSON");
        assert_eq!(text, r#"{"grant":{"folders":{"/out":"read-only"},"env":{}},"clock":"due"}"#);
        assert_eq!(serde_json::from_str::<Conditions>(&text).expect("terms"), terms);
    }
}
