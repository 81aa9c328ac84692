-- Requests that a client may send twice and that are done once: what their keys stand for, for a day.
CREATE TABLE keyed (
    -- of the client and its key together
    key_hash   BINARY(32) NOT NULL PRIMARY KEY,
    request    BINARY(32) NOT NULL,
    at         BIGINT     NOT NULL,
    -- of HTTP; none while it is carried out
    status     BIGINT,
    media_type LONGTEXT,
    body       LONGBLOB,
    INDEX keyed_over (at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
