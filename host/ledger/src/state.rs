//! What handlers remember, and how much of it there is.

use noontide_domain::ports::{KeyPage, Settlement};
use noontide_domain::{Order, OverLimit, PluginName, StateSize, StateWrite};

use crate::connection::Readers;
use crate::lease::limit;
use crate::query::{Place, query};
use crate::rows;
use crate::writer::Desk;

statements!(state: LOCK, READ, KEYS, SIZE, THERE, WRITE, REMOVE, HELD);

/// Whether the state a settlement writes fits what is there.
pub(crate) enum Fit {
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

pub(crate) async fn read(readers: &Readers, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, sqlx::Error> {
    let Some(row) = query(READ).bind(scope).bind(key).first(readers).await? else { return Ok(None) };
    let revision: i64 = row.try_get("revision")?;
    Ok(Some((row.try_get("value")?, revision.unsigned_abs())))
}

pub(crate) async fn keys(readers: &Readers, scope: &str, page: KeyPage) -> Result<Vec<String>, sqlx::Error> {
    let query = query(KEYS).bind(scope).bind(&page.prefix).bind(page.after).bind(limit(page.limit));
    let found = query.texts("key", readers).await?;
    // Those with the prefix stand together, at the beginning.
    Ok(found.into_iter().take_while(|key| key.starts_with(&page.prefix)).collect())
}

pub(crate) async fn size(place: impl Place, plugin: &PluginName) -> Result<StateSize, sqlx::Error> {
    let found = query(SIZE).bind(plugin.as_str()).first(place).await?;
    let Some(row) = found else { return Ok(StateSize::default()) };
    let number = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(StateSize { bytes: number("bytes")?, keys: number("keys")? })
}

/// Writes what the settlement's attempt wants to remember, if it ended well and its lease holds. All entries, or none.
pub(crate) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Fit, sqlx::Error> {
    let report = &settlement.report;
    if report.state.is_empty() || !report.keeps_state() {
        return Ok(Fit::Fits);
    }
    let Some(order) = held(settlement, desk).await? else { return Ok(Fit::Fits) };
    let plugin = &order.handler.plugin;
    query(LOCK).bind(plugin.as_str()).run(&mut *desk).await?;
    let before = size(&mut *desk, plugin).await?;
    let mut after = before;
    for write in &report.state {
        let found = query(THERE).bind(write.scope.of(&order)).bind(&write.key).bind(plugin.as_str());
        let (revision, bytes) = match found.first(&mut *desk).await? {
            Some(row) => (row.try_get::<i64>("revision")?, row.try_get::<Option<i64>>("bytes")?),
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
            let write = query(WRITE).bind(scope).bind(&entry.key).bind(value.as_slice());
            write.bind(rows::signed(entry.revision)).bind(order.handler.plugin.as_str())
        }
        None => query(REMOVE).bind(scope).bind(&entry.key),
    };
    query.run(&mut *desk).await?;
    Ok(())
}

/// What the run is; `None` if the lease is lost.
async fn held(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<Option<Order>, sqlx::Error> {
    let lease = &settlement.lease;
    let holder = query(HELD).bind(lease.run).bind(lease.host).bind(lease.fence).first(&mut *desk).await?;
    holder.as_ref().map(rows::order).transpose()
}
