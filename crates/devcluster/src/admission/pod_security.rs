//! `PodSecurity`: the Pod Security Standards that a namespace's labels ask for.
//! Texts: `k8s.io/pod-security-admission/policy` v0.37.

use serde_json::Value;

use crate::call::Call;
use crate::cluster::Cluster;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause, go_quote};

const PREFIX: &str = "pod-security.kubernetes.io/";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "privileged" => Some(Self::Privileged),
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// What the labels of a Namespace may not say.
///
/// # Errors
/// 422 for an unknown level.
pub(super) fn check_labels(namespace: &Value) -> ApiResult<()> {
    let mut causes = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("{PREFIX}{mode}");
        let level = &namespace["metadata"]["labels"][&key];
        if level.as_str().is_some_and(|text| Level::parse(text).is_none()) {
            let detail = "must be one of privileged, baseline, restricted";
            causes.push(Cause::invalid(format!("metadata.labels[{key}]"), level, detail));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("", "Namespace", meta::text(namespace, "name"), causes))
}

/// Refuses a Pod that its namespace forbids; warns of Pods and templates that it warns of.
///
/// # Errors
/// 403 in Kubernetes' words.
pub(super) fn check(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> ApiResult<()> {
    let Some(spec) = pod_spec(resource, object) else { return Ok(()) };
    let Some(found) = cluster.store().get("namespaces", "", namespace) else { return Ok(()) };
    let label = |mode: &str| found.label(&format!("{PREFIX}{mode}")).map(str::to_owned);
    let policy = |mode: &str| {
        let level = label(mode).and_then(|text| Level::parse(&text))?;
        Some((level, label(&format!("{mode}-version")).unwrap_or_else(|| "latest".to_owned())))
    };
    let enforced = policy("enforce");
    if resource.is("", "Pod")
        && let Some((level, version)) = &enforced
        && let Some(found) = violations(*level, spec)
    {
        let why = format!("violates PodSecurity \"{}:{version}\": {found}", level.name());
        return Err(ApiError::forbidden("", "pods", meta::text(object, "name"), &why));
    }
    // Without a level of its own, what is enforced on Pods is warned of elsewhere.
    if let Some((level, version)) = policy("warn").or(enforced)
        && let Some(found) = violations(level, spec)
    {
        call.warn(format!("would violate PodSecurity \"{}:{version}\": {found}", level.name()));
    }
    Ok(())
}

fn pod_spec<'a>(resource: &Resource, object: &'a Value) -> Option<&'a Value> {
    if resource.custom.is_some() {
        return None;
    }
    let spec = match (resource.group(), resource.kind()) {
        ("", "Pod") => &object["spec"],
        ("", "PodTemplate") => &object["template"]["spec"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch", "Job") => &object["spec"]["template"]["spec"],
        ("batch", "CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => return None,
    };
    spec.is_object().then_some(spec)
}

/// What a Pod violates, as one text; `None`: nothing.
fn violations(level: Level, spec: &Value) -> Option<String> {
    if level == Level::Privileged {
        return None;
    }
    let mut found: Vec<(&str, String)> = Vec::new();
    baseline(level, spec, &mut found);
    if level == Level::Restricted {
        restricted(spec, &mut found);
    }
    let texts: Vec<String> =
        found.into_iter().map(|(reason, detail)| format!("{reason} ({detail})")).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|list| spec[list].as_array().into_iter().flatten())
}

/// `container "a"`, `containers "a", "b"`; `None` where no container is meant.
fn named(spec: &Value, is_meant: impl Fn(&Value) -> bool) -> Option<String> {
    let names: Vec<String> = containers(spec)
        .filter(|container| is_meant(container))
        .map(|container| go_quote(container["name"].as_str().unwrap_or_default()))
        .collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("container {one}")),
        many => Some(format!("containers {}", many.join(", "))),
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn quoted_list(mut items: Vec<&str>) -> String {
    items.sort_unstable();
    items.dedup();
    items.iter().map(|i| go_quote(i)).collect::<Vec<_>>().join(", ")
}

fn baseline(level: Level, spec: &Value, found: &mut Vec<(&'static str, String)>) {
    const CAPABILITIES: [&str; 13] = [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ];
    let added = |container: &Value| -> Vec<String> {
        let added = strings(&container["securityContext"]["capabilities"]["add"]);
        added.into_iter().filter(|c| !CAPABILITIES.contains(c)).map(str::to_owned).collect()
    };
    if level == Level::Baseline
        && let Some(who) = named(spec, |c| !added(c).is_empty())
    {
        let all: Vec<String> = containers(spec).flat_map(added).collect();
        let list = quoted_list(all.iter().map(String::as_str).collect());
        found.push((
            "non-default capabilities",
            format!("{who} must not include {list} in securityContext.capabilities.add"),
        ));
    }
    let shared: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|field| spec[**field] == true)
        .map(|field| format!("{field}=true"))
        .collect();
    if !shared.is_empty() {
        found.push(("host namespaces", shared.join(", ")));
    }
    if level == Level::Baseline {
        let volumes: Vec<String> = spec["volumes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|volume| volume["hostPath"].is_object())
            .map(|volume| go_quote(volume["name"].as_str().unwrap_or_default()))
            .collect();
        if !volumes.is_empty() {
            let noun = if volumes.len() == 1 { "volume" } else { "volumes" };
            found.push(("hostPath volumes", format!("{noun} {}", volumes.join(", "))));
        }
    }
    let ports = |c: &Value| -> Vec<i64> {
        let ports = c["ports"].as_array().into_iter().flatten();
        ports.filter_map(|p| p["hostPort"].as_i64()).filter(|p| *p != 0).collect()
    };
    if let Some(who) = named(spec, |c| !ports(c).is_empty()) {
        let all: std::collections::BTreeSet<String> =
            containers(spec).flat_map(ports).map(|p| p.to_string()).collect();
        let (verb, noun) = (
            if who.starts_with("containers") { "use" } else { "uses" },
            if all.len() == 1 { "hostPort" } else { "hostPorts" },
        );
        let list = all.into_iter().collect::<Vec<_>>().join(", ");
        found.push(("hostPort", format!("{who} {verb} {noun} {list}")));
    }
    if let Some(who) = named(spec, |c| c["securityContext"]["privileged"] == true) {
        found.push(("privileged", format!("{who} must not set securityContext.privileged=true")));
    }
    let unmasked = |c: &Value| c["securityContext"]["procMount"].as_str().is_some_and(|m| m != "Default");
    if let Some(who) = named(spec, unmasked) {
        found.push(("procMount", format!("{who} must not set securityContext.procMount to \"Unmasked\"")));
    }
    if level == Level::Baseline {
        unconfined(spec, found);
    }
    sysctls(spec, found);
}

/// Who sets a profile of the type `Unconfined`.
fn unconfined(spec: &Value, found: &mut Vec<(&'static str, String)>) {
    let is = |place: &Value| place["securityContext"]["seccompProfile"]["type"] == "Unconfined";
    let mut who = Vec::new();
    if is(spec) {
        who.push("pod".to_owned());
    }
    who.extend(named(spec, is));
    if !who.is_empty() {
        let who = who.join(" and ");
        found.push((
            "seccompProfile",
            format!("{who} must not set securityContext.seccompProfile.type to \"Unconfined\""),
        ));
    }
}

fn sysctls(spec: &Value, found: &mut Vec<(&'static str, String)>) {
    const SAFE: [&str; 9] = [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
    ];
    let list = spec["securityContext"]["sysctls"].as_array().into_iter().flatten();
    let forbidden: Vec<&str> = list
        .filter_map(|s| s["name"].as_str())
        .filter(|s| !SAFE.contains(s) && *s != "net.ipv4.tcp_keepalive_probes")
        .collect();
    if !forbidden.is_empty() {
        found.push(("forbidden sysctls", forbidden.join(", ")));
    }
}

fn restricted(spec: &Value, found: &mut Vec<(&'static str, String)>) {
    let escalates = |c: &Value| c["securityContext"]["allowPrivilegeEscalation"] != false;
    if let Some(who) = named(spec, escalates) {
        let detail = format!("{who} must set securityContext.allowPrivilegeEscalation=false");
        found.push(("allowPrivilegeEscalation != false", detail));
    }
    capabilities(spec, found);
    volumes(spec, found);
    let pod = &spec["securityContext"];
    let own = |c: &Value| c["securityContext"]["runAsNonRoot"].clone();
    let root = pod["runAsNonRoot"] != true;
    if pod["runAsNonRoot"] == false {
        found
            .push(("runAsNonRoot != true", "pod must not set securityContext.runAsNonRoot=false".to_owned()));
    } else if let Some(who) = named(spec, |c| own(c) == false) {
        found
            .push(("runAsNonRoot != true", format!("{who} must not set securityContext.runAsNonRoot=false")));
    } else if let Some(who) = named(spec, |c| root && own(c) != true) {
        found.push((
            "runAsNonRoot != true",
            format!("pod or {who} must set securityContext.runAsNonRoot=true"),
        ));
    }
    let mut zero = Vec::new();
    if pod["runAsUser"] == 0 {
        zero.push("pod".to_owned());
    }
    zero.extend(named(spec, |c| c["securityContext"]["runAsUser"] == 0));
    if !zero.is_empty() {
        found.push(("runAsUser=0", format!("{} must not set runAsUser=0", zero.join(" and "))));
    }
    let good = |place: &Value| {
        matches!(
            place["securityContext"]["seccompProfile"]["type"].as_str(),
            Some("RuntimeDefault" | "Localhost")
        )
    };
    let missing = |c: &Value| c["securityContext"]["seccompProfile"]["type"].is_null();
    let bad = |c: &Value| if missing(c) { !good(spec) } else { !good(c) };
    if let Some(who) = named(spec, bad) {
        let wanted = "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
        found.push(("seccompProfile", format!("pod or {who} must set {wanted}")));
    }
}

fn capabilities(spec: &Value, found: &mut Vec<(&'static str, String)>) {
    let list = |c: &Value, field: &str| -> Vec<String> {
        strings(&c["securityContext"]["capabilities"][field]).into_iter().map(str::to_owned).collect()
    };
    let mut details = Vec::new();
    if let Some(who) = named(spec, |c| !list(c, "drop").iter().any(|c| c == "ALL")) {
        details.push(format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    }
    let extra = |c: &Value| -> Vec<String> {
        list(c, "add").into_iter().filter(|added| added != "NET_BIND_SERVICE").collect()
    };
    if let Some(who) = named(spec, |c| !extra(c).is_empty()) {
        let all: Vec<String> = containers(spec).flat_map(extra).collect();
        let list = quoted_list(all.iter().map(String::as_str).collect());
        details.push(format!("{who} must not include {list} in securityContext.capabilities.add"));
    }
    if !details.is_empty() {
        found.push(("unrestricted capabilities", details.join("; ")));
    }
}

fn volumes(spec: &Value, found: &mut Vec<(&'static str, String)>) {
    const ALLOWED: [&str; 9] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "image",
    ];
    let mut names = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let kind = volume.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).find(|k| *k != "name");
        if let Some(kind) = kind.filter(|k| !ALLOWED.contains(k)) {
            names.push(go_quote(volume["name"].as_str().unwrap_or_default()));
            kinds.push(kind);
        }
    }
    if names.is_empty() {
        return;
    }
    let (noun, verb) = if names.len() == 1 { ("volume", "uses") } else { ("volumes", "use") };
    kinds.sort_unstable();
    kinds.dedup();
    let types = if kinds.len() == 1 { "type" } else { "types" };
    let detail =
        format!("{noun} {} {verb} restricted volume {types} {}", names.join(", "), quoted_list(kinds));
    found.push(("restricted volume types", detail));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_restricted_namespace_names_all_that_is_missing() {
        let spec = json!({ "containers": [{ "name": "c", "securityContext": { "privileged": true } }] });
        let found = violations(Level::Restricted, &spec).unwrap();
        assert!(
            found.starts_with(
                "privileged (container \"c\" must not set securityContext.privileged=true), allow"
            )
        );
        let good = json!({
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{ "name": "c", "securityContext": {
                "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }],
        });
        assert!(violations(Level::Restricted, &good).is_none());
    }
}
