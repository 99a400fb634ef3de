//! Which keys a change concerns.

use std::sync::Arc;

use serde_json::Value;

use super::engine::{Engine, Key, What};
use super::gc;
use super::objects::{controller_of, is_deleting, list, matches_map, selects, text};
use crate::store::{Change, ChangeKind, Object};

/// The kind of key that objects of a bucket are looked at by.
fn of_bucket(bucket: &str) -> Option<What> {
    Some(match bucket {
        "apiextensions.k8s.io/customresourcedefinitions" => What::Definition,
        "namespaces" => What::Namespace,
        "secrets" => What::Secret,
        "nodes" => What::Node,
        "persistentvolumeclaims" => What::Claim,
        "persistentvolumes" => What::Volume,
        "pods" => What::Pod,
        "apps/replicasets" => What::ReplicaSet,
        "apps/deployments" => What::Deployment,
        "apps/statefulsets" => What::StatefulSet,
        "apps/daemonsets" => What::DaemonSet,
        "batch/jobs" => What::Job,
        "batch/cronjobs" => What::CronJob,
        "services" => What::Service,
        "policy/poddisruptionbudgets" => What::Budget,
        "autoscaling/horizontalpodautoscalers" => What::Autoscaler,
        "resourcequotas" => What::Quota,
        _ => return None,
    })
}

/// Whether the key's controller runs without simulated workloads too.
fn always(what: What) -> bool {
    matches!(what, What::Definition | What::Namespace | What::Owned | What::Secret | What::Quota)
}

/// Keys of the object itself.
pub(super) fn own_keys(engine: &Engine, bucket: &str, object: &Object) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(what) = of_bucket(bucket)
        && (always(what) || engine.simulation.enabled)
    {
        keys.push(Key::new(what, &object.namespace, &object.name));
    }
    if gc::concerns(engine, object) {
        keys.push(gc::key(bucket, &object.namespace, &object.name));
    }
    keys
}

/// All keys that a change concerns.
pub(super) fn keys(engine: &mut Engine, change: &Change) -> Vec<Key> {
    let object = &change.object;
    let mut keys = Vec::new();
    if change.kind == ChangeKind::Deleted {
        keys.extend(engine.owners.forget(&object.uid));
    } else {
        engine.owners.learn(&change.bucket, object);
    }
    keys.extend(own_keys(engine, &change.bucket, object));
    terminating(engine, change, &mut keys);
    if engine.simulation.enabled {
        related(engine, change, &mut keys);
    }
    if change.kind != ChangeKind::Modified || &*change.bucket == "pods" {
        keys.extend(all_in(engine, "resourcequotas", &object.namespace, What::Quota));
    }
    keys
}

/// Namespaces and definitions that wait for the object to go.
fn terminating(engine: &Engine, change: &Change, keys: &mut Vec<Key>) {
    let object = &change.object;
    if !object.namespace.is_empty() {
        let default = matches!(
            (&*change.bucket, &*object.name),
            ("serviceaccounts", "default") | ("configmaps", "kube-root-ca.crt")
        );
        let waits = || engine.get("namespaces", "", &object.namespace).is_some_and(|n| is_deleting(&n));
        if default || waits() {
            keys.push(Key::new(What::Namespace, "", &object.namespace));
        }
    }
    if let (ChangeKind::Deleted, Some((group, plural))) = (change.kind, change.bucket.split_once('/')) {
        let definition = format!("{plural}.{group}");
        if engine.controllers.get("apiextensions.k8s.io/customresourcedefinitions", "", &definition).is_some()
        {
            keys.push(Key::new(What::Definition, "", &definition));
        }
    }
}

fn all_in(engine: &Engine, bucket: &str, namespace: &str, what: What) -> Vec<Key> {
    if namespace.is_empty() {
        return Vec::new();
    }
    engine.list(bucket, namespace).iter().map(|o| Key::new(what, namespace, &o.name)).collect()
}

fn everywhere(engine: &Engine, bucket: &str, what: What) -> Vec<Key> {
    engine.list(bucket, "").iter().map(|o| Key::new(what, &o.namespace, &o.name)).collect()
}

fn related(engine: &mut Engine, change: &Change, keys: &mut Vec<Key>) {
    let object = Arc::clone(&change.object);
    let namespace = &object.namespace;
    match &*change.bucket {
        "pods" => of_pod(engine, change, keys),
        "apps/replicasets" => {
            let value = object.value();
            match controller_of(&value) {
                Some(owner) => keys.push(Key::new(What::Deployment, namespace, text(owner, "name"))),
                None => keys.extend(all_in(engine, "apps/deployments", namespace, What::Deployment)),
            }
            keys.extend(all_in(engine, "autoscaling/horizontalpodautoscalers", namespace, What::Autoscaler));
        }
        "apps/deployments" | "apps/statefulsets" => {
            keys.extend(all_in(engine, "autoscaling/horizontalpodautoscalers", namespace, What::Autoscaler));
            keys.extend(all_in(engine, "policy/poddisruptionbudgets", namespace, What::Budget));
        }
        "batch/jobs" => {
            if let Some(owner) = controller_of(&object.value()) {
                keys.push(Key::new(What::CronJob, namespace, text(owner, "name")));
            }
        }
        "endpoints" => keys.push(Key::new(What::Service, namespace, &object.name)),
        "discovery.k8s.io/endpointslices" => {
            if let Some(service) = object.label("kubernetes.io/service-name") {
                keys.push(Key::new(What::Service, namespace, service));
            }
        }
        "nodes" => {
            keys.extend(everywhere(engine, "apps/daemonsets", What::DaemonSet));
            keys.extend(everywhere(engine, "pods", What::Pod));
        }
        "persistentvolumeclaims" => {
            keys.extend(all_in(engine, "pods", namespace, What::Pod));
            keys.extend(all_in(engine, "apps/statefulsets", namespace, What::StatefulSet));
            let volume = text(&object.value()["spec"], "volumeName").to_owned();
            if !volume.is_empty() {
                keys.push(Key::new(What::Volume, "", &volume));
            }
        }
        "persistentvolumes" => {
            let value = object.value();
            let claim = &value["spec"]["claimRef"];
            if claim.is_object() {
                keys.push(Key::new(What::Claim, text(claim, "namespace"), text(claim, "name")));
            } else {
                keys.extend(everywhere(engine, "persistentvolumeclaims", What::Claim));
            }
        }
        "storage.k8s.io/storageclasses" => {
            keys.extend(everywhere(engine, "persistentvolumeclaims", What::Claim));
        }
        _ => {}
    }
}

/// What looks at Pods: their controllers, Services, budgets, claims.
fn of_pod(engine: &mut Engine, change: &Change, keys: &mut Vec<Key>) {
    let object = &change.object;
    let namespace = &object.namespace;
    let pod = object.value();
    if change.kind == ChangeKind::Deleted {
        engine.addresses.release(&object.uid);
        engine.due.retain(|(uid, _), _| *uid != object.uid);
    }
    match controller_of(&pod) {
        Some(owner) => {
            let what = match text(owner, "kind") {
                "ReplicaSet" => Some(What::ReplicaSet),
                "StatefulSet" => Some(What::StatefulSet),
                "DaemonSet" => Some(What::DaemonSet),
                "Job" => Some(What::Job),
                _ => None,
            };
            keys.extend(what.map(|what| Key::new(what, namespace, text(owner, "name"))));
        }
        None => {
            for (bucket, what) in [
                ("apps/replicasets", What::ReplicaSet),
                ("apps/statefulsets", What::StatefulSet),
                ("apps/daemonsets", What::DaemonSet),
            ] {
                let matching = engine
                    .list(bucket, namespace)
                    .into_iter()
                    .filter(|o| selects(&o.value()["spec"]["selector"], &labels_of(object)));
                keys.extend(matching.map(|o| Key::new(what, namespace, &o.name)));
            }
        }
    }
    let previous = change.previous.as_deref();
    let both = |selected: &dyn Fn(&[(&str, &str)]) -> bool| {
        selected(&labels_of(object)) || previous.is_some_and(|p| selected(&labels_of(p)))
    };
    for service in engine.list("services", namespace) {
        let value = service.value();
        let selector = value["spec"]["selector"].as_object().filter(|s| !s.is_empty());
        if selector.is_some_and(|s| both(&|labels| matches_map(s, labels))) {
            keys.push(Key::new(What::Service, namespace, &service.name));
        }
    }
    for budget in engine.list("policy/poddisruptionbudgets", namespace) {
        let value = budget.value();
        if both(&|labels| selects(&value["spec"]["selector"], labels)) {
            keys.push(Key::new(What::Budget, namespace, &budget.name));
        }
    }
    keys.extend(claims(&pod).map(|claim| Key::new(What::Claim, namespace, claim)));
}

fn labels_of(object: &Object) -> Vec<(&str, &str)> {
    object.labels.iter().map(|(k, v)| (&**k, &**v)).collect()
}

/// Names of the claims that a Pod uses.
pub(super) fn claims(pod: &Value) -> impl Iterator<Item = &str> {
    list(&pod["spec"], "volumes").iter().filter_map(|v| v["persistentVolumeClaim"]["claimName"].as_str())
}
