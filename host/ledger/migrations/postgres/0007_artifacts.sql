-- The files that handlers attached to their runs: those of one attempt, the newest that attached any.
CREATE TABLE artifact (
    run_id     uuid   NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    attempt    bigint NOT NULL,
    media_type text   NOT NULL,
    sha256     text   NOT NULL,
    bytes      bigint NOT NULL,
    content    bytea  NOT NULL,
    PRIMARY KEY (run_id, name)
) PARTITION BY RANGE (run_id);
CREATE TABLE artifact_rest PARTITION OF artifact DEFAULT;

-- Part of the order: smaller schedules whose work is part of the run, with their inputs. JSON; null for nearly all.
ALTER TABLE run ADD COLUMN includes text;

-- The history that runs leave lies in parts, one for each week of ids, and a part goes as a whole: rows that are deleted one by one
-- would leave room that nobody takes, and work for the vacuum.

-- The least id of an instant.
CREATE FUNCTION id_from(at bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(at), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the part of a week, counted from 1970. What came before there was such a part stays with the rest, and so does that week.
CREATE FUNCTION history_part(history text, week bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := history || '_' || week;
    first uuid := id_from(week * 604800000);
    beyond uuid := id_from((week + 1) * 604800000);
    is_late boolean;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE run_id >= %L AND run_id < %L)', history || '_rest', first, beyond)
        INTO is_late;
    IF NOT is_late THEN
        -- Attached and not made in its place: others go on meanwhile.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING INDEXES)', part, history);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', history, part, first, beyond);
    END IF;
END $$;

-- Makes the parts of this week and the next ones, and drops those of weeks whose ids are all before `before` and of which no
-- run is left. One host at a time; who cannot have a table at once leaves it for the next time.
CREATE FUNCTION history_renew(before bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    this bigint := extract(epoch FROM clock_timestamp())::bigint / 604800;
    history text;
    old record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7957701586777105510) THEN
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '1s', true);
    FOREACH history IN ARRAY ARRAY['log', 'attempt', 'artifact'] LOOP
        FOR ahead IN 0..4 LOOP
            PERFORM history_part(history, this + ahead);
        END LOOP;
        FOR old IN
            SELECT part.relname, substring(part.relname FROM '\d+$')::bigint AS week
            FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
            WHERE inhparent = to_regclass(history) AND part.relname ~ '_\d+$'
        LOOP
            IF old.week < this AND (old.week + 1) * 604800000 <= before AND NOT EXISTS (
                SELECT 1 FROM run WHERE id >= id_from(old.week * 604800000) AND id < id_from((old.week + 1) * 604800000))
            THEN
                EXECUTE format('DROP TABLE %I', old.relname);
            END IF;
        END LOOP;
    END LOOP;
EXCEPTION WHEN lock_not_available THEN
    NULL;
END $$;

SELECT history_renew(0);
