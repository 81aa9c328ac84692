//! How late handlers began: from the due instant to the start of the handler, read from the record itself.

use sqlx::{Connection, SqliteConnection};

use crate::support::Place;

/// What was due in some time.
pub struct Late {
    /// Of those that began, ascending, in milliseconds.
    pub began: Vec<i64>,
    /// Those that did not.
    pub waiting: usize,
}

impl Late {
    /// What was due from `from` until `until`, in unix milliseconds.
    pub async fn of(place: &Place, from: i64, until: i64) -> Self {
        let url = format!("sqlite://{}?mode=ro", place.path("data/noontide.db").display());
        let mut connection = SqliteConnection::connect(&url).await.expect("connects");
        let due = "SELECT started_at - due_at FROM run WHERE due_at >= ? AND due_at < ? ORDER BY 1";
        let due: Vec<Option<i64>> =
            sqlx::query_scalar(due).bind(from).bind(until).fetch_all(&mut connection).await.expect("reads");
        let began: Vec<_> = due.iter().copied().flatten().collect();
        Self { waiting: due.len() - began.len(), began }
    }

    /// So many of a hundred began no later.
    pub fn at(&self, percent: usize) -> i64 {
        self.began[(self.began.len() * percent / 100).min(self.began.len() - 1)]
    }
}
