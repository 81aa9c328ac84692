//! How large it is and how it grows.

use crate::check::{Area, Check, Covers, Need, On};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-database-size",
        level: Level::Daily,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Databases", "数据库大小"),
        ask: &[(
            On::Every,
            "select datname::text as subject, pg_database_size(oid)::float8 as value
             from pg_database where datallowconn and not datistemplate order by 2 desc",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Grown(|limits| limits.growth),
        advice: phrase(
            "Find the table that grows (weekly inspections name them) and look at the room left on the disk.",
            "找出增长的表（周巡检会列出），并检查磁盘剩余空间。",
        ),
    },
    Check {
        id: "pg-wal-size",
        level: Level::Daily,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Write-ahead log on disk", "磁盘上的预写日志"),
        ask: &[(
            On::Every,
            "select '' as subject, sum(size)::float8 as value, count(*) || ' files' as detail from pg_ls_waldir()",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Told(Unit::Bytes),
        advice: phrase("", ""),
    },
    Check {
        id: "pg-table-size",
        level: Level::Weekly,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Largest tables", "最大的表"),
        ask: &[(
            On::Every,
            "select s.schemaname || '.' || s.relname as subject, pg_total_relation_size(s.relid)::float8 as value,
                    s.n_live_tup || ' rows, indexes ' || pg_size_pretty(pg_indexes_size(s.relid)) as detail
             from pg_stat_user_tables s order by 2 desc nulls last",
        )],
        needs: Need::Nothing,
        rule: Rule::Grown(|limits| limits.growth),
        advice: phrase(
            "Ask whether it should be kept, cut into partitions, or tidied.",
            "考虑是否需要保留、分区或清理。",
        ),
    },
    Check {
        id: "pg-tablespaces",
        level: Level::Monthly,
        area: Area::Platform,
        covers: Covers::Now,
        title: phrase("Tablespaces", "表空间"),
        ask: &[(
            On::Every,
            "select spcname::text as subject, pg_tablespace_size(oid)::float8 as value,
                    coalesce(nullif(pg_tablespace_location(oid), ''), 'data directory') as detail
             from pg_tablespace order by 2 desc",
        )],
        needs: Need::Sight(Sight::Monitor),
        rule: Rule::Told(Unit::Bytes),
        advice: phrase("", ""),
    },
];
