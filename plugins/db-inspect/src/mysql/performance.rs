//! Where time goes.

use crate::check::{Area, Check, Covers, Need, On};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

/// One counter in percent of another, where there is enough of it to speak of.
macro_rules! share {
    ($part:literal of $whole:literal from $enough:literal) => {
        concat!(
            "select '' as subject, 100.0 * p.variable_value / w.variable_value as value,
                    concat(p.variable_value, ' of ', w.variable_value) as detail
             from {status} p join {status} w on lower(w.variable_name) = '",
            $whole,
            "'
             where lower(p.variable_name) = '",
            $part,
            "' and w.variable_value >= ",
            $enough
        )
    };
}

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-top-statements",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::Window,
        title: phrase("Statements that took most time", "耗时最多的语句"),
        ask: &[(
            On::Every,
            "select left(digest_text, 120) as subject, avg_timer_wait / 1000000000 as value,
                    concat(count_star, ' calls since ', first_seen, ', ', round(sum_timer_wait / 1000000000000, 1), ' s in all') as detail
             from performance_schema.events_statements_summary_by_digest
             where digest_text is not null and unix_timestamp(last_seen) >= ? and unix_timestamp(first_seen) < ?
             order by sum_timer_wait desc",
        )],
        needs: Need::Sight(Sight::Instruments),
        rule: Rule::Over(Unit::Milliseconds, |limits| limits.mean_time),
        advice: phrase("EXPLAIN ANALYZE the first of them. Times are those since it was first seen.", "请从第一条开始用 EXPLAIN ANALYZE 分析。耗时自首次出现起累计。"),
    },
    Check {
        id: "my-cache-hits",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Reads answered from memory", "缓冲池命中率"),
        ask: &[(
            On::Every,
            "select '' as subject, 100.0 * (1 - d.variable_value / r.variable_value) as value,
                    concat(d.variable_value, ' of ', r.variable_value, ' from disk') as detail
             from {status} d join {status} r on lower(r.variable_name) = 'innodb_buffer_pool_read_requests'
             where lower(d.variable_name) = 'innodb_buffer_pool_reads' and r.variable_value >= 100000",
        )],
        needs: Need::Nothing,
        rule: Rule::Under(Unit::Percent, |limits| limits.cache_hits),
        advice: phrase("A larger innodb_buffer_pool_size, or fewer rows read: look for missing indexes.", "增大 innodb_buffer_pool_size，或减少读取行数：检查缺失的索引。"),
    },
    Check {
        id: "my-disk-tables",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Temporary tables on disk", "磁盘临时表"),
        ask: &[(On::Every, share!("created_tmp_disk_tables" of "created_tmp_tables" from 1000))],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("Larger tmp_table_size and max_heap_table_size; fewer text columns in sorted results.", "增大 tmp_table_size 与 max_heap_table_size；减少排序结果中的大文本列。"),
    },
    Check {
        id: "my-full-joins",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Joins without index", "未使用索引的连接"),
        ask: &[(On::Every, share!("select_full_join" of "com_select" from 1000))],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("log_queries_not_using_indexes names them.", "可用 log_queries_not_using_indexes 定位。"),
    },
    Check {
        id: "my-sorts",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Sorts that did not fit into memory", "超出内存的排序"),
        ask: &[(On::Every, share!("sort_merge_passes" of "sort_scan" from 1000))],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("A larger sort_buffer_size for the sessions that need it, or an index in the order asked for.", "为相关会话增大 sort_buffer_size，或按所需顺序建索引。"),
    },
    Check {
        id: "my-new-threads",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Connections that needed a new thread", "需新建线程的连接"),
        ask: &[(On::Every, share!("threads_created" of "connections" from 1000))],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("A larger thread_cache_size, or a pooler in front.", "增大 thread_cache_size，或引入连接池。"),
    },
    Check {
        id: "my-binlog-disk",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Transactions too large for the log's cache", "超出二进制日志缓存的事务"),
        ask: &[(On::Every, share!("binlog_cache_disk_use" of "binlog_cache_use" from 1000))],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.rare),
        advice: phrase("A larger binlog_cache_size.", "请增大 binlog_cache_size。"),
    },
    Check {
        id: "my-row-locks",
        level: Level::Yearly,
        area: Area::Performance,
        covers: Covers::SinceStart,
        title: phrase("Mean wait for a row lock", "行锁平均等待"),
        ask: &[(
            On::Every,
            "select '' as subject, cast(variable_value as signed) as value from {status} where lower(variable_name) = 'innodb_row_lock_time_avg'",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Milliseconds, |limits| limits.mean_time),
        advice: phrase("Shorter transactions, and one order of locks everywhere.", "缩短事务，各处按同一顺序加锁。"),
    },
];
