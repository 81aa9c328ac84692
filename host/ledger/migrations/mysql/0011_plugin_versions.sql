-- The versions of plugins, so that going back needs no file and every host goes by the same decisions.

-- The bytes of plugin files by their digest, compressed (zstd); `size` is that of the file, `signature` what lay beside it, as
-- minisign writes it. The content stands last, so that whoever looks for a digest reads past it.
CREATE TABLE plugin_content (
    sha256    VARCHAR(255) NOT NULL PRIMARY KEY,
    size      BIGINT       NOT NULL,
    signature LONGTEXT,
    content   LONGBLOB     NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

CREATE TABLE plugin_version (
    plugin      VARCHAR(255) NOT NULL,
    sha256      VARCHAR(255) NOT NULL,
    version     LONGTEXT     NOT NULL,
    -- no text: it runs although its file is gone
    file        LONGTEXT,
    size        BIGINT       NOT NULL,
    -- what it says about itself and what it imports, JSON
    info        LONGTEXT     NOT NULL,
    imports     LONGTEXT     NOT NULL,
    first_seen  BIGINT       NOT NULL,
    last_loaded BIGINT       NOT NULL,
    standing    VARCHAR(16)  NOT NULL CHECK (standing IN ('active', 'candidate', 'held', 'rolled-back', 'superseded')),
    since       BIGINT       NOT NULL,
    why         LONGTEXT,
    approved_by LONGTEXT,
    approved_at BIGINT,
    -- the last good version before it
    replaces    VARCHAR(255),
    -- whose active version, and whose candidate it is: each plugin has one of them at most
    active_of    VARCHAR(255) GENERATED ALWAYS AS (CASE standing WHEN 'active'    THEN plugin END) STORED,
    candidate_of VARCHAR(255) GENERATED ALWAYS AS (CASE standing WHEN 'candidate' THEN plugin END) STORED,
    PRIMARY KEY (plugin, sha256),
    UNIQUE INDEX plugin_active    (active_of),
    UNIQUE INDEX plugin_candidate (candidate_of),
    INDEX        plugin_bytes     (sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- One row, looked at every second: decisions about versions, and ends of calls that may lead to one.
CREATE TABLE plugin_marks (
    id        BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    decisions BIGINT NOT NULL,
    endings   BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

INSERT INTO plugin_marks (id, decisions, endings) VALUES (1, 0, 0);
