use axum::{Json, extract::State};
use http::StatusCode;
use pilothouse_resources::HelmRepository;

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
        rename::{self, Rename},
        repositories::{self, Repository, RepositoryRequest, RepositoryUpdate, Sync},
        source_objects::SourceView as _,
    },
};

/// Helm repositories, of a namespace or of all.
#[utoipa::path(get, path = "/repositories", tag = "repositories", params(InNamespace, ListQuery), responses(
    (status = 200, description = "Repositories.", body = Page<Repository>),
    (status = 403, description = "The caller may not list repositories.", body = Problem),
    (status = 422, description = "A parameter is not right.", body = Problem),
))]
pub(crate) async fn list(
    caller: Caller,
    Query(scope): Query<InNamespace>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Repository>>, Problem> {
    source_objects::list(&caller, &scope, &query).await
}

/// Adds a repository.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories", tag = "repositories", params(Scope),
    request_body = RepositoryRequest,
    responses(
        (status = 201, description = "Added.", body = Repository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is no such namespace.", body = Problem),
        (status = 409, description = "The name is taken.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn create(
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<RepositoryRequest>,
) -> Result<(StatusCode, Json<Repository>), Problem> {
    to_the_end(async move {
        let created = repositories::create(&caller, &scope.namespace, &request).await?;
        log_change(&caller, "repository added", &scope.namespace, &request.name);
        Ok((StatusCode::CREATED, Json(created)))
    })
    .await
}

/// Tests a repository before anything is created: what answers, how it authenticates, what it would list.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories/test", tag = "repositories", params(Scope),
    request_body = RepositoryRequest,
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
    extract::Json(request): extract::Json<RepositoryRequest>,
) -> Result<Json<ConnectionReport>, Problem> {
    Ok(Json(connection::test(&caller, &app.sources, &scope.namespace, &request).await?))
}

/// One repository.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}", tag = "repositories", params(Named),
    responses(
        (status = 200, description = "The repository.", body = Repository),
        (status = 403, description = "The caller may not read it.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn show(caller: Caller, Path(at): Path<Named>) -> Result<Json<Repository>, Problem> {
    source_objects::show(&caller, &at).await
}

/// Changes a repository; what is absent stays.
#[utoipa::path(patch, path = "/namespaces/{namespace}/repositories/{name}", tag = "repositories", params(Named),
    request_body = RepositoryUpdate,
    responses(
        (status = 200, description = "Changed.", body = Repository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "Somebody else changed it meanwhile.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn update(
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<RepositoryUpdate>,
) -> Result<Json<Repository>, Problem> {
    to_the_end(async move {
        let changed = repositories::update(&caller, &at.namespace, &at.name, &request).await?;
        log_change(&caller, "repository changed", &at.namespace, &at.name);
        Ok(Json(changed))
    })
    .await
}

/// Deletes a repository. Its releases stay deployed but stop reconciling.
#[utoipa::path(delete, path = "/namespaces/{namespace}/repositories/{name}", tag = "repositories",
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
    source_objects::delete::<HelmRepository>(caller, at, query).await
}

/// Renames a repository: its releases follow, nothing is deployed again.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories/{name}/rename", tag = "repositories",
    params(Named), request_body = Rename,
    responses(
        (status = 200, description = "Renamed.", body = Repository),
        (status = 403, description = "The caller lacks one of the rights it needs.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "The new name is taken.", body = Problem),
        (status = 422, description = "The new name is not right.", body = Problem),
    )
)]
pub(crate) async fn rename(
    caller: Caller,
    Path(at): Path<Named>,
    extract::Json(request): extract::Json<Rename>,
) -> Result<Json<Repository>, Problem> {
    to_the_end(async move {
        let renamed = rename::rename(&caller, &at.namespace, &at.name, &request.new_name).await?;
        log_change(&caller, "repository renamed", &at.namespace, &request.new_name);
        Ok(Json(Repository::of(&renamed)))
    })
    .await
}

/// Asks for a sync now.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories/{name}/sync", tag = "repositories", params(Named),
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
    source_objects::sync::<HelmRepository>(&caller, &at).await
}

/// Stops the sync.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories/{name}/suspend", tag = "repositories",
    params(Named),
    responses(
        (status = 200, description = "Suspended.", body = Repository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn suspend(caller: Caller, Path(at): Path<Named>) -> Result<Json<Repository>, Problem> {
    source_objects::set_suspended(&caller, &at, true).await
}

/// Starts the sync again.
#[utoipa::path(post, path = "/namespaces/{namespace}/repositories/{name}/resume", tag = "repositories",
    params(Named),
    responses(
        (status = 200, description = "Resumed.", body = Repository),
        (status = 403, description = "The caller may not.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn resume(caller: Caller, Path(at): Path<Named>) -> Result<Json<Repository>, Problem> {
    source_objects::set_suspended(&caller, &at, false).await
}

/// The releases that use a repository.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/dependents", tag = "repositories",
    params(Named),
    responses(
        (status = 200, description = "Releases.", body = Dependents),
        (status = 403, description = "The caller may not list releases.", body = Problem),
    )
)]
pub(crate) async fn dependents(caller: Caller, Path(at): Path<Named>) -> Result<Json<Dependents>, Problem> {
    source_objects::dependents::<HelmRepository>(&caller, &at).await
}

/// The last syncs, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/syncs", tag = "repositories", params(Named),
    responses(
        (status = 200, description = "Syncs.", body = Vec<Sync>),
        (status = 404, description = "There is no such repository.", body = Problem),
    )
)]
pub(crate) async fn syncs(caller: Caller, Path(at): Path<Named>) -> Result<Json<Vec<Sync>>, Problem> {
    Ok(Json(repositories::syncs(&caller, &at.namespace, &at.name).await?))
}

/// Events of a repository, newest first.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/events", tag = "repositories",
    params(Named),
    responses(
        (status = 200, description = "Events.", body = Vec<EventView>),
        (status = 403, description = "The caller may not list events.", body = Problem),
    )
)]
pub(crate) async fn events(caller: Caller, Path(at): Path<Named>) -> Result<Json<Vec<EventView>>, Problem> {
    source_objects::events::<HelmRepository>(&caller, &at).await
}

/// The object as YAML.
#[utoipa::path(get, path = "/namespaces/{namespace}/repositories/{name}/yaml", tag = "repositories", params(Named),
    responses(
        (status = 200, description = "The object.", body = String, content_type = "application/yaml"),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn yaml(caller: Caller, Path(at): Path<Named>) -> Result<Yaml, Problem> {
    objects::yaml::<HelmRepository>(&caller.client, &at.namespace, &at.name).await.map(Yaml)
}
