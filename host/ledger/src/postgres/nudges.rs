//! Nudges in PostgreSQL: NOTIFY with the commit, and a connection of its own that listens.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;

/// Pause after the server could not be reached. Meanwhile those who look by themselves find what there is.
const PAUSE: Duration = Duration::from_secs(1);

/// Said with the commit, in one way to the server: nobody hears of what was rolled back.
pub(crate) const NUDGE: &str = "NOTIFY noontide";
const CHANNEL: &str = "noontide";

/// Goes on until it is dropped, over any number of connections.
pub(crate) async fn listen(options: PgConnectOptions, heard: Arc<Notify>) {
    loop {
        if let Err(error) = listen_once(&options, &heard).await {
            tracing::debug!(%error, "nudges of other hosts are not heard; looking instead");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until the connection is lost.
async fn listen_once(options: &PgConnectOptions, heard: &Notify) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    // Something may have been missed before.
    heard.notify_one();
    while listener.try_recv().await?.is_some() {
        heard.notify_one();
    }
    Ok(())
}
