-- The versions of plugins, so that going back needs no file and every host goes by the same decisions.

-- The bytes of plugin files by their digest, compressed (zstd); `size` is that of the file, `signature` what lay beside it, as
-- minisign writes it. The content stands last, so that whoever looks for a digest reads past it.
CREATE TABLE plugin_content (
    sha256    TEXT    NOT NULL PRIMARY KEY,
    size      INTEGER NOT NULL,
    signature TEXT,
    content   BLOB    NOT NULL
);

CREATE TABLE plugin_version (
    plugin      TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    -- no text: it runs although its file is gone
    file        TEXT,
    size        INTEGER NOT NULL,
    -- what it says about itself and what it imports, JSON
    info        TEXT    NOT NULL,
    imports     TEXT    NOT NULL,
    first_seen  INTEGER NOT NULL,
    last_loaded INTEGER NOT NULL,
    standing    TEXT    NOT NULL CHECK (standing IN ('active', 'candidate', 'held', 'rolled-back', 'superseded')),
    since       INTEGER NOT NULL,
    why         TEXT,
    approved_by TEXT,
    approved_at INTEGER,
    -- the last good version before it
    replaces    TEXT,
    PRIMARY KEY (plugin, sha256)
) WITHOUT ROWID;
CREATE UNIQUE INDEX plugin_active    ON plugin_version (plugin) WHERE standing = 'active';
CREATE UNIQUE INDEX plugin_candidate ON plugin_version (plugin) WHERE standing = 'candidate';
CREATE INDEX        plugin_bytes     ON plugin_version (sha256);

-- One row, looked at every second: decisions about versions, and ends of calls that may lead to one.
CREATE TABLE plugin_marks (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    decisions INTEGER NOT NULL,
    endings   INTEGER NOT NULL
);
INSERT INTO plugin_marks (id, decisions, endings) VALUES (1, 0, 0);
