//! Whether it runs, and what went wrong.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-server",
        level: Level::Daily,
        area: Area::State,
        covers: Covers::Now,
        title: phrase("Server", "服务器"),
        ask: &[(
            On::Every,
            "select 'database' as subject, null::float8 as value, current_database()::text as detail
             union all select 'role', null, case when pg_is_in_recovery() then 'standby' else 'primary' end
             union all select 'up for', null, date_trunc('second', now() - pg_postmaster_start_time())::text
             union all select 'statistics since', null, coalesce(stats_reset, pg_postmaster_start_time())::text
               from pg_stat_database where datname = current_database()",
        )],
        needs: Need::Nothing,
        rule: Rule::Told(Unit::Count),
        advice: phrase("", ""),
    },
    Check {
        id: "pg-restarted",
        level: Level::Daily,
        area: Area::State,
        covers: Covers::Window,
        title: phrase("Restarts", "重启"),
        ask: &[(
            On::Every,
            "select 'server start' as subject, null::float8 as value, date_trunc('second', pg_postmaster_start_time())::text as detail
             where pg_postmaster_start_time() >= to_timestamp($1) and pg_postmaster_start_time() < to_timestamp($2)",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("If nobody planned it, read the server log of that time.", "若非计划内重启，请查看该时段的服务器日志。"),
    },
    Check {
        id: "pg-transaction-ids",
        level: Level::Daily,
        area: Area::State,
        covers: Covers::Now,
        title: phrase("Transaction ids used up", "事务号消耗"),
        ask: &[(
            On::Every,
            "select datname::text as subject, (100.0 * age(datfrozenxid) / 2147483647)::float8 as value,
                    age(datfrozenxid) || ' ids' as detail
             from pg_database where datallowconn order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.used_up),
        advice: phrase(
            "At 100 % the server takes no more writes. Find what holds autovacuum back (long transactions, slots), then VACUUM FREEZE.",
            "达到 100 % 时服务器将拒绝写入。请找出阻碍 autovacuum 的因素（长事务、复制槽），再执行 VACUUM FREEZE。",
        ),
    },
    Check {
        id: "pg-errors",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::SinceStart,
        title: phrase("Deadlocks, conflicts, broken pages", "死锁、冲突与损坏页"),
        ask: &[(
            On::Every,
            "select d.datname || ': ' || k.name as subject, k.value::float8 as value
             from pg_stat_database d
             cross join lateral (values ('deadlocks', d.deadlocks), ('conflicts', d.conflicts),
                                        ('checksum failures', coalesce(d.checksum_failures, 0))) k(name, value)
             where d.datname = current_database() or k.value > 0 order by 2 desc, 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Counted(Unit::Count, |limits| limits.errors),
        advice: phrase(
            "Deadlocks: take locks in one order everywhere. Checksum failures: the disk is suspect, check the last backup now.",
            "死锁：各处按同一顺序加锁。校验和失败：磁盘可疑，请立即核查最近的备份。",
        ),
    },
    Check {
        id: "pg-log-files",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::Window,
        title: phrase("Server log written", "服务器日志写入量"),
        ask: &[(
            On::Every,
            "select name as subject, size::float8 as value, date_trunc('second', modification)::text as detail
             from pg_ls_logdir() where modification >= to_timestamp($1) and modification < to_timestamp($2) order by modification desc",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Told(Unit::Bytes),
        advice: phrase("SQL shows how much was logged, not what: read these files for ERROR, FATAL and PANIC.", "SQL 只能看到日志大小，请在文件中查找 ERROR、FATAL、PANIC。"),
    },
];
