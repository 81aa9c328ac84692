//! Hosts as they are written: names and addresses, each in one spelling only.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port where none is written.
    pub fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Ok(Scheme::Http),
            "https" => Ok(Scheme::Https),
            _ => Err(format!("`{text}` is no scheme that is spoken here; http and https are")),
        }
    }
}

/// A host by name or address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetHost {
    /// In lower case, without a dot at its end.
    Name(String),
    /// Never an IPv4 address in IPv6 clothes.
    Ip(IpAddr),
}

impl FromStr for NetHost {
    type Err = String;

    /// An IPv6 address stands in brackets. Spellings of numbers that only some resolvers know (`127.1`, `0x7f000001`,
    /// `2130706433`) are no hosts.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
            let address = address.ok_or_else(|| format!("`{text}` is no IPv6 address"))?;
            return Ok(NetHost::Ip(address.to_canonical()));
        }
        if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
            return Ok(NetHost::Ip(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        if name.is_empty() || name.len() > 253 || !name.split('.').all(is_label) {
            return Err(format!("`{text}` is no host; a name such as api.example.com, or an address, is expected"));
        }
        if is_number(last) {
            return Err(format!("`{text}` ends in a number and is no address either; write it as 127.0.0.1"));
        }
        Ok(NetHost::Name(name))
    }
}

/// Underscores are no letters of DNS, but of what people call their containers.
fn is_label(label: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(known)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether some resolver takes a name that ends so for an address.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    hex || label.bytes().all(|digit| digit.is_ascii_digit())
}

impl fmt::Display for NetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetHost::Name(name) => f.write_str(name),
            NetHost::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            NetHost::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
        }
    }
}

/// Hosts that a grant names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This one.
    One(NetHost),
    /// All names that end in a dot and this one, and not this one itself.
    Below(String),
}

impl HostPattern {
    /// Whether it names `host`.
    pub fn names(&self, host: &NetHost) -> bool {
        match (self, host) {
            (HostPattern::One(granted), host) => granted == host,
            (HostPattern::Below(parent), NetHost::Name(name)) => {
                name.strip_suffix(parent.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            (HostPattern::Below(_), NetHost::Ip(_)) => false,
        }
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(parent) = text.strip_prefix("*.") else {
            if text.contains('*') {
                return Err(format!("`{text}`: a `*` stands only at the beginning, for all below: *.example.com"));
            }
            return text.parse().map(HostPattern::One);
        };
        match parent.parse()? {
            NetHost::Name(parent) => Ok(HostPattern::Below(parent)),
            NetHost::Ip(_) => {
                Err(format!("`{text}`: there is nothing below an address; grant networks by `addresses`"))
            }
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::One(host) => write!(f, "{host}"),
            HostPattern::Below(parent) => write!(f, "*.{parent}"),
        }
    }
}

/// Where a request goes: an origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// How.
    pub scheme: Scheme,
    /// To whom.
    pub host: NetHost,
    /// At which port.
    pub port: u16,
}

impl Target {
    /// From the two parts of a URL that say so.
    ///
    /// # Errors
    /// Another scheme, a user's name before the host, or no host; in words.
    pub fn of(scheme: &str, authority: &str) -> Result<Self, String> {
        let scheme: Scheme = scheme.parse()?;
        if authority.contains('@') {
            return Err("a user's name stands before the host; say who you are in a header".to_owned());
        }
        let (host, port) = split_port(authority)?;
        Ok(Self { scheme, host: host.parse()?, port: port.unwrap_or_else(|| scheme.port()) })
    }

    /// As the `Host` header says it: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        match self.port == self.scheme.port() {
            true => self.host.to_string(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// As one writes it in a grant.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }
}

/// Host and port; the colons within brackets are the address's own.
pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let after = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[after..].find(':') else { return Ok((authority, None)) };
    let (host, port) = (&authority[..after + colon], &authority[after + colon + 1..]);
    let digits = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok((host, Some(port))),
        _ => Err(format!("`{authority}`: the port is a number from 1 to 65535")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        let same = [
            ("API.Example.COM", "api.example.com"),
            ("api.example.com.", "api.example.com"),
            ("localhost.", "localhost"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("[::ffff:127.0.0.1]", "127.0.0.1"),
            ("[::FFFF:7F00:1]", "127.0.0.1"),
            ("my_db-1", "my_db-1"),
        ];
        for (text, expected) in same {
            assert_eq!(text.parse::<NetHost>().expect("a host").to_string(), expected);
        }
    }

    #[test]
    fn numbers_that_only_some_resolvers_know_are_no_hosts() {
        let texts = "127.1 0x7f000001 0x7f.1 2130706433 017700000001 0177.0.0.1 127.0.0.1. 127.000.000.001 1.2.3.4.5 0x 0 \
                     256.1.1.1 127.0.0.0x1 a..b .a -a.b a-.b [::1 ::1 [fe80::1%25eth0] [127.0.0.1] a%2eb xn--é 127。0。0。1";
        for text in texts.split_ascii_whitespace() {
            assert!(text.parse::<NetHost>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_wildcard_names_what_is_below_and_nothing_beside() {
        let wild: HostPattern = "*.example.com".parse().expect("a pattern");
        let named = |name: &str| wild.names(&name.parse().expect("a host"));
        assert!(named("a.example.com") && named("a.b.EXAMPLE.com."));
        for name in ["example.com", "notexample.com", "example.com.evil.org", "a.example.com.evil.org", "1.2.3.4"] {
            assert!(!named(name), "{name}");
        }
        for text in ["*", "a.*.com", "*example.com", "**.a", "*.1.2.3.4", "*."] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_target_says_who_and_where_and_nothing_else() {
        let shown = |scheme: &str, authority: &str| Target::of(scheme, authority).map(|target| target.to_string());
        assert_eq!(shown("HTTPS", "Example.com"), Ok("https://example.com:443".into()));
        assert_eq!(shown("http", "[::1]:8080"), Ok("http://[::1]:8080".into()));
        for authority in [
            "user@example.com",
            "user:x@example.com",
            "a:b@[::1]",
            "example.com:",
            "example.com:0",
            "example.com:+80",
            "example.com:99999",
            "example.com:80:80",
            "[::1]x:80",
            "",
            ":80",
        ] {
            assert!(shown("http", authority).is_err(), "{authority}");
        }
        assert!(shown("ftp", "example.com").is_err());
    }
}
