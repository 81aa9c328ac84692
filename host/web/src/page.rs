//! Pages of lists: how many rows one has, and where the next begins.

use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Answer, Problem};
use crate::shape::Page;

/// Rows of one page at most.
const MOST: usize = 1_000;

/// `limit`: rows of one page, 100 where nothing is asked.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u16, minimum = 1, maximum = 1000, default = 100)]
pub(crate) struct PageSize(usize);

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

impl PageSize {
    /// Rows to look up: one more than are shown tells whether another page follows.
    ///
    /// # Errors
    /// None, or more than a page may have.
    pub(crate) fn rows(self) -> Answer<usize> {
        match self.0 {
            limit @ 1..=MOST => Ok(limit + 1),
            limit => Err(Problem::bad_request(format!("`limit` is {limit}; 1 to {MOST} is possible"))),
        }
    }

    /// Takes away what does not belong to the page any more; where the next one begins.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> String) -> Option<String> {
        let more = rows.len() > self.0;
        rows.truncate(self.0);
        rows.last().filter(|_| more).map(id)
    }

    /// The page; `id` is what the next one begins after.
    pub(crate) fn of<T, S: ToSchema + for<'a> From<&'a T>>(
        self,
        mut rows: Vec<T>,
        id: impl Fn(&T) -> String,
    ) -> Json<Page<S>> {
        let next = self.cut(&mut rows, id);
        Json(Page { items: rows.iter().map(S::from).collect(), next })
    }
}
