//! Which submissions were taken: one that is handed over again under its id is answered as the first time.

use noontide_domain::submission::Counts;
use noontide_domain::{Submission, SubmissionId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows;
use super::writer::Desk;

const BEFORE: &str = "SELECT accepted, duplicate, out_of_window, expired FROM submission WHERE id = ?1";

const NOTE: &str = "\
    INSERT INTO submission (id, schedule, accepted, duplicate, out_of_window, expired, created_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(super) async fn before(id: SubmissionId, desk: &mut Desk<'_>) -> Result<Option<Counts>, sqlx::Error> {
    let query = sqlx::query(BEFORE).bind(id.0.as_bytes().as_slice());
    query.fetch_optional(&mut *desk.connection).await?.as_ref().map(counts).transpose()
}

fn counts(row: &SqliteRow) -> Result<Counts, sqlx::Error> {
    let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(Counts {
        accepted: count("accepted")?,
        duplicate: count("duplicate")?,
        out_of_window: count("out_of_window")?,
        expired: count("expired")?,
    })
}

pub(super) async fn note(submission: &Submission, counts: Counts, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let query = sqlx::query(NOTE)
        .bind(submission.id.0.as_bytes().as_slice())
        .bind(submission.schedule.as_str())
        .bind(rows::signed(counts.accepted))
        .bind(rows::signed(counts.duplicate))
        .bind(rows::signed(counts.out_of_window))
        .bind(rows::signed(counts.expired))
        .bind(desk.now.timestamp_millis());
    query.execute(&mut *desk.connection).await.map(drop)
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 2] {
    [BEFORE, NOTE]
}
