//! The simulated nodes and the default `StorageClass`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::namespaces::existing_is_fine;
use super::objects::{Condition, condition_is, name, set_condition, stamp, text};
use crate::status::ApiResult;

/// The provisioner of simulated volumes.
pub(super) const PROVISIONER: &str = "pilothouse.test/simulated";
/// Version that the nodes claim to run.
const VERSION: &str = "v1.37.2";

/// Serves the custom resources that are there, and creates nodes and `StorageClass` where they are missing.
pub(super) async fn bootstrap(engine: &mut Engine) -> ApiResult<()> {
    super::definitions::serve_established(engine);
    for pod in engine.list("pods", "") {
        engine.addresses.learn(&pod.uid, &pod.value());
    }
    if !engine.simulation.enabled {
        return Ok(());
    }
    let nodes = engine.resource("", "Node")?;
    for (index, node) in engine.simulation.nodes.clone().iter().enumerate() {
        if engine.controllers.get("nodes", "", node).is_some() {
            continue;
        }
        let value = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": node,
                "annotations": {"pilothouse.test/kubelet-version": VERSION},
                "labels": {"kubernetes.io/hostname": node, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
            },
            "spec": {"podCIDR": format!("10.244.{}.0/24", index + 1), "podCIDRs": [format!("10.244.{}.0/24", index + 1)]},
        });
        existing_is_fine(engine.controllers.create(&nodes, "", value).await)?;
    }
    let classes = engine.resource("storage.k8s.io", "StorageClass")?;
    if engine.list("storage.k8s.io/storageclasses", "").is_empty() {
        let value = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": PROVISIONER, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        });
        existing_is_fine(engine.controllers.create(&classes, "", value).await)?;
    }
    Ok(())
}

/// Makes a node ready.
pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(node) = engine.get("nodes", "", &key.name) else { return Ok(()) };
    if condition_is(&node["status"], "Ready", "True") {
        return Ok(());
    }
    let index = engine.node_index(&key.name);
    let mut status = ready(&node, index, &stamp(Timestamp::now()));
    if let (Some(old), Some(new)) = (node["status"].as_object(), status.as_object_mut()) {
        for (field, value) in old {
            new.entry(field).or_insert_with(|| value.clone());
        }
    }
    engine.write_status("", "Node", &node, status).await
}

fn ready(node: &Value, index: usize, now: &str) -> Value {
    let mut status = json!({
        "addresses": [{"type": "InternalIP", "address": node_ip(index)}, {"type": "Hostname", "address": name(node)}],
        "capacity": {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"},
        "allocatable": {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"},
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "bootID": "simulated", "machineID": "simulated",
            "systemUUID": "simulated", "osImage": "simulated", "kernelVersion": "simulated",
            "containerRuntimeVersion": "simulated://1.0.0",
            "kubeletVersion": Some(text(&node["metadata"]["annotations"], "pilothouse.test/kubelet-version"))
                .filter(|v| !v.is_empty()).unwrap_or(VERSION),
            "kubeProxyVersion": "",
        },
    });
    for (kind, state, reason, message) in [
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("NetworkUnavailable", "False", "RouteCreated", "RouteController created a route"),
    ] {
        set_condition(&mut status, Condition { kind, status: state, reason, message }, false, now);
    }
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["lastHeartbeatTime"] = json!(now);
    }
    status
}

/// Address of the node with this index.
pub(super) fn node_ip(index: usize) -> String {
    format!("10.0.{}.{}", index / 250, index % 250 + 1)
}

impl Engine {
    /// A number for a node: its place among the configured ones, or after them.
    pub(super) fn node_index(&self, node: &str) -> usize {
        let configured = self.simulation.nodes.iter().position(|n| n == node);
        configured.unwrap_or_else(|| {
            let all = self.list("nodes", "");
            let others = all.iter().filter(|o| !self.simulation.nodes.iter().any(|n| **n == *o.name));
            self.simulation.nodes.len() + others.take_while(|o| &*o.name != node).count()
        })
    }
}
