//! Sessions: how many there are, how long they hold, what they wait for.

use crate::check::{Area, Check, Covers, Need, On};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-connections",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Connections in use", "连接使用率"),
        ask: &[(
            On::Every,
            "select '' as subject, (100.0 * count(*) / current_setting('max_connections')::int)::float8 as value,
                    count(*) || ' / ' || current_setting('max_connections') as detail
             from pg_stat_activity where backend_type = 'client backend'",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Over(Unit::Percent, |limits| limits.connections),
        advice: phrase("Close idle sessions or put a pooler in front before raising max_connections.", "在提高 max_connections 之前，先关闭空闲会话或引入连接池。"),
    },
    Check {
        id: "pg-long-transactions",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Long transactions", "长事务"),
        ask: &[(
            On::Every,
            "select 'pid ' || pid || ' ' || coalesce(usename, '') || '@' || coalesce(datname, '') as subject,
                    extract(epoch from clock_timestamp() - xact_start)::float8 as value,
                    concat_ws(' · ', state, nullif(application_name, ''), left(query, 160)) as detail
             from pg_stat_activity
             where xact_start is not null and backend_type = 'client backend' and pid <> pg_backend_pid() order by xact_start",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Over(Unit::Seconds, |limits| limits.transaction),
        advice: phrase(
            "They keep dead rows alive and locks held. Find out who forgot to commit; set idle_in_transaction_session_timeout.",
            "长事务会阻止死元组清理并持有锁。请查明是谁忘记提交，并设置 idle_in_transaction_session_timeout。",
        ),
    },
    Check {
        id: "pg-waiting",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Waiting for locks", "锁等待"),
        ask: &[(
            On::Every,
            "select 'pid ' || pid || ' ' || coalesce(usename, '') || '@' || coalesce(datname, '') as subject,
                    extract(epoch from clock_timestamp() - coalesce(state_change, query_start))::float8 as value,
                    'behind pid ' || array_to_string(pg_blocking_pids(pid), ', ') || ' · ' || left(query, 160) as detail
             from pg_stat_activity where wait_event_type = 'Lock' order by 2 desc",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Over(Unit::Seconds, |limits| limits.waiting),
        advice: phrase("Look at the session in front first.", "请先检查造成阻塞的会话。"),
    },
    Check {
        id: "pg-prepared-transactions",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Prepared transactions left behind", "遗留的两阶段事务"),
        ask: &[(
            On::Every,
            "select gid as subject, extract(epoch from clock_timestamp() - prepared)::float8 as value, owner || '@' || database as detail
             from pg_prepared_xacts order by prepared",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Seconds, |limits| limits.transaction),
        advice: phrase("COMMIT PREPARED or ROLLBACK PREPARED, whichever its coordinator decided.", "按协调者的决定执行 COMMIT PREPARED 或 ROLLBACK PREPARED。"),
    },
    Check {
        id: "pg-long-statements",
        level: Level::Daily,
        area: Area::Statements,
        covers: Covers::Now,
        title: phrase("Statements running long", "长时间运行的语句"),
        ask: &[(
            On::Every,
            "select 'pid ' || pid || ' ' || coalesce(usename, '') || '@' || coalesce(datname, '') as subject,
                    extract(epoch from clock_timestamp() - query_start)::float8 as value, left(query, 160) as detail
             from pg_stat_activity
             where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid() order by query_start",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Over(Unit::Seconds, |limits| limits.statement),
        advice: phrase("EXPLAIN it, and give its account a statement_timeout.", "用 EXPLAIN 分析该语句，并为其账号设置 statement_timeout。"),
    },
];
