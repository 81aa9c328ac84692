//! A page of a list.

use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    /// The rows of this page.
    pub(crate) items: Vec<T>,
    /// Where the next page begins: its `after`. `null` if none follows.
    pub(crate) next: Option<String>,
}

impl<T: ToSchema> Page<T> {
    /// All there is, on one page.
    pub(crate) fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next: None }
    }
}
