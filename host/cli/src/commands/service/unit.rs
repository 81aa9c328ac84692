//! The unit: deploy/systemd/noontide.service with the paths of this machine.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use noontide_config::{Config, Loaded};

use super::Which;
use crate::exit::{Exit, Stop};

/// What packages install; here it is the pattern.
const PATTERN: &str = include_str!("../../../../../deploy/systemd/noontide.service");

/// The first line of what this program wrote, so that it replaces and removes nothing else.
pub const MARK: &str = "# Written by `noontide service`; changes belong into `systemctl edit`.";

/// What a manager of one user can do without privileges; the rest of the pattern is the system's.
const OF_A_USER: [&str; 20] = [
    "Description",
    "StartLimitIntervalSec",
    "StartLimitBurst",
    "Type",
    "NotifyAccess",
    "ExecStart",
    "ExecReload",
    "WatchdogSec",
    "Restart",
    "RestartSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "EnvironmentFile",
    "UMask",
    "NoNewPrivileges",
    "RestrictRealtime",
    "LockPersonality",
    "SystemCallArchitectures",
    "LimitNOFILE",
    "WantedBy",
];

/// Who it runs as.
#[derive(Debug, PartialEq, Eq)]
enum RunsAs {
    /// Whoever asks, in a manager of their own.
    Oneself,
    /// This user.
    User(String),
    /// One that is made for it, with a folder below /var/lib.
    Made { state: String },
}

/// A unit, as far as it depends on the machine.
#[derive(Debug)]
pub struct Unit {
    program: PathBuf,
    conf: PathBuf,
    env: String,
    runs_as: RunsAs,
    /// Where it writes, beside what systemd makes for it.
    writes: Vec<PathBuf>,
    /// All that it reads.
    reads: Vec<PathBuf>,
}

impl Unit {
    /// For this configuration.
    ///
    /// # Errors
    /// If nobody says whom it shall run as.
    pub fn new(program: PathBuf, conf: PathBuf, loaded: &Loaded, which: &Which) -> Result<Self, Stop> {
        let config = &loaded.config;
        let data = absolute(&config.data_dir);
        let owner = std::fs::metadata(&conf).map_or(0, |metadata| metadata.uid());
        let runs_as = runs_as(which, owner, &data)?;
        let mut writes: Vec<_> = std::iter::once(data).chain(written(config)).collect();
        writes.sort();
        writes.dedup();
        let reads = vec![program.clone(), conf.clone(), absolute(&config.plugins.dir)];
        Ok(Self { program, conf, env: loaded.env.clone(), runs_as, writes, reads })
    }

    /// What has to be there when the service starts, and systemd does not make.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let made = match &self.runs_as {
            RunsAs::Made { state } => Some(Path::new("/var/lib").join(state)),
            RunsAs::Oneself | RunsAs::User(_) => None,
        };
        self.writes.iter().filter(move |folder| Some(*folder) != made.as_ref()).map(PathBuf::as_path)
    }

    /// The user that it runs as, if that is one of this machine.
    pub fn user(&self) -> Option<&str> {
        match &self.runs_as {
            RunsAs::User(name) => Some(name),
            RunsAs::Oneself | RunsAs::Made { .. } => None,
        }
    }

    /// As systemd reads it.
    pub fn text(&self) -> String {
        let pattern = PATTERN.split_once("[Unit]").map_or(PATTERN, |(_, rest)| rest);
        let lines = format!("[Unit]{pattern}");
        let mut text = format!("{MARK}\n");
        let mut was_empty = true;
        for line in lines.lines().filter_map(|line| self.line(line)) {
            // What was left out leaves no holes.
            if !(line.is_empty() && was_empty) {
                text.push_str(&line);
                text.push('\n');
            }
            was_empty = line.is_empty();
        }
        text
    }

    /// A line of the pattern as it is for this machine; `None` leaves it out.
    fn line(&self, line: &str) -> Option<String> {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let is_setting = line.contains('=') && !line.starts_with('#');
        if self.runs_as == RunsAs::Oneself && !(is_setting && OF_A_USER.contains(&key) || line.starts_with('[')) {
            return line.is_empty().then(String::new);
        }
        let line = match (key, &self.runs_as) {
            ("ExecStart" | "ExecReload", _) => {
                let value = value.replace("/usr/bin/noontide", &quoted(&self.program));
                let place = format!("{} --env {}", quoted(&self.conf), self.env);
                format!("{key}={}", value.replace("/etc/noontide --env online", &place))
            }
            ("EnvironmentFile", _) => format!("{key}=-{}", escaped(&self.conf.join("environment"))),
            ("WantedBy", RunsAs::Oneself) => "WantedBy=default.target".to_owned(),
            ("User", RunsAs::User(name)) => format!("User={name}"),
            ("DynamicUser" | "StateDirectoryMode", RunsAs::User(_)) => return None,
            ("StateDirectory", RunsAs::User(_)) => self.write_paths(),
            ("StateDirectory", RunsAs::Made { state }) => format!("StateDirectory={state}\n{}", self.write_paths()),
            (
                "# A user of its own, made for as long as the service runs; one of that name that is there is taken.",
                RunsAs::User(_),
            ) => return None,
            ("ProtectHome", _) if self.is_below(&["/home", "/root", "/run/user"]) => "ProtectHome=read-only".to_owned(),
            ("PrivateTmp", _) if self.is_below(&["/tmp", "/var/tmp"]) => "PrivateTmp=no".to_owned(),
            _ if line.starts_with('#') => line.replace("/etc/noontide", &self.conf.display().to_string()),
            _ => line.to_owned(),
        };
        Some(line)
    }

    fn write_paths(&self) -> String {
        let paths: Vec<_> = self.writes.iter().map(|path| format!("ReadWritePaths={}", quoted(path))).collect();
        paths.join("\n")
    }

    fn is_below(&self, folders: &[&str]) -> bool {
        self.reads.iter().chain(&self.writes).any(|path| folders.iter().any(|folder| path.starts_with(folder)))
    }
}

/// Where handlers and the host itself write, beside the data folder.
fn written(config: &Config) -> Vec<PathBuf> {
    let granted = config.grants.values().flat_map(|grant| grant.folders.values());
    let granted = granted.filter(|folder| folder.write).map(|folder| absolute(&folder.path));
    let logs = config.log.files.iter().filter_map(|file| Some(absolute(file.path.parent()?)));
    let inboxes = config.watches.iter().map(|watch| absolute(&watch.path));
    // What other hosts of a database have in theirs is put there.
    let shared = config.plugins.share && !config.ledger_url.reveal().starts_with("sqlite");
    let plugins = shared.then(|| absolute(&config.plugins.dir));
    granted.chain(logs).chain(inboxes).chain(plugins).collect()
}

fn runs_as(which: &Which, owner: u32, data: &Path) -> Result<RunsAs, Stop> {
    let state = data.strip_prefix("/var/lib").ok().filter(|state| !state.as_os_str().is_empty());
    match (which.user, &which.run_as, owner, state) {
        (true, ..) => Ok(RunsAs::Oneself),
        (_, Some(name), ..) => Ok(RunsAs::User(name.clone())),
        (_, None, 0, Some(state)) => Ok(RunsAs::Made { state: state.display().to_string() }),
        (_, None, 0, None) => {
            let data = data.display();
            let message = format!(
                "the configuration folder is root's, and a host needs no root: name its user with --run-as, or put the data \
                 folder ({data}) below /var/lib and systemd makes a user for it"
            );
            Err(Stop::new(Exit::Usage, message))
        }
        (_, None, owner, _) => Ok(RunsAs::User(owner.to_string())),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `%` begins a specifier of systemd.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

fn quoted(path: &Path) -> String {
    let text = escaped(path);
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+%".contains(c));
    if is_plain { text } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$")) }
}

#[cfg(test)]
mod tests;
