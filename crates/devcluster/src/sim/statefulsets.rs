//! `StatefulSets`: numbered Pods, one after the other, with claims of their own.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{
    controller_reference, count, generation, int, is_available, is_deleting, is_ready, list, name, namespace,
    text,
};
use super::{revisions, template};
use crate::status::ApiResult;

const COMPONENT: &str = "statefulset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(set) = engine.get("apps/statefulsets", &key.namespace, &key.name) else { return Ok(()) };
    if is_deleting(&set) {
        return Ok(());
    }
    let update = revisions::current(engine, "StatefulSet", &set).await?;
    let current =
        Some(text(&set["status"], "currentRevision")).filter(|r| !r.is_empty()).unwrap_or(&update).to_owned();
    let pods = engine.claim_pods("apps/v1", "StatefulSet", &set).await?;
    let again = step(engine, &set, &pods, &current, &update).await?;
    if let Some(seconds) = again {
        engine.later(key.clone(), SignedDuration::from_secs(seconds));
    }
    let pods = engine.claim_pods("apps/v1", "StatefulSet", &set).await?;
    let status = status(&set, &pods, &current, &update, Timestamp::now());
    engine.write_status("apps", "StatefulSet", &set, status).await
}

fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(name(set))?.strip_prefix('-')?.parse().ok()
}

fn start(set: &Value) -> i64 {
    int(&set["spec"]["ordinals"], "start")
}

fn pod_name(set: &Value, ordinal: i64) -> String {
    format!("{}-{ordinal}", name(set))
}

/// The Pod with a number.
fn build(set: &Value, ordinal: i64, revision: &str) -> Value {
    let mut pod =
        template::pod(&set["spec"]["template"], None, controller_reference("apps/v1", "StatefulSet", set));
    let own = pod_name(set, ordinal);
    pod["metadata"]["name"] = json!(own);
    template::set_label(&mut pod, HASH, revision);
    template::set_label(&mut pod, "statefulset.kubernetes.io/pod-name", &own);
    template::set_label(&mut pod, "apps.kubernetes.io/pod-index", &ordinal.to_string());
    pod["spec"]["hostname"] = json!(own);
    let service = text(&set["spec"], "serviceName");
    if !service.is_empty() {
        pod["spec"]["subdomain"] = json!(service);
    }
    let claims = list(&set["spec"], "volumeClaimTemplates");
    if !claims.is_empty() {
        let named = |v: &Value| claims.iter().any(|c| name(c) == text(v, "name"));
        let mut volumes: Vec<Value> =
            list(&pod["spec"], "volumes").iter().filter(|v| !named(v)).cloned().collect();
        volumes.extend(claims.iter().map(|c| {
            json!({"name": name(c), "persistentVolumeClaim": {"claimName": format!("{}-{own}", name(c))}})
        }));
        pod["spec"]["volumes"] = json!(volumes);
    }
    pod
}

/// Does what is next; the seconds after which to look again.
async fn step(
    engine: &mut Engine,
    set: &Value,
    pods: &[Value],
    current: &str,
    update: &str,
) -> ApiResult<Option<i64>> {
    let replicas = int(&set["spec"], "replicas");
    let parallel = text(&set["spec"], "podManagementPolicy") == "Parallel";
    let min_ready = int(&set["spec"], "minReadySeconds");
    let now = Timestamp::now();
    let partition = int(&set["spec"]["updateStrategy"]["rollingUpdate"], "partition");
    let wanted: Vec<i64> = (start(set)..start(set) + replicas).collect();
    let by_number = |n: i64| pods.iter().find(|p| ordinal(set, p) == Some(n));
    let mut again = None;
    for &n in &wanted {
        match by_number(n) {
            None => {
                let revision = if n < start(set) + partition { current } else { update };
                create(engine, set, n, revision).await?;
                if !parallel {
                    return Ok(None);
                }
            }
            Some(pod) if is_deleting(pod) => {
                if !parallel {
                    return Ok(None);
                }
            }
            Some(pod) if matches!(text(&pod["status"], "phase"), "Failed" | "Succeeded") => {
                engine.delete_pod(COMPONENT, "apps/v1", "StatefulSet", set, pod).await?;
                if !parallel {
                    return Ok(None);
                }
            }
            Some(pod) => match is_available(pod, min_ready, now) {
                Ok(()) => {}
                Err(left) => {
                    again = again.or(left);
                    if !parallel {
                        // One that never became ready may be replaced by a newer template.
                        return Ok(again);
                    }
                }
            },
        }
    }
    let mut surplus: Vec<&Value> =
        pods.iter().filter(|p| ordinal(set, p).is_none_or(|n| !wanted.contains(&n))).collect();
    surplus.sort_by_key(|p| std::cmp::Reverse(ordinal(set, p)));
    for pod in surplus {
        if !is_deleting(pod) {
            engine.delete_pod(COMPONENT, "apps/v1", "StatefulSet", set, pod).await?;
        }
        if !parallel {
            return Ok(again);
        }
    }
    if text(&set["spec"]["updateStrategy"], "type") == "OnDelete" {
        return Ok(again);
    }
    for &n in wanted.iter().rev().filter(|n| **n >= start(set) + partition) {
        let Some(pod) = by_number(n) else { return Ok(again) };
        if is_deleting(pod) {
            return Ok(again);
        }
        if text(&pod["metadata"]["labels"], HASH) != update {
            engine.delete_pod(COMPONENT, "apps/v1", "StatefulSet", set, pod).await?;
            return Ok(again);
        }
        if is_available(pod, min_ready, now).is_err() {
            return Ok(again);
        }
    }
    Ok(again)
}

async fn create(engine: &mut Engine, set: &Value, ordinal: i64, revision: &str) -> ApiResult<()> {
    let labels = &set["spec"]["selector"]["matchLabels"];
    for claim in list(&set["spec"], "volumeClaimTemplates") {
        let claim_name = format!("{}-{}", name(claim), pod_name(set, ordinal));
        if engine.controllers.get("persistentvolumeclaims", namespace(set), &claim_name).is_some() {
            continue;
        }
        let mut value = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": claim["metadata"], "spec": claim["spec"]});
        value["metadata"]["name"] = json!(claim_name);
        value["metadata"]["namespace"] = json!(namespace(set));
        for (key, label) in labels.as_object().into_iter().flatten() {
            template::set_label(&mut value, key, label.as_str().unwrap_or_default());
        }
        if text(&set["spec"]["persistentVolumeClaimRetentionPolicy"], "whenDeleted") == "Delete" {
            let mut owner = controller_reference("apps/v1", "StatefulSet", set);
            owner["controller"] = json!(true);
            value["metadata"]["ownerReferences"] = json!([owner]);
        }
        let resource = engine.resource("", "PersistentVolumeClaim")?;
        engine.controllers.create(&resource, namespace(set), value).await?;
        let message = format!(
            "create Claim {claim_name} Pod {} in StatefulSet {} success",
            pod_name(set, ordinal),
            name(set)
        );
        let event =
            Event { component: COMPONENT, normal: true, reason: "SuccessfulCreate", message: &message };
        engine.event("apps/v1", "StatefulSet", set, event).await;
    }
    let pod = build(set, ordinal, revision);
    let resource = engine.resource("", "Pod")?;
    match engine.controllers.create(&resource, namespace(set), pod).await {
        Ok(pod) => {
            let message = format!("create Pod {} in StatefulSet {} successful", name(&pod), name(set));
            let event =
                Event { component: COMPONENT, normal: true, reason: "SuccessfulCreate", message: &message };
            engine.event("apps/v1", "StatefulSet", set, event).await;
            Ok(())
        }
        Err(error) => {
            let pod = pod_name(set, ordinal);
            let message =
                format!("create Pod {pod} in StatefulSet {} failed error: {}", name(set), error.message);
            let event =
                Event { component: COMPONENT, normal: false, reason: "FailedCreate", message: &message };
            engine.event("apps/v1", "StatefulSet", set, event).await;
            Err(error)
        }
    }
}

fn status(set: &Value, pods: &[Value], current: &str, update: &str, now: Timestamp) -> Value {
    let min_ready = int(&set["spec"], "minReadySeconds");
    let replicas = int(&set["spec"], "replicas");
    let running: Vec<&Value> = pods.iter().filter(|p| ordinal(set, p).is_some()).collect();
    let of = |revision: &str| {
        running.iter().filter(|p| !is_deleting(p) && text(&p["metadata"]["labels"], HASH) == revision).count()
    };
    let ready = running.iter().filter(|p| is_ready(p)).count();
    let available = running.iter().filter(|p| is_available(p, min_ready, now).is_ok()).count();
    let updated = of(update);
    // An update that has reached all Pods makes its revision the current one.
    let done = current != update
        && usize::try_from(replicas).is_ok_and(|n| updated == n && ready == n && running.len() == n)
        && text(&set["spec"]["updateStrategy"], "type") != "OnDelete";
    let current = if done { update } else { current };
    let mut status = Map::new();
    status.insert("observedGeneration".into(), json!(generation(set)));
    status.insert("replicas".into(), json!(running.len()));
    count(&mut status, "readyReplicas", ready);
    status.insert("availableReplicas".into(), json!(available));
    count(&mut status, "currentReplicas", of(current));
    count(&mut status, "updatedReplicas", updated);
    status.insert("currentRevision".into(), json!(current));
    status.insert("updateRevision".into(), json!(update));
    status.insert("collisionCount".into(), json!(int(&set["status"], "collisionCount")));
    Value::Object(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_numbered_and_have_their_claims() {
        let set = json!({"metadata": {"name": "db", "namespace": "n", "uid": "u"}, "spec": {"serviceName": "svc", "replicas": 1,
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}});
        let pod = build(&set, 0, "db-hash");
        assert_eq!(name(&pod), "db-0");
        assert_eq!(pod["spec"]["subdomain"], "svc");
        assert_eq!(pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"], "data-db-0");
        assert_eq!(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"], "0");
        assert_eq!(ordinal(&set, &pod), Some(0));
        let status = status(&set, &[pod], "db-hash", "db-hash", Timestamp::now());
        assert_eq!(status["currentReplicas"], 1);
    }
}
