use axum::{Json, extract::State};
use http::StatusCode;
use pilothouse_resources::{HelmRelease, meta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{InNamespace, Named, Requested, Yaml, credentials::Scope};
use crate::{
    app::App,
    clients::Caller,
    extract::{self, Path, Query},
    limits::log_change,
    page::{ListQuery, Page},
    problem::Problem,
    service::{
        events::{self, EventView},
        objects,
        operations::{self, LastOperation, RollbackRequest, TestView},
        preview::{self, Preview},
        releases::{self, Release, ReleaseDetail, ReleaseRequest, ReleaseUpdate},
        updates,
    },
    validate::Checks,
};

/// More filters of releases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleaseFilter {
    /// Only releases from this repository.
    source: Option<String>,
}

/// How a reconcile is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReconcileRequest {
    /// Upgrade also where nothing changed.
    #[serde(default)]
    force: bool,
    /// Forget earlier failures, so that retries begin anew.
    #[serde(default)]
    reset: bool,
    /// Sync the repository first.
    #[serde(default)]
    with_source: bool,
}

/// One release, with the last rollback or test that was asked for through the API.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleasePage {
    #[serde(flatten)]
    detail: ReleaseDetail,
    /// The last rollback or test.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_operation: Option<LastOperation>,
}

/// Whether logs are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WithLogs {
    /// With the tests' logs. Default: false.
    #[serde(default)]
    logs: bool,
}

/// Releases, of a namespace or of all.
#[utoipa::path(get, path = "/releases", tag = "releases", params(InNamespace, ListQuery, ReleaseFilter), responses(
    (status = 200, description = "Releases.", body = Page<Release>),
    (status = 403, description = "The caller may not list releases.", body = Problem),
    (status = 422, description = "A parameter is not right.", body = Problem),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(scope): Query<InNamespace>,
    Query(query): Query<ListQuery>,
    Query(filter): Query<ReleaseFilter>,
) -> Result<Json<Page<Release>>, Problem> {
    let mut all = releases::list(&caller, scope.namespace()).await?;
    if let Some(name) = filter.source.as_deref().filter(|name| !name.is_empty()) {
        all.retain(|release| release.chart.source_name == name);
    }
    let mut page = query.apply(all)?;
    updates::fill(&caller, &app.sources, &mut page.items).await;
    Ok(Json(page))
}

/// Adds a release.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases", tag = "releases", params(Scope),
    request_body = ReleaseRequest,
    responses(
        (status = 201, description = "Added; its controller deploys it.", body = ReleaseDetail),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is no such namespace.", body = Problem),
        (status = 409, description = "The name is taken.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn create(
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<ReleaseRequest>,
) -> Result<(StatusCode, Json<ReleaseDetail>), Problem> {
    let created = releases::create(&caller, &scope.namespace, &request).await?;
    log_change(&caller, "release added", &scope.namespace, &request.name);
    Ok((StatusCode::CREATED, Json(ReleaseDetail::of(&created)?)))
}

/// Renders a release before it is added: manifests, hooks, notes, values and where each came from.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/preview", tag = "releases", params(Scope),
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "What it would deploy.", body = Preview),
        (status = 422, description = "A field is not right, or the chart does not render (`excerpt`).", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn preview_new(
    State(app): State<App>,
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<ReleaseRequest>,
) -> Result<Json<Preview>, Problem> {
    let mut checks = Checks::default();
    let object = releases::build(&request, &scope.namespace, &mut checks);
    checks.finish()?;
    let object = object.ok_or_else(|| Problem::field("interval", "an interval is needed"))?;
    Ok(Json(preview::preview(&caller, &app.sources, &object).await?))
}

/// One release, with all that a form edits.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}", tag = "releases", params(Named),
    responses(
        (status = 200, description = "The release.", body = ReleasePage),
        (status = 403, description = "The caller may not read it.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<ReleasePage>, Problem> {
    let object = releases::object(&caller, &at.namespace, &at.name).await?;
    let mut detail = ReleaseDetail::of(&object)?;
    updates::fill(&caller, &app.sources, std::slice::from_mut(&mut detail.release)).await;
    Ok(Json(ReleasePage { detail, last_operation: operations::last(&object) }))
}

/// Changes a release; what is absent stays.
#[utoipa::path(patch, path = "/namespaces/{namespace}/releases/{name}", tag = "releases", params(Named),
    request_body = ReleaseUpdate,
    responses(
        (status = 200, description = "Changed; its controller deploys it.", body = ReleaseDetail),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "Somebody else changed it meanwhile.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn update(
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<ReleaseUpdate>,
) -> Result<Json<ReleaseDetail>, Problem> {
    let changed = releases::update(&caller, &at.namespace, &at.name, &request).await?;
    log_change(&caller, "release changed", &at.namespace, &at.name);
    Ok(Json(ReleaseDetail::of(&changed)?))
}

/// Renders a change before it is made, against what is deployed.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/preview", tag = "releases", params(Named),
    request_body = ReleaseUpdate,
    responses(
        (status = 200, description = "What it would deploy and what that changes.", body = Preview),
        (status = 404, description = "There is no such release.", body = Problem),
        (status = 422, description = "A field is not right, or the chart does not render (`excerpt`).", body = Problem),
        (status = 502, description = "The registry did not give the chart.", body = Problem),
    )
)]
pub(crate) async fn preview_change(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<ReleaseUpdate>,
) -> Result<Json<Preview>, Problem> {
    let before = releases::object(&caller, &at.namespace, &at.name).await?;
    let object = releases::changed(&before, &request, &at.namespace)?;
    Ok(Json(preview::preview(&caller, &app.sources, &object).await?))
}

/// Deletes a release: its controller uninstalls it.
#[utoipa::path(delete, path = "/namespaces/{namespace}/releases/{name}", tag = "releases", params(Named),
    responses(
        (status = 202, description = "Being uninstalled."),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn delete(caller: Caller, Path(at): Path<Named>) -> Result<StatusCode, Problem> {
    releases::delete(&caller, &at.namespace, &at.name).await?;
    log_change(&caller, "release deleted", &at.namespace, &at.name);
    Ok(StatusCode::ACCEPTED)
}

/// Stops the reconciling of a release.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/suspend", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Suspended.", body = Release),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn suspend(caller: Caller, Path(at): Path<Named>) -> Result<Json<Release>, Problem> {
    let changed =
        objects::set_suspended::<HelmRelease>(&caller.client, &at.namespace, &at.name, true).await?;
    log_change(&caller, "release suspended", &at.namespace, &at.name);
    Ok(Json(Release::of(&changed)))
}

/// Starts the reconciling of a release again.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/resume", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Resumed.", body = Release),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn resume(caller: Caller, Path(at): Path<Named>) -> Result<Json<Release>, Problem> {
    let changed =
        objects::set_suspended::<HelmRelease>(&caller.client, &at.namespace, &at.name, false).await?;
    log_change(&caller, "release resumed", &at.namespace, &at.name);
    Ok(Json(Release::of(&changed)))
}

/// Asks for a reconcile now.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/reconcile", tag = "releases", params(Named),
    request_body = ReconcileRequest,
    responses(
        (status = 202, description = "Asked for.", body = Requested),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn reconcile(
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<ReconcileRequest>,
) -> Result<(StatusCode, Json<Requested>), Problem> {
    if request.with_source {
        releases::sync_source(&caller, &at.namespace, &at.name).await?;
    }
    let mut also = Vec::new();
    if request.force {
        also.push(meta::FORCE_AT);
    }
    if request.reset {
        also.push(meta::RESET_AT);
    }
    let requested_at =
        objects::request_reconcile::<HelmRelease>(&caller.client, &at.namespace, &at.name, &also).await?;
    log_change(&caller, "release reconcile requested", &at.namespace, &at.name);
    Ok((StatusCode::ACCEPTED, Json(Requested { requested_at })))
}

/// Rolls a release back to an earlier revision, as Helm does, with the caller's rights. The release is suspended, so
/// that it stays so until it is resumed or changed.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/rollback", tag = "releases", params(Named),
    request_body = RollbackRequest,
    responses(
        (status = 200, description = "It ended (`succeeded` or `failed`), or goes on (`running`).", body = LastOperation),
        (status = 403, description = "The caller lacks one of the rights it needs.", body = Problem),
        (status = 404, description = "There is no such release.", body = Problem),
        (status = 409, description = "Another operation goes on.", body = Problem),
        (status = 422, description = "There is no such revision.", body = Problem),
    )
)]
pub(crate) async fn rollback(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<RollbackRequest>,
) -> Result<Json<LastOperation>, Problem> {
    log_change(&caller, "release rollback requested", &at.namespace, &at.name);
    let (sources, running) = (&app.sources, &app.operations);
    Ok(Json(
        operations::rollback(&caller, sources, running, &at.namespace, &at.name, request.revision).await?,
    ))
}

/// Runs the tests of a release, with the caller's rights.
#[utoipa::path(post, path = "/namespaces/{namespace}/releases/{name}/test", tag = "releases", params(Named),
    responses(
        (status = 200, description = "They ended (`succeeded` or `failed`), or run (`running`).", body = LastOperation),
        (status = 403, description = "The caller lacks one of the rights it needs.", body = Problem),
        (status = 404, description = "There is no such release, or nothing is deployed.", body = Problem),
        (status = 409, description = "The chart has no tests.", body = Problem),
    )
)]
pub(crate) async fn run_tests(
    State(app): State<App>,
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<Json<LastOperation>, Problem> {
    log_change(&caller, "release tests requested", &at.namespace, &at.name);
    Ok(Json(operations::test(&caller, &app.sources, &app.operations, &at.namespace, &at.name).await?))
}

/// The tests of a release and what came of them.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/tests", tag = "releases", params(Named, WithLogs),
    responses(
        (status = 200, description = "Tests.", body = Vec<TestView>),
        (status = 403, description = "The caller may not read Helm's records.", body = Problem),
        (status = 404, description = "There is no such release, or nothing is deployed.", body = Problem),
    )
)]
pub(crate) async fn tests(
    caller: Caller,
    Path(at): Path<Named>,
    Query(query): Query<WithLogs>,
) -> Result<Json<Vec<TestView>>, Problem> {
    let object = releases::object(&caller, &at.namespace, &at.name).await?;
    Ok(Json(operations::tests(&caller, &object, query.logs).await?))
}

/// Events of a release, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/events", tag = "releases", params(Named),
    responses(
        (status = 200, description = "Events.", body = Vec<EventView>),
        (status = 403, description = "The caller may not list events.", body = Problem),
    )
)]
pub(crate) async fn events(caller: Caller, Path(at): Path<Named>) -> Result<Json<Vec<EventView>>, Problem> {
    Ok(Json(events::of_object(&caller, &at.namespace, "HelmRelease", &at.name).await?))
}

/// The object as YAML.
#[utoipa::path(get, path = "/namespaces/{namespace}/releases/{name}/yaml", tag = "releases", params(Named),
    responses(
        (status = 200, description = "The object.", body = String, content_type = "application/yaml"),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn yaml(caller: Caller, Path(at): Path<Named>) -> Result<Yaml, Problem> {
    objects::yaml::<HelmRelease>(&caller.client, &at.namespace, &at.name).await.map(Yaml)
}
