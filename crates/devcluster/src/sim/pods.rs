//! The kubelets of the simulated nodes: what Pods go through, and how annotations steer it.
//!
//! `pilothouse.test/pod`: `unready`, `pending`, `image-pull-error`, `crash-loop` or `failed`;
//! `pilothouse.test/start-delay`, `run-delay` and `stop-delay`: durations as Go writes them.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key, gone_is_fine};
use super::events::Event;
use super::nodes::node_ip;
use super::objects::{
    Condition, annotation, duration, is_deleting, list, name, namespace, set_condition, stamp, text, uid,
};
use super::scheduler;
use crate::client::DeleteOptions;
use crate::status::ApiResult;

/// Addresses that Pods have, and their nodes.
#[derive(Default)]
pub(super) struct Addresses {
    by_uid: HashMap<Box<str>, (String, String)>,
    used: HashSet<String>,
}

impl Addresses {
    /// Takes in what a Pod has already.
    pub(super) fn learn(&mut self, uid: &str, pod: &Value) {
        let (node, ip) = (text(&pod["spec"], "nodeName"), text(&pod["status"], "podIP"));
        if !node.is_empty() {
            if !ip.is_empty() && pod["spec"]["hostNetwork"] != true {
                self.used.insert(ip.to_owned());
            }
            self.by_uid.insert(uid.into(), (node.to_owned(), ip.to_owned()));
        }
    }

    /// An address on a node: of its range, the next after it once that is full.
    fn assign(&mut self, uid: &str, node: &str, index: usize) -> String {
        if let Some((_, ip)) = self.by_uid.get(uid).filter(|(_, ip)| !ip.is_empty()) {
            return ip.clone();
        }
        let mut candidates = (0..10).flat_map(|block| (1..255).map(move |n| (block, n)));
        let ip = candidates
            .find_map(|(block, n)| {
                let ip = format!("10.{}.{}.{n}", 244 + block, (index + 1) % 256);
                (!self.used.contains(&ip)).then_some(ip)
            })
            .unwrap_or_else(|| "10.254.254.254".to_owned());
        self.used.insert(ip.clone());
        self.by_uid.insert(uid.into(), (node.to_owned(), ip.clone()));
        ip
    }

    /// Notes that a Pod is on a node.
    pub(super) fn bind(&mut self, uid: &str, node: &str) {
        self.by_uid.entry(uid.into()).or_insert_with(|| (node.to_owned(), String::new()));
    }

    /// Frees what a Pod had.
    pub(super) fn release(&mut self, uid: &str) {
        if let Some((_, ip)) = self.by_uid.remove(uid) {
            self.used.remove(&ip);
        }
    }

    /// How many Pods are on a node.
    pub(super) fn on(&self, node: &str) -> usize {
        self.by_uid.values().filter(|(n, _)| n == node).count()
    }
}

/// What comes next for a Pod.
#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// It starts to run.
    Run,
    /// It waits with an error, for good.
    Wait,
    /// It ends.
    End,
    /// It is taken away.
    Remove,
}

impl Stage {
    fn label(&self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Wait => "wait",
            Self::End => "end",
            Self::Remove => "remove",
        }
    }
}

const MODE: &str = "pilothouse.test/pod";

/// The next stage of a Pod on a node, and what delays it. Pure.
fn next_stage(pod: &Value) -> Option<(Stage, &'static str)> {
    let mode = annotation(pod, MODE);
    if is_deleting(pod) {
        return Some((Stage::Remove, "pilothouse.test/stop-delay"));
    }
    let start = "pilothouse.test/start-delay";
    match text(&pod["status"], "phase") {
        "Pending" | "" if matches!(mode, "image-pull-error" | "crash-loop") => {
            list(&pod["status"], "containerStatuses").is_empty().then_some((Stage::Wait, start))
        }
        "Pending" | "" if mode == "pending" => None,
        "Pending" | "" => Some((Stage::Run, start)),
        "Running" => {
            let ends = matches!(text(&pod["spec"], "restartPolicy"), "Never" | "OnFailure");
            (ends && !matches!(mode, "unready" | "crash-loop"))
                .then_some((Stage::End, "pilothouse.test/run-delay"))
        }
        _ => None,
    }
}

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(pod) = engine.get("pods", &key.namespace, &key.name) else { return Ok(()) };
    if text(&pod["spec"], "nodeName").is_empty() {
        if is_deleting(&pod) {
            return Ok(());
        }
        return scheduler::schedule(engine, &pod).await;
    }
    engine.addresses.bind(uid(&pod), text(&pod["spec"], "nodeName"));
    let Some((stage, delay)) = next_stage(&pod) else { return Ok(()) };
    let now = Timestamp::now();
    let wanted = duration(annotation(&pod, delay));
    let wanted = wanted.unwrap_or(if stage == Stage::Run {
        engine.simulation.start_delay
    } else {
        SignedDuration::ZERO
    });
    let since = entered(&pod, &stage)
        .filter(|at| now.duration_since(*at) > SignedDuration::from_secs(2))
        .unwrap_or(now);
    let due = *engine
        .due
        .entry((uid(&pod).into(), stage.label()))
        .or_insert_with(|| since.checked_add(wanted).unwrap_or(now));
    if stage == Stage::Remove {
        stopping(engine, &pod).await;
    }
    if due > now {
        engine.later(key.clone(), due.duration_since(now));
        return Ok(());
    }
    enter(engine, &pod, &stage, &stamp(now)).await?;
    engine.due.remove(&(uid(&pod).into(), stage.label()));
    Ok(())
}

/// When the Pod came to where it is, as the store knows it (after a restart).
fn entered(pod: &Value, stage: &Stage) -> Option<Timestamp> {
    let at = match stage {
        Stage::Run | Stage::Wait => {
            let scheduled = super::objects::condition(&pod["status"], "PodScheduled");
            scheduled.map_or(&Value::Null, |c| &c["lastTransitionTime"])
        }
        Stage::End => &pod["status"]["startTime"],
        Stage::Remove => return None,
    };
    super::objects::time(at)
}

/// The time that a Pod is stopped is told once.
async fn stopping(engine: &mut Engine, pod: &Value) {
    if text(&pod["status"], "phase") != "Running" || engine.due.contains_key(&(uid(pod).into(), "killing")) {
        return;
    }
    engine.due.insert((uid(pod).into(), "killing"), Timestamp::now());
    for container in list(&pod["spec"], "containers") {
        let message = format!("Stopping container {}", text(container, "name"));
        let event = Event { component: "kubelet", normal: true, reason: "Killing", message: &message };
        engine.event("v1", "Pod", pod, event).await;
    }
}

async fn enter(engine: &mut Engine, pod: &Value, stage: &Stage, now: &str) -> ApiResult<()> {
    let pods = engine.resource("", "Pod")?;
    if *stage == Stage::Remove {
        if pod["metadata"]["deletionGracePeriodSeconds"].as_i64() == Some(0)
            && super::objects::finalizers(pod).next().is_some()
        {
            return Ok(());
        }
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(uid(pod).to_owned()),
            ..DeleteOptions::default()
        };
        return gone_is_fine(engine.nodes.delete(&pods, namespace(pod), name(pod), &options).await);
    }
    let node = text(&pod["spec"], "nodeName").to_owned();
    let index = engine.node_index(&node);
    let host = node_ip(index);
    let ip = if pod["spec"]["hostNetwork"] == true {
        host.clone()
    } else {
        engine.addresses.assign(uid(pod), &node, index)
    };
    let own = uid(pod).to_owned();
    let change = |live: &mut Value| {
        if uid(live) != own || next_stage(live).as_ref().map(|(s, _)| s) != Some(stage) {
            return false;
        }
        let status = match stage {
            Stage::Run => running(live, &host, &ip, now),
            Stage::Wait => waiting(live, &host, &ip, now),
            Stage::End | Stage::Remove => ended(live, now),
        };
        live["status"] = status;
        true
    };
    let written = engine.nodes.modify(&pods, "status", namespace(pod), name(pod), change).await?;
    if written.is_some() {
        started_events(engine, pod, stage).await;
    }
    Ok(())
}

async fn started_events(engine: &mut Engine, pod: &Value, stage: &Stage) {
    let all = list(&pod["spec"], "initContainers").iter().chain(list(&pod["spec"], "containers"));
    match stage {
        Stage::Run => {
            for container in all {
                let (container, image) = (text(container, "name"), text(container, "image"));
                for (reason, message) in [
                    ("Pulled", format!("Container image \"{image}\" already present on machine")),
                    ("Created", format!("Created container: {container}")),
                    ("Started", format!("Started container {container}")),
                ] {
                    let event = Event { component: "kubelet", normal: true, reason, message: &message };
                    engine.event("v1", "Pod", pod, event).await;
                }
            }
        }
        Stage::Wait => {
            let message = "Back-off pulling image or restarting failed container (simulated)";
            engine
                .event(
                    "v1",
                    "Pod",
                    pod,
                    Event { component: "kubelet", normal: false, reason: "BackOff", message },
                )
                .await;
        }
        Stage::End | Stage::Remove => {}
    }
}

/// The status with what all stages set: generation, phase, start and addresses.
fn base(pod: &Value, phase: &str, addresses: Option<(&str, &str)>, now: &str) -> Value {
    let mut status = pod["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    status["observedGeneration"] = json!(pod["metadata"]["generation"].as_i64().unwrap_or(1));
    status["phase"] = json!(phase);
    if let Some((host, ip)) = addresses {
        if !status["startTime"].is_string() {
            status["startTime"] = json!(now);
        }
        status["hostIP"] = json!(host);
        status["hostIPs"] = json!([{ "ip": host }]);
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{ "ip": ip }]);
    }
    status
}

fn set(status: &mut Value, kind: &str, state: &str, reason: &str, message: &str, now: &str) {
    set_condition(status, Condition { kind, status: state, reason, message }, false, now);
    // Conditions of Pods leave empty texts out.
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        if let Some(map) = condition.as_object_mut() {
            map.retain(|_, v| v.as_str() != Some(""));
        }
    }
}

fn unready_message(pod: &Value) -> String {
    let names: Vec<&str> = list(&pod["spec"], "containers").iter().map(|c| text(c, "name")).collect();
    format!("containers with unready status: [{}]", names.join(" "))
}

fn running(pod: &Value, host: &str, ip: &str, now: &str) -> Value {
    let ready = annotation(pod, MODE) != "unready";
    let mut status = base(pod, "Running", Some((host, ip)), now);
    for kind in ["PodReadyToStartContainers", "Initialized"] {
        set(&mut status, kind, "True", "", "", now);
    }
    for kind in ["Ready", "ContainersReady"] {
        if ready {
            set(&mut status, kind, "True", "", "", now);
        } else {
            set(&mut status, kind, "False", "ContainersNotReady", &unready_message(pod), now);
        }
    }
    for gate in list(&pod["spec"], "readinessGates") {
        set(&mut status, text(gate, "conditionType"), "True", "", "", now);
    }
    let containers = list(&pod["spec"], "containers").iter().map(|c| {
        let mut state = container(pod, c, true);
        state.insert("ready".into(), json!(ready));
        state.insert("started".into(), json!(true));
        state.insert("state".into(), json!({"running": {"startedAt": now}}));
        Value::Object(state)
    });
    status["containerStatuses"] = containers.collect();
    let init = list(&pod["spec"], "initContainers");
    if !init.is_empty() {
        let statuses = init.iter().map(|c| {
            let sidecar = text(c, "restartPolicy") == "Always";
            let mut state = container(pod, c, true);
            state.insert("ready".into(), json!(true));
            state.insert("started".into(), json!(sidecar));
            let done = json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}});
            state.insert("state".into(), if sidecar { json!({"running": {"startedAt": now}}) } else { done });
            Value::Object(state)
        });
        status["initContainerStatuses"] = statuses.collect();
    }
    status
}

fn container(pod: &Value, container: &Value, pulled: bool) -> Map<String, Value> {
    let (name, image) = (text(container, "name"), text(container, "image"));
    let mut status = Map::new();
    status.insert("name".into(), json!(name));
    status.insert("image".into(), json!(image));
    status
        .insert("imageID".into(), json!(if pulled { format!("simulated://{image}") } else { String::new() }));
    if pulled {
        status.insert("containerID".into(), json!(format!("simulated://{}/{name}", uid(pod))));
    }
    status.insert("restartCount".into(), json!(0));
    status
}

fn waiting(pod: &Value, host: &str, ip: &str, now: &str) -> Value {
    let crash = annotation(pod, MODE) == "crash-loop";
    let mut status = base(pod, if crash { "Running" } else { "Pending" }, Some((host, ip)), now);
    for kind in ["PodReadyToStartContainers", "Initialized"] {
        set(&mut status, kind, "True", "", "", now);
    }
    for kind in ["Ready", "ContainersReady"] {
        set(&mut status, kind, "False", "ContainersNotReady", &unready_message(pod), now);
    }
    let containers = list(&pod["spec"], "containers").iter().map(|c| {
        let mut state = container(pod, c, false);
        state.insert("ready".into(), json!(false));
        state.insert("started".into(), json!(false));
        let (name, image) = (text(c, "name"), text(c, "image"));
        if crash {
            let message = format!("back-off 2m40s restarting failed container={name}");
            state.insert("restartCount".into(), json!(5));
            state.insert("state".into(), json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}));
            let last = json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}});
            state.insert("lastState".into(), last);
        } else {
            let message = format!("Back-off pulling image \"{image}\"");
            state.insert("state".into(), json!({"waiting": {"reason": "ImagePullBackOff", "message": message}}));
        }
        Value::Object(state)
    });
    status["containerStatuses"] = containers.collect();
    status
}

fn ended(pod: &Value, now: &str) -> Value {
    let failed = annotation(pod, MODE) == "failed";
    let mut status = base(pod, if failed { "Failed" } else { "Succeeded" }, None, now);
    let reason = if failed { "PodFailed" } else { "PodCompleted" };
    set(&mut status, "PodReadyToStartContainers", "False", "", "", now);
    set(&mut status, "Initialized", "True", if failed { "" } else { reason }, "", now);
    for kind in ["Ready", "ContainersReady"] {
        set(&mut status, kind, "False", reason, "", now);
    }
    let started = pod["status"]["startTime"].clone();
    let containers = list(&pod["spec"], "containers").iter().map(|c| {
        let mut state = container(pod, c, true);
        state.insert("ready".into(), json!(false));
        state.insert("started".into(), json!(false));
        state.insert("state".into(), json!({"terminated": {
            "exitCode": i32::from(failed), "reason": if failed { "Error" } else { "Completed" },
            "startedAt": started, "finishedAt": now, "containerID": format!("simulated://{}/{}", uid(pod), text(c, "name")),
        }}));
        Value::Object(state)
    });
    status["containerStatuses"] = containers.collect();
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(mode: &str, phase: &str, restart: &str) -> Value {
        json!({
            "metadata": {"name": "p", "uid": "u", "annotations": {MODE: mode}},
            "spec": {"restartPolicy": restart, "containers": [{"name": "app", "image": "nginx"}]},
            "status": {"phase": phase},
        })
    }

    #[test]
    fn annotations_steer_the_stages() {
        let stage = |mode, phase, restart| next_stage(&pod(mode, phase, restart)).map(|(s, _)| s);
        assert_eq!(stage("", "Pending", "Always"), Some(Stage::Run));
        assert_eq!(stage("pending", "Pending", "Always"), None);
        assert_eq!(stage("crash-loop", "Pending", "Always"), Some(Stage::Wait));
        assert_eq!(stage("", "Running", "Always"), None);
        assert_eq!(stage("failed", "Running", "Never"), Some(Stage::End));
        assert_eq!(stage("unready", "Running", "Never"), None);
        assert_eq!(stage("", "Succeeded", "Never"), None);
    }

    #[test]
    fn statuses_are_what_kubectl_reads() {
        let status = running(&pod("", "Pending", "Always"), "10.0.0.1", "10.244.1.1", "t");
        assert!(super::super::objects::condition_is(&status, "Ready", "True"));
        assert_eq!(status["containerStatuses"][0]["ready"], true);
        let status = running(&pod("unready", "Pending", "Always"), "h", "i", "t");
        let ready = super::super::objects::condition(&status, "Ready").unwrap();
        assert_eq!(ready["message"], "containers with unready status: [app]");
        let status = ended(&pod("failed", "Running", "Never"), "t");
        assert_eq!(status["phase"], "Failed");
        assert_eq!(status["containerStatuses"][0]["state"]["terminated"]["exitCode"], 1);
        let status = waiting(&pod("image-pull-error", "Pending", "Always"), "h", "i", "t");
        assert_eq!(status["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
        assert_eq!(status["phase"], "Pending");
    }

    #[test]
    fn addresses_are_unique_until_released() {
        let mut addresses = Addresses::default();
        let a = addresses.assign("a", "node-1", 0);
        assert_eq!(a, "10.244.1.1");
        assert_eq!(addresses.assign("a", "node-1", 0), a);
        assert_eq!(addresses.assign("b", "node-1", 0), "10.244.1.2");
        addresses.release("a");
        assert_eq!(addresses.assign("c", "node-1", 0), a);
    }
}
