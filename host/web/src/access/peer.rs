//! Who is at the other end of a connection; behind a proxy that is trusted, who it says.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::settings::WebSettings;

/// The other end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address; `None` over the Unix socket.
    pub address: Option<IpAddr>,
    /// The user of this machine, over the Unix socket.
    pub user: Option<u32>,
    /// The browser speaks TLS, to this host or to a trusted proxy.
    pub tls: bool,
    /// What a trusted proxy took away from the path.
    pub prefix: String,
}

impl Peer {
    /// Over TCP.
    pub fn tcp(address: SocketAddr, tls: bool) -> Self {
        Self { address: Some(address.ip().to_canonical()), tls, ..Self::default() }
    }

    /// Over the Unix socket.
    pub fn user(user: Option<u32>) -> Self {
        Self { user, ..Self::default() }
    }

    /// As it is after a trusted proxy has had its say.
    pub(super) fn seen(self, headers: &HeaderMap, settings: &WebSettings) -> Self {
        let trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|proxy| proxy.names(address));
        let Some(proxy) = self.address.filter(|address| trusted(*address)) else { return self };
        // The last one that no proxy of ours added is who came in from outside: all before it may be made up.
        let said: Vec<_> = list(headers, "x-forwarded-for").collect();
        let client = said.iter().rev().map_while(|word| word.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical());
        let mut address = proxy;
        for hop in client {
            address = hop;
            if !trusted(hop) {
                break;
            }
        }
        let tls = self.tls || list(headers, "x-forwarded-proto").next().is_some_and(|scheme| scheme == "https");
        let prefix = list(headers, "x-forwarded-prefix").next().and_then(prefix).unwrap_or_default();
        Self { address: Some(address), tls, prefix, ..self }
    }
}

/// The words of a header that may be a list, and may be there several times.
fn list<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> + use<'h> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

/// A path that can stand before others, without a slash at its end.
fn prefix(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    let path = text.trim_end_matches('/');
    let is_path = path.starts_with('/') && !path.contains("//") && !path.contains("..") && path.chars().all(plain);
    is_path.then(|| path.to_owned())
}

impl fmt::Display for Peer {
    /// As the audit log has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &[&str], from: &str, headers: &[(&str, &str)]) -> Peer {
        let rules = proxies.iter().map(|proxy| proxy.parse().expect("a network")).collect();
        let settings = WebSettings { trusted_proxies: rules, ..WebSettings::default() };
        let text = |(name, value): &(&str, &str)| (name.parse().expect("a name"), value.parse().expect("a value"));
        let headers: HeaderMap = headers.iter().map(text).collect();
        let from = SocketAddr::new(from.parse().expect("an address"), 1);
        Peer::tcp(from, false).seen(&headers, &settings)
    }

    fn address(peer: &Peer) -> String {
        peer.to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_who_asks_and_under_which_path() {
        let said = [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-prefix", "/in"), ("x-forwarded-proto", "https")];
        let peer = seen(&[], "10.0.0.1", &said);
        assert_eq!((address(&peer).as_str(), peer.tls, peer.prefix.as_str()), ("10.0.0.1", false, ""));
        let peer = seen(&["10.0.0.0/8"], "10.0.0.1", &said);
        assert_eq!((address(&peer).as_str(), peer.tls, peer.prefix.as_str()), ("9.9.9.9", true, "/in"));
    }

    #[test]
    fn what_a_client_made_up_before_it_came_to_the_proxy_does_not_count() {
        let made_up = [("x-forwarded-for", "127.0.0.1, 9.9.9.9, 10.0.0.2")];
        assert_eq!(address(&seen(&["10.0.0.0/8"], "10.0.0.1", &made_up)), "9.9.9.9");
        let nonsense = [("x-forwarded-for", "unknown")];
        assert_eq!(address(&seen(&["10.0.0.0/8"], "10.0.0.1", &nonsense)), "10.0.0.1");
    }

    #[test]
    fn a_prefix_that_could_lead_elsewhere_is_none() {
        for text in ["//evil.example", "/a/../b", "evil", "/a\"b", "/a b", "/"] {
            assert_eq!(prefix(text).unwrap_or_default(), "", "{text}");
        }
        assert_eq!(prefix("/tools/noontide/").as_deref(), Some("/tools/noontide"));
    }
}
