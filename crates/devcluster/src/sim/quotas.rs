//! The status of ResourceQuotas: what a namespace uses of what it may.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::objects::{is_deleting, list, text};
use crate::fields::quantity::Quantity;
use crate::status::ApiResult;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(quota) = engine.get("resourcequotas", &key.namespace, &key.name) else { return Ok(()) };
    let hard = quota["spec"]["hard"].as_object().cloned().unwrap_or_default();
    let mut used = BTreeMap::new();
    for resource in hard.keys() {
        if let Some(amount) = usage(engine, &key.namespace, resource) {
            used.insert(resource.clone(), amount);
        }
    }
    let mut status = quota["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    status["hard"] = json!(hard);
    status["used"] = json!(used);
    engine.write_status("", "ResourceQuota", &quota, status).await
}

/// What a namespace uses of a resource; `None`: nothing is known of it.
fn usage(engine: &Engine, namespace: &str, resource: &str) -> Option<String> {
    let objects = |bucket: &str| engine.list(bucket, namespace).len().to_string();
    let bucket = match resource {
        "configmaps" | "secrets" | "services" | "persistentvolumeclaims" | "replicationcontrollers" | "resourcequotas" => resource,
        "pods" => return Some(pods(engine, namespace).len().to_string()),
        "services.loadbalancers" => return Some(services(engine, namespace, |t, _| t == "LoadBalancer").to_string()),
        "services.nodeports" => {
            let ports = services(engine, namespace, |t, service| {
                t == "NodePort" || (t == "LoadBalancer" && service["spec"]["allocateLoadBalancerNodePorts"] != false)
            });
            return Some(ports.to_string());
        }
        "requests.storage" => {
            let claims = engine.list("persistentvolumeclaims", namespace);
            let amounts = claims.iter().map(|c| c.value()["spec"]["resources"]["requests"]["storage"].clone());
            return Some(sum(amounts));
        }
        _ => return counted(engine, namespace, resource).or_else(|| computed(engine, namespace, resource)),
    };
    Some(objects(bucket))
}

/// `count/deployments.apps`.
fn counted(engine: &Engine, namespace: &str, resource: &str) -> Option<String> {
    let qualified = resource.strip_prefix("count/")?;
    let bucket = match qualified.split_once('.') {
        Some((plural, group)) => format!("{group}/{plural}"),
        None => qualified.to_owned(),
    };
    Some(engine.list(&bucket, namespace).len().to_string())
}

/// `cpu`, `requests.memory`, `limits.cpu`.
fn computed(engine: &Engine, namespace: &str, resource: &str) -> Option<String> {
    let (kind, name) = match resource.split_once('.') {
        Some((kind @ ("requests" | "limits"), name)) => (kind, name),
        None => ("requests", resource),
        _ => return None,
    };
    let all = pods(engine, namespace);
    let amounts = all.iter().flat_map(|p| list(&p["spec"], "containers")).map(|c| c["resources"][kind][name].clone());
    Some(sum(amounts))
}

fn pods(engine: &Engine, namespace: &str) -> Vec<Value> {
    let all = engine.list("pods", namespace).into_iter().map(|p| p.value());
    all.filter(|p| !matches!(text(&p["status"], "phase"), "Succeeded" | "Failed") && !is_gone(p)).collect()
}

/// Whether a Pod is past its grace period.
fn is_gone(pod: &Value) -> bool {
    is_deleting(pod) && pod["metadata"]["deletionGracePeriodSeconds"].as_i64() == Some(0)
}

fn services(engine: &Engine, namespace: &str, matching: impl Fn(&str, &Value) -> bool) -> usize {
    let all = engine.list("services", namespace);
    all.iter().map(|s| s.value()).filter(|s| matching(text(&s["spec"], "type"), s)).count()
}

fn sum(amounts: impl Iterator<Item = Value>) -> String {
    let texts = amounts.filter_map(|v| v.as_str().map(str::to_owned).or_else(|| v.as_i64().map(|n| n.to_string())));
    let total = texts.filter_map(|t| Quantity::parse(&t).ok()).fold(Quantity::from_int(0), Quantity::plus);
    total.to_string()
}
