//! Why a request gave no answer.

use std::error::Error;
use std::fmt;

/// Why a request gave no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// The operator granted no such request to this plugin. The run's log says which grant would allow it.
    NotGranted {
        /// Where it was meant for.
        origin: String,
    },
    /// The name leads to an address that the host connects to for nobody without being told to.
    AddressRefused {
        /// Where it was meant for.
        origin: String,
    },
    /// The name has no address.
    UnknownName(String),
    /// Nobody could be reached, or the connection broke. Of a request that writes, nobody knows then whether it arrived.
    Unreachable(String),
    /// TLS failed.
    Tls(String),
    /// No connection or no answer in time. Of a request that writes, nobody knows then whether it arrived.
    TimedOut,
    /// As many requests as the limits allow are under way.
    TooMany,
    /// The answer is larger than the limits allow, in bytes.
    TooLarge(Option<u64>),
    /// An answer, and no success. Made by [`Response::or_status_error`](super::Response::or_status_error).
    Status {
        /// Its status.
        status: u16,
        /// The beginning of its body.
        body: String,
    },
    /// The request is none, or the answer is not what it was read as.
    Invalid(String),
    /// What came could not be put where it should go.
    Sink(std::io::Error),
}

impl HttpError {
    /// Whether trying again later may help: it was the network, the time, or a server that is busy or broken.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::UnknownName(_) | Self::Unreachable(_) | Self::TimedOut | Self::TooMany => true,
            Self::Status { status, .. } => *status == 408 || *status == 429 || *status >= 500,
            _ => false,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted { origin } => write!(
                f,
                "a request to {origin} is not granted: add `http = [\"{origin}\"]` to this plugin's table, [plugin.<name>]"
            ),
            Self::AddressRefused { origin } => {
                write!(f, "{origin} leads to an address that is not granted with it; the run's log says which one")
            }
            Self::UnknownName(reason) => write!(f, "the name has no address: {reason}"),
            Self::Unreachable(reason) => write!(f, "no connection: {reason}"),
            Self::Tls(reason) => write!(f, "TLS: {reason}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::TooMany => f.write_str("as many requests are under way as `limits.http-concurrency` allows"),
            Self::TooLarge(Some(most)) => {
                write!(f, "the answer is larger than {most} bytes, as `limits.http-response` has it")
            }
            Self::TooLarge(None) => f.write_str("the answer is larger than `limits.http-response` allows"),
            Self::Status { status, body } if body.is_empty() => write!(f, "status {status}"),
            Self::Status { status, body } => write!(f, "status {status}: {body}"),
            Self::Invalid(reason) => f.write_str(reason),
            Self::Sink(error) => write!(f, "what came could not be written: {error}"),
        }
    }
}

impl Error for HttpError {}

/// As they read: what two errors say is what they are.
impl PartialEq for HttpError {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.to_string() == other.to_string()
    }
}
