//! The door to tokens, sessions, the audit log and the keys of requests.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::TokenName;
use noontide_domain::ports::{
    AccessLedger, AuditEntry, AuditFilter, KeptAnswer, KeyStanding, KeyedRequest, LedgerError, SecretDigest, Session,
    TokenRecord,
};

use crate::connection::Readers;
use crate::writer::Inbox;
use crate::{audit, fault, keyed, tokens};

/// In any of the databases.
pub(crate) struct Accessing {
    pub inbox: Inbox,
    pub readers: Readers,
}

#[async_trait]
impl AccessLedger for Accessing {
    async fn add_token(&self, token: TokenRecord) -> Result<bool, LedgerError> {
        self.inbox.ask(tokens::Add { token }).await
    }

    async fn token(&self, digest: &SecretDigest) -> Result<Option<TokenRecord>, LedgerError> {
        tokens::one(&self.readers, digest).await.map_err(fault::answer)
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, LedgerError> {
        tokens::all(&self.readers).await.map_err(fault::answer)
    }

    async fn revoke_token(&self, name: &TokenName, by: &str, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.inbox.ask(tokens::Revoke { name: name.clone(), by: by.to_owned(), now }).await
    }

    async fn token_used(&self, digest: &SecretDigest, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.inbox.ask(tokens::Used { digest: *digest, now }).await
    }

    async fn open_session(&self, session: Session) -> Result<(), LedgerError> {
        self.inbox.ask(tokens::OpenSession { session }).await
    }

    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, LedgerError> {
        tokens::session(&self.readers, digest).await.map_err(fault::answer)
    }

    async fn close_session(&self, digest: &SecretDigest) -> Result<(), LedgerError> {
        self.inbox.ask(tokens::CloseSession { digest: *digest }).await
    }

    async fn note(&self, entries: Vec<AuditEntry>) -> Result<(), LedgerError> {
        self.inbox.ask(audit::Note { entries }).await
    }

    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, LedgerError> {
        audit::list(&self.readers, &filter).await.map_err(fault::answer)
    }

    async fn begin_keyed(&self, request: KeyedRequest) -> Result<KeyStanding, LedgerError> {
        self.inbox.ask(keyed::Begin { request }).await
    }

    async fn end_keyed(&self, key: &SecretDigest, answer: Option<KeptAnswer>) -> Result<(), LedgerError> {
        self.inbox.ask(keyed::End { key: *key, answer }).await
    }
}
