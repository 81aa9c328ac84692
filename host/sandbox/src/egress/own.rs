//! Where the host listens itself. A plugin that could call the API of its own host would grant itself what it likes.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

/// The addresses this host listens on; its clones are the same list.
#[derive(Debug, Clone, Default)]
pub struct OwnAddresses(Arc<RwLock<Vec<SocketAddr>>>);

impl OwnAddresses {
    /// From now on these, with their real ports.
    pub fn set(&self, addresses: impl IntoIterator<Item = SocketAddr>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = addresses.into_iter().collect();
    }

    /// Whether a connection to `address` would reach this host's own listener.
    pub fn has(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner);
        own.iter().any(|listener| {
            listener.port() == address.port()
                && match listener.ip().to_canonical() {
                    every if every.is_unspecified() => is_of_this_machine(ip),
                    one => one == ip,
                }
        })
    }
}

/// A socket can be bound to the machine's own addresses only.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_found_at_each_of_them() {
        let own = OwnAddresses::default();
        let has = |address: &str| own.has(address.parse().expect("an address"));
        assert!(!has("127.0.0.1:8080"));
        own.set(["0.0.0.0:8080".parse().expect("an address")]);
        assert!(
            has("127.0.0.1:8080") && has("127.9.9.9:8080") && has("[::ffff:127.0.0.1]:8080") && has("0.0.0.0:8080")
        );
        assert!(!has("127.0.0.1:8081") && !has("192.0.2.1:8080"));
        own.set(["127.0.0.1:8080".parse().expect("an address")]);
        assert!(has("127.0.0.1:8080") && !has("127.0.0.2:8080"));
    }
}
