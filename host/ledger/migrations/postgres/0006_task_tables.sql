-- What others change on the list of schedules, and the tables in which people edit schedules with SQL.

-- `definition` is what somebody asks for, by whatever hand. `taken` is what hosts go by: they alone write it, so it can be
-- read at any time. Where the two differ a host has to look; `refused` says why it did not take what it saw.
ALTER TABLE schedule ADD COLUMN taken         text;
ALTER TABLE schedule ADD COLUMN refused       text;
ALTER TABLE schedule ADD COLUMN revision      bigint NOT NULL DEFAULT 0;
-- Since when it was told to be without a success.
ALTER TABLE schedule ADD COLUMN overdue_since bigint;

CREATE INDEX schedule_revision ON schedule (revision);
CREATE INDEX schedule_written  ON schedule (name)
    WHERE refused IS NULL
      AND (removed_at IS NULL AND definition IS DISTINCT FROM taken OR removed_at IS NOT NULL AND taken IS NOT NULL);
CREATE INDEX schedule_refused  ON schedule (name) WHERE refused IS NOT NULL;

-- One row. `revision` is the number of the newest edit of the list. Whoever edits holds the row until the commit, so the numbers,
-- which a sequence gives, come in the order of the commits; the row itself is written once for each statement of a person, and
-- once for all that a host edits in a transaction: rows that are written over and over in one are found ever more slowly. `host` is 1 only inside the transactions of hosts, where nobody else sees it: what they write in `task` is no edit.
CREATE TABLE edits (
    id       bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    host     bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO edits (id, revision, host) VALUES (1, 0, 0);

-- Rows of `schedule` that somebody deleted.
CREATE TABLE schedule_gone (
    name     text   COLLATE "C" NOT NULL PRIMARY KEY,
    revision bigint NOT NULL
);

-- Whoever edits has this row before any row of the list, so that two who edit never wait for each other.
CREATE FUNCTION edits_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM edits FOR UPDATE;
    RETURN NULL;
END $$;

CREATE SEQUENCE edit_number;
-- The number of one more edit, and of the newest one.
CREATE FUNCTION edits_next() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('edit_number') $$;
CREATE FUNCTION edits_newest() RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM edit_number
$$;
CREATE FUNCTION edits_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE edits SET revision = edits_newest() WHERE host = 0;
    RETURN NULL;
END $$;

CREATE FUNCTION schedule_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := edits_next();
    RETURN NEW;
END $$;
CREATE FUNCTION schedule_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.refused := NULL;
    RETURN NEW;
END $$;
CREATE FUNCTION schedule_keeps_its_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a schedule keeps its name: insert one of the new name and delete this one';
END $$;
CREATE FUNCTION schedule_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedule_gone (name, revision) VALUES (OLD.name, edits_next())
    ON CONFLICT (name) DO UPDATE SET revision = excluded.revision;
    RETURN NULL;
END $$;

-- How far a schedule has come (cursor, runs, last success) is no edit: fires cost what they did.
CREATE TRIGGER schedule_edit BEFORE INSERT OR DELETE OR UPDATE OF owner, definition, taken, anchor, pause, removed_at
    ON schedule FOR EACH STATEMENT EXECUTE FUNCTION edits_begin();
CREATE TRIGGER schedule_edit_end AFTER INSERT OR DELETE OR UPDATE OF owner, definition, taken, anchor, pause, removed_at
    ON schedule FOR EACH STATEMENT EXECUTE FUNCTION edits_end();
CREATE TRIGGER schedule_added BEFORE INSERT ON schedule
    FOR EACH ROW EXECUTE FUNCTION schedule_noted();
CREATE TRIGGER schedule_edited BEFORE UPDATE OF owner, definition, taken, anchor, pause, removed_at ON schedule
    FOR EACH ROW EXECUTE FUNCTION schedule_noted();
CREATE TRIGGER schedule_rewritten BEFORE UPDATE OF definition ON schedule
    FOR EACH ROW WHEN (NEW.definition IS DISTINCT FROM OLD.definition AND NEW.refused IS NOT NULL)
    EXECUTE FUNCTION schedule_rewritten();
CREATE TRIGGER schedule_keeps_its_name BEFORE UPDATE OF name ON schedule
    FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION schedule_keeps_its_name();
CREATE TRIGGER schedule_deleted AFTER DELETE ON schedule
    FOR EACH ROW EXECUTE FUNCTION schedule_deleted();

-- For people and programs that knew the table of this name: every schedule has a row, and an edit of a row is one of its
-- schedule. The columns and their order are the known ones, so that known statements work; all else is in `task_mark`.
CREATE TABLE task (
    -- Given by a trigger where it is left out.
    id           bigint NOT NULL PRIMARY KEY,
    task_key     text   COLLATE "C" NOT NULL UNIQUE,
    "desc"       text   NOT NULL DEFAULT '',
    execute_func text   NOT NULL,
    "trigger"    text   NOT NULL,
    spec         text   NOT NULL,
    args         text   NOT NULL DEFAULT '',
    is_valid     bigint NOT NULL DEFAULT 1 CHECK (is_valid IN (0, 1)),
    status       text   NOT NULL DEFAULT 'ready',
    extra        text   NOT NULL DEFAULT '{}',
    create_at    timestamp(0) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    update_at    timestamp(0) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX task_doing ON task (task_key) WHERE status = 'doing';
-- The id of each key, kept when the row goes: runs point to it. `place` is path:line of what a file defines.
CREATE TABLE task_mark (
    task_key text   COLLATE "C" NOT NULL PRIMARY KEY,
    id       bigint NOT NULL,
    place    text
);
CREATE INDEX task_mark_id ON task_mark (id);
-- Keys whose row was edited and not taken yet; with a reason, those whose row cannot be taken.
CREATE TABLE task_edit (
    task_key text COLLATE "C" NOT NULL PRIMARY KEY,
    refused  text
);
CREATE INDEX task_edit_waits ON task_edit (task_key) WHERE refused IS NULL;

CREATE FUNCTION is_host() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT host = 1 FROM edits $$;

-- What a file defines is changed there.
CREATE FUNCTION task_of_a_file(key text, remedy text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    file text := (SELECT place FROM task_mark WHERE task_key = key);
BEGIN
    IF file IS NOT NULL AND NOT is_host() THEN
        RAISE EXCEPTION 'task `%` is defined at %; %', key, file, remedy;
    END IF;
END $$;
CREATE FUNCTION task_edit_waits(key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_host() THEN
        INSERT INTO task_edit (task_key) VALUES (key) ON CONFLICT (task_key) DO UPDATE SET refused = NULL;
    END IF;
END $$;

-- An id is never given twice: marks keep those of rows that went.
CREATE FUNCTION task_comes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM task_of_a_file(NEW.task_key, 'change it there, or choose another key');
    IF NEW.id IS NULL THEN
        NEW.id := 1 + greatest((SELECT coalesce(max(id), 0) FROM task_mark), (SELECT coalesce(max(id), 0) FROM task));
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION task_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.task_key IS DISTINCT FROM OLD.task_key THEN
        RAISE EXCEPTION 'a task keeps its key: insert one of the new key and delete this one';
    END IF;
    PERFORM task_of_a_file(OLD.task_key, 'change it there');
    IF NOT is_host() THEN
        NEW.update_at := now() AT TIME ZONE 'UTC';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION task_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM task_of_a_file(OLD.task_key, 'take it out there');
    RETURN OLD;
END $$;
CREATE FUNCTION task_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO task_mark (task_key, id) VALUES (NEW.task_key, NEW.id)
    ON CONFLICT (task_key) DO UPDATE SET id = excluded.id;
    PERFORM task_edit_waits(NEW.task_key);
    RETURN NULL;
END $$;
CREATE FUNCTION task_edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_host() THEN
        UPDATE task_mark SET id = NEW.id WHERE task_key = NEW.task_key;
    END IF;
    PERFORM task_edit_waits(NEW.task_key);
    RETURN NULL;
END $$;
CREATE FUNCTION task_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM task_edit_waits(OLD.task_key);
    RETURN NULL;
END $$;

CREATE TRIGGER task_edit BEFORE INSERT OR DELETE
    OR UPDATE OF id, task_key, "desc", execute_func, "trigger", spec, args, is_valid, extra
    ON task FOR EACH STATEMENT EXECUTE FUNCTION edits_begin();
CREATE TRIGGER task_comes BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION task_comes();
CREATE TRIGGER task_changes BEFORE UPDATE OF id, task_key, "desc", execute_func, "trigger", spec, args, is_valid, extra
    ON task FOR EACH ROW EXECUTE FUNCTION task_changes();
CREATE TRIGGER task_goes BEFORE DELETE ON task FOR EACH ROW EXECUTE FUNCTION task_goes();
CREATE TRIGGER task_added AFTER INSERT ON task FOR EACH ROW EXECUTE FUNCTION task_added();
CREATE TRIGGER task_edited AFTER UPDATE OF id, "desc", execute_func, "trigger", spec, args, is_valid, extra
    ON task FOR EACH ROW EXECUTE FUNCTION task_edited();
CREATE TRIGGER task_deleted AFTER DELETE ON task FOR EACH ROW EXECUTE FUNCTION task_deleted();

-- Every run of a schedule; its id is the sub-task id that handlers get. Times in UTC. PostgreSQL reads no text that holds the
-- sign 0, so another stands for it.
CREATE VIEW execute_task AS
SELECT run.id::text AS id,
       task_mark.id AS task_id,
       CASE run.state WHEN 0 THEN 'ready' WHEN 1 THEN 'doing' WHEN 2 THEN 'success' WHEN 3 THEN 'fail'
                      WHEN 4 THEN 'cancelled' WHEN 5 THEN 'skipped' ELSE 'expired' END AS status,
       CASE WHEN run.state = 5
                 THEN '{"err":' || coalesce(to_json(coalesce(said.reason ->> 'message', said.reason ->> 'kind'))::text, 'null') || '}'
            WHEN said.outcome ->> 'kind' IN ('failed', 'trapped', 'unavailable')
                 THEN '{"err":' || coalesce(to_json(said.outcome ->> 'message')::text, 'null') || '}'
            WHEN run.state = 3 OR run.state = 0 AND run.outcome IS NOT NULL
                 THEN '{"err":' || coalesce(to_json(said.outcome ->> 'kind')::text, 'null') || '}'
            ELSE '{}' END AS extra,
       run.trace_id AS trace_id,
       to_timestamp(run.created_at / 1000) AT TIME ZONE 'UTC' AS create_at,
       to_timestamp(coalesce(run.finished_at, run.started_at, run.created_at) / 1000) AT TIME ZONE 'UTC' AS update_at
FROM run JOIN task_mark ON task_mark.task_key = run.schedule
     CROSS JOIN LATERAL (SELECT replace(run.outcome, '\u0000', '\ufffd')::json AS outcome,
                                replace(run.reason, '\u0000', '\ufffd')::json AS reason) AS said;

-- As before, and not at the mercy of a definition that somebody writes by hand.
DROP VIEW celery_timer;
CREATE VIEW celery_timer AS
SELECT item.id                                                         AS id,
       item.handler                                                    AS task,
       coalesce(schedule.taken::json ->> 'description', item.schedule) AS task_name,
       item.flag                                                       AS flag,
       encode(item.key_hash, 'hex')                                    AS "key",
       item.status                                                     AS status,
       to_timestamp(item.due_at / 1000) AT TIME ZONE 'UTC'             AS executed_time,
       to_timestamp(item.finished_at / 1000) AT TIME ZONE 'UTC'        AS finish_time,
       to_timestamp(item.updated_at / 1000) AT TIME ZONE 'UTC'         AS update_time,
       to_timestamp(item.created_at / 1000) AT TIME ZONE 'UTC'         AS create_time
FROM item LEFT JOIN schedule ON schedule.name = item.schedule;
