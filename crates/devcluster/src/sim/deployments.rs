//! Deployments: `ReplicaSets` of the generations of a template, rolled over (kube-controller-manager's `deployment`).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{
    Condition, annotation, condition, condition_is, controller_of, controller_reference, count, generation,
    int, is_controlled_by, is_deleting, labels, name, namespace, of_total, remove_condition, selects,
    set_condition, stamp, text, time, uid,
};
use super::template::{self, set_annotation, set_label};
use crate::status::ApiResult;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";
const COMPONENT: &str = "deployment-controller";
/// Annotations of a Deployment that its `ReplicaSets` do not take over.
const OWN_ANNOTATIONS: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
];

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(deployment) = engine.get("apps/deployments", &key.namespace, &key.name) else { return Ok(()) };
    let sets = claim_sets(engine, &deployment).await?;
    if is_deleting(&deployment) {
        return write_status(engine, key, &deployment, &sets, Progress::default()).await;
    }
    let paused = deployment["spec"]["paused"] == true;
    let mut progress = Progress { paused, ..Progress::default() };
    let mut sets = sets;
    let mut new = find_new(&deployment, &sets);
    if new.is_none() && !paused {
        if text(&deployment["spec"]["strategy"], "type") == "Recreate"
            && !recreate_old(engine, &deployment, &mut sets).await?
        {
            return write_status(engine, key, &deployment, &sets, progress).await;
        }
        match create_new(engine, &deployment, &sets).await {
            Ok(set) => {
                progress.created = Some(name(&set).to_owned());
                sets.push(set);
                new = find_new(&deployment, &sets);
            }
            Err(error) if error.is_already_exists() => return Err(error),
            Err(error) => {
                progress.failure = Some(error.message.clone());
                write_status(engine, key, &deployment, &sets, progress).await?;
                return Err(error);
            }
        }
    }
    if !paused && let Some(index) = new {
        update_new(engine, &deployment, &mut sets, index).await?;
    }
    let scaling = is_scaling(&deployment, &sets);
    if paused || scaling {
        scale(engine, &deployment, &mut sets, new).await?;
    } else if let Some(new) = new {
        if text(&deployment["spec"]["strategy"], "type") == "Recreate" {
            if recreate_old(engine, &deployment, &mut sets).await? {
                let wanted = int(&deployment["spec"], "replicas");
                resize(engine, &deployment, &mut sets[new], wanted).await?;
            }
        } else {
            roll(engine, &deployment, &mut sets, new).await?;
        }
    }
    let deployment = engine.get("apps/deployments", &key.namespace, &key.name).unwrap_or(deployment);
    write_status(engine, key, &deployment, &sets, progress).await?;
    clean_up(engine, &deployment, &sets, new).await
}

/// What the status says of a rollout beyond its numbers.
#[derive(Default)]
struct Progress {
    created: Option<String>,
    failure: Option<String>,
    paused: bool,
}

/// The `ReplicaSets` of a Deployment; those that its selector matches and nobody manages are adopted.
async fn claim_sets(engine: &mut Engine, deployment: &Value) -> ApiResult<Vec<Value>> {
    let mut sets = Vec::new();
    for object in engine.list("apps/replicasets", namespace(deployment)) {
        let set = object.value();
        if is_controlled_by(&set, uid(deployment)) {
            sets.push(set);
        } else if controller_of(&set).is_none()
            && !is_deleting(deployment)
            && selects(&deployment["spec"]["selector"], &labels(&set))
        {
            let reference = controller_reference("apps/v1", "Deployment", deployment);
            sets.extend(engine.adopt("ReplicaSet", &set, reference).await?);
        }
    }
    sets.sort_by(|a, b| {
        let created = |s: &Value| text(&s["metadata"], "creationTimestamp").to_owned();
        created(a).cmp(&created(b)).then_with(|| name(a).cmp(name(b)))
    });
    Ok(sets)
}

/// A template without the label that `ReplicaSets` add.
fn bare(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove(HASH);
    }
    if let Some(meta) = template["metadata"].as_object_mut() {
        meta.retain(|_, v| !v.is_null());
    }
    template
}

fn find_new(deployment: &Value, sets: &[Value]) -> Option<usize> {
    let wanted = bare(&deployment["spec"]["template"]);
    sets.iter().position(|s| bare(&s["spec"]["template"]) == wanted && !is_deleting(s))
}

fn revision(object: &Value) -> i64 {
    annotation(object, REVISION).parse().unwrap_or(0)
}

/// Pods that may be there beyond the wanted number, and that may be missing.
fn limits(deployment: &Value) -> (i64, i64) {
    let spec = &deployment["spec"];
    let wanted = int(spec, "replicas");
    let rolling = &spec["strategy"]["rollingUpdate"];
    if text(&spec["strategy"], "type") == "Recreate" {
        return (0, 0);
    }
    let surge = of_total(&rolling["maxSurge"], wanted, true, 1);
    let unavailable = of_total(&rolling["maxUnavailable"], wanted, false, 1);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(wanted)) }
}

/// How many replicas a new set gets while old ones are there.
fn replicas_of_new(deployment: &Value, all: i64, own: i64) -> i64 {
    let wanted = int(&deployment["spec"], "replicas");
    if text(&deployment["spec"]["strategy"], "type") == "Recreate" {
        return wanted;
    }
    let room = wanted + limits(deployment).0 - all;
    if room <= 0 { own } else { own + room.min(wanted - own).max(0) }
}

fn total(sets: &[Value]) -> i64 {
    sets.iter().map(|s| int(&s["spec"], "replicas")).sum()
}

/// The annotations of a `ReplicaSet` that come from its Deployment.
fn annotate(deployment: &Value, set: &mut Value) {
    for (key, value) in deployment["metadata"]["annotations"].as_object().into_iter().flatten() {
        if let (false, Some(value)) = (OWN_ANNOTATIONS.contains(&key.as_str()), value.as_str()) {
            set_annotation(set, key, value);
        }
    }
}

fn annotate_sizes(deployment: &Value, set: &mut Value) {
    let wanted = int(&deployment["spec"], "replicas");
    set_annotation(set, DESIRED, &wanted.to_string());
    set_annotation(set, MAX, &(wanted + limits(deployment).0).to_string());
}

async fn create_new(engine: &mut Engine, deployment: &Value, sets: &[Value]) -> ApiResult<Value> {
    let spec = &deployment["spec"];
    let mut template = bare(&spec["template"]);
    let mut salt = int(&deployment["status"], "collisionCount");
    let hash = loop {
        let hash = template::hash(&template, salt);
        let taken = engine.controllers.get(
            "apps/replicasets",
            namespace(deployment),
            &format!("{}-{hash}", name(deployment)),
        );
        if taken.is_none() || salt > 100 {
            break hash;
        }
        salt += 1;
    };
    set_label(&mut template, HASH, &hash);
    let mut selector = spec["selector"].clone();
    if !selector["matchLabels"].is_object() {
        selector["matchLabels"] = json!({});
    }
    selector["matchLabels"][HASH] = json!(hash);
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "namespace": namespace(deployment),
            "labels": template["metadata"]["labels"],
            "ownerReferences": [controller_reference("apps/v1", "Deployment", deployment)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    });
    if int(spec, "minReadySeconds") > 0 {
        set["spec"]["minReadySeconds"] = spec["minReadySeconds"].clone();
    }
    annotate(deployment, &mut set);
    annotate_sizes(deployment, &mut set);
    let next = sets.iter().map(revision).max().unwrap_or(0) + 1;
    set_annotation(&mut set, REVISION, &next.to_string());
    let replicas = replicas_of_new(deployment, total(sets), 0);
    set["spec"]["replicas"] = json!(replicas);
    let resource = engine.resource("apps", "ReplicaSet")?;
    let created = engine.controllers.create(&resource, namespace(deployment), set).await?;
    set_revision(engine, deployment, next).await?;
    if replicas > 0 {
        scaled_event(engine, deployment, name(&created), 0, replicas).await;
    }
    Ok(created)
}

async fn scaled_event(engine: &mut Engine, deployment: &Value, set: &str, from: i64, to: i64) {
    let direction = if to > from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
    let event = Event { component: COMPONENT, normal: true, reason: "ScalingReplicaSet", message: &message };
    engine.event("apps/v1", "Deployment", deployment, event).await;
}

async fn set_revision(engine: &mut Engine, deployment: &Value, revision: i64) -> ApiResult<()> {
    let text = revision.to_string();
    if annotation(deployment, REVISION) == text {
        return Ok(());
    }
    let resource = engine.resource("apps", "Deployment")?;
    let change = |live: &mut Value| {
        if annotation(live, REVISION) == text {
            return false;
        }
        set_annotation(live, REVISION, &text);
        true
    };
    // Through the status, as the real controller does: the generation stays.
    engine
        .controllers
        .modify(&resource, "status", namespace(deployment), name(deployment), change)
        .await
        .map(drop)
}

/// Gives the current set the newest revision and the Deployment's annotations.
async fn update_new(
    engine: &mut Engine,
    deployment: &Value,
    sets: &mut [Value],
    new: usize,
) -> ApiResult<()> {
    let newest =
        sets.iter().enumerate().filter(|(i, _)| *i != new).map(|(_, s)| revision(s)).max().unwrap_or(0) + 1;
    let mut wanted = sets[new].clone();
    annotate(deployment, &mut wanted);
    let old = revision(&wanted);
    if old < newest {
        if old > 0 {
            let history = annotation(&wanted, HISTORY);
            let history = if history.is_empty() { old.to_string() } else { format!("{history},{old}") };
            set_annotation(&mut wanted, HISTORY, &history);
        }
        set_annotation(&mut wanted, REVISION, &newest.to_string());
    }
    annotate_sizes_if_unset(deployment, &mut wanted);
    let min_ready = int(&deployment["spec"], "minReadySeconds");
    if int(&wanted["spec"], "minReadySeconds") != min_ready {
        wanted["spec"]["minReadySeconds"] = json!(min_ready);
    }
    if wanted != sets[new] {
        let resource = engine.resource("apps", "ReplicaSet")?;
        sets[new] = engine.controllers.update(&resource, "", wanted).await?;
    }
    set_revision(engine, deployment, revision(&sets[new])).await
}

fn annotate_sizes_if_unset(deployment: &Value, set: &mut Value) {
    if annotation(set, DESIRED).is_empty() {
        annotate_sizes(deployment, set);
    }
}

/// Sets the number of replicas of a set.
async fn resize(engine: &mut Engine, deployment: &Value, set: &mut Value, replicas: i64) -> ApiResult<()> {
    let from = int(&set["spec"], "replicas");
    let mut wanted = set.clone();
    annotate_sizes(deployment, &mut wanted);
    wanted["spec"]["replicas"] = json!(replicas);
    if wanted == *set {
        return Ok(());
    }
    let resource = engine.resource("apps", "ReplicaSet")?;
    *set = engine.controllers.update(&resource, "", wanted).await?;
    if from != replicas {
        scaled_event(engine, deployment, name(set), from, replicas).await;
    }
    Ok(())
}

/// Whether the wanted number changed since the sets were last sized.
fn is_scaling(deployment: &Value, sets: &[Value]) -> bool {
    let wanted = int(&deployment["spec"], "replicas");
    sets.iter()
        .filter(|s| int(&s["spec"], "replicas") > 0)
        .any(|s| annotation(s, DESIRED).parse::<i64>().is_ok_and(|desired| desired != wanted))
}

/// Brings the sets to a new size, in the proportions that they have.
async fn scale(
    engine: &mut Engine,
    deployment: &Value,
    sets: &mut [Value],
    new: Option<usize>,
) -> ApiResult<()> {
    let wanted = int(&deployment["spec"], "replicas");
    let active: Vec<usize> = (0..sets.len()).filter(|i| int(&sets[*i]["spec"], "replicas") > 0).collect();
    let single = match active.as_slice() {
        [] => new.or_else(|| sets.len().checked_sub(1)),
        [one] => Some(*one),
        _ => None,
    };
    if let Some(one) = single {
        return resize(engine, deployment, &mut sets[one], wanted).await;
    }
    if let Some(new) = new.filter(|n| is_saturated(deployment, &sets[*n])) {
        for i in active.iter().filter(|i| **i != new) {
            resize(engine, deployment, &mut sets[*i], 0).await?;
        }
        return Ok(());
    }
    let all = total(sets);
    let allowed = if wanted > 0 { wanted + limits(deployment).0 } else { 0 };
    let mut left = allowed - all;
    let mut order = active;
    order.sort_by_key(|i| (int(&sets[*i]["spec"], "replicas"), *i));
    if left > 0 {
        order.reverse();
    }
    for (place, i) in order.iter().enumerate() {
        let own = int(&sets[*i]["spec"], "replicas");
        let last = place + 1 == order.len();
        let share = if all > 0 && !last { (own * (allowed - all)) as f64 / all as f64 } else { left as f64 };
        #[expect(clippy::cast_possible_truncation, reason = "a number of replicas")]
        let share = (share.round() as i64).clamp(left.min(0), left.max(0));
        left -= share;
        resize(engine, deployment, &mut sets[*i], (own + share).max(0)).await?;
    }
    Ok(())
}

/// Whether the new set alone is what is wanted.
fn is_saturated(deployment: &Value, set: &Value) -> bool {
    let wanted = int(&deployment["spec"], "replicas");
    int(&set["spec"], "replicas") == wanted && int(&set["status"], "availableReplicas") == wanted
}

/// One step of a rolling update.
async fn roll(engine: &mut Engine, deployment: &Value, sets: &mut [Value], new: usize) -> ApiResult<()> {
    let wanted = int(&deployment["spec"], "replicas");
    let own = int(&sets[new]["spec"], "replicas");
    let next = if own > wanted { wanted } else { replicas_of_new(deployment, total(sets), own) };
    let before = int(&sets[new]["spec"], "replicas");
    resize(engine, deployment, &mut sets[new], next).await?;
    if before != next {
        return Ok(());
    }
    let (_, unavailable) = limits(deployment);
    let least = wanted - unavailable;
    let missing_new = int(&sets[new]["spec"], "replicas") - int(&sets[new]["status"], "availableReplicas");
    let mut removable = total(sets) - least - missing_new;
    if removable <= 0 {
        return Ok(());
    }
    // What does not work anyway goes first.
    let old: Vec<usize> =
        (0..sets.len()).filter(|i| *i != new && int(&sets[*i]["spec"], "replicas") > 0).collect();
    for i in &old {
        let replicas = int(&sets[*i]["spec"], "replicas");
        let broken = replicas - int(&sets[*i]["status"], "availableReplicas");
        let down = broken.clamp(0, removable);
        if down > 0 {
            removable -= down;
            resize(engine, deployment, &mut sets[*i], replicas - down).await?;
        }
    }
    let available: i64 =
        sets.iter().map(|s| int(&s["status"], "availableReplicas").min(int(&s["spec"], "replicas"))).sum();
    let mut spare = available - least;
    for i in &old {
        let replicas = int(&sets[*i]["spec"], "replicas");
        let down = spare.clamp(0, replicas);
        if down > 0 {
            spare -= down;
            resize(engine, deployment, &mut sets[*i], replicas - down).await?;
        }
    }
    Ok(())
}

/// Scales old sets to nothing; whether their Pods are gone.
async fn recreate_old(engine: &mut Engine, deployment: &Value, sets: &mut [Value]) -> ApiResult<bool> {
    let new = find_new(deployment, sets);
    for i in (0..sets.len()).filter(|i| Some(*i) != new) {
        if int(&sets[i]["spec"], "replicas") > 0 {
            resize(engine, deployment, &mut sets[i], 0).await?;
        }
    }
    let old: Vec<&str> =
        sets.iter().enumerate().filter(|(i, _)| Some(*i) != new).map(|(_, s)| uid(s)).collect();
    let running = engine.list("pods", namespace(deployment)).iter().any(|p| {
        let pod = p.value();
        let ended = matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed");
        !ended && old.iter().any(|uid| is_controlled_by(&pod, uid))
    });
    Ok(!running)
}

/// Deletes old sets beyond the history that is kept.
async fn clean_up(
    engine: &mut Engine,
    deployment: &Value,
    sets: &[Value],
    new: Option<usize>,
) -> ApiResult<()> {
    let Some(limit) = deployment["spec"]["revisionHistoryLimit"].as_i64() else { return Ok(()) };
    let complete = condition(&deployment["status"], "Progressing")
        .is_some_and(|c| text(c, "reason") == "NewReplicaSetAvailable");
    if !complete {
        return Ok(());
    }
    let mut old: Vec<&Value> = sets
        .iter()
        .enumerate()
        .filter(|(i, s)| {
            Some(*i) != new && int(&s["spec"], "replicas") == 0 && int(&s["status"], "replicas") == 0
        })
        .filter(|(_, s)| !is_deleting(s) && int(&s["status"], "observedGeneration") >= generation(s))
        .map(|(_, s)| s)
        .collect();
    old.sort_by_key(|s| revision(s));
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    for set in old.into_iter().take(surplus) {
        engine.delete("apps", "ReplicaSet", set).await?;
    }
    Ok(())
}

async fn write_status(
    engine: &mut Engine,
    key: &Key,
    deployment: &Value,
    sets: &[Value],
    progress: Progress,
) -> ApiResult<()> {
    let now = Timestamp::now();
    let mut status = numbers(deployment, sets);
    progressing(deployment, sets, &progress, &mut status, now);
    let failure = sets.iter().find_map(|s| condition(&s["status"], "ReplicaFailure"));
    match (failure, &progress.failure) {
        (Some(c), _) => {
            let new = Condition {
                kind: "ReplicaFailure",
                status: "True",
                reason: text(c, "reason"),
                message: text(c, "message"),
            };
            set_condition(&mut status, new, true, &stamp(now));
        }
        (None, Some(message)) => {
            let new = Condition { kind: "ReplicaFailure", status: "True", reason: "FailedCreate", message };
            set_condition(&mut status, new, true, &stamp(now));
        }
        (None, None) => remove_condition(&mut status, "ReplicaFailure"),
    }
    if let Some(left) = deadline_left(deployment, &status, now) {
        engine.later(key.clone(), left);
    }
    engine.write_status("apps", "Deployment", deployment, status).await
}

fn numbers(deployment: &Value, sets: &[Value]) -> Value {
    let sum = |key: &str| sets.iter().map(|s| int(&s["status"], key)).sum::<i64>();
    let as_count = |n: i64| usize::try_from(n).unwrap_or(0);
    let new = find_new(deployment, sets).map(|i| &sets[i]);
    let mut status = Map::new();
    status.insert("observedGeneration".into(), json!(generation(deployment)));
    count(&mut status, "replicas", as_count(sum("replicas")));
    count(&mut status, "updatedReplicas", as_count(new.map_or(0, |s| int(&s["status"], "replicas"))));
    count(&mut status, "readyReplicas", as_count(sum("readyReplicas")));
    let available = sum("availableReplicas");
    count(&mut status, "availableReplicas", as_count(available));
    count(&mut status, "unavailableReplicas", as_count(total(sets) - available));
    status.insert("terminatingReplicas".into(), json!(sum("terminatingReplicas")));
    if let Some(collisions) = deployment["status"].get("collisionCount") {
        status.insert("collisionCount".into(), collisions.clone());
    }
    let mut status = Value::Object(status);
    status["conditions"] = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default().into();
    let (_, unavailable) = limits(deployment);
    let now = stamp(Timestamp::now());
    let enough = available >= int(&deployment["spec"], "replicas") - unavailable;
    let new = if enough {
        Condition {
            kind: "Available",
            status: "True",
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
        }
    } else {
        Condition {
            kind: "Available",
            status: "False",
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
        }
    };
    set_condition(&mut status, new, true, &now);
    status
}

/// Whether everything runs the current template.
fn is_complete(deployment: &Value, status: &Value) -> bool {
    let wanted = int(&deployment["spec"], "replicas");
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|key| int(status, key) == wanted)
}

fn progressing(deployment: &Value, sets: &[Value], progress: &Progress, status: &mut Value, now: Timestamp) {
    let stamp = stamp(now);
    let set = |status: &mut Value, state: &str, reason: &str, message: &str| {
        set_condition(
            status,
            Condition { kind: "Progressing", status: state, reason, message },
            true,
            &stamp,
        );
    };
    if deployment["spec"]["progressDeadlineSeconds"].as_i64().is_none_or(|d| d == i64::from(i32::MAX)) {
        return remove_condition(status, "Progressing");
    }
    let reason_now = condition(status, "Progressing").map(|c| text(c, "reason").to_owned());
    if progress.paused {
        if reason_now.as_deref() != Some("DeploymentPaused") {
            set(status, "Unknown", "DeploymentPaused", "Deployment is paused");
        }
        return;
    }
    if reason_now.as_deref() == Some("DeploymentPaused") {
        set(status, "Unknown", "DeploymentResumed", "Deployment is resumed");
    }
    let new = find_new(deployment, sets).map(|i| name(&sets[i]).to_owned());
    if let Some(created) = &progress.created {
        set(status, "True", "NewReplicaSetCreated", &format!("Created new replica set \"{created}\""));
    } else if let (None, Some(new)) = (&reason_now, &new) {
        set(status, "True", "FoundNewReplicaSet", &format!("Found new replica set \"{new}\""));
    }
    let Some(new) = new else { return };
    let old = &deployment["status"];
    let settled = int(status, "replicas") == int(status, "updatedReplicas")
        && reason_now.as_deref() == Some("NewReplicaSetAvailable")
        && progress.created.is_none();
    if settled {
        return;
    }
    let moved = int(status, "updatedReplicas") > int(old, "updatedReplicas")
        || int(status, "readyReplicas") > int(old, "readyReplicas")
        || int(status, "availableReplicas") > int(old, "availableReplicas")
        || int(status, "replicas") - int(status, "updatedReplicas")
            < int(old, "replicas") - int(old, "updatedReplicas");
    if is_complete(deployment, status) && int(status, "observedGeneration") >= generation(deployment) {
        set(
            status,
            "True",
            "NewReplicaSetAvailable",
            &format!("ReplicaSet \"{new}\" has successfully progressed."),
        );
    } else if moved {
        // Every step starts the deadline anew.
        remove_unless(status, "Progressing", "True");
        set(status, "True", "ReplicaSetUpdated", &format!("ReplicaSet \"{new}\" is progressing."));
        touch(status, &stamp);
    } else if deadline_left(deployment, status, now).is_some_and(|left| left.is_zero()) {
        set(
            status,
            "False",
            "ProgressDeadlineExceeded",
            &format!("ReplicaSet \"{new}\" has timed out progressing."),
        );
    }
}

fn remove_unless(status: &mut Value, kind: &str, wanted: &str) {
    if !condition_is(status, kind, wanted) {
        remove_condition(status, kind);
    }
}

fn touch(status: &mut Value, now: &str) {
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        if text(condition, "type") == "Progressing" {
            condition["lastUpdateTime"] = json!(now);
        }
    }
}

/// How long a rollout may still take without a step; zero: too long already. `None`: it is over.
fn deadline_left(deployment: &Value, status: &Value, now: Timestamp) -> Option<SignedDuration> {
    let deadline = deployment["spec"]["progressDeadlineSeconds"].as_i64()?;
    let condition = condition(status, "Progressing")?;
    if matches!(
        text(condition, "reason"),
        "NewReplicaSetAvailable" | "ProgressDeadlineExceeded" | "DeploymentPaused"
    ) {
        return None;
    }
    let since = time(&condition["lastUpdateTime"]).unwrap_or(now);
    let left = SignedDuration::from_secs(deadline.clamp(0, i64::from(i32::MAX))) - now.duration_since(since);
    Some(left.max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(replicas: i64) -> Value {
        json!({"metadata": {"name": "web", "generation": 1}, "spec": {"replicas": replicas, "progressDeadlineSeconds": 600,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": "a"}]}}}, "status": {}})
    }

    fn set(replicas: i64, available: i64, image: &str) -> Value {
        json!({"metadata": {"name": "web-x", "annotations": {DESIRED: replicas.to_string()}},
            "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "web", HASH: "x"}}, "spec": {"containers": [{"image": image}]}}},
            "status": {"replicas": replicas, "readyReplicas": available, "availableReplicas": available}})
    }

    #[test]
    fn a_new_set_gets_what_the_surge_allows() {
        assert_eq!(replicas_of_new(&deployment(4), 4, 0), 1);
        assert_eq!(replicas_of_new(&deployment(4), 0, 0), 4);
        assert_eq!(replicas_of_new(&deployment(4), 5, 1), 1);
    }

    #[test]
    fn the_status_tells_a_rollout_from_its_end() {
        let d = deployment(2);
        let sets = [set(2, 2, "a")];
        assert_eq!(find_new(&d, &sets), Some(0));
        let mut status = numbers(&d, &sets);
        progressing(&d, &sets, &Progress::default(), &mut status, Timestamp::now());
        assert_eq!(text(condition(&status, "Progressing").unwrap(), "reason"), "NewReplicaSetAvailable");
        assert!(condition_is(&status, "Available", "True"));
        assert!(status.get("unavailableReplicas").is_none());
        let sets = [set(2, 0, "a")];
        let mut status = numbers(&d, &sets);
        progressing(&d, &sets, &Progress::default(), &mut status, Timestamp::now());
        assert!(condition_is(&status, "Available", "False"));
        assert_eq!(status["unavailableReplicas"], 2);
        assert_eq!(find_new(&d, &[set(2, 2, "b")]), None);
    }

    #[test]
    fn a_rollout_that_stands_still_times_out() {
        let mut d = deployment(1);
        d["spec"]["progressDeadlineSeconds"] = json!(1);
        d["status"] = json!({"replicas": 1, "updatedReplicas": 1, "conditions": [
            {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "lastUpdateTime": "2020-01-01T00:00:00Z"}]});
        let sets = [set(1, 0, "a")];
        let mut status = numbers(&d, &sets);
        progressing(&d, &sets, &Progress::default(), &mut status, Timestamp::now());
        assert_eq!(text(condition(&status, "Progressing").unwrap(), "reason"), "ProgressDeadlineExceeded");
    }
}
