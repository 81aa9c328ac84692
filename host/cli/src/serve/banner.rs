//! What the host says when it stands: what it serves, where, and in a terminal what to try next.

use std::io::{IsTerminal, stderr};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use noontide_config::Loaded;
use noontide_domain::PluginStatus;

/// The host, as it stands.
pub struct Banner<'a> {
    /// Environment, ledger.
    pub loaded: &'a Loaded,
    /// Schedules that stand.
    pub schedules: usize,
    /// Plugin files.
    pub plugins: &'a [PluginStatus],
    /// How long the first look at the plugin folder took.
    pub compiled: Duration,
    /// On TCP.
    pub address: Option<SocketAddr>,
    /// The Unix socket.
    pub socket: PathBuf,
}

impl Banner<'_> {
    /// For people.
    pub fn text(&self) -> String {
        let config = &self.loaded.config;
        let loaded = self.plugins.iter().filter(|plugin| plugin.loaded.is_some()).count();
        let refused = self.plugins.iter().filter(|plugin| plugin.error.is_some()).count();
        let refused = if refused == 0 { String::new() } else { format!(", {refused} refused") };
        let address = self.address.map_or("off".to_owned(), |address| format!("http://{address}"));
        let mut lines = vec![
            format!("noontide {}", env!("CARGO_PKG_VERSION")),
            format!("  environment  {}", self.loaded.env),
            format!("  ledger       {}", noontide_ledger::shown(config.ledger_url.reveal())),
            format!("  schedules    {}", self.schedules),
            format!("  plugins      {loaded} compiled in {} ms{refused}", self.compiled.as_millis()),
            format!("  api          {address}"),
            format!("  socket       {}", self.socket.display()),
        ];
        if stderr().is_terminal() {
            lines.push(
                "in another terminal:  noontide ls · noontide next · noontide runs · noontide fire hello".to_owned(),
            );
        }
        lines.join("\n")
    }
}
