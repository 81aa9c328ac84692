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
        title: phrase("Deadlocks and cancelled queries", "死锁与冲突"),
        ask: &[(
            On::Every,
            "select d.datname || ': ' || k.name as subject, k.value::float8 as value
             from pg_stat_database d
             cross join lateral (values ('deadlocks', d.deadlocks), ('recovery conflicts', d.conflicts)) k(name, value)
             where d.datname = current_database() or (d.datname is not null and k.value > 0) order by 2 desc, 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Counted(Unit::Count, |limits| limits.errors),
        advice: phrase(
            "Deadlocks: take locks in one order everywhere. The server log shows who met whom.",
            "死锁：各处按同一顺序加锁。服务器日志中有冲突双方的记录。",
        ),
    },
    Check {
        id: "pg-broken-pages",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::SinceStart,
        title: phrase("Broken pages", "损坏的数据页"),
        ask: &[(
            On::Every,
            "select coalesce(datname::text, 'shared') as subject, checksum_failures::float8 as value,
                    'last at ' || date_trunc('second', checksum_last_failure) as detail
             from pg_stat_database where checksum_failures > 0 order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Critical, Unit::Count),
        advice: phrase("The disk is suspect: try the newest backup elsewhere now.", "磁盘可疑：请立即在别处验证最近的备份。"),
    },
    Check {
        id: "pg-log-files",
        level: Level::Daily,
        area: Area::Errors,
        covers: Covers::Window,
        title: phrase("Server log written", "服务器日志写入量"),
        ask: &[(
            On::Every,
            "select 'log' as subject, null::float8 as value, null as detail,
                    'it goes to the journal or to standard error, not to files of the server' as hidden
             where current_setting('logging_collector') = 'off'
             union all
             (select name, size::float8, date_trunc('second', modification)::text, null
              from pg_ls_logdir()
              where current_setting('logging_collector') = 'on'
                and modification >= to_timestamp($1) and modification < to_timestamp($2) order by modification desc)",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Told(Unit::Bytes),
        advice: phrase("SQL shows how much was logged, not what: look there for ERROR, FATAL and PANIC.", "SQL 只能看到日志大小，请在日志中查找 ERROR、FATAL、PANIC。"),
    },
];
