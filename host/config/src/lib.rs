//! From `conf/*.toml` to domain types. Every mistake is found, all at once, and each says where it is.
//!
//! ```text
//! layers     which files, in which order, laid over one another           layers.rs
//! tree       values that know where they were written                     tree.rs
//! reader     asks a table for its keys and notices what nobody asked for   reader.rs
//! read       what the keys mean: host, connection, plugin, schedule        read/*.rs
//! project    the file in a plugin's own folder, which is no configuration  project.rs
//! schema     the keys as editors read them                                 schema.rs
//! ```
//!
//! A mistake inside one `[schedule.x]`, `[plugin.x]` or `[connection.x]` leaves that table out and stops nothing else
//! ([`Loaded::problems`]); a mistake anywhere else refuses the whole ([`Refused`]), because nobody can say what it was
//! meant to change.

mod ics;
mod interpolate;
mod layers;
mod problem;
pub mod project;
mod read;
mod reader;
mod schema;
mod show;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use noontide_domain::alert::Sink;
use noontide_domain::plugin::egress::AddressRule;
use noontide_domain::tally::PerSchedule;
use noontide_domain::{
    AlertRule, Connection, ConnectionName, ConnectionUrl, Grant, Labels, PluginName, Queues, Roles, Schedule,
    ScheduleName, Trust,
};

pub use problem::{Problem, Refused, Scope};
pub use read::body::from_toml;
pub use schema::{SCHEMA, SCHEMA_FILE};
pub use show::Shown;
use tree::Place;

/// What to load.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// The configuration folder.
    pub dir: PathBuf,
    /// The environment's name from the command line; without it `NOONTIDE_ENV`, `APP_ENV`, then `local`.
    pub env: Option<String>,
    /// Settings from the command line, such as `http.listen`; they win over everything.
    pub overrides: Vec<(String, String)>,
    /// The process environment, handed in.
    pub vars: BTreeMap<String, String>,
    /// Whether [`Loaded::shown`] is wanted: of many schedules it takes more memory than they do.
    pub show: bool,
}

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Everything that could be read.
    pub config: Config,
    /// Schedules, plugins and connections that were left out, and why.
    pub problems: Vec<Problem>,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    /// The environment's name.
    pub env: String,
    /// The environment's folder, if there is one.
    pub env_dir: Option<PathBuf>,
    /// Every effective value with its origin, if it was asked for.
    pub shown: Vec<Shown>,
}

/// The configuration of a host.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the ledger is, and as whom.
    pub ledger_url: ConnectionUrl,
    /// The plugin folder.
    pub plugins: Plugins,
    /// The API on TCP.
    pub http: Http,
    /// What plugins reach over HTTPS.
    pub http_client: HttpClient,
    /// SQLite, Unix socket, compiled cache.
    pub data_dir: PathBuf,
    /// Which host this is.
    pub host: Identity,
    /// The engine's numbers.
    pub engine: Engine,
    /// The queues, and which of them this host takes.
    pub queues: Queues,
    /// How the host logs.
    pub log: Log,
    /// Whether metrics tell of each schedule by itself.
    pub per_schedule: PerSchedule,
    /// Of schedules that name none.
    pub timezone: chrono_tz::Tz,
    /// What plugin files have to prove.
    pub trust: Trust,
    /// What each plugin may do.
    pub grants: BTreeMap<PluginName, Grant>,
    /// Plugins whose table has a problem: they are not in `grants`, and yet nobody has taken away what they are granted.
    pub faulty_grants: BTreeSet<String>,
    /// Databases that grants name.
    pub connections: BTreeMap<ConnectionName, Connection>,
    /// Connections whose table has a problem: they are not in `connections`, and yet they have not left the file.
    pub faulty_connections: BTreeSet<String>,
    /// The schedules, by name.
    pub schedules: Vec<Schedule>,
    /// Of what somebody is told.
    pub alert_rules: Vec<AlertRule>,
    /// And where.
    pub sinks: Vec<Sink>,
    /// Where each run of a schedule is told, under the names of [`ping_sink`](noontide_domain::alert::ping_sink).
    pub pings: Vec<Sink>,
    /// Where files with payloads arrive.
    pub watches: Vec<Watch>,
    /// Schedules whose table has a problem: they are not in `schedules`, and yet they have not left the file.
    pub faulty: BTreeSet<String>,
    places: BTreeMap<String, SchedulePlaces>,
    calendars: read::calendar::Calendars,
    triggers: read::named::Triggers,
}

/// A file or a folder whose files are submitted to a schedule with a timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Whom they are for.
    pub schedule: ScheduleName,
    /// Not looked at yet: it may come later.
    pub path: PathBuf,
}

/// The plugin folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugins {
    /// Where compiled plugins are dropped.
    pub dir: PathBuf,
    /// Larger files are refused, in bytes.
    pub max_file_size: u64,
    /// So many versions of each plugin are kept in the ledger.
    pub keep_versions: usize,
    /// Hosts that share a database share what is dropped into the folder.
    pub share: bool,
    /// What compiling one file may take.
    pub compile: Compile,
}

/// What compiling one plugin file may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compile {
    /// Of memory, in bytes.
    pub memory: u64,
    /// Of time.
    pub timeout: Duration,
}

/// The API on TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// `None` leaves TCP off; the Unix socket is always there.
    pub listen: Option<SocketAddr>,
    /// What clients may show, beside the ledger's tokens.
    pub token: Option<Secret>,
    /// A token is asked for although none is written here.
    pub demand_token: bool,
    /// Names of this host beyond its addresses, in small letters.
    pub names: Vec<String>,
    /// Where people have the dashboard in their browsers, with its path and without a slash at its end: links begin with it.
    pub public_url: Option<String>,
    /// The path under which everything is served a second time; empty for none.
    pub path: String,
    /// Whose word counts on who asks.
    pub trusted_proxies: Vec<AddressRule>,
    /// Nothing is changed over TCP.
    pub read_only: bool,
    /// Open at the same time.
    pub connections: usize,
    /// Of them of one address.
    pub connections_per_address: usize,
    /// TLS on TCP.
    pub tls: Option<TlsFiles>,
}

/// What TLS is spoken with: PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The host's certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Which host this is, among others that share a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As people call it; empty for the machine's host name.
    pub name: String,
    /// What it does.
    pub roles: Roles,
    /// What is said of it.
    pub labels: Labels,
}

/// What plugins reach over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpClient {
    /// PEM files with certificate authorities that are trusted beside the usual ones.
    pub ca: Vec<PathBuf>,
}

/// A secret's value. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value. Not for logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The engine's numbers, as in `noontide_engine::Settings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    /// Handlers at the same time.
    pub concurrency: usize,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// How often leases are prolonged.
    pub heartbeat: Duration,
    /// How often ready runs of other hosts are looked for; without it, as the ledger wants it.
    pub poll: Option<Duration>,
    /// How long handlers may go on after SIGTERM.
    pub drain: Duration,
    /// How long finished runs are kept.
    pub retention: Duration,
}

/// How the host logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A filter, such as `info` or `noontide_engine=debug,info`.
    pub level: String,
    /// How its lines on stderr look.
    pub format: LogFormat,
    /// Files beside that, which are always JSON.
    pub files: Vec<LogFile>,
}

/// How the lines on stderr look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text in a terminal, else JSON.
    Auto,
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// A log file that is rotated by its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Where the newest lines are.
    pub path: PathBuf,
    /// When it would be longer, it becomes the first backup, in bytes.
    pub max_size: u64,
    /// How many backups are kept, at least one.
    pub keep: usize,
    /// A filter, such as `info` or `off,handler=info`.
    pub level: String,
}

/// A part of a schedule's table that something outside may find fault with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The table as a whole.
    Table,
    /// The value of `handler`.
    Handler,
    /// The value of `input`.
    Input,
}

/// Where the parts of a schedule were written.
#[derive(Debug, Clone)]
struct SchedulePlaces {
    table: Place,
    handler: Place,
    input: Option<Place>,
    /// Of the keys that name other schedules.
    links: BTreeMap<&'static str, Place>,
}

/// What a client of the API writes about one schedule.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// The schedule's name.
    pub name: &'a str,
    /// The keys of `[schedule.NAME]`, as a JSON object.
    pub json: &'a serde_json::Value,
    /// What it wrote before, if `json` is a merge patch (RFC 7396) over it.
    pub onto: Option<&'a serde_json::Value>,
}

impl Config {
    /// Reads a schedule of the API by the rules of `[schedule.NAME]`, in this configuration's zone and with its calendars and triggers.
    /// Its texts are taken as they stand: `${VAR}` is no variable there. `standing` is what `after` may name; it is asked for only then.
    ///
    /// # Errors
    /// All that is wrong, a line each.
    pub fn schedule(&self, body: Body<'_>, standing: impl FnOnce() -> Vec<Schedule>) -> Result<Schedule, Vec<String>> {
        let grants = read::Grants { read: self.grants.clone(), faulty: self.faulty_grants.clone() };
        let known = read::Times {
            zone: self.timezone,
            calendars: &self.calendars,
            triggers: &self.triggers,
            queues: &self.queues,
            grants: &grants,
        };
        read::body::schedule(body, &known, standing)
    }

    /// The names of triggers that no schedule of the configuration names.
    pub fn unused_triggers(&self) -> Vec<&str> {
        let is_named =
            |name: &str| self.schedules.iter().any(|schedule| schedule.named.iter().any(|by| by.name == name));
        self.triggers.keys().map(String::as_str).filter(|name| !is_named(name)).collect()
    }

    /// A problem with a schedule that only the loaded plugins could show, at the place where it was written.
    pub fn problem_at(&self, schedule: &str, part: Part, message: &str) -> Problem {
        let place = self.places.get(schedule).map(|places| match part {
            Part::Table => places.table.clone(),
            Part::Handler => places.handler.clone(),
            Part::Input => places.input.clone().unwrap_or_else(|| places.table.clone()),
        });
        let message = format!("schedule `{schedule}`: {message}");
        Problem::new(place.unwrap_or_default(), Scope::Schedule(schedule.to_owned()), message)
    }
}

/// Loads the configuration of a host.
///
/// # Errors
/// All problems, if any of them lies outside a single schedule's, plugin's or connection's table.
pub fn load(request: &LoadRequest) -> Result<Loaded, Refused> {
    let mut problems = Vec::new();
    let layers = layers::read(request, &mut problems);
    let config = read::config(&layers, &request.vars, &mut problems);
    problems.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    problems.dedup();
    match config {
        Some(config) if problems.iter().all(|problem| problem.scope != Scope::Host) => Ok(Loaded {
            config,
            problems,
            shown: if request.show { show::values(&layers.tree) } else { Vec::new() },
            files: layers.files,
            env: layers.env,
            env_dir: layers.env_dir,
        }),
        _ => Err(Refused(problems)),
    }
}

#[cfg(test)]
mod tests;
