//! Replacing objects: PUT, and the common end of PATCH.

use std::sync::Arc;

use serde_json::{Value, json};

use super::create::{self, Origin, check_size};
use super::{modified, refused, strategy};
use crate::admission;
use crate::apply::{self, Writer};
use crate::call::{Call, Stored, now};
use crate::cluster::Cluster;
use crate::convert;
use crate::crd;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause};
use crate::store::{Encoded, Expect, Object, WriteError};
use crate::validate;

/// Attempts of a write that does not insist on a resource version.
pub(crate) const ATTEMPTS: usize = 8;

/// What is written, and through what.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// Replaces an object (PUT). The second value tells whether it was created.
///
/// # Errors
/// As the API server's.
pub(crate) async fn replace(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    object: Value,
) -> ApiResult<(Stored, bool)> {
    let Target { resource, subresource, namespace, name } = target;
    let mut object = object;
    check_name(&mut object, target)?;
    let versioned = meta::text(&object, "resourceVersion").to_owned();
    let insists = !versioned.is_empty() && versioned != "0";
    for attempt in 0..ATTEMPTS {
        let Some(old) = cluster.store().get(&resource.bucket, namespace, name) else {
            if subresource.is_empty() && strategy::creates_on_update(resource) && !insists {
                meta::of(&mut object).remove("resourceVersion");
                let created =
                    create::create(cluster, call, resource, namespace, object, Origin::Body).await?;
                return Ok((created, true));
            }
            if subresource.is_empty() && strategy::creates_on_update(resource) {
                let mut error = modified(resource, name);
                error.message = error.message.replace("object has been modified", "object has been deleted");
                return Err(error);
            }
            return Err(ApiError::not_found(resource.group(), &resource.plural, name));
        };
        check_preconditions(&object, &old, resource)?;
        match commit(cluster, call, target, &old, object.clone(), Tracking::Update).await {
            Err(Refusal::Raced) if !insists && attempt + 1 < ATTEMPTS => {}
            Err(refusal) => return Err(refusal.into_error(resource, name)),
            Ok(stored) => return Ok((stored, false)),
        }
    }
    Err(modified(resource, name))
}

/// The UID and resource version that a new state may insist on.
pub(crate) fn check_preconditions(object: &Value, old: &Object, resource: &Resource) -> ApiResult<()> {
    let uid = meta::text(object, "uid");
    if !uid.is_empty() && *uid != *old.uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", old.uid);
        return Err(ApiError::conflict(resource.group(), &resource.plural, &old.name, &why));
    }
    match meta::text(object, "resourceVersion") {
        "" | "0" if unconditional(resource) => Ok(()),
        "" | "0" => {
            let cause =
                Cause::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
            // Named by its resource here, as the registry names it.
            Err(ApiError::invalid(resource.group(), &resource.plural, &old.name, vec![cause]))
        }
        version => match version.parse::<u64>() {
            Ok(version) if version == old.version => Ok(()),
            Ok(_) => Err(modified(resource, &old.name)),
            Err(_) => {
                let quoted = crate::status::go_quote(version);
                let detail = format!("strconv.ParseUint: parsing {quoted}: invalid syntax");
                let cause = Cause::invalid("metadata.resourceVersion", &json!(version), &detail);
                Err(ApiError::invalid(resource.group(), resource.kind(), &old.name, vec![cause]))
            }
        },
    }
}

/// The same for the result of a patch, which has the live object's values where the patch gives none.
pub(crate) fn check_patched(object: &Value, old: &Object, resource: &Resource) -> ApiResult<()> {
    match meta::text(object, "resourceVersion") {
        "" | "0" => Ok(()),
        version if version == old.version.to_string() => Ok(()),
        version if version.parse::<u64>().is_err() => Err(ApiError::plain_internal(format!(
            "strconv.ParseUint: parsing {}: invalid syntax",
            crate::status::go_quote(version)
        ))),
        _ => Err(modified(resource, &old.name)),
    }
}

/// Whether an update may leave the resource version out.
fn unconditional(resource: &Resource) -> bool {
    const INSISTING: &[(&str, &str)] = &[
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("coordination.k8s.io", "Lease"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodDisruptionBudget"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ];
    resource.custom.is_none() && !INSISTING.contains(&(resource.group(), resource.kind()))
}

/// The body's name and namespace against the path's.
pub(crate) fn check_name(object: &mut Value, target: Target<'_>) -> ApiResult<()> {
    let name = target.name;
    match meta::text(object, "name") {
        "" => Err(ApiError::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        own if own != name => Err(ApiError::bad_request(format!(
            "the name of the object ({own}) does not match the name on the URL ({name})"
        ))),
        _ => meta::match_namespace(object, target.resource, target.namespace),
    }
}

/// Whether managed fields are still to be tracked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// An update or patch.
    Update,
    /// Server-side apply has done it.
    Applied,
}

/// Why a write did not happen.
pub(crate) enum Refusal {
    /// Somebody else wrote in between: read again.
    Raced,
    /// It is not allowed.
    Error(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    /// The error for the client.
    pub(crate) fn into_error(self, resource: &Resource, name: &str) -> ApiError {
        match self {
            Self::Raced => modified(resource, name),
            Self::Error(error) => error,
        }
    }
}

/// Checks a new state of an object and stores it.
pub(crate) async fn commit(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    old: &Arc<Object>,
    mut object: Value,
    tracking: Tracking,
) -> Result<Stored, Refusal> {
    let Target { resource, subresource, namespace, name } = target;
    let live = convert::read(resource, old);
    create::set_defaults(resource, &mut object);
    let now = now();
    let manager = call.manager.clone();
    let writer = Writer { manager: &manager, subresource, now: &now, force: call.force };
    if tracking == Tracking::Update {
        apply::track(resource, Some(&live), &mut object, &writer);
    }
    admission::on_update(cluster, call, target, &mut object, &live)?;
    strategy::prepare_update(resource, &mut object, &live, subresource);
    let _reserved = admission::allocate(cluster, resource, &mut object, Some(&live), call.dry_run)?;
    let causes = check_update(resource, &object, &live, subresource);
    if !causes.is_empty() {
        return Err(ApiError::invalid(resource.internal_group(), resource.kind(), name, causes).into());
    }
    for text in create::warnings(resource, &object, Some(&live)) {
        call.warn(text);
    }
    admission::check_update(cluster, call, target, &object, &live)?;
    let merged = object.clone();
    apply::finish(resource, Some(&live), &merged, &mut object, &writer);
    strategy::canonical(resource, &mut object);
    let mut unchanged = live;
    meta::of(&mut unchanged).remove("resourceVersion");
    if object == unchanged && !is_finished(&object) {
        return Ok(Stored::Object(old.clone()));
    }
    if call.dry_run {
        return Ok(with_version(object, old.version));
    }
    let finished = is_finished(&object);
    let answer = finished.then(|| object.clone());
    convert::to_storage(resource, &mut object);
    let put = if finished { None } else { Some(Encoded::new(&resource.bucket, &object)) };
    if let Some(encoded) = &put {
        check_size(encoded)?;
    }
    match cluster.store().write(&resource.bucket, namespace, name, Expect::Version(old.version), put).await {
        // What was removed is shown as it was written, in the version before.
        Ok(stored) => Ok(answer.map_or(Stored::Object(stored), |object| with_version(object, old.version))),
        Err(WriteError::Changed) => Err(Refusal::Raced),
        Err(error) => Err(refused(error, resource, name).into()),
    }
}

fn with_version(mut object: Value, version: u64) -> Stored {
    meta::of(&mut object).insert("resourceVersion".to_owned(), json!(version.to_string()));
    Stored::Dry(object)
}

/// Whether an object waited for nothing but its last finalizer.
fn is_finished(object: &Value) -> bool {
    let held_by_spec = object["kind"] == "Namespace"
        && object["apiVersion"] == "v1"
        && object["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
    let graceful = object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0;
    meta::is_deleting(object) && meta::finalizers(object).is_empty() && !held_by_spec && !graceful
}

fn check_update(resource: &Resource, object: &Value, old: &Value, subresource: &str) -> Vec<Cause> {
    let mut causes = meta::validate_update(object, old);
    causes.extend(meta::unqualified_finalizers(object, resource));
    match &resource.custom {
        Some(served) => causes.extend(served.validate(object, Some(old), subresource)),
        None if resource.is("apiextensions.k8s.io", "CustomResourceDefinition") => {
            causes.extend(match subresource {
                "status" => crd::validate_definition_status(object),
                _ => crd::validate_definition(object, Some(old)),
            });
        }
        None => causes.extend(validate::update(&resource.gvk, object, old, subresource)),
    }
    causes
}
