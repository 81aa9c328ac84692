-- The versions of plugins, so that going back needs no file and every host goes by the same decisions.

-- The bytes of plugin files by their digest, compressed (zstd); `size` is that of the file, `signature` what lay beside it, as
-- minisign writes it.
CREATE TABLE plugin_content (
    sha256    text   COLLATE "C" NOT NULL PRIMARY KEY,
    size      bigint NOT NULL,
    signature text,
    content   bytea  NOT NULL
);
-- Compressed already: tried again, it would only cost time.
ALTER TABLE plugin_content ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE plugin_version (
    plugin      text   COLLATE "C" NOT NULL,
    sha256      text   COLLATE "C" NOT NULL,
    version     text   NOT NULL,
    -- no text: it runs although its file is gone
    file        text,
    size        bigint NOT NULL,
    -- what it says about itself and what it imports, JSON
    info        text   NOT NULL,
    imports     text   NOT NULL,
    first_seen  bigint NOT NULL,
    last_loaded bigint NOT NULL,
    standing    text   NOT NULL CHECK (standing IN ('active', 'candidate', 'held', 'rolled-back', 'superseded')),
    since       bigint NOT NULL,
    why         text,
    approved_by text,
    approved_at bigint,
    -- the last good version before it
    replaces    text,
    PRIMARY KEY (plugin, sha256)
);
CREATE UNIQUE INDEX plugin_active    ON plugin_version (plugin) WHERE standing = 'active';
CREATE UNIQUE INDEX plugin_candidate ON plugin_version (plugin) WHERE standing = 'candidate';
CREATE INDEX        plugin_bytes     ON plugin_version (sha256);

-- One row, looked at every second: decisions about versions, and ends of calls that may lead to one.
CREATE TABLE plugin_marks (
    id        bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    decisions bigint NOT NULL,
    endings   bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO plugin_marks (id, decisions, endings) VALUES (1, 0, 0);
