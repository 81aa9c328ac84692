-- How the handlers of a version have done; written with the ends of their calls. `recent` is a bit for each of the newest.
CREATE TABLE plugin_record (
    plugin     TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    handler    TEXT    NOT NULL,
    good       INTEGER NOT NULL,
    bad        INTEGER NOT NULL,
    streak     INTEGER NOT NULL,
    recent     INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (plugin, sha256, handler)
) WITHOUT ROWID;
