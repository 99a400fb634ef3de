//! `Warning` headers of built-in kinds (`pkg/api/*/warnings.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::report::At;
use crate::resource::Gvk;

/// `Warning` header texts for a create or update (doubled ports, deprecated fields, …).
pub fn warnings(gvk: &Gvk, object: &Value, old: Option<&Value>) -> Vec<String> {
    let at = At::root(object);
    let old = old.map(At::root);
    let mut out = Vec::new();
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("", "Endpoints") => {
            out.push(
                "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned(),
            );
        }
        ("", "Pod") if old.is_none() => {
            pod(&mut out, &at.get("spec"), "spec");
        }
        ("", "PodTemplate") => {
            template(&mut out, &at.get("template"), old.as_ref().map(|o| o.get("template")));
        }
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => {
            let path = ["spec", "template"];
            template(&mut out, &at.at(&path), old.as_ref().map(|o| o.at(&path)));
        }
        ("batch", "CronJob") => {
            let path = ["spec", "jobTemplate", "spec", "template"];
            template(&mut out, &at.at(&path), old.as_ref().map(|o| o.at(&path)));
        }
        ("", "Service") => service(&mut out, &at, old.as_ref()),
        ("", "ServiceAccount") => service_account(&mut out, &at),
        ("", "Secret") => secret(&mut out, &at, old.as_ref()),
        ("", "PersistentVolumeClaim") => claim(&mut out, &at),
        ("", "PersistentVolume") => volume(&mut out, &at),
        ("discovery.k8s.io", "EndpointSlice") if at.get("addressType").str() == "FQDN" => {
            out.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
        }
        ("networking.k8s.io", "Ingress") => {
            let notes = at.at(&["metadata", "annotations"]);
            if old.is_none() && notes.value.get("kubernetes.io/ingress.class").is_some() {
                out.push("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".to_owned());
            }
        }
        _ => {}
    }
    out
}

fn template(out: &mut Vec<String>, at: &At<'_>, old: Option<At<'_>>) {
    if old.is_none_or(|o| o.value != at.value) {
        pod(out, &at.get("spec"), &format!("{}.spec", at.path));
    }
}

/// Warnings of a pod's spec at `path`.
fn pod(out: &mut Vec<String>, spec: &At<'_>, path: &str) {
    let spec = spec.named(path.to_owned());
    affinity_keys(out, &spec);
    for constraint in spec.get("topologySpreadConstraints").items() {
        if !constraint.get("labelSelector").has() {
            let path = constraint.get("labelSelector").path;
            out.push(format!("{path}: a null labelSelector results in matching no pod"));
        }
    }
    let secrets = spec.get("imagePullSecrets").items();
    for (i, secret) in secrets.iter().enumerate() {
        let name = secret.get("name");
        if name.is_empty() {
            out.push(format!("{}: invalid empty name \"\"", name.path));
        } else if secrets[..i].iter().any(|s| s.get("name").str() == name.str()) {
            out.push(format!("{}: duplicate name {}", name.path, crate::status::go_quote(name.str())));
        }
    }
    for volume in spec.get("volumes").items() {
        for (field, text) in [
            ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
            ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
            ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
            ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
            ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
            ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ] {
            if volume.get(field).has() {
                out.push(format!("{}: {text}", volume.get(field).path));
            }
        }
    }
    for list in ["initContainers", "containers"] {
        for container in spec.get(list).items() {
            environment(out, &container.get("env"));
            doubled_ports(out, &container.get("ports"));
            fractional_bytes(out, &container.get("resources"));
        }
    }
    across_containers(out, &spec);
}

fn affinity_keys(out: &mut Vec<String>, spec: &At<'_>) {
    let names = [
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ];
    for (key, _) in spec.get("nodeSelector").entries() {
        if let Some((_, new)) = names.iter().find(|(old, _)| *old == key) {
            out.push(format!(
                "{}[{key}]: deprecated since v1.14; use \"{new}\" instead",
                spec.get("nodeSelector").path
            ));
        }
    }
}

fn environment(out: &mut Vec<String>, at: &At<'_>) {
    let items = at.items();
    for (i, variable) in items.iter().enumerate() {
        let name = variable.get("name").str();
        let Some(before) = items[..i].iter().rev().find(|v| v.get("name").str() == name) else { continue };
        let value = variable.get("value").str();
        let refers = value.contains(&format!("$({name})"));
        if !refers && !before.value.is_null() {
            out.push(format!(
                "{}: hides previous definition of {}, which may be dropped when using apply",
                variable.path,
                crate::status::go_quote(name)
            ));
        }
    }
}

fn port_key(port: &At<'_>) -> (i64, String) {
    let protocol = match port.get("protocol").str() {
        "" => "TCP",
        other => other,
    };
    (port.get("containerPort").int().unwrap_or(0), protocol.to_owned())
}

fn doubled_ports(out: &mut Vec<String>, at: &At<'_>) {
    let items = at.items();
    for (i, port) in items.iter().enumerate() {
        if let Some(first) = items[..i].iter().find(|p| port_key(p) == port_key(port)) {
            let host = |p: &At<'_>| (p.get("hostPort").int().unwrap_or(0), p.get("hostIP").str().to_owned());
            let word = if host(port) == host(first) { "duplicate" } else { "overlapping" };
            out.push(format!("{}: {word} port definition with {}", port.path, first.path));
        }
    }
}

fn fractional_bytes(out: &mut Vec<String>, resources: &At<'_>) {
    for list in ["limits", "requests"] {
        for (name, amount) in resources.get(list).entries() {
            if matches!(name, "memory" | "ephemeral-storage") && amount.str().ends_with('m') {
                out.push(format!(
                    "{}: fractional byte value {} is invalid, must be an integer",
                    amount.path,
                    crate::status::go_quote(amount.str())
                ));
            }
        }
    }
}

/// Names of ports that several containers use.
fn across_containers(out: &mut Vec<String>, spec: &At<'_>) {
    let mut seen: BTreeMap<(i64, String), (String, String)> = BTreeMap::new();
    for container in spec.get("containers").items() {
        for port in container.get("ports").items() {
            let key = port_key(&port);
            match seen.get(&key) {
                Some((owner, path)) if *owner != container.path => {
                    out.push(format!("{}: duplicate port definition with {path}", port.path));
                }
                Some(_) => {}
                None => drop(seen.insert(key, (container.path.clone(), port.path.clone()))),
            }
        }
    }
}

fn service(out: &mut Vec<String>, at: &At<'_>, old: Option<&At<'_>>) {
    let spec = at.get("spec");
    if !spec.get("externalIPs").is_empty()
        && old.is_none_or(|o| o.at(&["spec", "externalIPs"]).value != spec.get("externalIPs").value)
    {
        out.push(
            "spec.externalIPs: externalIPs is deprecated and will be removed in a future release".to_owned(),
        );
    }
}

fn service_account(out: &mut Vec<String>, at: &At<'_>) {
    let notes = at.at(&["metadata", "annotations"]);
    if notes.value.get("kubernetes.io/enforce-mountable-secrets").is_some() {
        out.push("metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets".to_owned());
    }
}

fn secret(out: &mut Vec<String>, at: &At<'_>, old: Option<&At<'_>>) {
    if at.get("type").str() != "kubernetes.io/tls"
        || old.is_some_and(|o| o.get("data").value == at.get("data").value)
    {
        return;
    }
    let text = |key: &str| crate::fields::base64_text(at.at(&["data", key]).str());
    let pem = |bytes: &[u8]| bytes.windows(11).any(|w| w == b"-----BEGIN ");
    if !pem(&text("tls.crt")) {
        out.push("tls: failed to find any PEM data in certificate input".to_owned());
    } else if !pem(&text("tls.key")) {
        out.push("tls: failed to find any PEM data in key input".to_owned());
    }
}

fn claim(out: &mut Vec<String>, at: &At<'_>) {
    let name = "volume.beta.kubernetes.io/storage-class";
    if at.at(&["metadata", "annotations"]).value.get(name).is_some() {
        out.push(format!(
            "metadata.annotations[{name}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    let size = at.at(&["spec", "resources", "requests", "storage"]);
    if size.str().ends_with('m') {
        out.push(format!(
            "spec.resources.requests[storage]: fractional byte value {} is invalid, must be an integer",
            crate::status::go_quote(size.str())
        ));
    }
}

fn volume(out: &mut Vec<String>, at: &At<'_>) {
    let name = "volume.beta.kubernetes.io/storage-class";
    if at.at(&["metadata", "annotations"]).value.get(name).is_some() {
        out.push(format!(
            "metadata.annotations[{name}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    if at.at(&["spec", "persistentVolumeReclaimPolicy"]).str() == "Recycle" {
        out.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
}
