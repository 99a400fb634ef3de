//! Garbage collection by owner references: background, foreground, orphan (kube-controller-manager's
//! `garbagecollector`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::engine::{Engine, Key, What, gone_is_fine};
use super::objects::{finalizers, is_deleting, list, remove_finalizer, text};
use crate::client::DeleteOptions;
use crate::resource::{Gvk, Resource};
use crate::status::ApiResult;
use crate::store::Object;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

type Place = (Arc<str>, Box<str>, Box<str>);

/// Who owns whom.
#[derive(Default)]
pub(super) struct Owners {
    places: HashMap<Box<str>, Place>,
    /// Owners of each dependent.
    owners: HashMap<Box<str>, Vec<Box<str>>>,
    /// Dependents of each owner.
    dependents: HashMap<Box<str>, HashSet<Box<str>>>,
}

/// Whether a body may have owner references, without parsing it.
fn may_have_owners(object: &Object) -> bool {
    contains(&object.body, b"\"ownerReferences\"")
}

fn contains(body: &[u8], needle: &[u8]) -> bool {
    body.windows(needle.len()).any(|w| w == needle)
}

impl Owners {
    /// Takes in an object as it is now.
    pub(super) fn learn(&mut self, bucket: &Arc<str>, object: &Object) {
        let place = (Arc::clone(bucket), object.namespace.clone(), object.name.clone());
        self.places.insert(object.uid.clone(), place);
        if !may_have_owners(object) && !self.owners.contains_key(&object.uid) {
            return;
        }
        self.unlink(&object.uid);
        let value = object.value();
        let owners: Vec<Box<str>> =
            list(&value["metadata"], "ownerReferences").iter().map(|o| text(o, "uid").into()).collect();
        for owner in &owners {
            self.dependents.entry(owner.clone()).or_default().insert(object.uid.clone());
        }
        if !owners.is_empty() {
            self.owners.insert(object.uid.clone(), owners);
        }
    }

    fn unlink(&mut self, uid: &str) -> Vec<Box<str>> {
        let owners = self.owners.remove(uid).unwrap_or_default();
        for owner in &owners {
            if let Some(set) = self.dependents.get_mut(owner) {
                set.remove(uid);
                if set.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
        owners
    }

    /// Takes in that an object is gone; its dependents and owners have to be looked at.
    pub(super) fn forget(&mut self, uid: &str) -> Vec<Key> {
        self.places.remove(uid);
        let owners = self.unlink(uid);
        self.keys_of(uid).chain(owners.iter().filter_map(|o| self.key(o))).collect()
    }

    /// The dependents of an owner.
    pub(super) fn keys_of(&self, owner: &str) -> impl Iterator<Item = Key> {
        self.dependents.get(owner).into_iter().flatten().filter_map(|uid| self.key(uid))
    }

    fn key(&self, uid: &str) -> Option<Key> {
        self.places.get(uid).map(|(bucket, namespace, name)| key(bucket, namespace, name))
    }

    fn has_owners(&self, uid: &str) -> bool {
        self.owners.contains_key(uid)
    }
}

/// The key of an object of any kind.
pub(super) fn key(bucket: &str, namespace: &str, name: &str) -> Key {
    Key::new(What::Owned, &format!("{bucket} {namespace}"), name)
}

/// Whether the object is of interest: it has owners, or waits for what it owns.
pub(super) fn concerns(engine: &Engine, object: &Object) -> bool {
    engine.owners.has_owners(&object.uid)
        || (contains(&object.body, b"\"deletionTimestamp\"")
            && (contains(&object.body, b"\"orphan\"") || contains(&object.body, b"\"foregroundDeletion\"")))
}

impl Engine {
    fn of_bucket(&self, bucket: &str) -> Option<Arc<Resource>> {
        self.cluster.resources().into_iter().find(|r| &*r.bucket == bucket && !r.verbs.is_empty())
    }

    /// What a reference points at: `None` where its kind is not served, so that nothing can be said of it.
    fn owner_state(&self, reference: &Value, namespace: &str) -> Option<OwnerState> {
        let gvk = Gvk::from_api_version(text(reference, "apiVersion"), text(reference, "kind"));
        let resource = self
            .cluster
            .resources()
            .into_iter()
            .find(|r| r.gvk.group == gvk.group && r.gvk.kind == gvk.kind)?;
        let place = if resource.namespaced { namespace } else { "" };
        let live = self.controllers.get(&resource.bucket, place, text(reference, "name"));
        let Some(live) = live.filter(|o| *o.uid == *text(reference, "uid")) else {
            return Some(OwnerState::Absent);
        };
        let value = live.value();
        let waiting = is_deleting(&value) && finalizers(&value).any(|f| f == FOREGROUND);
        Some(if waiting { OwnerState::Waiting } else { OwnerState::Solid })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnerState {
    Solid,
    /// Being deleted in the foreground: it waits for its dependents.
    Waiting,
    Absent,
}

/// Brings one object in line with its owners and dependents.
pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some((bucket, namespace)) = key.namespace.split_once(' ') else { return Ok(()) };
    let (bucket, namespace) = (bucket.to_owned(), namespace.to_owned());
    let Some(resource) = engine.of_bucket(&bucket) else { return Ok(()) };
    let Some(stored) = engine.controllers.get(&bucket, &namespace, &key.name) else { return Ok(()) };
    let object = stored.value();
    if is_deleting(&object) {
        if finalizers(&object).any(|f| f == ORPHAN) {
            return orphan(engine, &resource, &stored).await;
        }
        if finalizers(&object).any(|f| f == FOREGROUND) {
            return foreground(engine, &resource, &stored).await;
        }
    }
    let references = list(&object["metadata"], "ownerReferences");
    if references.is_empty() {
        return Ok(());
    }
    let states: Vec<OwnerState> =
        references.iter().map(|r| engine.owner_state(r, &namespace).unwrap_or(OwnerState::Solid)).collect();
    if states.iter().all(|s| *s == OwnerState::Solid)
        || (is_deleting(&object) && !states.contains(&OwnerState::Solid))
    {
        return Ok(());
    }
    if states.contains(&OwnerState::Solid) {
        let gone: Vec<String> = references
            .iter()
            .zip(&states)
            .filter(|(_, s)| **s != OwnerState::Solid)
            .map(|(r, _)| text(r, "uid").to_owned())
            .collect();
        return drop_owners(engine, &resource, &namespace, &key.name, &gone).await;
    }
    let has_dependents = engine.owners.keys_of(&stored.uid).next().is_some();
    let policy =
        if states.contains(&OwnerState::Waiting) && has_dependents { "Foreground" } else { "Background" };
    let options = DeleteOptions {
        uid: Some(stored.uid.to_string()),
        propagation: Some(policy.to_owned()),
        ..DeleteOptions::default()
    };
    gone_is_fine(engine.controllers.delete(&resource, &namespace, &key.name, &options).await)
}

/// Takes owner references away.
async fn drop_owners(
    engine: &Engine,
    resource: &Resource,
    namespace: &str,
    name: &str,
    gone: &[String],
) -> ApiResult<()> {
    let change = |live: &mut Value| {
        let Some(all) = live["metadata"]["ownerReferences"].as_array_mut() else { return false };
        let before = all.len();
        all.retain(|r| !gone.iter().any(|uid| uid == text(r, "uid")));
        let (after, empty) = (all.len(), all.is_empty());
        if empty && let Some(meta) = live["metadata"].as_object_mut() {
            meta.remove("ownerReferences");
        }
        before != after
    };
    engine.controllers.modify(resource, "", namespace, name, change).await.map(drop)
}

async fn orphan(engine: &mut Engine, resource: &Resource, stored: &Object) -> ApiResult<()> {
    let dependents: Vec<Key> = engine.owners.keys_of(&stored.uid).collect();
    for dependent in dependents {
        let Some((bucket, namespace)) = dependent.namespace.split_once(' ') else { continue };
        let Some(kind) = engine.of_bucket(bucket) else { continue };
        drop_owners(engine, &kind, namespace, &dependent.name, &[stored.uid.to_string()]).await?;
    }
    let change = |live: &mut Value| remove_finalizer(live, ORPHAN);
    engine.controllers.modify(resource, "", &stored.namespace, &stored.name, change).await.map(drop)
}

async fn foreground(engine: &mut Engine, resource: &Resource, stored: &Object) -> ApiResult<()> {
    let mut blocked = false;
    let dependents: Vec<Key> = engine.owners.keys_of(&stored.uid).collect();
    for dependent in dependents {
        let Some((bucket, namespace)) = dependent.namespace.split_once(' ') else { continue };
        let Some(object) = engine.get(bucket, namespace, &dependent.name) else { continue };
        let reference =
            list(&object["metadata"], "ownerReferences").iter().find(|r| text(r, "uid") == &*stored.uid);
        blocked |= reference.is_some_and(|r| r["blockOwnerDeletion"] == true);
        if !is_deleting(&object) {
            engine.enqueue(dependent);
        }
    }
    if blocked {
        return Ok(());
    }
    let change = |live: &mut Value| remove_finalizer(live, FOREGROUND);
    engine.controllers.modify(resource, "", &stored.namespace, &stored.name, change).await.map(drop)
}
