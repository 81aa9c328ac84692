-- What a plugin remembers in all its memories together is bounded, so an entry knows whose it is: the plugin that wrote it
-- last. Memories that all handlers of a plugin share have the scope `plugin:<name>`.
ALTER TABLE state ADD COLUMN plugin TEXT NOT NULL DEFAULT '';
UPDATE state SET plugin = CASE
    WHEN scope LIKE 'handler:%' THEN substr(scope, 9)
    ELSE coalesce((SELECT json_extract(definition, '$.handler') FROM schedule WHERE name = substr(state.scope, 10)), '') END;
UPDATE state SET plugin = substr(plugin, 1, instr(plugin || '/', '/') - 1);

-- Sums per plugin, kept by triggers: whoever writes an entry, by whatever hand, the sum is right.
CREATE TABLE state_use (
    plugin TEXT    NOT NULL PRIMARY KEY,
    bytes  INTEGER NOT NULL,
    keys   INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO state_use (plugin, bytes, keys)
    SELECT plugin, sum(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))), count(*) FROM state GROUP BY plugin;

CREATE TRIGGER state_added AFTER INSERT ON state BEGIN
    INSERT INTO state_use (plugin, bytes, keys)
    VALUES (new.plugin, length(CAST(new.key AS BLOB)) + length(CAST(new.value AS BLOB)), 1)
    ON CONFLICT (plugin) DO UPDATE SET bytes = bytes + excluded.bytes, keys = keys + 1;
END;
CREATE TRIGGER state_removed AFTER DELETE ON state BEGIN
    UPDATE state_use
    SET bytes = bytes - length(CAST(old.key AS BLOB)) - length(CAST(old.value AS BLOB)), keys = keys - 1
    WHERE plugin = old.plugin;
END;
CREATE TRIGGER state_changed AFTER UPDATE ON state BEGIN
    UPDATE state_use
    SET bytes = bytes - length(CAST(old.key AS BLOB)) - length(CAST(old.value AS BLOB)), keys = keys - 1
    WHERE plugin = old.plugin;
    INSERT INTO state_use (plugin, bytes, keys)
    VALUES (new.plugin, length(CAST(new.key AS BLOB)) + length(CAST(new.value AS BLOB)), 1)
    ON CONFLICT (plugin) DO UPDATE SET bytes = bytes + excluded.bytes, keys = keys + 1;
END;
