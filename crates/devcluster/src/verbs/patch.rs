//! PATCH: four kinds of patches, one way to store the result.

use serde_json::{Value, json};

use super::create::{self, Origin};
use super::modified;
use super::update::{self, ATTEMPTS, Refusal, Target, Tracking, commit};
use crate::apply::{self, Writer};
use crate::call::{Call, Stored, now};
use crate::cluster::Cluster;
use crate::convert;
use crate::fields::FieldValidation;
use crate::meta;
use crate::patch;
use crate::status::{ApiError, ApiResult, Cause};

/// A patch of a request.
#[derive(Debug, Clone)]
pub(crate) enum Patch {
    /// JSON patch, merge patch or strategic merge patch: its text.
    Text(patch::Kind, Vec<u8>),
    /// Server-side apply: its object.
    Apply(Value),
}

/// Patches an object. The second value tells whether it was created (apply only).
///
/// # Errors
/// As the API server's.
pub(crate) async fn patch(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    patch: &Patch,
) -> ApiResult<(Stored, bool)> {
    let Target { resource, namespace, name, .. } = target;
    for attempt in 0..ATTEMPTS {
        let last = attempt + 1 == ATTEMPTS;
        let Some(old) = cluster.store().get(&resource.bucket, namespace, name) else {
            return match patch {
                Patch::Apply(body) if target.subresource.is_empty() => {
                    match create_applied(cluster, call, target, body).await {
                        Err(error) if error.is_already_exists() && !last => continue,
                        other => other.map(|stored| (stored, true)),
                    }
                }
                _ => Err(ApiError::not_found(resource.group(), &resource.plural, name)),
            };
        };
        let live = convert::read(resource, &old);
        let (mut object, tracking) = match patch {
            Patch::Apply(body) => (applied(call, target, Some(&live), body)?, Tracking::Applied),
            Patch::Text(kind, text) => {
                let (object, warnings) = patch::run(resource, *kind, &live, text, call.validation)?;
                warnings.into_iter().for_each(|text| call.warn(text));
                if resource.is("apps", "ControllerRevision") {
                    refuse_revision(&object, name)?;
                }
                (object, Tracking::Update)
            }
        };
        check_identity(&mut object, &live, target)?;
        update::check_patched(&object, &old, resource)?;
        match commit(cluster, call, target, &old, object, tracking).await {
            Err(Refusal::Raced) if !last => {}
            Err(refusal) => return Err(refusal.into_error(resource, name)),
            Ok(stored) => return Ok((stored, false)),
        }
    }
    Err(modified(resource, name))
}

fn check_identity(object: &mut Value, live: &Value, target: Target<'_>) -> ApiResult<()> {
    // A patch may leave the namespace out; it may not change it.
    if meta::text(object, "namespace").is_empty()
        && let Some(value) = live["metadata"].get("namespace").cloned()
    {
        meta::of(object).insert("namespace".to_owned(), value);
    }
    update::check_name(object, target)
}

/// The data of a `ControllerRevision` does not compare equal to itself once it went through a patch: Kubernetes refuses
/// every one.
fn refuse_revision(object: &Value, name: &str) -> ApiResult<()> {
    let cause = Cause::invalid("data", &object["data"], "field is immutable");
    Err(ApiError::invalid("apps", "ControllerRevision", name, vec![cause]))
}

/// The result of server-side apply, before defaults.
fn applied(call: &mut Call, target: Target<'_>, live: Option<&Value>, body: &Value) -> ApiResult<Value> {
    let now = now();
    let writer =
        Writer { manager: &call.manager, subresource: target.subresource, now: &now, force: call.force };
    let mut object = apply::apply(target.resource, live, body, &writer)?;
    if let Some(served) = &target.resource.custom {
        let strict = served.decode(&mut object);
        if call.validation == FieldValidation::Warn {
            strict.into_iter().for_each(|text| call.warn(text));
        }
    }
    Ok(object)
}

async fn create_applied(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    body: &Value,
) -> ApiResult<Stored> {
    let Target { resource, namespace, name, .. } = target;
    let uid = meta::text(body, "uid");
    if !uid.is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        );
        return Err(ApiError::conflict(resource.group(), &resource.plural, name, &why));
    }
    let mut object = applied(call, target, None, body)?;
    if meta::text(&object, "name").is_empty() {
        meta::of(&mut object).insert("name".to_owned(), json!(name));
    }
    update::check_name(&mut object, target)?;
    // There is nothing that the version could be compared with.
    meta::of(&mut object).remove("resourceVersion");
    create::create(cluster, call, resource, namespace, object, Origin::Applied).await
}
