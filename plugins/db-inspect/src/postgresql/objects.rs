//! Tables, indexes and sequences of the database that was connected to.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-no-primary-key",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables without primary key", "没有主键的表"),
        ask: &[(
            On::Every,
            "select n.nspname || '.' || c.relname as subject, pg_total_relation_size(c.oid)::float8 as value
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
               and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
               and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p') order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Bytes),
        advice: phrase("Give it one: rows cannot be told apart, and logical replication cannot update them.", "请添加主键：否则无法区分各行，逻辑复制也无法更新。"),
    },
    Check {
        id: "pg-unused-indexes",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::SinceStart,
        title: phrase("Indexes never used", "从未使用的索引"),
        ask: &[(
            On::Every,
            "select s.schemaname || '.' || s.indexrelname as subject, pg_relation_size(s.indexrelid)::float8 as value,
                    'on ' || s.relname as detail
             from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
             where s.idx_scan = 0 and not i.indisunique and not i.indisreplident and i.indisvalid
               and not exists (select from pg_constraint k where k.conindid = s.indexrelid) order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::EachFrom(Severity::Notice, Unit::Bytes, |limits| limits.index_from),
        advice: phrase(
            "Drop it if replicas do not use it either and the statistics are old enough to include the rare queries.",
            "若从库也不使用、且统计时间足够长已涵盖少见查询，可删除该索引。",
        ),
    },
    Check {
        id: "pg-duplicate-indexes",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Indexes that say the same", "重复的索引"),
        ask: &[(
            On::Every,
            "select min(n.nspname || '.' || t.relname) as subject, sum(pg_relation_size(i.indexrelid))::float8 as value,
                    string_agg(c.relname, ', ' order by c.relname) as detail
             from pg_index i
             join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
             join pg_namespace n on n.oid = t.relnamespace
             where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
             group by i.indrelid, c.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
                      coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), coalesce(pg_get_expr(i.indpred, i.indrelid), '')
             having count(*) > 1 order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Bytes),
        advice: phrase("Keep the one that a constraint needs and drop the others.", "保留约束所需的一个，删除其余的。"),
    },
    Check {
        id: "pg-invalid-indexes",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Invalid indexes", "无效的索引"),
        ask: &[(
            On::Every,
            "select n.nspname || '.' || c.relname as subject, pg_relation_size(c.oid)::float8 as value, 'on ' || t.relname as detail
             from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
             join pg_namespace n on n.oid = c.relnamespace where not i.indisvalid and c.relkind = 'i' order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Bytes),
        advice: phrase("CREATE INDEX CONCURRENTLY went wrong: REINDEX INDEX CONCURRENTLY, or drop it.", "CREATE INDEX CONCURRENTLY 失败所致：请 REINDEX INDEX CONCURRENTLY 或删除。"),
    },
    Check {
        id: "pg-sequences",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Sequences near their end", "接近上限的序列"),
        ask: &[(
            On::Every,
            "select * from (
               select s.schemaname || '.' || s.sequencename as subject,
                      100.0 * s.last_value / least(s.max_value::float8,
                        case t.typname when 'int2' then 32767 when 'int4' then 2147483647 else 9223372036854775807 end) as value,
                      concat_ws('.', d.refobjid::regclass::text, a.attname) as detail,
                      case when not has_sequence_privilege(c.oid, 'usage, select') then 'permission denied' end as hidden
               from pg_sequences s
               join pg_class c on c.relname = s.sequencename and c.relnamespace = to_regnamespace(quote_ident(s.schemaname))
               left join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass
                    and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
               left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
               left join pg_type t on t.oid = a.atttypid
               where s.increment_by > 0) used
             where value >= 10 or hidden is not null order by hidden nulls first, 2 desc",
        )],
        needs: Need::Grant("GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO …;"),
        rule: Rule::Over(Unit::Percent, |limits| limits.used_up),
        advice: phrase("Make the column bigint before the last number is given away.", "请在号码用尽前将该列改为 bigint。"),
    },
    Check {
        id: "pg-dead-rows",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables with many dead rows", "死元组较多的表"),
        ask: &[(
            On::Every,
            "select schemaname || '.' || relname as subject, (100.0 * n_dead_tup / (n_live_tup + n_dead_tup))::float8 as value,
                    n_dead_tup || ' dead, last vacuum '
                      || coalesce(date_trunc('second', greatest(last_vacuum, last_autovacuum))::text, 'never') as detail
             from pg_stat_user_tables where n_dead_tup >= 1000 order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Over(Unit::Percent, |limits| limits.bloat),
        advice: phrase("VACUUM it; if that does not help, a long transaction or a slot holds the rows.", "执行 VACUUM；若无效，说明有长事务或复制槽占住这些行。"),
    },
    Check {
        id: "pg-stale-statistics",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Tables whose statistics are stale", "统计信息陈旧的表"),
        ask: &[(
            On::Every,
            "select schemaname || '.' || relname as subject, n_mod_since_analyze::float8 as value,
                    'last analyze ' || coalesce(date_trunc('second', greatest(last_analyze, last_autoanalyze))::text, 'never') as detail
             from pg_stat_user_tables
             where n_mod_since_analyze >= greatest(10000, n_live_tup / 2) order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("ANALYZE it, and lower autovacuum_analyze_scale_factor for it.", "执行 ANALYZE，并为该表调低 autovacuum_analyze_scale_factor。"),
    },
    Check {
        id: "pg-foreign-keys",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Foreign keys without index", "缺少索引的外键"),
        ask: &[(
            On::Every,
            "select k.conrelid::regclass::text as subject, pg_relation_size(k.conrelid)::float8 as value, k.conname as detail
             from pg_constraint k
             where k.contype = 'f' and pg_relation_size(k.conrelid) > 1048576
               and not exists (select from pg_index i where i.indrelid = k.conrelid
                               and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey) order by 2 desc",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Bytes),
        advice: phrase("Index these columns: a delete in the other table reads this one whole.", "请为这些列建索引：在被引用表中删除会全表扫描此表。"),
    },
    Check {
        id: "pg-not-valid",
        level: Level::Weekly,
        area: Area::Objects,
        covers: Covers::Now,
        title: phrase("Constraints and triggers out of force", "未生效的约束与触发器"),
        ask: &[(
            On::Every,
            "select conrelid::regclass::text as subject, null::float8 as value, conname || ' not valid' as detail
             from pg_constraint where not convalidated and conrelid <> 0
             union all
             select tgrelid::regclass::text, null, tgname || ' disabled' from pg_trigger where tgenabled = 'D' order by 1, 3",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("VALIDATE CONSTRAINT or ENABLE TRIGGER, unless it is meant to be so.", "若非有意为之，请执行 VALIDATE CONSTRAINT 或 ENABLE TRIGGER。"),
    },
];
