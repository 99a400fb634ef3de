//! Defaults that depend on other fields.

use serde_json::{Map, Value, json};

use super::image;

type Object = Map<String, Value>;

/// Runs the function of a type, if it has one. `map` is a value of that type.
pub(super) fn fill(name: &str, map: &mut Object) {
    match name {
        "apps.v1.DaemonSet" => template_generation(map),
        "apps.v1.DaemonSetSpec" => daemon_set(map),
        "apps.v1.DeploymentSpec" => deployment(map),
        "apps.v1.StatefulSetSpec" => stateful_set(map),
        "autoscaling.v2.HorizontalPodAutoscalerBehavior" => scaling_behavior(map),
        "autoscaling.v1.HorizontalPodAutoscaler" => old_autoscaler(map),
        "batch.v1.Job" => job(map),
        "core.v1.ConfigMap"
        | "core.v1.LimitRangeItem"
        | "core.v1.Namespace"
        | "core.v1.PersistentVolumeClaim"
        | "core.v1.PersistentVolume" => core(name, map),
        "core.v1.Container" | "core.v1.EphemeralContainer" => container(map),
        "core.v1.ImageVolumeSource" => pull_policy(map, "reference", "pullPolicy"),
        "core.v1.NodeStatus" => copy_if_unset(map, "capacity", "allocatable"),
        "core.v1.Pod" => pod(map),
        "core.v1.PodSpec" => pod_spec(map),
        "core.v1.PodStatus" => pod_status(map),
        "core.v1.ReplicationController" => replication_controller(map),
        "core.v1.Secret" => secret(map),
        "core.v1.ServiceSpec" => service(map),
        "core.v1.Service" => load_balancer_status(map),
        "core.v1.Volume" => volume(map),
        "networking.v1.NetworkPolicySpec" => network_policy(map),
        "rbac.v1.Subject" => subject(map),
        _ => {}
    }
}

fn text<'m>(map: &'m Object, key: &str) -> &'m str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn set_if_unset(map: &mut Object, key: &str, value: Value) {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), value);
    }
}

fn object_in<'m>(map: &'m mut Object, key: &str) -> Option<&'m mut Object> {
    map.get_mut(key).and_then(Value::as_object_mut)
}

/// A struct that is there after this call.
fn struct_in<'m>(map: &'m mut Object, key: &str) -> Option<&'m mut Object> {
    map.entry(key.to_owned()).or_insert_with(|| json!({})).as_object_mut()
}

fn copy_if_unset(map: &mut Object, from: &str, to: &str) {
    if let (Some(value), None) = (map.get(from), map.get(to)) {
        let value = value.clone();
        map.insert(to.to_owned(), value);
    }
}

fn each<'m>(map: &'m mut Object, list: &str) -> impl Iterator<Item = &'m mut Object> {
    map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// A rolling update with its two amounts.
fn rolling_update(spec: &mut Object, strategy: &str, amounts: [(&str, Value); 2]) {
    let Some(strategy) = struct_in(spec, strategy) else { return };
    if text(strategy, "type").is_empty() {
        strategy.insert("type".to_owned(), json!("RollingUpdate"));
    }
    if text(strategy, "type") != "RollingUpdate" {
        return;
    }
    if let Some(update) = struct_in(strategy, "rollingUpdate") {
        for (key, value) in amounts {
            set_if_unset(update, key, value);
        }
    }
}

fn deployment(spec: &mut Object) {
    rolling_update(spec, "strategy", [("maxUnavailable", json!("25%")), ("maxSurge", json!("25%"))]);
}

fn daemon_set(spec: &mut Object) {
    rolling_update(spec, "updateStrategy", [("maxUnavailable", json!(1)), ("maxSurge", json!(0))]);
}

/// The deprecated count of template changes, an annotation in `apps/v1`; the server raises it.
fn template_generation(map: &mut Object) {
    if let Some(metadata) = struct_in(map, "metadata")
        && let Some(annotations) = struct_in(metadata, "annotations")
    {
        set_if_unset(annotations, "deprecated.daemonset.template.generation", json!("0"));
    }
}

fn stateful_set(spec: &mut Object) {
    // Go's conversion gives the templates their kind.
    for template in each(spec, "volumeClaimTemplates") {
        template.insert("apiVersion".to_owned(), json!("v1"));
        template.insert("kind".to_owned(), json!("PersistentVolumeClaim"));
    }
    let Some(strategy) = struct_in(spec, "updateStrategy") else { return };
    if text(strategy, "type").is_empty() {
        strategy.insert("type".to_owned(), json!("RollingUpdate"));
        let _ = struct_in(strategy, "rollingUpdate");
    }
    if text(strategy, "type") == "RollingUpdate"
        && let Some(update) = object_in(strategy, "rollingUpdate")
    {
        set_if_unset(update, "partition", json!(0));
        set_if_unset(update, "maxUnavailable", json!(1));
    }
}

fn scaling_behavior(behavior: &mut Object) {
    let per_quarter = |kind: &str, value: i32| json!({"type": kind, "value": value, "periodSeconds": 15});
    if let Some(up) = struct_in(behavior, "scaleUp") {
        set_if_unset(up, "stabilizationWindowSeconds", json!(0));
        set_if_unset(up, "selectPolicy", json!("Max"));
        set_if_unset(up, "policies", json!([per_quarter("Pods", 4), per_quarter("Percent", 100)]));
    }
    if let Some(down) = struct_in(behavior, "scaleDown") {
        set_if_unset(down, "selectPolicy", json!("Max"));
        set_if_unset(down, "policies", json!([per_quarter("Percent", 100)]));
    }
}

/// Of jobs alone: those in a `CronJob`'s template get their defaults when they are created.
fn job(job: &mut Object) {
    let labels = job.get("spec").and_then(|s| s.pointer("/template/metadata/labels")).cloned();
    if let (Some(labels), Some(metadata)) = (labels, struct_in(job, "metadata")) {
        set_if_unset(metadata, "labels", labels);
    }
    let Some(spec) = object_in(job, "spec") else { return };
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions".to_owned(), json!(1));
    }
    let limit = if spec.contains_key("backoffLimitPerIndex") { i32::MAX } else { 6 };
    let replacement = if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    for (key, value) in [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(limit)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!(replacement)),
        ("manualSelector", json!(false)),
    ] {
        set_if_unset(spec, key, value);
    }
}

fn core(name: &str, map: &mut Object) {
    match name {
        "core.v1.LimitRangeItem" => limit_range(map),
        "core.v1.Namespace" => {
            let name = map.get("metadata").and_then(|m| m.get("name")).cloned();
            if let (Some(name), Some(metadata)) = (name, object_in(map, "metadata"))
                && name.as_str().is_some_and(|n| !n.is_empty())
                && let Some(labels) = struct_in(metadata, "labels")
            {
                labels.insert("kubernetes.io/metadata.name".to_owned(), name);
            }
        }
        "core.v1.PersistentVolumeClaim" => {
            if let Some(status) = struct_in(map, "status")
                && text(status, "phase").is_empty()
            {
                status.insert("phase".to_owned(), json!("Pending"));
            }
        }
        _ => {}
    }
}

/// Without metrics, also those that v2 has, 80 % of the CPU is meant.
fn old_autoscaler(map: &mut Object) {
    let noted = map.get("metadata").is_some_and(|m| {
        m["annotations"].get("autoscaling.alpha.kubernetes.io/metrics").is_some_and(Value::is_string)
    });
    if !noted && let Some(spec) = object_in(map, "spec") {
        set_if_unset(spec, "targetCPUUtilizationPercentage", json!(80));
    }
}

fn limit_range(item: &mut Object) {
    if text(item, "type") != "Container" {
        return;
    }
    let list =
        |item: &Object, key: &str| item.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut default = list(item, "default");
    for (key, value) in list(item, "max") {
        default.entry(key).or_insert(value);
    }
    let mut request = list(item, "defaultRequest");
    for (key, value) in default.clone().into_iter().chain(list(item, "min")) {
        request.entry(key).or_insert(value);
    }
    for (key, list) in [("default", default), ("defaultRequest", request)] {
        if !list.is_empty() {
            item.insert(key.to_owned(), Value::Object(list));
        }
    }
}

fn container(map: &mut Object) {
    pull_policy(map, "image", "imagePullPolicy");
    set_if_unset(map, "terminationMessagePath", json!("/dev/termination-log"));
    set_if_unset(map, "terminationMessagePolicy", json!("File"));
}

fn pull_policy(map: &mut Object, image: &str, policy: &str) {
    if text(map, policy).is_empty() {
        let latest = image::tag_of(text(map, image)) == "latest";
        map.insert(policy.to_owned(), json!(if latest { "Always" } else { "IfNotPresent" }));
    }
}

fn pod(pod: &mut Object) {
    let Some(spec) = object_in(pod, "spec") else { return };
    if spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|s| s < 0) {
        spec.insert("terminationGracePeriodSeconds".to_owned(), json!(1));
    }
    set_if_unset(spec, "enableServiceLinks", json!(true));
    let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
    for list in ["containers", "initContainers"] {
        for container in each(spec, list) {
            requests_from_limits(container);
            if host_network {
                host_ports(container);
            }
        }
    }
}

fn requests_from_limits(container: &mut Object) {
    let Some(resources) = object_in(container, "resources") else { return };
    let limits = resources.get("limits").and_then(Value::as_object).cloned().unwrap_or_default();
    if limits.is_empty() {
        return;
    }
    if let Some(requests) = struct_in(resources, "requests") {
        for (key, value) in limits {
            requests.entry(key).or_insert(value);
        }
    }
}

fn host_ports(container: &mut Object) {
    for port in each(container, "ports") {
        if let Some(number) = port.get("containerPort").cloned().filter(|n| n.as_i64() != Some(0)) {
            set_if_unset(port, "hostPort", number);
        }
    }
}

fn pod_spec(spec: &mut Object) {
    let name = match text(spec, "serviceAccountName") {
        "" => text(spec, "serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    if !name.is_empty() {
        spec.insert("serviceAccountName".to_owned(), json!(name));
        spec.insert("serviceAccount".to_owned(), json!(name));
    }
}

fn pod_status(status: &mut Object) {
    let first = status.get("podIPs").and_then(|ips| ips.pointer("/0/ip")).cloned();
    match (status.get("podIP").cloned(), first) {
        (Some(ip), first) if first.as_ref() != Some(&ip) => {
            drop(status.insert("podIPs".to_owned(), json!([{ "ip": ip }])));
        }
        (None, Some(first)) => drop(status.insert("podIP".to_owned(), first)),
        _ => {}
    }
}

fn replication_controller(map: &mut Object) {
    let labels = map.get("spec").and_then(|s| s.pointer("/template/metadata/labels")).cloned();
    let Some(labels) = labels else { return };
    if let Some(spec) = object_in(map, "spec") {
        set_if_unset(spec, "selector", labels.clone());
    }
    if let Some(metadata) = struct_in(map, "metadata") {
        set_if_unset(metadata, "labels", labels);
    }
}

/// `stringData` goes into `data`, as Go's conversion to the internal type does it.
fn secret(map: &mut Object) {
    use base64::Engine;
    let Some(Value::Object(texts)) = map.remove("stringData") else { return };
    if let Some(data) = struct_in(map, "data") {
        for (key, value) in texts {
            let encoded =
                base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
            data.insert(key, Value::String(encoded));
        }
    }
    if map.get("data").and_then(Value::as_object).is_some_and(Map::is_empty) {
        map.remove("data");
    }
}

fn service(spec: &mut Object) {
    match text(spec, "sessionAffinity") {
        "None" => drop(spec.remove("sessionAffinityConfig")),
        "ClientIP" => {
            let seconds =
                spec.get("sessionAffinityConfig").and_then(|c| c.pointer("/clientIP/timeoutSeconds"));
            if seconds.is_none() {
                spec.insert(
                    "sessionAffinityConfig".to_owned(),
                    json!({"clientIP": {"timeoutSeconds": 10800}}),
                );
            }
        }
        _ => {}
    }
    for port in each(spec, "ports") {
        if text(port, "protocol").is_empty() {
            port.insert("protocol".to_owned(), json!("TCP"));
        }
        if matches!(port.get("targetPort"), None | Some(Value::Null))
            || port["targetPort"] == 0
            || port["targetPort"] == ""
        {
            let number = port.get("port").cloned().unwrap_or(json!(0));
            port.insert("targetPort".to_owned(), number);
        }
    }
    let kind = text(spec, "type").to_owned();
    let external_ips = spec.get("externalIPs").and_then(Value::as_array).is_some_and(|ips| !ips.is_empty());
    let external = kind == "LoadBalancer" || kind == "NodePort" || (kind == "ClusterIP" && external_ips);
    if external {
        set_if_unset(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        set_if_unset(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set_if_unset(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

fn load_balancer_status(service: &mut Object) {
    if service.get("spec").and_then(|s| s.get("type")).and_then(Value::as_str) != Some("LoadBalancer") {
        return;
    }
    let balancer =
        service.get_mut("status").and_then(|s| s.get_mut("loadBalancer")).and_then(Value::as_object_mut);
    for ingress in balancer.into_iter().flat_map(|b| each(b, "ingress")) {
        if !text(ingress, "ip").is_empty() {
            set_if_unset(ingress, "ipMode", json!("VIP"));
        }
    }
}

fn volume(map: &mut Object) {
    if map.keys().all(|k| k == "name") {
        map.insert("emptyDir".to_owned(), json!({}));
    }
}

fn network_policy(spec: &mut Object) {
    let listed = |key: &str| spec.get(key).and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    if !listed("policyTypes") {
        let types = if listed("egress") { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        spec.insert("policyTypes".to_owned(), types);
    }
}

fn subject(map: &mut Object) {
    if text(map, "apiGroup").is_empty() && matches!(text(map, "kind"), "User" | "Group") {
        map.insert("apiGroup".to_owned(), json!("rbac.authorization.k8s.io"));
    }
}
