//! The door to who may ask, and to who did what.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{KeptAnswer, KeyStanding, KeyedRequest, LedgerError};
use crate::{AuditId, Scope, TokenName};

/// SHA-256 of a secret that was made at random: all that is kept of it.
pub type SecretDigest = [u8; 32];

/// A token as it is kept. The token itself is shown once and nowhere again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// As people call it. A name that was taken back may be given again.
    pub name: TokenName,
    /// Of the token.
    pub digest: SecretDigest,
    /// What it opens.
    pub scope: Scope,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// It opens nothing from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was shown last, a minute more or less.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was taken back, and by whom.
    pub revoked: Option<(DateTime<Utc>, String)>,
}

impl TokenRecord {
    /// Whether it opens anything at `now`.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether its last use is to be noted anew: not with every request.
    pub fn is_use_news(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none_or(|used| now - used >= Self::USE)
    }

    /// How exactly the last use is known.
    pub const USE: TimeDelta = TimeDelta::minutes(1);
}

/// A browser that has shown a token once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of its cookie.
    pub digest: SecretDigest,
    /// Of the token it stands for, and ends with.
    pub token: SecretDigest,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
}

/// Something that somebody did, or was not allowed to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a token's name, a user of the machine, loopback.
    pub who: String,
    /// From which address; `None` for the Unix socket.
    pub address: Option<String>,
    /// What: such as `schedule.pause`.
    pub action: String,
    /// On which thing.
    pub thing: Option<String>,
    /// Why, if it was said.
    pub reason: Option<String>,
    /// How it was answered: an HTTP status.
    pub status: u16,
    /// Why not, if it was refused.
    pub detail: Option<String>,
}

impl AuditEntry {
    /// So long entries are kept at least, however short runs are.
    pub const KEPT: TimeDelta = TimeDelta::days(365);

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.status < 400
    }
}

/// Which entries to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this one.
    pub who: Option<String>,
    /// Of this kind.
    pub action: Option<String>,
    /// On this thing.
    pub thing: Option<String>,
    /// Those that were done, or those that were not.
    pub done: Option<bool>,
    /// From then on.
    pub since: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
    /// After this entry: the last one of the page before.
    pub after: Option<AuditId>,
    /// Page size.
    pub limit: usize,
}

/// Tokens, sessions and the audit log in the ledger. What is past its time goes with [`prune`](super::Ledger::prune): tokens
/// that were taken back as runs do, sessions and keys at once, entries after [`AuditEntry::KEPT`] or the retention of runs, whichever is
/// longer.
#[async_trait]
pub trait AccessLedger: Send + Sync {
    /// Keeps a new token. `false` if there is one of that name that was not taken back.
    async fn add_token(&self, token: TokenRecord) -> Result<bool, LedgerError>;

    /// The token with that digest, also if it opens nothing any more.
    async fn token(&self, digest: &SecretDigest) -> Result<Option<TokenRecord>, LedgerError>;

    /// All tokens, by name.
    async fn tokens(&self) -> Result<Vec<TokenRecord>, LedgerError>;

    /// Takes a token back, and ends its sessions. `false` if there is none of that name that was not taken back.
    async fn revoke_token(&self, name: &TokenName, by: &str, now: DateTime<Utc>) -> Result<bool, LedgerError>;

    /// Notes that a token was shown.
    async fn token_used(&self, digest: &SecretDigest, now: DateTime<Utc>) -> Result<(), LedgerError>;

    /// Keeps a session.
    async fn open_session(&self, session: Session) -> Result<(), LedgerError>;

    /// The session with that digest, also if it has ended.
    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, LedgerError>;

    /// Ends a session.
    async fn close_session(&self, digest: &SecretDigest) -> Result<(), LedgerError>;

    /// Writes entries; those that are there already are left alone.
    async fn note(&self, entries: Vec<AuditEntry>) -> Result<(), LedgerError>;

    /// Reads entries.
    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, LedgerError>;

    /// Takes a key for a request, unless it stands for one of the last [`KeyedRequest::KEPT`].
    async fn begin_keyed(&self, request: KeyedRequest) -> Result<KeyStanding, LedgerError>;

    /// Keeps the answer to the request of that key; without one the key is free again.
    async fn end_keyed(&self, key: &SecretDigest, answer: Option<KeptAnswer>) -> Result<(), LedgerError>;
}
