use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::InNamespace;
use crate::{
    clients::Caller,
    extract::{Path, Query},
    page::{ListQuery, Page},
    problem::Problem,
    service::workloads::{self, Workload},
};

/// Kind, namespace and name of a workload, in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct WorkloadName {
    /// Namespace.
    namespace: String,
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    kind: String,
    /// Name.
    name: String,
}

/// Which workloads are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkloadFilter {
    /// Only those that this HelmRelease made.
    release: Option<String>,
}

/// The workloads that releases made.
#[utoipa::path(get, path = "/services", tag = "services", params(InNamespace, ListQuery, WorkloadFilter), responses(
    (status = 200, description = "Workloads.", body = Page<Workload>),
    (status = 403, description = "The caller may not list workloads.", body = Problem),
))]
pub(crate) async fn list(
    caller: Caller,
    Query(scope): Query<InNamespace>,
    Query(query): Query<ListQuery>,
    Query(filter): Query<WorkloadFilter>,
) -> Result<Json<Page<Workload>>, Problem> {
    let mut all = workloads::list(&caller, scope.namespace()).await?;
    if let Some(name) = filter.release.filter(|name| !name.is_empty()) {
        all.retain(|workload| workload.release.as_ref().is_some_and(|release| release.name == name));
    }
    Ok(Json(query.apply(all)?))
}

/// One workload.
#[utoipa::path(get, path = "/namespaces/{namespace}/services/{kind}/{name}", tag = "services", params(WorkloadName),
    responses(
        (status = 200, description = "The workload.", body = Workload),
        (status = 404, description = "There is none.", body = Problem),
    )
)]
pub(crate) async fn show(caller: Caller, Path(at): Path<WorkloadName>) -> Result<Json<Workload>, Problem> {
    Ok(Json(workloads::get(&caller, &at.namespace, &at.kind, &at.name).await?))
}
