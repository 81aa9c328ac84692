//! How large it is and how it grows.

use crate::check::{Area, Check, Covers, Need, On};
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-database-size",
        level: Level::Daily,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Databases", "数据库大小"),
        ask: &[(
            On::Every,
            "select table_schema as subject, cast(sum(data_length + index_length) as signed) as value,
                    concat(count(*), ' tables') as detail
             from information_schema.tables where table_type = 'BASE TABLE'
               and table_schema not in ('information_schema', 'performance_schema') group by table_schema order by 2 desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Grown(|limits| limits.growth),
        advice: phrase("Find the table that grows (weekly inspections name them) and look at the room left on the disk.", "找出增长的表（周巡检会列出），并检查磁盘剩余空间。"),
    },
    Check {
        id: "my-table-size",
        level: Level::Weekly,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Largest tables", "最大的表"),
        ask: &[(
            On::Every,
            "select concat(table_schema, '.', table_name) as subject, cast(data_length + index_length as signed) as value,
                    concat('about ', table_rows, ' rows, ', engine) as detail
             from information_schema.tables where table_type = 'BASE TABLE'
               and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by 2 desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Grown(|limits| limits.growth),
        advice: phrase("Ask whether it should be kept, cut into partitions, or tidied.", "考虑是否需要保留、分区或清理。"),
    },
    Check {
        id: "my-free-space",
        level: Level::Weekly,
        area: Area::Sizes,
        covers: Covers::Now,
        title: phrase("Free space inside tables", "表内空闲空间"),
        ask: &[(
            On::Every,
            "select concat(table_schema, '.', table_name) as subject,
                    100.0 * data_free / (data_length + index_length + data_free) as value,
                    concat(round(data_free / 1048576), ' MiB free') as detail
             from information_schema.tables
             where table_type = 'BASE TABLE' and data_free > 104857600
               and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by data_free desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Over(Unit::Percent, |limits| limits.bloat),
        advice: phrase("OPTIMIZE TABLE gives it back; it writes the table anew.", "OPTIMIZE TABLE 可回收空间（会重建整张表）。"),
    },
    Check {
        id: "my-disks",
        level: Level::Monthly,
        area: Area::Platform,
        covers: Covers::Now,
        title: phrase("Disks", "磁盘"),
        ask: &[(
            On::MariaDb,
            "select distinct path as subject, 100.0 * used / total as value, concat(disk, ', ', round(available / 1048576, 1), ' GiB free') as detail
             from information_schema.disks where total > 0 order by 2 desc",
        )],
        needs: Need::Sight(Sight::Disks),
        rule: Rule::Over(Unit::Percent, |limits| limits.disk),
        advice: phrase("Make room before the server stops writing.", "请在服务器无法写入前腾出空间。"),
    },
];
