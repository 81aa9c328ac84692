//! receipts: the statements of PostgreSQL.

/// Sent as one text with the `COMMIT`, so its values are written in.
pub(crate) const WRITE: &str = "\
    INSERT INTO receipt (lane, number, written_at) VALUES ('{lane}', {number}, {now}) \
    ON CONFLICT (lane) DO UPDATE SET number = excluded.number, written_at = excluded.written_at";

/// Waits for a transaction that is about to write the row.
pub(crate) const KEEP: &str =
    "INSERT INTO receipt (lane, number, written_at) VALUES ($1, 0, $2) ON CONFLICT (lane) DO NOTHING";
pub(crate) const READ: &str = "SELECT number FROM receipt WHERE lane = $1 FOR UPDATE";

pub(crate) const FORGET: &str = "DELETE FROM receipt WHERE written_at < $1";
