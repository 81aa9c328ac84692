//! Whether it runs, and what went wrong.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-server",
        level: Level::Daily,
        area: Area::State,
        covers: Covers::Now,
        title: phrase("Server", "服务器"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, null as value, variable_value as detail from {variables}
             where lower(variable_name) in ('version', 'version_comment', 'hostname', 'read_only')
             union all select 'up for', null, concat(floor(variable_value / 86400), ' d ', time_format(sec_to_time(mod(variable_value, 86400)), '%H:%i:%s'))
             from {status} where lower(variable_name) = 'uptime'",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Count),
        advice: phrase("", ""),
    },
    Check {
        id: "my-restarted",
        level: Level::Daily,
        area: Area::State,
        covers: Covers::Window,
        title: phrase("Restarts", "重启"),
        ask: &[(
            On::Every,
            "select 'server start' as subject, null as value, concat(from_unixtime(unix_timestamp() - variable_value), '') as detail
             from {status} where lower(variable_name) = 'uptime'
               and unix_timestamp() - variable_value >= ? and unix_timestamp() - variable_value < ?",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("If nobody planned it, read the error log of that time.", "若非计划内重启，请查看该时段的错误日志。"),
    },
    Check {
        id: "my-errors",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::SinceStart,
        title: phrase("Deadlocks, broken connections, refused logins", "死锁、连接中断与登录失败"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, cast(variable_value as signed) as value from {status}
             where lower(variable_name) in ('innodb_deadlocks', 'aborted_connects', 'connection_errors_internal',
               'connection_errors_max_connections', 'innodb_available_undo_logs_exhausted', 'binlog_stmt_cache_disk_errors')
             order by 2 desc, 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Counted(Unit::Count, |limits| limits.errors),
        advice: phrase(
            "Deadlocks: take locks in one order everywhere. Refused logins: wrong passwords, or somebody who guesses them.",
            "死锁：各处按同一顺序加锁。登录失败：密码错误，或有人在猜测密码。",
        ),
    },
    Check {
        id: "my-error-log",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::Window,
        title: phrase("Error log", "错误日志"),
        ask: &[
            (
                On::MariaDb,
                "select variable_value as subject, 'MariaDB keeps it in a file' as hidden from {variables}
                 where lower(variable_name) = 'log_error' and ? < ?",
            ),
            (
                On::From(80_022),
                "select concat(error_code, ' ', subsystem) as subject, cast(count(*) as signed) as value,
                        concat(max(logged), ' ', left(max(data), 160)) as detail
                 from performance_schema.error_log
                 where prio = 'Error'
                   and unix_timestamp(logged) >= ? and unix_timestamp(logged) < ? group by 1 order by 2 desc",
            ),
        ],
        needs: Need::Grant("MySQL: GRANT SELECT ON performance_schema.error_log TO …; MariaDB: look for [ERROR] in this file, or in the journal"),
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("Read them in the error log.", "请查看错误日志。"),
    },
];
