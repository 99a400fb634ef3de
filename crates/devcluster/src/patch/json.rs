//! RFC 6902 as evanphx/json-patch v4 has it: a missing value equals null in `test`, `copy` of a missing key gives
//! null, negative indices count from the end.

use serde_json::Value;

use crate::fields::{self, Raw};
use crate::status::{ApiError, ApiResult, Details};

/// The API server's bound on operations.
const MAX_OPERATIONS: usize = 10_000;
/// Bound on what `copy` operations may add, in JSON values.
const MAX_COPIED: usize = 1_000_000;

struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Value>,
}

/// Unknown and doubled fields of the operations, as `json patch unknown field "[0].x"`.
pub(super) fn strict(body: &[u8]) -> ApiResult<Vec<String>> {
    let raw = fields::parse_json(body).map_err(|e| decoding(&e.to_string()))?;
    let items = match &raw {
        Raw::Array(items) => items,
        Raw::Null => return Ok(Vec::new()),
        other => {
            let what = fields::json_kind(other);
            return Err(decoding(&format!(
                "json: cannot unmarshal {what} into Go value of type []handlers.jsonPatchOp"
            )));
        }
    };
    let mut out: Vec<String> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Raw::Object(entries) = item else {
            if *item == Raw::Null {
                continue;
            }
            let what = fields::json_kind(item);
            return Err(decoding(&format!(
                "json: cannot unmarshal {what} into Go value of type handlers.jsonPatchOp"
            )));
        };
        for (j, (key, value)) in entries.iter().enumerate() {
            let at = fields::go_quote(&format!("[{i}].{key}"));
            if entries[..j].iter().any(|(k, _)| k == key) {
                out.push(format!("json patch duplicate field {at}"));
            }
            match key.as_str() {
                "op" | "path" | "from" if !matches!(value, Raw::String(_) | Raw::Null) => {
                    let what = fields::json_kind(value);
                    let text = format!(
                        "json: cannot unmarshal {what} into Go struct field jsonPatchOp.{key} of type string"
                    );
                    return Err(decoding(&text));
                }
                "op" | "path" | "from" | "value" => {}
                _ => out.push(format!("json patch unknown field {at}")),
            }
        }
    }
    Ok(out)
}

fn decoding(text: &str) -> ApiError {
    ApiError::bad_request(format!("error decoding patch: {text}"))
}

fn read(body: &[u8]) -> ApiResult<Vec<Operation>> {
    let raw = fields::parse_json(body).map_err(|e| ApiError::bad_request(e.to_string()))?;
    let items = match raw.to_value() {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        _ => {
            let what = fields::json_kind(&raw);
            let text = format!("json: cannot unmarshal {what} into Go value of type jsonpatch.Patch");
            return Err(ApiError::bad_request(text));
        }
    };
    if items.len() > MAX_OPERATIONS {
        let text = format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
            items.len()
        );
        return Err(ApiError::new(413, "RequestEntityTooLarge", format!("Request entity too large: {text}")));
    }
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(items
        .into_iter()
        .map(|mut item| Operation {
            op: text(&item, "op").unwrap_or_else(|| "unknown".to_owned()),
            path: text(&item, "path"),
            from: text(&item, "from"),
            value: item.get_mut("value").map(Value::take),
        })
        .collect())
}

/// Go passes the reason on as a generic 422, which loses it.
fn unprocessable() -> ApiError {
    ApiError::new(422, "Invalid", "the server rejected our request due to an error in our request")
        .with_details(Details::default())
}

pub(super) fn apply(document: &Value, body: &[u8]) -> ApiResult<Value> {
    let mut document = document.clone();
    let mut copied = 0;
    for operation in read(body)? {
        one(&mut document, operation, &mut copied).ok_or_else(unprocessable)?;
    }
    Ok(document)
}

/// `None`: it does not apply.
fn one(document: &mut Value, operation: Operation, copied: &mut usize) -> Option<()> {
    let path = operation.path;
    let value = operation.value.unwrap_or(Value::Null);
    match operation.op.as_str() {
        "add" => add(document, &path?, value),
        "remove" => remove(document, &path?).map(drop),
        "replace" => {
            let path = path?;
            if path.is_empty() {
                return (value.is_object() || value.is_array()).then(|| *document = value);
            }
            let (parent, key) = find(document, &path)?;
            *slot(parent, &key)? = value;
            Some(())
        }
        "move" => {
            let from = operation.from?;
            let value = get(document, &from)?;
            remove(document, &from)?;
            add(document, &path?, value)
        }
        "copy" => {
            let value = get(document, &operation.from?)?;
            *copied += size(&value, 0);
            if *copied > MAX_COPIED {
                return None;
            }
            add(document, &path?, value)
        }
        "test" => {
            let path = path?;
            if path.is_empty() {
                return (*document == value).then_some(());
            }
            (get(document, &path)? == value).then_some(())
        }
        _ => None,
    }
}

fn size(value: &Value, depth: usize) -> usize {
    match value {
        _ if depth > 300 => 1,
        Value::Array(items) => items.iter().map(|v| size(v, depth + 1)).sum::<usize>() + 1,
        Value::Object(map) => map.values().map(|v| size(v, depth + 1)).sum::<usize>() + 1,
        _ => 1,
    }
}

/// The container a path's last step is in, and that step.
fn find<'d>(document: &'d mut Value, path: &str) -> Option<(&'d mut Value, String)> {
    let mut steps: Vec<String> = path.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect();
    if steps.len() < 2 {
        return None;
    }
    let key = steps.pop()?;
    let mut at = document;
    for step in &steps[1..] {
        at = match at {
            Value::Object(map) => map.get_mut(step)?,
            Value::Array(items) => {
                let i = index(step, items.len())?;
                items.get_mut(i)?
            }
            _ => return None,
        };
    }
    (at.is_object() || at.is_array()).then_some((at, key))
}

fn index(step: &str, length: usize) -> Option<usize> {
    let n: i64 = step.parse().ok()?;
    if n >= 0 { usize::try_from(n).ok() } else { length.checked_sub(usize::try_from(-n).ok()?) }
}

/// The place of a key; an object's is made where it is missing.
fn slot<'d>(parent: &'d mut Value, key: &str) -> Option<&'d mut Value> {
    match parent {
        Value::Object(map) => Some(map.entry(key.to_owned()).or_insert(Value::Null)),
        Value::Array(items) => {
            let i = index(key, items.len())?;
            items.get_mut(i)
        }
        _ => None,
    }
}

fn get(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, key) = find(document, path)?;
    match parent {
        Value::Object(map) => Some(map.get(&key).cloned().unwrap_or(Value::Null)),
        Value::Array(items) => items.get(index(&key, items.len())?).cloned(),
        _ => None,
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, key) = find(document, path)?;
    match parent {
        Value::Object(map) => drop(map.insert(key, value)),
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let i = index(&key, items.len() + 1)?;
            if i > items.len() {
                return None;
            }
            items.insert(i, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, key) = find(document, path)?;
    match parent {
        Value::Object(map) => map.remove(&key),
        Value::Array(items) => {
            let i = index(&key, items.len())?;
            (i < items.len()).then(|| items.remove(i))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(document: &Value, patch: &Value) -> Option<Value> {
        apply(document, patch.to_string().as_bytes()).ok()
    }

    #[test]
    fn missing_values_equal_null() {
        let document = json!({"metadata": {"name": "a"}});
        let patch = json!([{"op": "test", "path": "/metadata/finalizers", "value": null},
                           {"op": "add", "path": "/metadata/finalizers", "value": ["x"]}]);
        assert_eq!(patched(&document, &patch).unwrap()["metadata"]["finalizers"], json!(["x"]));
    }

    #[test]
    fn lists_take_indices_from_both_ends() {
        let document = json!({"a": [1, 2, 3]});
        let run = |op: Value| patched(&document, &json!([op])).map(|d| d["a"].clone());
        assert_eq!(run(json!({"op": "add", "path": "/a/-", "value": 4})), Some(json!([1, 2, 3, 4])));
        assert_eq!(run(json!({"op": "remove", "path": "/a/-1"})), Some(json!([1, 2])));
        assert_eq!(run(json!({"op": "add", "path": "/a/4", "value": 4})), None);
        assert_eq!(run(json!({"op": "remove", "path": "/a/x"})), None);
        assert_eq!(run(json!({"op": "explode", "path": "/a"})), None);
    }
}
