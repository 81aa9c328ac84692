//! settle: the statements of MySQL and MariaDB.

macro_rules! ended {
    () => {
        "json_table(?1, '$[*]' COLUMNS ( \
            id CHAR(32) PATH '$[0]', host CHAR(32) PATH '$[1]', fence BIGINT PATH '$[2]', \
            state BIGINT PATH '$[3]', uncounted BIGINT PATH '$[4]', not_before BIGINT PATH '$[5]', \
            reason LONGTEXT CHARACTER SET utf8mb4 PATH '$[6]', started_at BIGINT PATH '$[7]', \
            finished_at BIGINT PATH '$[8]', outcome LONGTEXT CHARACTER SET utf8mb4 PATH '$[9]', \
            plugin_name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[10]', \
            plugin_version LONGTEXT CHARACTER SET utf8mb4 PATH '$[11]', \
            plugin_sha256 VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[12]', wall_ms BIGINT PATH '$[13]', \
            cpu_ms BIGINT PATH '$[14]', peak_memory_bytes BIGINT PATH '$[15]', \
            provenance LONGTEXT CHARACTER SET utf8mb4 PATH '$[16]', attempt BIGINT PATH '$[17]', \
            fuel BIGINT PATH '$[18]')) AS ended"
    };
}
macro_rules! held {
    () => {
        " STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(ended.id)"
    };
}
macro_rules! holds {
    () => {
        " WHERE run.state = 1 AND run.host = unhex(ended.host) AND run.fence = ended.fence"
    };
}
/// What was asked to stop does not become ready again: its next attempt would only be cancelled.
macro_rules! state {
    () => {
        "CASE WHEN ended.state = 0 AND run.cancel_asked THEN 4 ELSE ended.state END"
    };
}

pub(crate) const END: &str = concat!(
    "SELECT run.id, ",
    state!(),
    " AS state, run.schedule, run.handler, run.due_at, run.items, run.chain FROM ",
    ended!(),
    held!(),
    holds!(),
    " FOR UPDATE; UPDATE ",
    ended!(),
    held!(),
    " SET run.state = ",
    state!(),
    ", run.attempt = run.attempt - (ended.uncounted AND NOT run.cancel_asked), \
      run.not_before = coalesce(ended.not_before, run.not_before), run.lease_until = NULL, run.reason = ended.reason, \
      run.started_at = ended.started_at, run.finished_at = ended.finished_at, run.outcome = ended.outcome, \
      run.plugin_name = ended.plugin_name, run.plugin_version = ended.plugin_version, \
      run.plugin_sha256 = ended.plugin_sha256, run.wall_ms = ended.wall_ms, run.cpu_ms = ended.cpu_ms, \
      run.peak_memory_bytes = ended.peak_memory_bytes, run.fuel = ended.fuel, run.provenance = ended.provenance",
    holds!()
);

pub(crate) const ARCHIVE: &str = concat!(
    "INSERT INTO attempt (run_id, fence, attempt, outcome, plugin_name, plugin_version, plugin_sha256, started_at, \
                          finished_at, wall_ms, cpu_ms, peak_memory_bytes, provenance, host, fuel) \
     SELECT unhex(ended.id), ended.fence, ended.attempt, ended.outcome, ended.plugin_name, ended.plugin_version, \
            ended.plugin_sha256, ended.started_at, ended.finished_at, ended.wall_ms, ended.cpu_ms, ended.peak_memory_bytes, \
            ended.provenance, unhex(ended.host), ended.fuel FROM ",
    ended!()
);

pub(crate) const LOG: &str = "\
    INSERT INTO log (run_id, fence, attempt, \"lines\", dropped) \
    SELECT unhex(said.id), said.fence, said.attempt, said.what, said.dropped FROM json_table(?1, '$[*]' COLUMNS ( \
        id CHAR(32) PATH '$[0]', fence BIGINT PATH '$[1]', attempt BIGINT PATH '$[2]', \
        what LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]', dropped BIGINT PATH '$[4]')) AS said";

/// Each schedule is told once.
pub(crate) const SUCCESS: &str = "\
    UPDATE json_table(?1, '$[*]' COLUMNS ( \
        name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', due_at BIGINT PATH '$[1]')) AS done \
    STRAIGHT_JOIN schedule FORCE INDEX (PRIMARY) ON schedule.name = done.name \
    SET schedule.last_success_due = greatest(coalesce(schedule.last_success_due, done.due_at), done.due_at)";
