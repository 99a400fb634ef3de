//! The status of `PodDisruptionBudgets`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::objects::{
    Condition, controller_of, generation, int, is_active, is_ready, labels, of_total, selects, set_condition,
    stamp, text,
};
use crate::status::ApiResult;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(budget) = engine.get("policy/poddisruptionbudgets", &key.namespace, &key.name) else {
        return Ok(());
    };
    let pods: Vec<Value> = engine
        .list("pods", &key.namespace)
        .iter()
        .map(|p| p.value())
        .filter(|p| is_active(p) && selects(&budget["spec"]["selector"], &labels(p)))
        .collect();
    let expected = expected(engine, &budget, &pods);
    let status = status(&budget, &pods, expected, &stamp(Timestamp::now()));
    engine.write_status("policy", "PodDisruptionBudget", &budget, status).await
}

/// How many Pods their controllers want, where percentages need it.
fn expected(engine: &Engine, budget: &Value, pods: &[Value]) -> i64 {
    let present = i64::try_from(pods.len()).unwrap_or(0);
    let spec = &budget["spec"];
    let relative = spec["maxUnavailable"].is_number()
        || spec["maxUnavailable"].is_string()
        || spec["minAvailable"].is_string();
    if !relative {
        return present;
    }
    let namespace = super::objects::namespace(budget);
    let mut seen: Vec<String> = Vec::new();
    let mut sum = 0;
    for owner in pods.iter().filter_map(controller_of) {
        let uid = text(owner, "uid").to_owned();
        if seen.contains(&uid) {
            continue;
        }
        seen.push(uid);
        let bucket = match text(owner, "kind") {
            "ReplicaSet" => "apps/replicasets",
            "StatefulSet" => "apps/statefulsets",
            _ => continue,
        };
        let Some(set) = engine.get(bucket, namespace, text(owner, "name")) else { continue };
        let parent = controller_of(&set).filter(|o| text(o, "kind") == "Deployment");
        let deployment = parent.and_then(|o| engine.get("apps/deployments", namespace, text(o, "name")));
        sum += int(&deployment.unwrap_or(set)["spec"], "replicas");
    }
    if sum == 0 { present } else { sum }
}

fn status(budget: &Value, pods: &[Value], expected: i64, now: &str) -> Value {
    let spec = &budget["spec"];
    let healthy = i64::try_from(pods.iter().filter(|p| is_ready(p)).count()).unwrap_or(0);
    let desired = if spec["maxUnavailable"].is_null() {
        of_total(&spec["minAvailable"], expected, true, 1)
    } else {
        (expected - of_total(&spec["maxUnavailable"], expected, true, 0)).max(0)
    };
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let mut status = json!({
        "observedGeneration": generation(budget), "currentHealthy": healthy, "desiredHealthy": desired,
        "disruptionsAllowed": allowed, "expectedPods": expected,
    });
    if let Some(conditions) = budget["status"].get("conditions") {
        status["conditions"] = conditions.clone();
    }
    let (state, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    set_condition(
        &mut status,
        Condition { kind: "DisruptionAllowed", status: state, reason, message: "" },
        false,
        now,
    );
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["observedGeneration"] = json!(generation(budget));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_allows_what_is_beyond_the_wanted() {
        let pod = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        let pods = [pod.clone(), pod.clone(), pod];
        let budget = |spec: Value| json!({"metadata": {"generation": 1}, "spec": spec, "status": {}});
        let found = status(&budget(json!({"minAvailable": 2})), &pods, 3, "t");
        assert_eq!(
            (found["desiredHealthy"].as_i64(), found["disruptionsAllowed"].as_i64()),
            (Some(2), Some(1))
        );
        let found = status(&budget(json!({"maxUnavailable": "50%"})), &pods, 3, "t");
        assert_eq!(
            (found["desiredHealthy"].as_i64(), found["disruptionsAllowed"].as_i64()),
            (Some(1), Some(2))
        );
    }
}
