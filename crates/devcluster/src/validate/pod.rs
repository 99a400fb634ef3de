//! Pods and pod templates (`ValidatePodSpec` and what it calls).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::container::{self, Context};
use super::format;
use super::report::{At, Report};
use super::volume;

/// Things that differ between a Pod and a template.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Pod,
    Template,
}

pub(super) fn create(r: &mut Report, pod: &At<'_>) {
    let spec = pod.get("spec");
    annotations(r, &pod.at(&["metadata", "annotations"]), &spec);
    validate_spec(r, &spec, Owner::Pod);
    token_without_account(r, &spec);
    r.non_negative(&spec.get("terminationGracePeriodSeconds"));
    for list in ["containers", "initContainers"] {
        for container in spec.get(list).items() {
            image_edges(r, &container);
        }
    }
    if !spec.get("ephemeralContainers").is_empty() {
        r.forbidden(&spec.get("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.get("nodeName").is_empty() && !spec.get("schedulingGates").is_empty() {
        r.forbidden(&spec.get("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

fn image_edges(r: &mut Report, container: &At<'_>) {
    let image = container.get("image");
    if image.str().trim() != image.str() {
        r.invalid(&image, "must not have leading or trailing whitespace");
    }
}

fn token_without_account(r: &mut Report, spec: &At<'_>) {
    if !spec.get("serviceAccountName").is_empty() {
        return;
    }
    for volume in spec.get("volumes").items() {
        for source in volume.at(&["projected", "sources"]).items() {
            let token = source.get("serviceAccountToken");
            if token.has() {
                r.forbidden(&token, "must not be specified when serviceAccountName is not set");
            }
        }
    }
}

fn annotations(r: &mut Report, annotations: &At<'_>, spec: &At<'_>) {
    for (key, value) in annotations.entries() {
        match key {
            "kubernetes.io/config.mirror" if spec.get("nodeName").is_empty() => {
                r.invalid(&value, "must set spec.nodeName if mirror pod annotation is set");
            }
            "controller.kubernetes.io/pod-deletion-cost" if value.str().parse::<i32>().is_err() => {
                r.invalid(&value, "must be a 32bit integer");
            }
            _ => {}
        }
    }
}

/// A pod template; `at` is the template.
pub(super) fn template(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.labels(&at.at(&["metadata", "labels"]).named(format!("{}.labels", at.path)));
    let notes = at.at(&["metadata", "annotations"]).named(format!("{}.annotations", at.path));
    for (key, _) in notes.entries() {
        r.label_key(&notes, &key.to_lowercase());
    }
    annotations(r, &notes, &spec);
    validate_spec(r, &spec, Owner::Template);
    if !spec.get("ephemeralContainers").is_empty() {
        r.forbidden(&spec.get("ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }
}

pub(super) fn validate_spec(r: &mut Report, spec: &At<'_>, owner: Owner) {
    let volumes = volume::list(r, &spec.get("volumes"));
    containers(r, spec, &volumes);
    host_network_ports(r, spec, owner);
    r.one_of(&spec.get("restartPolicy"), &["Always", "OnFailure", "Never"]);
    r.one_of(&spec.get("dnsPolicy"), &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
    r.labels(&spec.get("nodeSelector"));
    security_context(r, &spec.get("securityContext"));
    if spec.get("shareProcessNamespace").is_true() && spec.get("hostPID").is_true() {
        r.invalid(
            &spec.get("shareProcessNamespace"),
            "ShareProcessNamespace and HostPID cannot both be enabled",
        );
    }
    super::affinity::validate(r, &spec.get("affinity"));
    dns_config(r, spec);
    for gate in spec.get("readinessGates").items() {
        r.qualified_name(&gate.get("conditionType"));
    }
    scheduling_gates(r, &spec.get("schedulingGates"));
    super::affinity::spread(r, &spec.get("topologySpreadConstraints"));
    host_users(r, spec);
    names(r, spec);
    tolerations(r, &spec.get("tolerations"));
    for alias in spec.get("hostAliases").items() {
        r.ip(&alias.get("ip"));
        for name in alias.get("hostnames").items() {
            r.dns_subdomain(&name);
        }
    }
    for name in ["priorityClassName", "runtimeClassName"] {
        let at = spec.get(name);
        if !at.is_empty() {
            r.dns_subdomain(&at);
        }
    }
    r.one_of_if_set(&spec.get("preemptionPolicy"), &["PreemptLowerPriority", "Never"]);
    for (name, amount) in spec.get("overhead").entries() {
        container::resource_amount(r, name, &amount);
    }
    operating_system(r, spec);
}

fn containers(r: &mut Report, spec: &At<'_>, volumes: &BTreeMap<String, Value>) {
    let context = Context {
        volumes,
        host_users: spec.get("hostUsers").value != &Value::Bool(false),
        grace: spec.get("terminationGracePeriodSeconds").int().unwrap_or(30),
    };
    let list = spec.get("containers");
    if list.is_empty() {
        r.required(&list, "");
    }
    let mut names = BTreeSet::new();
    for one in list.items() {
        container::validate(r, &one, &context);
        let name = one.get("name");
        if !names.insert(name.str().to_owned()) {
            r.duplicate(&name);
        }
        container::lifecycle(r, &one.get("lifecycle"), &context);
        container::probes(r, &one, &context);
        container::restart_rules(r, &one);
    }
    host_port_conflicts(r, &list);
    for one in spec.get("initContainers").items() {
        container::validate(r, &one, &context);
        container::restart_rules(r, &one);
        let name = one.get("name");
        if !names.insert(name.str().to_owned()) && !name.is_empty() {
            r.duplicate(&name);
        }
        if one.get("restartPolicy").str() == "Always" {
            container::lifecycle(r, &one.get("lifecycle"), &context);
            container::probes(r, &one, &context);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if one.get(field).has() {
                    r.forbidden(
                        &one.get(field),
                        "may not be set for init containers without restartPolicy=Always",
                    );
                }
            }
        }
    }
}

fn host_port_conflicts(r: &mut Report, list: &At<'_>) {
    let mut seen = BTreeSet::new();
    for container in list.items() {
        for port in container.get("ports").items() {
            let number = port.get("hostPort");
            if number.int().unwrap_or(0) == 0 {
                continue;
            }
            let text =
                format!("{}/{}/{}", port.get("protocol").str(), port.get("hostIP").str(), number.value);
            if !seen.insert(text.clone()) {
                let at = number.clone();
                r.causes.push(crate::status::Cause::duplicate(at.path, &Value::String(text)));
            }
        }
    }
}

fn host_network_ports(r: &mut Report, spec: &At<'_>, owner: Owner) {
    if !spec.get("hostNetwork").is_true() {
        return;
    }
    for container in spec.get("containers").items() {
        for port in container.get("ports").items() {
            let (host, number) = (port.get("hostPort"), port.get("containerPort").int().unwrap_or(0));
            let n = host.int().unwrap_or(0);
            if (owner == Owner::Pod || n != 0) && n != number {
                r.invalid_as(&host, &Value::from(n), "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }
}

/// Numeric ids.
pub(super) fn id(r: &mut Report, at: &At<'_>) {
    r.range(at, 0, 2_147_483_647);
}

fn security_context(r: &mut Report, at: &At<'_>) {
    if !at.has() {
        return;
    }
    for name in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(r, &at.get(name));
    }
    for group in at.get("supplementalGroups").items() {
        id(r, &group);
    }
    let mut names = BTreeSet::new();
    for sysctl in at.get("sysctls").items() {
        let name = sysctl.get("name");
        if name.is_empty() {
            r.required(&name, "");
        } else if !names.insert(name.str().to_owned()) {
            r.duplicate(&name);
        }
    }
    r.one_of_if_set(&at.get("fsGroupChangePolicy"), &["Always", "OnRootMismatch"]);
    seccomp(r, &at.get("seccompProfile"));
    app_armor(r, &at.get("appArmorProfile"));
    r.one_of_if_set(&at.get("supplementalGroupsPolicy"), &["Merge", "Strict"]);
}

pub(super) fn seccomp(r: &mut Report, at: &At<'_>) {
    profile(
        r,
        at,
        "type is required when seccompProfile is set",
        "must be set when seccomp type is Localhost",
        "can only be set when seccomp type is Localhost",
    );
}

pub(super) fn app_armor(r: &mut Report, at: &At<'_>) {
    profile(
        r,
        at,
        "type is required when appArmorProfile is set",
        "must be set when AppArmor type is Localhost",
        "can only be set when AppArmor type is Localhost",
    );
}

fn profile(r: &mut Report, at: &At<'_>, no_type: &str, no_profile: &str, not_local: &str) {
    if !at.has() {
        return;
    }
    let (kind, local) = (at.get("type"), at.get("localhostProfile"));
    if kind.is_empty() {
        r.required(&kind, no_type);
    } else {
        r.one_of_if_set(&kind, &["Localhost", "RuntimeDefault", "Unconfined"]);
    }
    match (kind.str() == "Localhost", local.has()) {
        (true, false) => r.required(&local, no_profile),
        (true, true) => volume::descending_path(r, &local),
        (false, true) => r.invalid(&local, not_local),
        (false, false) => {}
    }
}

fn dns_config(r: &mut Report, spec: &At<'_>) {
    let at = spec.get("dnsConfig");
    let servers = at.get("nameservers");
    if spec.get("dnsPolicy").str() == "None" {
        if !at.has() {
            return r.required(&at, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            return r.required(&servers, "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
    }
    if servers.len() > 3 {
        r.invalid(&servers, "must not have more than 3 nameservers");
    }
    for server in servers.items() {
        r.ip(&server);
    }
    let searches = at.get("searches");
    if searches.len() > 32 {
        r.invalid(&searches, "must not have more than 32 search paths");
    }
    for search in searches.items() {
        let text = search.str().strip_suffix('.').unwrap_or(search.str()).replace('_', "a");
        if search.str() != "." {
            r.all(&search, format::dns_subdomain(&text));
        }
    }
    for option in at.get("options").items() {
        if option.get("name").is_empty() {
            r.required(&option, "must not be empty");
        }
    }
}

fn scheduling_gates(r: &mut Report, at: &At<'_>) {
    let mut names = BTreeSet::new();
    for gate in at.items() {
        r.qualified_name(&gate.get("name"));
        if !names.insert(gate.get("name").str().to_owned()) {
            r.duplicate(&gate);
        }
    }
}

fn host_users(r: &mut Report, spec: &At<'_>) {
    if spec.get("hostUsers").value != &Value::Bool(false) {
        return;
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if spec.get(field).is_true() {
            r.forbidden(&spec.get(field), "when `hostUsers` is false");
        }
    }
}

fn names(r: &mut Report, spec: &At<'_>) {
    for name in ["serviceAccountName", "nodeName"] {
        let at = spec.get(name);
        if !at.is_empty() {
            r.dns_subdomain(&at);
        }
    }
    r.range(&spec.get("activeDeadlineSeconds"), 1, 2_147_483_647);
    for name in ["hostname", "subdomain"] {
        let at = spec.get(name);
        if !at.is_empty() {
            r.dns_label(&at);
        }
    }
}

pub(super) fn tolerations(r: &mut Report, at: &At<'_>) {
    for one in at.items() {
        let (key, operator, effect) = (one.get("key"), one.get("operator"), one.get("effect"));
        if !key.is_empty() {
            r.qualified_name(&key);
        }
        if key.is_empty() && operator.str() != "Exists" {
            let text =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            r.invalid_text(&operator, text);
        }
        if one.get("tolerationSeconds").has() && effect.str() != "NoExecute" {
            r.invalid_text(&effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        let value = one.get("value");
        match operator.str() {
            "" | "Equal" => {
                let messages = format::label_value(value.str());
                if !messages.is_empty() {
                    r.invalid_as(&operator, value.value, messages.join(";"));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    r.invalid_as(&operator, value.value, "value must be empty when `operator` is 'Exists'");
                }
            }
            _ => r.unsupported(&operator, &["Equal", "Exists"]),
        }
        r.one_of_if_set(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    }
}

fn operating_system(r: &mut Report, spec: &At<'_>) {
    let os = spec.get("os");
    if !os.has() {
        return;
    }
    let name = os.get("name");
    if name.is_empty() {
        r.required(&name, "");
    } else if !["linux", "windows"].contains(&name.str()) {
        r.unsupported(&name.named(os.path.clone()), &["linux", "windows"]);
    }
    if name.str() == "windows" {
        let pod = spec.get("securityContext");
        for field in [
            "seLinuxOptions",
            "seccompProfile",
            "fsGroup",
            "fsGroupChangePolicy",
            "sysctls",
            "runAsUser",
            "runAsGroup",
            "supplementalGroups",
        ] {
            if pod.get(field).has() {
                r.forbidden(&pod.get(field), "cannot be set for a windows pod");
            }
        }
        for field in ["hostPID", "hostIPC"] {
            if spec.get(field).is_true() {
                r.forbidden(&spec.get(field), "cannot be set for a windows pod");
            }
        }
    }
    if name.str() == "linux" && spec.at(&["securityContext", "windowsOptions"]).has() {
        let at = spec.at(&["securityContext", "windowsOptions"]);
        r.forbidden(&at, "windows options cannot be set for a linux pod");
    }
}

/// Only some fields of a Pod may change.
pub(super) fn update(r: &mut Report, new: &At<'_>, old: &At<'_>) {
    let (spec, was) = (new.get("spec"), old.get("spec"));
    for list in ["containers", "initContainers"] {
        let before = was.get(list).len();
        if before != spec.get(list).len() {
            return r.forbidden(&spec.get(list), "pod updates may not add or remove containers");
        }
    }
    for list in ["containers", "initContainers"] {
        for one in spec.get(list).items() {
            if one.get("image").is_empty() {
                r.required(&one.get("image"), "");
            }
            image_edges(r, &one);
        }
    }
    let (seconds, before) = (spec.get("activeDeadlineSeconds"), was.get("activeDeadlineSeconds"));
    match (seconds.int(), before.int()) {
        (Some(n), _) if !(0..=2_147_483_647).contains(&n) => r.range(&seconds, 0, 2_147_483_647),
        (Some(n), Some(m)) if n > m => r.invalid(&seconds, "must be less than or equal to previous value"),
        (None, Some(_)) => {
            r.invalid_as(&seconds, &Value::Null, "must not update from a positive integer to nil value");
        }
        _ => {}
    }
    let mut comparable = spec.value.clone();
    if let Some(map) = comparable.as_object_mut() {
        for field in
            ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"]
        {
            match was.value.get(field) {
                Some(value) => drop(map.insert(field.to_owned(), value.clone())),
                None => drop(map.remove(field)),
            }
        }
        for list in ["containers", "initContainers"] {
            let items = map.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for (one, before) in items.zip(was.get(list).items()) {
                one["image"] = before.get("image").value.clone();
            }
        }
    }
    if comparable != *was.value {
        r.forbidden(
            &spec,
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n",
        );
    }
}
