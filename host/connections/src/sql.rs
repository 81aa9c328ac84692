//! How each database is spoken to.

mod instant;
pub(crate) mod mysql;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use noontide_domain::SqlColumn;
use sqlx::{Column, TypeInfo};

fn columns<C: Column>(columns: &[C]) -> Vec<SqlColumn> {
    let column =
        |column: &C| SqlColumn { name: column.name().to_owned(), type_name: column.type_info().name().to_owned() };
    columns.iter().map(column).collect()
}
