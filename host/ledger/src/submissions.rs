//! Which submissions were taken: one that is handed over again under its id is answered as the first time.

use noontide_domain::submission::Counts;
use noontide_domain::{Submission, SubmissionId};

use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(submissions: BEFORE, NOTE);

pub(crate) async fn before(id: SubmissionId, desk: &mut Desk<'_>) -> Result<Option<Counts>, sqlx::Error> {
    let query = query(BEFORE).bind(id);
    query.first(&mut *desk).await?.as_ref().map(counts).transpose()
}

fn counts(row: &Row) -> Result<Counts, sqlx::Error> {
    let count = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(Counts {
        accepted: count("accepted")?,
        duplicate: count("duplicate")?,
        out_of_window: count("out_of_window")?,
        expired: count("expired")?,
    })
}

pub(crate) async fn note(submission: &Submission, counts: Counts, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let query = query(NOTE)
        .bind(submission.id)
        .bind(submission.schedule.as_str())
        .bind(rows::signed(counts.accepted))
        .bind(rows::signed(counts.duplicate))
        .bind(rows::signed(counts.out_of_window))
        .bind(rows::signed(counts.expired))
        .bind(desk.now.timestamp_millis());
    query.run(&mut *desk).await.map(drop)
}
