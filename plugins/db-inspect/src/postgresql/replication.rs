//! Standbys, slots and subscriptions.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-replicas",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("Replicas behind", "从库延迟"),
        ask: &[(
            On::Every,
            "select coalesce(nullif(application_name, ''), 'pid ' || pid) || coalesce(' ' || client_addr, '') as subject,
                    coalesce(extract(epoch from replay_lag), 0)::float8 as value, concat_ws(' · ', state, sync_state) as detail
             from pg_stat_replication order by 2 desc",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Over(Unit::Seconds, |limits| limits.lag),
        advice: phrase("Look at the replica's load and the line between the two.", "请检查从库负载及两者之间的网络。"),
    },
    Check {
        id: "pg-standby",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("This standby behind", "本备库延迟"),
        ask: &[(
            On::Every,
            "select 'replay' as subject,
                    (case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
                          else extract(epoch from now() - pg_last_xact_replay_timestamp()) end)::float8 as value
             where pg_is_in_recovery()",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Seconds, |limits| limits.lag),
        advice: phrase("Look at long queries on the standby and at its disk.", "请检查备库上的长查询及其磁盘。"),
    },
    Check {
        id: "pg-slots",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("Log kept back by slots", "复制槽保留的日志"),
        ask: &[(
            On::Every,
            "select slot_name::text as subject,
                    coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
                                                  else pg_current_wal_lsn() end, restart_lsn), 0)::float8 as value,
                    concat_ws(' · ', slot_type, case when active then 'active' else 'inactive' end, wal_status) as detail
             from pg_replication_slots order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Bytes, |limits| limits.kept_back),
        advice: phrase("Drop slots that nobody reads; set max_slot_wal_keep_size.", "删除无人读取的复制槽，并设置 max_slot_wal_keep_size。"),
    },
    Check {
        id: "pg-idle-slots",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("Slots nobody reads", "无人读取的复制槽"),
        ask: &[(
            On::Every,
            "select slot_name::text as subject, null::float8 as value, slot_type as detail from pg_replication_slots where not active",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("Bring its reader back, or drop the slot before the disk is full.", "恢复其读取方，或在磁盘写满前删除该槽。"),
    },
    Check {
        id: "pg-subscriptions",
        level: Level::Daily,
        area: Area::Replication,
        covers: Covers::Now,
        title: phrase("Subscriptions without a worker", "没有工作进程的订阅"),
        ask: &[(
            On::Every,
            "select subname::text as subject, null::float8 as value, '' as detail from pg_stat_subscription
             group by subname having bool_and(pid is null)",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("It is disabled, or it fails again and again: read the server log.", "订阅被禁用或反复失败，请查看服务器日志。"),
    },
];
