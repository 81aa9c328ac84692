-- How the handlers of a version have done; written with the ends of their calls. `recent` is a bit for each of the newest.
CREATE TABLE plugin_record (
    plugin     text   COLLATE "C" NOT NULL,
    sha256     text   COLLATE "C" NOT NULL,
    handler    text   COLLATE "C" NOT NULL,
    good       bigint NOT NULL,
    bad        bigint NOT NULL,
    streak     bigint NOT NULL,
    recent     bigint NOT NULL,
    last_error text,
    PRIMARY KEY (plugin, sha256, handler)
) WITH (fillfactor = 50);
