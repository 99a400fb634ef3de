//! `Chart.yaml` read strictly: keys that stand twice and fields that do not exist.

use pilothouse_goyaml::events::{Event, Parser};
use pilothouse_goyaml::{Limits, to_json};
use serde_json::Value;

use crate::load::{DEPENDENCY_FIELDS, MAINTAINER_FIELDS, METADATA_FIELDS};

/// # Errors
/// The text of `sigs.k8s.io/yaml` `UnmarshalStrict`.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let twice = keys_twice(text);
    if !twice.is_empty() {
        return Err(format!(
            "error converting YAML to JSON: yaml: unmarshal errors:\n  {}",
            twice.join("\n  ")
        ));
    }
    let Ok(json) = to_json(text) else { return Ok(()) };
    match unknown_field(&json) {
        Some(field) => {
            Err(format!("error unmarshaling JSON: while decoding JSON: json: unknown field {field:?}"))
        }
        None => Ok(()),
    }
}

/// One line for each key that its mapping holds already.
fn keys_twice(text: &[u8]) -> Vec<String> {
    enum Open {
        Sequence,
        /// The keys so far, and whether the next node is a key.
        Mapping(Vec<String>, bool),
    }
    let mut found = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let Ok(mut parser) = Parser::new(text, &Limits::default()) else { return found };
    while let Ok(Some((event, position))) = parser.next_event() {
        match event {
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                continue;
            }
            Event::Scalar { .. }
            | Event::Alias(_)
            | Event::SequenceStart { .. }
            | Event::MappingStart { .. } => {}
            Event::DocumentEnd => break,
            _ => continue,
        }
        if let Some(Open::Mapping(keys, is_key)) = open.last_mut() {
            if let (true, Event::Scalar { value, .. }) = (*is_key, &event) {
                if keys.iter().any(|key| key == value) {
                    found.push(format!("line {}: key {:?} already set in map", position.line, value));
                }
                keys.push(value.to_string());
            }
            *is_key = !*is_key;
        }
        match event {
            Event::SequenceStart { .. } => open.push(Open::Sequence),
            Event::MappingStart { .. } => open.push(Open::Mapping(Vec::new(), true)),
            _ => {}
        }
    }
    found
}

fn unknown_field(json: &Value) -> Option<&str> {
    let known = |fields: &[&str], key: &str| fields.iter().any(|field| field.eq_ignore_ascii_case(key));
    for (key, value) in json.as_object()? {
        if !known(METADATA_FIELDS, key) {
            return Some(key);
        }
        let fields = match key.to_ascii_lowercase().as_str() {
            "maintainers" => MAINTAINER_FIELDS,
            "dependencies" => DEPENDENCY_FIELDS,
            _ => continue,
        };
        let items = value.as_array().into_iter().flatten().filter_map(Value::as_object);
        if let Some((key, _)) = items.flatten().find(|(key, _)| !known(fields, key)) {
            return Some(key);
        }
    }
    None
}
