//! `tcp` grants: connections to what a granted name was found to lead to, and to nothing else.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use noontide_domain::plugin::egress::NetHost;
use noontide_domain::{Grant, TcpGrant};
use wasmtime_wasi::sockets::SocketAddrUse;

use super::Egress;
use super::error::EgressError;
use super::witness::Witness;

/// Addresses that one guest's lookups may open the way to.
const PINS: usize = 1_024;

/// One guest's sockets; clones share what was found.
#[derive(Clone)]
pub(crate) struct Sockets {
    egress: Option<Arc<Egress>>,
    grant: Option<Arc<Grant>>,
    /// Where a connection may go, and the grant that says so, as `tcp://db.internal:5432`.
    pins: Arc<Mutex<BTreeMap<SocketAddr, String>>>,
    witness: Witness,
}

impl Sockets {
    pub(crate) fn new(egress: Option<Arc<Egress>>, grant: Option<Arc<Grant>>, witness: Witness) -> Self {
        let written = grant.iter().flat_map(|grant| &grant.tcp).filter_map(|tcp| match tcp.host {
            NetHost::Ip(address) if tcp.permits(address).is_ok() => {
                Some((SocketAddr::new(address, tcp.port), origin(&tcp.host, tcp.port)))
            }
            _ => None,
        });
        let pins = Arc::new(Mutex::new(written.collect()));
        Self { egress, grant, pins, witness }
    }

    /// Whether there is a grant at all.
    pub(crate) fn granted(&self) -> bool {
        self.egress.is_some() && !self.grants().is_empty()
    }

    /// Whether a socket may do this.
    pub(crate) fn may(&self, address: SocketAddr, what: SocketAddrUse) -> bool {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        match what {
            // What the system does by itself on the way to a connection.
            SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
            SocketAddrUse::TcpConnect => self.may_connect(address),
            _ => false,
        }
    }

    fn may_connect(&self, address: SocketAddr) -> bool {
        let pinned = self.pins.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned();
        let Some(pinned) = pinned else {
            let target = format!("tcp://{address}");
            let error = EgressError::Tcp { target: address.to_string() };
            self.witness.failed("tcp", &target, &error);
            return false;
        };
        if self.egress.as_ref().is_none_or(|egress| egress.own.has(address)) {
            let error = EgressError::Own { target: pinned.clone(), address: address.ip() };
            self.witness.failed("tcp", &pinned, &error);
            return false;
        }
        self.witness.called(&pinned);
        true
    }

    /// The addresses of a granted name that a grant of it permits; from now on they may be connected to at its port.
    pub(super) async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, EgressError> {
        let host: NetHost = host(name).map_err(|reason| EgressError::Request { target: shown(name), reason })?;
        if let NetHost::Ip(address) = host {
            return Ok(vec![address]);
        }
        let granted: Vec<&TcpGrant> = self.grants().iter().filter(|grant| grant.host == host).collect();
        let (Some(egress), Some(first)) = (&self.egress, granted.first()) else {
            return Err(EgressError::Tcp { target: host.to_string() });
        };
        let target = origin(&host, first.port);
        let found = egress.resolved(&host).await;
        let found = found.map_err(|reason| EgressError::Name { target: target.clone(), reason })?;
        let mut passed = Vec::new();
        let mut refused = None;
        for grant in granted {
            let target = origin(&host, grant.port);
            match egress.judged(&target, grant.port, &found, |address| grant.permits(address)) {
                Ok(addresses) => passed.extend(addresses.into_iter().map(|address| (address, target.clone()))),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) if passed.is_empty() => Err(error),
            _ => Ok(self.pin(passed)),
        }
    }

    fn pin(&self, passed: Vec<(SocketAddr, String)>) -> Vec<IpAddr> {
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut addresses = Vec::new();
        for (address, origin) in passed {
            if pins.len() < PINS {
                pins.entry(address).or_insert(origin);
            }
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        addresses
    }

    /// A lookup that did not come through.
    pub(super) fn failed(&self, name: &str, error: &EgressError) {
        self.witness.failed("tcp", &format!("tcp://{}", shown(name)), error);
    }

    fn grants(&self) -> &[TcpGrant] {
        self.grant.as_ref().map(|grant| grant.tcp.as_slice()).unwrap_or_default()
    }
}

/// Sockets know IPv6 addresses without brackets.
fn host(name: &str) -> Result<NetHost, String> {
    name.parse::<IpAddr>().map_or_else(|_| name.parse(), |address| Ok(NetHost::Ip(address.to_canonical())))
}

fn origin(host: &NetHost, port: u16) -> String {
    format!("tcp://{host}:{port}")
}

fn shown(name: &str) -> String {
    crate::journal::harmless(name, 200)
}
