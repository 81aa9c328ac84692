//! What a plugin wants beside what it has. A plugin's wants are shown and never acted on; the operator's grant decides.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::egress::HostPattern;
use super::{Grant, HttpGrant, TcpGrant, Wants};
use crate::Access;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WishKind {
    /// An origin.
    Http,
    /// host:port.
    Tcp,
    /// An environment variable.
    Env,
    /// A secret.
    Secrets,
    /// The guest path of a folder.
    Folders,
    /// A SQL connection.
    Sql,
    /// A Redis connection.
    Kv,
}

impl WishKind {
    /// The key in `[plugin.NAME]`.
    pub fn as_str(self) -> &'static str {
        match self {
            WishKind::Http => "http",
            WishKind::Tcp => "tcp",
            WishKind::Env => "env",
            WishKind::Secrets => "secrets",
            WishKind::Folders => "folders",
            WishKind::Sql => "sql",
            WishKind::Kv => "kv",
        }
    }
}

/// What the operator says to a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It has what it wants.
    Granted,
    /// It wants to write, and may only read.
    ReadOnly,
    /// It has nothing of that name.
    NotGranted,
    /// Granted, though it did not ask.
    NotWanted,
}

/// One name that a plugin wants, or has, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What it stands for.
    pub kind: WishKind,
    /// Without the access that is asked for.
    pub name: String,
    /// What it has.
    pub answer: Answer,
    /// What would grant it, as a line of `[plugin.NAME]`; `None` where nothing is missing.
    pub toml: Option<String>,
}

impl Wish {
    /// Whether the plugin has less than it asks for.
    pub fn is_missing(&self) -> bool {
        matches!(self.answer, Answer::ReadOnly | Answer::NotGranted)
    }

    /// Whether the plugin asks for it.
    pub fn is_wanted(&self) -> bool {
        self.answer != Answer::NotWanted
    }

    /// In a sentence, with what would grant it.
    pub fn words(&self, plugin: &str) -> String {
        let Wish { kind, name, .. } = self;
        let kind = kind.as_str();
        let said = match self.answer {
            Answer::Granted => format!("plugin `{plugin}` has {kind} `{name}`"),
            Answer::ReadOnly => format!(
                "plugin `{plugin}` would like to write to {kind} `{name}`, which [plugin.{plugin}] grants for reading only"
            ),
            Answer::NotGranted => {
                format!("plugin `{plugin}` would like {kind} `{name}`, which [plugin.{plugin}] does not grant")
            }
            Answer::NotWanted => format!("[plugin.{plugin}] grants {kind} `{name}`, which the plugin does not ask for"),
        };
        match &self.toml {
            Some(toml) => format!("{said}; this would: {toml}"),
            None => said,
        }
    }
}

/// Every name that is wanted, in the order in which the plugin tells them, and then what is granted beyond that.
pub fn compare(wants: &Wants, grant: Option<&Grant>) -> Vec<Wish> {
    let none = Grant::default();
    let grant = grant.unwrap_or(&none);
    let reading = |names: Vec<&String>| names.into_iter().map(|name| (name.clone(), Access::ReadWrite)).collect();
    let folder = |write| if write { Access::ReadWrite } else { Access::ReadOnly };
    let folders = grant.folders.iter().map(|(guest, granted)| (guest.clone(), folder(granted.write))).collect();
    [
        reached(WishKind::Http, &wants.http, &grant.http, origin),
        reached(WishKind::Tcp, &wants.tcp, &grant.tcp, address),
        wishes(WishKind::Env, &wants.env, &reading(grant.env.keys().collect())),
        wishes(WishKind::Secrets, &wants.secrets, &reading(grant.secrets.keys().collect())),
        wishes(WishKind::Folders, &wants.folders, &folders),
        wishes(WishKind::Sql, &wants.sql, &grant.sql),
        wishes(WishKind::Kv, &wants.kv, &grant.kv),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn wishes(kind: WishKind, wanted: &[String], granted: &BTreeMap<String, Access>) -> Vec<Wish> {
    let asked: Vec<_> = wanted.iter().map(|wish| asked(wish)).collect();
    let answer = |(name, access): &(&str, Access)| {
        let answer = match granted.get(*name) {
            Some(has) if has >= access => Answer::Granted,
            Some(_) => Answer::ReadOnly,
            None => Answer::NotGranted,
        };
        let toml = (answer != Answer::Granted).then(|| line(kind, name, *access));
        Wish { kind, name: (*name).to_owned(), answer, toml }
    };
    let beyond = granted.keys().filter(|name| !asked.iter().any(|(wanted, _)| wanted == name));
    let beyond = beyond.map(|name| Wish { kind, name: name.clone(), answer: Answer::NotWanted, toml: None });
    asked.iter().map(answer).chain(beyond).collect()
}

/// The same of places on the network, where one grant may cover many.
fn reached<G: fmt::Display>(
    kind: WishKind,
    wanted: &[String],
    granted: &[G],
    covers: fn(&G, &str) -> bool,
) -> Vec<Wish> {
    let answer = |wish: &String| match granted.iter().any(|grant| covers(grant, wish)) {
        true => Wish { kind, name: wish.clone(), answer: Answer::Granted, toml: None },
        false => {
            let toml = Some(line(kind, wish, Access::ReadOnly));
            Wish { kind, name: wish.clone(), answer: Answer::NotGranted, toml }
        }
    };
    let beyond = granted.iter().filter(|grant| !wanted.iter().any(|wish| covers(grant, wish)));
    let beyond = beyond.map(|grant| Wish { kind, name: grant.to_string(), answer: Answer::NotWanted, toml: None });
    wanted.iter().map(answer).chain(beyond).collect()
}

/// Whether requests to the origin are granted, be it some methods and paths only: what those are, the grant tells.
fn origin(grant: &HttpGrant, wish: &str) -> bool {
    let Ok(wanted) = wish.parse::<HttpGrant>() else { return false };
    let names = match &wanted.host {
        HostPattern::One(host) => grant.host.names(host),
        below @ HostPattern::Below(_) => grant.host == *below,
    };
    names && (grant.scheme, grant.port) == (wanted.scheme, wanted.port)
}

fn address(grant: &TcpGrant, wish: &str) -> bool {
    wish.parse::<TcpGrant>().is_ok_and(|wanted| (&grant.host, grant.port) == (&wanted.host, wanted.port))
}

/// A wish is a name, with ` read-write` after it where the plugin writes.
fn asked(wish: &str) -> (&str, Access) {
    match wish.rsplit_once(' ') {
        Some((name, access)) if access == Access::ReadWrite.as_str() => (name, Access::ReadWrite),
        Some((name, access)) if access == Access::ReadOnly.as_str() => (name, Access::ReadOnly),
        _ => (wish, Access::ReadOnly),
    }
}

/// What grants it. Names and places outside of the plugin are guesses: the operator knows them.
fn line(kind: WishKind, name: &str, access: Access) -> String {
    let (key, quoted) = (kind.as_str(), quoted(name));
    let writes = access == Access::ReadWrite;
    match kind {
        WishKind::Http | WishKind::Tcp => format!("{key} = [{}]", text(name)),
        WishKind::Env | WishKind::Secrets => format!("{key} = {{ {quoted} = {{ env = {} }} }}", text(name)),
        WishKind::Folders if writes => {
            format!("{key} = {{ {quoted} = {{ path = \"/path/on/this/machine\", mode = \"write\" }} }}")
        }
        WishKind::Folders => format!("{key} = {{ {quoted} = \"/path/on/this/machine\" }}"),
        WishKind::Sql | WishKind::Kv if writes => format!("{key} = {{ {quoted} = \"{}\" }}", access.as_str()),
        WishKind::Sql | WishKind::Kv => format!("{key} = [{}]", text(name)),
    }
}

/// A key of TOML: bare where it may be.
fn quoted(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { text(name) }
}

/// A string of TOML. Wants hold no control characters.
fn text(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FolderGrant, SecretSource};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn told(wishes: &[Wish]) -> Vec<(&str, &str, Answer)> {
        wishes.iter().map(|wish| (wish.kind.as_str(), wish.name.as_str(), wish.answer)).collect()
    }

    #[test]
    fn each_wish_is_answered_and_what_nobody_asked_for_is_told() {
        let wants = Wants {
            secrets: names(&["PASSWORD", "TOKEN"]),
            sql: names(&["shop read-write", "stock"]),
            folders: names(&["/in"]),
            ..Wants::default()
        };
        let grant = Grant {
            secrets: [("PASSWORD".to_owned(), SecretSource::Env("P".to_owned()))].into(),
            sql: [("shop".to_owned(), Access::ReadOnly), ("stock".to_owned(), Access::ReadWrite)].into(),
            folders: [("/out".to_owned(), FolderGrant { path: "out".into(), write: true })].into(),
            ..Grant::default()
        };
        let wishes = compare(&wants, Some(&grant));
        assert_eq!(
            told(&wishes),
            [
                ("secrets", "PASSWORD", Answer::Granted),
                ("secrets", "TOKEN", Answer::NotGranted),
                ("folders", "/in", Answer::NotGranted),
                ("folders", "/out", Answer::NotWanted),
                ("sql", "shop", Answer::ReadOnly),
                ("sql", "stock", Answer::Granted),
            ]
        );
        let missing: Vec<_> = wishes.iter().filter(|wish| wish.is_missing()).map(|wish| wish.words("p")).collect();
        assert_eq!(
            missing,
            [
                "plugin `p` would like secrets `TOKEN`, which [plugin.p] does not grant; \
                 this would: secrets = { TOKEN = { env = \"TOKEN\" } }",
                "plugin `p` would like folders `/in`, which [plugin.p] does not grant; \
                 this would: folders = { \"/in\" = \"/path/on/this/machine\" }",
                "plugin `p` would like to write to sql `shop`, which [plugin.p] grants for reading only; \
                 this would: sql = { shop = \"read-write\" }",
            ]
        );
    }

    #[test]
    fn one_grant_may_cover_many_places_on_the_network() {
        let wants = Wants {
            http: names(&["https://a.example.com", "https://a.example.com:8443", "nonsense"]),
            tcp: names(&["DB.internal:5432", "db.internal:1"]),
            ..Wants::default()
        };
        let origin = |text: &str| text.parse().expect("an origin");
        let grant = Grant {
            http: vec![origin("https://*.example.com"), origin("http://other.example")],
            tcp: vec!["db.internal:5432".parse().expect("an address")],
            ..Grant::default()
        };
        assert_eq!(
            told(&compare(&wants, Some(&grant))),
            [
                ("http", "https://a.example.com", Answer::Granted),
                ("http", "https://a.example.com:8443", Answer::NotGranted),
                ("http", "nonsense", Answer::NotGranted),
                ("http", "http://other.example", Answer::NotWanted),
                ("tcp", "DB.internal:5432", Answer::Granted),
                ("tcp", "db.internal:1", Answer::NotGranted),
            ]
        );
    }

    #[test]
    fn without_a_grant_every_wish_is_open() {
        let wants = Wants { http: names(&["https://a.example"]), kv: names(&["cache"]), ..Wants::default() };
        let wishes = compare(&wants, None);
        assert!(wishes.iter().all(|wish| wish.answer == Answer::NotGranted));
        let lines: Vec<_> = wishes.iter().filter_map(|wish| wish.toml.as_deref()).collect();
        assert_eq!(lines, ["http = [\"https://a.example\"]", "kv = [\"cache\"]"]);
        assert_eq!(compare(&Wants::default(), None), []);
    }
}
