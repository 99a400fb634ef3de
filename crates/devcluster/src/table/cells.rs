//! The cells of built-in kinds: `pkg/printers/internalversion` of Kubernetes v1.37.
//!
//! Longer than most files: one function a kind, all in one place to be compared with the original.

use serde_json::{Value, json};

use super::columns;
use super::text::{
    NONE, UNKNOWN, UNSET, access_modes, age, between, containers, items, labels, number, or_none, selector,
    text,
};

/// The cells of an object.
#[expect(clippy::too_many_lines, reason = "one flat match over the kinds")]
pub(super) fn of(bucket: &str, object: &Value) -> Vec<Value> {
    let name = || object["metadata"]["name"].clone();
    let old = || json!(age(&object["metadata"]["creationTimestamp"]));
    let created = || object["metadata"]["creationTimestamp"].clone();
    let spec = &object["spec"];
    let status = &object["status"];
    match bucket {
        "configmaps" => vec![name(), json!(count(&object["data"]) + count(&object["binaryData"])), old()],
        "secrets" => vec![name(), object["type"].clone(), json!(count(&object["data"])), old()],
        "serviceaccounts" => vec![name(), old()],
        "namespaces" => vec![name(), json!(text(&status["phase"])), old()],
        "pods" => pod(object),
        "podtemplates" => {
            let (names, images) = containers(&object["template"]);
            vec![
                name(),
                json!(names),
                json!(images),
                json!(labels(&object["template"]["metadata"]["labels"])),
            ]
        }
        "services" => service(object),
        "endpoints" => vec![name(), json!(endpoints(object)), old()],
        "discovery.k8s.io/endpointslices" => endpoint_slice(object),
        "nodes" => node(object),
        "events" => event(object),
        "replicationcontrollers" | "apps/replicasets" => {
            let (names, images) = containers(&spec["template"]);
            let chosen = if bucket == "apps/replicasets" {
                selector(&spec["selector"])
            } else {
                labels(&spec["selector"])
            };
            vec![
                name(),
                json!(number(&spec["replicas"])),
                json!(number(&status["replicas"])),
                json!(number(&status["readyReplicas"])),
                old(),
                json!(names),
                json!(images),
                json!(chosen),
            ]
        }
        "apps/deployments" => {
            let (names, images) = containers(&spec["template"]);
            let ready = format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
            vec![
                name(),
                json!(ready),
                json!(number(&status["updatedReplicas"])),
                json!(number(&status["availableReplicas"])),
                old(),
                json!(names),
                json!(images),
                json!(selector(&spec["selector"])),
            ]
        }
        "apps/statefulsets" => {
            let (names, images) = containers(&spec["template"]);
            let ready = format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
            vec![name(), json!(ready), old(), json!(names), json!(images)]
        }
        "apps/daemonsets" => {
            let (names, images) = containers(&spec["template"]);
            vec![
                name(),
                json!(number(&status["desiredNumberScheduled"])),
                json!(number(&status["currentNumberScheduled"])),
                json!(number(&status["numberReady"])),
                json!(number(&status["updatedNumberScheduled"])),
                json!(number(&status["numberAvailable"])),
                json!(labels(&spec["template"]["spec"]["nodeSelector"])),
                old(),
                json!(names),
                json!(images),
                json!(selector(&spec["selector"])),
            ]
        }
        "apps/controllerrevisions" => {
            vec![name(), json!(controller(object)), object["revision"].clone(), old()]
        }
        "batch/jobs" => job(object),
        "batch/cronjobs" => cron_job(object),
        "autoscaling/horizontalpodautoscalers" => autoscaler(object),
        "policy/poddisruptionbudgets" => {
            let amount = |value: &Value| match value {
                Value::Null => json!("N/A"),
                Value::String(text) => json!(text),
                other => json!(other.to_string()),
            };
            let allowed = number(&status["disruptionsAllowed"]);
            vec![
                name(),
                amount(&spec["minAvailable"]),
                amount(&spec["maxUnavailable"]),
                json!(allowed),
                old(),
            ]
        }
        "networking.k8s.io/ingresses" => ingress(object),
        "networking.k8s.io/ingressclasses" => {
            vec![name(), spec["controller"].clone(), json!(parameters(spec)), old()]
        }
        "networking.k8s.io/networkpolicies" => vec![name(), json!(selector(&spec["podSelector"])), old()],
        "persistentvolumes" => volume(object),
        "persistentvolumeclaims" => claim(object),
        "storage.k8s.io/storageclasses" => storage_class(object),
        "storage.k8s.io/csidrivers" => vec![
            name(),
            json!(spec["attachRequired"] != false),
            json!(spec["podInfoOnMount"] == true),
            json!(spec["storageCapacity"] == true),
            old(),
        ],
        "resourcequotas" => quota(object),
        "rbac.authorization.k8s.io/rolebindings" | "rbac.authorization.k8s.io/clusterrolebindings" => {
            binding(object)
        }
        "scheduling.k8s.io/priorityclasses" => vec![
            name(),
            json!(number(&object["value"])),
            json!(object["globalDefault"] == true),
            old(),
            object["preemptionPolicy"].clone(),
        ],
        "coordination.k8s.io/leases" => vec![name(), json!(text(&spec["holderIdentity"])), old()],
        "admissionregistration.k8s.io/validatingwebhookconfigurations"
        | "admissionregistration.k8s.io/mutatingwebhookconfigurations" => {
            vec![name(), json!(items(&object["webhooks"]).len()), old()]
        }
        "apiregistration.k8s.io/apiservices" => api_service(object),
        "apiextensions.k8s.io/customresourcedefinitions" => definition(object),
        "node.k8s.io/runtimeclasses" => vec![name(), object["handler"].clone(), old()],
        "certificates.k8s.io/certificatesigningrequests" => vec![
            name(),
            old(),
            json!(text(&spec["signerName"])),
            json!(text(&spec["username"])),
            json!(request_state(status)),
        ],
        _ => {
            debug_assert!(
                !columns::is_known(bucket)
                    || matches!(
                        bucket,
                        "limitranges"
                            | "rbac.authorization.k8s.io/roles"
                            | "rbac.authorization.k8s.io/clusterroles"
                    )
            );
            vec![name(), created()]
        }
    }
}

/// Conditions of a row: a Pod that has ended.
pub(super) fn conditions(bucket: &str, object: &Value) -> Vec<Value> {
    let ended = match (bucket, object["status"]["phase"].as_str()) {
        ("pods", Some("Succeeded")) => ("Succeeded", "The pod has completed successfully."),
        ("pods", Some("Failed")) => ("Failed", "The pod failed."),
        _ => return Vec::new(),
    };
    vec![json!({ "type": "Completed", "status": "True", "reason": ended.0, "message": ended.1 })]
}

fn count(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn pod(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let shown = pod_state(object);
    let total = items(&spec["containers"]).len() + sidecars(spec).count();
    let or = |value: &Value| json!(or_none(text(value)));
    let gates = items(&spec["readinessGates"]);
    let passed = gates.iter().filter(|gate| {
        let is = |c: &&Value| c["type"] == gate["conditionType"] && c["status"] == "True";
        items(&status["conditions"]).iter().any(|c| is(&c))
    });
    let readiness =
        if gates.is_empty() { NONE.to_owned() } else { format!("{}/{}", passed.count(), gates.len()) };
    let address = items(&status["podIPs"]).first().map_or(&status["podIP"], |ip| &ip["ip"]);
    vec![
        object["metadata"]["name"].clone(),
        json!(format!("{}/{total}", shown.ready)),
        json!(shown.reason),
        json!(shown.restarts),
        json!(age(&object["metadata"]["creationTimestamp"])),
        or(address),
        or(&spec["nodeName"]),
        or(&status["nominatedNodeName"]),
        json!(readiness),
    ]
}

/// Init containers that go on running.
fn sidecars(spec: &Value) -> impl Iterator<Item = &Value> {
    items(&spec["initContainers"]).iter().filter(|c| c["restartPolicy"] == "Always")
}

struct PodState {
    reason: String,
    ready: usize,
    restarts: String,
}

fn pod_state(object: &Value) -> PodState {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut reason = text(&status["phase"]).to_owned();
    if !text(&status["reason"]).is_empty() {
        text(&status["reason"]).clone_into(&mut reason);
    }
    let gated = items(&status["conditions"])
        .iter()
        .any(|c| c["type"] == "PodScheduled" && c["reason"] == "SchedulingGated");
    if gated {
        "SchedulingGated".clone_into(&mut reason);
    }
    let is_sidecar = |name: &Value| sidecars(spec).any(|c| c["name"] == *name);
    let mut restarts = 0;
    let mut last_restart: Option<Value> = None;
    let mut ready = 0;
    let initializing =
        initializing(spec, status, &is_sidecar, &mut reason, &mut restarts, &mut ready, &mut last_restart);
    if !initializing || is_initialized(status) {
        let mut running = false;
        if !initializing {
            restarts = items(&status["initContainerStatuses"])
                .iter()
                .filter(|c| is_sidecar(&c["name"]))
                .map(|c| number(&c["restartCount"]))
                .sum();
        }
        for container in items(&status["containerStatuses"]).iter().rev() {
            restarts += number(&container["restartCount"]);
            note_restart(container, &mut last_restart);
            if let Some(found) = container_reason(&container["state"]) {
                reason = found;
            } else if container["ready"] == true && container["state"]["running"].is_object() {
                running = true;
                ready += 1;
            }
        }
        if reason == "Completed" && running {
            let is_ready =
                items(&status["conditions"]).iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
            if is_ready { "Running" } else { "NotReady" }.clone_into(&mut reason);
        }
    }
    if object["metadata"]["deletionTimestamp"].is_string() {
        if status["reason"] == "NodeLost" {
            "Unknown".clone_into(&mut reason);
        } else if !matches!(text(&status["phase"]), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut reason);
        }
    }
    let restarts = match last_restart.filter(|_| restarts != 0) {
        Some(at) => format!("{restarts} ({} ago)", age(&at)),
        None => restarts.to_string(),
    };
    PodState { reason, ready, restarts }
}

fn is_initialized(status: &Value) -> bool {
    items(&status["conditions"]).iter().any(|c| c["type"] == "Initialized" && c["status"] == "True")
}

fn note_restart(container: &Value, last: &mut Option<Value>) {
    let finished = &container["lastState"]["terminated"]["finishedAt"];
    if finished.is_string() && last.as_ref().is_none_or(|l| text(l) < text(finished)) {
        *last = Some(finished.clone());
    }
}

/// Why a container does not run.
fn container_reason(state: &Value) -> Option<String> {
    let waiting = text(&state["waiting"]["reason"]);
    if !waiting.is_empty() {
        return Some(waiting.to_owned());
    }
    let terminated = &state["terminated"];
    if !terminated.is_object() {
        return None;
    }
    let reason = text(&terminated["reason"]);
    if !reason.is_empty() {
        return Some(reason.to_owned());
    }
    let signal = number(&terminated["signal"]);
    Some(if signal != 0 {
        format!("Signal:{signal}")
    } else {
        format!("ExitCode:{}", number(&terminated["exitCode"]))
    })
}

fn initializing(
    spec: &Value,
    status: &Value,
    is_sidecar: &dyn Fn(&Value) -> bool,
    reason: &mut String,
    restarts: &mut i64,
    ready: &mut usize,
    last: &mut Option<Value>,
) -> bool {
    let total = items(&spec["initContainers"]).len();
    for (i, container) in items(&status["initContainerStatuses"]).iter().enumerate() {
        *restarts += number(&container["restartCount"]);
        note_restart(container, last);
        let state = &container["state"];
        let terminated = &state["terminated"];
        if terminated.is_object() && number(&terminated["exitCode"]) == 0 {
            continue;
        }
        if is_sidecar(&container["name"]) && container["started"] == true {
            if container["ready"] == true {
                *ready += 1;
            }
            continue;
        }
        let waiting = text(&state["waiting"]["reason"]);
        *reason = if terminated.is_object() {
            format!("Init:{}", container_reason(state).unwrap_or_default())
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{total}")
        };
        return true;
    }
    false
}

fn service(object: &Value) -> Vec<Value> {
    let spec = &object["spec"];
    let address = match items(&spec["clusterIPs"]).first() {
        Some(ip) => text(ip).to_owned(),
        None => NONE.to_owned(),
    };
    let ports: Vec<String> = items(&spec["ports"])
        .iter()
        .map(|port| {
            let (number_of, protocol) = (number(&port["port"]), text(&port["protocol"]));
            match number(&port["nodePort"]) {
                0 => format!("{number_of}/{protocol}"),
                node => format!("{number_of}:{node}/{protocol}"),
            }
        })
        .collect();
    vec![
        object["metadata"]["name"].clone(),
        json!(text(&spec["type"])),
        json!(address),
        json!(external_address(object)),
        json!(or_none(&ports.join(","))),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(labels(&spec["selector"])),
    ]
}

fn external_address(object: &Value) -> String {
    let spec = &object["spec"];
    let external: Vec<&str> = items(&spec["externalIPs"]).iter().map(text).collect();
    match text(&spec["type"]) {
        "ExternalName" => text(&spec["externalName"]).to_owned(),
        "LoadBalancer" => {
            let given = load_balancer(&object["status"]["loadBalancer"]);
            match (external.is_empty(), given.is_empty()) {
                (true, true) => "<pending>".to_owned(),
                (true, false) => given,
                (false, true) => external.join(","),
                (false, false) => format!("{given},{}", external.join(",")),
            }
        }
        _ => or_none(&external.join(",")),
    }
}

fn load_balancer(status: &Value) -> String {
    let shown = items(&status["ingress"]).iter().map(|ingress| {
        let ip = text(&ingress["ip"]);
        if ip.is_empty() { text(&ingress["hostname"]) } else { ip }
    });
    shown.filter(|s| !s.is_empty()).collect::<Vec<_>>().join(",")
}

/// The first three of a list, and how many more.
fn shortened(list: &[String]) -> String {
    const SHOWN: usize = 3;
    if list.len() > SHOWN {
        format!("{} + {} more...", list[..SHOWN].join(","), list.len() - SHOWN)
    } else {
        list.join(",")
    }
}

fn endpoints(object: &Value) -> String {
    let mut list = Vec::new();
    for subset in items(&object["subsets"]) {
        let ports = items(&subset["ports"]);
        for address in items(&subset["addresses"]) {
            let ip = text(&address["ip"]);
            if ports.is_empty() {
                list.push(ip.to_owned());
            }
            list.extend(ports.iter().map(|port| format!("{ip}:{}", number(&port["port"]))));
        }
    }
    or_none(&shortened(&list))
}

fn endpoint_slice(object: &Value) -> Vec<Value> {
    let ports: Vec<String> = items(&object["ports"])
        .iter()
        .map(|port| match port["port"].as_i64() {
            Some(number) => number.to_string(),
            None if !text(&port["name"]).is_empty() => text(&port["name"]).to_owned(),
            None => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> = items(&object["endpoints"])
        .iter()
        .flat_map(|endpoint| items(&endpoint["addresses"]))
        .map(|address| text(address).to_owned())
        .collect();
    let or_unset = |list: &[String]| if list.is_empty() { UNSET.to_owned() } else { shortened(list) };
    vec![
        object["metadata"]["name"].clone(),
        object["addressType"].clone(),
        json!(or_unset(&ports)),
        json!(or_unset(&addresses)),
        json!(age(&object["metadata"]["creationTimestamp"])),
    ]
}

fn node(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let ready = items(&status["conditions"]).iter().find(|c| c["type"] == "Ready");
    let mut state = match ready.map(|c| text(&c["status"])) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if spec["unschedulable"] == true {
        state.push_str(",SchedulingDisabled");
    }
    let mut roles: Vec<String> = Vec::new();
    for (key, value) in object["metadata"]["labels"].as_object().into_iter().flatten() {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/").filter(|r| !r.is_empty()) {
            roles.push(role.to_owned());
        } else if key == "kubernetes.io/role" {
            roles.push(text(value).to_owned());
        }
    }
    roles.sort();
    let address = |kind: &str| {
        let found = items(&status["addresses"]).iter().find(|a| a["type"] == kind);
        json!(or_none(found.map_or("", |a| text(&a["address"]))))
    };
    let info = &status["nodeInfo"];
    let known = |value: &Value| match text(value) {
        "" => json!(UNKNOWN),
        found => json!(found),
    };
    let kernel = match (text(&info["kernelVersion"]), text(&info["architecture"])) {
        ("", _) => UNKNOWN.to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(state),
        json!(or_none(&roles.join(","))),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(text(&info["kubeletVersion"])),
        address("InternalIP"),
        address("ExternalIP"),
        known(&info["osImage"]),
        json!(kernel),
        known(&info["containerRuntimeVersion"]),
    ]
}

fn event(object: &Value) -> Vec<Value> {
    // Both versions of the kind are printed.
    let either =
        |old: &str, new: &str| if object[old].is_null() { object[new].clone() } else { object[old].clone() };
    let about = either("involvedObject", "regarding");
    let source = either("source", "deprecatedSource");
    let micro = &object["eventTime"];
    let seen = |old: &str, new: &str| {
        let time = either(old, new);
        if time.is_string() { age(&time) } else { age(micro) }
    };
    let first = seen("firstTimestamp", "deprecatedFirstTimestamp");
    let last = if object["series"].is_object() {
        age(&object["series"]["lastObservedTime"])
    } else {
        let last = either("lastTimestamp", "deprecatedLastTimestamp");
        if last.is_string() { age(&last) } else { first.clone() }
    };
    let count = if object["series"].is_object() {
        number(&object["series"]["count"])
    } else {
        number(&either("count", "deprecatedCount")).max(1)
    };
    let component = match text(&source["component"]) {
        "" => text(&either("reportingComponent", "reportingController")).to_owned(),
        found => found.to_owned(),
    };
    let host = match text(&source["host"]) {
        "" => text(&object["reportingInstance"]).to_owned(),
        found => found.to_owned(),
    };
    let shown = if host.is_empty() { component } else { format!("{component}, {host}") };
    let target = if text(&about["name"]).is_empty() {
        text(&about["kind"]).to_lowercase()
    } else {
        format!("{}/{}", text(&about["kind"]).to_lowercase(), text(&about["name"]))
    };
    vec![
        json!(last),
        object["type"].clone(),
        object["reason"].clone(),
        json!(target),
        json!(text(&about["fieldPath"])),
        json!(shown),
        json!(text(&either("message", "note")).trim()),
        json!(first),
        json!(count),
        object["metadata"]["name"].clone(),
    ]
}

fn controller(object: &Value) -> String {
    let owners = items(&object["metadata"]["ownerReferences"]);
    let Some(owner) = owners.iter().find(|o| o["controller"] == true) else { return NONE.to_owned() };
    let version = text(&owner["apiVersion"]);
    let kind = text(&owner["kind"]).to_lowercase();
    let qualified = match version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind,
    };
    format!("{qualified}/{}", text(&owner["name"]))
}

fn job(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let succeeded = number(&status["succeeded"]);
    let completions = match (spec["completions"].as_i64(), spec["parallelism"].as_i64().unwrap_or(1)) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let start = &status["startTime"];
    let duration = if !start.is_string() {
        String::new()
    } else if status["completionTime"].is_string() {
        between(start, &status["completionTime"]).unwrap_or_default()
    } else {
        age(start)
    };
    let has =
        |kind: &str| items(&status["conditions"]).iter().any(|c| c["type"] == kind && c["status"] == "True");
    let state = match () {
        () if has("Complete") => "Complete",
        () if has("Failed") => "Failed",
        () if object["metadata"]["deletionTimestamp"].is_string() => "Terminating",
        () if has("Suspended") => "Suspended",
        () if has("FailureTarget") => "FailureTarget",
        () if has("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    let (names, images) = containers(&spec["template"]);
    vec![
        object["metadata"]["name"].clone(),
        json!(state),
        json!(completions),
        json!(duration),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(names),
        json!(images),
        json!(selector(&spec["selector"])),
    ]
}

fn cron_job(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let last = if status["lastScheduleTime"].is_string() {
        age(&status["lastScheduleTime"])
    } else {
        NONE.to_owned()
    };
    let template = &spec["jobTemplate"]["spec"];
    let (names, images) = containers(&template["template"]);
    let suspended = if spec["suspend"] == true { "True" } else { "False" };
    vec![
        object["metadata"]["name"].clone(),
        spec["schedule"].clone(),
        json!(or_none(text(&spec["timeZone"]))),
        json!(suspended),
        json!(items(&status["active"]).len()),
        json!(last),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(names),
        json!(images),
        json!(selector(&template["selector"])),
    ]
}

fn autoscaler(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let target = &spec["scaleTargetRef"];
    let reference = format!("{}/{}", text(&target["kind"]), text(&target["name"]));
    let minimum = spec["minReplicas"].as_i64().map_or_else(|| UNSET.to_owned(), |n| n.to_string());
    vec![
        object["metadata"]["name"].clone(),
        json!(reference),
        json!(metrics(spec, status)),
        json!(minimum),
        json!(number(&spec["maxReplicas"])),
        json!(number(&status["currentReplicas"])),
        json!(age(&object["metadata"]["creationTimestamp"])),
    ]
}

fn metrics(spec: &Value, status: &Value) -> String {
    const SHOWN: usize = 2;
    let wanted = items(&spec["metrics"]);
    if wanted.is_empty() {
        return match spec["targetCPUUtilizationPercentage"].as_i64() {
            Some(target) => format!("cpu: {UNKNOWN}/{target}%"),
            None => NONE.to_owned(),
        };
    }
    let list: Vec<String> = wanted
        .iter()
        .enumerate()
        .map(|(i, metric)| {
            let kind = text(&metric["type"]);
            let field = format!(
                "{}{}",
                kind.get(..1).unwrap_or_default().to_lowercase(),
                kind.get(1..).unwrap_or_default()
            );
            let (source, current) = (&metric[&field], &status["currentMetrics"][i][&field]["current"]);
            let target = &source["target"];
            let name = match kind {
                "Resource" | "ContainerResource" => format!("{}: ", text(&source["name"])),
                _ => String::new(),
            };
            if let Some(percent) = target["averageUtilization"].as_i64() {
                let now = current["averageUtilization"].as_i64();
                return format!("{name}{}/{percent}%", now.map_or(UNKNOWN.to_owned(), |n| format!("{n}%")));
            }
            let (value, suffix) = match target["averageValue"].as_str() {
                Some(value) => (value, if kind == "Object" || kind == "External" { " (avg)" } else { "" }),
                None => (text(&target["value"]), ""),
            };
            let now = current["averageValue"].as_str().or(current["value"].as_str()).unwrap_or(UNKNOWN);
            format!("{name}{now}/{value}{suffix}")
        })
        .collect();
    if list.len() > SHOWN {
        return format!("{} + {} more...", list[..SHOWN].join(", "), list.len() - SHOWN);
    }
    list.join(", ")
}

fn ingress(object: &Value) -> Vec<Value> {
    let spec = &object["spec"];
    let class = match text(&spec["ingressClassName"]) {
        "" => text(&object["metadata"]["annotations"]["kubernetes.io/ingress.class"]),
        found => found,
    };
    let hosts: Vec<String> =
        items(&spec["rules"]).iter().map(|r| text(&r["host"]).to_owned()).filter(|h| !h.is_empty()).collect();
    let hosts = if hosts.is_empty() { "*".to_owned() } else { shortened(&hosts) };
    let ports = if items(&spec["tls"]).is_empty() { "80" } else { "80, 443" };
    vec![
        object["metadata"]["name"].clone(),
        json!(or_none(class)),
        json!(hosts),
        json!(load_balancer(&object["status"]["loadBalancer"])),
        json!(ports),
        json!(age(&object["metadata"]["creationTimestamp"])),
    ]
}

fn parameters(spec: &Value) -> String {
    let reference = &spec["parameters"];
    if !reference.is_object() {
        return NONE.to_owned();
    }
    let kind = match text(&reference["apiGroup"]) {
        "" => text(&reference["kind"]).to_owned(),
        group => format!("{}.{group}", text(&reference["kind"])),
    };
    format!("{kind}/{}", text(&reference["name"]))
}

fn volume(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let claim = &spec["claimRef"];
    let bound = if claim.is_object() {
        format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]))
    } else {
        String::new()
    };
    let mut phase = text(&status["phase"]).to_owned();
    if object["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".clone_into(&mut phase);
    }
    let class = text(&spec["volumeAttributesClassName"]);
    vec![
        object["metadata"]["name"].clone(),
        json!(text(&spec["capacity"]["storage"])),
        json!(access_modes(&spec["accessModes"])),
        json!(text(&spec["persistentVolumeReclaimPolicy"])),
        json!(phase),
        json!(bound),
        json!(text(&spec["storageClassName"])),
        json!(if class.is_empty() { UNSET } else { class }),
        json!(text(&status["reason"])),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(or_unset(text(&spec["volumeMode"]))),
    ]
}

fn or_unset(value: &str) -> &str {
    if value.is_empty() { UNSET } else { value }
}

fn claim(object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut phase = text(&status["phase"]).to_owned();
    if object["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".clone_into(&mut phase);
    }
    let bound = !text(&spec["volumeName"]).is_empty();
    let (capacity, modes) = if bound {
        // Go writes an amount that is not there as 0.
        let capacity = status["capacity"]["storage"].as_str().unwrap_or("0");
        (capacity.to_owned(), access_modes(&status["accessModes"]))
    } else {
        (String::new(), String::new())
    };
    let annotated = text(&object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"]);
    let class = if annotated.is_empty() { text(&spec["storageClassName"]) } else { annotated };
    vec![
        object["metadata"]["name"].clone(),
        json!(phase),
        json!(text(&spec["volumeName"])),
        json!(capacity),
        json!(modes),
        json!(class),
        json!(or_unset(text(&spec["volumeAttributesClassName"]))),
        json!(age(&object["metadata"]["creationTimestamp"])),
        json!(or_unset(text(&spec["volumeMode"]))),
    ]
}

fn storage_class(object: &Value) -> Vec<Value> {
    let meta = &object["metadata"];
    vec![
        meta["name"].clone(),
        object["provisioner"].clone(),
        json!(text(&object["reclaimPolicy"])),
        json!(text(&object["volumeBindingMode"])),
        json!(object["allowVolumeExpansion"] == true),
        json!(age(&meta["creationTimestamp"])),
    ]
}

fn quota(object: &Value) -> Vec<Value> {
    let status = &object["status"];
    let mut requests = Vec::new();
    let mut limits = Vec::new();
    for (name, hard) in status["hard"].as_object().into_iter().flatten() {
        let used = text(&status["used"][name]);
        let entry = format!("{name}: {used}/{}", text(hard));
        if name.starts_with("limits") { limits.push(entry) } else { requests.push(entry) }
    }
    vec![
        object["metadata"]["name"].clone(),
        json!(requests.join(", ")),
        json!(limits.join(", ")),
        json!(age(&object["metadata"]["creationTimestamp"])),
    ]
}

fn binding(object: &Value) -> Vec<Value> {
    let role = &object["roleRef"];
    let of = |kind: &str| {
        let subjects = items(&object["subjects"]).iter().filter(|s| s["kind"] == kind);
        let names: Vec<String> = subjects
            .map(|s| match text(&s["namespace"]) {
                "" => text(&s["name"]).to_owned(),
                namespace => format!("{namespace}/{}", text(&s["name"])),
            })
            .collect();
        json!(names.join(", "))
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(format!("{}/{}", text(&role["kind"]), text(&role["name"]))),
        json!(age(&object["metadata"]["creationTimestamp"])),
        of("User"),
        of("Group"),
        of("ServiceAccount"),
    ]
}

fn api_service(object: &Value) -> Vec<Value> {
    let service = &object["spec"]["service"];
    let shown = if service.is_object() {
        format!("{}/{}", text(&service["namespace"]), text(&service["name"]))
    } else {
        "Local".to_owned()
    };
    let condition = items(&object["status"]["conditions"]).iter().find(|c| c["type"] == "Available");
    let available = match condition {
        Some(c) if c["status"] == "True" => "True".to_owned(),
        Some(c) => format!("{} ({})", text(&c["status"]), text(&c["reason"])),
        None => UNKNOWN.to_owned(),
    };
    vec![
        object["metadata"]["name"].clone(),
        json!(shown),
        json!(available),
        json!(age(&object["metadata"]["creationTimestamp"])),
    ]
}

fn definition(object: &Value) -> Vec<Value> {
    let spec = &object["spec"];
    let versions: Vec<&str> =
        items(&spec["versions"]).iter().filter(|v| v["served"] == true).map(|v| text(&v["name"])).collect();
    let established = items(&object["status"]["conditions"])
        .iter()
        .any(|c| c["type"] == "Established" && c["status"] == "True");
    let short: Vec<&str> = items(&spec["names"]["shortNames"]).iter().map(text).collect();
    vec![
        object["metadata"]["name"].clone(),
        spec["scope"].clone(),
        json!(versions.join(",")),
        object["metadata"]["creationTimestamp"].clone(),
        spec["group"].clone(),
        spec["names"]["kind"].clone(),
        json!(short.join(",")),
        json!(established),
    ]
}

fn request_state(status: &Value) -> String {
    let has = |kind: &str| items(&status["conditions"]).iter().any(|c| c["type"] == kind);
    let mut state = match () {
        () if has("Denied") => "Denied",
        () if has("Approved") => "Approved",
        () if has("Failed") => "Failed",
        () => "Pending",
    }
    .to_owned();
    if !text(&status["certificate"]).is_empty() {
        state.push_str(",Issued");
    }
    state
}
