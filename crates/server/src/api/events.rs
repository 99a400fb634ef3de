use axum::Json;

use super::InNamespace;
use crate::{
    clients::Caller,
    extract::Query,
    problem::Problem,
    service::events::{self, EventView},
};

/// Events of a namespace or of all, newest first, at most 1000.
#[utoipa::path(get, path = "/events", tag = "cluster", params(InNamespace), responses(
    (status = 200, description = "Events, newest first.", body = Vec<EventView>),
    (status = 403, description = "The caller may not list events.", body = Problem),
))]
pub(crate) async fn events(
    caller: Caller,
    Query(query): Query<InNamespace>,
) -> Result<Json<Vec<EventView>>, Problem> {
    let mut found = events::of_namespace(&caller, query.namespace()).await?;
    found.truncate(1000);
    Ok(Json(found))
}
