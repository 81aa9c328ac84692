//! For programs of others: what comes next as a calendar, and how a schedule stands as a badge.

mod badge;
mod calendar;

use utoipa_axum::router::OpenApiRouter;

use crate::WebParts;

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().merge(calendar::routes()).merge(badge::routes())
}
