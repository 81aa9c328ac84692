//! What the server writes down: slow statements, its log of changes, and what backup tools tell it.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::{Expectation, Rule};
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-slow-statements",
        level: Level::Daily,
        area: Area::Statements,
        covers: Covers::SinceStart,
        title: phrase("Slow statements counted", "慢语句计数"),
        ask: &[(
            On::Every,
            "select s.subject, s.value, concat('slower than ', v.variable_value, ' s') as detail
             from (select lower(variable_name) as subject, cast(variable_value as signed) as value from {status}
                   where lower(variable_name) = 'slow_queries') s
             join {variables} v on lower(v.variable_name) = 'long_query_time'",
        )],
        needs: Need::Nothing,
        rule: Rule::Counted(Unit::Count, |limits| limits.slow_statements),
        advice: phrase("The slow log names them.", "慢日志中有详细记录。"),
    },
    Check {
        id: "my-slow-log",
        level: Level::Daily,
        area: Area::Statements,
        covers: Covers::Window,
        title: phrase("Slow statements of the window", "采样区间内的慢语句"),
        ask: &[(
            On::Every,
            "select left(convert(sql_text using utf8mb4), 160) as subject, cast(max(time_to_sec(query_time)) as signed) as value,
                    concat(count(*), ' times, last at ', max(start_time), ', rows read ', max(rows_examined)) as detail
             from mysql.slow_log where unix_timestamp(start_time) >= ? and unix_timestamp(start_time) < ?
             group by 1 order by 2 desc",
        )],
        needs: Need::Sight(Sight::SlowLog),
        rule: Rule::Each(Severity::Notice, Unit::Seconds),
        advice: phrase("EXPLAIN the first of them.", "请从第一条开始用 EXPLAIN 分析。"),
    },
    Check {
        id: "my-binary-log",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Now,
        title: phrase("Log of changes", "二进制日志"),
        ask: &[(
            On::Every,
            "select lower(variable_name) as subject, null as value, variable_value as detail from {variables} where lower(variable_name) = 'log_bin'",
        )],
        needs: Need::Nothing,
        rule: Rule::Expected(&[Expectation {
            setting: "log_bin",
            is_bad: |value| matches!(value, "OFF" | "0"),
            severity: Severity::Warning,
            advice: phrase("Without it there is no recovery to a point in time and no replica: set log_bin.", "没有二进制日志则无法按时间点恢复，也无法建立从库：请设置 log_bin。"),
        }]),
        advice: phrase("", ""),
    },
    Check {
        id: "my-backup-age",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Now,
        title: phrase("Age of the newest backup", "最近备份的时间"),
        ask: &[(
            On::Every,
            "select '{history}' as subject, timestampdiff(second, max(end_time), now()) as value, concat(max(end_time), '') as detail from {history}",
        )],
        needs: Need::Sight(Sight::Backups),
        rule: Rule::Age(|limits| limits.backup),
        advice: phrase("Look at the schedule of the backup and at its log.", "请检查备份计划及其日志。"),
    },
];
