//! How it is set up, and on what it runs.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity::{self, Critical, Notice, Warning};
use crate::level::Level;
use crate::phrase::{Phrase, phrase};
use crate::rule::{Expectation, Rule};
use crate::server::Sight;
use crate::unit::Unit;

const fn off(setting: &'static str, severity: Severity, advice: Phrase) -> Expectation {
    Expectation { setting, is_bad: |value| value == "off", severity, advice }
}

const EXPECTATIONS: &[Expectation] = &[
    off(
        "fsync",
        Critical,
        phrase("A power failure may destroy the whole server: set it on.", "断电可能毁坏整个库：请开启。"),
    ),
    off(
        "full_page_writes",
        Critical,
        phrase("A power failure may tear pages: set it on.", "断电可能造成页撕裂：请开启。"),
    ),
    off(
        "autovacuum",
        Critical,
        phrase("Dead rows pile up until writes stop: set it on.", "死元组会堆积直至无法写入：请开启。"),
    ),
    off(
        "track_counts",
        Critical,
        phrase("autovacuum is blind without it: set it on.", "autovacuum 依赖此项：请开启。"),
    ),
    off(
        "synchronous_commit",
        Notice,
        phrase("The last commits are lost in a crash. Is that meant?", "崩溃时会丢失最近的提交，是否有意为之？"),
    ),
    off(
        "data_checksums",
        Notice,
        phrase(
            "A disk that lies is not noticed. Stop the server and run pg_checksums --enable.",
            "无法发现磁盘静默损坏。请停库后执行 pg_checksums --enable。",
        ),
    ),
    off(
        "log_lock_waits",
        Notice,
        phrase("Set it on: long waits for locks are then in the log.", "建议开启：日志会记录长时间锁等待。"),
    ),
    off(
        "track_io_timing",
        Notice,
        phrase("Set it on to see which statements wait for the disk.", "建议开启，以便看出哪些语句在等待磁盘。"),
    ),
    off(
        "ssl",
        Warning,
        phrase("Passwords and rows travel in the clear: set up a certificate.", "密码与数据明文传输：请配置证书。"),
    ),
    Expectation {
        setting: "password_encryption",
        is_bad: |value| value == "md5",
        severity: Warning,
        advice: phrase("Set scram-sha-256 and have passwords set anew.", "请改为 scram-sha-256 并重设密码。"),
    },
    Expectation {
        setting: "wal_level",
        is_bad: |value| value == "minimal",
        severity: Warning,
        advice: phrase(
            "No backup while running and no replica with minimal: set replica.",
            "minimal 无法在线备份和复制：请设为 replica。",
        ),
    },
    // In pages of 8 KiB: the 128 MiB that initdb writes.
    Expectation {
        setting: "shared_buffers",
        is_bad: |value| value.parse::<u64>().is_ok_and(|pages| pages <= 16_384),
        severity: Notice,
        advice: phrase(
            "Still as initdb wrote it (128 MiB): a quarter of the memory is usual.",
            "仍为初始值（128 MiB）：通常设为内存的四分之一。",
        ),
    },
    Expectation {
        setting: "max_connections",
        is_bad: |value| value.parse::<u64>().is_ok_and(|count| count > 500),
        severity: Notice,
        advice: phrase("Each connection is a process: a pooler does better.", "每个连接是一个进程：建议使用连接池。"),
    },
    Expectation {
        setting: "log_min_duration_statement",
        is_bad: |value| value == "-1",
        severity: Notice,
        advice: phrase("Slow statements are not logged: set, say, 1s.", "未记录慢语句：可设为 1s。"),
    },
    Expectation {
        setting: "idle_in_transaction_session_timeout",
        is_bad: |value| value == "0",
        severity: Notice,
        advice: phrase(
            "A forgotten transaction stays open for ever: set, say, 10min.",
            "被遗忘的事务会一直打开：可设为 10min。",
        ),
    },
    Expectation {
        setting: "max_slot_wal_keep_size",
        is_bad: |value| value == "-1",
        severity: Notice,
        advice: phrase(
            "A slot that nobody reads fills the disk: set a bound.",
            "无人读取的复制槽会写满磁盘：请设上限。",
        ),
    },
];

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-settings",
        level: Level::Monthly,
        area: Area::Parameters,
        covers: Covers::Now,
        title: phrase("Settings worth a look", "值得关注的参数"),
        ask: &[(
            On::Every,
            "select name as subject, null::float8 as value, setting as detail from pg_settings
             where name in ('fsync', 'full_page_writes', 'autovacuum', 'track_counts', 'synchronous_commit', 'data_checksums',
                            'log_lock_waits', 'track_io_timing', 'ssl', 'password_encryption', 'wal_level', 'shared_buffers',
                            'max_connections', 'log_min_duration_statement', 'idle_in_transaction_session_timeout',
                            'max_slot_wal_keep_size') order by name",
        )],
        needs: Need::Nothing,
        rule: Rule::Expected(EXPECTATIONS),
        advice: phrase("", ""),
    },
    Check {
        id: "pg-pending-restart",
        level: Level::Monthly,
        area: Area::Parameters,
        covers: Covers::Now,
        title: phrase("Settings that wait for a restart", "等待重启生效的参数"),
        ask: &[(On::Every, "select name as subject, null::float8 as value, setting as detail from pg_settings where pending_restart order by 1")],
        needs: Need::Nothing,
        rule: Rule::Each(Warning, Unit::Count),
        advice: phrase("The file says something else than the running server: restart it, or take the change back.", "配置文件与运行值不一致：请重启或撤销修改。"),
    },
    Check {
        id: "pg-changed-settings",
        level: Level::Monthly,
        area: Area::Parameters,
        covers: Covers::Now,
        title: phrase("Settings changed from their defaults", "已修改的参数"),
        ask: &[(
            On::Every,
            "select name as subject, null::float8 as value, left(current_setting(name), 120) || ' (' || source || ')' as detail
             from pg_settings where source not in ('default', 'override', 'client', 'session') order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Count),
        advice: phrase("", ""),
    },
    Check {
        id: "pg-file-errors",
        level: Level::Monthly,
        area: Area::Parameters,
        covers: Covers::Now,
        title: phrase("Errors in the configuration files", "配置文件中的错误"),
        ask: &[(
            On::Every,
            "select sourcefile || ':' || sourceline as subject, null::float8 as value, concat_ws(': ', name, error) as detail
             from pg_file_settings where error is not null order by 1",
        )],
        needs: Need::Grant("GRANT SELECT ON pg_file_settings TO …; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO …;"),
        rule: Rule::Each(Warning, Unit::Count),
        advice: phrase("The server will not start, or not take the file, the next time.", "下次启动或重载时服务器将拒绝该文件。"),
    },
    Check {
        id: "pg-platform",
        level: Level::Monthly,
        area: Area::Platform,
        covers: Covers::Now,
        title: phrase("Platform", "平台"),
        ask: &[(
            On::Every,
            "select 'build' as subject, null::float8 as value, version() as detail
             union all select 'data directory', null, current_setting('data_directory')
             union all select 'shared buffers', null, current_setting('shared_buffers')
             union all select 'work mem', null, current_setting('work_mem')
             union all select 'encoding', null, current_setting('server_encoding')
             union all select 'time zone', null, (select reset_val from pg_settings where name = 'TimeZone')",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Told(Unit::Count),
        advice: phrase("SQL does not show processors, memory and disks of the host: watch them there.", "SQL 无法看到主机的处理器、内存和磁盘，请在主机侧监控。"),
    },
];
