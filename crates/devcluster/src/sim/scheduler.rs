//! Which node a Pod goes to: node selectors, required node affinity, taints, size; the emptiest of those that fit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::Engine;
use super::events::Event;
use super::objects::{
    Condition, is_deleting, labels, list, matches_map, name, namespace, requirement, set_condition, stamp,
    text,
};
use super::route::claims;
use crate::fields::quantity::Quantity;
use crate::status::ApiResult;

/// Why a node does not take a Pod, as the scheduler tells it; `None`: it does.
pub(super) fn refusal(pod: &Value, node: &Value) -> Option<String> {
    let spec = &pod["spec"];
    if !selected(spec, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    let cordoned = (node["spec"]["unschedulable"] == true)
        .then(|| json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}));
    for taint in list(&node["spec"], "taints").iter().chain(&cordoned) {
        let hard = matches!(text(taint, "effect"), "NoSchedule" | "NoExecute");
        if hard && !list(spec, "tolerations").iter().any(|t| tolerates(t, taint)) {
            if text(taint, "key") == "node.kubernetes.io/unschedulable" {
                return Some("node(s) were unschedulable".to_owned());
            }
            let (key, value) = (text(taint, "key"), text(taint, "value"));
            return Some(format!("node(s) had untolerated taint(s) {{{key}: {value}}}"));
        }
    }
    for resource in ["cpu", "memory"] {
        let wanted: i64 = list(spec, "containers")
            .iter()
            .filter_map(|c| amount(&c["resources"]["requests"][resource]))
            .sum();
        if amount(&node["status"]["allocatable"][resource]).is_some_and(|has| wanted > has) {
            return Some(format!("Insufficient {resource}"));
        }
    }
    None
}

/// Thousandths.
fn amount(value: &Value) -> Option<i64> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|n| n.to_string()))?;
    Quantity::parse(&text).ok().map(|q| q.milli_value())
}

/// Node selector and required affinity.
fn selected(spec: &Value, node: &Value) -> bool {
    let own = labels(node);
    if spec["nodeSelector"].as_object().is_some_and(|s| !matches_map(s, &own)) {
        return false;
    }
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    if !required.is_object() {
        return true;
    }
    let value = |key: &str| own.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    list(required, "nodeSelectorTerms").iter().any(|term| {
        let (expressions, fields) = (list(term, "matchExpressions"), list(term, "matchFields"));
        (!expressions.is_empty() || !fields.is_empty())
            && expressions.iter().all(|e| requirement(e, value(text(e, "key"))))
            && fields.iter().all(|f| requirement(f, (text(f, "key") == "metadata.name").then(|| name(node))))
    })
}

/// Whether a toleration covers a taint.
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = text(toleration, "effect");
    let key = text(toleration, "key");
    let exists = text(toleration, "operator") == "Exists";
    (effect.is_empty() || effect == text(taint, "effect"))
        && ((key.is_empty() && exists) || key == text(taint, "key"))
        && (exists || text(toleration, "value") == text(taint, "value"))
}

/// The message for a Pod that no node takes.
fn verdict(refusals: &[String]) -> String {
    let nodes = refusals.len();
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for refusal in refusals {
        *counts.entry(refusal).or_default() += 1;
    }
    let reasons: Vec<String> = counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    format!(
        "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling.",
        reasons.join(", ")
    )
}

/// Binds a Pod to a node, or tells why not.
pub(super) async fn schedule(engine: &mut Engine, pod: &Value) -> ApiResult<()> {
    if text(&pod["spec"], "schedulerName") != "default-scheduler" {
        return Ok(());
    }
    if !list(&pod["spec"], "schedulingGates").is_empty() {
        return unschedulable(
            engine,
            pod,
            "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates",
        )
        .await;
    }
    let nodes: Vec<Value> = engine.list("nodes", "").iter().map(|n| n.value()).collect();
    if let Some(problem) = claim_problem(engine, pod) {
        let message = format!(
            "0/{n} nodes are available: {problem}. preemption: 0/{n} nodes are available: {n} Preemption is not helpful for scheduling.",
            n = nodes.len()
        );
        return unschedulable(engine, pod, "Unschedulable", &message).await;
    }
    let mut refusals = Vec::new();
    let mut best: Option<(usize, String)> = None;
    for node in nodes.iter().filter(|n| !is_deleting(n)) {
        if let Some(refusal) = refusal(pod, node) {
            refusals.push(refusal);
        } else {
            let load = engine.addresses.on(name(node));
            if best.as_ref().is_none_or(|(least, _)| load < *least) {
                best = Some((load, name(node).to_owned()));
            }
        }
    }
    let Some((_, node)) = best else {
        return unschedulable(engine, pod, "Unschedulable", &verdict(&refusals)).await;
    };
    let pods = engine.resource("", "Pod")?;
    let now = stamp(Timestamp::now());
    let own = super::objects::uid(pod).to_owned();
    let bind = |live: &mut Value| {
        if super::objects::uid(live) != own || !text(&live["spec"], "nodeName").is_empty() {
            return false;
        }
        live["spec"]["nodeName"] = json!(node);
        scheduled(&mut live["status"], "True", "", "", &now);
        true
    };
    let bound = engine.scheduler.modify(&pods, "binding", namespace(pod), name(pod), bind).await?;
    if bound.is_some() {
        engine.addresses.bind(&own, &node);
        let message = format!("Successfully assigned {}/{} to {node}", namespace(pod), name(pod));
        let event =
            Event { component: "default-scheduler", normal: true, reason: "Scheduled", message: &message };
        engine.event("v1", "Pod", pod, event).await;
    }
    Ok(())
}

/// Sets `PodScheduled`.
fn scheduled(status: &mut Value, state: &str, reason: &str, message: &str, now: &str) {
    set_condition(status, Condition { kind: "PodScheduled", status: state, reason, message }, false, now);
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        if let Some(map) = condition.as_object_mut() {
            map.retain(|_, v| v.as_str() != Some(""));
        }
    }
}

async fn unschedulable(engine: &mut Engine, pod: &Value, reason: &str, message: &str) -> ApiResult<()> {
    let now = stamp(Timestamp::now());
    let mut status = pod["status"].clone();
    scheduled(&mut status, "False", reason, message, &now);
    if status == pod["status"] {
        return Ok(());
    }
    let pods = engine.resource("", "Pod")?;
    let change = |live: &mut Value| {
        if !text(&live["spec"], "nodeName").is_empty() {
            return false;
        }
        scheduled(&mut live["status"], "False", reason, message, &now);
        true
    };
    engine.scheduler.modify(&pods, "status", namespace(pod), name(pod), change).await?;
    if reason == "Unschedulable" {
        let event =
            Event { component: "default-scheduler", normal: false, reason: "FailedScheduling", message };
        engine.event("v1", "Pod", pod, event).await;
    }
    Ok(())
}

/// What is wrong with the claims of a Pod.
fn claim_problem(engine: &Engine, pod: &Value) -> Option<String> {
    for claim in claims(pod) {
        let Some(value) = engine.get("persistentvolumeclaims", namespace(pod), claim) else {
            return Some(format!("persistentvolumeclaim \"{claim}\" not found"));
        };
        if is_deleting(&value) {
            return Some(format!("persistentvolumeclaim \"{claim}\" is being deleted"));
        }
        let class = text(&value["spec"], "storageClassName");
        let class = engine.get("storage.k8s.io/storageclasses", "", class);
        let waits = class.is_some_and(|c| text(&c, "volumeBindingMode") == "WaitForFirstConsumer");
        if text(&value["status"], "phase") != "Bound" && !waits {
            return Some("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(taint: bool) -> Value {
        let taints =
            if taint { json!([{"key": "k", "value": "v", "effect": "NoSchedule"}]) } else { json!([]) };
        json!({"metadata": {"name": "n", "labels": {"zone": "a"}}, "spec": {"taints": taints},
            "status": {"allocatable": {"cpu": "64", "memory": "256Gi"}}})
    }

    #[test]
    fn nodes_refuse_what_they_do_not_fit() {
        let pod = |spec: Value| json!({ "spec": spec });
        assert_eq!(refusal(&pod(json!({})), &node(false)), None);
        let text = refusal(&pod(json!({"nodeSelector": {"no": "where"}})), &node(false));
        assert_eq!(text.as_deref(), Some("node(s) didn't match Pod's node affinity/selector"));
        let text = refusal(&pod(json!({})), &node(true));
        assert_eq!(text.as_deref(), Some("node(s) had untolerated taint(s) {k: v}"));
        assert_eq!(refusal(&pod(json!({"tolerations": [{"operator": "Exists"}]})), &node(true)), None);
        let big = pod(json!({"containers": [{"resources": {"requests": {"cpu": "65"}}}]}));
        assert_eq!(refusal(&big, &node(false)).as_deref(), Some("Insufficient cpu"));
        let affinity = json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]}}}});
        assert_eq!(refusal(&pod(affinity), &node(false)), None);
    }

    #[test]
    fn the_verdict_counts_reasons() {
        let text = verdict(&["a".into(), "b".into(), "a".into()]);
        assert!(text.starts_with("0/3 nodes are available: 2 a, 1 b. "), "{text}");
    }
}
