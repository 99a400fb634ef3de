//! Whether an object has reached the state its spec asks for: the rules of kstatus (`sigs.k8s.io/cli-utils`
//! `pkg/kstatus/status`), which Flux and Helm 4 wait by.

use std::fmt;

use serde_json::Value;

/// What is known of an object's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It is as its spec asks.
    Current,
    /// It is on its way; why it is not there yet.
    InProgress(String),
    /// It will not get there by itself; why.
    Failed(String),
    /// It is being deleted.
    Terminating,
    /// It does not exist.
    NotFound,
}

impl Health {
    /// kstatus' word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress(_) => "InProgress",
            Self::Failed(_) => "Failed",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
        }
    }

    /// Why it is not current; empty where the word says all.
    pub fn reason(&self) -> &str {
        match self {
            Self::InProgress(reason) | Self::Failed(reason) => reason,
            Self::Current | Self::Terminating | Self::NotFound => "",
        }
    }

    /// Whether nothing is left to wait for.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => f.write_str(self.as_str()),
            reason => write!(f, "{}: {reason}", self.as_str()),
        }
    }
}

/// What counts as ready for a Job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// It has started (kstatus).
    Started,
    /// It has completed (`helm --wait-for-jobs`, hooks).
    Completed,
}

/// The health of a live object.
pub fn of(object: &Value, jobs: Jobs) -> Health {
    if object.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        return Health::Terminating;
    }
    if let Some(health) = generic(object) {
        return health;
    }
    let api_version = text(object, "/apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, text(object, "/kind")) {
        ("apps" | "extensions", "Deployment") => deployment(object),
        ("apps" | "extensions", "ReplicaSet") => replica_set(object),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("batch", "Job") => job(object, jobs),
        ("", "Pod") => pod(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Service") => service(object),
        ("", "ReplicationController") => replica_set(object),
        ("policy", "PodDisruptionBudget") => disruption_budget(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => custom_resource_definition(object),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object),
        ("batch", "CronJob") | ("", "ConfigMap" | "Secret" | "Namespace" | "ServiceAccount") => {
            Health::Current
        }
        _ => by_ready_condition(object),
    }
}

/// The health of a hook's object: Jobs and Pods must end, everything else only has to exist
/// (Helm 4.2.3 `pkg/kube/statuswait.go`).
pub fn of_hook(object: &Value) -> Health {
    if object.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        return Health::Terminating;
    }
    match text(object, "/kind") {
        "Job" => job(object, Jobs::Completed),
        "Pod" => match text(object, "/status/phase") {
            "Succeeded" => Health::Current,
            "Failed" => Health::Failed(pod_trouble(object).unwrap_or_else(|| "pod failed".into())),
            phase => {
                Health::InProgress(pod_trouble(object).unwrap_or_else(|| format!("pod is {}", named(phase))))
            }
        },
        _ => Health::Current,
    }
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn count(object: &Value, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or(0)
}

fn named(phase: &str) -> &str {
    if phase.is_empty() { "not scheduled yet" } else { phase }
}

fn condition<'a>(object: &'a Value, type_: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| text(condition, "/type") == type_)
}

fn condition_is(object: &Value, type_: &str, status: &str) -> bool {
    condition(object, type_).is_some_and(|condition| text(condition, "/status") == status)
}

fn why(condition: &Value, otherwise: &str) -> String {
    match (text(condition, "/reason"), text(condition, "/message")) {
        ("", "") => otherwise.to_owned(),
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn progress(reason: impl Into<String>) -> Health {
    Health::InProgress(reason.into())
}

/// Rules for every kind: the observed generation, then the conditions Reconciling and Stalled.
fn generic(object: &Value) -> Option<Health> {
    let generation = number(object, "/metadata/generation");
    let observed = number(object, "/status/observedGeneration");
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed != generation
    {
        return Some(progress(format!(
            "generation is {generation}, but the latest observed generation is {observed}"
        )));
    }
    if let Some(condition) = condition(object, "Reconciling").filter(|c| text(c, "/status") == "True") {
        return Some(progress(why(condition, "reconciling")));
    }
    let stalled = condition(object, "Stalled").filter(|c| text(c, "/status") == "True")?;
    Some(Health::Failed(why(stalled, "stalled")))
}

/// Kinds without rules of their own: `Ready` where it is there, else existence.
fn by_ready_condition(object: &Value) -> Health {
    match condition(object, "Ready") {
        Some(ready) if text(ready, "/status") != "True" => progress(why(ready, "not ready")),
        _ => Health::Current,
    }
}

fn deployment(object: &Value) -> Health {
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Health::Current;
    }
    if let Some(progressing) = condition(object, "Progressing")
        && text(progressing, "/reason") == "ProgressDeadlineExceeded"
    {
        return Health::Failed(why(progressing, "progress deadline exceeded"));
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (replicas, updated) = (count(object, "/status/replicas"), count(object, "/status/updatedReplicas"));
    let (ready, available) =
        (count(object, "/status/readyReplicas"), count(object, "/status/availableReplicas"));
    if number(object, "/status/observedGeneration").is_none() {
        return progress("the Deployment controller has not seen it yet");
    }
    if replicas < wanted {
        return progress(format!("replicas: {replicas}/{wanted}{}", failing_condition(object)));
    }
    if updated < wanted {
        return progress(format!("updated: {updated}/{wanted}"));
    }
    if replicas > updated {
        return progress(format!("pending termination: {}", replicas - updated));
    }
    if available < updated {
        return progress(format!("available: {available}/{updated}"));
    }
    if ready < wanted {
        return progress(format!("ready: {ready}/{wanted}"));
    }
    match condition(object, "Available") {
        Some(condition) if text(condition, "/status") == "False" => progress(why(condition, "not available")),
        None if condition(object, "Progressing").is_some() => progress("not available yet"),
        _ => Health::Current,
    }
}

/// `: reason: message` of a condition that says why no Pods could be made (quota, admission).
fn failing_condition(object: &Value) -> String {
    condition(object, "ReplicaFailure")
        .filter(|condition| text(condition, "/status") == "True")
        .map(|condition| format!(": {}", why(condition, "replica failure")))
        .unwrap_or_default()
}

fn replica_set(object: &Value) -> Health {
    if let Some(failure) = condition(object, "ReplicaFailure").filter(|c| text(c, "/status") == "True") {
        return progress(why(failure, "replica failure"));
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let replicas = count(object, "/status/replicas");
    for (word, is) in [
        ("labelled", count(object, "/status/fullyLabeledReplicas")),
        ("available", count(object, "/status/availableReplicas")),
        ("ready", count(object, "/status/readyReplicas")),
    ] {
        if is < wanted {
            return progress(format!("{word}: {is}/{wanted}"));
        }
    }
    if replicas > wanted {
        return progress(format!("pending termination: {}", replicas - wanted));
    }
    Health::Current
}

fn daemon_set(object: &Value) -> Health {
    let Some(wanted) = number(object, "/status/desiredNumberScheduled") else {
        return progress("the DaemonSet controller has not seen it yet");
    };
    if number(object, "/status/observedGeneration").is_none() {
        return progress("the DaemonSet controller has not seen it yet");
    }
    for (word, is) in [
        ("scheduled", count(object, "/status/currentNumberScheduled")),
        ("updated", count(object, "/status/updatedNumberScheduled")),
        ("available", count(object, "/status/numberAvailable")),
        ("ready", count(object, "/status/numberReady")),
    ] {
        if is < wanted {
            return progress(format!("{word}: {is}/{wanted}"));
        }
    }
    Health::Current
}

fn stateful_set(object: &Value) -> Health {
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Health::Current;
    }
    if number(object, "/status/observedGeneration").is_none() {
        return progress("the StatefulSet controller has not seen it yet");
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (replicas, ready) = (count(object, "/status/replicas"), count(object, "/status/readyReplicas"));
    let (current, updated) =
        (count(object, "/status/currentReplicas"), count(object, "/status/updatedReplicas"));
    if replicas < wanted {
        return progress(format!("replicas: {replicas}/{wanted}"));
    }
    if ready < wanted {
        return progress(format!("ready: {ready}/{wanted}"));
    }
    if replicas > wanted {
        return progress(format!("pending termination: {}", replicas - wanted));
    }
    if let Some(partition) = number(object, "/spec/updateStrategy/rollingUpdate/partition").filter(|p| *p > 0)
    {
        let wanted = (wanted - partition).max(0);
        return if updated < wanted {
            progress(format!("updated: {updated}/{wanted}"))
        } else {
            Health::Current
        };
    }
    if current < wanted && updated < wanted {
        return progress(format!("current: {current}/{wanted}"));
    }
    let (current, update) = (text(object, "/status/currentRevision"), text(object, "/status/updateRevision"));
    if current == update || update.is_empty() {
        return Health::Current;
    }
    progress(format!("waiting for the update to revision {update}"))
}

fn job(object: &Value, jobs: Jobs) -> Health {
    if let Some(failed) = condition(object, "Failed").filter(|c| text(c, "/status") == "True") {
        return Health::Failed(format!("job failed: {}", why(failed, "no reason given")));
    }
    if condition_is(object, "Complete", "True") {
        return Health::Current;
    }
    if condition_is(object, "Suspended", "True") {
        return if jobs == Jobs::Started { Health::Current } else { progress("job is suspended") };
    }
    let (active, failed) = (count(object, "/status/active"), count(object, "/status/failed"));
    let started = object.pointer("/status/startTime").is_some();
    if started && jobs == Jobs::Started {
        return Health::Current;
    }
    if !started {
        return progress("job has not started yet");
    }
    progress(format!("job is in progress: active {active}, failed {failed}"))
}

fn pod(object: &Value) -> Health {
    match text(object, "/status/phase") {
        "Succeeded" => Health::Current,
        "Failed" => Health::Failed(pod_trouble(object).unwrap_or_else(|| "pod failed".into())),
        "Running" if condition_is(object, "Ready", "True") => Health::Current,
        phase => {
            let trouble = pod_trouble(object);
            let crashed = trouble.as_deref().is_some_and(|trouble| trouble.contains("CrashLoopBackOff"));
            match trouble {
                Some(trouble) if phase == "Running" && crashed => Health::Failed(trouble),
                Some(trouble) => Health::InProgress(trouble),
                None => progress(format!("pod is {}", named(phase))),
            }
        }
    }
}

/// Why a Pod does not run: its reason, a container that waits or ended badly, or that it cannot be scheduled.
fn pod_trouble(object: &Value) -> Option<String> {
    let status = object.get("status")?;
    if !text(status, "/reason").is_empty() {
        return Some(why(status, ""));
    }
    let containers = ["initContainerStatuses", "containerStatuses"].into_iter();
    let mut statuses = containers.filter_map(|key| status.get(key)?.as_array()).flatten();
    let trouble = |container: &Value| {
        let name = text(container, "/name");
        if let Some(waiting) = container.pointer("/state/waiting").filter(|w| !text(w, "/reason").is_empty())
        {
            return Some(format!("container {name} is waiting: {}", why(waiting, "")));
        }
        let ended = container.pointer("/state/terminated")?;
        let code = ended.get("exitCode").and_then(Value::as_i64).filter(|code| *code != 0)?;
        Some(format!("container {name} ended with exit code {code}: {}", why(ended, "no reason given")))
    };
    if let Some(found) = statuses.find_map(trouble) {
        return Some(found);
    }
    let unscheduled = condition(object, "PodScheduled").filter(|c| text(c, "/status") == "False")?;
    Some(why(unscheduled, "cannot be scheduled"))
}

fn claim(object: &Value) -> Health {
    match text(object, "/status/phase") {
        "Bound" => Health::Current,
        "" => progress("volume claim is not bound"),
        phase => progress(format!("volume claim is {phase}")),
    }
}

fn service(object: &Value) -> Health {
    if text(object, "/spec/type") != "LoadBalancer" {
        return Health::Current;
    }
    let ingress = object.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    if text(object, "/spec/clusterIP").is_empty() {
        return progress("the Service has no cluster IP yet");
    }
    if ingress.is_none_or(Vec::is_empty) && object.pointer("/spec/externalIPs").is_none() {
        return progress("the load balancer has no address yet");
    }
    Health::Current
}

fn disruption_budget(object: &Value) -> Health {
    if number(object, "/status/observedGeneration").is_none() && object.get("status").is_some() {
        return progress("the disruption controller has not seen it yet");
    }
    Health::Current
}

fn custom_resource_definition(object: &Value) -> Health {
    if let Some(names) = condition(object, "NamesAccepted").filter(|c| text(c, "/status") == "False") {
        return Health::Failed(why(names, "names are not accepted"));
    }
    match condition(object, "Established") {
        Some(established) if text(established, "/status") == "True" => Health::Current,
        Some(established) if text(established, "/reason") != "Installing" => {
            Health::Failed(why(established, "not established"))
        }
        _ => progress("the definition is not established yet"),
    }
}

fn autoscaler(object: &Value) -> Health {
    // An autoscaler that finds no metrics yet is as configured; waiting for it would hang on a cluster without them.
    match condition(object, "AbleToScale") {
        Some(able) if text(able, "/status") == "False" => progress(why(able, "unable to scale")),
        _ => Health::Current,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(object: Value, expected: &str) {
        assert_eq!(of(&object, Jobs::Completed).to_string(), expected, "{object}");
    }

    fn deployment_with(spec: Value, status: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 2}, "spec": spec, "status": status})
    }

    #[test]
    fn deployments_are_ready_when_all_replicas_are_updated_and_available() {
        check(
            deployment_with(json!({"replicas": 2}), json!({})),
            "InProgress: the Deployment controller has not seen it yet",
        );
        check(
            deployment_with(json!({}), json!({"observedGeneration": 1})),
            "InProgress: generation is 2, but the latest observed generation is 1",
        );
        check(
            deployment_with(
                json!({"replicas": 2}),
                json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1}),
            ),
            "InProgress: updated: 1/2",
        );
        check(
            deployment_with(
                json!({"replicas": 1}),
                json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2}),
            ),
            "InProgress: pending termination: 1",
        );
        check(
            deployment_with(
                json!({"replicas": 1}),
                json!({"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1,
                       "conditions": [{"type": "Available", "status": "True"}]}),
            ),
            "Current",
        );
        check(
            deployment_with(
                json!({"replicas": 1}),
                json!({"observedGeneration": 2, "conditions": [
                    {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too slow"}]}),
            ),
            "Failed: ProgressDeadlineExceeded: too slow",
        );
        check(deployment_with(json!({"replicas": 0}), json!({"observedGeneration": 2})), "Current");
    }

    #[test]
    fn stateful_sets_and_daemon_sets_count_their_pods() {
        let set = |status: Value| json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"replicas": 2}, "status": status});
        check(
            set(json!({"observedGeneration": 1, "replicas": 2, "readyReplicas": 1})),
            "InProgress: ready: 1/2",
        );
        check(
            set(
                json!({"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "currentReplicas": 2, "updatedReplicas": 2,
                       "currentRevision": "a", "updateRevision": "a"}),
            ),
            "Current",
        );
        let set = |status: Value| json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "status": status});
        check(set(json!({})), "InProgress: the DaemonSet controller has not seen it yet");
        check(
            set(json!({"observedGeneration": 1, "desiredNumberScheduled": 1, "currentNumberScheduled": 1,
                       "updatedNumberScheduled": 1, "numberAvailable": 0})),
            "InProgress: available: 0/1",
        );
        check(set(json!({"observedGeneration": 1, "desiredNumberScheduled": 0})), "Current");
    }

    #[test]
    fn jobs_complete_or_fail() {
        let job = |status: Value| json!({"apiVersion": "batch/v1", "kind": "Job", "status": status});
        check(job(json!({})), "InProgress: job has not started yet");
        let running = job(json!({"startTime": "t", "active": 1}));
        check(running.clone(), "InProgress: job is in progress: active 1, failed 0");
        assert_eq!(of(&running, Jobs::Started), Health::Current);
        check(job(json!({"conditions": [{"type": "Complete", "status": "True"}]})), "Current");
        check(
            job(
                json!({"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "no more"}]}),
            ),
            "Failed: job failed: BackoffLimitExceeded: no more",
        );
    }

    #[test]
    fn pods_name_the_container_that_waits() {
        let pod = |status: Value| json!({"apiVersion": "v1", "kind": "Pod", "status": status});
        check(
            pod(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})),
            "Current",
        );
        check(pod(json!({})), "InProgress: pod is not scheduled yet");
        check(
            pod(json!({"phase": "Pending", "containerStatuses": [
                {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]})),
            "InProgress: container web is waiting: ImagePullBackOff: no such image",
        );
        check(
            pod(json!({"phase": "Running", "containerStatuses": [
                {"name": "web", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]})),
            "Failed: container web is waiting: CrashLoopBackOff",
        );
        check(
            pod(
                json!({"phase": "Failed", "containerStatuses": [{"name": "t", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}),
            ),
            "Failed: container t ended with exit code 3: Error",
        );
    }

    #[test]
    fn a_hook_pod_must_end() {
        let pod = |phase: &str| json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": phase}});
        assert_eq!(of_hook(&pod("Running")).to_string(), "InProgress: pod is Running");
        assert_eq!(of_hook(&pod("Succeeded")), Health::Current);
        assert_eq!(of_hook(&pod("Failed")).to_string(), "Failed: pod failed");
        assert_eq!(of_hook(&json!({"kind": "Deployment"})), Health::Current);
    }

    #[test]
    fn other_kinds_follow_their_rules() {
        check(
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}),
            "InProgress: volume claim is Pending",
        );
        check(json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"}}), "Current");
        check(
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, "status": {"loadBalancer": {}}}),
            "InProgress: the load balancer has no address yet",
        );
        check(
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "status": {"conditions": [
                {"type": "NamesAccepted", "status": "False", "reason": "Conflict", "message": "taken"}]}}),
            "Failed: Conflict: taken",
        );
        check(
            json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"generation": 1}, "status": {"conditions": [
                {"type": "Ready", "status": "False", "reason": "Cold", "message": "warming up"}]}}),
            "InProgress: Cold: warming up",
        );
        check(
            json!({"apiVersion": "example.com/v1", "kind": "Widget", "status": {"conditions": [{"type": "Stalled", "status": "True", "reason": "Bad"}]}}),
            "Failed: Bad",
        );
        check(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "t"}}),
            "Terminating",
        );
        check(json!({"apiVersion": "example.com/v1", "kind": "Widget"}), "Current");
    }
}
