use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{InNamespace, Named, Tagged, asked_etag};
use crate::{
    app::App,
    clients::Caller,
    extract::{Path, Query},
    page::{ListQuery, Page},
    problem::Problem,
    service::{
        charts::{
            self, ChartDetail, ChartFile, ChartView, FromTo, Resolution, VersionComparison, VersionView,
        },
        oci_repositories,
        sources::Signatures,
    },
};

/// A chart of a repository, in the path. Slashes in the chart's name are written `%2F`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ChartName {
    /// Namespace of the repository.
    namespace: String,
    /// Name of the repository.
    name: String,
    /// Name of the chart.
    chart: String,
}

/// A version of a chart, in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VersionName {
    /// Namespace of the repository.
    namespace: String,
    /// Name of the repository.
    name: String,
    /// Name of the chart.
    chart: String,
    /// The version, written exactly so.
    version: String,
}

/// A range, in the query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Range {
    /// A version or range. Default: the newest stable version.
    #[serde(default)]
    range: String,
}

/// Charts of all repositories that the caller may see.
#[utoipa::path(get, path = "/charts", tag = "charts", params(InNamespace, ListQuery), responses(
    (status = 200, description = "Charts.", body = Page<ChartView>),
    (status = 403, description = "The caller may not list repositories.", body = Problem),
))]
pub(crate) async fn list_all(
    State(app): State<App>,
    caller: Caller,
    Query(scope): Query<InNamespace>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ChartView>>, Problem> {
    let all = charts::list_all(&caller, &app.sources, scope.namespace()).await?;
    Ok(Json(query.apply(all)?))
}

/// Charts of a repository, as its last sync found them.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts", tag = "charts",
    params(Named, ListQuery),
    responses(
        (status = 200, description = "Charts.", body = Page<ChartView>),
        (status = 304, description = "The catalog is the one of the `If-None-Match` tag."),
        (status = 403, description = "The caller may not read the repository.", body = Problem),
        (status = 404, description = "There is no such repository.", body = Problem),
        (status = 409, description = "It was not synced yet.", body = Problem),
    )
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (all, etag) = charts::list(&caller, &app.sources, &at.namespace, &at.name).await?;
    Ok(Tagged { etag, asked: asked_etag(&headers), body: query.apply(all)? }.into_response())
}

/// Versions of a chart, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions", tag = "charts",
    params(ChartName),
    responses(
        (status = 200, description = "Versions.", body = Vec<VersionView>),
        (status = 304, description = "The catalog is the one of the `If-None-Match` tag."),
        (status = 404, description = "There is no such repository or chart.", body = Problem),
        (status = 409, description = "The repository was not synced yet.", body = Problem),
    )
)]
pub(crate) async fn versions(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<ChartName>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    let body = charts::versions(&entry);
    Ok(Tagged { etag: entry.digest.clone(), asked: asked_etag(&headers), body }.into_response())
}

/// What a range resolves to now.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/resolve", tag = "charts",
    params(ChartName, Range),
    responses(
        (status = 200, description = "The version it picks.", body = Resolution),
        (status = 404, description = "There is no such repository or chart.", body = Problem),
        (status = 422, description = "It is no range.", body = Problem),
    )
)]
pub(crate) async fn resolve(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<ChartName>,
    Query(query): Query<Range>,
) -> Result<Json<Resolution>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    Ok(Json(charts::resolution(&entry, &query.range)?))
}

/// Compares two versions: values, templates, CRDs, dependencies.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/compare", tag = "charts",
    params(ChartName, FromTo),
    responses(
        (status = 200, description = "The differences.", body = VersionComparison),
        (status = 404, description = "There is no such repository, chart or version.", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn compare(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<ChartName>,
    Query(versions): Query<FromTo>,
) -> Result<Json<VersionComparison>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    let (from, to) = tokio::try_join!(
        charts::open(&caller, &app.sources, &entry, &versions.from),
        charts::open(&caller, &app.sources, &entry, &versions.to),
    )?;
    Ok(Json(charts::compare(&from.0, &to.0)))
}

/// One version: metadata, README, values, schema, dependencies, maintainers.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}",
    tag = "charts", params(VersionName),
    responses(
        (status = 200, description = "The version.", body = ChartDetail),
        (status = 403, description = "The caller may not read the repository's credentials.", body = Problem),
        (status = 404, description = "There is no such repository, chart or version.", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<VersionName>,
) -> Result<Json<ChartDetail>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    let (chart, version) = charts::open(&caller, &app.sources, &entry, &at.version).await?;
    Ok(Json(charts::detail(&chart, &version)))
}

/// Templates of a version, with their content.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/templates",
    tag = "charts", params(VersionName),
    responses(
        (status = 200, description = "Templates.", body = Vec<ChartFile>),
        (status = 404, description = "There is no such repository, chart or version.", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn templates(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<VersionName>,
) -> Result<Json<Vec<ChartFile>>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    let (chart, _) = charts::open(&caller, &app.sources, &entry, &at.version).await?;
    Ok(Json(charts::files(&chart, false)))
}

/// CRDs of a version, with their content.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/crds",
    tag = "charts", params(VersionName),
    responses(
        (status = 200, description = "CRDs.", body = Vec<ChartFile>),
        (status = 404, description = "There is no such repository, chart or version.", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn crds(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<VersionName>,
) -> Result<Json<Vec<ChartFile>>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    let (chart, _) = charts::open(&caller, &app.sources, &entry, &at.version).await?;
    Ok(Json(charts::files(&chart, true)))
}

/// Signatures of a version: what is there, without a verdict.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/signatures",
    tag = "charts", params(VersionName),
    responses(
        (status = 200, description = "What was found.", body = Signatures),
        (status = 404, description = "There is no such repository, chart or version.", body = Problem),
        (status = 502, description = "The registry did not answer.", body = Problem),
    )
)]
pub(crate) async fn signatures(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<VersionName>,
) -> Result<Json<Signatures>, Problem> {
    let entry = charts::entry(&caller, &app.sources, &at.namespace, &at.name, &at.chart).await?;
    Ok(Json(charts::signatures(&caller, &app.sources, &entry, &at.version).await?))
}

/// The chart that an OCI repository holds.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/chart", tag = "charts", params(Named),
    responses(
        (status = 200, description = "The chart.", body = ChartDetail),
        (status = 404, description = "There is no such OCI repository.", body = Problem),
        (status = 409, description = "It was not pulled yet.", body = Problem),
    )
)]
pub(crate) async fn of_oci_repository(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<ChartDetail>, Problem> {
    let (chart, digest) = oci_repositories::chart(&caller, &app.sources, &at.namespace, &at.name).await?;
    let version = charts::version_of(&chart, &digest);
    Ok(Json(charts::detail(&chart, &version)))
}

/// Templates of the chart that an OCI repository holds, with their content.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/chart/templates", tag = "charts",
    params(Named),
    responses(
        (status = 200, description = "Templates.", body = Vec<ChartFile>),
        (status = 404, description = "There is no such OCI repository.", body = Problem),
        (status = 409, description = "It was not pulled yet.", body = Problem),
    )
)]
pub(crate) async fn templates_of_oci_repository(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<Vec<ChartFile>>, Problem> {
    let (chart, _) = oci_repositories::chart(&caller, &app.sources, &at.namespace, &at.name).await?;
    Ok(Json(charts::files(&chart, false)))
}

/// CRDs of the chart that an OCI repository holds, with their content.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/chart/crds", tag = "charts",
    params(Named),
    responses(
        (status = 200, description = "CRDs.", body = Vec<ChartFile>),
        (status = 404, description = "There is no such OCI repository.", body = Problem),
        (status = 409, description = "It was not pulled yet.", body = Problem),
    )
)]
pub(crate) async fn crds_of_oci_repository(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<Vec<ChartFile>>, Problem> {
    let (chart, _) = oci_repositories::chart(&caller, &app.sources, &at.namespace, &at.name).await?;
    Ok(Json(charts::files(&chart, true)))
}

/// Signatures of the artifact that an OCI repository holds: what is there, without a verdict.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/chart/signatures", tag = "charts",
    params(Named),
    responses(
        (status = 200, description = "What was found.", body = Signatures),
        (status = 404, description = "There is no such OCI repository.", body = Problem),
        (status = 409, description = "It was not pulled yet.", body = Problem),
        (status = 502, description = "The registry did not answer.", body = Problem),
    )
)]
pub(crate) async fn signatures_of_oci_repository(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<Signatures>, Problem> {
    Ok(Json(oci_repositories::signatures(&caller, &app.sources, &at.namespace, &at.name).await?))
}
