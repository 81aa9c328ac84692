//! One value: in a row, on a line, in a statement.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;

use super::tables::{Column, Kind};
use crate::query::Arg;
use crate::row::Row;

/// As it stands on a line.
pub(super) fn of_row(row: &Row, Column { name, kind }: &Column) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Id => row.try_get::<Option<Uuid>>(name)?.map(|id| id.to_string()).into(),
        Kind::Bytes => row.try_get::<Option<&[u8]>>(name)?.map(|bytes| STANDARD.encode(bytes)).into(),
        Kind::Number => row.try_get::<Option<i64>>(name)?.into(),
        Kind::Text | Kind::Date => row.try_get::<Option<String>>(name)?.into(),
    })
}

/// What is bound of it; `None` if it is no such value.
pub(super) fn bound(value: &Value, kind: Kind) -> Option<Arg<'static>> {
    if value.is_null() {
        return Some(match kind {
            Kind::Id => Arg::Id(None),
            Kind::Bytes => Arg::Bytes(None),
            Kind::Number => Arg::Number(None),
            Kind::Text | Kind::Date => Arg::Text(None),
        });
    }
    Some(match kind {
        Kind::Id => Arg::Id(Some(value.as_str()?.parse().ok()?)),
        Kind::Bytes => Arg::Bytes(Some(STANDARD.decode(value.as_str()?).ok()?.into())),
        Kind::Number => Arg::Number(Some(value.as_i64()?)),
        Kind::Text | Kind::Date => Arg::Text(Some(value.as_str()?.to_owned().into())),
    })
}
