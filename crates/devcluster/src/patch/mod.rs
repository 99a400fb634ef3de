//! JSON patch, merge patch and strategic merge patch.
//!
//! [`run`] does a whole patch request: reads the patch, applies it, decodes and defaults the result, with the API
//! server's errors and warnings (apiserver, `endpoints/handlers/patch.go`). The rest is for callers that need one
//! step alone. Apply patches are in [`crate::apply`].

mod json;
mod merge;
mod strategic;

use serde_json::Value;

use crate::apply::plain;
use crate::defaults;
use crate::fields::{self, Decoded, FieldValidation, Raw};
use crate::resource::Resource;
use crate::schema::{Shape, TypeRef};
use crate::status::{ApiError, ApiResult, Cause};

/// Kinds of patches, by their media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `application/json-patch+json`
    Json,
    /// `application/merge-patch+json`
    Merge,
    /// `application/strategic-merge-patch+json`; built-in kinds only
    Strategic,
}

/// Applies a patch to the live object and reads the result as its kind, defaults filled in.
/// Gives the object and the texts of `Warning` headers.
///
/// # Errors
/// 400 for what is no patch, 422 where it does not apply or the result is not of the kind, 413 for too many
/// operations, 500 where a strategic patch lacks a merge key.
pub fn run(
    resource: &Resource,
    kind: Kind,
    live: &Value,
    body: &[u8],
    validation: FieldValidation,
) -> ApiResult<(Value, Vec<String>)> {
    if fields::parse_json(body).is_err() {
        return Err(ApiError::bad_request("invalid JSON patch"));
    }
    let (patched, patch_strict, shown) = match kind {
        Kind::Json => {
            let strict = if validation == FieldValidation::Ignore { Vec::new() } else { json::strict(body)? };
            let patched = json(live, body)?;
            let shown = go_text(resource.ty(), &patched, live);
            (patched, strict, shown)
        }
        Kind::Merge => {
            let raw = merge::read(body, validation != FieldValidation::Ignore)?;
            let patched = merge(live, &raw.to_value())?;
            let shown = go_text(resource.ty(), &patched, live);
            (patched, raw.duplicates(), shown)
        }
        Kind::Strategic => {
            let raw = fields::parse_json(body).map_err(|e| ApiError::bad_request(e.to_string()))?;
            if !matches!(raw, Raw::Object(_) | Raw::Null) {
                let what = fields::json_kind(&raw);
                let text =
                    format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
                return Err(ApiError::bad_request(text));
            }
            let patch = if raw == Raw::Null { Value::Object(serde_json::Map::new()) } else { raw.to_value() };
            let patched = strategic(resource, live, &patch)?;
            (patched, raw.duplicates(), plain(&patch))
        }
    };
    let refused = |error: &str| invalid_patch(&shown, error);
    let (mut object, strict) = decode(resource, kind, patched).map_err(|error| refused(&error))?;
    let found: Vec<String> = patch_strict.into_iter().chain(strict).collect();
    let decoded = Decoded { object: std::mem::take(&mut object), strict: found };
    let (mut object, warnings) = decoded.judge(validation).map_err(|error| refused(&error))?;
    if resource.custom.is_none() {
        defaults::apply(&resource.gvk, &mut object);
    }
    Ok((object, warnings))
}

fn decode(resource: &Resource, kind: Kind, mut patched: Value) -> Result<(Value, Vec<String>), String> {
    if let Some(served) = &resource.custom {
        let strict = served.decode(&mut patched);
        return Ok((patched, strict));
    }
    let text = |key: &str| patched.get(key).and_then(Value::as_str).unwrap_or_default();
    if kind != Kind::Strategic
        && (text("kind"), text("apiVersion")) != (&resource.gvk.kind, &resource.api_version())
    {
        return Err(other_kind(resource, text("apiVersion"), text("kind"), &patched));
    }
    let Some(ty) = resource.ty() else { return Ok((patched, Vec::new())) };
    let decoded = match kind {
        Kind::Strategic => fields::decode_unstructured(ty, &patched),
        _ => fields::decode_value(ty, &patched),
    };
    let mut decoded = decoded.map_err(|e| e.to_string())?;
    if let Value::Object(map) = &mut decoded.object {
        map.insert("apiVersion".to_owned(), Value::String(resource.api_version()));
        map.insert("kind".to_owned(), Value::String(resource.gvk.kind.to_string()));
    }
    Ok((decoded.object, decoded.strict))
}

/// What Go's codec says of a patched object of another kind.
fn other_kind(resource: &Resource, api_version: &str, kind: &str, patched: &Value) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if kind.is_empty() {
        let text: String = patched.to_string();
        return format!("Object 'Kind' is missing in '{text}'");
    }
    if version.is_empty() {
        let text: String = patched.to_string();
        return format!("Object 'apiVersion' is missing in '{text}'");
    }
    if let Some(other) = crate::schema::builtin().kind_of(api_version, kind) {
        if let Err(error) = fields::decode_value(other, patched) {
            return error.to_string();
        }
        let go = other.as_struct().map(|s| s.go_name().to_owned()).unwrap_or_default();
        let group = if resource.gvk.group.is_empty() {
            "core"
        } else {
            resource.gvk.group.split('.').next().unwrap_or_default()
        };
        format!("converting ({go}) to ({group}.{}): unknown conversion", resource.gvk.kind)
    } else {
        let shown = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        format!(
            "no kind \"{kind}\" is registered for version \"{shown}\" in scheme \"pkg/runtime/scheme.go:111\""
        )
    }
}

/// 422 as the API server words it for a patch whose result cannot be read.
fn invalid_patch(shown: &str, error: &str) -> ApiError {
    ApiError::invalid("", "", "", vec![Cause::invalid("patch", &Value::String(shown.to_owned()), error)])
}

/// Applies an RFC 6902 patch with the semantics of evanphx/json-patch as the API server uses it.
///
/// # Errors
/// 400 where it cannot be read, 413 for more than 10 000 operations, 422 where an operation does not apply.
pub fn json(document: &Value, patch: &[u8]) -> ApiResult<Value> {
    json::apply(document, patch)
}

/// Applies an RFC 7396 patch.
///
/// # Errors
/// 400 where it is no object.
pub fn merge(document: &Value, patch: &Value) -> ApiResult<Value> {
    merge::apply(document, patch)
}

/// Applies a strategic merge patch of a built-in kind.
///
/// # Errors
/// 400 for malformed directives, 500 for a missing merge key or an unknown directive.
pub fn strategic(resource: &Resource, document: &Value, patch: &Value) -> ApiResult<Value> {
    strategic::apply(resource.ty(), document, patch)
}

/// JSON text in the order Go writes it: structs in the order of their declaration, and what a patch has touched
/// (maps in Go by then) in the order of names.
fn go_text(ty: Option<TypeRef<'_>>, value: &Value, live: &Value) -> String {
    let mut out = String::new();
    write_go(ty, value, Some(live), &mut out, 0);
    out
}

fn write_go(ty: Option<TypeRef<'_>>, value: &Value, live: Option<&Value>, out: &mut String, depth: usize) {
    match value {
        Value::Object(map) if depth < 100 => {
            let mut keys: Vec<&String> = map.keys().collect();
            if live == Some(value) && depth > 0 {
                let order = go_order(ty);
                keys.sort_by_key(|k| order.iter().position(|n| n == *k).unwrap_or(usize::MAX));
            }
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                let child = ty.and_then(|t| t.field(key));
                write_go(child, &map[key], live.and_then(|l| l.get(key)), out, depth + 1);
            }
            out.push('}');
        }
        Value::Array(items) if depth < 100 => {
            let elem = ty.and_then(|t| match t.shape() {
                Shape::List(elem) => Some(elem),
                _ => None,
            });
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_go(elem, item, live.and_then(|l| l.get(i)), out, depth + 1);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn go_order(ty: Option<TypeRef<'_>>) -> Vec<String> {
    fn walk(s: crate::schema::StructRef<'_>, out: &mut Vec<String>, depth: usize) {
        for field in s.own_fields() {
            match field.ty().as_struct() {
                Some(inner) if field.inline() && depth < 8 => walk(inner, out, depth + 1),
                _ => out.push(field.name.to_string()),
            }
        }
    }
    let mut out = Vec::new();
    if let Some(s) = ty.and_then(TypeRef::as_struct) {
        walk(s, &mut out, 0);
    }
    out
}
