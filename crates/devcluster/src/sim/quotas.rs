//! The status of `ResourceQuotas`: what a namespace uses of what it may.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::objects::{is_deleting, list, text};
use crate::client::Client;
use crate::fields::quantity::Quantity;
use crate::resource::Resource;
use crate::status::ApiResult;
use crate::store::Object;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(quota) = engine.get("resourcequotas", &key.namespace, &key.name) else { return Ok(()) };
    let hard = quota["spec"]["hard"].as_object().cloned().unwrap_or_default();
    let mut used = BTreeMap::new();
    for resource in hard.keys() {
        if let Some(amount) = usage(&engine.controllers, &key.namespace, resource) {
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

fn list_of(client: &Client, bucket: &str, namespace: &str) -> Vec<Arc<Object>> {
    client.list(bucket, Some(namespace)).0
}

/// What a new object would add to the use of a resource; `None`: nothing to do with it.
pub(crate) fn requested(resource: &Resource, object: &Value, name: &str) -> Option<String> {
    let one = || Some("1".to_owned());
    if let Some(counted) = name.strip_prefix("count/") {
        return (counted == resource.qualified()).then(|| "1".to_owned());
    }
    let kind = text(&object["spec"], "type");
    match (resource.group(), &*resource.plural, name) {
        ("", "services", "services.loadbalancers") => (kind == "LoadBalancer").then(|| "1".to_owned()),
        ("", "services", "services.nodeports") => {
            matches!(kind, "NodePort" | "LoadBalancer").then(|| "1".to_owned())
        }
        ("", "persistentvolumeclaims", "requests.storage") => {
            Some(sum(std::iter::once(object["spec"]["resources"]["requests"]["storage"].clone())))
        }
        ("", plural, name) if plural == name => one(),
        ("", "pods", name) => {
            let (kind, name) = match name.split_once('.') {
                Some((kind @ ("requests" | "limits"), name)) => (kind, name),
                None if matches!(name, "cpu" | "memory" | "ephemeral-storage") => ("requests", name),
                _ => return None,
            };
            let containers = list(&object["spec"], "containers").iter();
            Some(sum(containers.map(|c| c["resources"][kind][name].clone())))
        }
        _ => None,
    }
}

/// What a namespace uses of a resource; `None`: nothing is known of it.
pub(crate) fn usage(client: &Client, namespace: &str, resource: &str) -> Option<String> {
    let objects = |bucket: &str| list_of(client, bucket, namespace).len().to_string();
    let bucket = match resource {
        "configmaps"
        | "secrets"
        | "services"
        | "persistentvolumeclaims"
        | "replicationcontrollers"
        | "resourcequotas" => resource,
        "pods" => return Some(pods(client, namespace).len().to_string()),
        "services.loadbalancers" => {
            return Some(services(client, namespace, |t, _| t == "LoadBalancer").to_string());
        }
        "services.nodeports" => {
            let ports = services(client, namespace, |t, service| {
                t == "NodePort"
                    || (t == "LoadBalancer" && service["spec"]["allocateLoadBalancerNodePorts"] != false)
            });
            return Some(ports.to_string());
        }
        "requests.storage" => {
            let claims = list_of(client, "persistentvolumeclaims", namespace);
            let amounts =
                claims.iter().map(|c| c.value()["spec"]["resources"]["requests"]["storage"].clone());
            return Some(sum(amounts));
        }
        _ => return counted(client, namespace, resource).or_else(|| computed(client, namespace, resource)),
    };
    Some(objects(bucket))
}

/// `count/deployments.apps`.
fn counted(client: &Client, namespace: &str, resource: &str) -> Option<String> {
    let qualified = resource.strip_prefix("count/")?;
    let bucket = match qualified.split_once('.') {
        Some((plural, group)) => format!("{group}/{plural}"),
        None => qualified.to_owned(),
    };
    Some(list_of(client, &bucket, namespace).len().to_string())
}

/// `cpu`, `requests.memory`, `limits.cpu`.
fn computed(client: &Client, namespace: &str, resource: &str) -> Option<String> {
    let (kind, name) = match resource.split_once('.') {
        Some((kind @ ("requests" | "limits"), name)) => (kind, name),
        None => ("requests", resource),
        _ => return None,
    };
    let all = pods(client, namespace);
    let amounts =
        all.iter().flat_map(|p| list(&p["spec"], "containers")).map(|c| c["resources"][kind][name].clone());
    Some(sum(amounts))
}

fn pods(client: &Client, namespace: &str) -> Vec<Value> {
    let all = list_of(client, "pods", namespace).into_iter().map(|p| p.value());
    all.filter(|p| !matches!(text(&p["status"], "phase"), "Succeeded" | "Failed") && !is_gone(p)).collect()
}

/// Whether a Pod is past its grace period.
fn is_gone(pod: &Value) -> bool {
    is_deleting(pod) && pod["metadata"]["deletionGracePeriodSeconds"].as_i64() == Some(0)
}

fn services(client: &Client, namespace: &str, matching: impl Fn(&str, &Value) -> bool) -> usize {
    let all = list_of(client, "services", namespace);
    all.iter().map(|s| s.value()).filter(|s| matching(text(&s["spec"], "type"), s)).count()
}

fn sum(amounts: impl Iterator<Item = Value>) -> String {
    let texts =
        amounts.filter_map(|v| v.as_str().map(str::to_owned).or_else(|| v.as_i64().map(|n| n.to_string())));
    let total = texts.filter_map(|t| Quantity::parse(&t).ok()).fold(Quantity::from_int(0), Quantity::plus);
    total.to_string()
}
