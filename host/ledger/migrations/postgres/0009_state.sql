-- What a plugin remembers in all its memories together is bounded, so an entry knows whose it is: the plugin that wrote it
-- last. Memories that all handlers of a plugin share have the scope `plugin:<name>`.
ALTER TABLE state ADD COLUMN plugin text COLLATE "C" NOT NULL DEFAULT '';

-- Sums per plugin, kept by triggers: whoever writes an entry, by whatever hand, the sum is right.
CREATE TABLE state_use (
    plugin text   COLLATE "C" NOT NULL PRIMARY KEY,
    bytes  bigint NOT NULL,
    keys   bigint NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION state_adds(owner text, size bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO state_use AS held (plugin, bytes, keys) VALUES (owner, size, 1)
    ON CONFLICT (plugin) DO UPDATE SET bytes = held.bytes + excluded.bytes, keys = held.keys + 1
$$;
CREATE FUNCTION state_takes(owner text, size bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE state_use SET bytes = bytes - size, keys = keys - 1 WHERE plugin = owner
$$;
CREATE FUNCTION state_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM state_takes(OLD.plugin, octet_length(OLD.key) + length(OLD.value));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM state_adds(NEW.plugin, octet_length(NEW.key) + length(NEW.value));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER state_sums AFTER INSERT OR UPDATE OR DELETE ON state FOR EACH ROW EXECUTE FUNCTION state_sums();
