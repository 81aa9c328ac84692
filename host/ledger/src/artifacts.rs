//! The files that handlers attach to their runs. Bytes are bound as they are: as JSON, in which the ends of attempts
//! are gathered, they would be several times as long.

use std::sync::Arc;

use noontide_domain::ports::{ArtifactRecord, Settlement};
use noontide_domain::{ArtifactName, RunId};

use crate::connection::Readers;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(artifacts: CLEAR, ATTACH, LIST, READ);

/// Writes what an attempt whose end was just recorded attached, in place of what earlier ones left.
pub(crate) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let Settlement { lease, report, .. } = settlement;
    if report.artifacts.is_empty() || !report.keeps_artifacts() {
        return Ok(());
    }
    let run = lease.run;
    query(CLEAR).bind(run).run(&mut *desk).await?;
    for file in &report.artifacts {
        let attach = query(ATTACH).bind(run).bind(file.name.as_str()).bind(lease.attempt);
        let attach =
            attach.bind(file.media_type.as_str()).bind(&file.sha256).bind(rows::signed(file.content.len() as u64));
        attach.bind(&*file.content).run(&mut *desk).await?;
    }
    Ok(())
}

pub(crate) async fn list(readers: &Readers, run: RunId) -> Result<Vec<ArtifactRecord>, sqlx::Error> {
    let found = query(LIST).bind(run).all(readers).await?;
    found.iter().map(record).collect()
}

pub(crate) async fn read(
    readers: &Readers,
    run: RunId,
    name: &ArtifactName,
) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, sqlx::Error> {
    let query = query(READ).bind(run).bind(name.as_str());
    let found = query.first(readers).await?;
    found.map(|row| Ok((record(&row)?, row.try_get::<&[u8]>("content")?.into()))).transpose()
}

fn record(row: &Row) -> Result<ArtifactRecord, sqlx::Error> {
    Ok(ArtifactRecord {
        name: rows::required(row, "name")?,
        media_type: rows::required(row, "media_type")?,
        bytes: row.try_get::<i64>("bytes")?.unsigned_abs(),
        sha256: row.try_get("sha256")?,
        attempt: row.try_get("attempt")?,
    })
}
