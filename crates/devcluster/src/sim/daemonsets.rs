//! `DaemonSets`: a Pod on every node that takes it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::objects::{
    controller_reference, generation, int, is_available, is_deleting, is_ready, list, name, of_total, text,
};
use super::{revisions, scheduler, template};
use crate::status::ApiResult;

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(set) = engine.get("apps/daemonsets", &key.namespace, &key.name) else { return Ok(()) };
    if is_deleting(&set) {
        return Ok(());
    }
    let revision = revisions::current(engine, "DaemonSet", &set).await?;
    let hash = revisions::hash_of(&set, &revision, "DaemonSet");
    let nodes: Vec<String> = engine
        .list("nodes", "")
        .iter()
        .map(|n| n.value())
        .filter(|node| scheduler::refusal(&with_tolerations(&set), node).is_none())
        .map(|node| name(&node).to_owned())
        .collect();
    let pods = engine.claim_pods("apps/v1", "DaemonSet", &set).await?;
    manage(engine, &set, &pods, &nodes, &hash).await?;
    let pods = engine.claim_pods("apps/v1", "DaemonSet", &set).await?;
    let status = status(&set, &pods, &nodes, &hash, Timestamp::now());
    engine.write_status("apps", "DaemonSet", &set, status).await
}

/// A Pod of the template with what all daemons tolerate.
fn with_tolerations(set: &Value) -> Value {
    let mut pod = template::pod(&set["spec"]["template"], None, Value::Null);
    let mut all: Vec<Value> = list(&pod["spec"], "tolerations").to_vec();
    let mut tolerate = |key: &str, effect: &str| {
        all.push(json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect}));
    };
    tolerate("not-ready", "NoExecute");
    tolerate("unreachable", "NoExecute");
    for key in ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"] {
        tolerate(key, "NoSchedule");
    }
    if pod["spec"]["hostNetwork"] == true {
        tolerate("network-unavailable", "NoSchedule");
    }
    pod["spec"]["tolerations"] = json!(all);
    pod
}

/// The node that a Pod is meant for.
fn node_of(pod: &Value) -> &str {
    let bound = text(&pod["spec"], "nodeName");
    if !bound.is_empty() {
        return bound;
    }
    let required = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str().unwrap_or_default()
}

fn build(set: &Value, node: &str, hash: &str) -> Value {
    let mut pod = with_tolerations(set);
    pod["metadata"]["ownerReferences"] = json!([controller_reference("apps/v1", "DaemonSet", set)]);
    pod["metadata"]["generateName"] = json!(format!("{}-", name(set)));
    template::set_label(&mut pod, HASH, hash);
    template::set_label(&mut pod, "pod-template-generation", &generation(set).to_string());
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    let terms = &mut pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"];
    match terms.as_array_mut().filter(|t| !t.is_empty()) {
        Some(terms) => terms.iter_mut().for_each(|term| term["matchFields"] = json!([field])),
        None => *terms = json!([{ "matchFields": [field] }]),
    }
    pod
}

async fn manage(
    engine: &mut Engine,
    set: &Value,
    pods: &[Value],
    nodes: &[String],
    hash: &str,
) -> ApiResult<()> {
    for pod in pods {
        let ended = matches!(text(&pod["status"], "phase"), "Failed" | "Succeeded");
        if !is_deleting(pod) && (ended || !nodes.iter().any(|n| n == node_of(pod))) {
            engine.delete_pod(COMPONENT, "apps/v1", "DaemonSet", set, pod).await?;
        }
    }
    for node in nodes {
        let mut own: Vec<&Value> = pods.iter().filter(|p| node_of(p) == node).collect();
        own.retain(|p| !matches!(text(&p["status"], "phase"), "Failed" | "Succeeded"));
        if own.is_empty() {
            engine.create_pod(COMPONENT, "apps/v1", "DaemonSet", set, build(set, node, hash)).await?;
        }
    }
    if text(&set["spec"]["updateStrategy"], "type") == "OnDelete" {
        return Ok(());
    }
    let total = i64::try_from(nodes.len()).unwrap_or(0);
    let rolling = &set["spec"]["updateStrategy"]["rollingUpdate"];
    let budget = of_total(&rolling["maxUnavailable"], total, true, 1).max(1);
    let unavailable = pods.iter().filter(|p| is_deleting(p) || !is_ready(p)).count();
    let mut room = usize::try_from(budget).unwrap_or(1).saturating_sub(unavailable);
    for pod in pods.iter().filter(|p| !is_deleting(p) && text(&p["metadata"]["labels"], HASH) != hash) {
        if is_ready(pod) {
            if room == 0 {
                continue;
            }
            room -= 1;
        }
        engine.delete_pod(COMPONENT, "apps/v1", "DaemonSet", set, pod).await?;
    }
    Ok(())
}

fn status(set: &Value, pods: &[Value], nodes: &[String], hash: &str, now: Timestamp) -> Value {
    let min_ready = int(&set["spec"], "minReadySeconds");
    let on = |node: &String| pods.iter().filter(|p| !is_deleting(p)).find(|p| node_of(p) == node);
    let placed: Vec<&Value> = nodes.iter().filter_map(on).collect();
    let updated = placed.iter().filter(|p| text(&p["metadata"]["labels"], HASH) == hash).count();
    let ready = placed.iter().filter(|p| is_ready(p)).count();
    let available = placed.iter().filter(|p| is_available(p, min_ready, now).is_ok()).count();
    let misplaced = pods.iter().filter(|p| !is_deleting(p) && !nodes.iter().any(|n| n == node_of(p))).count();
    let mut status = json!({
        "observedGeneration": generation(set),
        "currentNumberScheduled": placed.len(), "desiredNumberScheduled": nodes.len(),
        "numberMisscheduled": misplaced, "numberReady": ready,
    });
    for (key, n) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", nodes.len() - available),
    ] {
        if n > 0 {
            status[key] = json!(n);
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_are_meant_for_one_node() {
        let set = json!({"metadata": {"name": "ds", "generation": 1}, "spec": {"template": {"metadata": {"labels": {"app": "ds"}},
            "spec": {"containers": []}}}});
        let pod = build(&set, "node-2", "h");
        assert_eq!(node_of(&pod), "node-2");
        assert_eq!(list(&pod["spec"], "tolerations").len(), 6);
        let status = status(&set, &[pod], &["node-1".into(), "node-2".into()], "h", Timestamp::now());
        assert_eq!(status["currentNumberScheduled"], 1);
        assert_eq!(status["numberUnavailable"], 2);
    }
}
