//! Default classes of claims and Ingresses, and the finalizers that protect storage in use.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::meta;
use crate::status::{ApiError, ApiResult};

/// `DefaultStorageClass` and `StorageObjectInUseProtection` for claims.
pub(super) fn claim(cluster: &Cluster, object: &mut Value) {
    protect(object, "kubernetes.io/pvc-protection");
    let annotated =
        object["metadata"]["annotations"].get("volume.beta.kubernetes.io/storage-class").is_some();
    if !object["spec"]["storageClassName"].is_null() || annotated {
        return;
    }
    let default = default_class(
        cluster,
        "storage.k8s.io/storageclasses",
        "storageclass.kubernetes.io/is-default-class",
    );
    if let Some((name, _)) = default {
        object["spec"]["storageClassName"] = json!(name);
    }
}

/// `StorageObjectInUseProtection` for volumes.
pub(super) fn volume(object: &mut Value) {
    protect(object, "kubernetes.io/pv-protection");
}

fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers = meta::finalizers(object);
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(finalizer.to_owned());
        meta::of(object).insert("finalizers".to_owned(), json!(finalizers));
    }
}

/// `DefaultIngressClass`.
pub(super) fn ingress(cluster: &Cluster, object: &mut Value) -> ApiResult<()> {
    let annotated = object["metadata"]["annotations"].get("kubernetes.io/ingress.class").is_some();
    if !object["spec"]["ingressClassName"].is_null() || annotated {
        return Ok(());
    }
    let key = "ingressclass.kubernetes.io/is-default-class";
    match default_class(cluster, "networking.k8s.io/ingressclasses", key) {
        Some((name, 1)) => object["spec"]["ingressClassName"] = json!(name),
        Some((_, count)) => {
            let name = meta::text(object, "name");
            let why = format!("{count} default IngressClasses were found, only 1 allowed");
            return Err(ApiError::forbidden("networking.k8s.io", "ingresses", name, &why));
        }
        None => {}
    }
    Ok(())
}

/// The newest class that is marked as default, and how many are.
fn default_class(cluster: &Cluster, bucket: &str, annotation: &str) -> Option<(String, usize)> {
    let classes = cluster.store().list(bucket, None).objects;
    let values = classes.iter().map(|class| class.value());
    let mut defaults: Vec<(String, String)> = values
        .filter(|class| class["metadata"]["annotations"][annotation] == "true")
        .map(|class| {
            (meta::text(&class, "creationTimestamp").to_owned(), meta::text(&class, "name").to_owned())
        })
        .collect();
    defaults.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let count = defaults.len();
    defaults.into_iter().next().map(|(_, name)| (name, count))
}
