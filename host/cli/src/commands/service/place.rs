//! Where units are, and the program that reads them.

use std::path::PathBuf;
use std::process::Command;

use super::Which;
use crate::exit::{Exit, Stop};

/// A manager of services: the system's, or that of a user.
pub struct Place {
    /// Of one user.
    pub is_of_a_user: bool,
    /// What the service is called.
    pub name: String,
    folder: PathBuf,
}

impl Place {
    /// Where the service that was asked for is, or will be.
    ///
    /// # Errors
    /// The name is none, there is no home, or this is not root's.
    pub fn of(which: &Which) -> Result<Self, Stop> {
        let name = which.name.clone();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Err(Stop::usage(format!("--name `{name}`: letters, digits, `-`, `_` and `.` are possible")));
        }
        let folder = if which.user { of_a_user()? } else { PathBuf::from("/etc/systemd/system") };
        if !which.user && !rustix::process::geteuid().is_root() {
            let message =
                "a service of the system is root's to install: run this with sudo, or with --user for one of your own";
            return Err(Stop::new(Exit::NotPermitted, message));
        }
        Ok(Self { is_of_a_user: which.user, name, folder })
    }

    /// The unit's file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.service", self.name))
    }

    /// `systemctl` with these arguments.
    pub fn systemctl(&self, args: &[&str]) -> Command {
        let mut command = Command::new("systemctl");
        command.args(self.is_of_a_user.then_some("--user")).args(args);
        command
    }

    /// # Errors
    /// If no systemd runs here that could be told.
    pub fn answers(&self) -> Result<(), Stop> {
        let said = self.systemctl(&["is-system-running"]).output();
        let state = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
        match state.as_str() {
            "" | "offline" | "unknown" => Err(Stop::failed(
                "no systemd runs here; `noontide service unit` prints the unit for a machine that has it, and elsewhere \
                 `noontide serve` runs in the foreground under any supervisor",
            )),
            _ => Ok(()),
        }
    }
}

fn of_a_user() -> Result<PathBuf, Stop> {
    let folder = |name: &str| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    config
        .map(|config| config.join("systemd/user"))
        .ok_or_else(|| Stop::failed("HOME is not set: whose service is it?"))
}
