//! Tokens, sessions and the audit log.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::ports::{
    AccessLedger, AuditEntry, AuditFilter, KeptAnswer, KeyStanding, KeyedRequest, LedgerError, SecretDigest, Session,
    TokenRecord,
};
use noontide_domain::{AuditId, TokenName};

use super::MemoryLedger;

/// Who may ask, and who did what.
#[derive(Default)]
pub(super) struct Gatebook {
    tokens: BTreeMap<TokenName, TokenRecord>,
    sessions: BTreeMap<SecretDigest, Session>,
    audit: BTreeMap<AuditId, AuditEntry>,
    /// By key: the request, and its answer.
    keyed: BTreeMap<SecretDigest, (KeyedRequest, Option<KeptAnswer>)>,
}

impl Gatebook {
    fn add(&mut self, token: TokenRecord) -> bool {
        let is_taken = self.tokens.get(&token.name).is_some_and(|before| before.revoked.is_none());
        if !is_taken {
            self.tokens.insert(token.name.clone(), token);
        }
        !is_taken
    }

    fn revoke(&mut self, name: &TokenName, by: &str, now: DateTime<Utc>) -> bool {
        let Some(token) = self.tokens.get_mut(name) else { return false };
        self.sessions.retain(|_, session| session.token != token.digest);
        let is_news = token.revoked.is_none();
        token.revoked.get_or_insert_with(|| (now, by.to_owned()));
        is_news
    }

    fn used(&mut self, digest: &SecretDigest, now: DateTime<Utc>) {
        if let Some(token) = self.tokens.values_mut().find(|token| token.digest == *digest) {
            token.used_at = token.used_at.max(Some(now));
        }
    }

    fn list(&self, filter: &AuditFilter) -> Vec<AuditEntry> {
        let is =
            |wanted: &Option<String>, value: Option<&str>| wanted.as_deref().is_none_or(|wanted| Some(wanted) == value);
        let wanted = |entry: &&AuditEntry| {
            is(&filter.who, Some(&entry.who))
                && is(&filter.action, Some(&entry.action))
                && is(&filter.thing, entry.thing.as_deref())
                && filter.done.is_none_or(|done| done == entry.is_done())
                && filter.since.is_none_or(|since| entry.at >= since)
                && filter.until.is_none_or(|until| entry.at < until)
                && filter.after.is_none_or(|after| entry.id < after)
        };
        self.audit.values().rev().filter(wanted).take(filter.limit).cloned().collect()
    }

    pub fn prune(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) {
        self.tokens.retain(|_, token| token.revoked.as_ref().is_none_or(|(at, _)| *at >= before));
        self.sessions.retain(|_, session| session.expires_at >= now);
        let kept = before.min(now - AuditEntry::KEPT);
        self.audit.retain(|_, entry| entry.at >= kept);
        self.keyed.retain(|_, (request, _)| request.at >= now - KeyedRequest::KEPT);
    }

    fn begin(&mut self, asked: KeyedRequest) -> KeyStanding {
        let known = self.keyed.get(&asked.key).filter(|(before, _)| before.at >= asked.at - KeyedRequest::KEPT);
        match known {
            Some((before, _)) if before.request != asked.request => KeyStanding::Other,
            Some((_, Some(answer))) => KeyStanding::Answered(answer.clone()),
            Some((_, None)) => KeyStanding::Going,
            None => {
                self.keyed.insert(asked.key, (asked, None));
                KeyStanding::New
            }
        }
    }

    fn end(&mut self, key: &SecretDigest, answer: Option<KeptAnswer>) {
        match (self.keyed.get_mut(key), answer) {
            (Some((_, kept)), Some(answer)) => *kept = Some(answer),
            (Some((_, None)), None) => drop(self.keyed.remove(key)),
            _ => {}
        }
    }
}

#[async_trait]
impl AccessLedger for MemoryLedger {
    async fn add_token(&self, token: TokenRecord) -> Result<bool, LedgerError> {
        let (created_at, expires_at) = (in_millis(token.created_at), token.expires_at.map(in_millis));
        let token = TokenRecord { created_at, expires_at, ..token };
        self.write(|book| Ok(book.access.add(token)))
    }

    async fn token(&self, digest: &SecretDigest) -> Result<Option<TokenRecord>, LedgerError> {
        Ok(self.book().access.tokens.values().find(|token| token.digest == *digest).cloned())
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, LedgerError> {
        Ok(self.book().access.tokens.values().cloned().collect())
    }

    async fn revoke_token(&self, name: &TokenName, by: &str, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.write(|book| Ok(book.access.revoke(name, by, in_millis(now))))
    }

    async fn token_used(&self, digest: &SecretDigest, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.write(|book| {
            book.access.used(digest, in_millis(now));
            Ok(())
        })
    }

    async fn open_session(&self, session: Session) -> Result<(), LedgerError> {
        let session = Session { expires_at: in_millis(session.expires_at), ..session };
        self.write(|book| {
            book.access.sessions.insert(session.digest, session);
            Ok(())
        })
    }

    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, LedgerError> {
        Ok(self.book().access.sessions.get(digest).cloned())
    }

    async fn close_session(&self, digest: &SecretDigest) -> Result<(), LedgerError> {
        self.write(|book| {
            book.access.sessions.remove(digest);
            Ok(())
        })
    }

    async fn note(&self, entries: Vec<AuditEntry>) -> Result<(), LedgerError> {
        self.write(|book| {
            for entry in entries {
                let entry = AuditEntry { at: in_millis(entry.at), ..entry };
                book.access.audit.entry(entry.id).or_insert(entry);
            }
            Ok(())
        })
    }

    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, LedgerError> {
        Ok(self.book().access.list(&filter))
    }

    async fn begin_keyed(&self, request: KeyedRequest) -> Result<KeyStanding, LedgerError> {
        let request = KeyedRequest { at: in_millis(request.at), ..request };
        self.write(|book| Ok(book.access.begin(request)))
    }

    async fn end_keyed(&self, key: &SecretDigest, answer: Option<KeptAnswer>) -> Result<(), LedgerError> {
        self.write(|book| {
            book.access.end(key, answer);
            Ok(())
        })
    }
}

/// As the durable ledgers keep it.
fn in_millis(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(instant)
}
