-- How the handlers of a version have done; written with the ends of their calls. `recent` is a bit for each of the newest.
CREATE TABLE plugin_record (
    plugin     VARCHAR(255) NOT NULL,
    sha256     VARCHAR(128) NOT NULL,
    handler    VARCHAR(300) NOT NULL,
    good       BIGINT       NOT NULL,
    bad        BIGINT       NOT NULL,
    streak     BIGINT       NOT NULL,
    recent     BIGINT       NOT NULL,
    last_error LONGTEXT,
    PRIMARY KEY (plugin, sha256, handler)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
