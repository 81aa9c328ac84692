//! Grants of the network, and what they say to a request.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::address::{AddressKind, AddressRule, permitted};
use super::host::{HostPattern, NetHost, Scheme, Target, split_port};
use super::path::PathPrefix;

/// HTTP requests that a plugin may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGrant {
    /// How.
    pub scheme: Scheme,
    /// To whom.
    pub host: HostPattern,
    /// At which port.
    pub port: u16,
    /// Only these methods, in capitals; all but CONNECT if there are none.
    pub methods: Vec<String>,
    /// Only below this.
    pub path: Option<PathPrefix>,
    /// Addresses that may be connected to although they are no ordinary ones.
    pub addresses: Vec<AddressRule>,
}

impl HttpGrant {
    /// An address that is written in the grant is granted with it; that one, and none beside.
    pub fn permits(&self, address: IpAddr) -> Result<(), AddressKind> {
        let written = written(&self.host);
        permitted(address, self.addresses.iter().chain(written.as_ref()))
    }

    /// Whether it names every origin that `wish` names; methods, paths and addresses are not compared.
    pub fn is_as_wide_as(&self, wish: &HttpGrant) -> bool {
        let host = match &wish.host {
            HostPattern::One(host) => self.host.names(host),
            below => self.host == *below,
        };
        host && (self.scheme, self.port) == (wish.scheme, wish.port)
    }

    fn is_for(&self, target: &Target) -> bool {
        (self.scheme, self.port) == (target.scheme, target.port) && self.host.names(&target.host)
    }
}

fn written(host: &HostPattern) -> Option<AddressRule> {
    match host {
        HostPattern::One(NetHost::Ip(address)) => Some(AddressRule::only(*address)),
        _ => None,
    }
}

impl FromStr for HttpGrant {
    type Err = String;

    /// An origin: `https://api.example.com`, `https://*.example.com`, `http://10.0.0.5:8080`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no origin; write scheme and host, such as \"https://api.example.com\"");
        let (scheme, authority) = text.split_once("://").ok_or_else(expected)?;
        let scheme: Scheme = scheme.parse()?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if let Some(end) = authority.find(['/', '?', '#']) {
            let (origin, path) = authority.split_at(end);
            let origin = format!("{}://{origin}", scheme.as_str());
            return Err(format!(
                "`{text}` goes on after the host; write {{ origin = \"{origin}\", path = \"{path}\" }}"
            ));
        }
        if authority.contains('@') {
            return Err(format!("`{text}` has a user's name in it; a plugin says who it is in a header"));
        }
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or_else(|| scheme.port());
        let host = host.parse()?;
        Ok(Self { scheme, host, port, methods: Vec::new(), path: None, addresses: Vec::new() })
    }
}

impl fmt::Display for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        if !self.methods.is_empty() {
            write!(f, " {}", self.methods.join(" "))?;
        }
        self.path.iter().try_for_each(|path| write!(f, " below {path}"))?;
        also(f, &self.addresses)
    }
}

fn also(f: &mut fmt::Formatter<'_>, addresses: &[AddressRule]) -> fmt::Result {
    for (index, rule) in addresses.iter().enumerate() {
        write!(f, "{}{rule}", if index == 0 { " also at " } else { ", " })?;
    }
    Ok(())
}

/// Why a request is covered by no grant: the reason of the grant that came nearest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotGranted {
    /// No grant names the origin.
    #[error("is not granted")]
    Origin,
    /// One does, but not the method.
    #[error("is granted, but not by {0}")]
    Method(String),
    /// One does, but not the path.
    #[error("is granted, but not this path: {0}")]
    Path(String),
}

/// The grants that cover a request; at least one. `path` is without its query.
///
/// # Errors
/// There is none.
pub fn granted<'a>(
    grants: &'a [HttpGrant],
    target: &Target,
    method: &str,
    path: &str,
) -> Result<Vec<&'a HttpGrant>, NotGranted> {
    let mut nearest = NotGranted::Origin;
    let mut covering = Vec::new();
    for grant in grants.iter().filter(|grant| grant.is_for(target)) {
        let by_method = grant.methods.is_empty() || grant.methods.iter().any(|granted| granted == method);
        let by_path = grant.path.as_ref().map_or(Ok(()), |prefix| prefix.covers(path));
        match (by_method, by_path) {
            (true, Ok(())) => covering.push(grant),
            (true, Err(reason)) => nearest = nearest.max(NotGranted::Path(reason)),
            (false, _) => nearest = nearest.max(NotGranted::Method(method.to_owned())),
        }
    }
    if covering.is_empty() { Err(nearest) } else { Ok(covering) }
}

/// A TCP connection that a plugin may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpGrant {
    /// To whom; a name or an address, no pattern.
    pub host: NetHost,
    /// At which port.
    pub port: u16,
    /// Addresses that may be connected to although they are no ordinary ones.
    pub addresses: Vec<AddressRule>,
}

impl TcpGrant {
    /// An address that is written in the grant is granted with it; that one, and none beside.
    pub fn permits(&self, address: IpAddr) -> Result<(), AddressKind> {
        let written = written(&HostPattern::One(self.host.clone()));
        permitted(address, self.addresses.iter().chain(written.as_ref()))
    }
}

impl FromStr for TcpGrant {
    type Err = String;

    /// `db.internal:5432`, `10.0.0.5:6379`, `[fd00::5]:6379`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no host and port; write both, such as \"db.internal:5432\"");
        if text.contains("://") {
            return Err(expected());
        }
        if text.contains('*') {
            return Err(format!("`{text}`: a TCP grant names one host; write each of them"));
        }
        let (host, port) = split_port(text)?;
        let port = port.ok_or_else(expected)?;
        Ok(Self { host: host.parse()?, port, addresses: Vec::new() })
    }
}

impl fmt::Display for TcpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)?;
        also(f, &self.addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> HttpGrant {
        text.parse().expect("a grant")
    }

    fn says(grants: &[HttpGrant], url: &str, method: &str) -> Result<usize, NotGranted> {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        granted(grants, &Target::of(scheme, authority).expect("a target"), method, path).map(|found| found.len())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_and_all_three_count() {
        let grants = [grant("https://api.example.com"), grant("http://10.0.0.5:8080")];
        for url in ["https://api.example.com/x", "https://API.example.com.:443/x", "http://10.0.0.5:8080/"] {
            assert_eq!(says(&grants, url, "GET"), Ok(1), "{url}");
        }
        for url in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "http://10.0.0.5/",
            "https://10.0.0.5:8080/",
            "https://api.example.com.evil.org/",
        ] {
            assert_eq!(says(&grants, url, "GET"), Err(NotGranted::Origin), "{url}");
        }
    }

    #[test]
    fn the_nearest_grant_gives_the_reason() {
        let mut hooks = grant("https://hooks.example.com");
        hooks.methods = vec!["POST".into()];
        hooks.path = Some("/in/".parse().expect("a prefix"));
        let grants = [hooks];
        assert_eq!(says(&grants, "https://hooks.example.com/in/a", "POST"), Ok(1));
        assert_eq!(says(&grants, "https://hooks.example.com/in/a", "GET"), Err(NotGranted::Method("GET".into())));
        let outside = says(&grants, "https://hooks.example.com/out", "POST").expect_err("outside");
        assert!(outside.to_string().contains("`/out` is not below `/in/`"), "{outside}");
    }

    #[test]
    fn a_written_address_is_granted_and_none_beside_it() {
        let grant = grant("http://10.0.0.5:8080");
        let permits = |address: &str| grant.permits(address.parse().expect("an address")).is_ok();
        assert!(permits("10.0.0.5") && permits("::ffff:10.0.0.5"));
        assert!(!permits("10.0.0.6") && !permits("64:ff9b::10.0.0.5"));
    }

    #[test]
    fn what_is_no_grant_is_told_what_would_be() {
        let refused = |text: &str| text.parse::<HttpGrant>().expect_err("refused");
        assert!(refused("api.example.com").contains("write scheme and host"));
        assert!(
            refused("https://a.example.com/in/x").contains("{ origin = \"https://a.example.com\", path = \"/in/x\" }")
        );
        assert!(refused("ftp://a.example.com").contains("http and https are"));
        assert!(refused("https://me@a.example.com").contains("in a header"));
        for text in ["https://", "https://*", "https://a:b", "https://127.1", "https://0x7f000001"] {
            refused(text);
        }
        let tcp = |text: &str| text.parse::<TcpGrant>().expect_err("refused");
        assert!(tcp("db.internal").contains("write both"));
        assert!(tcp("tcp://db.internal:5432").contains("write both"));
        assert!(tcp("*.internal:5432").contains("one host"));
        assert_eq!("[FD00::5]:6379".parse::<TcpGrant>().expect("a grant").to_string(), "[fd00::5]:6379");
    }
}
