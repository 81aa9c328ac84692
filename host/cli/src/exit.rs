//! How a command ends: the exit codes of the contract, and what is said when it is not 0.

use std::fmt;
use std::process::ExitCode;

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The thing asked about failed.
    Failed = 1,
    /// Usage, or a bad expression.
    Usage = 2,
    /// Invalid configuration.
    Config = 3,
    /// No such thing.
    NotFound = 4,
    /// The host does not answer.
    Unreachable = 5,
    /// Something is in the way: a busy schedule, a second host.
    Conflict = 6,
    /// The host does not let this caller.
    NotPermitted = 7,
    /// Waited long enough.
    TimedOut = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// For the caller.
    pub exit: Exit,
    /// For stderr; empty if all has been said.
    pub message: String,
}

/// What every command gives back.
pub type Done = Result<Exit, Stop>;

impl Stop {
    /// Ends with `exit`, saying `message`.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// The arguments do not say what to do.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// It was tried and went wrong.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, message)
    }
}

impl From<std::io::Error> for Stop {
    /// Only writing to stdout comes here; somebody who stopped reading has seen enough.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Exit::Ok, ""),
            _ => Self::failed(format!("writing to stdout: {error}")),
        }
    }
}
