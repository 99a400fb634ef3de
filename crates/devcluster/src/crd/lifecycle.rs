//! What the server itself writes into a `CustomResourceDefinition`: defaults, stored versions, the end.

use serde_json::{Map, Value, json};

use super::definition::{flag, list, text};

/// Fills in `SetDefaults_CustomResourceDefinition`.
pub(super) fn default(definition: &mut Value) {
    let Some(spec) = definition.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let names = spec.entry("names").or_insert_with(|| json!({}));
    if let Some(names) = names.as_object_mut() {
        let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let empty = |names: &Map<String, Value>, key: &str| {
            names.get(key).and_then(Value::as_str).unwrap_or_default().is_empty()
        };
        if !kind.is_empty() && empty(names, "singular") {
            names.insert("singular".into(), kind.to_lowercase().into());
        }
        if !kind.is_empty() && empty(names, "listKind") {
            names.insert("listKind".into(), format!("{kind}List").into());
        }
    }
    let conversion = spec.entry("conversion").or_insert(Value::Null);
    if conversion.is_null() {
        *conversion = json!({"strategy": "None"});
    }
    if let Some(service) =
        conversion.pointer_mut("/webhook/clientConfig/service").and_then(Value::as_object_mut)
    {
        service.entry("port").or_insert_with(|| json!(443));
    }
    let storage = storage_version(definition);
    if let (Some(storage), Some(status)) =
        (storage, definition.get_mut("status").and_then(Value::as_object_mut))
        && status.get("storedVersions").and_then(Value::as_array).is_none_or(Vec::is_empty)
    {
        status.insert("storedVersions".into(), json!([storage]));
    }
}

fn storage_version(definition: &Value) -> Option<String> {
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array)?;
    versions.iter().find(|v| flag(v, "storage")).map(|v| text(v, "name").to_owned())
}

/// The status of a new definition, or that of `old` with a new storage version added.
pub(super) fn prepare(definition: &mut Value, old: Option<&Value>) {
    let storage = storage_version(definition);
    let mut status = match old.and_then(|o| o.get("status")) {
        Some(status) => status.clone(),
        None => {
            json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": null})
        }
    };
    if let (Some(storage), Some(status)) = (storage, status.as_object_mut()) {
        let stored = status.entry("storedVersions").or_insert(Value::Null);
        if stored.is_null() {
            *stored = json!([]);
        }
        if let Some(stored) = stored.as_array_mut()
            && !stored.iter().any(|v| v.as_str() == Some(&storage))
        {
            stored.push(storage.into());
        }
    }
    if let Some(definition) = definition.as_object_mut() {
        definition.insert("status".into(), status);
    }
}

/// The finalizer that keeps a definition until its instances are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Sets deletion time, finalizer and `Terminating`. False: it may go at once.
pub(super) fn mark_deletion(definition: &mut Value, now: &str) -> bool {
    if definition["metadata"]["deletionTimestamp"].is_string() {
        return !list(&definition["metadata"], "finalizers").is_empty();
    }
    definition["metadata"]["deletionTimestamp"] = json!(now);
    let mut finalizers = list(&definition["metadata"], "finalizers").to_vec();
    finalizers.push(json!(CLEANUP));
    definition["metadata"]["finalizers"] = json!(finalizers);
    let mut conditions =
        definition.pointer("/status/conditions").and_then(Value::as_array).cloned().unwrap_or_default();
    conditions.retain(|c| text(c, "type") != "Terminating");
    conditions.push(json!({
        "type": "Terminating", "status": "True", "lastTransitionTime": now, "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }));
    definition["status"]["conditions"] = json!(conditions);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(storage: &str) -> Value {
        json!({"metadata": {"name": "things.a.example.com"}, "spec": {"versions": [{"name": storage, "storage": true}]},
            "status": {"storedVersions": ["v1"]}})
    }

    #[test]
    fn a_definition_gets_its_names() {
        let mut value = json!({"spec": {"names": {"kind": "Thing", "plural": "things"}}});
        default(&mut value);
        assert_eq!(value["spec"]["names"]["singular"], "thing");
        assert_eq!(value["spec"]["names"]["listKind"], "ThingList");
        assert_eq!(value["spec"]["conversion"], json!({"strategy": "None"}));
    }

    #[test]
    fn the_status_keeps_track_of_storage_versions() {
        let mut new = definition("v2");
        prepare(&mut new, None);
        assert_eq!(
            new["status"],
            json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": ["v2"]})
        );
        let old = definition("v1");
        prepare(&mut new, Some(&old));
        assert_eq!(new["status"]["storedVersions"], json!(["v1", "v2"]));
    }
}
