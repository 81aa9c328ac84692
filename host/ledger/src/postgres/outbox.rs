//! outbox: the statements of PostgreSQL.

pub(crate) const WRITE: &str = "\
    INSERT INTO message (id, run_id, plugin, trace_id, not_before, give_up_at, created_at, method, destination, bytes, url, \
                         headers, body) \
    SELECT encode(key_hash, 'hex') || '-' || (messages + $2), id, split_part(handler, '/', 1), trace_id, \
           $3, $4, $3, $5, $6, $7, $8, $9, $10 \
    FROM run WHERE id = $1";
pub(crate) const COUNT: &str = "UPDATE run SET messages = messages + $2 WHERE id = $1";

/// Chosen where they are taken.
pub(crate) const CHOOSE: &str = "";

/// Each half is in the order of its index and passes by what another courier has just locked; what is first of both is
/// taken.
pub(crate) const TAKE: &str = "\
    WITH waiting AS MATERIALIZED ( \
        SELECT seq, not_before AS due FROM message WHERE state = 0 AND not_before <= $3 \
        ORDER BY not_before, seq LIMIT $4 FOR UPDATE SKIP LOCKED), \
    lapsed AS MATERIALIZED ( \
        SELECT seq, lease_until AS due FROM message WHERE state = 1 AND lease_until <= $3 \
        ORDER BY lease_until, seq LIMIT $4 FOR UPDATE SKIP LOCKED), \
    chosen AS MATERIALIZED ( \
        SELECT seq FROM (SELECT seq, due FROM waiting UNION ALL SELECT seq, due FROM lapsed) AS either \
        ORDER BY due, seq LIMIT $4) \
    UPDATE message SET state = 1, host = $1, fence = fence + 1, attempts = attempts + 1, lease_until = $2 \
    FROM chosen WHERE message.seq = chosen.seq \
    RETURNING message.seq, id, run_id, plugin, trace_id, attempts, give_up_at, fence, method, url, headers, body";

pub(crate) const NEXT: &str = "\
    SELECT least((SELECT min(not_before) FROM message WHERE state = 0), \
                 (SELECT min(lease_until) FROM message WHERE state = 1)) AS due";

/// Of what was sent or dropped the request goes: it may hold secrets, and nobody needs it any more.
macro_rules! emptied {
    () => {
        "url = '', headers = '[]', body = ''::bytea"
    };
}
pub(crate) const SENT: &str = concat!(
    "UPDATE message SET state = 2, lease_until = NULL, status = $4, answer = $5, ended_at = $6, ",
    emptied!(),
    " WHERE id = $1 AND state + 0 = 1 AND host = $2 AND fence = $3"
);
pub(crate) const AGAIN: &str = "\
    UPDATE message SET state = 0, lease_until = NULL, status = $4, answer = $5, not_before = $6 \
    WHERE id = $1 AND state + 0 = 1 AND host = $2 AND fence = $3";
pub(crate) const DEAD: &str = "\
    UPDATE message SET state = 3, lease_until = NULL, status = $4, answer = $5, ended_at = $6 \
    WHERE id = $1 AND state + 0 = 1 AND host = $2 AND fence = $3";

/// Locked first: if nothing is changed, the state that is told is the one that forbade it.
macro_rules! locked {
    () => {
        "SELECT state FROM message WHERE id = $1 FOR UPDATE; "
    };
}
pub(crate) const RETRY: &str = concat!(
    locked!(),
    "UPDATE message SET state = 0, attempts = 0, not_before = $2, give_up_at = $3, ended_at = NULL \
     WHERE id = $1 AND state IN (0, 3)"
);
pub(crate) const DROP: &str = concat!(
    locked!(),
    "UPDATE message SET state = 4, ended_at = $2, ",
    emptied!(),
    " WHERE id = $1 AND state IN (0, 3)"
);
pub(crate) const STATE: &str = "SELECT state FROM message WHERE id = $1";

pub(crate) const COUNTS: &str = "\
    SELECT (SELECT count(*) FROM message WHERE state = 0) AS waiting, (SELECT count(*) FROM message WHERE state = 1) AS sending, \
           (SELECT count(*) FROM message WHERE state = 3) AS dead";

pub(crate) const LIST: &str = "\
    SELECT id, run_id, plugin, state, attempts, not_before, status, answer, created_at, ended_at, method, destination, bytes \
    FROM message";
