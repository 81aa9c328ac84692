//! What somebody hostile sends, and that it is refused: rows of bytes, and attacks that take more than one request.

mod patient;
mod rows;

use noontide_domain::Scope;
use noontide_domain::ports::{AccessLedger, TokenRecord};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::Limits;
use crate::register::{PREFIX, digest, fresh};

/// A host with a token, further tokens in its ledger, and somebody logged in.
struct Ground {
    world: World,
    read: String,
    operate: String,
    upload: String,
    revoked: String,
    expired: String,
    cookie: String,
}

impl Ground {
    async fn with(limits: Limits) -> Self {
        let world = world_with(Access::token(TOKEN), WebSettings { limits, ..WebSettings::default() }).await;
        let token = async |name: &str, scope| {
            let secret = fresh(PREFIX).expect("randomness");
            let now = world.parts.engine.now();
            let record = TokenRecord {
                name: name.parse().expect("a name"),
                digest: digest(&secret),
                scope,
                created_by: "test".to_owned(),
                created_at: now,
                expires_at: (name == "expired").then_some(now),
                used_at: None,
                revoked: None,
            };
            assert!(world.ledger.add_token(record).await.expect("writes"));
            secret
        };
        let (read, operate) = (token("read", Scope::Read).await, token("operate", Scope::Operate).await);
        let upload = token("upload", Scope::PluginUpload).await;
        let (revoked, expired) = (token("revoked", Scope::Admin).await, token("expired", Scope::Admin).await);
        let now = world.parts.engine.now();
        let name = "revoked".parse().expect("a name");
        assert!(world.ledger.revoke_token(&name, "test", now).await.expect("writes"));
        let cookie = world.log_in(TOKEN).await;
        Self { world, read, operate, upload, revoked, expired, cookie }
    }

    fn address(&self) -> String {
        self.world.url.trim_start_matches("http://").to_owned()
    }

    /// All that is answered until the host hangs up, or says nothing more.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).await.expect("a connection");
        // The host may refuse before it has heard all.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut heard = Vec::new();
        let read = tokio::time::timeout(SOON, stream.read_to_end(&mut heard)).await.expect("an end in time");
        // A reset is an end, too.
        let _ = read;
        String::from_utf8_lossy(&heard).into_owned()
    }
}

impl World {
    /// The cookie of a new session.
    async fn log_in(&self, token: &str) -> String {
        let login = reqwest::Client::new().post(format!("{}/login", self.url)).json(&json!({ "token": token }));
        let answer = login.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().expect("a pair").to_owned()
    }
}

/// Of the first answer; 0 if there is none.
fn status(heard: &str) -> u16 {
    heard.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}
