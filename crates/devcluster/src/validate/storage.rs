//! `PersistentVolumeClaims`, `PersistentVolumes`, `StorageClasses`.

use serde_json::Value;

use super::format;
use super::report::{At, Report};
use super::{affinity, container, volume as volumes};
use crate::fields::quantity::Quantity;

const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

fn access_modes(r: &mut Report, at: &At<'_>) {
    let (mut single, mut others) = (false, false);
    for mode in at.items() {
        if !MODES.contains(&mode.str()) {
            r.unsupported(&mode.named(at.path.clone()), MODES);
        } else if mode.str() == "ReadWriteOncePod" {
            single = true;
        } else {
            others = true;
        }
    }
    if single && others {
        r.forbidden(at, "may not use ReadWriteOncePod with other access modes");
    }
}

/// The spec of a claim.
pub(super) fn claim_spec(r: &mut Report, spec: &At<'_>) {
    let modes = spec.get("accessModes");
    if modes.is_empty() {
        r.required(&modes, "at least 1 access mode is required");
    }
    r.selector(&spec.get("selector"));
    access_modes(r, &modes);
    let size =
        spec.at(&["resources", "requests", "storage"]).named(format!("{}.resources[storage]", spec.path));
    match Quantity::parse(size.str()) {
        _ if !size.has() => r.required(&size, ""),
        Ok(amount) if amount.is_zero() || amount.is_negative() => {
            r.invalid(&size, "must be greater than zero");
        }
        _ => container::resource_amount(r, "storage", &size),
    }
    let class = spec.get("storageClassName");
    if !class.is_empty() {
        r.dns_subdomain(&class);
    }
    r.one_of_if_set(&spec.get("volumeMode"), &["Block", "Filesystem"]);
    let (source, reference) = (spec.get("dataSource"), spec.get("dataSourceRef"));
    if source.has() && reference.has() && source.value != reference.value {
        r.invalid_as(spec, &serde_json::json!({}), "must match dataSourceRef");
    }
    for source in ["dataSource", "dataSourceRef"] {
        let at = spec.get(source);
        if !at.has() {
            continue;
        }
        let kind = at.get("kind");
        for field in ["name", "kind"] {
            if at.get(field).is_empty() {
                r.required(&at.get(field), "");
            }
        }
        if at.get("apiGroup").is_empty() && kind.str() != "PersistentVolumeClaim" {
            let shown = Value::String(kind.str().to_owned());
            r.invalid_as(
                &at,
                &shown,
                "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            );
        }
    }
    let attributes = spec.get("volumeAttributesClassName");
    if !attributes.is_empty() {
        r.dns_subdomain(&attributes);
    }
}

pub(super) fn claim_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let (spec, was) = (at.get("spec"), old.get("spec"));
    let bound = at.at(&["status", "phase"]).str() == "Bound";
    let mut comparable = spec.value.clone();
    let annotation = |o: &At<'_>| {
        let notes = o.at(&["metadata", "annotations"]).value;
        notes.get("volume.beta.kubernetes.io/storage-class").cloned()
    };
    if let Some(map) = comparable.as_object_mut() {
        let mut take = |field: &str| match was.value.get(field) {
            Some(value) => drop(map.insert(field.to_owned(), value.clone())),
            None => drop(map.remove(field)),
        };
        if was.get("volumeName").is_empty() {
            take("volumeName");
        }
        if !was.get("storageClassName").has() && annotation(old).is_none() {
            take("storageClassName");
        }
        if bound {
            take("volumeAttributesClassName");
        }
        if bound
            && let Some(requests) =
                map.get_mut("resources").and_then(|r| r.get_mut("requests")).and_then(Value::as_object_mut)
            && let Some(size) = was.at(&["resources", "requests"]).value.get("storage")
        {
            requests.insert("storage".to_owned(), size.clone());
        }
    }
    if comparable != *was.value {
        r.forbidden(
            &spec,
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n",
        );
    }
    let size = |o: &At<'_>| Quantity::parse(o.at(&["resources", "requests", "storage"]).str()).ok();
    if let (Some(now), Some(before)) = (size(&spec), size(&was))
        && now < before
    {
        let capacity = Quantity::parse(at.at(&["status", "capacity", "storage"]).str()).ok();
        if now <= capacity.unwrap_or(Quantity::from_int(0)) {
            let path = spec.at(&["resources", "requests", "storage"]);
            r.forbidden(&path, "field can not be less than status.capacity");
        }
    }
    if spec.get("volumeMode").value != was.get("volumeMode").value {
        r.invalid(&spec.get("volumeMode").named("volumeMode".to_owned()), "field is immutable");
    }
}

/// Kinds of `PersistentVolumes` in the order in which they are looked at, and required fields beyond those of pods.
const SOURCES: &[(&str, &[&str])] = &[
    ("hostPath", &[]),
    ("gcePersistentDisk", &[]),
    ("awsElasticBlockStore", &[]),
    ("glusterfs", &[]),
    ("flocker", &[]),
    ("nfs", &[]),
    ("rbd", &[]),
    ("quobyte", &[]),
    ("cephfs", &[]),
    ("iscsi", &[]),
    ("cinder", &[]),
    ("fc", &[]),
    ("flexVolume", &[]),
    ("azureFile", &[]),
    ("vsphereVolume", &[]),
    ("photonPersistentDisk", &[]),
    ("portworxVolume", &[]),
    ("azureDisk", &[]),
    ("scaleIO", &[]),
    ("local", &["path"]),
    ("storageos", &[]),
    ("csi", &["volumeHandle"]),
];

pub(super) fn volume(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let (modes, capacity) = (spec.get("accessModes"), spec.get("capacity"));
    if modes.is_empty() {
        r.required(&modes, "");
    }
    access_modes(r, &modes);
    if capacity.is_empty() {
        r.required(&capacity, "");
    }
    if capacity.len() != 1 || capacity.value.get("storage").is_none() {
        let shown = if capacity.has() { capacity.value.clone() } else { Value::Null };
        r.causes.push(crate::status::Cause::not_supported(capacity.path.clone(), &shown, &["storage"]));
    }
    for (_, amount) in capacity.entries() {
        if Quantity::parse(amount.str()).is_ok_and(|q| q.is_zero() || q.is_negative()) {
            r.invalid(&amount, "must be greater than zero");
        }
    }
    r.one_of_if_set(&spec.get("persistentVolumeReclaimPolicy"), &["Delete", "Recycle", "Retain"]);
    let node = spec.at(&["nodeAffinity", "required"]);
    if spec.get("nodeAffinity").has() {
        if node.has() {
            affinity::node_selector(r, &node);
        } else {
            r.required(&node, "must specify required node constraints");
        }
    }
    sources(r, &spec, node.has());
    let class = spec.get("storageClassName");
    if !class.is_empty() {
        r.dns_subdomain(&class);
    }
    r.one_of_if_set(&spec.get("volumeMode"), &["Block", "Filesystem"]);
}

/// What a CSI volume names: its driver, and secrets by both their names.
fn csi(r: &mut Report, at: &At<'_>) {
    let driver = at.get("driver");
    if !driver.is_empty() {
        if driver.len() > 63 {
            r.too_long(&driver, 63);
        }
        r.all(&driver, format::dns_subdomain(&driver.str().to_lowercase()));
    }
    let secrets = [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ];
    for secret in secrets.map(|field| at.get(field)) {
        for field in ["name", "namespace"] {
            if secret.has() && secret.get(field).is_empty() {
                r.required(&secret.get(field), "");
            }
        }
    }
}

fn sources(r: &mut Report, spec: &At<'_>, on_node: bool) {
    let mut count = 0;
    for (kind, required) in SOURCES {
        let at = spec.get(kind);
        if !at.has() {
            continue;
        }
        count += 1;
        if count > 1 {
            r.forbidden(&at, "may not specify more than 1 volume type");
            continue;
        }
        volumes::one_source(r, kind, &at);
        for field in *required {
            if at.get(field).is_empty() {
                r.required(&at.get(field), "");
            }
        }
        if *kind == "csi" {
            csi(r, &at);
        }
        if *kind == "local" && !on_node {
            r.required(&spec.get("nodeAffinity"), "Local volume requires node affinity");
        }
    }
    if count == 0 {
        r.required(spec, "must specify a volume type");
    }
    let host = spec.at(&["hostPath", "path"]);
    if host.str() == "/" && spec.get("persistentVolumeReclaimPolicy").str() == "Recycle" {
        r.forbidden(
            &spec.get("persistentVolumeReclaimPolicy"),
            "may not be 'recycle' for a hostPath mount of '/'",
        );
    }
}

pub(super) fn volume_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let (spec, was) = (at.get("spec"), old.get("spec"));
    if SOURCES.iter().any(|(kind, _)| spec.get(kind).value != was.get(kind).value) {
        let path = spec.named("spec.persistentvolumesource".to_owned());
        r.forbidden(&path, "spec.persistentvolumesource is immutable after creation\n");
    }
    if spec.get("volumeMode").value != was.get("volumeMode").value {
        r.invalid(&spec.get("volumeMode").named("volumeMode".to_owned()), "field is immutable");
    }
}

pub(super) fn class(r: &mut Report, at: &At<'_>) {
    let provisioner = at.get("provisioner");
    if provisioner.is_empty() {
        r.required(&provisioner, "");
    } else {
        r.all(&provisioner, format::qualified_name(&provisioner.str().to_lowercase()));
    }
    for (key, value) in at.get("parameters").entries() {
        if key.is_empty() {
            r.invalid_as(
                &value.named("parameters".to_owned()),
                &Value::String(String::new()),
                "field must not be empty",
            );
        }
    }
    r.one_of_if_set(&at.get("reclaimPolicy"), &["Delete", "Retain"]);
    r.one_of(&at.get("volumeBindingMode"), &["Immediate", "WaitForFirstConsumer"]);
    topologies(r, &at.get("allowedTopologies"));
}

fn topologies(r: &mut Report, at: &At<'_>) {
    for term in at.items() {
        for one in term.get("matchLabelExpressions").items() {
            if one.get("values").is_empty() {
                r.required(&one.get("values"), "");
            }
            r.qualified_name(&one.get("key"));
        }
    }
}
