//! Whether a schema is structural (apiextensions-apiserver `schema/validation.go`, `schema/defaulting/validation.go`).

use regex::Regex;

use super::cel;
use super::schema::{Additional, Schema};
use super::{lists, prune, values};
use crate::status::Cause;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Why the schema cannot be read as a structural one at all.
pub(crate) fn unreadable(schema: &Schema) -> Option<String> {
    let mut found = None;
    schema.any(&|s: &Schema| !s.unsupported.is_empty() || s.preserve == Some(false) || s.items_array).then(
        || {
            find(schema, &mut found);
            found.unwrap_or_default()
        },
    )
}

fn find(schema: &Schema, found: &mut Option<String>) {
    let text = if let Some(field) = schema.unsupported.first() {
        Some(format!(
            "OpenAPIV3Schema '{}' is not supported",
            field.trim_start_matches("$s").replace("chema", "schema")
        ))
    } else if schema.preserve == Some(false) {
        Some("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined".to_owned())
    } else if schema.items_array {
        Some("OpenAPIV3Schema 'items' must be a schema, but is an array".to_owned())
    } else {
        None
    };
    if found.is_none() {
        *found = text;
    }
    let junctors = [&schema.all_of, &schema.any_of, &schema.one_of].into_iter().flatten();
    let inner =
        schema.items.as_deref().into_iter().chain(schema.additional_schema()).chain(schema.not.as_deref());
    for schema in inner.chain(schema.properties.values()).chain(junctors) {
        find(schema, found);
    }
}

/// Violations of structurality, sorted by their text.
pub(crate) fn violations(path: &str, schema: &Schema) -> Vec<Cause> {
    let mut errors = Vec::new();
    invariants(schema, Level::Root, path, &mut errors);
    completeness(schema, path, &mut errors);
    errors.sort_by_key(|e| format!("{}: {}", e.field, e.message));
    errors
}

fn invariants(s: &Schema, level: Level, path: &str, errors: &mut Vec<Cause>) {
    if s.kind == "array" && s.items.is_none() {
        errors.push(Cause::required(format!("{path}.items"), "must be specified"));
    }
    if let Some(items) = &s.items {
        invariants(items, Level::Item, &format!("{path}.items"), errors);
    }
    for (key, property) in &s.properties {
        invariants(property, Level::Field, &format!("{path}.properties[{key}]"), errors);
    }
    if let Some(additional) = &s.additional {
        let inner = format!("{path}.additionalProperties");
        if level == Level::Root {
            errors.push(Cause::forbidden(&inner, "must not be used at the root"));
        }
        if let Additional::Schema(schema) = additional {
            invariants(schema, Level::Field, &inner, errors);
        }
    }
    extensions(s, path, errors);
    let skip_first = s.all_of.first().is_some_and(|first| is_int_or_string(&first.any_of));
    value_validation(s, is_int_or_string(&s.any_of), skip_first, path, errors);
    types(s, level, path, errors);
    metadata(s, level, path, errors);
}

fn extensions(s: &Schema, path: &str, errors: &mut Vec<Cause>) {
    for (set, name) in [(s.preserves(), "preserve-unknown-fields"), (s.embedded, "embedded-resource")] {
        if s.int_or_string && set {
            errors.push(Cause::invalid(
                format!("{path}.x-kubernetes-{name}"),
                &true.into(),
                "must be false if x-kubernetes-int-or-string is true",
            ));
        }
    }
}

fn types(s: &Schema, level: Level, path: &str, errors: &mut Vec<Cause>) {
    let field = format!("{path}.type");
    if s.embedded && s.kind != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(if s.kind.is_empty() {
            Cause::required(field, detail)
        } else {
            Cause::invalid(field, &s.kind.as_str().into(), detail)
        });
    } else if s.kind.is_empty() && !s.int_or_string && !s.preserves() {
        errors.push(Cause::required(
            field,
            match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            },
        ));
    }
    if s.embedded && s.additional.is_some() {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        errors.push(Cause::forbidden(format!("{path}.additionalProperties"), detail));
    }
    if level == Level::Root && !s.kind.is_empty() && s.kind != "object" {
        errors.push(Cause::invalid(
            format!("{path}.type"),
            &s.kind.as_str().into(),
            "must be object at the root",
        ));
    }
}

fn metadata(s: &Schema, level: Level, path: &str, errors: &mut Vec<Cause>) {
    let checked = level == Level::Root || s.embedded;
    for key in ["kind", "apiVersion"] {
        if let Some(property) = s.properties.get(key)
            && checked
            && property.kind != "string"
        {
            let field = format!("{path}.properties[{key}].type");
            errors.push(Cause::invalid(field, &property.kind.as_str().into(), "must be string"));
        }
    }
    if let Some(metadata) = s.properties.get("metadata") {
        let field = format!("{path}.properties[metadata]");
        if checked && metadata.kind != "object" {
            let kind = metadata.kind.as_str().into();
            errors.push(Cause::invalid(format!("{field}.type"), &kind, "must be object"));
        }
        if level == Level::Root && restricts_metadata(metadata) {
            errors.push(Cause::forbidden(
                field,
                "must not specify anything other than name and generateName, but metadata is implicitly specified",
            ));
        }
    }
    if s.embedded && !s.preserves() && s.properties.is_empty() {
        errors.push(Cause::required(
            format!("{path}.properties"),
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        ));
    }
}

fn restricts_metadata(metadata: &Schema) -> bool {
    let names_only = metadata.properties.keys().all(|key| key == "name" || key == "generateName");
    let allowed = ["Type", "Default", "Properties"];
    !names_only
        || metadata.go_fields.iter().any(|field| !allowed.contains(field))
        || !metadata.rules.is_empty()
}

fn is_int_or_string(any_of: &[Schema]) -> bool {
    let only_type = |s: &Schema, kind: &str| s.kind == kind && s.go_fields == ["Type"] && s.rules.is_empty();
    matches!(any_of, [a, b] if only_type(a, "integer") && only_type(b, "string"))
}

fn value_validation(s: &Schema, skip_any: bool, skip_first_all: bool, path: &str, errors: &mut Vec<Cause>) {
    if !skip_any {
        for (i, inner) in s.any_of.iter().enumerate() {
            nested(inner, false, &format!("{path}.anyOf[{i}]"), errors);
        }
    }
    for (i, inner) in s.all_of.iter().enumerate() {
        nested(inner, skip_first_all && i == 0, &format!("{path}.allOf[{i}]"), errors);
    }
    for (i, inner) in s.one_of.iter().enumerate() {
        nested(inner, false, &format!("{path}.oneOf[{i}]"), errors);
    }
    if let Some(inner) = &s.not {
        nested(inner, false, &format!("{path}.not"), errors);
    }
    if let Some(problem) = pattern_problem(&s.pattern) {
        errors.push(Cause::invalid(
            format!("{path}.pattern"),
            &s.pattern.as_str().into(),
            &format!("must be a valid regular expression, but isn't: error parsing regexp: {problem}"),
        ));
    }
}

fn nested(v: &Schema, skip_any: bool, path: &str, errors: &mut Vec<Cause>) {
    value_validation(v, skip_any, false, path, errors);
    if let Some(items) = &v.items {
        nested(items, false, &format!("{path}.items"), errors);
    }
    for (key, property) in &v.properties {
        nested(property, false, &format!("{path}.properties[{key}]"), errors);
    }
    let additional = matches!(v.additional, Some(Additional::Allowed(true) | Additional::Schema(_)));
    for (set, field, must) in [
        (!v.kind.is_empty(), "type", "empty"),
        (additional, "additionalProperties", "undefined"),
        (v.default.is_some(), "default", "undefined"),
        (v.title, "title", "empty"),
        (v.description, "description", "empty"),
        (v.nullable, "nullable", "false"),
        (v.preserves(), "x-kubernetes-preserve-unknown-fields", "false"),
        (v.embedded, "x-kubernetes-embedded-resource", "false"),
        (v.int_or_string, "x-kubernetes-int-or-string", "false"),
        (!v.map_keys.is_empty(), "x-kubernetes-list-map-keys", "empty"),
        (v.list_type.is_some(), "x-kubernetes-list-type", "undefined"),
        (v.map_type.is_some(), "x-kubernetes-map-type", "undefined"),
        (!v.rules.is_empty(), "x-kubernetes-validations", "empty"),
    ] {
        if set {
            errors.push(Cause::forbidden(
                format!("{path}.{field}"),
                &format!("must be {must} to be structural"),
            ));
        }
    }
    if v.properties.contains_key("metadata") {
        let field = format!("{path}.properties[metadata]");
        errors.push(Cause::forbidden(field, "must not be specified in a nested context"));
    }
}

/// Everything that is reasoned about under a junctor has to be declared outside of it.
fn completeness(s: &Schema, path: &str, errors: &mut Vec<Cause>) {
    let junctors = [("allOf", &s.all_of), ("anyOf", &s.any_of), ("oneOf", &s.one_of)];
    for (name, list) in junctors {
        for (i, v) in list.iter().enumerate() {
            declared(v, Some(s), path, &format!("{path}.{name}[{i}]"), errors);
        }
    }
    if let Some(v) = &s.not {
        declared(v, Some(s), path, &format!("{path}.not"), errors);
    }
    if let Some(items) = &s.items {
        completeness(items, &format!("{path}.items"), errors);
    }
    for (key, property) in &s.properties {
        completeness(property, &format!("{path}.properties[{key}]"), errors);
    }
    if let Some(inner) = s.additional_schema() {
        completeness(inner, &format!("{path}.additionalProperties"), errors);
    }
}

fn declared(v: &Schema, s: Option<&Schema>, path: &str, from: &str, errors: &mut Vec<Cause>) {
    let Some(s) = s else {
        errors.push(Cause::required(path, &format!("because it is defined in {from}")));
        return;
    };
    if let Some(items) = &v.items {
        declared(items, s.items.as_deref(), &format!("{path}.items"), &format!("{from}.items"), errors);
    }
    for (key, property) in &v.properties {
        let segment = format!(".properties[{key}]");
        declared(
            property,
            s.properties.get(key),
            &format!("{path}{segment}"),
            &format!("{from}{segment}"),
            errors,
        );
    }
    let junctors = [("allOf", &v.all_of), ("anyOf", &v.any_of), ("oneOf", &v.one_of)];
    for (name, list) in junctors {
        for (i, inner) in list.iter().enumerate() {
            declared(inner, Some(s), path, &format!("{from}.{name}[{i}]"), errors);
        }
    }
    if let Some(inner) = &v.not {
        declared(inner, Some(s), path, &format!("{from}.not"), errors);
    }
}

/// What is wrong with defaults: they must be pruned and valid.
pub(crate) fn defaults(path: &str, s: &Schema, root: bool, inside_meta: bool, errors: &mut Vec<Cause>) {
    if let Some(default) = &s.default {
        let field = format!("{path}.default");
        if !inside_meta {
            let mut pruned = default.clone();
            prune::prune_value(&mut pruned, s);
            if pruned != *default {
                errors.push(Cause::invalid(&field, default, "must not have unknown fields"));
            }
        }
        let mut found = Vec::new();
        lists::embedded(&field, default, s, false, &mut found);
        if found.is_empty() {
            found = values::validate(&field, default, None, s);
        }
        if found.is_empty() && s.has_rules() {
            found = cel::Rules::compile(s, s.embedded).check(s, &field, default, None);
        }
        errors.extend(found);
    }
    if let Some(items) = &s.items {
        defaults(&format!("{path}.items"), items, false, inside_meta, errors);
    }
    for (key, property) in &s.properties {
        let meta = matches!(key.as_str(), "metadata" | "apiVersion" | "kind");
        let inside = (inside_meta && !s.embedded) || ((root || s.embedded) && meta);
        defaults(&format!("{path}.properties[{key}]"), property, false, inside, errors);
    }
}

/// What Go's regexp says about a pattern it does not take.
pub(crate) fn pattern_problem(pattern: &str) -> Option<String> {
    let Err(regex::Error::Syntax(text)) = Regex::new(pattern) else { return None };
    let quoted = |t: &str| format!("`{t}`");
    let problem = text.rsplit_once("error: ").map_or(text.as_str(), |(_, p)| p).trim();
    let at = text.lines().find_map(|line| line.find('^')).map_or(0, |column| column.saturating_sub(4));
    let rest = pattern.get(at..).unwrap_or_default();
    let first = rest.chars().next().map(String::from).unwrap_or_default();
    if problem.starts_with("unclosed group") {
        Some(format!("missing closing ): {}", quoted(pattern)))
    } else if problem.starts_with("unopened group") {
        Some(format!("unexpected ): {}", quoted(pattern)))
    } else if problem.starts_with("repetition operator missing") {
        Some(format!("missing argument to repetition operator: {}", quoted(&first)))
    } else if problem.starts_with("unclosed character class") {
        Some(format!("missing closing ]: {}", quoted(rest)))
    } else if problem.starts_with("invalid character class range") {
        let range: String = rest.chars().take(3).collect();
        Some(format!("invalid character class range: {}", quoted(&range)))
    } else if problem.starts_with("incomplete escape") {
        Some("trailing backslash at end of expression: ``".to_owned())
    } else if problem.starts_with("unrecognized escape") || problem.starts_with("backreferences") {
        let escape: String = rest.chars().take(2).collect();
        Some(format!("invalid escape sequence: {}", quoted(&escape)))
    } else if problem.starts_with("look-around") {
        let operator: String = rest.chars().take(3).collect();
        Some(format!("invalid or unsupported Perl syntax: {}", quoted(&operator)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(schema: serde_json::Value) -> Vec<String> {
        violations("s", &Schema::parse(&schema))
            .into_iter()
            .map(|c| format!("{}: {}", c.field, c.message))
            .collect()
    }

    #[test]
    fn types_are_required_everywhere_but_for_the_exceptions() {
        assert_eq!(
            found(
                json!({"type": "object", "properties": {"a": {"properties": {"x": {}}}, "l": {"type": "array"},
                "p": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "k": {"x-kubernetes-preserve-unknown-fields": true}}})
            ),
            [
                "s.properties[a].properties[x].type: Required value: must not be empty for specified object fields",
                "s.properties[a].type: Required value: must not be empty for specified object fields",
                "s.properties[l].items: Required value: must be specified",
            ]
        );
        assert_eq!(found(json!({})), ["s.type: Required value: must not be empty at the root"]);
    }

    #[test]
    fn junctors_may_only_restrict_what_is_declared() {
        assert_eq!(
            found(json!({"type": "object", "anyOf": [{"properties": {"q": {"minimum": 1}}}],
                "properties": {"m": {"type": "string", "not": {"default": "x"}}}})),
            [
                "s.properties[m].not.default: Forbidden: must be undefined to be structural",
                "s.properties[q]: Required value: because it is defined in s.anyOf[0].properties[q]",
            ]
        );
    }

    #[test]
    fn patterns_are_refused_in_the_words_of_go() {
        assert_eq!(pattern_problem("(").as_deref(), Some("missing closing ): `(`"));
        assert_eq!(pattern_problem("*a").as_deref(), Some("missing argument to repetition operator: `*`"));
        assert_eq!(pattern_problem("a[").as_deref(), Some("missing closing ]: `[`"));
        assert_eq!(pattern_problem("a(?=b)").as_deref(), Some("invalid or unsupported Perl syntax: `(?=`"));
        assert_eq!(pattern_problem("^[a-z]+$"), None);
    }
}
