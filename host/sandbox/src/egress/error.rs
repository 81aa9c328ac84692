//! Why a request did not come through, in words for people and in the codes of `wasi:http`.

use std::net::IpAddr;

use noontide_domain::plugin::egress::{AddressKind, NotGranted, Target};
use wasmtime_wasi_http::Error as Code;

/// Why a request did not come through.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// It is none that is sent from here.
    #[error("{target}: {reason}")]
    Request {
        /// Where it was meant for, as it was written.
        target: String,
        /// In words.
        reason: String,
    },
    /// No grant covers it.
    #[error("{target} {reason}")]
    NotGranted {
        /// Where it was meant for.
        target: Target,
        /// What the nearest grant says.
        reason: NotGranted,
    },
    /// No `tcp` grant names it, or leads there.
    #[error("{target} is not granted, and no granted name led there")]
    Tcp {
        /// Host and port, or the name that was looked up.
        target: String,
    },
    /// The name is granted, but leads to an address that is not.
    #[error("{target} leads to {address}, a {kind} address, which is not granted with it")]
    Address {
        /// Where it was meant for.
        target: String,
        /// The address.
        address: IpAddr,
        /// Its kind.
        kind: AddressKind,
    },
    /// It leads to this host's own API, which no grant covers.
    #[error("{target} leads to {address}, where this host itself listens; no grant covers that")]
    Own {
        /// Where it was meant for.
        target: String,
        /// The address.
        address: IpAddr,
    },
    /// The name has no address.
    #[error("{target}: the name has no address: {reason}")]
    Name {
        /// Where it was meant for.
        target: String,
        /// In the resolver's words.
        reason: std::io::Error,
    },
    /// Nobody could be reached there.
    #[error("{target}: no connection to {address}: {reason}")]
    Unreachable {
        /// Where it was meant for.
        target: String,
        /// The address that was tried last.
        address: IpAddr,
        /// In the system's words.
        reason: std::io::Error,
    },
    /// No connection in time.
    #[error("{target}: no connection in time")]
    NoConnection {
        /// Where it was meant for.
        target: String,
    },
    /// TLS failed: most often a certificate that nobody trusted signed.
    #[error("{target}: TLS: {reason}")]
    Tls {
        /// Where it was meant for.
        target: String,
        /// In words of rustls.
        reason: std::io::Error,
    },
    /// As many requests as are allowed at a time were under way all the while.
    #[error("{target}: {limit} requests are under way, as many as `limits.http-concurrency` allows")]
    Busy {
        /// Where it was meant for.
        target: String,
        /// How many.
        limit: usize,
    },
    /// No answer in time.
    #[error("{target}: no answer in time")]
    Silent {
        /// Where it was meant for.
        target: String,
    },
    /// The connection broke, or what came was no HTTP.
    #[error("{target}: {reason}")]
    Broken {
        /// Where it was meant for.
        target: String,
        /// In words.
        reason: String,
        /// Whether the other side hung up.
        closed: bool,
    },
    /// The answer is larger than allowed, in bytes.
    #[error("the answer's body is larger than {0} bytes, as `limits.http-response` has it")]
    TooLarge(u64),
}

impl EgressError {
    /// Whether it was this host that said no: the same request will be refused until a grant changes. Otherwise the
    /// network or the other side failed.
    pub fn is_refusal(&self) -> bool {
        use EgressError::{Address, NotGranted, Own, Request, Tcp};
        matches!(self, Request { .. } | NotGranted { .. } | Tcp { .. } | Address { .. } | Own { .. })
    }

    /// What to write into `[plugin.<name>]` to allow it; `None` where nothing would.
    pub fn remedy(&self) -> Option<String> {
        match self {
            EgressError::NotGranted { target, reason: NotGranted::Origin } => {
                Some(format!("http = [\"{}\"]", target.origin()))
            }
            EgressError::NotGranted { target, reason: NotGranted::Method(method) } => {
                Some(format!("http = [{{ origin = \"{}\", methods = [\"{method}\"] }}]", target.origin()))
            }
            // A lookup comes without its port.
            EgressError::Tcp { target } if target.parse::<std::net::SocketAddr>().is_ok() => {
                Some(format!("tcp = [\"{target}\"]"))
            }
            EgressError::Tcp { target } => Some(format!("tcp = [\"{target}:<port>\"]")),
            EgressError::Address { target, address, kind } => {
                use AddressKind::{Broadcast, Multicast, Unspecified};
                let allowed = !matches!(kind, Unspecified | Multicast | Broadcast);
                let (key, origin) = match target.strip_prefix("tcp://") {
                    Some(to) => ("tcp = [{ to", to),
                    None => ("http = [{ origin", target.as_str()),
                };
                allowed.then(|| format!("{key} = \"{origin}\", addresses = [\"{address}\"] }}]"))
            }
            _ => None,
        }
    }

    /// As `wasi:http` says it.
    pub(crate) fn code(&self) -> Code {
        use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        match self {
            EgressError::Request { .. } | EgressError::NotGranted { .. } | EgressError::Tcp { .. } => {
                Code::HttpRequestDenied
            }
            EgressError::Address { .. } | EgressError::Own { .. } => Code::DestinationIpProhibited,
            EgressError::Name { .. } => {
                Code::DnsError { rcode: Some("address not available".to_owned()), info_code: None }
            }
            EgressError::Unreachable { reason, .. } => match reason.kind() {
                ConnectionRefused => Code::ConnectionRefused,
                HostUnreachable | NetworkUnreachable => Code::DestinationIpUnroutable,
                _ => Code::DestinationUnavailable,
            },
            EgressError::NoConnection { .. } => Code::ConnectionTimeout,
            EgressError::Tls { reason, .. } => super::tls::code(reason),
            EgressError::Busy { .. } => Code::ConnectionLimitReached,
            EgressError::Silent { .. } => Code::ConnectionReadTimeout,
            EgressError::Broken { closed: true, .. } => Code::ConnectionTerminated,
            EgressError::Broken { .. } => Code::HttpProtocolError,
            EgressError::TooLarge(largest) => Code::HttpResponseBodySize(Some(*largest)),
        }
    }
}
