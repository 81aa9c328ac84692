-- What a plugin remembers in all its memories together is bounded, so an entry knows whose it is: the plugin that wrote it
-- last. Memories that all handlers of a plugin share have the scope `plugin:<name>`.
ALTER TABLE state ADD COLUMN plugin VARCHAR(255) NOT NULL DEFAULT '';

-- Sums per plugin, kept by triggers: whoever writes an entry, by whatever hand, the sum is right.
CREATE TABLE state_use (
    plugin VARCHAR(255) NOT NULL PRIMARY KEY,
    bytes  BIGINT       NOT NULL,
    "keys" BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

CREATE TRIGGER state_added AFTER INSERT ON state FOR EACH ROW
    INSERT INTO state_use (plugin, bytes, "keys")
    VALUES (NEW.plugin, length(NEW."key") + length(NEW.value), 1)
    ON DUPLICATE KEY UPDATE bytes = bytes + length(NEW."key") + length(NEW.value), "keys" = "keys" + 1;

CREATE TRIGGER state_removed AFTER DELETE ON state FOR EACH ROW
    UPDATE state_use SET bytes = bytes - length(OLD."key") - length(OLD.value), "keys" = "keys" - 1
    WHERE plugin = OLD.plugin;

CREATE TRIGGER state_changed AFTER UPDATE ON state FOR EACH ROW
BEGIN
    UPDATE state_use SET bytes = bytes - length(OLD."key") - length(OLD.value), "keys" = "keys" - 1
    WHERE plugin = OLD.plugin;
    INSERT INTO state_use (plugin, bytes, "keys")
    VALUES (NEW.plugin, length(NEW."key") + length(NEW.value), 1)
    ON DUPLICATE KEY UPDATE bytes = bytes + length(NEW."key") + length(NEW.value), "keys" = "keys" + 1;
END;
