//! submissions: the statements of PostgreSQL.

pub(crate) const BEFORE: &str = "SELECT accepted, duplicate, out_of_window, expired FROM submission WHERE id = $1";

/// Of two hosts that are handed the same one at once, the second finds the first's here and asks again.
pub(crate) const NOTE: &str = "\
    INSERT INTO submission (id, schedule, accepted, duplicate, out_of_window, expired, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
