//! Namespaces: what each has from the beginning, and how they end.

use serde_json::{Value, json};

use super::engine::{Engine, Key, gone_is_fine};
use super::objects::{Condition, finalizers, is_deleting, set_condition, stamp};
use crate::client::DeleteOptions;
use crate::status::{ApiResult, qualified};

const CA_DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(namespace) = engine.get("namespaces", "", &key.name) else { return Ok(()) };
    if is_deleting(&namespace) {
        return terminate(engine, &namespace, &key.name).await;
    }
    if engine.controllers.get("serviceaccounts", &key.name, "default").is_none() {
        let resource = engine.resource("", "ServiceAccount")?;
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": &*key.name}});
        existing_is_fine(engine.controllers.create(&resource, &key.name, account).await)?;
    }
    let ca = engine.cluster.ca_certificate().to_owned();
    match engine.get("configmaps", &key.name, "kube-root-ca.crt") {
        None => {
            let resource = engine.resource("", "ConfigMap")?;
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {
                    "name": "kube-root-ca.crt", "namespace": &*key.name,
                    "annotations": {"kubernetes.io/description": CA_DESCRIPTION},
                },
                "data": {"ca.crt": ca},
            });
            existing_is_fine(engine.controllers.create(&resource, &key.name, map).await)?;
        }
        Some(map) if map["data"]["ca.crt"].as_str() != Some(&ca) => {
            let resource = engine.resource("", "ConfigMap")?;
            let change = |live: &mut Value| {
                live["data"] = json!({"ca.crt": ca});
                true
            };
            engine.controllers.modify(&resource, "", &key.name, "kube-root-ca.crt", change).await?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// What is there already need not be created.
pub(super) fn existing_is_fine(result: ApiResult<Value>) -> ApiResult<()> {
    match result {
        Err(error) if !error.is_already_exists() => Err(error),
        _ => Ok(()),
    }
}

/// What is left of a namespace.
#[derive(Default)]
struct Left {
    /// `configmaps. has 1 resource instances`.
    resources: Vec<String>,
    /// Finalizers, with the number of objects that have them.
    finalizers: std::collections::BTreeMap<String, usize>,
    /// What could not be deleted, and why.
    failures: Vec<String>,
}

async fn terminate(engine: &mut Engine, namespace: &Value, name: &str) -> ApiResult<()> {
    let mut left = Left::default();
    let mut seen = std::collections::HashSet::new();
    for resource in engine.cluster.resources() {
        if !resource.namespaced
            || !resource.has_verb("delete")
            || !seen.insert(std::sync::Arc::clone(&resource.bucket))
        {
            continue;
        }
        for object in engine.list(&resource.bucket, name) {
            if is_deleting(&object.value()) {
                continue;
            }
            let options = DeleteOptions {
                uid: Some(object.uid.to_string()),
                propagation: Some("Background".to_owned()),
                ..DeleteOptions::default()
            };
            let result = engine.controllers.delete(&resource, name, &object.name, &options).await;
            if let Err(error) = gone_is_fine(result) {
                left.failures.push(error.message);
            }
        }
        let remaining = engine.list(&resource.bucket, name);
        if remaining.is_empty() {
            continue;
        }
        let text = qualified(resource.group(), &resource.plural);
        let text = if resource.group().is_empty() { format!("{text}.") } else { text };
        left.resources.push(format!("{text} has {} resource instances", remaining.len()));
        for object in remaining {
            for finalizer in finalizers(&object.value()) {
                *left.finalizers.entry(finalizer.to_owned()).or_default() += 1;
            }
        }
    }
    let resource = engine.resource("", "Namespace")?;
    let mut status = namespace["status"].clone();
    conditions(&mut status, &left, &stamp(jiff::Timestamp::now()));
    if status != namespace["status"] {
        let change = |live: &mut Value| {
            let differs = live["status"] != status;
            live["status"] = status.clone();
            differs
        };
        engine.controllers.modify(&resource, "status", "", name, change).await?;
    }
    if left.resources.is_empty() && left.failures.is_empty() {
        let change = |live: &mut Value| {
            let has = live["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
            live["spec"]["finalizers"] = json!([]);
            has
        };
        engine.controllers.modify(&resource, "finalize", "", name, change).await?;
    }
    Ok(())
}

/// The conditions of a namespace that is being deleted.
fn conditions(status: &mut Value, left: &Left, now: &str) {
    let mut set = |kind, status_text, reason, message: &str| {
        set_condition(status, Condition { kind, status: status_text, reason, message }, false, now);
    };
    set(
        "NamespaceDeletionDiscoveryFailure",
        "False",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    );
    set(
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    );
    if left.failures.is_empty() {
        let text = "All content successfully deleted, may be waiting on finalization";
        set("NamespaceDeletionContentFailure", "False", "ContentDeleted", text);
    } else {
        let text = format!(
            "Failed to delete all resource types, {} remaining: {}",
            left.failures.len(),
            left.failures.join(", ")
        );
        set("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", &text);
    }
    if left.resources.is_empty() {
        set("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed");
    } else {
        let text = format!("Some resources are remaining: {}", left.resources.join(", "));
        set("NamespaceContentRemaining", "True", "SomeResourcesRemain", &text);
    }
    if left.finalizers.is_empty() {
        let text = "All content-preserving finalizers finished";
        set("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", text);
    } else {
        let all: Vec<String> =
            left.finalizers.iter().map(|(f, n)| format!("{f} in {n} resource instances")).collect();
        let text = format!("Some content in the namespace has finalizers remaining: {}", all.join(", "));
        set("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_namespace_is_told() {
        let mut status = json!({"phase": "Terminating"});
        let left = Left {
            resources: vec!["configmaps. has 1 resource instances".into()],
            finalizers: [("a.com/hold".to_owned(), 1)].into(),
            failures: Vec::new(),
        };
        conditions(&mut status, &left, "t");
        let texts: Vec<&str> =
            status["conditions"].as_array().unwrap().iter().map(|c| c["message"].as_str().unwrap()).collect();
        assert_eq!(texts[3], "Some resources are remaining: configmaps. has 1 resource instances");
        assert_eq!(
            texts[4],
            "Some content in the namespace has finalizers remaining: a.com/hold in 1 resource instances"
        );
    }
}
