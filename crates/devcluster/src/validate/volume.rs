//! Volumes of pods, mounts and devices of containers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::container;
use super::report::{At, Report};

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// Kinds of volumes in the order in which they are looked at.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Fields that must be there, for the kinds that need nothing else.
const REQUIRED: &[(&str, &[&str])] = &[
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("glusterfs", &["endpoints", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("storageos", &["volumeName"]),
];

/// Validates volumes; gives those that are in order, by name.
pub(super) fn list(r: &mut Report, at: &At<'_>) -> BTreeMap<String, Value> {
    let mut valid = BTreeMap::new();
    for volume in at.items() {
        let before = r.causes.len();
        source(r, &volume);
        let name = volume.get("name");
        if name.is_empty() {
            r.required(&name, "");
        } else {
            r.dns_label(&name);
        }
        if valid.contains_key(name.str()) {
            r.duplicate(&name);
        }
        if r.causes.len() == before {
            valid.insert(name.str().to_owned(), volume.value.clone());
        }
    }
    valid
}

fn source(r: &mut Report, volume: &At<'_>) {
    let mut count = 0;
    for kind in SOURCES {
        let at = volume.get(kind);
        if !at.has() {
            continue;
        }
        count += 1;
        if count > 1 {
            r.forbidden(&at, "may not specify more than 1 volume type");
        } else {
            one_source(r, kind, &at);
        }
    }
    if count == 0 {
        r.required(volume, "must specify a volume type");
    }
}

/// A source alone, also of `PersistentVolumes`.
pub(super) fn one_source(r: &mut Report, kind: &str, at: &At<'_>) {
    if let Some((_, fields)) = REQUIRED.iter().find(|(k, _)| *k == kind) {
        for field in *fields {
            if at.get(field).is_empty() {
                r.required(&at.get(field), "");
            }
        }
    }
    match kind {
        "emptyDir" => {
            let size = at.get("sizeLimit");
            if size.str().starts_with('-') {
                r.forbidden(&size, "SizeLimit field must be a valid resource quantity");
            }
        }
        "hostPath" => host_path(r, at),
        "secret" | "configMap" => {
            let name = at.get(if kind == "secret" { "secretName" } else { "name" });
            if name.is_empty() {
                r.required(&name, "");
            }
            mode(r, &at.get("defaultMode"));
            for item in at.get("items").items() {
                key_to_path(r, &item);
            }
        }
        "nfs" => {
            for field in ["server", "path"] {
                if at.get(field).is_empty() {
                    r.required(&at.get(field), "");
                }
            }
            if !at.get("path").str().starts_with('/') {
                r.invalid_text(&at.get("path"), "must be an absolute path");
            }
        }
        "downwardAPI" => {
            mode(r, &at.get("defaultMode"));
            for item in at.get("items").items() {
                downward_item(r, &item.named(at.path.clone()));
            }
        }
        "projected" => projected(r, at),
        "csi" if at.get("driver").is_empty() => {
            r.required(&at.get("driver"), "");
        }
        "ephemeral" => {
            let template = at.get("volumeClaimTemplate");
            if template.has() {
                super::storage::claim_spec(r, &template.get("spec"));
            } else {
                r.required(&template, "");
            }
        }
        "image" if at.get("reference").is_empty() => {
            r.required(&at.get("reference"), "");
        }
        _ => {}
    }
}

fn mode(r: &mut Report, at: &At<'_>) {
    if at.int().is_some_and(|n| !(0..=0o777).contains(&n)) {
        r.invalid(at, MODE);
    }
}

fn host_path(r: &mut Report, at: &At<'_>) {
    let path = at.get("path");
    if path.is_empty() {
        return r.required(&path, "");
    }
    no_backsteps(r, &path);
    let kinds =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    r.one_of_if_set(&at.get("type"), &kinds);
}

fn no_backsteps(r: &mut Report, at: &At<'_>) {
    if at.str().split('/').any(|part| part == "..") {
        r.invalid(at, "must not contain '..'");
    }
}

pub(super) fn descending_path(r: &mut Report, at: &At<'_>) {
    if at.str().starts_with('/') {
        r.invalid(at, "must be a relative path");
    }
    no_backsteps(r, at);
}

/// Relative, without steps back, and not beginning with two dots.
fn local_path(r: &mut Report, at: &At<'_>) {
    descending_path(r, at);
    let text = at.str();
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        r.invalid(at, "must not start with '..'");
    }
}

fn key_to_path(r: &mut Report, at: &At<'_>) {
    for field in ["key", "path"] {
        if at.get(field).is_empty() {
            r.required(&at.get(field), "");
        }
    }
    local_path(r, &at.get("path"));
    mode(r, &at.get("mode"));
}

fn downward_item(r: &mut Report, at: &At<'_>) {
    let (path, field, resource) = (at.get("path"), at.get("fieldRef"), at.get("resourceFieldRef"));
    if path.is_empty() {
        r.required(&path, "");
    }
    local_path(r, &path);
    if field.has() {
        container::field_ref(r, &field, container::VOLUME_FIELDS);
        if resource.has() {
            r.invalid_as(
                at,
                &Value::String("resource".to_owned()),
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            );
        }
    } else if resource.has() {
        container::resource_ref(r, &resource, true);
    } else {
        r.required(at, "one of fieldRef and resourceFieldRef is required");
    }
    mode(r, &at.get("mode"));
}

fn projected(r: &mut Report, at: &At<'_>) {
    mode(r, &at.get("defaultMode"));
    let mut paths = BTreeSet::new();
    for source in at.get("sources").items() {
        let mut count = 0;
        for kind in ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle"] {
            let part = source.get(kind);
            if !part.has() {
                continue;
            }
            count += 1;
            projected_part(r, at, kind, &part, &mut paths);
        }
        if count > 1 {
            r.forbidden(&source, "may not specify more than 1 volume type per source");
        }
    }
}

fn projected_part(r: &mut Report, at: &At<'_>, kind: &str, part: &At<'_>, paths: &mut BTreeSet<String>) {
    match kind {
        "secret" | "configMap" | "downwardAPI" => {
            if kind != "downwardAPI" && part.get("name").is_empty() {
                r.required(&part.get("name"), "");
            }
            for item in part.get("items").items() {
                if kind == "downwardAPI" {
                    downward_item(r, &item.named(part.path.clone()));
                } else {
                    key_to_path(r, &item);
                }
                let path = item.get("path").str();
                if !path.is_empty() && !paths.insert(path.to_owned()) {
                    let shown = if kind == "downwardAPI" { path } else { part.get("name").str() };
                    r.invalid_as(at, &Value::String(shown.to_owned()), "conflicting duplicate paths");
                }
            }
        }
        "serviceAccountToken" => {
            let seconds = part.get("expirationSeconds");
            match seconds.int() {
                None => r.required(&seconds, ""),
                Some(n) if n < 600 => r.invalid(&seconds, "may not specify a duration less than 10 minutes"),
                Some(n) if n > 1 << 32 => {
                    r.invalid(&seconds, "may not specify a duration larger than 2^32 seconds");
                }
                Some(_) => {}
            }
            let path = part.get("path").named(format!("{}.path", at.path));
            if path.is_empty() {
                r.required(&path, "");
            } else {
                local_path(r, &path);
            }
        }
        _ => {
            if part.get("path").is_empty() {
                r.required(&part.get("path"), "");
            }
        }
    }
}

pub(super) fn mounts(r: &mut Report, container: &At<'_>, volumes: &BTreeMap<String, Value>) {
    let at = container.get("volumeMounts");
    let devices = container.get("volumeDevices").items();
    let mut paths = BTreeSet::new();
    for mount in at.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        if name.is_empty() {
            r.required(&name, "");
        }
        if !volumes.contains_key(name.str()) {
            r.not_found(&name);
        }
        if path.is_empty() {
            r.required(&path, "");
        }
        if !paths.insert(path.str().to_owned()) {
            r.invalid(&path, "must be unique");
        }
        if devices.iter().any(|d| d.get("name").str() == name.str()) {
            r.invalid(&name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|d| d.get("devicePath").str() == path.str()) {
            r.invalid(&path, "must not already exist as a path in volumeDevices");
        }
        // Upstream names the list, not the item, for these.
        let field = |name: &str| mount.get(name).named(format!("{}.{name}", at.path));
        if !mount.get("subPath").is_empty() {
            descending_path(r, &field("subPath"));
        }
        if !mount.get("subPathExpr").is_empty() {
            if !mount.get("subPath").is_empty() {
                r.invalid(&mount.get("subPathExpr"), "subPathExpr and subPath are mutually exclusive");
            }
            descending_path(r, &field("subPathExpr"));
        }
        let propagation = field("mountPropagation");
        r.one_of_if_set(&propagation, &["Bidirectional", "HostToContainer", "None"]);
        if propagation.str() == "Bidirectional" && !container.at(&["securityContext", "privileged"]).is_true()
        {
            r.forbidden(
                &propagation,
                "Bidirectional mount propagation is available only to privileged containers",
            );
        }
    }
}

pub(super) fn devices(r: &mut Report, container: &At<'_>, volumes: &BTreeMap<String, Value>) {
    let mounts = container.get("volumeMounts").items();
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for device in container.get("volumeDevices").items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        if name.is_empty() {
            r.required(&name, "");
        }
        if names.contains(name.str()) {
            r.invalid(&name, "must be unique");
        }
        match volumes.get(name.str()) {
            None => r.not_found(&name),
            Some(volume)
                if volume.get("persistentVolumeClaim").is_none() && volume.get("ephemeral").is_none() =>
            {
                let text =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                r.invalid(&name, text);
            }
            Some(_) => {}
        }
        if path.is_empty() {
            r.required(&path, "");
        }
        if paths.contains(path.str()) {
            r.invalid(&path, "must be unique");
        }
        if path.str().split('/').any(|part| part == "..") {
            r.invalid(&path, "can not contain backsteps ('..')");
        } else {
            paths.insert(path.str().to_owned());
        }
        if mounts.iter().any(|m| m.get("name").str() == name.str()) {
            r.invalid(&name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|m| m.get("mountPath").str() == path.str()) {
            r.invalid(&path, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name.str().to_owned());
        }
    }
}
