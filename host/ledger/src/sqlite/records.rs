//! How handlers did on the version they were called on, noted in the transaction that records the ends of the calls.

use noontide_domain::plugin::upgrade::HandlerRecord;
use noontide_domain::{Outcome, PluginVersion};
use sqlx::Row;

use super::versions;
use super::writer::Desk;

/// A version that nobody keeps has no record.
const READ: &str = "\
    SELECT standing, coalesce(good, 0) AS good, coalesce(bad, 0) AS bad, coalesce(streak, 0) AS streak, \
    coalesce(recent, 0) AS recent, last_error FROM plugin_version AS one LEFT JOIN plugin_record AS record \
    ON record.plugin = one.plugin AND record.sha256 = one.sha256 AND record.handler = ?3 \
    WHERE one.plugin = ?1 AND one.sha256 = ?2";
const WRITE: &str = "\
    INSERT INTO plugin_record (plugin, sha256, handler, good, bad, streak, recent, last_error) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (plugin, sha256, handler) DO UPDATE SET \
    good = excluded.good, bad = excluded.bad, streak = excluded.streak, recent = excluded.recent, last_error = excluded.last_error";
const ENDED: &str = "UPDATE plugin_marks SET endings = endings + 1";

/// The end of a call.
pub(super) struct Ended<'a> {
    pub version: &'a PluginVersion,
    pub handler: &'a str,
    pub outcome: &'a Outcome,
}

/// Notes the ends, in their order: one row for each handler of each version, however many they are.
pub(super) async fn note(mut ended: Vec<Ended<'_>>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    ended.retain(|one| HandlerRecord::counts(one.outcome).is_some());
    let of = |one: &Ended<'_>| (one.version.clone(), one.handler.to_owned());
    while let Some(first) = ended.first().map(of) {
        let (same, others): (Vec<_>, Vec<_>) = ended.into_iter().partition(|one| of(one) == first);
        ended = others;
        note_all(&first.0, &first.1, &same, desk).await?;
    }
    Ok(())
}

async fn note_all(
    version: &PluginVersion,
    handler: &str,
    ended: &[Ended<'_>],
    desk: &mut Desk<'_>,
) -> Result<(), sqlx::Error> {
    let read = sqlx::query(READ).bind(version.name.as_str()).bind(&version.sha256).bind(handler);
    let Some(row) = read.fetch_optional(&mut *desk.connection).await? else { return Ok(()) };
    let (mut record, is_on_trial) = (versions::record(&row)?, row.try_get::<&str, _>("standing")? == "candidate");
    let before = record.bad;
    ended.iter().for_each(|one| record.note(one.outcome));
    let write = sqlx::query(WRITE).bind(version.name.as_str()).bind(&version.sha256).bind(handler);
    let write = write.bind(super::rows::signed(record.good)).bind(super::rows::signed(record.bad));
    let write = write.bind(record.streak).bind(record.recent).bind(&record.last_error);
    write.execute(&mut *desk.connection).await?;
    if is_on_trial || record.bad > before {
        sqlx::query(ENDED).execute(&mut *desk.connection).await?;
    }
    Ok(())
}
