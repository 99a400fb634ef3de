//! `HorizontalPodAutoscalers`: their bounds are kept; there are no metrics in a simulated cluster, and they say so.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{Condition, generation, int, list, name, namespace, set_condition, stamp, text};
use crate::status::ApiResult;

const COMPONENT: &str = "horizontal-pod-autoscaler";

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(scaler) = engine.get("autoscaling/horizontalpodautoscalers", &key.namespace, &key.name) else {
        return Ok(());
    };
    let target = &scaler["spec"]["scaleTargetRef"];
    let kind: Option<(&str, &'static str)> = match text(target, "kind") {
        "Deployment" => Some(("apps/deployments", "Deployment")),
        "StatefulSet" => Some(("apps/statefulsets", "StatefulSet")),
        "ReplicaSet" => Some(("apps/replicasets", "ReplicaSet")),
        _ => None,
    };
    let live = kind.and_then(|(bucket, kind)| {
        engine.get(bucket, &key.namespace, text(target, "name")).map(|o| (kind, o))
    });
    let now = stamp(Timestamp::now());
    let mut status = scaler["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    status["observedGeneration"] = json!(generation(&scaler));
    let Some((kind, object)) = live else {
        let plural = format!("{}s", text(target, "kind").to_lowercase());
        let message = format!(
            "the HPA controller was unable to get the target's current scale: {plural}.apps \"{}\" not found",
            text(target, "name")
        );
        let new =
            Condition { kind: "AbleToScale", status: "False", reason: "FailedGetScale", message: &message };
        set_condition(&mut status, new, false, &now);
        return engine.write_status("autoscaling", "HorizontalPodAutoscaler", &scaler, status).await;
    };
    let current = int(&object["spec"], "replicas");
    let desired = bounded(&scaler, current);
    status["currentReplicas"] = json!(int(&object["status"], "replicas"));
    status["desiredReplicas"] = json!(desired);
    conditions(&scaler, &mut status, current, desired, &now);
    if desired != current {
        let resource = engine.resource("apps", kind)?;
        let change = |live: &mut Value| {
            live["spec"]["replicas"] = json!(desired);
            true
        };
        engine.controllers.modify(&resource, "", namespace(&object), name(&object), change).await?;
        status["lastScaleTime"] = json!(now);
        let why = if desired > current {
            "Current number of replicas below Spec.MinReplicas"
        } else {
            "Current number of replicas above Spec.MaxReplicas"
        };
        let message = format!("New size: {desired}; reason: {why}");
        let event =
            Event { component: COMPONENT, normal: true, reason: "SuccessfulRescale", message: &message };
        engine.event("autoscaling/v2", "HorizontalPodAutoscaler", &scaler, event).await;
    }
    engine.write_status("autoscaling", "HorizontalPodAutoscaler", &scaler, status).await
}

/// The number of replicas within the bounds; zero switches the autoscaler off.
fn bounded(scaler: &Value, current: i64) -> i64 {
    if current == 0 {
        return 0;
    }
    let least = scaler["spec"]["minReplicas"].as_i64().unwrap_or(1);
    let most = scaler["spec"]["maxReplicas"].as_i64().unwrap_or(i64::MAX);
    current.clamp(least.min(most), most)
}

fn conditions(scaler: &Value, status: &mut Value, current: i64, desired: i64, now: &str) {
    let mut set = |kind, state, reason, message: &str| {
        set_condition(status, Condition { kind, status: state, reason, message }, false, now);
    };
    set(
        "AbleToScale",
        "True",
        "SucceededGetScale",
        "the HPA controller was able to get the target's current scale",
    );
    if current == 0 {
        set(
            "ScalingActive",
            "False",
            "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero",
        );
        return;
    }
    if desired != current {
        set(
            "AbleToScale",
            "True",
            "SucceededRescale",
            &format!("the HPA controller was able to update the target scale to {desired}"),
        );
        return;
    }
    let resource =
        list(&scaler["spec"], "metrics").iter().find_map(|m| m["resource"]["name"].as_str()).unwrap_or("cpu");
    let message = format!(
        "the HPA was unable to compute the replica count: failed to get {resource} utilization: unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
    );
    set("ScalingActive", "False", "FailedGetResourceMetric", &message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_zero_means_off() {
        let scaler = json!({"spec": {"minReplicas": 2, "maxReplicas": 5}});
        assert_eq!(bounded(&scaler, 1), 2);
        assert_eq!(bounded(&scaler, 9), 5);
        assert_eq!(bounded(&scaler, 0), 0);
    }
}
