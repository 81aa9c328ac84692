//! What handlers remember, and how much of it there is.

use noontide_domain::ports::{KeyPage, Settlement};
use noontide_domain::{Order, OverLimit, PluginName, StateSize, StateWrite};
use sqlx::{Row, SqlitePool};

use super::lease::limit;
use super::rows;
use super::writer::Desk;

const READ: &str = "SELECT value, revision FROM state WHERE scope = ?1 AND key = ?2";
const KEYS: &str =
    "SELECT key FROM state WHERE scope = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4";
const SIZE: &str = "SELECT bytes, keys FROM state_use WHERE plugin = ?1";
/// Without a size if it is another plugin's: taking it over frees nothing here.
const THERE: &str = "\
    SELECT revision, CASE WHEN plugin = ?3 THEN length(CAST(key AS BLOB)) + length(CAST(value AS BLOB)) END AS bytes \
    FROM state WHERE scope = ?1 AND key = ?2";
const WRITE: &str = "\
    INSERT INTO state (scope, key, value, revision, plugin) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, revision = excluded.revision, plugin = excluded.plugin";
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
    /// Its plugin would remember too much; nothing was written.
    Over(OverLimit),
}

pub(super) async fn read(readers: &SqlitePool, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, sqlx::Error> {
    let Some(row) = sqlx::query(READ).bind(scope).bind(key).fetch_optional(readers).await? else { return Ok(None) };
    let revision: i64 = row.try_get("revision")?;
    Ok(Some((row.try_get("value")?, revision.unsigned_abs())))
}

pub(super) async fn keys(readers: &SqlitePool, scope: &str, page: KeyPage) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_scalar(KEYS).bind(scope).bind(&page.prefix).bind(page.after).bind(limit(page.limit));
    let found: Vec<String> = query.fetch_all(readers).await?;
    // Those with the prefix stand together, at the beginning.
    Ok(found.into_iter().take_while(|key| key.starts_with(&page.prefix)).collect())
}

pub(super) async fn size<'c>(
    connection: impl sqlx::SqliteExecutor<'c>,
    plugin: &PluginName,
) -> Result<StateSize, sqlx::Error> {
    let found = sqlx::query(SIZE).bind(plugin.as_str()).fetch_optional(connection).await?;
    let Some(row) = found else { return Ok(StateSize::default()) };
    let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(StateSize { bytes: number("bytes")?, keys: number("keys")? })
}

/// Writes what the settlement's attempt wants to remember, if it ended well and its lease holds. All entries, or none.
pub(super) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Fit, sqlx::Error> {
    let report = &settlement.report;
    if report.state.is_empty() || !report.keeps_state() {
        return Ok(Fit::Fits);
    }
    let Some(order) = held(settlement, desk).await? else { return Ok(Fit::Fits) };
    let plugin = &order.handler.plugin;
    let before = size(&mut *desk.connection, plugin).await?;
    let mut after = before;
    for write in &report.state {
        let found = sqlx::query(THERE).bind(write.scope.of(&order)).bind(&write.key).bind(plugin.as_str());
        let (revision, bytes) = match found.fetch_optional(&mut *desk.connection).await? {
            Some(row) => (row.try_get::<i64, _>("revision")?, row.try_get::<Option<i64>, _>("bytes")?),
            None => (0, None),
        };
        if revision != rows::signed(write.base) {
            return Ok(Fit::Conflict { key: write.key.clone() });
        }
        after = grown(after, bytes.map(i64::unsigned_abs), write);
    }
    if let Some(over) = after.over(before, report.state_allows) {
        return Ok(Fit::Over(over));
    }
    for entry in &report.state {
        write_entry(&order, entry, desk).await?;
    }
    Ok(Fit::Fits)
}

/// With the entry as it will be in place of the one that is there.
fn grown(sum: StateSize, there: Option<u64>, write: &StateWrite) -> StateSize {
    let comes = write.value.as_ref().map(|value| StateSize::of_entry(&write.key, value)).unwrap_or_default();
    StateSize {
        bytes: (sum.bytes + comes.bytes).saturating_sub(there.unwrap_or_default()),
        keys: (sum.keys + comes.keys).saturating_sub(u64::from(there.is_some())),
    }
}

async fn write_entry(order: &Order, entry: &StateWrite, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let scope = entry.scope.of(order);
    let query = match &entry.value {
        Some(value) => {
            let write = sqlx::query(WRITE).bind(scope).bind(&entry.key).bind(value.as_slice());
            write.bind(rows::signed(entry.revision)).bind(order.handler.plugin.as_str())
        }
        None => sqlx::query(REMOVE).bind(scope).bind(&entry.key),
    };
    query.execute(&mut *desk.connection).await?;
    Ok(())
}

/// What the run is; `None` if the lease is lost.
async fn held(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Option<Order>, sqlx::Error> {
    let lease = &settlement.lease;
    let holder = sqlx::query(HELD)
        .bind(lease.run.0.as_bytes().as_slice())
        .bind(lease.host.0.as_bytes().as_slice())
        .bind(lease.fence)
        .fetch_optional(&mut *desk.connection)
        .await?;
    holder.as_ref().map(rows::order).transpose()
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 4] {
    [READ, KEYS, SIZE, THERE]
}
