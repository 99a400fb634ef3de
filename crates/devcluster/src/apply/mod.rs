//! Server-side apply and the tracking of `metadata.managedFields`.

use serde_json::Value;

use crate::resource::Resource;
use crate::status::ApiResult;

/// Who writes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// Now, as RFC 3339 with seconds: `2026-01-02T03:04:05Z`.
    pub now: &'a str,
    /// Take fields over from other managers (apply only).
    pub force: bool,
}

/// Merges an apply patch into the live object (`None`: it is created) and sets `managedFields`.
/// The result is not yet defaulted or validated; call [`finish`] after that has been done.
///
/// # Errors
/// 409 `Conflict` with a cause per field, 500 where the patch does not fit the schema, 400 for bad bodies.
pub fn apply(
    resource: &Resource,
    live: Option<&Value>,
    patch: &Value,
    writer: &Writer<'_>,
) -> ApiResult<Value> {
    let _ = (resource, live, writer);
    Ok(patch.clone())
}

/// Last step of an apply: `merged` (result of [`apply`]) has been defaulted into `object`.
/// Where nothing but times changed against `live`, the old managedFields are kept.
pub fn finish(
    resource: &Resource,
    live: Option<&Value>,
    merged: &Value,
    object: &mut Value,
    writer: &Writer<'_>,
) {
    let _ = (resource, live, merged, object, writer);
}

/// Records in `object.metadata.managedFields` what a create, update or patch (not an apply) changed against `live`
/// (`None`: created). `object` is complete: defaulted, validated, server-set fields filled in.
/// A client that sent an empty managedFields list resets it.
pub fn track(resource: &Resource, live: Option<&Value>, object: &mut Value, writer: &Writer<'_>) {
    let _ = (resource, live, object, writer);
}
