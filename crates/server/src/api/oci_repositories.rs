use axum::{Json, extract::State};
use http::StatusCode;
use pilothouse_resources::OCIRepository;

use super::{Confirm, InNamespace, Named, Requested, Yaml, credentials::Scope, source_objects, to_the_end};
use crate::{
    app::App,
    clients::Caller,
    extract::{self, Path, Query},
    limits::log_change,
    page::{ListQuery, Page},
    problem::Problem,
    service::{
        connection::{self, ConnectionReport},
        dependents::Dependents,
        events::EventView,
        objects,
        oci_repositories::{self, OciRepository, OciRepositoryRequest, OciRepositoryUpdate},
    },
};

/// OCI repositories, of a namespace or of all.
#[utoipa::path(get, path = "/oci-repositories", tag = "oci-repositories", params(InNamespace, ListQuery), responses(
    (status = 200, description = "Repositories.", body = Page<OciRepository>),
    (status = 403, description = "The caller may not list repositories.", body = Problem),
    (status = 422, description = "A parameter is not right.", body = Problem),
))]
pub(crate) async fn list(
    caller: Caller,
    Query(scope): Query<InNamespace>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<OciRepository>>, Problem> {
    source_objects::list(&caller, &scope, &query).await
}

/// Adds an OCI repository.
#[utoipa::path(post, path = "/namespaces/{namespace}/oci-repositories", tag = "oci-repositories", params(Scope),
    request_body = OciRepositoryRequest,
    responses(
        (status = 201, description = "Added.", body = OciRepository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is no such namespace.", body = Problem),
        (status = 409, description = "The name is taken.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn create(
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<OciRepositoryRequest>,
) -> Result<(StatusCode, Json<OciRepository>), Problem> {
    to_the_end(async move {
        let created = oci_repositories::create(&caller, &scope.namespace, &request).await?;
        log_change(&caller, "OCI repository added", &scope.namespace, &request.name);
        Ok((StatusCode::CREATED, Json(created)))
    })
    .await
}

/// Tests an OCI repository before anything is created: what answers, how it authenticates, what it would list.
#[utoipa::path(post, path = "/namespaces/{namespace}/oci-repositories/test", tag = "oci-repositories", params(Scope),
    request_body = OciRepositoryRequest,
    responses(
        (status = 200, description = "What came back, also where that is a failure.", body = ConnectionReport),
        (status = 403, description = "The caller may not add repositories here.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<OciRepositoryRequest>,
) -> Result<Json<ConnectionReport>, Problem> {
    Ok(Json(connection::test_oci(&caller, &app.sources, &scope.namespace, &request).await?))
}

/// One OCI repository.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}", tag = "oci-repositories", params(Named),
    responses(
        (status = 200, description = "The repository.", body = OciRepository),
        (status = 403, description = "The caller may not read it.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn show(caller: Caller, Path(at): Path<Named>) -> Result<Json<OciRepository>, Problem> {
    source_objects::show(&caller, &at).await
}

/// Changes an OCI repository; what is absent stays.
#[utoipa::path(patch, path = "/namespaces/{namespace}/oci-repositories/{name}", tag = "oci-repositories", params(Named),
    request_body = OciRepositoryUpdate,
    responses(
        (status = 200, description = "Changed.", body = OciRepository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "Somebody else changed it meanwhile.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn update(
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<OciRepositoryUpdate>,
) -> Result<Json<OciRepository>, Problem> {
    to_the_end(async move {
        let changed = oci_repositories::update(&caller, &at.namespace, &at.name, &request).await?;
        log_change(&caller, "OCI repository changed", &at.namespace, &at.name);
        Ok(Json(changed))
    })
    .await
}

/// Deletes an OCI repository. Its releases stay deployed but stop reconciling.
#[utoipa::path(delete, path = "/namespaces/{namespace}/oci-repositories/{name}", tag = "oci-repositories",
    params(Named, Confirm),
    responses(
        (status = 200, description = "Deleted; the releases that used it.", body = Dependents),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "Releases use it (`dependents`); send its name as `confirm`.", body = Problem),
    )
)]
pub(crate) async fn delete(
    caller: Caller,
    Path(at): Path<Named>,
    Query(query): Query<Confirm>,
) -> Result<Json<Dependents>, Problem> {
    source_objects::delete::<OCIRepository>(caller, at, query).await
}

/// Asks for a check now.
#[utoipa::path(post, path = "/namespaces/{namespace}/oci-repositories/{name}/sync", tag = "oci-repositories", params(Named),
    responses(
        (status = 202, description = "Asked for.", body = Requested),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn sync(
    caller: Caller,
    Path(at): Path<Named>,
) -> Result<(StatusCode, Json<Requested>), Problem> {
    source_objects::sync::<OCIRepository>(&caller, &at).await
}

/// Stops the checks.
#[utoipa::path(post, path = "/namespaces/{namespace}/oci-repositories/{name}/suspend", tag = "oci-repositories",
    params(Named),
    responses(
        (status = 200, description = "Suspended.", body = OciRepository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn suspend(caller: Caller, Path(at): Path<Named>) -> Result<Json<OciRepository>, Problem> {
    source_objects::set_suspended(&caller, &at, true).await
}

/// Starts the checks again.
#[utoipa::path(post, path = "/namespaces/{namespace}/oci-repositories/{name}/resume", tag = "oci-repositories",
    params(Named),
    responses(
        (status = 200, description = "Resumed.", body = OciRepository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn resume(caller: Caller, Path(at): Path<Named>) -> Result<Json<OciRepository>, Problem> {
    source_objects::set_suspended(&caller, &at, false).await
}

/// The releases that use an OCI repository.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/dependents", tag = "oci-repositories",
    params(Named),
    responses(
        (status = 200, description = "Releases.", body = Dependents),
        (status = 403, description = "The caller may not list releases.", body = Problem),
    )
)]
pub(crate) async fn dependents(caller: Caller, Path(at): Path<Named>) -> Result<Json<Dependents>, Problem> {
    source_objects::dependents::<OCIRepository>(&caller, &at).await
}

/// Events of an OCI repository, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/events", tag = "oci-repositories",
    params(Named),
    responses(
        (status = 200, description = "Events.", body = Vec<EventView>),
        (status = 403, description = "The caller may not list events.", body = Problem),
    )
)]
pub(crate) async fn events(caller: Caller, Path(at): Path<Named>) -> Result<Json<Vec<EventView>>, Problem> {
    source_objects::events::<OCIRepository>(&caller, &at).await
}

/// The object as YAML.
#[utoipa::path(get, path = "/namespaces/{namespace}/oci-repositories/{name}/yaml", tag = "oci-repositories", params(Named),
    responses(
        (status = 200, description = "The object.", body = String, content_type = "application/yaml"),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn yaml(caller: Caller, Path(at): Path<Named>) -> Result<Yaml, Problem> {
    objects::yaml::<OCIRepository>(&caller.client, &at.namespace, &at.name).await.map(Yaml)
}
