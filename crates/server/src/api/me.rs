use axum::{Extension, Json, extract::State};

use super::InNamespace;
use crate::{
    app::App,
    auth::guard::SessionName,
    clients::Caller,
    extract::Query,
    problem::Problem,
    service::identity::{self, Me, NamespaceView, Permissions},
};

/// Who is signed in.
#[utoipa::path(get, path = "/me", tag = "session", responses(
    (status = 200, description = "Who is signed in.", body = Me),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn me(
    State(app): State<App>,
    caller: Caller,
    session: Option<Extension<SessionName>>,
) -> Json<Me> {
    Json(Me {
        user: caller.identity.user.clone(),
        groups: caller.identity.groups.clone(),
        session_ends_at: session.and_then(|session| app.sessions.ends_at(session.0.0)),
    })
}

/// What the caller may do, in a namespace or in the whole cluster.
#[utoipa::path(get, path = "/me/permissions", tag = "session", params(InNamespace), responses(
    (status = 200, description = "Allowed verbs by resource.", body = Permissions),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn permissions(
    caller: Caller,
    Query(query): Query<InNamespace>,
) -> Result<Json<Permissions>, Problem> {
    Ok(Json(identity::permissions(&caller, query.namespace()).await?))
}

/// The namespaces.
#[utoipa::path(get, path = "/namespaces", tag = "cluster", responses(
    (status = 200, description = "The namespaces, by name.", body = Vec<NamespaceView>),
    (status = 403, description = "The caller may not list namespaces.", body = Problem),
))]
pub(crate) async fn namespaces(caller: Caller) -> Result<Json<Vec<NamespaceView>>, Problem> {
    Ok(Json(identity::namespaces(&caller).await?))
}
