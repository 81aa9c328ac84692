//! Tables, indexes and numbers of all databases this account may see.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::server::Sight;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-no-primary-key",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables without primary key", "没有主键的表"),
        ask: &[(
            On::Every,
            "select concat(t.table_schema, '.', t.table_name) as subject, cast(t.data_length + t.index_length as signed) as value,
                    t.engine as detail
             from information_schema.tables t
             left join information_schema.table_constraints k on k.table_schema = t.table_schema and k.table_name = t.table_name
                  and k.constraint_type = 'PRIMARY KEY'
             where t.table_type = 'BASE TABLE' and k.constraint_type is null
               and t.table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by 2 desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Each(Severity::Warning, Unit::Bytes),
        advice: phrase("Give it one: InnoDB hides a key of its own, and replicas read the whole table for each row.", "请添加主键：InnoDB 会使用隐藏主键，从库更新每行都要全表扫描。"),
    },
    Check {
        id: "my-other-engines",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables that are not InnoDB", "非 InnoDB 表"),
        ask: &[(
            On::Every,
            "select concat(table_schema, '.', table_name) as subject, cast(data_length + index_length as signed) as value, engine as detail
             from information_schema.tables
             where table_type = 'BASE TABLE' and engine not in ('InnoDB', 'RocksDB', 'ColumnStore')
               and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by 2 desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Each(Severity::Warning, Unit::Bytes),
        advice: phrase("No transactions, and broken after a crash: ALTER TABLE … ENGINE = InnoDB.", "不支持事务且崩溃后易损坏：请 ALTER TABLE … ENGINE = InnoDB。"),
    },
    Check {
        id: "my-unused-indexes",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::SinceStart,
        title: phrase("Indexes never used", "从未使用的索引"),
        ask: &[
            (
                On::MariaDb,
                "select concat(i.table_schema, '.', i.table_name, '.', i.index_name) as subject, cast(t.index_length as signed) as value,
                        concat('on (', i.columns, '); the size is that of all indexes of the table') as detail
                 from (select table_schema, table_name, index_name, group_concat(column_name order by seq_in_index) as columns
                       from information_schema.statistics
                       where non_unique = 1 and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys')
                       group by table_schema, table_name, index_name) i
                 left join information_schema.index_statistics u on u.table_schema = i.table_schema
                      and u.table_name = i.table_name and u.index_name = i.index_name
                 join information_schema.tables t on t.table_schema = i.table_schema and t.table_name = i.table_name
                 where u.rows_read is null order by 2 desc, 1",
            ),
            (
                On::MySql,
                "select distinct concat(u.object_schema, '.', u.object_name, '.', u.index_name) as subject,
                        cast(t.index_length as signed) as value, 'the size is that of all indexes of the table' as detail
                 from performance_schema.table_io_waits_summary_by_index_usage u
                 join information_schema.statistics i on i.table_schema = u.object_schema and i.table_name = u.object_name
                      and i.index_name = u.index_name and i.non_unique = 1
                 join information_schema.tables t on t.table_schema = u.object_schema and t.table_name = u.object_name
                 where u.count_star = 0 and u.object_schema not in ('performance_schema', 'mysql', 'sys') order by 2 desc, 1",
            ),
        ],
        needs: Need::Sight(Sight::IndexUse),
        rule: Rule::EachFrom(Severity::Notice, Unit::Bytes, |limits| limits.index_from),
        advice: phrase("Drop it if the server has run long enough to have seen the rare queries.", "若服务器运行时间足够长、已涵盖少见查询，可删除该索引。"),
    },
    Check {
        id: "my-duplicate-indexes",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Indexes that another one contains", "被其他索引覆盖的索引"),
        ask: &[(
            On::Every,
            "select concat(a.table_schema, '.', a.table_name, '.', a.index_name) as subject, null as value,
                    concat('(', a.columns, ') is the beginning of ', b.index_name, ' (', b.columns, ')') as detail
             from (select table_schema, table_name, index_name, non_unique,
                          group_concat(concat(column_name, coalesce(sub_part, '')) order by seq_in_index) as columns
                   from information_schema.statistics where index_type = 'BTREE' group by 1, 2, 3, 4) a
             join (select table_schema, table_name, index_name,
                          group_concat(concat(column_name, coalesce(sub_part, '')) order by seq_in_index) as columns
                   from information_schema.statistics where index_type = 'BTREE' group by 1, 2, 3) b
               on b.table_schema = a.table_schema and b.table_name = a.table_name and b.index_name <> a.index_name
              and concat(b.columns, ',') like concat(a.columns, ',%')
             where a.non_unique = 1 and (a.columns <> b.columns or a.index_name > b.index_name)
               and a.table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by 1",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("Drop the shorter one.", "请删除较短的索引。"),
    },
    Check {
        id: "my-auto-increment",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Auto increment near its end", "接近上限的自增列"),
        ask: &[(
            On::Every,
            "select concat(t.table_schema, '.', t.table_name, '.', c.column_name) as subject,
                    100.0 * t.auto_increment / (case c.data_type when 'tinyint' then 127 when 'smallint' then 32767
                      when 'mediumint' then 8388607 when 'int' then 2147483647 else 9223372036854775807 end
                      * case when c.column_type like '%unsigned%' then 2 else 1 end) as value,
                    concat(c.column_type, ', next is ', t.auto_increment) as detail
             from information_schema.tables t
             join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
                  and c.extra like '%auto_increment%'
             where t.auto_increment is not null and t.table_schema not in ('mysql', 'sys', 'performance_schema', 'information_schema')
             having value >= 10 order by 2 desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Over(Unit::Percent, |limits| limits.used_up),
        advice: phrase("Make the column bigint unsigned before the last number is given away.", "请在号码用尽前将该列改为 bigint unsigned。"),
    },
    Check {
        id: "my-changed-tables",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Window,
        title: phrase("Tables created or altered", "新建或变更的表"),
        ask: &[(
            On::Every,
            "select concat(table_schema, '.', table_name) as subject, null as value, concat(create_time, '') as detail
             from information_schema.tables
             where unix_timestamp(create_time) >= ? and unix_timestamp(create_time) < ?
               and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by create_time desc",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Told(Unit::Count),
        advice: phrase("", ""),
    },
    Check {
        id: "my-character-sets",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables that cannot hold all characters", "无法存储全部字符的表"),
        ask: &[(
            On::Every,
            "select concat(table_schema, '.', table_name) as subject, null as value, table_collation as detail
             from information_schema.tables
             where table_type = 'BASE TABLE' and table_collation not like 'utf8mb4%' and table_collation <> 'binary'
               and table_schema not in ('information_schema', 'performance_schema', 'mysql', 'sys') order by 1",
        )],
        needs: Need::Sight(Sight::Tables),
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4.", "请 ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4。"),
    },
];
