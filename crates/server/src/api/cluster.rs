use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    clients::Caller,
    problem::Problem,
    service::cluster::{self, ClusterView},
};

/// Version of the program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// For example `0.1.0`.
    version: String,
}

/// About the cluster; `simulated` must be shown to people.
#[utoipa::path(get, path = "/cluster", tag = "cluster", responses(
    (status = 200, description = "About the cluster.", body = ClusterView),
    (status = 502, description = "The cluster did not answer.", body = Problem),
))]
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<ClusterView>, Problem> {
    Ok(Json(cluster::describe(&caller, &app.cluster).await?))
}

/// Version of the program.
#[utoipa::path(get, path = "/version", tag = "cluster", responses(
    (status = 200, description = "Version of the program.", body = Version),
))]
pub(crate) async fn version(State(app): State<App>, _: Caller) -> Json<Version> {
    Json(Version { version: app.version.clone() })
}
