//! What handlers remember.

use noontide_domain::ports::Settlement;
use noontide_domain::{StateWrite, state_scope};
use sqlx::{Row, SqlitePool};

use super::rows;
use super::writer::Desk;

const READ: &str = "SELECT value, revision FROM state WHERE scope = ?1 AND key = ?2";
const REVISION: &str = "SELECT revision FROM state WHERE scope = ?1 AND key = ?2";
const WRITE: &str = "\
    INSERT INTO state (scope, key, value, revision) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, revision = excluded.revision";
const REMOVE: &str = "DELETE FROM state WHERE scope = ?1 AND key = ?2";
const HELD: &str =
    concat!("SELECT ", rows::order_columns!(), " FROM run WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3");

/// Whether the state a settlement writes fits what is there.
pub(super) enum Fit {
    /// Written; or there was nothing to write.
    Fits,
    /// Another run changed the entry meanwhile; nothing was written.
    Conflict {
        /// The entry.
        key: String,
    },
}

pub(super) async fn read(readers: &SqlitePool, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, sqlx::Error> {
    let Some(row) = sqlx::query(READ).bind(scope).bind(key).fetch_optional(readers).await? else { return Ok(None) };
    let revision: i64 = row.try_get("revision")?;
    Ok(Some((row.try_get("value")?, revision.unsigned_abs())))
}

/// Writes what the settlement's attempt wants to remember, if it ended well and its lease holds. All entries, or none.
pub(super) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Fit, sqlx::Error> {
    let report = &settlement.report;
    if report.state.is_empty() || !report.keeps_state() {
        return Ok(Fit::Fits);
    }
    let Some(scope) = scope(settlement, desk).await? else { return Ok(Fit::Fits) };
    for write in &report.state {
        let found = sqlx::query_scalar(REVISION).bind(&scope).bind(&write.key);
        let revision: Option<i64> = found.fetch_optional(&mut *desk.connection).await?;
        if revision.unwrap_or(0) != rows::signed(write.base) {
            return Ok(Fit::Conflict { key: write.key.clone() });
        }
    }
    for entry in &report.state {
        write_entry(&scope, entry, desk).await?;
    }
    Ok(Fit::Fits)
}

async fn write_entry(scope: &str, entry: &StateWrite, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let query = match &entry.value {
        Some(value) => {
            sqlx::query(WRITE).bind(scope).bind(&entry.key).bind(value.as_slice()).bind(rows::signed(entry.revision))
        }
        None => sqlx::query(REMOVE).bind(scope).bind(&entry.key),
    };
    query.execute(&mut *desk.connection).await?;
    Ok(())
}

/// Whose state it is; `None` if the lease is lost.
async fn scope(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Option<String>, sqlx::Error> {
    let lease = &settlement.lease;
    let holder = sqlx::query(HELD)
        .bind(lease.run.0.as_bytes().as_slice())
        .bind(lease.host.0.as_bytes().as_slice())
        .bind(lease.fence)
        .fetch_optional(&mut *desk.connection)
        .await?;
    holder.map(|row| Ok(state_scope(&rows::order(&row)?))).transpose()
}
