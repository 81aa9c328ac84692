-- Who may ask, and who did what.
--
-- Of a token only a digest is kept; its name is given again when the one that had it was taken back.
CREATE TABLE token (
    name       TEXT    NOT NULL PRIMARY KEY,
    digest     BLOB    NOT NULL,
    -- read, operate, admin, plugin-upload
    scope      TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    -- a minute more or less
    used_at    INTEGER,
    revoked_at INTEGER,
    revoked_by TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX token_digest ON token (digest);

-- Browsers that have shown a token; each ends with it.
CREATE TABLE session (
    digest     BLOB    NOT NULL PRIMARY KEY,
    token      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_token ON session (token);
CREATE INDEX session_over ON session (expires_at);

-- What was done or refused. Secrets and inputs are not in here.
CREATE TABLE audit (
    -- version 7: in the order of time
    id      BLOB    NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    address TEXT,
    action  TEXT    NOT NULL,
    thing   TEXT,
    reason  TEXT,
    -- of HTTP
    status  INTEGER NOT NULL,
    detail  TEXT
) WITHOUT ROWID;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_thing ON audit (thing, id);
CREATE INDEX audit_action ON audit (action, id);
