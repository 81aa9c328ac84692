-- Who may ask, and who did what.
--
-- Of a token only a digest is kept; its name is given again when the one that had it was taken back.
CREATE TABLE token (
    name       text   NOT NULL PRIMARY KEY,
    digest     bytea  NOT NULL,
    -- read, operate, admin, plugin-upload
    scope      text   NOT NULL,
    created_by text   NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    -- a minute more or less
    used_at    bigint,
    revoked_at bigint,
    revoked_by text
);
CREATE UNIQUE INDEX token_digest ON token (digest);

-- Browsers that have shown a token; each ends with it.
CREATE TABLE session (
    digest     bytea  NOT NULL PRIMARY KEY,
    token      bytea  NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX session_token ON session (token);
CREATE INDEX session_over ON session (expires_at);

-- What was done or refused. Secrets and inputs are not in here.
CREATE TABLE audit (
    -- version 7: in the order of time
    id      uuid   NOT NULL PRIMARY KEY,
    at      bigint NOT NULL,
    who     text   NOT NULL,
    address text,
    action  text   NOT NULL,
    thing   text,
    reason  text,
    -- of HTTP
    status  bigint NOT NULL,
    detail  text
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_thing ON audit (thing, id);
CREATE INDEX audit_action ON audit (action, id);
