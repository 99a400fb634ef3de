//! What holds beyond single values: unique items of set and map lists, types of embedded resources.

use serde_json::{Map, Value};

use super::schema::Schema;
use crate::status::Cause;

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Repeated items of lists with `x-kubernetes-list-type` `set` or `map`.
pub(crate) fn duplicates(path: &str, value: &Value, schema: &Schema, found: &mut Vec<Cause>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(inner) = schema.properties.get(key) {
                    duplicates(&join(path, key), value, inner, found);
                } else if let Some(inner) = schema.additional_schema() {
                    duplicates(&format!("{path}[{key}]"), value, inner, found);
                }
            }
        }
        Value::Array(list) => {
            match schema.list_type.as_deref() {
                Some("set") => repeated(path, list, list, found),
                Some("map") => {
                    for (index, item) in list.iter().enumerate() {
                        if !item.is_object() && !item.is_null() {
                            let text = "must be an object for an array of list-type map";
                            found.push(Cause::invalid(format!("{path}[{index}]"), item, text));
                            return;
                        }
                    }
                    let keys: Vec<Value> = list.iter().map(|item| key_of(item, schema)).collect();
                    repeated(path, &keys, &keys, found);
                }
                _ => {}
            }
            if let Some(items) = &schema.items {
                for (index, item) in list.iter().enumerate() {
                    duplicates(&format!("{path}[{index}]"), item, items, found);
                }
            }
        }
        _ => {}
    }
}

fn key_of(item: &Value, schema: &Schema) -> Value {
    let mut key = Map::new();
    for name in &schema.map_keys {
        if let Some(value) = item.get(name) {
            key.insert(name.clone(), value.clone());
        }
    }
    Value::Object(key)
}

/// Reports the second appearance of each repeated item.
fn repeated(path: &str, items: &[Value], shown: &[Value], found: &mut Vec<Cause>) {
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let times = seen.entry(item.to_string()).or_default();
        *times += 1;
        if *times == 2 {
            found.push(Cause::duplicate(format!("{path}[{index}]"), &shown[index]));
        }
    }
}

/// `apiVersion` and `kind` of embedded resources.
pub(crate) fn embedded(path: &str, value: &Value, schema: &Schema, root: bool, found: &mut Vec<Cause>) {
    match value {
        Value::Object(map) => {
            if schema.embedded && !root {
                for field in ["apiVersion", "kind"] {
                    match map.get(field) {
                        None => found.push(Cause::required(join(path, field), "")),
                        Some(Value::String(s)) if s.is_empty() => {
                            found.push(Cause::invalid(
                                join(path, field),
                                &Value::from(""),
                                "must not be empty",
                            ));
                        }
                        Some(Value::String(_)) => {}
                        Some(other) => {
                            found.push(Cause::invalid(join(path, field), other, "must be a string"));
                        }
                    }
                }
            }
            for (key, value) in map {
                if let Some(inner) = schema.properties.get(key) {
                    embedded(&join(path, key), value, inner, false, found);
                } else if let Some(inner) = schema.additional_schema() {
                    embedded(&format!("{path}[{key}]"), value, inner, false, found);
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for (index, item) in list.iter().enumerate() {
                    embedded(&format!("{path}[{index}]"), item, items, false, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeated_set_items_and_map_keys_are_found() {
        let schema = Schema::parse(&json!({"type": "object", "properties": {
            "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "m": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string"}}}}}}));
        let mut found = Vec::new();
        duplicates(
            "",
            &json!({"s": ["a", "b", "a", "a"], "m": [{"k": "a", "v": 1}, {"k": "a"}]}),
            &schema,
            &mut found,
        );
        let found: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.message.as_str())).collect();
        assert_eq!(found, [("m[1]", "Duplicate value: {\"k\":\"a\"}"), ("s[2]", "Duplicate value: \"a\"")]);
    }
}
