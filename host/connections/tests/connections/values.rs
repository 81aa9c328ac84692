//! What goes in comes out.

use chrono::DateTime;
use noontide_domain::{SqlDialect, SqlValue};

use super::stage::{Stage, text};

const DIALECTS: [SqlDialect; 3] = [SqlDialect::Sqlite, SqlDialect::Postgresql, SqlDialect::Mysql];

fn instant() -> SqlValue {
    SqlValue::Instant(DateTime::from_timestamp_micros(1_769_846_400_123_456).expect("an instant"))
}

#[tokio::test]
async fn every_kind_of_value_comes_back_from_a_table_as_it_was_bound() {
    let sent = vec![
        SqlValue::Null,
        SqlValue::Integer(i64::MIN),
        SqlValue::Float(0.1),
        text("it's `\"; -- 日本 \\"),
        SqlValue::Bytes(vec![0, 255, 39]),
        instant(),
    ];
    for dialect in DIALECTS {
        let stage = Stage::of(dialect);
        let (create, insert) = match dialect {
            SqlDialect::Postgresql => (
                "create table every_kind (id int, n int8, f float8, t text, b bytea, i timestamptz)",
                "insert into every_kind values ($1, $2, $3, $4, $5, $6)",
            ),
            SqlDialect::Mysql => (
                "create table every_kind (id int, n bigint, f double, t text, b blob, i datetime(6))",
                "insert into every_kind values (?, ?, ?, ?, ?, ?)",
            ),
            SqlDialect::Sqlite => (
                "create table every_kind (id int, n bigint, f real, t text, b blob, i datetime)",
                "insert into every_kind values (?, ?, ?, ?, ?, ?)",
            ),
        };
        stage.execute(create, &[]).await.unwrap_or_else(|error| panic!("{dialect:?}: {error}"));
        assert_eq!(stage.execute(insert, &sent).await, Ok(1), "{dialect:?}");
        let found = stage.query("select id, n, f, t, b, i from every_kind", &[]).await.expect("rows");
        assert_eq!(found.rows, std::slice::from_ref(&sent), "{dialect:?}");
        let names: Vec<_> = found.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "n", "f", "t", "b", "i"]);
        let none = stage.query("select id, n from every_kind where n = 7", &[]).await.expect("no rows");
        assert_eq!((none.rows.len(), none.columns.len()), (0, 2), "{dialect:?}: no rows have columns too");
    }
}

#[tokio::test]
async fn postgresql_writes_out_what_has_no_kind_of_its_own() {
    let stage = Stage::of(SqlDialect::Postgresql);
    for (expression, wanted) in [
        ("1.50::numeric", text("1.50")),
        ("18446744073709551616::numeric", text("18446744073709551616")),
        ("'0a0b0c0d-0000-0000-0000-000000000001'::uuid", text("0a0b0c0d-0000-0000-0000-000000000001")),
        ("'{\"a\": 1}'::jsonb", text("{\"a\": 1}")),
        ("'{\"a\":1}'::json", text("{\"a\":1}")),
        ("'2026-01-31'::date", text("2026-01-31")),
        ("'08:00:01'::time", text("08:00:01")),
        ("'1 day 2 hours'::interval", text("1 day 02:00:00")),
        ("array[1,2,null]", text("{1,2,NULL}")),
        ("'10.0.0.1/8'::inet", text("10.0.0.1/8")),
        ("'2026-01-31 08:00:00.123456'::timestamp", instant()),
        ("'2026-01-31 16:00:00.123456+08'::timestamptz", instant()),
        ("'infinity'::timestamptz", text("infinity")),
        ("true", SqlValue::Boolean(true)),
        ("2::int2", SqlValue::Integer(2)),
        ("1.5::float4", SqlValue::Float(1.5)),
        ("null::numeric", SqlValue::Null),
        ("current_setting('TimeZone')", text("UTC")),
    ] {
        assert_eq!(stage.value(&format!("select {expression}")).await, wanted, "{expression}");
    }
    assert_eq!(stage.value("show server_encoding").await, text("UTF8"));
    let plan = stage.query("explain select 1", &[]).await.expect("a plan");
    assert!(matches!(&plan.rows[0][0], SqlValue::Text(line) if line.contains("Result")), "{plan:?}");
    let sent = [text("0A0B0C0D-0000-0000-0000-000000000001"), SqlValue::Null];
    let bound = stage.query("select $1::uuid::text, $2::int4 + 1", &sent).await.expect("a row");
    assert_eq!(bound.rows[0], [text("0a0b0c0d-0000-0000-0000-000000000001"), SqlValue::Null]);
}

#[tokio::test]
async fn mariadb_writes_out_what_has_no_kind_of_its_own() {
    let stage = Stage::of(SqlDialect::Mysql);
    for (expression, wanted) in [
        ("cast(1.50 as decimal(10,2))", text("1.50")),
        ("cast(18446744073709551615 as unsigned)", text("18446744073709551615")),
        ("cast(7 as unsigned)", SqlValue::Integer(7)),
        ("cast('2026-01-31' as date)", text("2026-01-31")),
        ("cast('-26:03:04' as time)", text("-26:03:04")),
        ("cast('2026-01-31 08:00:00.123456' as datetime(6))", instant()),
        ("b'101'", SqlValue::Bytes(vec![5])),
        ("x'00ff'", SqlValue::Bytes(vec![0, 255])),
        ("true", SqlValue::Integer(1)),
        ("sum(n) from (select 1 as n union all select 2) as t", text("3")),
        ("1.5e0", SqlValue::Float(1.5)),
        ("@@time_zone", text("+00:00")),
    ] {
        assert_eq!(stage.value(&format!("select {expression}")).await, wanted, "{expression}");
    }
    let found = stage.query("show variables like 'version'", &[]).await.expect("SHOW is a query too");
    assert_eq!(found.rows[0][0], text("version"));
}
