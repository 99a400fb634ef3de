//! Pruning, dropping of nulls and defaulting by a structural schema, and the typing of embedded `metadata`.

use serde_json::{Map, Value};

use super::schema::{Additional, Schema};
use crate::schema::builtin;

const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Removes fields that the schema does not have, but not `apiVersion`, `kind` and `metadata` of the root and of
/// embedded resources. Their paths go to `unknown`.
pub(crate) fn prune(object: &mut Value, schema: &Schema, unknown: &mut Vec<String>) {
    let mut walk = Walk { unknown, path: String::new() };
    walk.prune(object, Some(schema), true);
}

/// Like [`prune`], for a value that is not a whole resource (a default).
pub(crate) fn prune_value(value: &mut Value, schema: &Schema) {
    let mut unknown = Vec::new();
    Walk { unknown: &mut unknown, path: String::new() }.prune(value, Some(schema), schema.embedded);
}

struct Walk<'a> {
    unknown: &'a mut Vec<String>,
    path: String,
}

impl Walk<'_> {
    fn within<R>(&mut self, segment: &str, dotted: bool, run: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        if dotted && !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(segment);
        let result = run(self);
        self.path.truncate(length);
        result
    }

    fn record(&mut self, key: &str) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.unknown.push(format!("{}{dot}{key}", self.path));
    }

    fn prune(&mut self, value: &mut Value, schema: Option<&Schema>, resource: bool) {
        match value {
            Value::Object(map) => self.prune_map(map, schema, resource),
            Value::Array(list) => {
                let items = schema.and_then(|s| s.items.as_deref());
                if schema.is_some_and(Schema::preserves) && items.is_none() {
                    return;
                }
                for (index, item) in list.iter_mut().enumerate() {
                    let embedded = items.is_some_and(|s| s.embedded);
                    self.within(&format!("[{index}]"), false, |w| w.prune(item, items, embedded));
                }
            }
            _ => {}
        }
    }

    fn prune_map(&mut self, map: &mut Map<String, Value>, schema: Option<&Schema>, resource: bool) {
        let preserves = schema.is_some_and(Schema::preserves);
        let mut gone = Vec::new();
        for (key, value) in map.iter_mut() {
            if resource && META.contains(&key.as_str()) {
                continue;
            }
            let property = schema.and_then(|s| s.properties.get(key));
            if let Some(property) = property {
                self.within(key, true, |w| w.prune(value, Some(property), property.embedded));
                continue;
            }
            match schema.and_then(|s| s.additional.as_ref()) {
                Some(Additional::Schema(inner)) => {
                    self.within(key, true, |w| w.prune(value, Some(inner), inner.embedded));
                }
                // Without a schema of their own, the values lose all their fields.
                Some(Additional::Allowed(_)) => self.within(key, true, |w| w.prune(value, None, false)),
                None if preserves => {}
                None => gone.push(key.clone()),
            }
        }
        for key in gone {
            self.record(&key);
            map.remove(&key);
        }
    }
}

/// Drops nulls where null is no value and no default takes their place.
pub(crate) fn drop_nulls(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let Some(inner) = schema.properties.get(key).or_else(|| schema.additional_schema()) else {
                    return true;
                };
                !(value.is_null() && !inner.nullable && inner.default.is_none())
            });
            for (key, value) in map.iter_mut() {
                if let Some(inner) = schema.properties.get(key).or_else(|| schema.additional_schema()) {
                    drop_nulls(value, inner);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                list.iter_mut().for_each(|item| drop_nulls(item, items));
            }
        }
        _ => {}
    }
}

/// Fills in defaults; a null that is no value counts as absent.
pub(crate) fn default(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => {
            for (key, property) in &schema.properties {
                let Some(default) = &property.default else { continue };
                let absent = map.get(key).is_none_or(|v| v.is_null() && !property.nullable);
                if absent {
                    map.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(property) = schema.properties.get(key) {
                    self::default(value, property);
                } else if let Some(inner) = schema.additional_schema() {
                    fill_null(value, inner);
                    self::default(value, inner);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for item in list {
                    fill_null(item, items);
                    default(item, items);
                }
            }
        }
        _ => {}
    }
}

fn fill_null(value: &mut Value, schema: &Schema) {
    if value.is_null()
        && !schema.nullable
        && let Some(default) = &schema.default
    {
        *value = default.clone();
    }
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Reads `metadata` of embedded resources as the API server's `ObjectMeta`: drops unknown fields (reported in
/// `unknown`). The root's metadata is the server's business.
pub(crate) fn coerce_embedded(
    value: &mut Value,
    schema: &Schema,
    path: &str,
    root: bool,
    unknown: &mut Vec<String>,
) {
    match value {
        Value::Object(map) => {
            if schema.embedded && !root {
                coerce_metadata(map, path, unknown);
            }
            for (key, value) in map.iter_mut() {
                let inner = schema.properties.get(key).or_else(|| schema.additional_schema());
                if let Some(inner) = inner {
                    coerce_embedded(value, inner, &join(path, key), false, unknown);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for (index, item) in list.iter_mut().enumerate() {
                    coerce_embedded(item, items, &format!("{path}[{index}]"), false, unknown);
                }
            }
        }
        _ => {}
    }
}

fn coerce_metadata(map: &mut Map<String, Value>, path: &str, unknown: &mut Vec<String>) {
    let Some(metadata) = map.get_mut("metadata") else { return };
    let Some(ty) = builtin().definition(OBJECT_META).map(crate::schema::StructRef::ty) else { return };
    if let Ok(decoded) = crate::fields::decode_value(ty, metadata) {
        for strict in &decoded.strict {
            let field = strict.strip_prefix("unknown field \"").and_then(|s| s.strip_suffix('"'));
            if let Some(field) = field {
                unknown.push(format!("{}.{field}", join(path, "metadata")));
            }
        }
        *metadata = decoded.object;
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(properties: Value) -> Schema {
        Schema::parse(
            &json!({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}),
        )
    }

    #[test]
    fn pruning_keeps_type_and_metadata_and_reports_the_rest() {
        let schema = schema(json!({"a": {"type": "string"}, "keep": {"type": "object",
            "x-kubernetes-preserve-unknown-fields": true, "properties": {"n": {"type": "object"}}}}));
        let mut object = json!({"apiVersion": "v1", "kind": "K", "metadata": {"x": 1}, "top": 1,
            "spec": {"a": "x", "z": 2, "keep": {"q": {"r": 1}, "n": {"m": 1}}}});
        let mut unknown = Vec::new();
        prune(&mut object, &schema, &mut unknown);
        assert_eq!(unknown, ["spec.keep.n.m", "spec.z", "top"]);
        assert_eq!(object["spec"], json!({"a": "x", "keep": {"q": {"r": 1}, "n": {}}}));
        assert_eq!(object["metadata"], json!({"x": 1}));
    }

    #[test]
    fn defaults_fill_gaps_and_unwanted_nulls() {
        let schema = schema(json!({
            "a": {"type": "object", "default": {"b": {}}, "properties": {"b": {"type": "object",
                "properties": {"d": {"type": "string", "default": "dd"}}}}},
            "n": {"type": "string", "nullable": true, "default": "x"},
            "gone": {"type": "string"},
            "m": {"type": "object", "additionalProperties": {"type": "object",
                "properties": {"z": {"type": "boolean", "default": true}}}}}));
        let mut object = json!({"spec": {"a": null, "n": null, "gone": null, "m": {"k": {}}}});
        drop_nulls(&mut object, &schema);
        default(&mut object, &schema);
        assert_eq!(object["spec"], json!({"a": {"b": {"d": "dd"}}, "n": null, "m": {"k": {"z": true}}}));
    }
}
