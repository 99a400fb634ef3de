//! Pods: service account, tolerations, priority, quality of service.

use rand::Rng;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::meta;
use crate::status::{ApiError, ApiResult, go_quote};

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// `ServiceAccount`, `Priority`, `DefaultTolerationSeconds`.
pub(super) fn complete(cluster: &Cluster, namespace: &str, object: &mut Value) -> ApiResult<()> {
    if object["metadata"]["annotations"].get(MIRROR).is_none() {
        service_account(cluster, namespace, object)?;
    }
    priority(cluster, object)?;
    tolerations(object);
    runtime_class(cluster, object)
}

fn forbidden(object: &Value, why: &str) -> ApiError {
    ApiError::forbidden("", "pods", meta::text(object, "name"), why)
}

fn service_account(cluster: &Cluster, namespace: &str, object: &mut Value) -> ApiResult<()> {
    let spec = &mut object["spec"];
    let named = spec["serviceAccountName"].as_str().filter(|n| !n.is_empty());
    let name =
        named.or(spec["serviceAccount"].as_str().filter(|n| !n.is_empty())).unwrap_or("default").to_owned();
    spec["serviceAccountName"] = json!(name);
    spec["serviceAccount"] = json!(name);
    let Some(account) = cluster.store().get("serviceaccounts", namespace, &name) else {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount {} not found",
            go_quote(&name)
        );
        return Err(forbidden(object, &why));
    };
    let account = account.value();
    let spec = &mut object["spec"];
    let mounts = spec["automountServiceAccountToken"]
        .as_bool()
        .or(account["automountServiceAccountToken"].as_bool())
        .unwrap_or(true);
    if mounts {
        mount_token(spec);
    }
    let none = spec["imagePullSecrets"].as_array().is_none_or(Vec::is_empty);
    if none && account["imagePullSecrets"].as_array().is_some_and(|s| !s.is_empty()) {
        spec["imagePullSecrets"] = account["imagePullSecrets"].clone();
    }
    Ok(())
}

/// Mounts the projected token volume into every container that mounts nothing there.
fn mount_token(spec: &mut Value) {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let existing = spec["volumes"].as_array().into_iter().flatten().find_map(|volume| {
        let name = volume["name"].as_str()?;
        name.starts_with("kube-api-access-").then(|| name.to_owned())
    });
    let name = existing.clone().unwrap_or_else(|| {
        let mut random = rand::rng();
        let suffix: String =
            (0..5).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        format!("kube-api-access-{suffix}")
    });
    let mut used = false;
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            let mounts = container["volumeMounts"].as_array().into_iter().flatten();
            if mounts.clone().any(|mount| mount["mountPath"] == TOKEN_PATH) {
                continue;
            }
            let mut mounts: Vec<Value> = mounts.cloned().collect();
            mounts.push(json!({ "name": name, "readOnly": true, "mountPath": TOKEN_PATH }));
            container["volumeMounts"] = Value::Array(mounts);
            used = true;
        }
    }
    // Kubernetes adds no keys for lists that were not there.
    if let Some(map) = spec.as_object_mut() {
        map.retain(|key, value| !(key == "initContainers" && value.is_null()));
    }
    if !used || existing.is_some() {
        return;
    }
    let mut volumes: Vec<Value> = spec["volumes"].as_array().cloned().unwrap_or_default();
    volumes.push(json!({ "name": name, "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
        { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        { "downwardAPI": { "items": [
            { "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
    ] } }));
    spec["volumes"] = Value::Array(volumes);
}

fn priority(cluster: &Cluster, object: &mut Value) -> ApiResult<()> {
    let class = object["spec"]["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let (value, policy, name) = if class.is_empty() {
        match global_default(cluster) {
            Some((name, value, policy)) => (value, policy, Some(name)),
            None => (0, "PreemptLowerPriority".to_owned(), None),
        }
    } else {
        let Some(found) = cluster.store().get("scheduling.k8s.io/priorityclasses", "", &class) else {
            return Err(forbidden(object, &format!("no PriorityClass with name {class} was found")));
        };
        let (value, policy) = read_class(&found.value());
        (value, policy, None)
    };
    if let Some(given) = object["spec"]["priority"].as_i64().filter(|given| *given != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(forbidden(object, &why));
    }
    let given = object["spec"]["preemptionPolicy"].as_str().filter(|given| *given != policy);
    if let Some(given) = given {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(forbidden(object, &why));
    }
    let spec = &mut object["spec"];
    if let Some(name) = name {
        spec["priorityClassName"] = json!(name);
    }
    spec["priority"] = json!(value);
    if spec["preemptionPolicy"].is_null() {
        spec["preemptionPolicy"] = json!(policy);
    }
    Ok(())
}

fn read_class(class: &Value) -> (i64, String) {
    let policy = class["preemptionPolicy"].as_str().unwrap_or("PreemptLowerPriority");
    (class["value"].as_i64().unwrap_or(0), policy.to_owned())
}

/// The global default class of the lowest value.
fn global_default(cluster: &Cluster) -> Option<(String, i64, String)> {
    let classes = cluster.store().list("scheduling.k8s.io/priorityclasses", None).objects;
    let defaults = classes.iter().map(|class| class.value()).filter(|class| class["globalDefault"] == true);
    defaults
        .map(|class| {
            let (value, policy) = read_class(&class);
            (meta::text(&class, "name").to_owned(), value, policy)
        })
        .min_by_key(|(_, value, _)| *value)
}

fn tolerations(object: &mut Value) {
    let mut list: Vec<Value> = object["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = list.iter().any(|toleration| {
            let names = toleration["key"].as_str().unwrap_or_default();
            let effect = toleration["effect"].as_str().unwrap_or_default();
            (names == key || names.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            list.push(
                json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }),
            );
        }
    }
    object["spec"]["tolerations"] = Value::Array(list);
}

/// `RuntimeClass`: overhead and scheduling of the class.
fn runtime_class(cluster: &Cluster, object: &mut Value) -> ApiResult<()> {
    let Some(name) = object["spec"]["runtimeClassName"].as_str().map(str::to_owned) else {
        if object["spec"]["overhead"].is_object() {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return Err(forbidden(object, why));
        }
        return Ok(());
    };
    let Some(class) = cluster.store().get("node.k8s.io/runtimeclasses", "", &name) else {
        let why = format!("pod rejected: RuntimeClass {} not found", go_quote(&name));
        return Err(forbidden(object, &why));
    };
    let class = class.value();
    if let Some(overhead) = class["overhead"].get("podFixed") {
        object["spec"]["overhead"] = overhead.clone();
    }
    for (key, value) in class["scheduling"]["nodeSelector"].as_object().into_iter().flatten() {
        object["spec"]["nodeSelector"][key] = value.clone();
    }
    Ok(())
}

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub(super) fn quality_of_service(pod: &Value) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    for list in ["initContainers", "containers"] {
        for container in pod["spec"][list].as_array().into_iter().flatten() {
            let resources = &container["resources"];
            let amount = |kind: &str, name: &str| {
                resources[kind][name].as_str().filter(|text| !matches!(*text, "0" | "0m")).map(str::to_owned)
            };
            for name in ["cpu", "memory"] {
                let (request, limit) = (amount("requests", name), amount("limits", name));
                any |= request.is_some() || limit.is_some();
                guaranteed &= limit.is_some() && (request.is_none() || request == limit);
            }
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
