//! The files that handlers attach to their runs. Bytes are bound as they are: as JSON, in which the ends of attempts
//! are gathered, they would be several times as long.

use std::sync::Arc;

use noontide_domain::ports::{ArtifactRecord, Settlement};
use noontide_domain::{ArtifactName, RunId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::rows;
use super::writer::Desk;

const CLEAR: &str = "DELETE FROM artifact WHERE run_id = ?1";
const ATTACH: &str = "\
    INSERT INTO artifact (run_id, name, attempt, media_type, sha256, bytes, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const LIST: &str = "SELECT name, attempt, media_type, sha256, bytes FROM artifact WHERE run_id = ?1 ORDER BY name";
const READ: &str =
    "SELECT name, attempt, media_type, sha256, bytes, content FROM artifact WHERE run_id = ?1 AND name = ?2";

/// Writes what an attempt whose end was just recorded attached, in place of what earlier ones left.
pub(super) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let Settlement { lease, report, .. } = settlement;
    if report.artifacts.is_empty() || !report.keeps_artifacts() {
        return Ok(());
    }
    let run = lease.run.0.as_bytes().as_slice();
    sqlx::query(CLEAR).bind(run).execute(&mut *desk.connection).await?;
    for file in &report.artifacts {
        let attach = sqlx::query(ATTACH).bind(run).bind(file.name.as_str()).bind(lease.attempt);
        let attach =
            attach.bind(file.media_type.as_str()).bind(&file.sha256).bind(rows::signed(file.content.len() as u64));
        attach.bind(&*file.content).execute(&mut *desk.connection).await?;
    }
    Ok(())
}

pub(super) async fn list(readers: &SqlitePool, run: RunId) -> Result<Vec<ArtifactRecord>, sqlx::Error> {
    let found = sqlx::query(LIST).bind(run.0.as_bytes().as_slice()).fetch_all(readers).await?;
    found.iter().map(record).collect()
}

pub(super) async fn read(
    readers: &SqlitePool,
    run: RunId,
    name: &ArtifactName,
) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, sqlx::Error> {
    let query = sqlx::query(READ).bind(run.0.as_bytes().as_slice()).bind(name.as_str());
    let found = query.fetch_optional(readers).await?;
    found.map(|row| Ok((record(&row)?, row.try_get::<&[u8], _>("content")?.into()))).transpose()
}

fn record(row: &SqliteRow) -> Result<ArtifactRecord, sqlx::Error> {
    Ok(ArtifactRecord {
        name: rows::required(row, "name")?,
        media_type: rows::required(row, "media_type")?,
        bytes: row.try_get::<i64, _>("bytes")?.unsigned_abs(),
        sha256: row.try_get("sha256")?,
        attempt: row.try_get("attempt")?,
    })
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 3] {
    [CLEAR, LIST, READ]
}
