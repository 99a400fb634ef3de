//! Services: addresses of load balancers, Endpoints and `EndpointSlices`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key};
use super::namespaces::existing_is_fine;
use super::objects::{
    annotation, is_deleting, is_ready, labels, list, matches_map, name, namespace, text, uid,
};
use crate::status::ApiResult;

const LOAD_BALANCER_IP: &str = "203.0.113.10";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";
const MIRROR: &str = "endpointslicemirroring-controller.k8s.io";
/// Endpoints of one slice.
const MAX_ENDPOINTS: usize = 1000;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(service) = engine.get("services", &key.namespace, &key.name) else {
        return remove_leftovers(engine, key).await;
    };
    if is_deleting(&service) {
        return Ok(());
    }
    load_balancer(engine, &service).await?;
    if text(&service["spec"], "type") == "ExternalName" {
        return Ok(());
    }
    let Some(selector) = service["spec"]["selector"].as_object().filter(|s| !s.is_empty()) else {
        return mirror(engine, &service).await;
    };
    let mut pods: Vec<Value> = engine
        .list("pods", &key.namespace)
        .iter()
        .filter(|o| {
            let all: Vec<(&str, &str)> = o.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
            matches_map(selector, &all)
        })
        .map(|o| o.value())
        .filter(|p| {
            !matches!(text(&p["status"], "phase"), "Succeeded" | "Failed")
                && !text(&p["status"], "podIP").is_empty()
        })
        .collect();
    pods.sort_by(|a, b| text(&a["status"], "podIP").cmp(text(&b["status"], "podIP")));
    endpoints(engine, &service, &pods).await?;
    slice(engine, &service, &slice_body(&service, &pods)).await
}

async fn load_balancer(engine: &mut Engine, service: &Value) -> ApiResult<()> {
    let spec = &service["spec"];
    let wanted = text(spec, "type") == "LoadBalancer"
        && spec["loadBalancerClass"].is_null()
        && annotation(service, "pilothouse.test/load-balancer") != "pending";
    if !wanted || !list(&service["status"]["loadBalancer"], "ingress").is_empty() {
        return Ok(());
    }
    let mut status = service["status"].clone();
    status["loadBalancer"] = json!({"ingress": [{"ip": LOAD_BALANCER_IP, "ipMode": "VIP"}]});
    engine.write_status("", "Service", service, status).await
}

/// The number of a port on a Pod; `None`: the Pod has no such port.
fn target_port(port: &Value, pod: &Value) -> Option<i64> {
    match &port["targetPort"] {
        Value::String(name) => {
            let protocol = text(port, "protocol");
            let containers = list(&pod["spec"], "containers").iter().flat_map(|c| list(c, "ports"));
            containers
                .filter(|p| {
                    text(p, "name") == name
                        && (text(p, "protocol") == protocol || text(p, "protocol").is_empty())
                })
                .find_map(|p| p["containerPort"].as_i64())
        }
        Value::Number(n) if n.as_i64() != Some(0) => n.as_i64(),
        _ => port["port"].as_i64(),
    }
}

fn ports_of(service: &Value, pod: &Value) -> Vec<Value> {
    let all = list(&service["spec"], "ports").iter().filter_map(|port| {
        let number = target_port(port, pod)?;
        let mut out = Map::new();
        for key in ["name", "appProtocol"] {
            if !text(port, key).is_empty() {
                out.insert(key.into(), port[key].clone());
            }
        }
        out.insert("port".into(), json!(number));
        out.insert(
            "protocol".into(),
            json!(Some(text(port, "protocol")).filter(|p| !p.is_empty()).unwrap_or("TCP")),
        );
        Some(Value::Object(out))
    });
    all.collect()
}

fn target(pod: &Value) -> Value {
    json!({"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)})
}

/// `subsets` of the Endpoints: Pods with the same ports together.
fn subsets(service: &Value, pods: &[Value]) -> Vec<Value> {
    let all = service["spec"]["publishNotReadyAddresses"] == true;
    let mut groups: Vec<(Vec<Value>, Vec<Value>, Vec<Value>)> = Vec::new();
    for pod in pods.iter().filter(|p| all || !is_deleting(p)) {
        let ports = ports_of(service, pod);
        let mut address = json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod)});
        if !text(&pod["spec"], "hostname").is_empty() && text(&pod["spec"], "subdomain") == name(service) {
            address["hostname"] = pod["spec"]["hostname"].clone();
        }
        let index = groups.iter().position(|(p, _, _)| *p == ports).unwrap_or_else(|| {
            groups.push((ports, Vec::new(), Vec::new()));
            groups.len() - 1
        });
        if all || is_ready(pod) {
            groups[index].1.push(address);
        } else {
            groups[index].2.push(address);
        }
    }
    let subset = |(ports, ready, not_ready): (Vec<Value>, Vec<Value>, Vec<Value>)| {
        let mut out = Map::new();
        for (key, list) in [("addresses", ready), ("notReadyAddresses", not_ready), ("ports", ports)] {
            if !list.is_empty() {
                out.insert(key.into(), json!(list));
            }
        }
        Value::Object(out)
    };
    groups.into_iter().map(subset).collect()
}

fn own_labels(service: &Value) -> Map<String, Value> {
    let mut all = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    if text(&service["spec"], "clusterIP") == "None" {
        all.insert("service.kubernetes.io/headless".into(), json!(""));
    }
    all
}

async fn endpoints(engine: &mut Engine, service: &Value, pods: &[Value]) -> ApiResult<()> {
    let subsets = subsets(service, pods);
    let mut wanted_labels = own_labels(service);
    wanted_labels.insert("endpoints.kubernetes.io/managed-by".into(), json!("endpoint-controller"));
    let resource = engine.resource("", "Endpoints")?;
    let now = Timestamp::now().to_string();
    let change = |live: &mut Value| {
        let same = list(live, "subsets") == subsets
            && live["metadata"]["labels"].as_object() == Some(&wanted_labels);
        if same {
            return false;
        }
        live["subsets"] = json!(subsets);
        live["metadata"]["labels"] = json!(wanted_labels);
        super::template::set_annotation(live, "endpoints.kubernetes.io/last-change-trigger-time", &now);
        true
    };
    if engine.controllers.get("endpoints", namespace(service), name(service)).is_some() {
        return engine
            .controllers
            .modify(&resource, "", namespace(service), name(service), change)
            .await
            .map(drop);
    }
    let value = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {
            "name": name(service), "namespace": namespace(service), "labels": wanted_labels,
            "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": now},
        },
        "subsets": subsets,
    });
    existing_is_fine(engine.controllers.create(&resource, namespace(service), value).await)
}

/// What a slice says: endpoints and ports.
fn slice_body(service: &Value, pods: &[Value]) -> Value {
    let all = service["spec"]["publishNotReadyAddresses"] == true;
    let endpoints: Vec<Value> = pods
        .iter()
        .take(MAX_ENDPOINTS)
        .map(|pod| {
            let (serving, terminating) = (is_ready(pod), is_deleting(pod));
            let mut endpoint = json!({
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": all || (serving && !terminating), "serving": serving, "terminating": terminating},
                "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod),
            });
            if !text(&pod["spec"], "hostname").is_empty() && text(&pod["spec"], "subdomain") == name(service) {
                endpoint["hostname"] = pod["spec"]["hostname"].clone();
            }
            endpoint
        })
        .collect();
    let ports: Vec<Value> = match pods.first() {
        Some(pod) => ports_of(service, pod)
            .into_iter()
            .map(|mut port| {
                if port.get("name").is_none() {
                    port["name"] = json!("");
                }
                port
            })
            .collect(),
        None => Vec::new(),
    };
    json!({ "endpoints": endpoints, "ports": ports })
}

/// Keeps one slice for a Service.
async fn slice(engine: &mut Engine, service: &Value, body: &Value) -> ApiResult<()> {
    let mut wanted = own_labels(service);
    wanted.insert(MANAGED_BY.into(), json!(CONTROLLER));
    wanted.insert("kubernetes.io/service-name".into(), json!(name(service)));
    write_slice(
        engine,
        service,
        body,
        &wanted,
        json!([{
            "apiVersion": "v1", "kind": "Service", "name": name(service), "uid": uid(service),
            "controller": true, "blockOwnerDeletion": true,
        }]),
    )
    .await
}

async fn write_slice(
    engine: &mut Engine,
    service: &Value,
    body: &Value,
    wanted: &Map<String, Value>,
    owners: Value,
) -> ApiResult<()> {
    let resource = engine.resource("discovery.k8s.io", "EndpointSlice")?;
    let manager = wanted.get(MANAGED_BY).and_then(Value::as_str).unwrap_or_default();
    let mut own: Vec<std::sync::Arc<crate::store::Object>> = engine
        .list("discovery.k8s.io/endpointslices", namespace(service))
        .into_iter()
        .filter(|s| {
            s.label("kubernetes.io/service-name") == Some(name(service))
                && s.label(MANAGED_BY) == Some(manager)
        })
        .collect();
    for surplus in own.split_off(own.len().min(1)) {
        engine.delete("discovery.k8s.io", "EndpointSlice", &surplus.value()).await?;
    }
    let now = Timestamp::now().to_string();
    let change = |live: &mut Value| {
        let same = list(live, "endpoints") == list(body, "endpoints")
            && list(live, "ports") == list(body, "ports")
            && live["metadata"]["labels"].as_object() == Some(wanted);
        if same {
            return false;
        }
        live["endpoints"] = body["endpoints"].clone();
        live["ports"] = body["ports"].clone();
        live["metadata"]["labels"] = json!(wanted);
        super::template::set_annotation(live, "endpoints.kubernetes.io/last-change-trigger-time", &now);
        true
    };
    if let Some(one) = own.first() {
        return engine
            .controllers
            .modify(&resource, "", namespace(service), &one.name, change)
            .await
            .map(drop);
    }
    let address_type = match list(&service["spec"], "ipFamilies").first().and_then(Value::as_str) {
        Some("IPv6") => "IPv6",
        _ => "IPv4",
    };
    let value = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", name(service)), "namespace": namespace(service), "labels": wanted,
            "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": now},
            "ownerReferences": owners,
        },
        "addressType": address_type, "endpoints": body["endpoints"], "ports": body["ports"],
    });
    existing_is_fine(engine.controllers.create(&resource, namespace(service), value).await)
}

/// A Service without a selector: slices follow the Endpoints that somebody wrote.
async fn mirror(engine: &mut Engine, service: &Value) -> ApiResult<()> {
    let Some(endpoints) = engine.get("endpoints", namespace(service), name(service)) else { return Ok(()) };
    if labels(&endpoints).iter().any(|(k, v)| *k == "endpointslice.kubernetes.io/skip-mirror" && *v == "true")
    {
        return Ok(());
    }
    let mut all = Vec::new();
    let mut ports = Vec::new();
    for subset in list(&endpoints, "subsets") {
        for (key, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            for address in list(subset, key) {
                let mut endpoint = json!({"addresses": [address["ip"]], "conditions": {"ready": ready}});
                for field in ["hostname", "nodeName", "targetRef"] {
                    if let Some(value) = address.get(field) {
                        endpoint[field] = value.clone();
                    }
                }
                all.push(endpoint);
            }
        }
        if ports.is_empty() {
            ports = list(subset, "ports").to_vec();
        }
    }
    let mut wanted = endpoints["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    wanted.insert(MANAGED_BY.into(), json!(MIRROR));
    wanted.insert("kubernetes.io/service-name".into(), json!(name(service)));
    let owner = json!([{
        "apiVersion": "v1", "kind": "Endpoints", "name": name(&endpoints), "uid": uid(&endpoints),
        "controller": true, "blockOwnerDeletion": true,
    }]);
    write_slice(engine, service, &json!({"endpoints": all, "ports": ports}), &wanted, owner).await
}

/// The Endpoints of a Service that is gone.
async fn remove_leftovers(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(endpoints) = engine.get("endpoints", &key.namespace, &key.name) else { return Ok(()) };
    if labels(&endpoints).iter().any(|(k, _)| *k == "endpoints.kubernetes.io/managed-by") {
        engine.delete("", "Endpoints", &endpoints).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(ip: &str, ready: bool) -> Value {
        json!({"metadata": {"name": ip, "namespace": "n", "uid": ip}, "spec": {"nodeName": "node-1",
            "containers": [{"ports": [{"name": "http", "containerPort": 8081, "protocol": "TCP"}]}]},
            "status": {"podIP": ip, "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]}})
    }

    #[test]
    fn named_ports_are_looked_up_in_the_pods() {
        let service = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "targetPort": "http", "protocol": "TCP"}]}});
        let found = subsets(&service, &[pod("10.0.0.1", true), pod("10.0.0.2", false)]);
        assert_eq!(found[0]["ports"], json!([{"port": 8081, "protocol": "TCP"}]));
        assert_eq!(found[0]["addresses"][0]["ip"], "10.0.0.1");
        assert_eq!(found[0]["notReadyAddresses"][0]["ip"], "10.0.0.2");
        let body = slice_body(&service, &[pod("10.0.0.2", false)]);
        assert_eq!(
            body["endpoints"][0]["conditions"],
            json!({"ready": false, "serving": false, "terminating": false})
        );
    }
}
