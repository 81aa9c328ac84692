-- The table `task` of the framework, with its own test rows and more like them, in words that SQLite and MariaDB share.
CREATE TABLE task (
    id           INTEGER PRIMARY KEY,
    task_key     VARCHAR(255) NOT NULL,
    `desc`       VARCHAR(255) NOT NULL,
    execute_func VARCHAR(255) NOT NULL,
    `trigger`    VARCHAR(255) NOT NULL,
    spec         VARCHAR(255) NOT NULL,
    args         VARCHAR(255) NOT NULL DEFAULT '',
    is_valid     INTEGER NOT NULL,
    status       VARCHAR(255) NOT NULL,
    extra        TEXT NOT NULL,
    create_at    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    update_at    TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO task VALUES
    (1, 'test_interval', '测试interval任务', 'test_interval', 'interval', '5', '1,2,3', 1, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 19:13:59'),
    (2, 'test_date', '测试date任务', 'test_date', 'date', '2020-04-24 18:08:00', '"guess","hello"', 0, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 18:08:03'),
    (3, 'test_cron', '测试cron任务', 'test_cron', 'cron', '* * * * *', '4,5,6', 0, 'ready', '{}', '2020-04-24 16:51:03', '2020-04-24 18:46:15'),
    (4, 'mondays', '', 'report', 'cron', '30 9 * * 0', '[1, "two"]', 1, 'ready', '{"delay": 864000}', '2020-04-24 16:51:03', '2020-04-24 18:46:15'),
    (5, 'new_century', '', 'ring', 'date', '2100-01-01 00:00:00', '', 1, 'doing', '{}', '2020-04-24 16:51:03', '2020-04-24 18:46:15');
