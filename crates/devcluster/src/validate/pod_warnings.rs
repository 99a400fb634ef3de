//! `Warning` headers of pods and pod templates (`pkg/api/pod/warnings.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::format;
use super::report::At;
use crate::fields::quantity::Quantity;
use crate::status::go_quote;

/// What is said of labels of nodes that had their day.
fn deprecated_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => {
            "deprecated since v1.22; use Taints and Tolerations instead"
        }
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

/// Kinds of volumes that are gone, or going: the field, how the message names it, the message.
const OLD_VOLUMES: &[(&str, &str, &str)] = &[
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Warnings of a pod or template: `at` is the object or the template.
pub(super) fn collect(out: &mut Vec<String>, at: &At<'_>) {
    let (spec, annotations) = (at.get("spec"), at.at(&["metadata", "annotations"]));
    labels_of_nodes(out, &spec);
    for (key, _) in annotations.entries() {
        if key == "scheduler.alpha.kubernetes.io/critical-pod" {
            out.push(format!(
                "{}[{key}]: non-functional in v1.16+; use the \"priorityClassName\" field instead",
                annotations.path
            ));
        }
    }
    for volume in spec.get("volumes").items() {
        for (field, name, text) in OLD_VOLUMES {
            if volume.get(field).has() {
                out.push(format!("{}.{name}: {text}", volume.path));
            }
        }
    }
    for volume in spec.get("volumes").items() {
        let empty = |source: &At<'_>| source.value.as_object().is_none_or(|s| s.values().all(Value::is_null));
        for _ in volume.at(&["projected", "sources"]).items().iter().filter(|s| empty(s)) {
            let name = go_quote(volume.get("name").str());
            out.push(format!("volume {name} (Projected) has no sources provided"));
        }
    }
    doubled(out, &spec.get("hostAliases"), "ip");
    doubled(out, &spec.get("imagePullSecrets"), "name");
    for secret in spec.get("imagePullSecrets").items() {
        if secret.get("name").is_empty() {
            out.push(format!("{}: invalid empty name \"\"", secret.get("name").path));
        }
    }
    fractional(out, &spec.get("overhead"));
    let containers: Vec<At<'_>> =
        ["initContainers", "containers"].iter().flat_map(|list| spec.get(list).items()).collect();
    for container in &containers {
        for list in ["limits", "requests"] {
            fractional(out, &container.at(&["resources", list]));
        }
        environment(out, &container.get("env"));
    }
    ports(out, &containers);
    port_names(out, &containers);
    let grace = spec.get("terminationGracePeriodSeconds");
    if grace.int().is_some_and(|n| n < 0) {
        out.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            grace.path
        ));
    }
    unselective(out, &spec.get("affinity"));
}

fn labels_of_nodes(out: &mut Vec<String>, spec: &At<'_>) {
    for (key, at) in spec.get("nodeSelector").entries() {
        if let Some(text) = deprecated_label(key) {
            out.push(format!("{}: {text}", at.path));
        }
    }
    let node = spec.at(&["affinity", "nodeAffinity"]);
    for term in node.at(&["requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]).items() {
        node_term(out, &term, false);
    }
    for term in node.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
        node_term(out, &term.get("preference"), true);
    }
    for constraint in spec.get("topologySpreadConstraints").items() {
        let key = constraint.get("topologyKey");
        if let Some(text) = deprecated_label(key.str()) {
            out.push(format!("{}: {} is {text}", key.path, key.str()));
        }
        no_selector(out, &constraint.get("labelSelector"));
    }
}

pub(super) fn node_term(out: &mut Vec<String>, term: &At<'_>, check_values: bool) {
    for expression in term.get("matchExpressions").items() {
        let key = expression.get("key");
        if let Some(text) = deprecated_label(key.str()) {
            out.push(format!("{}: {} is {text}", key.path, key.str()));
        }
        if check_values {
            for value in expression.get("values").items() {
                for message in format::label_value(value.str()) {
                    out.push(format!("{}: {} is invalid, {message}", value.path, value.str()));
                }
            }
        }
    }
}

fn no_selector(out: &mut Vec<String>, selector: &At<'_>) {
    if !selector.has() {
        out.push(format!("{}: a null labelSelector results in matching no pod", selector.path));
    }
}

fn unselective(out: &mut Vec<String>, affinity: &At<'_>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pod = affinity.get(kind);
        for term in pod.get("requiredDuringSchedulingIgnoredDuringExecution").items() {
            no_selector(out, &term.get("labelSelector"));
        }
        for term in pod.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
            no_selector(out, &term.at(&["podAffinityTerm", "labelSelector"]));
        }
    }
}

fn doubled(out: &mut Vec<String>, list: &At<'_>, field: &str) {
    let items = list.items();
    for (i, item) in items.iter().enumerate() {
        let value = item.get(field);
        if items[..i].iter().any(|o| o.get(field).str() == value.str()) {
            out.push(format!("{}: duplicate {field} {}", value.path, go_quote(value.str())));
        }
    }
}

/// Bytes come whole.
pub(super) fn fractional(out: &mut Vec<String>, list: &At<'_>) {
    for (name, amount) in list.entries() {
        let bytes = matches!(name, "memory" | "ephemeral-storage" | "storage");
        if bytes && Quantity::parse(amount.str()).is_ok_and(|q| !q.is_whole()) {
            let shown = go_quote(amount.str());
            out.push(format!(
                "{}: fractional byte value {shown} is invalid, must be an integer",
                amount.path
            ));
        }
    }
}

fn environment(out: &mut Vec<String>, at: &At<'_>) {
    let items = at.items();
    for (i, variable) in items.iter().enumerate() {
        let name = variable.get("name").str();
        if !items[..i].iter().any(|v| v.get("name").str() == name) {
            continue;
        }
        let (value, own) = (variable.get("value").str(), format!("$({name})"));
        if variable.get("valueFrom").has() || value == own || !value.contains(&own) {
            let quoted = go_quote(name);
            out.push(format!(
                "{}: hides previous definition of {quoted}, which may be dropped when using apply",
                variable.path
            ));
        }
    }
}

fn ports(out: &mut Vec<String>, containers: &[At<'_>]) {
    let mut seen: BTreeMap<(i64, String), Vec<At<'_>>> = BTreeMap::new();
    let host = |p: &At<'_>| (p.get("hostPort").int().unwrap_or(0), p.get("hostIP").str().to_owned());
    for port in containers.iter().flat_map(|c| c.get("ports").items()) {
        let key = (port.get("containerPort").int().unwrap_or(0), port.get("protocol").str().to_owned());
        let mine = host(&port);
        if !mine.1.is_empty() && mine.0 == 0 {
            let shown = format!(
                "{{Name:{} HostPort:0 ContainerPort:{} Protocol:{} HostIP:{}}}",
                port.get("name").str(),
                key.0,
                key.1,
                mine.1
            );
            out.push(format!("{}: hostIP set without hostPort: {shown}", port.path));
        }
        let others = seen.entry(key).or_default();
        for other in others.iter() {
            let theirs = host(other);
            let word = if mine == theirs {
                "duplicate"
            } else if mine.0 == 0 || theirs.0 == 0 {
                "overlapping"
            } else if mine.0 == theirs.0 && (mine.1.is_empty() != theirs.1.is_empty()) {
                "dangerously ambiguous"
            } else {
                continue;
            };
            out.push(format!("{}: {word} port definition with {}", port.path, other.path));
        }
        others.push(port);
    }
}

fn port_names(out: &mut Vec<String>, containers: &[At<'_>]) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for port in containers.iter().flat_map(|c| c.get("ports").items()) {
        let name = port.get("name").str();
        if name.is_empty() {
            continue;
        }
        if let Some(other) = seen.get(name) {
            let quoted = go_quote(name);
            out.push(format!(
                "{}: duplicate port name {quoted} with {other}, services and probes that select ports by name will use {other}",
                port.path
            ));
        } else {
            seen.insert(name, port.path.clone());
        }
    }
}
