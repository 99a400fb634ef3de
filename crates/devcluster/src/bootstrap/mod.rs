//! What a fresh cluster holds: namespaces, roles, priority classes, the Service `kubernetes`, API services.

mod policy;

use serde_json::{Value, json};

use crate::call::Call;
use crate::cluster::Cluster;
use crate::kinds;
use crate::status::ApiResult;
use crate::verbs::create::{self, Origin};

/// Who makes what the API server makes at its start.
const MANAGER: &str = "kube-apiserver";

/// Creates what is missing. What is there already is left as it is.
///
/// # Errors
/// Of the first object that cannot be created.
pub(crate) async fn fill(cluster: &Cluster) -> ApiResult<()> {
    for name in ["kube-system", "kube-public", "kube-node-lease", "default"] {
        ensure(cluster, "", json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }))
            .await?;
    }
    for object in policy::objects() {
        ensure(cluster, "", object).await?;
    }
    for (name, value, description) in [
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
        (
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
    ] {
        let class = json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": { "name": name },
            "value": value, "description": description,
        });
        ensure(cluster, "", class).await?;
    }
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "kubernetes", "labels": { "component": "apiserver", "provider": "kubernetes" } },
        "spec": {
            "clusterIP": "10.96.0.1", "type": "ClusterIP", "sessionAffinity": "None",
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }],
        },
    });
    ensure(cluster, "default", service).await?;
    for object in api_services() {
        ensure(cluster, "", object).await?;
    }
    Ok(())
}

async fn ensure(cluster: &Cluster, namespace: &str, object: Value) -> ApiResult<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let resource = Cluster::builtin(group, &kind)?;
    let name = text(&object["metadata"]["name"]);
    if cluster.store().get(&resource.bucket, namespace, &name).is_some() {
        return Ok(());
    }
    let mut call = Call::internal(MANAGER);
    let mut object = object;
    crate::verbs::strategy::canonical(&resource, &mut object);
    create::create(cluster, &mut call, &resource, namespace, object, Origin::Body).await.map(drop)
}

/// An `APIService` for each served group version.
fn api_services() -> Vec<Value> {
    let mut seen: Vec<(String, String)> = Vec::new();
    for resource in kinds::builtin() {
        let entry = (resource.group().to_owned(), resource.gvk.version.to_string());
        if !seen.contains(&entry) {
            seen.push(entry);
        }
    }
    let made = seen.into_iter().enumerate().map(|(i, (group, version))| {
        let name = if group.is_empty() { format!("{version}.") } else { format!("{version}.{group}") };
        let core = group.is_empty();
        let priority = if core { 18_000 } else { 17_900 - 10 * i64::try_from(i).unwrap_or(0) };
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": { "name": name, "labels": { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
            "spec": {
                "group": group, "version": version, "groupPriorityMinimum": priority,
                "versionPriority": if version == "v2" { 30 } else if core { 1 } else { 15 },
            },
            "status": { "conditions": [{
                "type": "Available", "status": "True", "reason": "Local",
                "message": "Local APIServices are always available", "lastTransitionTime": crate::call::now(),
            }] },
        })
    });
    made.collect()
}
