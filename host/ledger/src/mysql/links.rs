//! links: the statements of MySQL and MariaDB.

pub(crate) const WRITE: &str = "\
    INSERT INTO link (id, chain, path, after, branch, waiter, member, handler, errand, missing, state) \
    SELECT unhex(id), unhex(chain), path, unhex(after), branch, unhex(waiter), member, handler, errand, missing, state \
    FROM json_table(?1, '$[*]' COLUMNS ( \
        id CHAR(32) PATH '$[0]', chain CHAR(32) PATH '$[1]', path LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]', \
        after CHAR(32) PATH '$[3]', branch BIGINT PATH '$[4]', waiter CHAR(32) PATH '$[5]', member BIGINT PATH '$[6]', \
        handler LONGTEXT CHARACTER SET utf8mb4 PATH '$[7]', errand LONGTEXT CHARACTER SET utf8mb4 PATH '$[8]', \
        missing BIGINT PATH '$[9]', state BIGINT PATH '$[10]')) AS new_links";

/// Ids, in their order.
macro_rules! told {
    () => {
        "json_table(?1, '$[*]' COLUMNS (place FOR ORDINALITY, id CHAR(32) PATH '$')) AS told"
    };
}

/// In the order in which the runs ended.
pub(crate) const ENDS: &str = concat!(
    "SELECT link.*, run.state AS run_state FROM ",
    told!(),
    " STRAIGHT_JOIN link FORCE INDEX (PRIMARY) ON link.id = unhex(told.id) STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = link.id ORDER BY told.place"
);

/// Locked, so that nobody takes back what is made here.
pub(crate) const NEXT: &str = "\
    SELECT link.* FROM json_table(?1, '$[*]' COLUMNS ( \
        place FOR ORDINALITY, id CHAR(32) PATH '$[0]', branch BIGINT PATH '$[1]')) AS told \
    STRAIGHT_JOIN link FORCE INDEX (link_next) ON link.after = unhex(told.id) AND link.branch = told.branch \
    WHERE link.state = 0 AND link.errand IS NOT NULL ORDER BY told.place, link.id FOR UPDATE";

pub(crate) const MADE: &str = concat!(
    "UPDATE ",
    told!(),
    " STRAIGHT_JOIN link FORCE INDEX (PRIMARY) ON link.id = unhex(told.id) SET link.state = 1, link.errand = NULL WHERE link.state = 0"
);

/// What lies within a path begins with it, so it is a range of the index. Each limit comes from what is told, or the server
/// would look through all that waits in the chain for each of them: for a group of ten thousand that is its square.
pub(crate) const UNREACHED: &str = "\
    UPDATE json_table(?1, '$[*]' COLUMNS ( \
        chain CHAR(32) PATH '$[0]', first LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]', \
        last LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]', why LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]', \
        waits BIGINT PATH '$[4]' DEFAULT '0' ON EMPTY)) AS gone \
    STRAIGHT_JOIN link FORCE INDEX (link_waiting) ON link.state >= gone.waits AND link.state <= gone.waits \
        AND link.chain >= unhex(gone.chain) AND link.chain <= unhex(gone.chain) \
        AND link.path >= gone.first AND link.path < gone.last \
    SET link.state = 2, link.why = gone.why";

/// Locked, because two members may end on two hosts at once: who comes second counts on from what the first one wrote.
pub(crate) const GROUPS: &str = concat!(
    "SELECT link.* FROM ",
    told!(),
    " STRAIGHT_JOIN link FORCE INDEX (PRIMARY) ON link.id = unhex(told.id) WHERE link.state = 0 ORDER BY told.place FOR UPDATE"
);

pub(crate) const TALLY: &str = "\
    UPDATE json_table(?1, '$[*]' COLUMNS ( \
        id CHAR(32) PATH '$[0]', missing BIGINT PATH '$[1]', state BIGINT PATH '$[2]')) AS told \
    STRAIGHT_JOIN link FORCE INDEX (PRIMARY) ON link.id = unhex(told.id) \
    SET link.missing = told.missing, link.state = told.state WHERE link.state = 0";

pub(crate) const DECIDED: &str = concat!(
    "SELECT run.id, state, outcome, reason FROM ",
    told!(),
    " STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(told.id)"
);

pub(crate) const SIZES: &str = "\
    SELECT link.id, coalesce(octet_length(run.outcome), 0) AS bytes \
    FROM link LEFT JOIN run ON run.id = link.id WHERE waiter = ?1 AND member IS NOT NULL ORDER BY member";

pub(crate) const RESULTS_OF: &str = "\
    SELECT link.id, run.outcome FROM link LEFT JOIN run ON run.id = link.id \
    WHERE waiter = ?1 AND member IS NOT NULL ORDER BY member";
