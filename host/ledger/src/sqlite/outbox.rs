//! outbox: the statements of SQLite.

pub(crate) const WRITE: &str = "\
    INSERT INTO message (id, run_id, plugin, trace_id, not_before, give_up_at, created_at, method, destination, bytes, url, \
                         headers, body) \
    SELECT lower(hex(key_hash)) || '-' || (messages + ?2), id, substr(handler, 1, instr(handler || '/', '/') - 1), trace_id, \
           ?3, ?4, ?3, ?5, ?6, ?7, ?8, ?9, ?10 \
    FROM run WHERE id = ?1";
pub(crate) const COUNT: &str = "UPDATE run SET messages = messages + ?2 WHERE id = ?1";

/// Chosen where they are taken.
pub(crate) const CHOOSE: &str = "";

/// Each half is in the order of its index; what is first of both is taken without looking at the rest.
pub(crate) const TAKE: &str = "\
    UPDATE message SET state = 1, host = ?1, fence = fence + 1, attempts = attempts + 1, lease_until = ?2 \
    WHERE seq IN (SELECT seq FROM ( \
        SELECT seq, not_before AS due FROM message WHERE state = 0 AND not_before <= ?3 \
        UNION ALL SELECT seq, lease_until FROM message WHERE state = 1 AND lease_until <= ?3 \
        ORDER BY due, seq LIMIT ?4)) \
    RETURNING seq, id, run_id, plugin, trace_id, attempts, give_up_at, fence, method, url, headers, body";

pub(crate) const NEXT: &str = "\
    SELECT min(due) AS due FROM ( \
        SELECT min(not_before) AS due FROM message WHERE state = 0 \
        UNION ALL SELECT min(lease_until) FROM message WHERE state = 1)";

/// Of what was sent or dropped the request goes: it may hold secrets, and nobody needs it any more.
macro_rules! emptied {
    () => {
        "url = '', headers = '[]', body = x''"
    };
}
pub(crate) const SENT: &str = concat!(
    "UPDATE message SET state = 2, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6, ",
    emptied!(),
    " WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3"
);
pub(crate) const AGAIN: &str = "\
    UPDATE message SET state = 0, lease_until = NULL, status = ?4, answer = ?5, not_before = ?6 \
    WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3";
pub(crate) const DEAD: &str = "\
    UPDATE message SET state = 3, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6 \
    WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3";

pub(crate) const RETRY: &str = "\
    UPDATE message SET state = 0, attempts = 0, not_before = ?2, give_up_at = ?3, ended_at = NULL \
    WHERE id = ?1 AND state IN (0, 3)";
pub(crate) const DROP: &str =
    concat!("UPDATE message SET state = 4, ended_at = ?2, ", emptied!(), " WHERE id = ?1 AND state IN (0, 3)");
pub(crate) const STATE: &str = "SELECT state FROM message WHERE id = ?1";

pub(crate) const COUNTS: &str = "\
    SELECT (SELECT count(*) FROM message WHERE state = 0) AS waiting, (SELECT count(*) FROM message WHERE state = 1) AS sending, \
           (SELECT count(*) FROM message WHERE state = 3) AS dead";

pub(crate) const LIST: &str = "\
    SELECT id, run_id, plugin, state, attempts, not_before, status, answer, created_at, ended_at, method, destination, bytes \
    FROM message";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 11] {
    [WRITE, COUNT, TAKE, NEXT, SENT, AGAIN, DEAD, RETRY, DROP, STATE, COUNTS]
}
