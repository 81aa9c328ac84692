-- What went wrong, or went well again, written with what records it and read once, when it is judged by the rules of alerts.
CREATE TABLE notice (
    seq     BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at      BIGINT       NOT NULL,
    subject VARCHAR(600) NOT NULL,
    body    LONGTEXT     NOT NULL,
    INDEX notice_subject (subject)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- What a rule has to tell about one subject, until all is well again.
CREATE TABLE incident (
    id       BINARY(16)   NOT NULL PRIMARY KEY,
    subject  VARCHAR(600) NOT NULL,
    -- 0 counting, 1 open, 2 closed
    state    TINYINT      NOT NULL CHECK (state BETWEEN 0 AND 2),
    -- for a reminder
    look_at  BIGINT,
    ended_at BIGINT,
    body     LONGTEXT     NOT NULL,
    INDEX incident_live    (subject, state),
    INDEX incident_look    (look_at),
    INDEX incident_open    (state, id),
    INDEX incident_over    (state, ended_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- A message about an incident, to one sink.
CREATE TABLE alert (
    seq         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- what receivers see
    id          VARCHAR(255) NOT NULL,
    incident    BINARY(16)   NOT NULL,
    sink        VARCHAR(255) NOT NULL,
    -- 0 waiting, 1 sending, 2 sent, 3 dead, 4 dropped
    state       TINYINT      NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    attempts    BIGINT       NOT NULL DEFAULT 0,
    not_before  BIGINT       NOT NULL,
    give_up_at  BIGINT       NOT NULL,
    -- the lease
    host        BINARY(16),
    fence       BIGINT       NOT NULL DEFAULT 0,
    lease_until BIGINT,
    -- the newest try, and what came of it
    tried_at    BIGINT,
    status      BIGINT,
    answer      LONGTEXT,
    created_at  BIGINT       NOT NULL,
    ended_at    BIGINT,
    body        LONGTEXT     NOT NULL,
    INDEX alert_due      (sink, state, not_before),
    INDEX alert_lapsing  (state, lease_until),
    INDEX alert_giving   (state, give_up_at),
    INDEX alert_tried    (tried_at),
    INDEX alert_over     (state, ended_at),
    INDEX alert_incident (incident, sink, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Sinks that said that they are gone for good, under the settings that they had then.
CREATE TABLE alert_sink (
    sink    VARCHAR(255) NOT NULL PRIMARY KEY,
    marks   LONGTEXT     NOT NULL,
    gone_at BIGINT       NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- One row: who has its lock judges, or leases messages.
CREATE TABLE alerting (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
INSERT INTO alerting (id) VALUES (1);

-- When it was noted that a host went away without a word.
ALTER TABLE host ADD COLUMN lost_at BIGINT;
