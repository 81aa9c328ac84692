//! transfer: the statements of PostgreSQL.

/// Who comes next has a number that nobody had.
pub(crate) const NUMBERS: &str = "\
    SELECT setval('item_id_seq', greatest((SELECT max(id) FROM item), 1), EXISTS (SELECT 1 FROM item)), \
           setval('message_seq_seq', greatest((SELECT max(seq) FROM message), 1), EXISTS (SELECT 1 FROM message)), \
           setval('notice_seq_seq', greatest((SELECT max(seq) FROM notice), 1), EXISTS (SELECT 1 FROM notice)), \
           setval('alert_seq_seq', greatest((SELECT max(seq) FROM alert), 1), EXISTS (SELECT 1 FROM alert)), \
           setval('edit_number', greatest((SELECT revision FROM edits), 1), (SELECT revision FROM edits) > 0)";

/// How a date is selected and written: as text in the form of the others.
pub(crate) const READ_DATE: &str = "to_char({}, 'YYYY-MM-DD HH24:MI:SS')";
pub(crate) const WRITE_DATE: &str = "{}::timestamp";
