//! `CustomResourceDefinitions`: checking definitions, serving what they define.
//!
//! [`validate_definition`] tells what is wrong with a definition, [`resources`] makes of an accepted one what the
//! server serves. A [`Served`] version holds its schema parsed once and its CEL rules compiled once.

pub(crate) mod cel;
mod check;
mod columns;
mod definition;
mod formats;
mod jsonpath;
mod lifecycle;
mod lists;
mod names;
mod prune;
mod schema;
mod serve;
mod structural;
mod values;

use std::sync::Arc;

use serde_json::Value;

use crate::schema::Graph;
use crate::status::Cause;
pub(crate) use formats::go_duration;
pub(crate) use lifecycle::CLEANUP;
pub use serve::{compare_versions, resources};

/// One printer column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean`, `date`.
    pub kind: String,
    /// OpenAPI format; empty: none.
    pub format: String,
    /// Description.
    pub description: String,
    /// Priority; columns above 0 are shown with `-o wide`.
    pub priority: i64,
    /// JSON path, as the definition gives it.
    pub json_path: String,
}

/// Paths of the scale subresource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `.spec.replicas`.
    pub spec_replicas: String,
    /// `.status.replicas`.
    pub status_replicas: String,
    /// `.status.selector`, where given.
    pub label_selector: Option<String>,
}

/// One served version of a `CustomResourceDefinition`, ready for use: `Resource::custom`.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Name of the definition: `things.example.com`.
    pub definition: String,
    /// `openAPIV3Schema` of this version; null where there is none.
    pub schema: Value,
    /// The same as types, for apply, patches and decoding.
    pub graph: Arc<Graph>,
    /// Whether there is a status subresource.
    pub status: bool,
    /// The scale subresource.
    pub scale: Option<ScalePaths>,
    /// Printer columns (without `Name`); empty: `Age` alone is added.
    pub columns: Vec<Column>,
    /// JSON paths of selectable fields: `.spec.color`.
    pub selectable: Vec<String>,
    /// Text of the `Warning` header of deprecated versions.
    pub deprecation: Option<String>,
    /// The definition is being deleted: nothing is created any more.
    pub terminating: bool,
    parsed: Arc<schema::Schema>,
    /// The schema of the version that is stored.
    stored: Arc<schema::Schema>,
    /// The schema has been changed: what is stored may not have its present form.
    changed: bool,
    rules: Arc<cel::Rules>,
}

impl Served {
    /// Reads a body: drops (and reports as `unknown field "spec.x"`) what the schema does not have, and fills in defaults.
    pub fn decode(&self, object: &mut Value) -> Vec<String> {
        whole_numbers(object);
        let mut unknown = Vec::new();
        prune::drop_nulls(object, &self.parsed);
        prune::default(object, &self.parsed);
        prune::prune(object, &self.parsed, &mut unknown);
        prune::coerce_embedded(object, &self.parsed, "", true, &mut unknown);
        unknown.sort();
        unknown.into_iter().map(|path| format!("unknown field \"{path}\"")).collect()
    }

    /// Prunes and defaults an object read from the store or merged by a patch; reports nothing.
    pub fn normalise(&self, object: &mut Value) {
        self.decode(object);
    }

    /// Brings an object from the store into this version. `converted`: it was stored in another one.
    pub fn read(&self, object: &mut Value, converted: bool) {
        if !converted && !self.changed {
            return;
        }
        prune::drop_nulls(object, &self.stored);
        prune::default(object, &self.stored);
        prune::prune(object, &self.stored, &mut Vec::new());
        if converted {
            prune::prune(object, &self.parsed, &mut Vec::new());
        }
    }

    /// Drops what the stored version does not have.
    pub fn store(&self, object: &mut Value) {
        prune::prune(object, &self.stored, &mut Vec::new());
    }

    /// Whether stored objects have to be looked at before they are shown.
    pub fn reshapes(&self) -> bool {
        self.changed
    }

    /// What is wrong with an object: schema and CEL rules (transition rules where there is an `old` one).
    /// `subresource` is empty or `status`.
    pub fn validate(&self, object: &Value, old: Option<&Value>, subresource: &str) -> Vec<Cause> {
        let mut errors = Vec::new();
        if subresource == "status" {
            let place = self.parsed.properties.get("status");
            if let (Some(status), Some(place)) = (object.get("status"), place) {
                errors = values::validate("status", status, old.and_then(|o| o.get("status")), place);
            }
        } else {
            errors = values::validate("", object, old, &self.parsed);
            self.scale_errors(object, true, &mut errors);
        }
        self.scale_errors(object, false, &mut errors);
        lists::embedded("", object, &self.parsed, true, &mut errors);
        let mut before = Vec::new();
        if let Some(old) = old {
            lists::duplicates("", old, &self.parsed, &mut before);
        }
        if before.is_empty() {
            lists::duplicates("", object, &self.parsed, &mut errors);
        }
        if !self.rules.is_empty() {
            if errors.iter().any(is_blocking) {
                let text = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
                errors.push(Cause::invalid("<nil>", &Value::Null, text));
            } else {
                errors.extend(self.rules.check(&self.parsed, "", object, old));
            }
        }
        errors
    }

    fn scale_errors(&self, object: &Value, spec: bool, errors: &mut Vec<Cause>) {
        let Some(scale) = &self.scale else { return };
        let path = if spec { &scale.spec_replicas } else { &scale.status_replicas };
        match jsonpath::plain(object, path) {
            None => {}
            Some(Value::Number(n)) if n.is_i64() => {
                let replicas = n.as_i64().unwrap_or_default();
                if replicas < 0 {
                    errors.push(Cause::invalid(path, &replicas.into(), "should be a non-negative integer"));
                } else if replicas > i64::from(i32::MAX) {
                    let text = format!("should be less than or equal to {}", i32::MAX);
                    errors.push(Cause::invalid(path, &replicas.into(), &text));
                }
            }
            Some(other) => {
                let kind = match other {
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    Value::Number(_) => "float64",
                    Value::Array(_) => "[]interface {}",
                    _ => "map[string]interface {}",
                };
                let text =
                    format!("{path} accessor error: {} is of the type {kind}, expected int64", bare(other));
                errors.push(Cause::invalid(path, &0.into(), &text));
            }
        }
        if let (false, Some(path)) = (spec, &scale.label_selector)
            && let Some(other) = jsonpath::plain(object, path).filter(|v| !v.is_string())
        {
            let text = format!("{path} accessor error: {other} is of the wrong type, expected string");
            errors.push(Cause::invalid(path, &"".into(), &text));
        }
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether CEL rules cannot be run over an object with this error.
fn is_blocking(cause: &Cause) -> bool {
    matches!(
        cause.reason.as_str(),
        "FieldValueNotSupported"
            | "FieldValueRequired"
            | "FieldValueTooLong"
            | "FieldValueTooMany"
            | "FieldValueTypeInvalid"
    )
}

/// Floats without a fraction become integers, as Go writes them.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(n) if n.is_f64() => {
            let float = n.as_f64().unwrap_or(f64::NAN);
            if float.fract() == 0.0 && float.abs() < 9e15 {
                #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
                let int = float as i64;
                *value = int.into();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// The condition of a type in an object's status.
pub(crate) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
}

/// Fills in the defaults of a `CustomResourceDefinition`: names and conversion.
pub fn default_definition(definition: &mut Value) {
    lifecycle::default(definition);
}

/// Sets what a client cannot: the status of a new definition, or that of `old`, with the storage version among the
/// stored ones.
pub fn prepare_definition(definition: &mut Value, old: Option<&Value>) {
    lifecycle::prepare(definition, old);
}

/// What is wrong with a `CustomResourceDefinition`, without what is checked in every object's metadata.
pub fn validate_definition(definition: &Value, old: Option<&Value>) -> Vec<Cause> {
    definition::validate(definition, old)
}

/// Marks a definition as being deleted: its instances go first. False: nothing holds it.
pub(crate) fn mark_deletion(definition: &mut Value, now: &str) -> bool {
    lifecycle::mark_deletion(definition, now)
}

/// What is wrong with a change of a definition's status.
pub fn validate_definition_status(definition: &Value) -> Vec<Cause> {
    definition::validate_status(definition)
}

/// `Warning` header texts for a new or changed definition.
pub fn definition_warnings(definition: &Value, old: Option<&Value>) -> Vec<String> {
    definition::warnings(definition, old)
}
