//! Requests that a client may send twice and that are done once.

use async_trait::async_trait;
use noontide_domain::ports::{KeptAnswer, KeyStanding, KeyedRequest, SecretDigest};

use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Request};

statements!(keyed: LAPSE, TAKE, STANDING, ANSWER, FREE);

pub(crate) struct Begin {
    pub request: KeyedRequest,
}

#[async_trait]
impl Request for Begin {
    type Answer = KeyStanding;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<KeyStanding, sqlx::Error> {
        let KeyedRequest { key, request, at } = &self.request;
        let lapsed = (*at - KeyedRequest::KEPT).timestamp_millis();
        query(LAPSE).bind(key.as_slice()).bind(lapsed).run(&mut *desk).await?;
        let take = query(TAKE).bind(key.as_slice()).bind(request.as_slice()).bind(at.timestamp_millis());
        if take.run(&mut *desk).await? > 0 {
            return Ok(KeyStanding::New);
        }
        match query(STANDING).bind(key.as_slice()).first(&mut *desk).await? {
            Some(row) => standing(&row, request),
            // It was given back meanwhile; the client asks again.
            None => Ok(KeyStanding::Going),
        }
    }
}

fn standing(row: &Row, request: &SecretDigest) -> Result<KeyStanding, sqlx::Error> {
    if row.try_get::<Vec<u8>>("request")? != request {
        return Ok(KeyStanding::Other);
    }
    let Some(status) = row.try_get::<Option<i64>>("status")? else { return Ok(KeyStanding::Going) };
    Ok(KeyStanding::Answered(KeptAnswer {
        status: u16::try_from(status).map_err(|wrong| sqlx::Error::Decode(wrong.into()))?,
        media_type: row.try_get::<Option<String>>("media_type")?.unwrap_or_default(),
        body: row.try_get::<Option<Vec<u8>>>("body")?.unwrap_or_default(),
    }))
}

pub(crate) struct End {
    pub key: SecretDigest,
    pub answer: Option<KeptAnswer>,
}

#[async_trait]
impl Request for End {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let key = self.key.as_slice();
        let end = match &self.answer {
            Some(KeptAnswer { status, media_type, body }) => {
                query(ANSWER).bind(key).bind(i64::from(*status)).bind(media_type).bind(body.as_slice())
            }
            None => query(FREE).bind(key),
        };
        end.run(&mut *desk).await.map(drop)
    }
}
