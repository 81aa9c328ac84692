//! How it is set up, and on what it runs.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity::{self, Critical, Notice, Warning};
use crate::level::Level;
use crate::phrase::{Phrase, phrase};
use crate::rule::{Expectation, Rule};
use crate::unit::Unit;

type IsBad = fn(&str) -> bool;

const OFF: IsBad = |value| matches!(value, "OFF" | "0");
const ON: IsBad = |value| matches!(value, "ON" | "1");

const fn bad(setting: &'static str, is_bad: IsBad, severity: Severity, advice: Phrase) -> Expectation {
    Expectation { setting, is_bad, severity, advice }
}

const EXPECTATIONS: &[Expectation] = &[
    bad(
        "innodb_flush_log_at_trx_commit",
        |value| value != "1",
        Warning,
        phrase("The last commits are lost in a crash: set 1.", "崩溃时会丢失最近的提交：请设为 1。"),
    ),
    bad(
        "innodb_doublewrite",
        OFF,
        Critical,
        phrase("A power failure may tear pages: set it on.", "断电可能造成页撕裂：请开启。"),
    ),
    bad(
        "innodb_file_per_table",
        OFF,
        Notice,
        phrase("Dropped tables give no space back: set it on.", "删除表后空间不会释放：请开启。"),
    ),
    // The 128 MiB it has by itself.
    bad(
        "innodb_buffer_pool_size",
        |value| value.parse::<u64>().is_ok_and(|bytes| bytes <= 134_217_728),
        Notice,
        phrase(
            "Still at its default (128 MiB): most of the memory is usual on a host of its own.",
            "仍为默认值（128 MiB）：独占主机通常设为大部分内存。",
        ),
    ),
    bad(
        "sync_binlog",
        |value| value != "1",
        Notice,
        phrase(
            "After a crash replicas may differ: set 1 where there are any.",
            "崩溃后主从可能不一致：有从库时请设为 1。",
        ),
    ),
    bad(
        "binlog_expire_logs_seconds",
        |value| value == "0",
        Notice,
        phrase(
            "Logs of changes are kept for ever and fill the disk: set a time.",
            "二进制日志永久保留会写满磁盘：请设置保留时间。",
        ),
    ),
    bad(
        "sql_mode",
        |value| !value.contains("STRICT_"),
        Warning,
        phrase(
            "Wrong values are cut to fit without an error: add STRICT_TRANS_TABLES.",
            "错误的值会被静默截断：请加入 STRICT_TRANS_TABLES。",
        ),
    ),
    bad(
        "slow_query_log",
        OFF,
        Notice,
        phrase("Slow statements are not written down: set it on.", "未记录慢语句：请开启。"),
    ),
    bad(
        "general_log",
        ON,
        Warning,
        phrase("Every statement is written down, passwords too: set it off.", "会记录所有语句（包括密码）：请关闭。"),
    ),
    bad(
        "local_infile",
        ON,
        Notice,
        phrase(
            "A server may read its clients' files: set it off where nobody loads files.",
            "服务器可读取客户端文件：如不需要请关闭。",
        ),
    ),
    bad(
        "secure_file_priv",
        str::is_empty,
        Notice,
        phrase(
            "FILE lets read and write anywhere on the host: name a folder.",
            "FILE 权限可读写主机任意位置：请限定目录。",
        ),
    ),
    bad(
        "require_secure_transport",
        OFF,
        Notice,
        phrase(
            "Passwords and rows may travel in the clear: set it on where clients come by network.",
            "密码与数据可能明文传输：有网络客户端时请开启。",
        ),
    ),
    bad(
        "have_ssl",
        |value| value == "DISABLED",
        Notice,
        phrase("There is no certificate: nobody can connect encrypted.", "未配置证书：无法加密连接。"),
    ),
    bad(
        "performance_schema",
        OFF,
        Notice,
        phrase(
            "Without it nobody knows which statements take the time. It costs some memory.",
            "关闭时无法得知语句耗时；开启会占用少量内存。",
        ),
    ),
    bad(
        "max_connections",
        |value| value.parse::<u64>().is_ok_and(|count| count > 2_000),
        Notice,
        phrase("Each may take megabytes: is there memory for all of them?", "每个连接可能占用数 MB：内存是否足够？"),
    ),
    bad(
        "query_cache_type",
        ON,
        Notice,
        phrase("One lock for all: it slows down more than it helps.", "全局一把锁：通常得不偿失，建议关闭。"),
    ),
    bad(
        "character_set_server",
        |value| !value.starts_with("utf8mb4"),
        Notice,
        phrase("New tables cannot hold all characters: set utf8mb4.", "新表无法存储全部字符：请设为 utf8mb4。"),
    ),
];

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-settings",
        level: Level::Monthly,
        area: Area::Parameters,
        covers: Covers::Now,
        title: phrase("Settings worth a look", "值得关注的参数"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, null as value, variable_value as detail from {variables}
             where lower(variable_name) in ('innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'innodb_file_per_table',
               'innodb_buffer_pool_size', 'sync_binlog', 'binlog_expire_logs_seconds', 'sql_mode', 'slow_query_log', 'general_log',
               'local_infile', 'secure_file_priv', 'require_secure_transport', 'have_ssl', 'performance_schema', 'max_connections',
               'query_cache_type', 'character_set_server') order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Expected(EXPECTATIONS),
        advice: phrase("", ""),
    },
    Check {
        id: "my-platform",
        level: Level::Monthly,
        area: Area::Platform,
        covers: Covers::Now,
        title: phrase("Platform", "平台"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, null as value, variable_value as detail from {variables}
             where lower(variable_name) in ('version_compile_os', 'version_compile_machine', 'datadir', 'tmpdir', 'socket', 'port',
               'innodb_version', 'innodb_page_size', 'open_files_limit', 'time_zone', 'system_time_zone', 'large_pages') order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Count),
        advice: phrase("SQL does not show processors and memory of the host: watch them there.", "SQL 无法看到主机的处理器和内存，请在主机侧监控。"),
    },
    Check {
        id: "my-buffer-pool",
        level: Level::Monthly,
        area: Area::Platform,
        covers: Covers::Now,
        title: phrase("Memory of InnoDB", "InnoDB 内存"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, cast(variable_value as signed) as value from {status}
             where lower(variable_name) in ('innodb_buffer_pool_bytes_data', 'innodb_buffer_pool_bytes_dirty') order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Bytes),
        advice: phrase("", ""),
    },
];
