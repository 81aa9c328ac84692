//! Sessions: how many there are, how long they hold, what they wait for.

use crate::check::{Area, Check, Covers, Need, On};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-connections",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Connections in use", "连接使用率"),
        ask: &[(
            On::Every,
            "select case lower(s.variable_name) when 'threads_connected' then 'now' else 'highest since start' end as subject,
                    100.0 * s.variable_value / v.variable_value as value, concat(s.variable_value, ' / ', v.variable_value) as detail
             from {status} s join {variables} v on lower(v.variable_name) = 'max_connections'
             where lower(s.variable_name) in ('threads_connected', 'max_used_connections') order by 1 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.connections),
        advice: phrase("Close idle sessions or put a pooler in front before raising max_connections.", "在提高 max_connections 之前，先关闭空闲会话或引入连接池。"),
    },
    Check {
        id: "my-long-transactions",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Long transactions", "长事务"),
        ask: &[(
            On::Every,
            "select concat('thread ', t.trx_mysql_thread_id, ' ', coalesce(concat(p.user, '@', p.host), '')) as subject,
                    timestampdiff(second, t.trx_started, now()) as value,
                    concat_ws(' · ', lower(t.trx_state), p.db, concat(t.trx_rows_modified, ' rows changed'), left(t.trx_query, 160)) as detail
             from information_schema.innodb_trx t left join information_schema.processlist p on p.id = t.trx_mysql_thread_id
             where t.trx_mysql_thread_id <> connection_id() order by t.trx_started",
        )],
        needs: Need::Sight(Sight::Processes),
        rule: Rule::Over(Unit::Seconds, |limits| limits.transaction),
        advice: phrase("They keep old row versions alive and locks held. Find out who forgot to commit.", "长事务会保留旧版本行并持有锁。请查明是谁忘记提交。"),
    },
    Check {
        id: "my-waiting",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Waiting for locks", "锁等待"),
        ask: &[(
            On::Every,
            "select concat('thread ', trx_mysql_thread_id) as subject, timestampdiff(second, trx_wait_started, now()) as value,
                    left(trx_query, 160) as detail
             from information_schema.innodb_trx where trx_wait_started is not null order by trx_wait_started",
        )],
        needs: Need::Sight(Sight::Processes),
        rule: Rule::Over(Unit::Seconds, |limits| limits.waiting),
        advice: phrase("Look at the longest transaction first: it is likely in front.", "请先检查最长的事务，它很可能就是阻塞者。"),
    },
    Check {
        id: "my-long-statements",
        level: Level::Daily,
        area: Area::Statements,
        covers: Covers::Now,
        title: phrase("Statements running long", "长时间运行的语句"),
        ask: &[(
            On::Every,
            "select concat('thread ', id, ' ', user, '@', host) as subject, time as value,
                    concat_ws(' · ', db, state, left(info, 160)) as detail
             from information_schema.processlist
             where command in ('Query', 'Execute') and id <> connection_id() and user <> 'system user' order by time desc",
        )],
        needs: Need::Sight(Sight::Processes),
        rule: Rule::Over(Unit::Seconds, |limits| limits.statement),
        advice: phrase("EXPLAIN it, and set max_statement_time (MariaDB) or max_execution_time (MySQL).", "用 EXPLAIN 分析，并设置 max_statement_time（MariaDB）或 max_execution_time（MySQL）。"),
    },
    Check {
        id: "my-history",
        level: Level::Daily,
        area: Area::Connections,
        covers: Covers::Now,
        title: phrase("Old row versions not yet purged", "尚未清理的旧版本行"),
        ask: &[(
            On::Every,
            "select '' as subject, count as value, name as detail from information_schema.innodb_metrics where name = 'trx_rseg_history_len'",
        )],
        needs: Need::Sight(Sight::Processes),
        rule: Rule::Over(Unit::Count, |limits| limits.history),
        advice: phrase("A long transaction holds them.", "由长事务占用所致。"),
    },
];
