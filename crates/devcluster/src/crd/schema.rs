//! `openAPIV3Schema` as parsed once per version: what pruning, defaulting, validation and CEL rules read.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

/// One place of a schema (`JSONSchemaProps`). Fields that are refused in definitions (`$ref`, `definitions`, …)
/// are kept as names only, see [`Schema::unsupported`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub(crate) kind: String,
    pub(crate) description: bool,
    pub(crate) title: bool,
    pub(crate) format: String,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) enumeration: Option<Vec<Value>>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_maximum: bool,
    pub(crate) minimum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) max_length: Option<i64>,
    pub(crate) min_length: Option<i64>,
    pub(crate) pattern: String,
    pub(crate) regex: Option<Regex>,
    pub(crate) max_items: Option<i64>,
    pub(crate) min_items: Option<i64>,
    pub(crate) unique_items: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) max_properties: Option<i64>,
    pub(crate) min_properties: Option<i64>,
    pub(crate) required: Vec<String>,
    pub(crate) items: Option<Box<Self>>,
    /// `items` is an array of schemas (refused).
    pub(crate) items_array: bool,
    pub(crate) properties: BTreeMap<String, Self>,
    pub(crate) additional: Option<Additional>,
    pub(crate) all_of: Vec<Self>,
    pub(crate) any_of: Vec<Self>,
    pub(crate) one_of: Vec<Self>,
    pub(crate) not: Option<Box<Self>>,
    /// `x-kubernetes-preserve-unknown-fields`; `Some(false)` is refused.
    pub(crate) preserve: Option<bool>,
    pub(crate) embedded: bool,
    pub(crate) int_or_string: bool,
    pub(crate) list_type: Option<String>,
    pub(crate) map_keys: Vec<String>,
    pub(crate) map_type: Option<String>,
    pub(crate) rules: Vec<Rule>,
    /// Fields that definitions may not use, as error texts name them.
    pub(crate) unsupported: Vec<&'static str>,
    /// Go names of the fields that are set, in the order of the Go struct (for the root's restrictions).
    pub(crate) go_fields: Vec<&'static str>,
}

/// `additionalProperties`.
#[derive(Clone, Debug)]
pub(crate) enum Additional {
    Allowed(bool),
    Schema(Box<Schema>),
}

/// One of `x-kubernetes-validations`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) message_expression: String,
    pub(crate) reason: Option<String>,
    pub(crate) field_path: String,
    pub(crate) optional_old_self: Option<bool>,
}

impl Rule {
    fn parse(value: &Value) -> Self {
        Self {
            rule: text(value, "rule"),
            message: text(value, "message"),
            message_expression: text(value, "messageExpression"),
            reason: value.get("reason").and_then(Value::as_str).map(str::to_owned),
            field_path: text(value, "fieldPath"),
            optional_old_self: value.get("optionalOldSelf").and_then(Value::as_bool),
        }
    }

    /// The rule as error texts print it: the Go struct as JSON.
    pub(crate) fn shown(&self) -> String {
        let reason = self.reason.as_ref().map_or("null".to_owned(), |r| go_json(r));
        let optional = self.optional_old_self.map_or("null".to_owned(), |o| o.to_string());
        format!(
            "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{reason},\"FieldPath\":{},\"OptionalOldSelf\":{optional}}}",
            go_json(&self.rule),
            go_json(&self.message),
            go_json(&self.message_expression),
            go_json(&self.field_path),
        )
    }
}

/// A string as Go's encoding/json writes it (`<`, `>` and `&` escaped).
pub(crate) fn go_json(text: &str) -> String {
    Value::String(text.to_owned())
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

const UNSUPPORTED: [&str; 7] =
    ["id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions"];

/// JSON names and Go names of `JSONSchemaProps`, in the order of the Go struct.
const GO_FIELDS: [(&str, &str); 43] = [
    ("id", "ID"),
    ("$schema", "Schema"),
    ("$ref", "Ref"),
    ("description", "Description"),
    ("type", "Type"),
    ("nullable", "Nullable"),
    ("format", "Format"),
    ("title", "Title"),
    ("default", "Default"),
    ("maximum", "Maximum"),
    ("exclusiveMaximum", "ExclusiveMaximum"),
    ("minimum", "Minimum"),
    ("exclusiveMinimum", "ExclusiveMinimum"),
    ("maxLength", "MaxLength"),
    ("minLength", "MinLength"),
    ("pattern", "Pattern"),
    ("maxItems", "MaxItems"),
    ("minItems", "MinItems"),
    ("uniqueItems", "UniqueItems"),
    ("multipleOf", "MultipleOf"),
    ("enum", "Enum"),
    ("maxProperties", "MaxProperties"),
    ("minProperties", "MinProperties"),
    ("required", "Required"),
    ("items", "Items"),
    ("allOf", "AllOf"),
    ("oneOf", "OneOf"),
    ("anyOf", "AnyOf"),
    ("not", "Not"),
    ("properties", "Properties"),
    ("additionalProperties", "AdditionalProperties"),
    ("patternProperties", "PatternProperties"),
    ("dependencies", "Dependencies"),
    ("additionalItems", "AdditionalItems"),
    ("definitions", "Definitions"),
    ("externalDocs", "ExternalDocs"),
    ("example", "Example"),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
    ("x-kubernetes-embedded-resource", "XEmbeddedResource"),
    ("x-kubernetes-int-or-string", "XIntOrString"),
    ("x-kubernetes-list-map-keys", "XListMapKeys"),
    ("x-kubernetes-list-type", "XListType"),
    ("x-kubernetes-map-type", "XMapType"),
];

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Schema {
    /// Parses a schema. Nesting is bounded by what the JSON parser lets through (128 levels).
    pub(crate) fn parse(value: &Value) -> Self {
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let number = |key: &str| value.get(key).and_then(Value::as_f64);
        let integer = |key: &str| value.get(key).and_then(Value::as_i64);
        let list = |key: &str| -> Vec<Self> {
            value.get(key).and_then(Value::as_array).into_iter().flatten().map(Self::parse).collect()
        };
        let items = value.get("items").filter(|i| !i.is_null());
        let mut kind = text(value, "type");
        let pattern = text(value, "pattern");
        let int_or_string = flag("x-kubernetes-int-or-string");
        if kind == "null" && int_or_string {
            kind.clear();
        }
        Self {
            kind,
            description: !text(value, "description").is_empty(),
            title: !text(value, "title").is_empty(),
            format: text(value, "format"),
            nullable: flag("nullable"),
            default: value.get("default").filter(|d| !d.is_null()).cloned(),
            enumeration: value.get("enum").and_then(Value::as_array).cloned(),
            maximum: number("maximum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            minimum: number("minimum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            max_length: integer("maxLength"),
            min_length: integer("minLength"),
            regex: (!pattern.is_empty()).then(|| Regex::new(&pattern).ok()).flatten(),
            pattern,
            max_items: integer("maxItems"),
            min_items: integer("minItems"),
            unique_items: flag("uniqueItems"),
            multiple_of: number("multipleOf"),
            max_properties: integer("maxProperties"),
            min_properties: integer("minProperties"),
            required: strings(value, "required"),
            items: items.filter(|i| i.is_object()).map(|i| Box::new(Self::parse(i))),
            items_array: items.is_some_and(Value::is_array),
            properties: value
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(key, property)| (key.clone(), Self::parse(property)))
                .collect(),
            additional: match value.get("additionalProperties") {
                Some(Value::Bool(allowed)) => Some(Additional::Allowed(*allowed)),
                Some(schema @ Value::Object(_)) => Some(Additional::Schema(Box::new(Self::parse(schema)))),
                _ => None,
            },
            all_of: list("allOf"),
            any_of: list("anyOf"),
            one_of: list("oneOf"),
            not: value.get("not").filter(|n| n.is_object()).map(|n| Box::new(Self::parse(n))),
            preserve: value.get("x-kubernetes-preserve-unknown-fields").and_then(Value::as_bool),
            embedded: flag("x-kubernetes-embedded-resource"),
            int_or_string,
            list_type: value.get("x-kubernetes-list-type").and_then(Value::as_str).map(str::to_owned),
            map_keys: strings(value, "x-kubernetes-list-map-keys"),
            map_type: value.get("x-kubernetes-map-type").and_then(Value::as_str).map(str::to_owned),
            rules: value
                .get("x-kubernetes-validations")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(Rule::parse)
                .collect(),
            unsupported: UNSUPPORTED.into_iter().filter(|key| is_set(value.get(*key))).collect(),
            go_fields: GO_FIELDS
                .iter()
                .filter(|(key, _)| is_set(value.get(*key)))
                .map(|(_, go)| *go)
                .collect(),
        }
    }

    /// `x-kubernetes-preserve-unknown-fields: true`.
    pub(crate) fn preserves(&self) -> bool {
        self.preserve == Some(true)
    }

    /// The schema of undeclared properties.
    pub(crate) fn additional_schema(&self) -> Option<&Self> {
        match &self.additional {
            Some(Additional::Schema(schema)) => Some(schema),
            _ => None,
        }
    }

    /// Whether the schema or one inside it has CEL rules.
    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
            || self.items.as_deref().is_some_and(Self::has_rules)
            || self.additional_schema().is_some_and(Self::has_rules)
            || self.properties.values().any(Self::has_rules)
            || self.all_of.iter().any(Self::has_rules)
    }

    /// Whether this schema or any inside it, also under junctors, satisfies the predicate.
    pub(crate) fn any(&self, predicate: &dyn Fn(&Self) -> bool) -> bool {
        predicate(self)
            || self.items.as_deref().is_some_and(|s| s.any(predicate))
            || self.additional_schema().is_some_and(|s| s.any(predicate))
            || self.properties.values().any(|s| s.any(predicate))
            || [&self.all_of, &self.any_of, &self.one_of].into_iter().flatten().any(|s| s.any(predicate))
            || self.not.as_deref().is_some_and(|s| s.any(predicate))
    }
}

/// Whether a Go field would not be its zero value.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(s)) => !s.is_empty(),
        Some(Value::Array(a)) => !a.is_empty(),
        Some(_) => true,
    }
}
