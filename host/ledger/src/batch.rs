//! Rows on their way into a statement: JSON, each an array of its columns.
//!
//! They are written as text at once. A value for each column would be made only to be written, and costs as much as the rest.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::fault::shape;
use crate::query::{Statement, query};
use crate::row::Row;
use crate::writer::Desk;

/// Rows in one statement, if it need not see all of them: what a server keeps of it stays in its cache.
const AT_ONCE: usize = 500;

/// Rows that are given to a statement, or to several in turn.
pub(crate) struct Batch {
    at_once: usize,
    /// Of whole statements.
    full: Vec<Vec<u8>>,
    text: Vec<u8>,
    rows: usize,
}

/// A row that is being written.
pub(crate) struct Columns<'b>(&'b mut Vec<u8>);

impl Batch {
    /// For one statement, however many they are.
    pub fn whole() -> Self {
        Self { at_once: usize::MAX, full: Vec::new(), text: Vec::new(), rows: 0 }
    }

    /// For as many statements as it takes.
    pub fn parted() -> Self {
        Self { at_once: AT_ONCE, ..Self::whole() }
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// One more row, with what `write` puts into it.
    pub fn row(&mut self, write: impl FnOnce(&mut Columns<'_>) -> Result<(), sqlx::Error>) -> Result<(), sqlx::Error> {
        if self.rows == self.at_once {
            self.full.push(std::mem::take(&mut self.text));
            self.rows = 0;
        }
        self.text.extend_from_slice(if self.rows == 0 { b"[[" } else { b",[" });
        write(&mut Columns(&mut self.text))?;
        self.text.push(b']');
        self.rows += 1;
        Ok(())
    }

    /// A text for each statement; none if there is no row.
    pub fn texts(self) -> Result<Vec<String>, sqlx::Error> {
        let rest = (self.rows > 0).then_some(self.text);
        let closed = |mut text: Vec<u8>| {
            text.push(b']');
            String::from_utf8(text).map_err(|problem| shape("rows", problem))
        };
        self.full.into_iter().chain(rest).map(closed).collect()
    }

    /// Has a statement write them that takes the rows and nothing else.
    pub async fn run(self, statement: Statement, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        for text in self.texts()? {
            query(statement).bind(text).run(&mut *desk).await?;
        }
        Ok(())
    }

    /// The rows that a statement gives back for all of them.
    pub async fn all(self, statement: Statement, desk: &mut Desk<'_>) -> Result<Vec<Row>, sqlx::Error> {
        let mut found = Vec::new();
        for text in self.texts()? {
            found.extend(query(statement).bind(text).all(&mut *desk).await?);
        }
        Ok(found)
    }
}

impl Columns<'_> {
    /// One more column.
    pub fn put(&mut self, value: impl Serialize) -> Result<(), sqlx::Error> {
        if self.0.last() != Some(&b'[') {
            self.0.push(b',');
        }
        serde_json::to_writer(&mut *self.0, &value).map_err(|problem| shape("a column", problem))
    }
}

/// An id as statements compare it.
#[derive(Clone, Copy)]
pub(crate) struct Hex(pub Uuid);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.simple().encode_lower(&mut Uuid::encode_buffer()))
    }
}

/// Puts these columns, in their order.
macro_rules! columns {
    ($row:ident: $($value:expr),+ $(,)?) => {{
        $($row.put($value)?;)+
        Ok(())
    }};
}
pub(crate) use columns;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(mut batch: Batch, rows: usize) -> Vec<String> {
        for row in 0..rows {
            batch.row(|columns| columns!(columns: row, "a \"b\"", Option::<i64>::None, [1, 2])).expect("written");
        }
        batch.texts().expect("text")
    }

    #[test]
    fn a_batch_reads_as_rows_of_columns() {
        let read: serde_json::Value = serde_json::from_str(&filled(Batch::whole(), 2)[0]).expect("JSON");
        assert_eq!(read, serde_json::json!([[0, "a \"b\"", null, [1, 2]], [1, "a \"b\"", null, [1, 2]]]));
    }

    #[test]
    fn many_rows_are_several_statements_and_none_is_no_statement() {
        let count = |text: &String| serde_json::from_str::<Vec<serde_json::Value>>(text).expect("JSON").len();
        let parted: Vec<_> = filled(Batch::parted(), AT_ONCE * 2 + 1).iter().map(count).collect();
        assert_eq!(parted, [AT_ONCE, AT_ONCE, 1]);
        assert_eq!(filled(Batch::whole(), AT_ONCE + 1).len(), 1);
        assert!(filled(Batch::parted(), 0).is_empty() && Batch::whole().is_empty());
    }

    #[test]
    fn an_id_is_written_without_hyphens() {
        let id = Uuid::from_u128(0xab);
        assert_eq!(serde_json::json!(Hex(id)), id.simple().to_string());
    }
}
