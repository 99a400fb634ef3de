use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Named;
use crate::{
    app::App,
    clients::Caller,
    extract::{Path, Query},
    problem::Problem,
    service::{
        releases,
        resource_tree::{self, Resources},
        revisions::{self, RevisionComparison, RevisionDetail, RevisionView},
        values::{self, ValuesInForce},
    },
};

/// A revision of a release, in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RevisionName {
    /// Namespace.
    namespace: String,
    /// Name.
    name: String,
    /// Helm's revision.
    revision: u32,
}

/// Two revisions, in the query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FromTo {
    /// The old revision.
    from: u32,
    /// The new revision.
    to: u32,
}

/// Notes of a release.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notes {
    /// Revision they belong to.
    revision: u32,
    /// Text of strangers: to be shown as text.
    notes: String,
}

/// History of a release, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/history", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Revisions.", body = Vec<RevisionView>),
        (status = 403, description = "The caller may not read the release.", body = Problem),
        (status = 404, description = "There is no such release.", body = Problem),
    )
)]
pub(crate) async fn history(
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<Vec<RevisionView>>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    Ok(Json(revisions::history(&caller, &release).await?))
}

/// One revision: values, manifest, notes, hooks.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/revisions/{revision}", tag = "releases",
    params(RevisionName),
    responses(
        (status = 200, description = "The revision.", body = RevisionDetail),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release or revision.", body = Problem),
    )
)]
pub(crate) async fn revision(
    caller: Caller,
    Path(at): Path<RevisionName>,
) -> Result<Json<RevisionDetail>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    let (record, managed) = revisions::record(&caller, &release, Some(at.revision)).await?;
    Ok(Json(revisions::detail(&record, managed)?))
}

/// Compares two revisions: values, manifest, notes.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/diff", tag = "releases", params(Named, FromTo),
    responses(
        (status = 200, description = "The differences.", body = RevisionComparison),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release or revision.", body = Problem),
    )
)]
pub(crate) async fn diff(
    caller: Caller,
    Path(at): Path<Named>,
    Query(query): Query<FromTo>,
) -> Result<Json<RevisionComparison>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    let (from, to) = tokio::try_join!(
        revisions::record(&caller, &release, Some(query.from)),
        revisions::record(&caller, &release, Some(query.to)),
    )?;
    Ok(Json(revisions::compare(&from.0, &to.0)?))
}

/// Notes of what is deployed.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/notes", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Notes.", body = Notes),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release, or nothing is deployed.", body = Problem),
    )
)]
pub(crate) async fn notes(caller: Caller, Path(at): Path<Named>) -> Result<Json<Notes>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    let (record, _) = revisions::record(&caller, &release, None).await?;
    Ok(Json(Notes { revision: record.version, notes: record.info.notes }))
}

/// Resources of what is deployed, as a tree with their health.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/resources", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Resources.", body = Resources),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release, or nothing is deployed.", body = Problem),
    )
)]
pub(crate) async fn resources(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<Resources>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    let (record, _) = revisions::record(&caller, &release, None).await?;
    Ok(Json(resource_tree::of_record(&caller, &app.sources, &record).await?))
}

/// Values in force, and where each came from.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/values", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Values.", body = ValuesInForce),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release, or nothing is deployed.", body = Problem),
    )
)]
pub(crate) async fn values(caller: Caller, Path(at): Path<Named>) -> Result<Json<ValuesInForce>, Problem> {
    let release = releases::object(&caller, &at.namespace, &at.name).await?;
    let (record, _) = revisions::record(&caller, &release, None).await?;
    // Origins are told as far as the references can still be read; the values themselves are Helm's.
    let composed = values::composed(&caller, &release).await.ok();
    let chart = revisions::chart_of(&record);
    Ok(Json(values::explain(&Value::Object(record.config()), chart.as_ref(), composed.as_ref())?))
}
