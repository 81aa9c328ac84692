//! Tokens and the audit log.

use chrono::{DateTime, Utc};
use noontide_domain::ports::{AuditEntry, TokenRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, words};

/// Who may ask over TCP. What is shown to the host itself is nowhere in here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    name: String,
    #[schema(value_type = words::Scope)]
    scope: &'static str,
    #[schema(value_type = words::TokenState)]
    state: &'static str,
    created_by: String,
    created_at: Time,
    /// It opens nothing from then on.
    expires_at: Option<Time>,
    /// When it was shown last, a minute more or less.
    used_at: Option<Time>,
    revoked_at: Option<Time>,
    revoked_by: Option<String>,
}

impl Token {
    pub(crate) fn of(token: &TokenRecord, now: DateTime<Utc>) -> Self {
        let (revoked_at, revoked_by) = token.revoked.as_ref().map(|(at, by)| (Time(*at), by.clone())).unzip();
        let state = match token.is_good(now) {
            true => "good",
            false if token.revoked.is_some() => "revoked",
            false => "expired",
        };
        Self {
            name: token.name.to_string(),
            scope: token.scope.as_str(),
            state,
            created_by: token.created_by.clone(),
            created_at: Time(token.created_at),
            expires_at: token.expires_at.map(Time),
            used_at: token.used_at.map(Time),
            revoked_at,
            revoked_by,
        }
    }
}

/// Something that somebody did, or was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    #[schema(format = Uuid)]
    id: String,
    at: Time,
    /// A token's name, a user of the machine, loopback.
    #[schema(example = "token ci")]
    who: String,
    /// From which address; `null` for the Unix socket.
    address: Option<String>,
    #[schema(example = "schedule.pause")]
    action: String,
    /// A schedule, a run, a plugin, a token.
    thing: Option<String>,
    /// Why, if it was said.
    reason: Option<String>,
    #[schema(value_type = words::AuditOutcome)]
    outcome: &'static str,
    /// How it was answered, of HTTP.
    status: u16,
    /// Why it was refused.
    detail: Option<String>,
}

impl From<&AuditEntry> for Entry {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: Time(entry.at),
            who: entry.who.clone(),
            address: entry.address.clone(),
            action: entry.action.clone(),
            thing: entry.thing.clone(),
            reason: entry.reason.clone(),
            outcome: if entry.is_done() { "done" } else { "refused" },
            status: entry.status,
            detail: entry.detail.clone(),
        }
    }
}
