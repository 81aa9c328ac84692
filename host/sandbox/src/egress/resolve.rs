//! From names to addresses.

use std::net::IpAddr;

use async_trait::async_trait;

/// From names to addresses. What it gives is judged, and connected to; it is asked once for each connection.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of `name`, best first.
    ///
    /// # Errors
    /// The name has none, or nobody can say.
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The machine's own: its hosts file and its name servers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}
