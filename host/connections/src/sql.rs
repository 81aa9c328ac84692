//! How each database is spoken to.

mod instant;
pub(crate) mod mysql;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use futures::{Stream, TryStreamExt};
use noontide_domain::{SqlColumn, SqlRows, SqlValue};
use sqlx::{Column, Row, TypeInfo};

use crate::fault::Fault;
use crate::pool::{Bounds, Gathered};

/// All rows of a statement, within their bounds; no columns if there is no row.
async fn gathered<R: Row>(
    mut rows: impl Stream<Item = Result<R, sqlx::Error>> + Unpin,
    value: fn(&R, usize) -> Result<SqlValue, Fault>,
    bounds: Bounds,
) -> Result<SqlRows, Fault> {
    let mut gathered = Gathered::new(bounds);
    while let Some(row) = rows.try_next().await? {
        gathered.columns(|| columns(row.columns()));
        let values = (0..row.len()).map(|index| value(&row, index)).collect::<Result<_, _>>()?;
        gathered.row(values)?;
    }
    Ok(gathered.found)
}

fn columns<C: Column>(columns: &[C]) -> Vec<SqlColumn> {
    let column =
        |column: &C| SqlColumn { name: column.name().to_owned(), type_name: column.type_info().name().to_owned() };
    columns.iter().map(column).collect()
}
