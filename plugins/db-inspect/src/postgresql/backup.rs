//! Backups, as far as the server knows of them: it archives its log, and it sees base backups only while they run.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::{Expectation, Rule};
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-archiving",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Now,
        title: phrase("Log archiving", "日志归档设置"),
        ask: &[(
            On::Every,
            "select name as subject, null::float8 as value, setting as detail from pg_settings where name = 'archive_mode'",
        )],
        needs: Need::Nothing,
        rule: Rule::Expected(&[Expectation {
            setting: "archive_mode",
            is_bad: |value| value == "off",
            severity: Severity::Warning,
            advice: phrase(
                "Without archived log there is no recovery to a point in time. If a tool streams the log instead, skip this check.",
                "未归档日志则无法恢复到某一时间点。若由工具以流方式备份日志，可跳过此项。",
            ),
        }]),
        advice: phrase("", ""),
    },
    Check {
        id: "pg-archive-age",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Now,
        title: phrase("Age of the newest archived log", "最近归档日志的时间"),
        ask: &[(
            On::Every,
            "select coalesce(last_archived_wal, 'archive') as subject,
                    extract(epoch from now() - last_archived_time)::float8 as value,
                    archived_count || ' archived, ' || failed_count || ' failed' as detail
             from pg_stat_archiver where current_setting('archive_mode') <> 'off'",
        )],
        needs: Need::Nothing,
        rule: Rule::Age(|limits| limits.backup),
        advice: phrase(
            "Look at archive_command and its target; log piles up in pg_wal meanwhile.",
            "请检查 archive_command 及其目标；在此期间日志会堆积在 pg_wal。",
        ),
    },
    Check {
        id: "pg-archive-failures",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Window,
        title: phrase("Failed archiving", "归档失败"),
        ask: &[(
            On::Every,
            "select last_failed_wal as subject, null::float8 as value,
                    date_trunc('second', last_failed_time) || ', ' || failed_count || ' in all' as detail
             from pg_stat_archiver where last_failed_time >= to_timestamp($1) and last_failed_time < to_timestamp($2)",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("The server log names the command's error.", "服务器日志中有该命令的错误信息。"),
    },
    Check {
        id: "pg-running-backup",
        level: Level::Daily,
        area: Area::Backup,
        covers: Covers::Now,
        title: phrase("Base backups running", "正在进行的基础备份"),
        ask: &[(
            On::Every,
            "select 'pid ' || pid as subject, backup_streamed::float8 as value, phase as detail from pg_stat_progress_basebackup",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Bytes),
        advice: phrase(
            "PostgreSQL keeps no record of finished base backups: check their age where they lie.",
            "PostgreSQL 不记录已完成的基础备份，请在存放处检查其时间。",
        ),
    },
];
