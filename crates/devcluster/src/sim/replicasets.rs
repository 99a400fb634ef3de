//! `ReplicaSets`: so many Pods of a template.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{
    Condition, controller_of, controller_reference, count, generation, int, is_active, is_available,
    is_controlled_by, is_deleting, is_ready, labels, matches_map, name, namespace, remove_condition, selects,
    set_condition, stamp, text, uid,
};
use super::template;
use crate::status::{ApiError, ApiResult};

const COMPONENT: &str = "replicaset-controller";
/// Pods created or deleted in one go.
const BURST: usize = 500;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(set) = engine.get("apps/replicasets", &key.namespace, &key.name) else { return Ok(()) };
    let pods = engine.claim_pods("apps/v1", "ReplicaSet", &set).await?;
    let mut failure = None;
    if !is_deleting(&set) {
        failure = manage(engine, &set, &pods).await?;
    }
    let pods = engine.claim_pods("apps/v1", "ReplicaSet", &set).await?;
    let now = Timestamp::now();
    let (status, again) = status(&set, &pods, failure.as_ref(), now);
    if let Some(seconds) = again {
        engine.later(key.clone(), SignedDuration::from_secs(seconds));
    }
    engine.write_status("apps", "ReplicaSet", &set, status).await?;
    failure.map_or(Ok(()), |error| Err(ApiError { reason: "", ..error }))
}

impl Engine {
    /// The Pods that an owner manages; Pods that its selector matches and nobody manages are adopted.
    pub(super) async fn claim_pods(
        &mut self,
        api_version: &str,
        kind: &str,
        owner: &Value,
    ) -> ApiResult<Vec<Value>> {
        let selector = &owner["spec"]["selector"];
        let mut claimed = Vec::new();
        for object in self.list("pods", namespace(owner)) {
            let all: Vec<(&str, &str)> = object.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
            let matches = selects(selector, &all);
            if !matches && selector["matchLabels"].as_object().is_none_or(|m| !matches_map(m, &all)) {
                // Pods whose labels were changed are still managed.
                let mut value = None;
                if contains_uid(&object.body, uid(owner)) {
                    value = Some(object.value()).filter(|v| is_controlled_by(v, uid(owner)));
                }
                if let Some(pod) = value {
                    self.release(&pod, uid(owner)).await?;
                }
                continue;
            }
            let pod = object.value();
            match controller_of(&pod) {
                Some(controller) if text(controller, "uid") == uid(owner) => claimed.push(pod),
                None if matches && !is_deleting(owner) && is_active(&pod) => {
                    let reference = controller_reference(api_version, kind, owner);
                    if let Some(pod) = self.adopt("Pod", &pod, reference).await? {
                        claimed.push(pod);
                    }
                }
                _ => {}
            }
        }
        Ok(claimed)
    }

    /// Makes an owner the manager of an object.
    pub(super) async fn adopt(
        &mut self,
        kind: &'static str,
        object: &Value,
        reference: Value,
    ) -> ApiResult<Option<Value>> {
        let group = if kind == "Pod" { "" } else { "apps" };
        let resource = self.resource(group, kind)?;
        let own = uid(object).to_owned();
        let change = |live: &mut Value| {
            if uid(live) != own || controller_of(live).is_some() || is_deleting(live) {
                return false;
            }
            if !live["metadata"]["ownerReferences"].is_array() {
                live["metadata"]["ownerReferences"] = json!([]);
            }
            if let Some(all) = live["metadata"]["ownerReferences"].as_array_mut() {
                all.push(reference.clone());
            }
            true
        };
        self.controllers.modify(&resource, "", namespace(object), name(object), change).await
    }

    async fn release(&mut self, pod: &Value, owner: &str) -> ApiResult<()> {
        let resource = self.resource("", "Pod")?;
        let change = |live: &mut Value| {
            let Some(all) = live["metadata"]["ownerReferences"].as_array_mut() else { return false };
            let before = all.len();
            all.retain(|r| text(r, "uid") != owner);
            before != all.len()
        };
        self.controllers.modify(&resource, "", namespace(pod), name(pod), change).await.map(drop)
    }

    /// Creates a Pod for an owner, and tells it in an event of the owner.
    pub(super) async fn create_pod(
        &mut self,
        component: &str,
        api_version: &str,
        kind: &str,
        owner: &Value,
        pod: Value,
    ) -> ApiResult<Value> {
        let resource = self.resource("", "Pod")?;
        match self.controllers.create(&resource, namespace(owner), pod).await {
            Ok(pod) => {
                let message = format!("Created pod: {}", name(&pod));
                let event = Event { component, normal: true, reason: "SuccessfulCreate", message: &message };
                self.event(api_version, kind, owner, event).await;
                Ok(pod)
            }
            Err(error) => {
                // In a namespace that ends nothing is created; nobody needs to be told.
                if error.code != 409 && !error.message.contains("being terminated") {
                    let message = format!("Error creating: {}", error.message);
                    let event = Event { component, normal: false, reason: "FailedCreate", message: &message };
                    self.event(api_version, kind, owner, event).await;
                }
                Err(error)
            }
        }
    }

    /// Deletes a Pod of an owner, and tells it.
    pub(super) async fn delete_pod(
        &mut self,
        component: &str,
        api_version: &str,
        kind: &str,
        owner: &Value,
        pod: &Value,
    ) -> ApiResult<()> {
        self.delete("", "Pod", pod).await?;
        let message = format!("Deleted pod: {}", name(pod));
        let event = Event { component, normal: true, reason: "SuccessfulDelete", message: &message };
        self.event(api_version, kind, owner, event).await;
        Ok(())
    }
}

fn contains_uid(body: &[u8], uid: &str) -> bool {
    body.windows(uid.len()).any(|w| w == uid.as_bytes())
}

/// Creates or deletes Pods; what a create was refused with.
async fn manage(engine: &mut Engine, set: &Value, pods: &[Value]) -> ApiResult<Option<ApiError>> {
    let active: Vec<&Value> = pods.iter().filter(|p| is_active(p)).collect();
    let wanted = usize::try_from(int(&set["spec"], "replicas")).unwrap_or(0);
    if active.len() < wanted {
        for _ in 0..(wanted - active.len()).min(BURST) {
            let reference = controller_reference("apps/v1", "ReplicaSet", set);
            let prefix = format!("{}-", name(set));
            let pod = template::pod(&set["spec"]["template"], Some(&prefix), reference);
            if let Err(error) = engine.create_pod(COMPONENT, "apps/v1", "ReplicaSet", set, pod).await {
                return Ok(Some(error));
            }
        }
    } else if active.len() > wanted {
        for pod in victims(&active, active.len() - wanted).into_iter().take(BURST) {
            engine.delete_pod(COMPONENT, "apps/v1", "ReplicaSet", set, pod).await?;
        }
    }
    Ok(None)
}

/// Which Pods to delete first: those not scheduled, pending, not ready, the youngest.
pub(super) fn victims<'v>(pods: &[&'v Value], number: usize) -> Vec<&'v Value> {
    let mut sorted: Vec<&Value> = pods.to_vec();
    sorted.sort_by_key(|pod| {
        let phase = match text(&pod["status"], "phase") {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let cost = super::objects::annotation(pod, "controller.kubernetes.io/pod-deletion-cost")
            .parse::<i64>()
            .unwrap_or(0);
        let created = super::objects::time(&pod["metadata"]["creationTimestamp"]);
        (
            !text(&pod["spec"], "nodeName").is_empty(),
            phase,
            is_ready(pod),
            cost,
            std::cmp::Reverse(created),
            std::cmp::Reverse(text(&pod["metadata"], "name")),
        )
    });
    sorted.into_iter().take(number).collect()
}

/// The status, and the seconds after which it has to be looked at again.
fn status(set: &Value, pods: &[Value], failure: Option<&ApiError>, now: Timestamp) -> (Value, Option<i64>) {
    let template_labels =
        set["spec"]["template"]["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let min_ready = int(&set["spec"], "minReadySeconds");
    let active: Vec<&Value> = pods.iter().filter(|p| is_active(p)).collect();
    let terminating = pods
        .iter()
        .filter(|p| is_deleting(p) && !matches!(text(&p["status"], "phase"), "Succeeded" | "Failed"));
    let mut again = None;
    let mut available = 0;
    for pod in &active {
        match is_available(pod, min_ready, now) {
            Ok(()) => available += 1,
            Err(Some(left)) => again = Some(again.map_or(left, |a: i64| a.min(left))),
            Err(None) => {}
        }
    }
    let mut status = Map::new();
    status.insert("replicas".into(), json!(active.len()));
    let labelled = active.iter().filter(|p| matches_map(&template_labels, &labels(p))).count();
    count(&mut status, "fullyLabeledReplicas", labelled);
    count(&mut status, "readyReplicas", active.iter().filter(|p| is_ready(p)).count());
    count(&mut status, "availableReplicas", available);
    status.insert("terminatingReplicas".into(), json!(terminating.count()));
    status.insert("observedGeneration".into(), json!(generation(set)));
    let mut status = Value::Object(status);
    if let Some(conditions) = set["status"].get("conditions") {
        status["conditions"] = conditions.clone();
    }
    match failure {
        Some(error) => {
            let new = Condition {
                kind: "ReplicaFailure",
                status: "True",
                reason: "FailedCreate",
                message: &error.message,
            };
            set_condition(&mut status, new, false, &stamp(now));
        }
        None => remove_condition(&mut status, "ReplicaFailure"),
    }
    if status["conditions"].as_array().is_some_and(Vec::is_empty)
        && let Some(map) = status.as_object_mut()
    {
        map.remove("conditions");
    }
    (status, again)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, ready: bool, node: &str) -> Value {
        json!({"metadata": {"name": name, "labels": {"app": "a"}}, "spec": {"nodeName": node},
            "status": {"phase": if ready { "Running" } else { "Pending" }, "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]}})
    }

    #[test]
    fn what_does_least_harm_goes_first() {
        let pods = [pod("a", true, "n"), pod("b", false, "n"), pod("c", false, "")];
        let all: Vec<&Value> = pods.iter().collect();
        let names: Vec<&str> = victims(&all, 2).into_iter().map(name).collect();
        assert_eq!(names, ["c", "b"]);
    }

    #[test]
    fn the_status_counts_pods() {
        let set = json!({"metadata": {"generation": 1}, "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "a"}}}}, "status": {}});
        let (status, _) = status(&set, &[pod("a", true, "n"), pod("b", false, "n")], None, Timestamp::now());
        assert_eq!(
            status,
            json!({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 1, "availableReplicas": 1,
            "terminatingReplicas": 0, "observedGeneration": 1})
        );
    }
}
