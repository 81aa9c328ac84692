//! `GET /schedules/{name}/changes`: what was changed of a definition, when, and by whom.

use axum::Json;
use axum::extract::State;
use noontide_domain::ScheduleName;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Name;
use crate::problem::Answer;
use crate::shape::{Page, ScheduleChange};

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(changes))
}

/// What was changed of a schedule's definition, newest first
///
/// The newest 50 are kept, for a year. A schedule that has left the list still has them.
#[utoipa::path(get, path = "/schedules/{name}/changes", operation_id = "listScheduleChanges",
    responses((status = 200, body = Page<ScheduleChange>, description = "All of them, on one page")))]
async fn changes(State(parts): State<WebParts>, Name(name): Name) -> Answer<Json<Page<ScheduleChange>>> {
    let found = match name.parse::<ScheduleName>() {
        Ok(name) => parts.history.changes(&name).await?,
        Err(_) => Vec::new(),
    };
    if found.is_empty() {
        // Nobody has changed it, or there is none.
        parts.engine.standing(&name)?;
    }
    Ok(Json(Page::whole(found.iter().map(ScheduleChange::from))))
}
