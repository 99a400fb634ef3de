//! What differs between kinds when they are written: generation, status, fields that only some writes may change.

use serde_json::{Map, Value, json};

use crate::call::now;
use crate::crd;
use crate::decode;
use crate::meta;
use crate::resource::Resource;

/// Built-in kinds (group, kind) that have a generation.
const WITH_GENERATION: &[(&str, &str)] = &[
    ("", "Pod"),
    ("", "PodTemplate"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
];

/// Counts the templates of a `DaemonSet`.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Kinds that a PUT creates where they are missing.
const CREATE_ON_UPDATE: &[(&str, &str)] = &[
    ("", "Endpoints"),
    ("", "Event"),
    ("", "LimitRange"),
    ("", "Service"),
    ("coordination.k8s.io", "Lease"),
    ("events.k8s.io", "Event"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
];

fn listed(list: &[(&str, &str)], resource: &Resource) -> bool {
    resource.custom.is_none() && list.contains(&(resource.group(), resource.kind()))
}

/// Whether a PUT creates what is missing.
pub(crate) fn creates_on_update(resource: &Resource) -> bool {
    listed(CREATE_ON_UPDATE, resource)
}

/// Whether DELETE answers with the object instead of a Status.
pub(crate) fn returns_deleted(resource: &Resource) -> bool {
    resource.custom.is_none()
        && resource.group().is_empty()
        && matches!(
            resource.kind(),
            "Pod"
                | "PodTemplate"
                | "Service"
                | "ServiceAccount"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ResourceQuota"
        )
}

/// Whether status is written through a subresource of its own.
pub(crate) fn has_status(resource: &Resource) -> bool {
    match &resource.custom {
        Some(served) => served.status,
        None => resource.subresource("status").is_some(),
    }
}

/// Clears and sets what a client may not give a new object. `shares_labels`: the client gave it no labels.
pub(crate) fn prepare_new(resource: &Resource, object: &mut Value, shares_labels: bool) {
    if resource.custom.is_some() {
        if has_status(resource)
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
        meta::of(object).insert("generation".to_owned(), json!(1));
        return;
    }
    if listed(WITH_GENERATION, resource) {
        meta::of(object).insert("generation".to_owned(), json!(1));
    }
    if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        crd::prepare_definition(object, None);
        return;
    }
    if resource.is("batch", "Job") {
        select_own_pods(object, shares_labels);
    }
    prepare_parts(resource, object);
    if resource.is("", "LimitRange") && meta::text(object, "name").is_empty() {
        meta::of(object).insert("name".to_owned(), json!(uuid::Uuid::new_v4().to_string()));
    }
    if resource.is("", "Namespace") {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(meta::text(object, "name"));
    }
    if resource.is("apps", "DaemonSet") {
        object["metadata"]["annotations"][TEMPLATE_GENERATION] = json!("1");
    }
    let keeps_status =
        matches!((resource.group(), resource.kind()), ("", "Node") | ("apiregistration.k8s.io", _));
    if has_status(resource) && !keeps_status {
        object["status"] = new_status(resource);
        canonical(resource, object);
    }
}

/// What some kinds make of their fields whenever they are written.
fn prepare_parts(resource: &Resource, object: &mut Value) {
    if resource.is("", "PersistentVolumeClaim")
        && let Some(spec) = object["spec"].as_object_mut()
    {
        same_source(spec);
    }
    if resource.is("discovery.k8s.io", "EndpointSlice") {
        // Only v1beta1 had it.
        for endpoint in object["endpoints"].as_array_mut().into_iter().flatten() {
            endpoint.as_object_mut().map(|map| map.remove("deprecatedTopology"));
        }
    }
}

/// `dataSource` knows claims and snapshots alone, and goes together with `dataSourceRef`.
fn same_source(spec: &mut Map<String, Value>) {
    if let Some(source) = spec.get("dataSource") {
        let text = |field: &str| source[field].as_str().unwrap_or_default();
        let known = matches!(
            (text("apiGroup"), text("kind")),
            ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
        );
        if !known {
            spec.remove("dataSource");
        }
    }
    if let Some(reference) = spec.get_mut("dataSourceRef").and_then(Value::as_object_mut) {
        // Sources in other namespaces are behind a feature gate.
        reference.remove("namespace");
    }
    match (spec.get("dataSource").cloned(), spec.get("dataSourceRef").cloned()) {
        (Some(source), None) => drop(spec.insert("dataSourceRef".to_owned(), source)),
        (None, Some(reference)) => drop(spec.insert("dataSource".to_owned(), reference)),
        _ => {}
    }
}

/// Gives a Job that chooses no Pods itself labels of its own, as `generateSelector` does.
fn select_own_pods(object: &mut Value, shared: bool) {
    if object["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) = (json!(meta::text(object, "uid")), json!(meta::text(object, "name")));
    // A Job without labels has its template's, the very same map.
    let labels = [
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
    ];
    for (key, value) in labels {
        object["spec"]["template"]["metadata"]["labels"][key] = value.clone();
        if shared {
            object["metadata"]["labels"][key] = value.clone();
        }
    }
    object["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
}

fn new_status(resource: &Resource) -> Value {
    match (resource.group(), resource.kind()) {
        ("", "Namespace") => json!({ "phase": "Active" }),
        ("", "Pod" | "PersistentVolumeClaim") => json!({ "phase": "Pending" }),
        ("", "PersistentVolume") => json!({ "phase": "Pending", "lastPhaseTransitionTime": now() }),
        _ => json!({}),
    }
}

/// Brings an object into the form Go would write it in.
pub(crate) fn canonical(resource: &Resource, object: &mut Value) {
    if resource.custom.is_none()
        && let Err(error) = decode::builtin(&resource.gvk, object)
    {
        tracing::warn!(%error, kind = resource.kind(), "the server made an object that it cannot read");
    }
}

/// Restores what an update (through a subresource, or of the object itself) may not change, and raises the
/// generation where the wanted state changes.
pub(crate) fn prepare_update(resource: &Resource, object: &mut Value, old: &Value, subresource: &str) {
    keep_server_fields(object, old);
    if subresource == "status" {
        only_status(resource, object, old);
    } else if has_status(resource) && subresource.is_empty() {
        match old.get("status") {
            Some(status) => object["status"] = status.clone(),
            None => drop(object.as_object_mut().map(|map| map.remove("status"))),
        }
    }
    if subresource == "status" {
        return;
    }
    if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        crd::prepare_definition(object, Some(old));
    }
    if resource.custom.is_none() {
        prepare_parts(resource, object);
    }
    if resource.is("apps", "DaemonSet") {
        let text = old["metadata"]["annotations"][TEMPLATE_GENERATION].as_str().unwrap_or("0");
        let before: i64 = text.parse().unwrap_or(0);
        let changed = object["spec"]["template"] != old["spec"]["template"];
        let now = if changed { before + 1 } else { before };
        object["metadata"]["annotations"][TEMPLATE_GENERATION] = json!(now.to_string());
    }
    let counts = resource.custom.is_some() || listed(WITH_GENERATION, resource);
    if counts && wanted_changed(resource, object, old) {
        let next = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        meta::of(object).insert("generation".to_owned(), json!(next));
    }
}

fn keep_server_fields(object: &mut Value, old: &Value) {
    let meta = meta::of(object);
    meta.remove("resourceVersion");
    // A deletion time cannot be taken away; one that is given is refused by validation.
    let deleting: &[&str] =
        if meta::is_deleting(old) { &["deletionTimestamp", "deletionGracePeriodSeconds"] } else { &[] };
    for field in ["generation", "creationTimestamp", "selfLink"].iter().chain(deleting) {
        match old["metadata"].get(*field) {
            Some(value) => drop(meta.insert((*field).to_owned(), value.clone())),
            None => drop(meta.remove(*field)),
        }
    }
    for field in ["uid", "namespace", "name"] {
        if meta.get(field).is_none_or(|v| v.as_str().is_none_or(str::is_empty))
            && let Some(value) = old["metadata"].get(field)
        {
            meta.insert(field.to_owned(), value.clone());
        }
    }
}

/// All but status (and what some kinds let through with it) is as before.
fn only_status(resource: &Resource, object: &mut Value, old: &Value) {
    let mut kept = old.clone();
    match object.get("status") {
        Some(status) => kept["status"] = status.clone(),
        None => drop(kept.as_object_mut().map(|map| map.remove("status"))),
    }
    let new = object["metadata"].as_object().cloned().unwrap_or_default();
    let meta = meta::of(&mut kept);
    if resource.custom.is_some() {
        copy(meta, &new, &["managedFields", "resourceVersion"]);
    } else {
        // Built-in strategies restore spec alone; labels, annotations, finalizers and owners pass for most kinds.
        let passes = match (resource.group(), resource.kind()) {
            ("apps", "Deployment") => &["annotations", "finalizers", "ownerReferences"][..],
            _ => &["annotations", "finalizers", "labels", "ownerReferences"][..],
        };
        copy(meta, &new, passes);
        copy(meta, &new, &["managedFields", "resourceVersion"]);
    }
    *object = kept;
}

fn copy(to: &mut Map<String, Value>, from: &Map<String, Value>, fields: &[&str]) {
    for field in fields {
        match from.get(*field) {
            Some(value) => drop(to.insert((*field).to_owned(), value.clone())),
            None => drop(to.remove(*field)),
        }
    }
}

/// Whether an update changes what the generation counts.
fn wanted_changed(resource: &Resource, object: &Value, old: &Value) -> bool {
    if resource.custom.is_some() {
        return differs_beyond(
            object,
            old,
            if has_status(resource) { &["metadata", "status"] } else { &["metadata"] },
        );
    }
    match (resource.group(), resource.kind()) {
        ("scheduling.k8s.io", _) => false,
        ("discovery.k8s.io", _) => {
            differs_beyond(object, old, &["metadata"])
                || object["metadata"]["labels"] != old["metadata"]["labels"]
        }
        ("admissionregistration.k8s.io", _) | ("", "PodTemplate") => {
            differs_beyond(object, old, &["metadata", "status"])
        }
        ("apps", "Deployment") => {
            object["spec"] != old["spec"]
                || object["metadata"]["annotations"] != old["metadata"]["annotations"]
        }
        _ => object["spec"] != old["spec"],
    }
}

fn differs_beyond(object: &Value, old: &Value, ignored: &[&str]) -> bool {
    let rest = |value: &Value| -> Map<String, Value> {
        let map = value.as_object().cloned().unwrap_or_default();
        map.into_iter().filter(|(key, _)| !ignored.contains(&key.as_str())).collect()
    };
    rest(object) != rest(old)
}
