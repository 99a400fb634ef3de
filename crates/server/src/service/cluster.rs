//! The cluster behind the API.

use k8s_openapi::api::core::v1::Node;
use kube::{Api, api::ListParams};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Caller, ClusterDescription, problem::Problem};

/// About the cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterView {
    /// Whether its workloads are simulated (the embedded cluster). Must be shown to people.
    pub simulated: bool,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What a person needs to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Version of its API server, for example `v1.37.2`.
    pub kubernetes_version: String,
    /// Platform of its API server.
    pub platform: String,
    /// Number of nodes; absent where the caller may not list them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
}

/// Describes the cluster.
pub async fn describe(caller: &Caller, description: &ClusterDescription) -> Result<ClusterView, Problem> {
    let version = caller.client.apiserver_version().await?;
    let nodes: Api<Node> = Api::all(caller.client.clone());
    let nodes = nodes.list_metadata(&ListParams::default()).await.ok().map(|list| list.items.len());
    Ok(ClusterView {
        simulated: description.simulated,
        name: description.name.clone(),
        note: description.note.clone(),
        kubernetes_version: version.git_version,
        platform: version.platform,
        nodes,
    })
}
