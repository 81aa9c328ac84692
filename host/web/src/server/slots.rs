//! How many connections there may be: in all, and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use noontide_domain::plugin::egress::AddressRule;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::settings::Limits;

/// Those that are taken.
#[derive(Clone)]
pub(super) struct Slots {
    most: usize,
    most_of_one: usize,
    /// Who speaks for many.
    proxies: Arc<[AddressRule]>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// One connection's; given back when it is dropped.
pub(super) struct Slot {
    slots: Slots,
    counted: Option<IpAddr>,
}

impl Slots {
    pub fn new(limits: &Limits, proxies: Vec<AddressRule>) -> Self {
        let (most, most_of_one) = (limits.connections, limits.connections_per_address);
        Self { most, most_of_one, proxies: proxies.into(), taken: Arc::default() }
    }

    /// `None` if there are too many.
    pub fn take(&self, from: Option<IpAddr>) -> Option<Slot> {
        let counted = from.map(|from| from.to_canonical()).filter(|from| self.is_counted(*from)).map(network);
        let mut taken = self.taken();
        if taken.all >= self.most || counted.is_some_and(|from| taken.of.get(&from) >= Some(&self.most_of_one)) {
            return None;
        }
        taken.all += 1;
        if let Some(from) = counted {
            *taken.of.entry(from).or_default() += 1;
        }
        Some(Slot { slots: self.clone(), counted })
    }

    fn is_counted(&self, from: IpAddr) -> bool {
        !from.is_loopback() && !self.proxies.iter().any(|proxy| proxy.names(from))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.all -= 1;
        let Some(from) = self.counted else { return };
        let left = taken.of.get_mut(&from).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            taken.of.remove(&from);
        }
    }
}

/// Whoever has one address of IPv6 has a network of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 => v4,
    }
}

/// Says so, as far as it is heard, and hangs up.
pub(super) async fn refuse(mut stream: TcpStream, patience: Duration) {
    let words = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // Whoever does not listen is not waited for.
    let _ = tokio::time::timeout(patience.min(Duration::from_secs(1)), async {
        stream.write_all(words.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_of_one_address_fewer_and_what_ends_makes_room() {
        let limits = Limits { connections: 4, connections_per_address: 2, ..Limits::default() };
        let slots = Slots::new(&limits, vec!["10.0.0.9/32".parse().expect("a network")]);
        let take = |from: &str| slots.take(Some(from.parse().expect("an address")));
        let (first, _second) = (take("9.9.9.9"), take("9.9.9.9"));
        assert!(first.is_some() && take("9.9.9.9").is_none() && take("::ffff:9.9.9.9").is_none());
        drop(first);
        let _again = take("9.9.9.9").expect("room again");
        let _proxy = (take("10.0.0.9").expect("a proxy"), take("10.0.0.9").expect("and not counted"));
        assert!(take("10.0.0.9").is_none() && take("127.0.0.1").is_none(), "in all there are four");
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one() {
        let slots = Slots::new(&Limits { connections_per_address: 1, ..Limits::default() }, Vec::new());
        let take = |from: &str| slots.take(Some(from.parse().expect("an address")));
        let _one = take("2001:db8::1").expect("one");
        assert!(take("2001:db8::2").is_none());
        assert!(take("2001:db8:0:1::1").is_some());
        assert!(slots.taken().of.len() <= 2, "who is gone is forgotten");
    }
}
