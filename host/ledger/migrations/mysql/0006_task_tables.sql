-- What others change on the list of schedules, and the tables in which people edit schedules with SQL.

-- `definition` is what somebody asks for, by whatever hand. `taken` is what hosts go by: they alone write it, so it can be
-- read at any time. Where the two differ a host has to look; `refused` says why it did not take what it saw.
ALTER TABLE schedule
    ADD COLUMN taken         LONGTEXT,
    ADD COLUMN refused       LONGTEXT,
    ADD COLUMN revision      BIGINT NOT NULL DEFAULT 0,
    -- Since when it was told to be without a success.
    ADD COLUMN overdue_since BIGINT,
    -- Whether a host has to look at the definition, or at the end.
    ADD COLUMN written       TINYINT GENERATED ALWAYS AS (
        refused IS NULL AND (removed_at IS NULL AND NOT (definition <=> taken) OR removed_at IS NOT NULL AND taken IS NOT NULL)
    ) STORED,
    ADD INDEX schedule_revision (revision),
    ADD INDEX schedule_written  (written, name),
    ADD INDEX schedule_refused  (refused(1), name);

-- One row. `revision` counts the edits of the list: a row and not a sequence, so that numbers come in the order of the
-- commits. `host` is 1 only inside the transactions of hosts: what they write in `task` is no edit.
CREATE TABLE edits (
    id       BIGINT  NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT  NOT NULL,
    host     TINYINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

INSERT INTO edits (id, revision, host) VALUES (1, 0, 0);

-- Rows of `schedule` that somebody deleted.
CREATE TABLE schedule_gone (
    name     VARCHAR(255) NOT NULL PRIMARY KEY,
    revision BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- How far a schedule has come (cursor, runs, last success) is no edit: fires cost what they did.
CREATE TRIGGER schedule_added BEFORE INSERT ON schedule FOR EACH ROW
BEGIN
    UPDATE edits SET revision = revision + 1;
    SET NEW.revision = (SELECT revision FROM edits);
END;

CREATE TRIGGER schedule_edited BEFORE UPDATE ON schedule FOR EACH ROW
BEGIN
    IF NEW.name <> OLD.name THEN
        SIGNAL SQLSTATE '45000'
            SET MESSAGE_TEXT = 'a schedule keeps its name: insert one of the new name and delete this one';
    END IF;
    IF NOT (NEW.definition <=> OLD.definition) AND NEW.refused IS NOT NULL THEN
        SET NEW.refused = NULL;
    END IF;
    IF NOT (NEW.owner <=> OLD.owner AND NEW.definition <=> OLD.definition AND NEW.taken <=> OLD.taken
            AND NEW.anchor <=> OLD.anchor AND NEW.pause <=> OLD.pause AND NEW.removed_at <=> OLD.removed_at) THEN
        UPDATE edits SET revision = revision + 1;
        SET NEW.revision = (SELECT revision FROM edits);
    END IF;
END;

CREATE TRIGGER schedule_deleted AFTER DELETE ON schedule FOR EACH ROW
BEGIN
    UPDATE edits SET revision = revision + 1;
    INSERT INTO schedule_gone (name, revision) VALUES (OLD.name, (SELECT revision FROM edits))
    ON DUPLICATE KEY UPDATE revision = (SELECT revision FROM edits);
END;

-- For people and programs that knew the table of this name: every schedule has a row, and an edit of a row is one of its
-- schedule. The columns and their order are the known ones, so that known statements work; all else is in `task_mark`.
CREATE TABLE task (
    id           BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    task_key     VARCHAR(255) NOT NULL,
    "desc"       LONGTEXT     NOT NULL DEFAULT (''),
    execute_func LONGTEXT     NOT NULL,
    "trigger"    LONGTEXT     NOT NULL,
    spec         LONGTEXT     NOT NULL,
    args         LONGTEXT     NOT NULL DEFAULT (''),
    is_valid     TINYINT      NOT NULL DEFAULT 1 CHECK (is_valid IN (0, 1)),
    status       VARCHAR(255) NOT NULL DEFAULT 'ready',
    extra        LONGTEXT     NOT NULL DEFAULT ('{}'),
    create_at    DATETIME     NOT NULL DEFAULT (utc_timestamp()),
    update_at    DATETIME     NOT NULL DEFAULT (utc_timestamp()),
    UNIQUE INDEX task_task_key (task_key),
    INDEX task_doing (status, task_key)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- The id of each key, kept when the row goes: runs point to it. `place` is path:line of what a file defines.
CREATE TABLE task_mark (
    task_key VARCHAR(255) NOT NULL PRIMARY KEY,
    id       BIGINT       NOT NULL,
    place    LONGTEXT,
    INDEX task_mark_id (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Keys whose row was edited and not taken yet; with a reason, those whose row cannot be taken.
CREATE TABLE task_edit (
    task_key VARCHAR(255) NOT NULL PRIMARY KEY,
    refused  LONGTEXT,
    INDEX task_edit_waits (refused(1), task_key)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- What is said has room for 128 signs.
CREATE TRIGGER task_of_a_file_added BEFORE INSERT ON task FOR EACH ROW
BEGIN
    DECLARE said VARCHAR(128) CHARACTER SET utf8mb4;
    IF (SELECT host FROM edits) = 0 THEN
        SET said = (SELECT left(concat('task `', task_key, '` is defined at ', place, '; change it there, or choose another key'), 128)
                    FROM task_mark WHERE task_key = NEW.task_key AND place IS NOT NULL);
        IF said IS NOT NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said;
        END IF;
    END IF;
END;

CREATE TRIGGER task_edited BEFORE UPDATE ON task FOR EACH ROW
BEGIN
    DECLARE said VARCHAR(128) CHARACTER SET utf8mb4;
    IF NEW.task_key <> OLD.task_key THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a task keeps its key: insert one of the new key and delete this one';
    END IF;
    IF (SELECT host FROM edits) = 0
       AND NOT (NEW.id <=> OLD.id AND NEW."desc" <=> OLD."desc" AND NEW.execute_func <=> OLD.execute_func
                AND NEW."trigger" <=> OLD."trigger" AND NEW.spec <=> OLD.spec AND NEW.args <=> OLD.args
                AND NEW.is_valid <=> OLD.is_valid AND NEW.extra <=> OLD.extra) THEN
        SET said = (SELECT left(concat('task `', task_key, '` is defined at ', place, '; change it there'), 128)
                    FROM task_mark WHERE task_key = OLD.task_key AND place IS NOT NULL);
        IF said IS NOT NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said;
        END IF;
        SET NEW.update_at = utc_timestamp();
        UPDATE task_mark SET id = NEW.id WHERE task_key = NEW.task_key;
        INSERT INTO task_edit (task_key) VALUES (NEW.task_key) ON DUPLICATE KEY UPDATE refused = NULL;
    END IF;
END;

CREATE TRIGGER task_of_a_file_deleted BEFORE DELETE ON task FOR EACH ROW
BEGIN
    DECLARE said VARCHAR(128) CHARACTER SET utf8mb4;
    IF (SELECT host FROM edits) = 0 THEN
        SET said = (SELECT left(concat('task `', task_key, '` is defined at ', place, '; take it out there'), 128)
                    FROM task_mark WHERE task_key = OLD.task_key AND place IS NOT NULL);
        IF said IS NOT NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said;
        END IF;
    END IF;
END;

CREATE TRIGGER task_added AFTER INSERT ON task FOR EACH ROW
BEGIN
    INSERT INTO task_mark (task_key, id) VALUES (NEW.task_key, NEW.id) ON DUPLICATE KEY UPDATE id = NEW.id;
    IF (SELECT host FROM edits) = 0 THEN
        INSERT INTO task_edit (task_key) VALUES (NEW.task_key) ON DUPLICATE KEY UPDATE refused = NULL;
    END IF;
END;

CREATE TRIGGER task_deleted AFTER DELETE ON task FOR EACH ROW
BEGIN
    IF (SELECT host FROM edits) = 0 THEN
        INSERT INTO task_edit (task_key) VALUES (OLD.task_key) ON DUPLICATE KEY UPDATE refused = NULL;
    END IF;
END;

-- Every run of a schedule; its id is the sub-task id that handlers get. Times in UTC, whatever the session's zone.
CREATE VIEW execute_task AS
SELECT lower(concat_ws('-', substr(hex(run.id), 1, 8), substr(hex(run.id), 9, 4), substr(hex(run.id), 13, 4),
                            substr(hex(run.id), 17, 4), substr(hex(run.id), 21)))                        AS id,
       task_mark.id                                                                                     AS task_id,
       CASE run.state WHEN 0 THEN 'ready'   WHEN 1 THEN 'doing'     WHEN 2 THEN 'success' WHEN 3 THEN 'fail'
                      WHEN 4 THEN 'cancelled' WHEN 5 THEN 'skipped' ELSE 'expired' END                  AS status,
       CASE WHEN run.state = 5 THEN json_object('err', coalesce(json_unquote(json_extract(run.reason, '$.message')),
                                                                json_unquote(json_extract(run.reason, '$.kind'))))
            WHEN json_unquote(json_extract(run.outcome, '$.kind')) IN ('failed', 'trapped', 'unavailable')
                 THEN json_object('err', json_unquote(json_extract(run.outcome, '$.message')))
            WHEN run.state = 3 OR run.state = 0 AND run.outcome IS NOT NULL
                 THEN json_object('err', json_unquote(json_extract(run.outcome, '$.kind')))
            ELSE '{}' END                                                                               AS extra,
       run.trace_id                                                                                     AS trace_id,
       TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (run.created_at DIV 1000) SECOND                      AS create_at,
       TIMESTAMP '1970-01-01 00:00:00'
           + INTERVAL (coalesce(run.finished_at, run.started_at, run.created_at) DIV 1000) SECOND       AS update_at
FROM run JOIN task_mark ON task_mark.task_key = run.schedule;

-- For people and programs that knew the table of this name: times in UTC, executed_time is when it was due.
CREATE VIEW celery_timer AS
SELECT item.id                                                                              AS id,
       item.handler                                                                         AS task,
       coalesce(json_unquote(json_extract(schedule.taken, '$.description')), item.schedule) AS task_name,
       item.flag                                                                            AS flag,
       lower(hex(item.key_hash))                                                            AS "key",
       item.status                                                                          AS status,
       TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (item.due_at DIV 1000) SECOND             AS executed_time,
       TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (item.finished_at DIV 1000) SECOND        AS finish_time,
       TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (item.updated_at DIV 1000) SECOND         AS update_time,
       TIMESTAMP '1970-01-01 00:00:00' + INTERVAL (item.created_at DIV 1000) SECOND         AS create_time
FROM item LEFT JOIN schedule ON schedule.name = item.schedule;
