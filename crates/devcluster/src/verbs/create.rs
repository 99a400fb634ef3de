//! Creating objects.

use serde_json::Value;

use super::{refused, strategy};
use crate::admission;
use crate::apply::{self, Writer};
use crate::call::{Call, Stored, now};
use crate::cluster::Cluster;
use crate::convert;
use crate::crd;
use crate::defaults;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause};
use crate::store::{Encoded, Expect, WriteError};
use crate::validate;

/// Attempts to find a free generated name.
const NAME_ATTEMPTS: usize = 8;
/// etcd's limit of a request.
pub(crate) const MAX_OBJECT: usize = 3 << 19;

/// What is already done with the object that is to be created.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Decoded from a body.
    Body,
    /// Merged by server-side apply, which has tracked its fields.
    Applied,
}

/// Creates an object that has been decoded.
///
/// # Errors
/// As the API server's: 400, 403, 404 (namespace), 409, 422, 500.
pub(crate) async fn create(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
    origin: Origin,
) -> ApiResult<Stored> {
    let versioned = meta::text(&object, "resourceVersion").to_owned();
    meta::match_namespace(&mut object, resource, namespace)?;
    // Defaults make a Job without labels share its template's.
    let shares_labels = object["metadata"]["labels"].as_object().is_none_or(serde_json::Map::is_empty);
    set_defaults(resource, &mut object);
    if origin == Origin::Body {
        let now = now();
        let writer = Writer { manager: &call.manager, subresource: "", now: &now, force: false };
        apply::track(resource, None, &mut object, &writer);
    }
    admission::on_create(cluster, call, resource, namespace, &mut object)?;
    let mut generated = false;
    for _ in 0..NAME_ATTEMPTS {
        meta::fill_new(&mut object);
        if generated {
            meta::of(&mut object).remove("name");
        }
        generated |= meta::generate_name(&mut object);
        let new = New { object: &object, versioned: &versioned, shares_labels };
        let stored = store(cluster, call, resource, namespace, &new).await;
        match stored {
            Err(error) if error.is_already_exists() && generated => {}
            other => return other,
        }
    }
    let mut error = ApiError::already_exists(resource.group(), &resource.plural, meta::text(&object, "name"));
    error.message.push_str(", the server was not able to generate a unique name for the object");
    Err(error)
}

/// Fills in the static defaults of an object.
pub(crate) fn set_defaults(resource: &Resource, object: &mut Value) {
    if let Some(served) = &resource.custom {
        served.normalise(object);
    } else if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        defaults::apply(&resource.gvk, object);
        crd::default_definition(object);
    } else {
        defaults::apply(&resource.gvk, object);
    }
}

/// A new object, ready but for what differs between attempts to name it.
struct New<'a> {
    object: &'a Value,
    /// The resource version that the client gave.
    versioned: &'a str,
    /// The client gave no labels.
    shares_labels: bool,
}

async fn store(
    cluster: &Cluster,
    call: &mut Call,
    resource: &Resource,
    namespace: &str,
    new: &New<'_>,
) -> ApiResult<Stored> {
    let versioned = new.versioned;
    let mut object = new.object.clone();
    if resource.custom.as_ref().is_some_and(|served| served.terminating) {
        let why = "create not allowed while custom resource definition is terminating";
        let name = meta::text(&object, "name");
        return Err(ApiError::forbidden(resource.group(), &resource.plural, name, why));
    }
    strategy::prepare_new(resource, &mut object, new.shares_labels);
    let _reserved = admission::allocate(cluster, resource, &mut object, None, call.dry_run)?;
    let causes = check_new(resource, &object);
    let name = meta::text(&object, "name").to_owned();
    if !causes.is_empty() {
        return Err(ApiError::invalid(resource.internal_group(), resource.kind(), &name, causes));
    }
    for text in warnings(resource, &object, None) {
        call.warn(text);
    }
    admission::check_create(cluster, call, resource, namespace, &object)?;
    let existing = || exists_error(cluster, resource, namespace, &name);
    if call.dry_run {
        return match existing() {
            Some(error) => Err(error),
            None => Ok(Stored::Dry(object)),
        };
    }
    if !versioned.is_empty() && versioned != "0" {
        return Err(ApiError::plain_internal("resourceVersion should not be set on objects to be created"));
    }
    convert::to_storage(resource, &mut object);
    let encoded = Encoded::new(&resource.bucket, &object);
    check_size(&encoded)?;
    match cluster.store().write(&resource.bucket, namespace, &name, Expect::Absent, Some(encoded)).await {
        Ok(object) => Ok(Stored::Object(object)),
        Err(WriteError::Exists) => {
            Err(existing().unwrap_or_else(|| refused(WriteError::Exists, resource, &name)))
        }
        Err(error) => Err(refused(error, resource, &name)),
    }
}

/// Refuses what etcd would refuse for its size.
pub(crate) fn check_size(encoded: &Encoded) -> ApiResult<()> {
    if encoded.len() > MAX_OBJECT {
        return Err(ApiError::new(413, "RequestEntityTooLarge", "etcdserver: request is too large"));
    }
    Ok(())
}

fn exists_error(cluster: &Cluster, resource: &Resource, namespace: &str, name: &str) -> Option<ApiError> {
    let old = cluster.store().get(&resource.bucket, namespace, name)?;
    let mut error = ApiError::already_exists(resource.group(), &resource.plural, name);
    if meta::is_deleting(&old.value()) {
        error.message = format!("object is being deleted: {}", error.message);
    }
    Some(error)
}

fn check_new(resource: &Resource, object: &Value) -> Vec<Cause> {
    let mut causes = meta::validate_new(object, resource);
    causes.extend(meta::unqualified_finalizers(object, resource));
    if resource.is("", "Namespace") {
        causes.extend(meta::namespace_finalizers(object));
    }
    match &resource.custom {
        Some(served) => causes.extend(served.validate(object, None, "")),
        None if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") => {
            causes.extend(crd::validate_definition(object, None));
        }
        None => causes.extend(validate::create(&resource.gvk, object)),
    }
    causes
}

/// `Warning` texts of a create or update.
pub(crate) fn warnings(resource: &Resource, object: &Value, old: Option<&Value>) -> Vec<String> {
    match &resource.custom {
        Some(_) => Vec::new(),
        None if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") => {
            crd::definition_warnings(object, old)
        }
        None => validate::warnings(&resource.gvk, object, old),
    }
}
