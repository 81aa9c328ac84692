//! What the API keeps of who may ask and who did what: tokens, sessions, the audit log, tries at the login.
//!
//! ```text
//! secret     what is shown once, and its digest                  secret.rs
//! scribe     the audit log, written behind the answers           scribe.rs
//! tries      wrong tokens at the login, and how long to wait     tries.rs
//! ```

mod scribe;
mod secret;
mod tries;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{AccessLedger, SecretDigest, Session, TokenRecord};
use tracing::warn;

use crate::problem::Answer;

pub(crate) use scribe::Scribe;
pub(crate) use secret::{PREFIX, digest, fresh};
pub(crate) use tries::Tries;

/// How long a browser stays logged in.
const SESSION: TimeDelta = TimeDelta::hours(12);

/// One for all listeners.
#[derive(Clone)]
pub struct Register {
    pub(crate) ledger: Arc<dyn AccessLedger>,
    pub(crate) scribe: Scribe,
    pub(crate) tries: Arc<Tries>,
}

impl Register {
    /// Over a ledger; its writer begins at once.
    pub fn open(ledger: Arc<dyn AccessLedger>) -> Self {
        Self { scribe: Scribe::start(Arc::clone(&ledger)), ledger, tries: Arc::default() }
    }

    /// Resolves when everything that was done so far is in the audit log, or nobody takes it.
    pub async fn settled(&self) {
        self.scribe.settled().await;
    }

    /// Notes the last use now and then. The answer waits for no disk.
    pub(crate) fn used(&self, token: &TokenRecord, now: DateTime<Utc>) {
        if !token.is_use_news(now) {
            return;
        }
        let (ledger, digest) = (Arc::clone(&self.ledger), token.digest);
        tokio::spawn(async move {
            if let Err(problem) = ledger.token_used(&digest, now).await {
                warn!(%problem, "the last use of a token is not noted");
            }
        });
    }

    /// A session for whoever has shown that token: what its cookie holds, and when it ends.
    pub(crate) async fn log_in(
        &self,
        token: SecretDigest,
        ends: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Answer<(String, DateTime<Utc>)> {
        let cookie = fresh("")?;
        let latest = now + SESSION;
        let expires_at = ends.map_or(latest, |ends| ends.min(latest));
        self.ledger.open_session(Session { digest: digest(&cookie), token, expires_at }).await?;
        Ok((cookie, expires_at))
    }
}
