//! Admission: what a write needs from, and gets from, other objects of the cluster.
//!
//! Mirrors the plugins that are on by default in kube-apiserver 1.37. Order of a create: [`on_create`] (changes the
//! object), [`allocate`], validation, [`check_create`].

mod classes;
mod limits;
mod namespaces;
mod pod_security;
mod pods;
mod policies;
mod quotas;
mod roles;
mod services;

use serde_json::Value;

use crate::call::Call;
use crate::client::DeleteOptions;
use crate::cluster::Cluster;
use crate::resource::Resource;
use crate::status::ApiResult;
use crate::verbs::update::Target;

pub(crate) use services::{Allocations, Reserved};

/// Looks at and completes a new object.
///
/// # Errors
/// 403, 404 as the plugins'.
pub(crate) fn on_create(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    object: &mut Value,
) -> ApiResult<()> {
    namespaces::may_create(cluster, resource, namespace, object)?;
    if resource.custom.is_some() {
        return Ok(());
    }
    match (resource.group(), resource.kind()) {
        ("", "Pod") => {
            limits::fill(cluster, namespace, object);
            pods::complete(cluster, namespace, object)?;
            limits::check(cluster, resource, namespace, object)?;
        }
        ("", "PersistentVolumeClaim") => {
            classes::claim(cluster, object);
            limits::check(cluster, resource, namespace, object)?;
        }
        ("", "PersistentVolume") => classes::volume(object),
        ("", "Namespace") => namespaces::label(object),
        ("networking.k8s.io", "Ingress") => classes::ingress(cluster, object)?,
        ("rbac.authorization.k8s.io", _) => roles::confirm(cluster, call, resource, namespace, object, None)?,
        _ => {}
    }
    Ok(())
}

/// Looks at and completes a new state of an object.
///
/// # Errors
/// 403 as the plugins'.
pub(crate) fn on_update(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    object: &mut Value,
    old: &Value,
) -> ApiResult<()> {
    let resource = target.resource;
    if resource.custom.is_some() {
        return Ok(());
    }
    match (resource.group(), resource.kind()) {
        ("", "Namespace") => namespaces::keep(object, old, target.subresource),
        ("rbac.authorization.k8s.io", _) => {
            roles::confirm(cluster, call, resource, target.namespace, object, Some(old))?;
        }
        _ => {}
    }
    Ok(())
}

/// Gives a Service its addresses and ports, before validation. What is given is held until the result is dropped.
///
/// # Errors
/// 422 where an address or port cannot be had.
pub(crate) fn allocate(
    cluster: &Cluster,
    resource: &Resource,
    object: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> ApiResult<Option<Reserved>> {
    if resource.is("", "Service") {
        return services::allocate(cluster, object, old, dry_run).map(Some);
    }
    if resource.is("", "Pod") && old.is_none() {
        object["status"]["qosClass"] = Value::from(pods::quality_of_service(object));
    }
    Ok(None)
}

/// Looks at a valid new object before it is stored.
///
/// # Errors
/// 403 as the plugins'.
pub(crate) fn check_create(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> ApiResult<()> {
    if resource.is("", "Namespace") {
        pod_security::check_labels(object)?;
    }
    pod_security::check(cluster, call, resource, namespace, object)?;
    let name = crate::meta::text(object, "name");
    policies::check(cluster, call, Target { resource, subresource: "", namespace, name }, object, None)?;
    quotas::check(cluster, resource, namespace, object)
}

/// Looks at a valid new state before it is stored.
///
/// # Errors
/// 403 as the plugins'.
pub(crate) fn check_update(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    object: &Value,
    old: &Value,
) -> ApiResult<()> {
    let Target { resource, subresource, namespace, .. } = target;
    if resource.is("", "Namespace") {
        pod_security::check_labels(object)?;
    }
    // The Pods of a template are judged when it changes; a Pod's own change cannot make it worse.
    if subresource.is_empty() && !resource.is("", "Pod") && object["spec"] != old["spec"] {
        pod_security::check(cluster, call, resource, namespace, object)?;
    }
    policies::check(cluster, call, target, object, Some(old))
}

/// Looks at a deletion.
///
/// # Errors
/// 403 for namespaces that the cluster needs.
pub(crate) fn on_delete(
    call: &mut Call,
    resource: &Resource,
    name: &str,
    options: &DeleteOptions,
) -> ApiResult<()> {
    if resource.is("batch", "Job") && options.propagation.is_none() && options.orphan_dependents.is_none() {
        call.warn(
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
        );
    }
    namespaces::may_delete(resource, name)
}
