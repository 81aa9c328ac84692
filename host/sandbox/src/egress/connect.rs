//! From a granted target to a connection: one lookup, addresses judged, and the first that answers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use noontide_domain::plugin::egress::{NetHost, Scheme, Target};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::Egress;
use super::decide::Decided;
use super::error::EgressError;

/// Addresses of one name that are looked at.
const ADDRESSES: usize = 16;

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Egress {
    /// Connects to an address that the grants permit, within `patience`.
    pub(super) async fn connect(
        &self,
        decided: &Decided<'_>,
        patience: Duration,
        let_through: impl FnOnce(),
    ) -> Result<Box<dyn Stream>, EgressError> {
        let target = &decided.target;
        let late = |_| EgressError::NoConnection { target: target.to_string() };
        let deadline = Instant::now() + patience;
        let addresses = timeout_at(deadline, self.addresses(decided)).await.map_err(late)??;
        let_through();
        let stream = self.first(target, &addresses, deadline).await?;
        match target.scheme {
            Scheme::Http => Ok(Box::new(stream)),
            Scheme::Https => timeout_at(deadline, self.secured(target, stream)).await.map_err(late)?,
        }
    }

    /// Where the target leads and may be connected to; at least one.
    async fn addresses(&self, decided: &Decided<'_>) -> Result<Vec<SocketAddr>, EgressError> {
        let target = &decided.target;
        let found = self.resolved(&target.host).await;
        let found = found.map_err(|reason| EgressError::Name { target: target.to_string(), reason })?;
        let permits = |address: IpAddr| {
            let mut verdicts = decided.grants.iter().map(|grant| grant.permits(address));
            let first = verdicts.next().unwrap_or(Ok(()));
            first.or_else(|kind| if verdicts.any(|verdict| verdict.is_ok()) { Ok(()) } else { Err(kind) })
        };
        self.judged(&target.origin(), target.port, &found, permits)
    }

    /// Of `found`, what may be connected to at `port`.
    ///
    /// # Errors
    /// Nothing of it; why the first may not.
    pub(super) fn judged(
        &self,
        target: &str,
        port: u16,
        found: &[IpAddr],
        permits: impl Fn(IpAddr) -> Result<(), noontide_domain::plugin::egress::AddressKind>,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        let mut refused = None;
        let mut passed = Vec::new();
        for address in found.iter().take(ADDRESSES).map(IpAddr::to_canonical) {
            let socket = SocketAddr::new(address, port);
            let verdict = match permits(address) {
                Err(kind) => Err(EgressError::Address { target: target.to_owned(), address, kind }),
                Ok(()) if self.own.has(socket) => Err(EgressError::Own { target: target.to_owned(), address }),
                Ok(()) => Ok(socket),
            };
            match verdict {
                Ok(socket) => passed.push(socket),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match (passed.is_empty(), refused) {
            (false, _) => Ok(passed),
            (true, Some(refused)) => Err(refused),
            (true, None) => {
                let reason = std::io::Error::other("the list of its addresses is empty");
                Err(EgressError::Name { target: target.to_owned(), reason })
            }
        }
    }

    /// An address stands for itself; a name is looked up.
    pub(super) async fn resolved(&self, host: &NetHost) -> std::io::Result<Vec<IpAddr>> {
        match host {
            NetHost::Ip(address) => Ok(vec![*address]),
            NetHost::Name(name) => self.resolver.resolve(name).await,
        }
    }

    /// One after the other, each with an equal part of the time that is left.
    async fn first(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<TcpStream, EgressError> {
        let mut last = EgressError::NoConnection { target: target.to_string() };
        for (tried, address) in addresses.iter().enumerate() {
            let share = u32::try_from(addresses.len() - tried).unwrap_or(1).max(1);
            let until = Instant::now() + deadline.saturating_duration_since(Instant::now()) / share;
            match timeout_at(until, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(reason)) => {
                    last = EgressError::Unreachable { target: target.to_string(), address: address.ip(), reason };
                }
                Err(_) => {}
            }
        }
        Err(last)
    }

    /// The certificate is the name's, whatever the address.
    async fn secured(&self, target: &Target, stream: TcpStream) -> Result<Box<dyn Stream>, EgressError> {
        let failed = |reason| EgressError::Tls { target: target.to_string(), reason };
        let name = match &target.host {
            NetHost::Ip(address) => ServerName::from(*address),
            NetHost::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|error| failed(std::io::Error::other(error)))?
            }
        };
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(failed)?))
    }
}
