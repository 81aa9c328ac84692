//! Where time goes.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-top-statements",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Statements that took most time", "耗时最多的语句"),
        ask: &[(
            On::Every,
            "select left(regexp_replace(query, '\\s+', ' ', 'g'), 120) as subject, max(mean_exec_time)::float8 as value,
                    sum(calls) || ' calls, ' || round((sum(total_exec_time) / 1000)::numeric, 1) || ' s in all' as detail
             from {statements}.pg_stat_statements group by 1 order by sum(total_exec_time) desc",
        )],
        needs: Need::Sight(Sight::StatementTimes),
        rule: Rule::Over(Unit::Milliseconds, |limits| limits.mean_time),
        advice: phrase("EXPLAIN (ANALYZE, BUFFERS) the first of them.", "请从第一条开始用 EXPLAIN (ANALYZE, BUFFERS) 分析。"),
    },
    Check {
        id: "pg-cache-hits",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Reads answered from memory", "缓存命中率"),
        ask: &[(
            On::Every,
            "select datname::text as subject, (100.0 * blks_hit / (blks_hit + blks_read))::float8 as value,
                    'since ' || coalesce(date_trunc('second', stats_reset), date_trunc('second', pg_postmaster_start_time())) as detail
             from pg_stat_database where datname is not null and blks_hit + blks_read > 100000 order by 2",
        )],
        needs: Need::Nothing,
        rule: Rule::Under(Unit::Percent, |limits| limits.cache_hits),
        advice: phrase("More shared_buffers, or fewer rows read: look for missing indexes.", "增大 shared_buffers，或减少读取行数：检查缺失的索引。"),
    },
    Check {
        id: "pg-rollbacks",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Transactions rolled back", "回滚率"),
        ask: &[(
            On::Every,
            "select datname::text as subject, (100.0 * xact_rollback / (xact_commit + xact_rollback))::float8 as value,
                    xact_rollback || ' of ' || (xact_commit + xact_rollback) as detail
             from pg_stat_database where datname is not null and xact_commit + xact_rollback > 1000 order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("Find the failing statement in the server log.", "请在服务器日志中找出失败的语句。"),
    },
    Check {
        id: "pg-temporary-files",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Temporary files", "临时文件"),
        ask: &[(
            On::Every,
            "select datname::text as subject, temp_bytes::float8 as value, temp_files || ' files' as detail
             from pg_stat_database where datname is not null and temp_bytes > 0 order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Grown(|limits| limits.growth),
        advice: phrase("Sorts and hashes do not fit: more work_mem for the accounts that need it; log_temp_files names them.", "排序与哈希超出内存：为相关账号增大 work_mem，并用 log_temp_files 定位。"),
    },
    Check {
        id: "pg-checkpoints",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Checkpoints forced by the amount of log", "被动触发的检查点"),
        ask: &[
            (
                On::From(170_000),
                "select '' as subject, (100.0 * num_requested / (num_timed + num_requested))::float8 as value,
                        num_requested || ' of ' || (num_timed + num_requested) as detail
                 from pg_stat_checkpointer where num_timed + num_requested >= 20",
            ),
            (
                On::Every,
                "select '' as subject, (100.0 * checkpoints_req / (checkpoints_timed + checkpoints_req))::float8 as value,
                        checkpoints_req || ' of ' || (checkpoints_timed + checkpoints_req) as detail
                 from pg_stat_bgwriter where checkpoints_timed + checkpoints_req >= 20",
            ),
        ],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("Raise max_wal_size.", "请增大 max_wal_size。"),
    },
    Check {
        id: "pg-sequential-scans",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Large tables read whole, again and again", "频繁全表扫描的大表"),
        ask: &[(
            On::Every,
            "select schemaname || '.' || relname as subject, seq_scan::float8 as value,
                    seq_tup_read || ' rows read, index scans ' || coalesce(idx_scan, 0) as detail
             from pg_stat_user_tables
             where seq_scan > 100 and n_live_tup > 100000 and seq_scan > coalesce(idx_scan, 0) order by seq_tup_read desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("Which statement asks for it, and which index would serve it?", "是哪条语句引起的？需要什么索引？"),
    },
];
