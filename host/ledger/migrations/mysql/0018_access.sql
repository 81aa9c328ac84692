-- Who may ask, and who did what.
--
-- Of a token only a digest is kept; its name is given again when the one that had it was taken back.
CREATE TABLE token (
    name       VARCHAR(255) NOT NULL PRIMARY KEY,
    digest     BINARY(32)   NOT NULL,
    -- read, operate, admin, plugin-upload
    scope      LONGTEXT     NOT NULL,
    created_by LONGTEXT     NOT NULL,
    created_at BIGINT       NOT NULL,
    expires_at BIGINT,
    -- a minute more or less
    used_at    BIGINT,
    revoked_at BIGINT,
    revoked_by LONGTEXT,
    UNIQUE INDEX token_digest (digest)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Browsers that have shown a token; each ends with it.
CREATE TABLE session (
    digest     BINARY(32)   NOT NULL PRIMARY KEY,
    token      BINARY(32)   NOT NULL,
    expires_at BIGINT       NOT NULL,
    INDEX session_token (token),
    INDEX session_over (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- What was done or refused. Secrets and inputs are not in here.
CREATE TABLE audit (
    -- version 7: in the order of time
    id      BINARY(16)   NOT NULL PRIMARY KEY,
    at      BIGINT       NOT NULL,
    who     VARCHAR(255) NOT NULL,
    address LONGTEXT,
    action  VARCHAR(255) NOT NULL,
    thing   VARCHAR(255),
    reason  LONGTEXT,
    -- of HTTP
    status  BIGINT       NOT NULL,
    detail  LONGTEXT,
    INDEX audit_at (at),
    INDEX audit_who (who, id),
    INDEX audit_thing (thing, id),
    INDEX audit_action (action, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
