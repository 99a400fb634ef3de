//! `Warning` headers of built-in kinds (`pkg/api/*/warnings.go`).

use serde_json::Value;

use super::format;
use super::pod_warnings;
use super::report::At;
use crate::resource::Gvk;

/// `Warning` header texts for a create or update (doubled ports, deprecated fields, …).
pub fn warnings(gvk: &Gvk, object: &Value, old: Option<&Value>) -> Vec<String> {
    let at = At::root(object);
    let old = old.map(At::root);
    let mut out = Vec::new();
    let old_at = |path: &[&str]| old.as_ref().map(|o| o.at(path));
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("", "Endpoints") => {
            out.push(
                "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned(),
            );
        }
        ("", "Pod") if old.is_none() => {
            host_name(&mut out, &at, "the Pod's hostname");
            pod_warnings::collect(&mut out, &at);
        }
        ("", "PodTemplate") => template(&mut out, &at.get("template"), old_at(&["template"]).as_ref()),
        ("apps", kind @ ("Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet"))
        | ("batch", kind @ "Job")
        | ("", kind @ "ReplicationController") => {
            if old.is_none() && !matches!(kind, "StatefulSet" | "DaemonSet") {
                host_name(&mut out, &at, "Pod names and hostnames");
            }
            let path = ["spec", "template"];
            template(&mut out, &at.at(&path), old_at(&path).as_ref());
            if kind == "StatefulSet" && at.at(&["spec", "revisionHistoryLimit"]).int().is_some_and(|n| n < 0)
            {
                out.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
            }
        }
        ("batch", "CronJob") => {
            if old.is_none() {
                host_name(&mut out, &at, "Pod names and hostnames");
            }
            let path = ["spec", "jobTemplate", "spec", "template"];
            template(&mut out, &at.at(&path), old_at(&path).as_ref());
        }
        ("", "Service") => service(&mut out, &at),
        ("", "ServiceAccount") => service_account(&mut out, &at),
        ("", "Secret") => secret(&mut out, &at, old.as_ref()),
        ("", "PersistentVolumeClaim") => claim(&mut out, &at),
        ("", "PersistentVolume") => volume(&mut out, &at),
        ("discovery.k8s.io", "EndpointSlice") if at.get("addressType").str() == "FQDN" => {
            out.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
        }
        ("storage.k8s.io", "CSIDriver") => {
            let spec = at.get("spec");
            if !spec.get("tokenRequests").is_empty() && !spec.get("serviceAccountTokenInSecrets").has() {
                out.push("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes".to_owned());
            }
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

fn template(out: &mut Vec<String>, at: &At<'_>, old: Option<&At<'_>>) {
    if old.is_none_or(|o| o.value != at.value) {
        pod_warnings::collect(out, at);
    }
}

/// Names that become parts of host names.
fn host_name(out: &mut Vec<String>, at: &At<'_>, whose: &str) {
    let name = at.at(&["metadata", "name"]);
    let messages = format::dns_label(name.str());
    if !messages.is_empty() {
        out.push(format!(
            "metadata.name: this is used in {whose}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            messages.join(" ")
        ));
    }
}

fn service(out: &mut Vec<String>, at: &At<'_>) {
    let spec = at.get("spec");
    let named = spec.get("type").str() == "ExternalName";
    let headless = spec.get("clusterIP").str() == "None";
    let (ips, distribution) = (spec.get("externalIPs"), spec.get("trafficDistribution"));
    let hints = "service.kubernetes.io/topology-aware-hints";
    if at.at(&["metadata", "annotations"]).value.get(hints).is_some() {
        out.push(format!(
            "annotation {hints} is deprecated, please use service.kubernetes.io/topology-mode instead"
        ));
    }
    if headless {
        if !spec.get("loadBalancerIP").is_empty() {
            out.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if !ips.is_empty() {
            out.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if spec.get("sessionAffinity").str() != "None" {
            out.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    if !ips.is_empty() && !headless && !named {
        out.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned(),
        );
    }
    if named && !ips.is_empty() {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !named && !spec.get("externalName").is_empty() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if distribution.str() == "PreferClose" {
        out.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned(),
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
    storage_class_annotation(out, at);
    for list in ["requests", "limits"] {
        pod_warnings::fractional(out, &at.at(&["spec", "resources", list]));
    }
}

fn storage_class_annotation(out: &mut Vec<String>, at: &At<'_>) {
    let name = "volume.beta.kubernetes.io/storage-class";
    if at.at(&["metadata", "annotations"]).value.get(name).is_some() {
        out.push(format!(
            "metadata.annotations[{name}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
}

fn volume(out: &mut Vec<String>, at: &At<'_>) {
    storage_class_annotation(out, at);
    if at.at(&["spec", "persistentVolumeReclaimPolicy"]).str() == "Recycle" {
        out.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
    for term in at.at(&["spec", "nodeAffinity", "required", "nodeSelectorTerms"]).items() {
        pod_warnings::node_term(out, &term, false);
    }
}
