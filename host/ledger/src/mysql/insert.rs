//! insert: the statements of MySQL and MariaDB.

pub(crate) const INSERT: &str = "\
    INSERT INTO run (id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, cause, late, input, window_from, \
                     window_to, timezone, max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, trace_id, state, not_before, \
                     host, fence, attempt, lease_until, started_at, finished_at, reason, queued, start_by, expires_at, priority, \
                     queue, headers, includes, chain, origin, terms, runs_on, gate, created_at) \
    SELECT unhex(new.id), unhex(new.key_hash), new.key_text, new.schedule, new.handler, new.due_at, new.due_until, \
           new.due_count, new.cause, new.late, new.input, new.window_from, new.window_to, new.timezone, \
           new.max_attempts, new.backoff_ms, new.backoff_cap_ms, new.timeout_ms, new.trace_id, new.state, \
           new.not_before, unhex(new.host), new.fence, new.attempt, new.lease_until, new.started_at, new.finished_at, \
           new.reason, new.queued, new.start_by, new.expires_at, new.priority, new.queue, new.headers, new.includes, \
           unhex(new.chain), new.origin, new.terms, new.runs_on, new.gate, ?2 \
    FROM json_table(?1, '$[*]' COLUMNS ( \
        id CHAR(32) PATH '$[0]', key_hash CHAR(32) PATH '$[1]', \
        key_text LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]', \
        schedule VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[3]', \
        handler VARCHAR(300) CHARACTER SET utf8mb4 PATH '$[4]', due_at BIGINT PATH '$[5]', \
        due_until BIGINT PATH '$[6]', due_count BIGINT PATH '$[7]', cause BIGINT PATH '$[8]', \
        late BIGINT PATH '$[9]', input LONGTEXT CHARACTER SET utf8mb4 PATH '$[10]', \
        window_from BIGINT PATH '$[11]', window_to BIGINT PATH '$[12]', \
        timezone VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[13]', max_attempts BIGINT PATH '$[14]', \
        backoff_ms BIGINT PATH '$[15]', backoff_cap_ms BIGINT PATH '$[16]', timeout_ms BIGINT PATH '$[17]', \
        trace_id VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[18]', state BIGINT PATH '$[19]', \
        not_before BIGINT PATH '$[20]', host CHAR(32) PATH '$[21]', fence BIGINT PATH '$[22]', \
        attempt BIGINT PATH '$[23]', lease_until BIGINT PATH '$[24]', started_at BIGINT PATH '$[25]', \
        finished_at BIGINT PATH '$[26]', reason LONGTEXT CHARACTER SET utf8mb4 PATH '$[27]', \
        queued BIGINT PATH '$[28]', start_by BIGINT PATH '$[29]', expires_at BIGINT PATH '$[30]', \
        priority BIGINT PATH '$[31]', queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[32]', \
        headers LONGTEXT CHARACTER SET utf8mb4 PATH '$[33]', includes LONGTEXT CHARACTER SET utf8mb4 PATH '$[34]', \
        chain CHAR(32) PATH '$[35]', origin LONGTEXT CHARACTER SET utf8mb4 PATH '$[36]', \
        terms LONGTEXT CHARACTER SET utf8mb4 PATH '$[37]', runs_on LONGTEXT CHARACTER SET utf8mb4 PATH '$[38]', \
        gate VARCHAR(400) CHARACTER SET utf8mb4 PATH '$[39]')) AS new";
