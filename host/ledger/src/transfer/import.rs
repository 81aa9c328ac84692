//! Writing into an empty ledger: one transaction, batch by batch.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

use super::export::quoted;
use super::tables::{Column, Kind, TABLES, Table};
use super::{NUMBERS, TransferError, cell};
use crate::connection::{self, Source};
use crate::query::{Arg, Query, made, query};
use crate::writer::Desk;
use crate::{mysql, postgres, sqlite};

/// Values of one statement, and bytes of the lines they come from: what every database takes, and little to hold.
const VALUES: usize = 1_000;
const BYTES: usize = 1 << 20;

/// The values of a row.
type Args = Vec<Arg<'static>>;

type Lines<'a> = &'a mut (dyn AsyncBufRead + Unpin + Send);

pub(super) async fn import(source: &Source, schema: i64, lines: Lines<'_>) -> Result<u64, TransferError> {
    let mut connection = source.connect().await?;
    connection.begin_to_fill().await?;
    let desk = Desk::new(&mut connection, DateTime::UNIX_EPOCH, Duration::MAX);
    let mut filling = Filling { desk, lines: Numbered { lines, number: 0, text: String::new() }, rows: 0 };
    let result = filling.fill(schema).await;
    let rows = filling.rows;
    match result {
        Ok(()) => connection.commit().await?,
        Err(error) => {
            connection.roll_back().await?;
            return Err(error);
        }
    }
    connection.close().await?;
    Ok(rows)
}

struct Filling<'a> {
    desk: Desk<'a>,
    lines: Numbered<'a>,
    rows: u64,
}

impl Filling<'_> {
    async fn fill(&mut self, schema: i64) -> Result<(), TransferError> {
        self.is_empty().await?;
        self.begin(schema).await?;
        self.run("UPDATE edits SET host = 1".to_owned()).await?;
        let mut next = self.line().await?;
        for table in TABLES {
            let named = next.get("table").and_then(Value::as_str);
            if named != Some(table.name) {
                return Err(self.lines.wrong(format!("table `{}` is expected here", table.name)));
            }
            let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            if next.get("columns") != Some(&columns.into()) {
                return Err(self.lines.wrong(format!("table `{}` has other columns", table.name)));
            }
            next = self.table(table).await?;
        }
        if next.get("rows").and_then(Value::as_u64) != Some(self.rows) {
            return Err(self.lines.wrong(format!("{} rows came before it, and it says otherwise", self.rows)));
        }
        query(NUMBERS).run(&mut self.desk).await?;
        Ok(())
    }

    async fn is_empty(&mut self) -> Result<(), TransferError> {
        let kind = self.desk.connection.kind();
        for table in TABLES.iter().filter(|table| !table.anew) {
            let one = made(format!("SELECT 1 AS found FROM {} LIMIT 1", quoted(kind, table.name)));
            if one.first(&mut self.desk).await?.is_some() {
                return Err(TransferError::NotEmpty { table: table.name });
            }
        }
        Ok(())
    }

    async fn begin(&mut self, known: i64) -> Result<(), TransferError> {
        let first = self.line().await?;
        match first.get("schema").and_then(Value::as_i64) {
            Some(found) if found == known => Ok(()),
            Some(found) => Err(TransferError::Schema { found, known }),
            None => Err(self.lines.wrong("a backup of a ledger begins otherwise".to_owned())),
        }
    }

    /// Writes the rows of a table; the line behind them.
    async fn table(&mut self, table: &Table) -> Result<Value, TransferError> {
        if table.anew {
            self.run(format!("DELETE FROM {}", quoted(self.desk.connection.kind(), table.name))).await?;
        }
        let most = (VALUES / table.columns.len()).max(1);
        let (mut batch, mut bytes) = (Vec::with_capacity(most), 0);
        loop {
            let value = self.line().await?;
            let Value::Array(cells) = value else {
                self.insert(table, &batch).await?;
                return Ok(value);
            };
            batch.push(self.lines.row(table, &cells)?);
            bytes += self.lines.text.len();
            if batch.len() == most || bytes > BYTES {
                self.insert(table, &batch).await?;
                (batch, bytes) = (Vec::with_capacity(most), 0);
            }
        }
    }

    async fn insert(&mut self, table: &Table, batch: &[Args]) -> Result<(), TransferError> {
        if batch.is_empty() {
            return Ok(());
        }
        let insert = made(insertion(self.desk.connection.kind(), table, batch.len()));
        let args = batch.iter().flatten().cloned();
        args.fold(insert, Query::bind).run(&mut self.desk).await?;
        self.rows += batch.len() as u64;
        match table.columns.iter().position(|column| Some(column.name) == table.again) {
            Some(at) => self.say_again(table, at, batch).await,
            None => Ok(()),
        }
    }

    async fn say_again(&mut self, table: &Table, at: usize, batch: &[Args]) -> Result<(), TransferError> {
        let kind = self.desk.connection.kind();
        let [name, key] = [at, 0].map(|i| quoted(kind, table.columns[i].name));
        let [value, of] = [(2, at), (1, 0)].map(|(number, i)| placeholder(kind, number, &table.columns[i]));
        let text = format!("UPDATE {} SET {name} = {value} WHERE {key} = {of}", quoted(kind, table.name));
        for args in batch {
            let update = made(text.clone()).bind(args[0].clone()).bind(args[at].clone());
            update.run(&mut self.desk).await?;
        }
        Ok(())
    }

    async fn run(&mut self, text: String) -> Result<(), TransferError> {
        Ok(made(text).run(&mut self.desk).await.map(drop)?)
    }

    async fn line(&mut self) -> Result<Value, TransferError> {
        match self.lines.next().await? {
            Some(value) => Ok(value),
            None => Err(TransferError::CutOff { rows: self.rows }),
        }
    }
}

fn insertion(kind: connection::Kind, table: &Table, rows: usize) -> String {
    let names: Vec<_> = table.columns.iter().map(|column| quoted(kind, column.name)).collect();
    let row = |first: usize| {
        let places = (first..).zip(table.columns).map(|(number, column)| placeholder(kind, number, column));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(|i| row(1 + i * names.len())).collect();
    format!("INSERT INTO {} ({}) VALUES {}", quoted(kind, table.name), names.join(", "), rows.join(", "))
}

fn placeholder(kind: connection::Kind, number: usize, column: &Column) -> String {
    let place = if kind == connection::Kind::Postgres { format!("${number}") } else { format!("?{number}") };
    match column.kind {
        Kind::Date => match kind {
            connection::Kind::Sqlite => sqlite::transfer::WRITE_DATE,
            connection::Kind::Postgres => postgres::transfer::WRITE_DATE,
            connection::Kind::Mysql => mysql::transfer::WRITE_DATE,
        }
        .replace("{}", &place),
        _ => place,
    }
}

/// The lines, one at a time.
struct Numbered<'a> {
    lines: Lines<'a>,
    number: u64,
    text: String,
}

impl Numbered<'_> {
    async fn next(&mut self) -> Result<Option<Value>, TransferError> {
        self.text.clear();
        self.number += 1;
        if self.lines.read_line(&mut self.text).await? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&self.text).map(Some).map_err(|error| self.wrong(error.to_string()))
    }

    /// What is bound of a row.
    fn row(&self, table: &Table, cells: &[Value]) -> Result<Args, TransferError> {
        let (name, many) = (table.name, table.columns.len());
        if cells.len() != many {
            return Err(self.wrong(format!("a row of `{name}` has {many} columns, and this one {}", cells.len())));
        }
        let bound = |(cell, column): (&Value, &Column)| {
            let of = || self.wrong(format!("`{}` of a row of `{name}` cannot be read", column.name));
            cell::bound(cell, column.kind).ok_or_else(of)
        };
        cells.iter().zip(table.columns).map(bound).collect()
    }

    fn wrong(&self, problem: String) -> TransferError {
        TransferError::Line { line: self.number, problem }
    }
}
