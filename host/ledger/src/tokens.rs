//! Tokens, and the sessions that stand for them. Of both only digests are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::TokenName;
use noontide_domain::ports::{SecretDigest, Session, TokenRecord};

use crate::connection::Readers;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::{Desk, Request};

statements!(tokens: FREE, ADD, TOKEN, TOKENS, REVOKE, REVOKE_SESSIONS, USED, OPEN_SESSION, SESSION, CLOSE_SESSION);

pub(crate) struct Add {
    pub token: TokenRecord,
}

#[async_trait]
impl Request for Add {
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let token = &self.token;
        let millis = |instant: DateTime<Utc>| instant.timestamp_millis();
        query(FREE).bind(token.name.as_str()).run(&mut *desk).await?;
        let added = query(ADD)
            .bind(token.name.as_str())
            .bind(token.digest.as_slice())
            .bind(token.scope.as_str())
            .bind(&token.created_by)
            .bind(millis(token.created_at))
            .bind(token.expires_at.map(millis))
            .bind(token.used_at.map(millis))
            .bind(token.revoked.as_ref().map(|(at, _)| millis(*at)))
            .bind(token.revoked.as_ref().map(|(_, by)| by.clone()))
            .run(&mut *desk)
            .await?;
        Ok(added > 0)
    }
}

pub(crate) struct Revoke {
    pub name: TokenName,
    pub by: String,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Revoke {
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let name = self.name.as_str();
        let revoke = query(REVOKE).bind(name).bind(self.now.timestamp_millis()).bind(&self.by);
        let revoked = revoke.run(&mut *desk).await?;
        query(REVOKE_SESSIONS).bind(name).run(&mut *desk).await?;
        Ok(revoked > 0)
    }
}

pub(crate) struct Used {
    pub digest: SecretDigest,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Used {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let used = query(USED).bind(self.digest.as_slice()).bind(self.now.timestamp_millis());
        used.run(&mut *desk).await.map(drop)
    }
}

pub(crate) struct OpenSession {
    pub session: Session,
}

#[async_trait]
impl Request for OpenSession {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let Session { digest, token, expires_at } = &self.session;
        let open = query(OPEN_SESSION).bind(digest.as_slice()).bind(token.as_slice());
        open.bind(expires_at.timestamp_millis()).run(&mut *desk).await.map(drop)
    }
}

pub(crate) struct CloseSession {
    pub digest: SecretDigest,
}

#[async_trait]
impl Request for CloseSession {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        query(CLOSE_SESSION).bind(self.digest.as_slice()).run(&mut *desk).await.map(drop)
    }
}

pub(crate) async fn one(readers: &Readers, digest: &SecretDigest) -> Result<Option<TokenRecord>, sqlx::Error> {
    query(TOKEN).bind(digest.as_slice()).first(readers).await?.as_ref().map(token).transpose()
}

pub(crate) async fn all(readers: &Readers) -> Result<Vec<TokenRecord>, sqlx::Error> {
    query(TOKENS).all(readers).await?.iter().map(token).collect()
}

pub(crate) async fn session(readers: &Readers, digest: &SecretDigest) -> Result<Option<Session>, sqlx::Error> {
    let found = query(SESSION).bind(digest.as_slice()).first(readers).await?;
    let read = |row: &Row| {
        let (digest, token) = (secret(row, "digest")?, secret(row, "token")?);
        Ok(Session { digest, token, expires_at: rows::instant(row, "expires_at")? })
    };
    found.as_ref().map(read).transpose()
}

fn token(row: &Row) -> Result<TokenRecord, sqlx::Error> {
    let (at, by) = (rows::maybe_instant(row, "revoked_at")?, row.try_get::<Option<String>>("revoked_by")?);
    let wrong = |problem: String| sqlx::Error::Decode(format!("token: {problem}").into());
    Ok(TokenRecord {
        name: row.try_get::<String>("name")?.parse().map_err(|problem| wrong(format!("{problem}")))?,
        digest: secret(row, "digest")?,
        scope: row.try_get::<String>("scope")?.parse().map_err(wrong)?,
        created_by: row.try_get("created_by")?,
        created_at: rows::instant(row, "created_at")?,
        expires_at: rows::maybe_instant(row, "expires_at")?,
        used_at: rows::maybe_instant(row, "used_at")?,
        revoked: at.map(|at| (at, by.unwrap_or_default())),
    })
}

fn secret(row: &Row, column: &str) -> Result<SecretDigest, sqlx::Error> {
    let bytes: Vec<u8> = row.try_get(column)?;
    let short = |bytes: Vec<u8>| sqlx::Error::Decode(format!("{column}: {} bytes", bytes.len()).into());
    bytes.try_into().map_err(short)
}
