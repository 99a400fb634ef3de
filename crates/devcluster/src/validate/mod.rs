//! Validation of the built-in kinds, without `metadata` (which the server checks for every kind).

use serde_json::Value;

use crate::resource::Gvk;
use crate::status::Cause;

/// What is wrong with a new object (defaulted before).
pub fn create(gvk: &Gvk, object: &Value) -> Vec<Cause> {
    let _ = (gvk, object);
    Vec::new()
}

/// What is wrong with a change. `subresource` is empty for the object itself, else `status`, …
pub fn update(gvk: &Gvk, object: &Value, old: &Value, subresource: &str) -> Vec<Cause> {
    let _ = (gvk, object, old, subresource);
    Vec::new()
}

/// `Warning` header texts for a create or update (doubled ports, deprecated fields, …).
pub fn warnings(gvk: &Gvk, object: &Value, old: Option<&Value>) -> Vec<String> {
    let _ = (gvk, object, old);
    Vec::new()
}
