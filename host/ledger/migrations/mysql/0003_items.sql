-- The payloads of timetables. A key has one row for ever, or until its run is pruned; handed over again, the row says so.
CREATE TABLE item (
    -- Never used twice, so that a page that was read stays where it was.
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash    BLOB    NOT NULL UNIQUE,
    key_text    TEXT    NOT NULL,
    schedule    TEXT    NOT NULL,
    handler     TEXT    NOT NULL,
    flag        TEXT    NOT NULL,
    due_at      INTEGER NOT NULL,
    payload     TEXT    NOT NULL,
    -- 0 not executed, 1 succeeded, 2 failed
    status      INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
    -- the newest run it was handed to, and how many they are
    run_id      BLOB    NOT NULL,
    runs        INTEGER NOT NULL,
    error       TEXT,
    finished_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
-- Ends in the id, which is the order in which a call gets them.
CREATE INDEX item_run ON item (run_id);

-- How many items a run was handed, and how they stand; 0 for all runs without a timetable.
ALTER TABLE run ADD COLUMN items           INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN items_succeeded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN items_failed    INTEGER NOT NULL DEFAULT 0;

-- The rows of an instant that its keys do not find: each run of a timetable has a key of its own.
CREATE INDEX run_items ON run (schedule, due_at) WHERE items > 0;

-- For people and programs that knew the table of this name: times in UTC, executed_time is when it was due.
CREATE VIEW celery_timer AS
SELECT item.id                                                              AS id,
       item.handler                                                         AS task,
       coalesce(schedule.definition ->> '$.description', item.schedule)     AS task_name,
       item.flag                                                            AS flag,
       lower(hex(item.key_hash))                                            AS "key",
       item.status                                                          AS status,
       strftime('%Y-%m-%d %H:%M:%S', item.due_at / 1000, 'unixepoch')       AS executed_time,
       strftime('%Y-%m-%d %H:%M:%S', item.finished_at / 1000, 'unixepoch')  AS finish_time,
       strftime('%Y-%m-%d %H:%M:%S', item.updated_at / 1000, 'unixepoch')   AS update_time,
       strftime('%Y-%m-%d %H:%M:%S', item.created_at / 1000, 'unixepoch')   AS create_time
FROM item LEFT JOIN schedule ON schedule.name = item.schedule;
