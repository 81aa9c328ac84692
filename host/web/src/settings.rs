//! What an operator says of the API: names it goes by, a path before all others, proxies, and what clients may take up.

use std::time::Duration;

use noontide_domain::plugin::egress::AddressRule;

/// The API's settings, for all listeners.
#[derive(Debug, Clone, Default)]
pub struct WebSettings {
    /// Names of this host beyond its addresses and `localhost`, in small letters and without a port.
    pub names: Vec<String>,
    /// The path under which everything is served a second time, such as `/noontide`; empty for none.
    pub path: String,
    /// Over TCP nothing is changed.
    pub read_only: bool,
    /// Peers whose word counts on who asks, and under which path.
    pub trusted_proxies: Vec<AddressRule>,
    /// What clients may take up.
    pub limits: Limits,
}

/// What clients may take up: of time, of connections, of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The head of a request, from the end of the one before; also how long a connection may be idle.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body_pause: Duration,
    /// A body as a whole.
    pub body: Duration,
    /// How long a client may take nothing of what it is sent.
    pub write: Duration,
    /// A TLS handshake.
    pub handshake: Duration,
    /// Open at the same time.
    pub connections: usize,
    /// Of one address. Loopback and trusted proxies, who speak for many, are not counted.
    pub connections_per_address: usize,
    /// Event streams at the same time: they stay open, and shall not take up all connections.
    pub streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Slower heads are typed by hand; proxies keep idle connections for less.
            head: Duration::from_secs(20),
            body_pause: Duration::from_secs(20),
            // The largest body, 64 MiB, at 1 Mbit/s.
            body: Duration::from_secs(600),
            write: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
            // Files that a process may have open are 1,024 on many machines; the ledger and plugins need some.
            connections: 768,
            connections_per_address: 128,
            streams: 256,
        }
    }
}
