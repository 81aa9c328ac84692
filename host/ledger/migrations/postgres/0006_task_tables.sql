-- What others change on the list of schedules, and the tables in which people edit schedules with SQL.

-- `definition` is what somebody asks for, by whatever hand. `taken` is what hosts go by: they alone write it, so it can be
-- read at any time. Where the two differ a host has to look; `refused` says why it did not take what it saw.
ALTER TABLE schedule ADD COLUMN taken         TEXT;
ALTER TABLE schedule ADD COLUMN refused       TEXT;
ALTER TABLE schedule ADD COLUMN revision      INTEGER NOT NULL DEFAULT 0;
-- Since when it was told to be without a success.
ALTER TABLE schedule ADD COLUMN overdue_since INTEGER;
UPDATE schedule SET taken = definition WHERE removed_at IS NULL;

CREATE INDEX schedule_revision ON schedule (revision);
CREATE INDEX schedule_written  ON schedule (name)
    WHERE refused IS NULL AND (removed_at IS NULL AND definition IS NOT taken OR removed_at IS NOT NULL AND taken IS NOT NULL);
CREATE INDEX schedule_refused  ON schedule (name) WHERE refused IS NOT NULL;

-- One row. `revision` counts the edits of the list: a row and not a sequence, so that numbers come in the order of the
-- commits. `host` is 1 only inside the transactions of hosts: what they write in `task` is no edit.
CREATE TABLE edits (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    host     INTEGER NOT NULL
);
INSERT INTO edits (id, revision, host) VALUES (1, 0, 0);

-- Rows of `schedule` that somebody deleted.
CREATE TABLE schedule_gone (
    name     TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

-- How far a schedule has come (cursor, runs, last success) is no edit: fires cost what they did.
CREATE TRIGGER schedule_added AFTER INSERT ON schedule BEGIN
    UPDATE edits SET revision = revision + 1;
    UPDATE schedule SET revision = (SELECT revision FROM edits) WHERE name = NEW.name;
END;
CREATE TRIGGER schedule_edited AFTER UPDATE OF owner, definition, taken, anchor, pause, removed_at ON schedule BEGIN
    UPDATE edits SET revision = revision + 1;
    UPDATE schedule SET revision = (SELECT revision FROM edits) WHERE name = NEW.name;
END;
CREATE TRIGGER schedule_rewritten AFTER UPDATE OF definition ON schedule
WHEN NEW.definition IS NOT OLD.definition AND NEW.refused IS NOT NULL BEGIN
    UPDATE schedule SET refused = NULL WHERE name = NEW.name;
END;
CREATE TRIGGER schedule_keeps_its_name BEFORE UPDATE OF name ON schedule WHEN NEW.name IS NOT OLD.name BEGIN
    SELECT raise(ABORT, 'a schedule keeps its name: insert one of the new name and delete this one');
END;
CREATE TRIGGER schedule_deleted AFTER DELETE ON schedule BEGIN
    UPDATE edits SET revision = revision + 1;
    INSERT INTO schedule_gone (name, revision) SELECT OLD.name, revision FROM edits WHERE true
    ON CONFLICT (name) DO UPDATE SET revision = excluded.revision;
END;

-- For people and programs that knew the table of this name: every schedule has a row, and an edit of a row is one of its
-- schedule. The columns and their order are the known ones, so that known statements work; all else is in `task_mark`.
CREATE TABLE task (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    task_key     TEXT    NOT NULL UNIQUE,
    "desc"       TEXT    NOT NULL DEFAULT '',
    execute_func TEXT    NOT NULL,
    "trigger"    TEXT    NOT NULL,
    spec         TEXT    NOT NULL,
    args         TEXT    NOT NULL DEFAULT '',
    is_valid     INTEGER NOT NULL DEFAULT 1 CHECK (is_valid IN (0, 1)),
    status       TEXT    NOT NULL DEFAULT 'ready',
    extra        TEXT    NOT NULL DEFAULT '{}',
    create_at    TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    update_at    TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX task_doing ON task (task_key) WHERE status = 'doing';
-- The id of each key, kept when the row goes: runs point to it. `place` is path:line of what a file defines.
CREATE TABLE task_mark (
    task_key TEXT    NOT NULL PRIMARY KEY,
    id       INTEGER NOT NULL,
    place    TEXT
) WITHOUT ROWID;
CREATE INDEX task_mark_id ON task_mark (id);
-- Keys whose row was edited and not taken yet; with a reason, those whose row cannot be taken.
CREATE TABLE task_edit (
    task_key TEXT NOT NULL PRIMARY KEY,
    refused  TEXT
) WITHOUT ROWID;
CREATE INDEX task_edit_waits ON task_edit (task_key) WHERE refused IS NULL;

-- SQLite before 3.47 takes no text but a literal in raise(), and the place is none: a path that JSON does not know is an
-- error that quotes it.
CREATE TRIGGER task_of_a_file_added BEFORE INSERT ON task WHEN (SELECT host FROM edits) = 0 BEGIN
    SELECT json_extract('{}', 'task `' || task_key || '` is defined at ' || place || '; change it there, or choose another key')
    FROM task_mark WHERE task_key = NEW.task_key AND place IS NOT NULL;
END;
CREATE TRIGGER task_of_a_file_edited
BEFORE UPDATE OF id, task_key, "desc", execute_func, "trigger", spec, args, is_valid, extra ON task
WHEN (SELECT host FROM edits) = 0 BEGIN
    SELECT json_extract('{}', 'task `' || task_key || '` is defined at ' || place || '; change it there')
    FROM task_mark WHERE task_key = OLD.task_key AND place IS NOT NULL;
END;
CREATE TRIGGER task_of_a_file_deleted BEFORE DELETE ON task WHEN (SELECT host FROM edits) = 0 BEGIN
    SELECT json_extract('{}', 'task `' || task_key || '` is defined at ' || place || '; take it out there')
    FROM task_mark WHERE task_key = OLD.task_key AND place IS NOT NULL;
END;
CREATE TRIGGER task_keeps_its_key BEFORE UPDATE OF task_key ON task WHEN NEW.task_key IS NOT OLD.task_key BEGIN
    SELECT raise(ABORT, 'a task keeps its key: insert one of the new key and delete this one');
END;

CREATE TRIGGER task_marked AFTER INSERT ON task BEGIN
    INSERT INTO task_mark (task_key, id) VALUES (NEW.task_key, NEW.id) ON CONFLICT (task_key) DO UPDATE SET id = excluded.id;
END;
CREATE TRIGGER task_added AFTER INSERT ON task WHEN (SELECT host FROM edits) = 0 BEGIN
    INSERT INTO task_edit (task_key) VALUES (NEW.task_key) ON CONFLICT (task_key) DO UPDATE SET refused = NULL;
END;
CREATE TRIGGER task_edited
AFTER UPDATE OF id, "desc", execute_func, "trigger", spec, args, is_valid, extra ON task
WHEN (SELECT host FROM edits) = 0 BEGIN
    UPDATE task SET update_at = CURRENT_TIMESTAMP WHERE id = NEW.id;
    UPDATE task_mark SET id = NEW.id WHERE task_key = NEW.task_key;
    INSERT INTO task_edit (task_key) VALUES (NEW.task_key) ON CONFLICT (task_key) DO UPDATE SET refused = NULL;
END;
CREATE TRIGGER task_deleted AFTER DELETE ON task WHEN (SELECT host FROM edits) = 0 BEGIN
    INSERT INTO task_edit (task_key) VALUES (OLD.task_key) ON CONFLICT (task_key) DO UPDATE SET refused = NULL;
END;

-- Every run of a schedule; its id is the sub-task id that handlers get. Times in UTC.
CREATE VIEW execute_task AS
SELECT lower(substr(hex(run.id), 1, 8) || '-' || substr(hex(run.id), 9, 4) || '-' || substr(hex(run.id), 13, 4) || '-'
             || substr(hex(run.id), 17, 4) || '-' || substr(hex(run.id), 21))                            AS id,
       task_mark.id                                                                                     AS task_id,
       CASE run.state WHEN 0 THEN 'ready'   WHEN 1 THEN 'doing'     WHEN 2 THEN 'success' WHEN 3 THEN 'fail'
                      WHEN 4 THEN 'cancelled' WHEN 5 THEN 'skipped' ELSE 'expired' END                  AS status,
       CASE WHEN run.state = 5 THEN json_object('err', coalesce(run.reason ->> '$.message', run.reason ->> '$.kind'))
            WHEN run.outcome ->> '$.kind' IN ('failed', 'trapped', 'unavailable')
                 THEN json_object('err', run.outcome ->> '$.message')
            WHEN run.state = 3 OR run.state = 0 AND run.outcome IS NOT NULL
                 THEN json_object('err', run.outcome ->> '$.kind')
            ELSE '{}' END                                                                               AS extra,
       run.trace_id                                                                                     AS trace_id,
       strftime('%Y-%m-%d %H:%M:%S', run.created_at / 1000, 'unixepoch')                                 AS create_at,
       strftime('%Y-%m-%d %H:%M:%S', coalesce(run.finished_at, run.started_at, run.created_at) / 1000, 'unixepoch')
                                                                                                        AS update_at
FROM run JOIN task_mark ON task_mark.task_key = run.schedule;

-- As before, and not at the mercy of a definition that somebody writes by hand.
DROP VIEW celery_timer;
CREATE VIEW celery_timer AS
SELECT item.id                                                              AS id,
       item.handler                                                         AS task,
       coalesce(schedule.taken ->> '$.description', item.schedule)          AS task_name,
       item.flag                                                            AS flag,
       lower(hex(item.key_hash))                                            AS "key",
       item.status                                                          AS status,
       strftime('%Y-%m-%d %H:%M:%S', item.due_at / 1000, 'unixepoch')       AS executed_time,
       strftime('%Y-%m-%d %H:%M:%S', item.finished_at / 1000, 'unixepoch')  AS finish_time,
       strftime('%Y-%m-%d %H:%M:%S', item.updated_at / 1000, 'unixepoch')   AS update_time,
       strftime('%Y-%m-%d %H:%M:%S', item.created_at / 1000, 'unixepoch')   AS create_time
FROM item LEFT JOIN schedule ON schedule.name = item.schedule;
