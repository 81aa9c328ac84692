//! How handlers did on the version they were called on, noted in the transaction that records the ends of the calls.

use noontide_domain::plugin::upgrade::HandlerRecord;
use noontide_domain::{Outcome, PluginVersion};

use crate::query::query;
use crate::versions;
use crate::writer::Desk;

statements!(records: READ, WRITE, ENDED);

/// The end of a call.
pub(crate) struct Ended<'a> {
    pub version: &'a PluginVersion,
    pub handler: &'a str,
    pub outcome: &'a Outcome,
}

/// Notes the ends, in their order: one row for each handler of each version, however many they are. Rows in one order everywhere,
/// so that two hosts never wait for each other.
pub(crate) async fn note(mut ended: Vec<Ended<'_>>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    ended.retain(|one| HandlerRecord::counts(one.outcome).is_some());
    ended.sort_by(|one, other| row(one).cmp(&row(other)));
    let of = |one: &Ended<'_>| (one.version.clone(), one.handler.to_owned());
    while let Some(first) = ended.first().map(of) {
        let (same, others): (Vec<_>, Vec<_>) = ended.into_iter().partition(|one| of(one) == first);
        ended = others;
        note_all(&first.0, &first.1, &same, desk).await?;
    }
    Ok(())
}

/// What the row is found by.
fn row<'a>(ended: &Ended<'a>) -> (&'a str, &'a str, &'a str) {
    (ended.version.name.as_str(), &ended.version.sha256, ended.handler)
}

async fn note_all(
    version: &PluginVersion,
    handler: &str,
    ended: &[Ended<'_>],
    desk: &mut Desk<'_>,
) -> Result<(), sqlx::Error> {
    let read = query(READ).bind(version.name.as_str()).bind(&version.sha256).bind(handler);
    let Some(row) = read.first(&mut *desk).await? else { return Ok(()) };
    let (mut record, is_on_trial) = (versions::record(&row)?, row.try_get::<&str>("standing")? == "candidate");
    let before = record.bad;
    ended.iter().for_each(|one| record.note(one.outcome));
    let write = query(WRITE).bind(version.name.as_str()).bind(&version.sha256).bind(handler);
    let write = write.bind(super::rows::signed(record.good)).bind(super::rows::signed(record.bad));
    let write = write.bind(record.streak).bind(record.recent).bind(&record.last_error);
    write.run(&mut *desk).await?;
    if is_on_trial || record.bad > before {
        query(ENDED).run(&mut *desk).await?;
    }
    Ok(())
}
