//! Deleting objects: preconditions, finalizers, grace periods, propagation.

use std::sync::Arc;

use serde_json::{Value, json};

use super::list::Listed;
use super::{refused, strategy};
use crate::admission;
use crate::call::{Call, now};
use crate::client::DeleteOptions;
use crate::cluster::Cluster;
use crate::convert;
use crate::crd;
use crate::meta;
use crate::resource::Resource;
use crate::selectors::Selector;
use crate::status::{ApiError, ApiResult, Details};
use crate::store::{Encoded, Expect, Object, WriteError};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
/// Objects that one deletecollection may delete.
const MAX_COLLECTION: usize = 100_000;

/// What a delete did.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// It is gone; its last state.
    Gone(Value),
    /// It waits for finalizers or a grace period; its state.
    Pending(Value),
}

impl Deleted {
    /// The answer to the request: HTTP status and body.
    pub(crate) fn answer(self, resource: &Resource, options: &DeleteOptions) -> (u16, Value) {
        match self {
            Self::Pending(object) => {
                (if options.orphan_dependents == Some(false) { 202 } else { 200 }, object)
            }
            Self::Gone(object) if strategy::returns_deleted(resource) => (200, object),
            Self::Gone(object) => {
                let details = Details {
                    name: meta::text(&object, "name").to_owned(),
                    group: resource.group().to_owned(),
                    kind: resource.plural.to_string(),
                    uid: meta::text(&object, "uid").to_owned(),
                    ..Details::default()
                };
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                    "details": details.to_json(),
                });
                (200, status)
            }
        }
    }
}

/// Deletes one object.
///
/// # Errors
/// As the API server's.
pub(crate) async fn delete(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> ApiResult<Deleted> {
    for _ in 0..super::update::ATTEMPTS {
        let old = super::get(cluster, resource, namespace, name)?;
        check_preconditions(resource, &old, options)?;
        admission::on_delete(call, resource, name, options)?;
        let mut object = convert::read(resource, &old);
        let gone = !mark(resource, &mut object, options);
        let dry_run = options.dry_run || call.dry_run;
        let version = |object: &mut Value, version: u64| {
            meta::of(object).insert("resourceVersion".to_owned(), json!(version.to_string()));
        };
        if dry_run || (!gone && object == convert::read(resource, &old)) {
            version(&mut object, old.version);
            return Ok(if gone { Deleted::Gone(object) } else { Deleted::Pending(object) });
        }
        let put = if gone {
            None
        } else {
            let mut stored = object.clone();
            convert::to_storage(resource, &mut stored);
            Some(Encoded::new(&resource.bucket, &stored))
        };
        match cluster
            .store()
            .write(&resource.bucket, namespace, name, Expect::Version(old.version), put)
            .await
        {
            Ok(last) if gone => {
                version(&mut object, last.version);
                return Ok(Deleted::Gone(object));
            }
            Ok(stored) => return Ok(Deleted::Pending(convert::read(resource, &stored))),
            Err(WriteError::Changed) => {}
            Err(error) => return Err(refused(error, resource, name)),
        }
    }
    Err(super::modified(resource, name))
}

fn check_preconditions(resource: &Resource, old: &Arc<Object>, options: &DeleteOptions) -> ApiResult<()> {
    let conflict = |why: String| ApiError::conflict(resource.group(), resource.kind(), &old.name, &why);
    if let Some(uid) = options.uid.as_deref().filter(|uid| **uid != *old.uid) {
        return Err(conflict(format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            old.uid
        )));
    }
    if let Some(version) = options.resource_version.as_deref().filter(|v| **v != old.version.to_string()) {
        return Err(conflict(format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The object might have been modified",
            old.version
        )));
    }
    Ok(())
}

/// Marks an object as being deleted. False: nothing holds it, it can go at once.
fn mark(resource: &Resource, object: &mut Value, options: &DeleteOptions) -> bool {
    if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return crd::mark_deletion(object, &now());
    }
    let is_namespace = resource.is("", "Namespace");
    let was_deleting = meta::is_deleting(object);
    let grace = grace_period(resource, object, options);
    set_propagation(resource, object, options);
    let held = !meta::finalizers(object).is_empty()
        || (is_namespace && object["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty()));
    let graceful = resource.is("", "Pod");
    if !held && grace == 0 && !graceful {
        return false;
    }
    if is_namespace {
        if !was_deleting {
            meta::of(object).insert("deletionTimestamp".to_owned(), json!(now()));
            object["status"]["phase"] = json!("Terminating");
        }
        return true;
    }
    let shortened = object["metadata"]["deletionGracePeriodSeconds"].as_i64().is_some_and(|old| grace < old);
    if !was_deleting || shortened {
        let at = jiff::Timestamp::now().as_second().saturating_add(grace);
        let at = jiff::Timestamp::from_second(at).map_or_else(|_| now(), |t| t.to_string());
        let generation = object["metadata"]["generation"].as_i64().filter(|g| *g > 0);
        let meta = meta::of(object);
        meta.insert("deletionTimestamp".to_owned(), json!(at));
        meta.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
        if let Some(generation) = generation.filter(|_| !was_deleting) {
            meta.insert("generation".to_owned(), json!(generation + 1));
        }
    }
    // A Pod shows when it was deleted even where nothing holds it any longer.
    held || grace > 0
}

/// Seconds that the object may take to stop. Only Pods on a node take any.
fn grace_period(resource: &Resource, object: &Value, options: &DeleteOptions) -> i64 {
    if !resource.is("", "Pod") {
        return 0;
    }
    let scheduled = object["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
    let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if !scheduled || ended {
        return 0;
    }
    let wanted = options.grace_period_seconds.or(object["spec"]["terminationGracePeriodSeconds"].as_i64());
    match wanted.unwrap_or(30) {
        seconds if seconds < 0 => 1,
        seconds => seconds,
    }
}

fn set_propagation(resource: &Resource, object: &mut Value, options: &DeleteOptions) {
    let policy = options.propagation.as_deref().or_else(|| default_policy(resource, object));
    let mut finalizers = meta::finalizers(object);
    match policy {
        Some("Orphan") => {
            finalizers.retain(|f| f != FOREGROUND);
            add(&mut finalizers, ORPHAN);
        }
        Some("Foreground") => {
            finalizers.retain(|f| f != ORPHAN);
            add(&mut finalizers, FOREGROUND);
        }
        Some("Background") => finalizers.retain(|f| f != ORPHAN && f != FOREGROUND),
        _ => return,
    }
    let meta = meta::of(object);
    if finalizers.is_empty() {
        meta.remove("finalizers");
    } else {
        meta.insert("finalizers".to_owned(), json!(finalizers));
    }
}

fn add(finalizers: &mut Vec<String>, finalizer: &str) {
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
}

/// Old APIs leave their dependents behind unless told otherwise.
fn default_policy(resource: &Resource, object: &Value) -> Option<&'static str> {
    let set = meta::finalizers(object);
    if set.iter().any(|f| f == ORPHAN || f == FOREGROUND) {
        return None;
    }
    (resource.is("", "ReplicationController") || resource.is("batch", "Job")).then_some("Orphan")
}

/// Deletes all selected objects; returns them as they were.
///
/// # Errors
/// As the API server's, of the first object that cannot be deleted.
pub(crate) async fn delete_collection(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    selector: &Selector,
    options: &DeleteOptions,
) -> ApiResult<Listed> {
    let namespace_filter = resource.namespaced.then_some(namespace).filter(|ns| !ns.is_empty());
    let snapshot = cluster.store().list(&resource.bucket, namespace_filter);
    let objects: Vec<Arc<Object>> =
        snapshot.objects.into_iter().filter(|object| selector.matches(object)).take(MAX_COLLECTION).collect();
    for object in &objects {
        match delete(cluster, call, resource, &object.namespace, &object.name, options).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(Listed { objects, version: snapshot.version, continue_token: None, remaining: None })
}
