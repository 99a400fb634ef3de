//! What a definition's schema may contain (apiextensions `ValidateCustomResourceDefinitionOpenAPISchema`), with its
//! CEL rules and their cost.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cel::{self, Decl, MAX_REQUEST_BYTES, escape};
use super::jsonpath;
use super::schema::{Additional, Rule, Schema};
use super::structural;
use crate::status::Cause;

/// Largest estimated cost of one rule, and of all rules of a schema.
const MAX_RULE_COST: u64 = 10_000_000;
const MAX_TOTAL_COST: u64 = 100_000_000;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// What is allowed at the root beside a status subresource.
const ROOT_FIELDS: [&str; 21] = [
    "Description",
    "Type",
    "Format",
    "Title",
    "Maximum",
    "ExclusiveMaximum",
    "Minimum",
    "ExclusiveMinimum",
    "MaxLength",
    "MinLength",
    "Pattern",
    "MaxItems",
    "MinItems",
    "UniqueItems",
    "MultipleOf",
    "Required",
    "Items",
    "Properties",
    "ExternalDocs",
    "Example",
    "XPreserveUnknownFields",
];

/// What is wrong with a schema. `path` is that of `openAPIV3Schema`. `unchanged`: it was accepted before, so its
/// rules' costs are not looked at.
pub(crate) fn schema(path: &str, schema: &Schema, status: bool, unchanged: bool) -> Vec<Cause> {
    let mut errors = Vec::new();
    if status {
        root_restrictions(path, schema, &mut errors);
    }
    if schema.nullable {
        errors.push(Cause::forbidden(format!("{path}.nullable"), "nullable cannot be true at the root"));
    }
    let unreadable = structural::unreadable(schema);
    let mut with_rules = false;
    if unreadable.is_none() {
        let mut found = structural::violations(path, schema);
        if found.is_empty() {
            structural::defaults(path, schema, true, false, &mut found);
        }
        with_rules = found.is_empty();
        errors.extend(found);
    }
    let mut total = Total::default();
    let place = Place {
        rules: with_rules.then_some(Scope {
            parent: None,
            cardinality: Some(1),
            within: !schema.rules.is_empty(),
        }),
        defaults_forbidden: None,
        inside_meta: false,
        uncorrelatable: None,
    };
    let mut checker = Checker { unchanged, total: &mut total };
    let (found, rule_errors) = checker.schema(path, schema, true, &place);
    errors.extend(found);
    errors.extend(rule_errors);
    if let (true, Some(text)) = (errors.is_empty(), unreadable) {
        errors.push(Cause::invalid(path, &Value::from(""), &text));
    }
    total.report(path, &mut errors);
    errors
}

fn root_restrictions(path: &str, schema: &Schema, errors: &mut Vec<Cause>) {
    if schema.kind != "object" && !schema.kind.is_empty() {
        let text = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.push(Cause::invalid(format!("{path}.type"), &json!(schema.kind), text));
        return;
    }
    if schema.go_fields.iter().any(|field| !ROOT_FIELDS.contains(field)) {
        let list = ROOT_FIELDS.iter().copied().chain(["XValidations"]).collect::<Vec<_>>().join(" ");
        let text = format!(
            "only [{list}] fields are allowed at the root of the schema if the status subresource is enabled"
        );
        errors.push(Cause::invalid(path, &Value::from("schema"), &text));
    }
}

/// Costs of all rules.
#[derive(Default)]
struct Total {
    sum: u64,
    expensive: Vec<(String, u64)>,
}

impl Total {
    fn observe(&mut self, field: String, cost: u64) {
        self.sum = self.sum.saturating_add(cost);
        if cost >= MAX_TOTAL_COST / 100 {
            self.expensive.push((field, cost));
            self.expensive.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
            self.expensive.truncate(4);
        }
    }

    fn report(&self, path: &str, errors: &mut Vec<Cause>) {
        if self.sum <= MAX_TOTAL_COST {
            return;
        }
        let text =
            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        errors.extend(self.expensive.iter().map(|(field, _)| Cause::forbidden(field, text)));
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        errors.push(Cause::forbidden(path, &cost_text(what, self.sum, MAX_TOTAL_COST)));
    }
}

fn cost_text(what: &str, cost: u64, limit: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a factor to one digit")]
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// What rules need to know of the places around them.
#[derive(Clone)]
struct Scope {
    /// The type of this place, where one around it has rules and could tell.
    parent: Option<Arc<Decl>>,
    /// How often a value of this place can occur; `None`: without bound.
    cardinality: Option<u64>,
    /// Whether this place or one around it has rules.
    within: bool,
}

#[derive(Clone)]
struct Place {
    rules: Option<Scope>,
    defaults_forbidden: Option<String>,
    inside_meta: bool,
    /// First place on the way whose values have no counterpart in an older object.
    uncorrelatable: Option<String>,
}

struct Checker<'a> {
    unchanged: bool,
    total: &'a mut Total,
}

type Errors = (Vec<Cause>, Vec<Cause>);

impl Checker<'_> {
    /// Errors of the schema, and those of its rules.
    fn schema(&mut self, path: &str, s: &Schema, root: bool, place: &Place) -> Errors {
        let mut errors = Vec::new();
        let mut rule_errors = Vec::new();
        standard(path, s, place, &mut errors);
        if s.unique_items {
            let text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            errors.push(Cause::forbidden(format!("{path}.uniqueItems"), text));
        }
        let decl = place
            .rules
            .as_ref()
            .filter(|scope| scope.within)
            .and_then(|scope| scope.parent.clone().or_else(|| Decl::of(s, root || s.embedded)));
        self.children(path, s, root, place, decl.as_ref(), &mut (&mut errors, &mut rule_errors));
        extensions(path, s, &mut errors);
        for (i, rule) in s.rules.iter().enumerate() {
            rule_texts(&format!("{path}.x-kubernetes-validations[{i}]"), rule, s, &mut errors);
        }
        if let (true, false, Some(scope)) = (errors.is_empty(), s.rules.is_empty(), &place.rules) {
            self.rules(path, s, scope, decl.as_ref(), place, &mut rule_errors);
        }
        (errors, rule_errors)
    }

    fn children(
        &mut self,
        path: &str,
        s: &Schema,
        root: bool,
        place: &Place,
        decl: Option<&Arc<Decl>>,
        errors: &mut (&mut Vec<Cause>, &mut Vec<Cause>),
    ) {
        let scope = |inner: &Schema, parent: Option<Arc<Decl>>| {
            place.rules.as_ref().map(|scope| Scope {
                parent,
                cardinality: scope.cardinality.and_then(|n| occurrences(s).map(|m| n.saturating_mul(m))),
                within: scope.within || !inner.rules.is_empty(),
            })
        };
        if let Some(additional) = &s.additional {
            if !s.properties.is_empty() && !matches!(additional, Additional::Allowed(true)) {
                let text = "additionalProperties and properties are mutual exclusive";
                errors.0.push(Cause::forbidden(format!("{path}.additionalProperties"), text));
            }
            if let Additional::Schema(inner) = additional {
                let mut sub =
                    Place { rules: scope(inner, decl.and_then(|d| d.element().cloned())), ..place.clone() };
                if place.inside_meta {
                    sub.defaults_forbidden =
                        Some("inside additionalProperties applying to object metadata".into());
                }
                self.visit(errors, &format!("{path}.additionalProperties"), inner, &sub);
            }
        }
        for (key, property) in &s.properties {
            let ty = decl.and_then(|d| escape(key).and_then(|name| d.field(&name).cloned()));
            let mut sub = Place { rules: scope(property, ty), ..place.clone() };
            if (root || s.embedded) && matches!(key.as_str(), "metadata" | "kind" | "apiVersion") {
                sub.inside_meta = true;
                if root {
                    sub.defaults_forbidden = Some(format!("in top-level {key}"));
                }
            }
            self.visit(errors, &format!("{path}.properties[{key}]"), property, &sub);
        }
        let bare = Place { rules: None, ..place.clone() };
        if let Some(inner) = &s.not {
            self.visit(errors, &format!("{path}.not"), inner, &bare);
        }
        for (name, list) in [("allOf", &s.all_of), ("oneOf", &s.one_of), ("anyOf", &s.any_of)] {
            for (i, inner) in list.iter().enumerate() {
                self.visit(errors, &format!("{path}.{name}[{i}]"), inner, &bare);
            }
        }
        if let Some(items) = &s.items {
            let mut sub =
                Place { rules: scope(items, decl.and_then(|d| d.element().cloned())), ..place.clone() };
            if s.list_type.as_deref() != Some("map") && sub.uncorrelatable.is_none() {
                sub.uncorrelatable = Some(path.to_owned());
            }
            self.visit(errors, &format!("{path}.items"), items, &sub);
        }
    }

    fn visit(
        &mut self,
        errors: &mut (&mut Vec<Cause>, &mut Vec<Cause>),
        path: &str,
        inner: &Schema,
        place: &Place,
    ) {
        let (found, rules) = self.schema(path, inner, false, place);
        errors.0.extend(found);
        errors.1.extend(rules);
    }

    fn rules(
        &mut self,
        path: &str,
        s: &Schema,
        scope: &Scope,
        decl: Option<&Arc<Decl>>,
        place: &Place,
        errors: &mut Vec<Cause>,
    ) {
        let field = format!("{path}.x-kubernetes-validations");
        let Some(decl) = decl else {
            errors.push(Cause::new(
                "InternalError",
                field,
                "Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations",
            ));
            return;
        };
        let times = scope.cardinality.unwrap_or(MAX_REQUEST_BYTES / (decl.min_size + 1));
        for (i, rule) in s.rules.iter().enumerate() {
            let compiled = cel::compile(rule, s, decl);
            let rule_field = format!("{field}[{i}].rule");
            let message_field = format!("{field}[{i}].messageExpression");
            let cost = compiled.cost.saturating_mul(times);
            if !self.unchanged && cost > MAX_RULE_COST {
                errors.push(Cause::forbidden(
                    &rule_field,
                    &cost_text("estimated rule cost", cost, MAX_RULE_COST),
                ));
            }
            self.total.observe(rule_field.clone(), cost);
            if let Some(error) = &compiled.error {
                errors.push(shown(&rule_field, rule, error));
            }
            if let Some(error) = &compiled.message_error {
                errors.push(shown(&message_field, rule, error));
            } else if let Some(cost) = compiled.message_cost {
                if !self.unchanged && cost > MAX_RULE_COST {
                    let text = cost_text("estimated messageExpression cost", cost, MAX_RULE_COST);
                    errors.push(Cause::forbidden(&message_field, &text));
                }
                self.total.observe(message_field, cost);
            }
            if compiled.uses_old_self {
                if let Some(within) = &place.uncorrelatable {
                    let text = format!(
                        "oldSelf cannot be used on the uncorrelatable portion of the schema within {within}"
                    );
                    errors.push(Cause::invalid(rule_field, &json!(rule.rule), &text));
                }
            } else if let Some(optional) = rule.optional_old_self {
                let text = "may not be set if oldSelf is not used in rule";
                errors.push(Cause::invalid(format!("{field}[{i}].optionalOldSelf"), &json!(optional), text));
            }
        }
    }
}

fn shown(field: &str, rule: &Rule, detail: &str) -> Cause {
    Cause::new("FieldValueInvalid", field, format!("Invalid value: {}: {detail}", rule.shown()))
}

/// By how much the place multiplies what is inside it.
fn occurrences(s: &Schema) -> Option<u64> {
    let limit = |max: Option<i64>| max.map(|m| u64::try_from(m).unwrap_or(0));
    match s.kind.as_str() {
        "object" if s.additional.is_some() => limit(s.max_properties),
        "array" => limit(s.max_items),
        _ => Some(1),
    }
}

/// Fields that no definition may use.
fn standard(path: &str, s: &Schema, place: &Place, errors: &mut Vec<Cause>) {
    if !s.kind.is_empty() && !TYPES.contains(&s.kind.as_str()) {
        errors.push(Cause::not_supported(format!("{path}.type"), &json!(s.kind), &TYPES));
    }
    if let (Some(_), Some(reason)) = (&s.default, &place.defaults_forbidden) {
        errors.push(Cause::forbidden(format!("{path}.default"), &format!("must not be set {reason}")));
    }
    for name in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        if s.unsupported.contains(&name) {
            errors.push(Cause::forbidden(format!("{path}.{name}"), &format!("{name} is not supported")));
        }
    }
    if s.kind == "null" {
        let text = "type cannot be set to null, use nullable as an alternative";
        errors.push(Cause::forbidden(format!("{path}.type"), text));
    }
    if s.items_array {
        errors.push(Cause::forbidden(
            format!("{path}.items"),
            "items must be a schema object and not an array",
        ));
    }
    if place.inside_meta && s.embedded {
        let field = format!("{path}.x-kubernetes-embedded-resource");
        errors.push(Cause::forbidden(field, "must not be used inside of resource meta"));
    }
}

/// `must be X if x-kubernetes-Y is specified`.
fn wrong_kind(path: &str, s: &Schema, text: &str) -> Cause {
    let field = format!("{path}.type");
    if s.kind.is_empty() { Cause::required(field, text) } else { Cause::invalid(field, &json!(s.kind), text) }
}

fn extensions(path: &str, s: &Schema, errors: &mut Vec<Cause>) {
    if s.preserve == Some(false) {
        let field = format!("{path}.x-kubernetes-preserve-unknown-fields");
        errors.push(Cause::invalid(field, &json!(false), "must be true or undefined"));
    }
    if let Some(map_type) = &s.map_type {
        if s.kind != "object" {
            errors.push(wrong_kind(path, s, "must be object if x-kubernetes-map-type is specified"));
        }
        let known = ["atomic", "granular"];
        if !known.contains(&map_type.as_str()) {
            errors.push(Cause::not_supported(
                format!("{path}.x-kubernetes-map-type"),
                &json!(map_type),
                &known,
            ));
        }
    }
    list_type(path, s, errors);
    if !s.map_keys.is_empty() {
        let field = format!("{path}.x-kubernetes-list-type");
        let text = "must be map if x-kubernetes-list-map-keys is non-empty";
        match s.list_type.as_deref() {
            None => errors.push(Cause::required(field, text)),
            Some("map") => {}
            Some(other) => errors.push(Cause::invalid(field, &json!(other), text)),
        }
    }
    if s.list_type.as_deref() == Some("map") {
        map_list(path, s, errors);
    }
    unique_items_of_lists(path, s, errors);
}

fn list_type(path: &str, s: &Schema, errors: &mut Vec<Cause>) {
    let Some(list_type) = s.list_type.as_deref() else { return };
    if s.kind != "array" {
        errors.push(wrong_kind(path, s, "must be array if x-kubernetes-list-type is specified"));
    } else if let ("set", Some(items)) = (list_type, &s.items) {
        let text = "must be atomic as item of a list with x-kubernetes-list-type=set";
        match items.kind.as_str() {
            "array" if items.list_type.as_deref().is_some_and(|t| t != "atomic") => {
                errors.push(Cause::invalid(
                    format!("{path}.items.x-kubernetes-list-type"),
                    &json!(items.list_type),
                    text,
                ));
            }
            "object" if items.map_type.as_deref() != Some("atomic") => {
                // The reference prints the list type here.
                errors.push(Cause::invalid(
                    format!("{path}.items.x-kubernetes-map-type"),
                    &json!(items.list_type),
                    text,
                ));
            }
            _ => {}
        }
    }
    let known = ["atomic", "set", "map"];
    if !known.contains(&list_type) {
        errors.push(Cause::not_supported(
            format!("{path}.x-kubernetes-list-type"),
            &json!(list_type),
            &known,
        ));
    }
}

fn map_list(path: &str, s: &Schema, errors: &mut Vec<Cause>) {
    let keys_field = format!("{path}.x-kubernetes-list-map-keys");
    if s.map_keys.is_empty() {
        errors.push(Cause::required(&keys_field, "must not be empty if x-kubernetes-list-type is map"));
    }
    let Some(items) = &s.items else {
        let field = format!("{path}.items");
        errors.push(if s.items_array {
            Cause::invalid(
                field,
                &json!([]),
                "must only have a single schema if x-kubernetes-list-type is map",
            )
        } else {
            Cause::required(field, "must have a schema if x-kubernetes-list-type is map")
        });
        return;
    };
    if items.kind != "object" {
        let text = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(Cause::invalid(format!("{path}.items.type"), &json!(items.kind), text));
        return;
    }
    for (i, key) in s.map_keys.iter().enumerate() {
        match items.properties.get(key) {
            Some(property) if matches!(property.kind.as_str(), "array" | "object") => {
                let field = format!("{path}.items.properties[{key}].type");
                let text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.push(Cause::invalid(field, &json!(items.kind), text));
            }
            Some(_) => {}
            None => {
                errors.push(Cause::invalid(
                    &keys_field,
                    &json!(s.map_keys),
                    "entries must all be names of item properties",
                ));
            }
        }
        if s.map_keys[..i].contains(key) {
            errors.push(Cause::invalid(
                &keys_field,
                &json!(s.map_keys),
                "must not contain duplicate entries",
            ));
        }
    }
}

fn unique_items_of_lists(path: &str, s: &Schema, errors: &mut Vec<Cause>) {
    let (Some(items), Some(list_type @ ("set" | "map"))) = (&s.items, s.list_type.as_deref()) else { return };
    if items.nullable {
        let text = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        errors.push(Cause::forbidden(format!("{path}.items.nullable"), &text));
    }
    if list_type == "set" {
        return;
    }
    for key in &s.map_keys {
        let Some(property) = items.properties.get(key) else { continue };
        let field = format!("{path}.items.properties[{key}]");
        if !items.required.contains(key) && property.default.is_none() {
            let text = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.push(Cause::required(format!("{field}.default"), text));
        }
        if property.nullable {
            let text = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(Cause::forbidden(format!("{field}.nullable"), text));
        }
    }
}

fn rule_texts(field: &str, rule: &Rule, s: &Schema, errors: &mut Vec<Cause>) {
    let broken = |text: &str| text.contains(['\n', '\r']);
    let (text, message) = (rule.rule.trim(), rule.message.trim());
    let message_field = format!("{field}.message");
    if text.is_empty() {
        errors.push(Cause::required(format!("{field}.rule"), "rule is not specified"));
    } else if !rule.message.is_empty() && message.is_empty() {
        errors.push(Cause::invalid(message_field, &json!(rule.message), "must be non-empty if specified"));
    } else if broken(message) {
        errors.push(Cause::invalid(message_field, &json!(rule.message), "must not contain line breaks"));
    } else if broken(text) && message.is_empty() {
        errors.push(Cause::required(message_field, "message must be specified if rule contains line breaks"));
    }
    if !rule.message_expression.is_empty() && rule.message_expression.trim().is_empty() {
        let text = "messageExpression must be non-empty if specified";
        errors.push(Cause::required(format!("{field}.messageExpression"), text));
    }
    if let Some(reason) = rule.reason.as_deref().filter(|r| !REASONS.contains(r)) {
        errors.push(Cause::not_supported(format!("{field}.reason"), &json!(reason), &REASONS));
    }
    if !rule.field_path.is_empty() {
        let mut refuse = |text: &str| {
            errors.push(Cause::invalid(format!("{field}.fieldPath"), &json!(rule.field_path), text));
        };
        if rule.field_path.trim().is_empty() {
            refuse("must be non-empty if specified");
        }
        if broken(&rule.field_path) {
            refuse("must not contain line breaks");
        }
        if jsonpath::valid_field_path(&rule.field_path, s, true).is_err() {
            refuse("must be a valid path");
        }
    }
}
