//! Versions of one resource: what is stored, what is asked for.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::defaults;
use crate::resource::Resource;
use crate::store::Object;

/// The object in the resource's version.
pub(crate) fn read(resource: &Resource, object: &Object) -> Value {
    let mut value = object.value();
    from_storage(resource, &mut value);
    value
}

/// The object's JSON in the resource's version; without a copy where it is stored so.
pub(crate) fn read_bytes(resource: &Resource, object: &Object) -> Bytes {
    if is_stored_form(resource, object) {
        return object.body.clone();
    }
    Bytes::from(read(resource, object).to_string())
}

/// Whether the stored bytes are in the resource's version.
pub(crate) fn is_stored_form(resource: &Resource, object: &Object) -> bool {
    stored_header(resource).is_some_and(|header| has_header(object, &header))
}

/// How stored bytes begin that can be sent as they are; `None`: none can.
pub(crate) fn stored_header(resource: &Resource) -> Option<String> {
    let reshaped = resource.custom.as_ref().is_some_and(|served| served.reshapes());
    (!reshaped).then(|| header(resource))
}

/// Whether the stored bytes begin as told.
pub(crate) fn has_header(object: &Object, header: &str) -> bool {
    object.body.get(..usize::from(object.header)) == Some(header.as_bytes())
}

/// How the JSON of an object of the resource begins.
pub(crate) fn header(resource: &Resource) -> String {
    format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", resource.kind(), resource.api_version())
}

/// Brings a stored object into the resource's version.
pub(crate) fn from_storage(resource: &Resource, value: &mut Value) {
    let wanted = resource.api_version();
    if let Some(served) = &resource.custom {
        let converted = value["apiVersion"] != wanted.as_str();
        value["apiVersion"] = json!(wanted);
        served.read(value, converted);
        return;
    }
    if value["apiVersion"] == wanted.as_str() {
        return;
    }
    match (&resource.custom, &*resource.bucket, &*resource.gvk.version) {
        (None, "events", _) => to_new_event(value),
        (None, "autoscaling/horizontalpodautoscalers", "v1") => to_old_autoscaler(value),
        _ => {}
    }
    value["apiVersion"] = json!(wanted);
}

/// Brings an object of the resource's version into the storage version.
pub(crate) fn to_storage(resource: &Resource, value: &mut Value) {
    if resource.gvk.version == resource.storage_version && !(resource.is("events.k8s.io", "Event")) {
        return;
    }
    match (&resource.custom, &*resource.bucket) {
        (Some(served), _) => {
            served.store(value);
            value["apiVersion"] =
                json!(crate::resource::api_version(resource.group(), &resource.storage_version));
        }
        (None, "events") => {
            to_old_event(value);
            value["apiVersion"] = json!("v1");
        }
        (None, "autoscaling/horizontalpodautoscalers") => {
            to_new_autoscaler(value);
            value["apiVersion"] = json!("autoscaling/v2");
        }
        _ => {}
    }
}

/// `core/v1` and `events.k8s.io/v1` names of the same fields.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn to_new_event(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        for (old, new) in EVENT_FIELDS {
            rename(map, old, new);
        }
        // The newer version writes no empty ones.
        map.retain(|key, value| {
            !(matches!(key.as_str(), "reportingController" | "reportingInstance") && *value == "")
        });
    }
}

fn to_old_event(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        for (old, new) in EVENT_FIELDS {
            rename(map, new, old);
        }
    }
}

fn rename(map: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = map.remove(from) {
        map.insert(to.to_owned(), value);
    }
}

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// `autoscaling/v1` keeps what it has no fields for in annotations.
fn to_old_autoscaler(value: &mut Value) {
    let mut annotations: Vec<(&str, String)> = Vec::new();
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        if let Some(Value::Array(metrics)) = spec.remove("metrics") {
            let (cpu, rest): (Vec<_>, Vec<_>) = metrics.into_iter().partition(is_cpu_utilization);
            if let Some(target) = cpu.first() {
                spec.insert(
                    "targetCPUUtilizationPercentage".to_owned(),
                    target["resource"]["target"]["averageUtilization"].clone(),
                );
            }
            if !rest.is_empty() {
                annotations.push((METRICS, Value::Array(rest).to_string()));
            }
        }
        if let Some(behavior) = spec.remove("behavior") {
            annotations.push((BEHAVIOR, behavior.to_string()));
        }
    }
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        let conditions = status.remove("conditions").filter(|c| c.as_array().is_some_and(|c| !c.is_empty()));
        if let Some(conditions) = conditions {
            annotations.push((CONDITIONS, in_order(&conditions)));
        }
        if let Some(metrics) = status.remove("currentMetrics") {
            let cpu = metrics.as_array().into_iter().flatten().find(|m| m["resource"]["name"] == "cpu");
            if let Some(current) = cpu.map(|m| m["resource"]["current"]["averageUtilization"].clone()) {
                status.insert("currentCPUUtilizationPercentage".to_owned(), current);
            }
        }
        status.entry("currentReplicas").or_insert(json!(0));
    }
    for (key, text) in annotations {
        value["metadata"]["annotations"][key] = json!(text);
    }
}

/// Conditions as Go writes them: their fields in the order of the type.
fn in_order(conditions: &Value) -> String {
    let fields = ["type", "status", "lastTransitionTime", "reason", "message"];
    let one = |condition: &Value| {
        let parts = fields.iter().filter_map(|f| Some(format!("\"{f}\":{}", condition.get(*f)?)));
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    };
    let all: Vec<String> = conditions.as_array().into_iter().flatten().map(one).collect();
    format!("[{}]", all.join(","))
}

fn is_cpu_utilization(metric: &Value) -> bool {
    metric["type"] == "Resource"
        && metric["resource"]["name"] == "cpu"
        && metric["resource"]["target"]["averageUtilization"].is_number()
}

fn to_new_autoscaler(value: &mut Value) {
    let mut metrics = Vec::new();
    let mut behavior = None;
    if let Some(annotations) = value["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
        let mut take =
            |key: &str| annotations.remove(key).and_then(|v| serde_json::from_str(v.as_str()?).ok());
        if let Some(Value::Array(rest)) = take(METRICS) {
            metrics = rest;
        }
        behavior = take(BEHAVIOR);
        take(CONDITIONS);
        if annotations.is_empty()
            && let Some(meta) = value["metadata"].as_object_mut()
        {
            meta.remove("annotations");
        }
    }
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        if let Some(target) = spec.remove("targetCPUUtilizationPercentage").filter(Value::is_number) {
            metrics.push(json!({ "type": "Resource", "resource": {
                "name": "cpu", "target": { "type": "Utilization", "averageUtilization": target } } }));
        }
        if !metrics.is_empty() {
            spec.insert("metrics".to_owned(), Value::Array(metrics));
        }
        if let Some(behavior) = behavior {
            spec.insert("behavior".to_owned(), behavior);
        }
    }
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        if let Some(current) = status.remove("currentCPUUtilizationPercentage").filter(Value::is_number) {
            status.insert(
                "currentMetrics".to_owned(),
                json!([{ "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": current } } }]),
            );
        }
        status.entry("desiredReplicas").or_insert(json!(0));
        status.entry("currentMetrics").or_insert(Value::Null);
    }
    value["apiVersion"] = json!("autoscaling/v2");
    let gvk = crate::resource::Gvk::new("autoscaling", "v2", "HorizontalPodAutoscaler");
    defaults::apply(&gvk, value);
}
