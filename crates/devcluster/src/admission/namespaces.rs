//! `NamespaceLifecycle`: nothing is created in namespaces that are not there or are going.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause, Details};

const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Namespaces that cannot be deleted.
const KEPT: [&str; 3] = ["default", "kube-system", "kube-public"];

pub(super) fn may_create(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> ApiResult<()> {
    if !resource.namespaced || namespace.is_empty() {
        return Ok(());
    }
    let Some(found) = cluster.store().get("namespaces", "", namespace) else {
        return Err(ApiError::not_found("", "namespaces", namespace));
    };
    // Cheap look first: namespaces are rarely terminating.
    if !contains(&found.body, b"\"deletionTimestamp\"") || !meta::is_deleting(&found.value()) {
        return Ok(());
    }
    let name = meta::text(object, "name");
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let cause = Cause::new(
        "NamespaceTerminating",
        "metadata.namespace",
        format!("namespace {namespace} is being terminated"),
    );
    let error = ApiError::forbidden(resource.group(), &resource.plural, name, &why);
    Err(error.with_details(Details {
        name: name.to_owned(),
        group: resource.group().to_owned(),
        kind: resource.plural.to_string(),
        causes: vec![cause],
        ..Details::default()
    }))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

pub(super) fn may_delete(resource: &Resource, name: &str) -> ApiResult<()> {
    if resource.is("", "Namespace") && KEPT.contains(&name) {
        return Err(ApiError::forbidden("", "namespaces", name, "this namespace may not be deleted"));
    }
    Ok(())
}

/// Every namespace has its name as a label (a generated name is filled in later) and the cluster's finalizer.
pub(super) fn label(object: &mut Value) {
    let given = object["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
    if !given.iter().any(|f| f == "kubernetes") {
        object["spec"]["finalizers"] = Value::from([given, vec![json!("kubernetes")]].concat());
    }
    let name = meta::text(object, "name").to_owned();
    if !name.is_empty() {
        object["metadata"]["labels"][NAME_LABEL] = json!(name);
    }
}

/// Finalizers of the spec change through `finalize` alone, the phase through status.
pub(super) fn keep(object: &mut Value, old: &Value, subresource: &str) {
    if subresource != "finalize" {
        object["spec"] = old["spec"].clone();
    }
    object["metadata"]["labels"][NAME_LABEL] = json!(meta::text(old, "name"));
}
