//! RFC 7396 merge patches.

use serde_json::{Map, Value};

use crate::fields::{self, Raw};
use crate::status::{ApiError, ApiResult};

/// Reads a patch; `typed`: as the API server reads it when it looks for doubled fields.
pub(super) fn read(body: &[u8], typed: bool) -> ApiResult<Raw> {
    let raw = fields::parse_json(body).map_err(|e| {
        if typed { ApiError::bad_request(format!("error decoding patch: {e}")) } else { invalid() }
    })?;
    match raw {
        Raw::Object(_) => Ok(raw),
        Raw::Null => Err(invalid()),
        other if typed => {
            let what = fields::json_kind(&other);
            let text =
                format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
            Err(ApiError::bad_request(format!("error decoding patch: {text}")))
        }
        _ => Err(invalid()),
    }
}

fn invalid() -> ApiError {
    ApiError::bad_request("Invalid JSON Patch")
}

pub(super) fn apply(document: &Value, patch: &Value) -> ApiResult<Value> {
    if !patch.is_object() {
        return Err(invalid());
    }
    let mut out = document.clone();
    merge(&mut out, patch, 0);
    Ok(out)
}

fn merge(target: &mut Value, patch: &Value, depth: usize) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if depth > 300 {
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value, depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nulls_delete_and_lists_are_replaced() {
        let document = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        let patch = json!({"a": {"b": null, "c": [3], "e": {"f": null, "g": 1}}, "x": null});
        assert_eq!(apply(&document, &patch).unwrap(), json!({"a": {"c": [3], "e": {"g": 1}}, "d": 1}));
    }
}
