use axum::Json;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Named;
use crate::{
    clients::Caller,
    extract::{self, Path, Query},
    limits::log_change,
    problem::Problem,
    service::{
        credentials::{self, CertificateInput, CredentialsInput, CredentialsKind, CredentialsView},
        objects::need_namespace,
    },
    validate::{self, Checks},
};

/// A namespace, in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Scope {
    /// Namespace.
    pub(crate) namespace: String,
}

/// Which credentials.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KindQuery {
    /// Only this kind: `basic`, `bearer` or `dockerConfig` (pull secrets).
    kind: Option<CredentialsKind>,
}

/// Credentials to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCredentials {
    /// Name of the Secret.
    name: String,
    /// The credentials.
    #[serde(default)]
    credentials: CredentialsInput,
    /// Certificates.
    #[serde(default)]
    certificate: CertificateInput,
}

/// Secrets that can serve as credentials: names and kinds, never their content.
#[utoipa::path(get, path = "/namespaces/{namespace}/credentials", tag = "credentials", params(Scope, KindQuery),
    responses(
        (status = 200, description = "Secrets with credentials or certificates.", body = Vec<CredentialsView>),
        (status = 403, description = "The caller may not list Secrets.", body = Problem),
    )
)]
pub(crate) async fn list(
    caller: Caller,
    Path(scope): Path<Scope>,
    Query(query): Query<KindQuery>,
) -> Result<Json<Vec<CredentialsView>>, Problem> {
    let mut all = credentials::list(&caller, &scope.namespace).await?;
    if query.kind.is_some() {
        all.retain(|secret| secret.kind == query.kind);
    }
    Ok(Json(all))
}

/// Stores credentials in a Secret. They are never read back.
#[utoipa::path(post, path = "/namespaces/{namespace}/credentials", tag = "credentials", params(Scope),
    request_body = NewCredentials,
    responses(
        (status = 201, description = "Stored."),
        (status = 403, description = "The caller may not create Secrets.", body = Problem),
        (status = 409, description = "The name is taken.", body = Problem),
        (status = 422, description = "A field is not right.", body = Problem),
    )
)]
pub(crate) async fn create(
    caller: Caller,
    Path(scope): Path<Scope>,
    extract::Json(request): extract::Json<NewCredentials>,
) -> Result<StatusCode, Problem> {
    let mut checks = Checks::default();
    checks.take("name", validate::name(&request.name, validate::MAX_NAME));
    if request.credentials.kind == CredentialsKind::Secret {
        checks.add("credentials.kind", "a Secret that exists needs no storing");
    }
    request.credentials.check("credentials", &mut checks, false);
    request.certificate.check("certificate", &mut checks);
    checks.finish()?;
    need_namespace(&caller.client, &scope.namespace).await?;
    credentials::create(&caller, &scope.namespace, &request.name, &request.credentials, &request.certificate)
        .await?;
    log_change(&caller, "credentials stored", &scope.namespace, &request.name);
    Ok(StatusCode::CREATED)
}

/// Deletes a Secret with credentials.
#[utoipa::path(delete, path = "/namespaces/{namespace}/credentials/{name}", tag = "credentials", params(Named),
    responses(
        (status = 204, description = "Deleted."),
        (status = 403, description = "The caller may not delete Secrets.", body = Problem),
        (status = 404, description = "There is none.", body = Problem),
        (status = 409, description = "The Secret holds something else.", body = Problem),
    )
)]
pub(crate) async fn delete(caller: Caller, Path(at): Path<Named>) -> Result<StatusCode, Problem> {
    credentials::delete(&caller, &at.namespace, &at.name).await?;
    log_change(&caller, "credentials deleted", &at.namespace, &at.name);
    Ok(StatusCode::NO_CONTENT)
}
