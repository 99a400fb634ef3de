//! Writes status, finalizers and conditions: nothing where nothing changed, one patch where something did.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use pilothouse_resources::condition::{self, Condition, Status};
use pilothouse_resources::meta::FINALIZER;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::feed::Watched;

/// A write that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {what} of {kind} `{namespace}/{name}`: {source}")]
pub(crate) struct Error {
    what: &'static str,
    kind: String,
    namespace: String,
    name: String,
    source: Box<kube::Error>,
}

impl Error {
    /// Whether the object is gone, which is no failure worth a retry.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(&*self.source, kube::Error::Api(status) if status.code == 404)
    }
}

/// The newest object of each name that this process wrote, until the watch brings it or a newer one. A pass that
/// starts from the store alone could miss what the pass before it wrote.
#[derive(Debug)]
pub(crate) struct Recent<K>(Mutex<HashMap<String, Arc<K>>>);

impl<K> Default for Recent<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Watched> Recent<K> {
    /// The newer of `stored` and what was written last.
    pub(crate) fn latest(&self, stored: Arc<K>) -> Arc<K> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&*stored);
        match written.get(&key) {
            Some(ours) if ours.uid() == stored.uid() && version(&**ours) > version(&*stored) => ours.clone(),
            Some(_) => {
                written.remove(&key);
                stored
            }
            None => stored,
        }
    }

    fn note(&self, object: Arc<K>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key(&*object), object);
    }

    /// Forgets an object that is gone.
    pub(crate) fn forget(&self, object: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(object));
    }
}

fn key<K: kube::Resource>(object: &K) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

/// Resource versions are numbers that grow (Kubernetes enhancement 5504).
fn version<K: kube::Resource>(object: &K) -> u64 {
    object.resource_version().and_then(|v| v.parse().ok()).unwrap_or_default()
}

/// Brings `object`'s status to `wanted` with one merge patch of the fields that differ; none if none does.
/// Returns the object as it is now.
pub(crate) async fn write<K: Watched + Serialize>(
    api: &Api<K>,
    recent: &Recent<K>,
    manager: &str,
    object: &Arc<K>,
    wanted: &impl Serialize,
) -> Result<Arc<K>, Error> {
    let fail = |source: kube::Error| failure("the status", &**object, source);
    let value = |v: Result<Value, serde_json::Error>| v.map_err(|e| fail(kube::Error::SerdeError(e)));
    let old = value(serde_json::to_value(&**object))?;
    let new = value(serde_json::to_value(wanted))?;
    let Some(patch) = difference(old.get("status"), &new) else { return Ok(object.clone()) };
    let parameters = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({ "status": patch }));
    let mut written = api.patch_status(&object.name_any(), &parameters, &patch).await.map_err(fail)?;
    written.managed_fields_mut().clear();
    let written = Arc::new(written);
    recent.note(written.clone());
    Ok(written)
}

/// The fields to change; a field that goes becomes null, as merge patches want.
fn difference(old: Option<&Value>, new: &Value) -> Option<Value> {
    let empty = Map::new();
    let old = old.and_then(Value::as_object).unwrap_or(&empty);
    let new = new.as_object().unwrap_or(&empty);
    let mut changed = Map::new();
    for (key, value) in new {
        match (old.get(key), value) {
            (Some(before), _) if before == value => {}
            // A merge patch merges objects: what is no longer in one has to be said.
            (Some(Value::Object(before)), Value::Object(now)) => {
                let mut merged = now.clone();
                for gone in before.keys().filter(|k| !now.contains_key(*k)) {
                    merged.insert(gone.clone(), Value::Null);
                }
                changed.insert(key.clone(), without_equal(before, merged));
            }
            _ => {
                changed.insert(key.clone(), value.clone());
            }
        }
    }
    for gone in old.keys().filter(|k| !new.contains_key(*k)) {
        changed.insert(gone.clone(), Value::Null);
    }
    (!changed.is_empty()).then_some(Value::Object(changed))
}

/// Nested objects are replaced as a whole below this level: their old keys are set to null first.
fn without_equal(before: &Map<String, Value>, mut now: Map<String, Value>) -> Value {
    now.retain(|key, value| before.get(key) != Some(value));
    for (key, value) in &mut now {
        if let (Some(Value::Object(old)), Value::Object(new)) = (before.get(key), &mut *value) {
            for gone in old.keys().filter(|k| !new.contains_key(*k)).cloned().collect::<Vec<_>>() {
                new.insert(gone, Value::Null);
            }
        }
    }
    Value::Object(now)
}

/// Adds or removes the finalizer; returns the object as it is now.
pub(crate) async fn set_finalizer<K: Watched + Serialize>(
    api: &Api<K>,
    recent: &Recent<K>,
    manager: &str,
    object: &Arc<K>,
    present: bool,
) -> Result<Arc<K>, Error> {
    let has = object.finalizers().iter().any(|f| f == FINALIZER);
    if has == present {
        return Ok(object.clone());
    }
    let mut finalizers: Vec<&str> =
        object.finalizers().iter().map(String::as_str).filter(|f| *f != FINALIZER).collect();
    if present {
        finalizers.push(FINALIZER);
    }
    // The resource version makes this fail where someone else changed the list meanwhile.
    let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version()}});
    let parameters = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
    let mut written = api
        .patch(&object.name_any(), &parameters, &Patch::Merge(patch))
        .await
        .map_err(|source| failure("the finalizers", &**object, source))?;
    written.managed_fields_mut().clear();
    let written = Arc::new(written);
    if present {
        recent.note(written.clone());
    } else {
        recent.forget(&written);
    }
    Ok(written)
}

fn failure<K: Watched>(what: &'static str, object: &K, source: kube::Error) -> Error {
    Error {
        what,
        kind: K::kind(&()).into_owned(),
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        source: Box::new(source),
    }
}

/// The conditions of one pass: each change carries the object's generation and one time.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    list: Vec<Condition>,
    generation: i64,
    now: Timestamp,
}

impl Conditions {
    /// The conditions that stand on an object of `generation`.
    pub(crate) fn new(list: Vec<Condition>, generation: i64) -> Self {
        Self { list, generation, now: Timestamp::now() }
    }

    /// Sets one.
    pub(crate) fn set(&mut self, type_: &str, status: Status, reason: &str, message: &str) {
        condition::set(&mut self.list, type_, status, reason, message, self.generation, self.now);
    }

    /// Removes one.
    pub(crate) fn remove(&mut self, type_: &str) {
        condition::remove(&mut self.list, type_);
    }

    /// One of them.
    pub(crate) fn get(&self, type_: &str) -> Option<&Condition> {
        condition::find(&self.list, type_)
    }

    /// Whether one is there and `True`.
    pub(crate) fn is_true(&self, type_: &str) -> bool {
        condition::is_true(&self.list, type_)
    }

    /// The list for the status.
    pub(crate) fn into_list(self) -> Vec<Condition> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_patched() {
        let check = |old: Value, new: Value, expected: Option<Value>| {
            assert_eq!(difference(Some(&old), &new), expected, "{old} -> {new}");
        };
        check(json!({"a": 1}), json!({"a": 1}), None);
        check(json!({"a": 1, "b": 2}), json!({"a": 3}), Some(json!({"a": 3, "b": null})));
        check(
            json!({"artifact": {"metadata": {"x": "1", "y": "2"}, "size": 1}}),
            json!({"artifact": {"metadata": {"x": "1"}, "size": 1}}),
            Some(json!({"artifact": {"metadata": {"x": "1", "y": null}}})),
        );
        check(json!({"list": [1, 2]}), json!({"list": [2]}), Some(json!({"list": [2]})));
        assert_eq!(difference(None, &json!({"a": 1})), Some(json!({"a": 1})));
    }
}
