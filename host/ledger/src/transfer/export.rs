//! Reading a ledger: one transaction that sees one instant, page by page in the order of the keys.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::tables::{Column, Kind, TABLES, Table};
use super::{TransferError, cell};
use crate::connection::{Connection, Source};
use crate::query::{Arg, made};
use crate::writer::Desk;
use crate::{connection, mysql, postgres, sqlite};

type Out<'a> = &'a mut (dyn AsyncWrite + Unpin + Send);

pub(super) async fn export(source: &Source, schema: i64, out: Out<'_>) -> Result<u64, TransferError> {
    let mut connection = source.connect().await?;
    connection.begin_to_read().await?;
    line(out, &json!({ "noontide": "ledger", "schema": schema })).await?;
    let mut rows = 0;
    for table in TABLES {
        let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        line(out, &json!({ "table": table.name, "columns": columns })).await?;
        rows += export_table(table, &mut connection, out).await?;
    }
    line(out, &json!({ "rows": rows })).await?;
    out.flush().await?;
    connection.roll_back().await?;
    connection.close().await?;
    Ok(rows)
}

async fn export_table(table: &Table, connection: &mut Connection, out: Out<'_>) -> Result<u64, TransferError> {
    let kind = connection.kind();
    let mut desk = Desk::new(connection, DateTime::UNIX_EPOCH, Duration::MAX);
    let (mut rows, mut after): (u64, Option<Vec<Arg<'static>>>) = (0, None);
    loop {
        let mut page = made(page(table, kind, after.is_some()));
        for arg in after.take().into_iter().flatten() {
            page = page.bind(arg);
        }
        let found = page.all(&mut desk).await?;
        for row in &found {
            let cells = table.columns.iter().map(|column| cell::of_row(row, column));
            line(out, &Value::Array(cells.collect::<Result<_, _>>()?)).await?;
        }
        rows += found.len() as u64;
        let Some(last) = found.last().filter(|_| found.len() as i64 == table.page) else { return Ok(rows) };
        let key = |column: &Column| Ok(cell::bound(&cell::of_row(last, column)?, column.kind));
        after = table.columns[..table.key].iter().map(key).collect::<Result<Option<_>, sqlx::Error>>()?;
    }
}

/// The next rows. Its first column begins the range by itself: not every database finds its way by a pair.
fn page(table: &Table, kind: connection::Kind, goes_on: bool) -> String {
    let (quoted, sigil) = (|name: &str| quoted(kind, name), if kind == connection::Kind::Postgres { '$' } else { '?' });
    let columns: Vec<_> = table.columns.iter().map(|column| read(kind, column)).collect();
    let key: Vec<_> = table.columns[..table.key].iter().map(|column| quoted(column.name)).collect();
    let (name, key) = (quoted(table.name), key.join(", "));
    let mut conditions = Vec::new();
    if table.of_a_run {
        conditions.push(format!("EXISTS (SELECT 1 FROM run WHERE run.id = {name}.run_id)"));
    }
    if goes_on {
        let places: Vec<_> = (1..=table.key).map(|number| format!("{sigil}{number}")).collect();
        conditions.push(format!("{} >= {sigil}1", quoted(table.columns[0].name)));
        conditions.push(format!("({key}) > ({})", places.join(", ")));
    }
    let conditions = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("SELECT {} FROM {name}{conditions} ORDER BY {key} LIMIT {}", columns.join(", "), table.page)
}

/// What is selected for a column.
fn read(kind: connection::Kind, column: &Column) -> String {
    let name = quoted(kind, column.name);
    let pattern = match column.kind {
        Kind::Date => match kind {
            connection::Kind::Sqlite => sqlite::transfer::READ_DATE,
            connection::Kind::Postgres => postgres::transfer::READ_DATE,
            connection::Kind::Mysql => mysql::transfer::READ_DATE,
        },
        _ => return name,
    };
    format!("{} AS {name}", pattern.replace("{}", &name))
}

/// Names such as `desc` and `key` are words of SQL as well.
pub(super) fn quoted(kind: connection::Kind, name: &str) -> String {
    match kind {
        connection::Kind::Mysql => format!("`{name}`"),
        _ => format!("\"{name}\""),
    }
}

async fn line(out: Out<'_>, value: &Value) -> Result<(), TransferError> {
    let mut text = value.to_string();
    text.push('\n');
    Ok(out.write_all(text.as_bytes()).await?)
}
