//! Values against a schema, with the texts and the order of kube-openapi's validators.

use serde_json::{Map, Value};

use super::formats;
use super::schema::{Additional, Schema};
use crate::status::{Cause, go_quote};

/// What is wrong with `value`. `base` is the path that all fields are under; the texts name paths from `value` on.
/// Parts that equal their counterpart in `old` are not looked at (ratcheting).
pub(crate) fn validate(base: &str, value: &Value, old: Option<&Value>, schema: &Schema) -> Vec<Cause> {
    let mut check = Check { base, errors: Vec::new(), matches: 0 };
    check.schema("", value, old, schema);
    check.errors
}

struct Check<'a> {
    base: &'a str,
    errors: Vec<Cause>,
    /// How much matched: tells which of several alternatives to report.
    matches: usize,
}

/// JSON type of a value, as error texts name it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A number as Go's `%v` prints a float64.
pub(crate) fn go_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |d| ("-", d));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value}")
}

fn is_json_integer(value: f64) -> bool {
    value.is_finite() && value.abs() <= 9_007_199_254_740_991.0 && value.fract() == 0.0
}

impl Check<'_> {
    fn field(&self, path: &str) -> String {
        let path = path.strip_prefix('.').unwrap_or(path);
        match (self.base, path) {
            ("", path) => path.to_owned(),
            (base, "") => base.to_owned(),
            (base, path) => format!("{base}.{path}"),
        }
    }

    fn invalid(&mut self, path: &str, value: &Value, rest: &str) {
        self.errors.push(Cause::invalid(self.field(path), value, &format!("{path} in body {rest}")));
    }

    /// An error without a field of its own.
    fn composite(&mut self, message: &str) {
        let field = if self.base.is_empty() { "<nil>" } else { self.base };
        self.errors.push(Cause::invalid(field, &Value::String(String::new()), message));
    }

    fn wrong_type(&mut self, path: &str, wanted: &str, got: &str) {
        let message = format!(
            "Invalid value: {}: {path} in body must be of type {wanted}: {}",
            go_quote(got),
            go_quote(got)
        );
        self.errors.push(Cause::new("FieldValueTypeInvalid", self.field(path), message));
    }

    fn schema(&mut self, path: &str, value: &Value, old: Option<&Value>, schema: &Schema) {
        if old == Some(value) {
            return;
        }
        if value.is_null() {
            let wanted = wanted_types(schema);
            if !wanted.is_empty() && !schema.nullable {
                self.wrong_type(path, &wanted.join(","), "null");
            }
            self.enumeration(path, value, schema);
            return;
        }
        self.types(path, value, schema);
        self.junctors(path, value, schema);
        match value {
            Value::String(text) => self.string(path, value, text, schema),
            Value::Number(number) => {
                self.number(path, value, number, schema);
                self.matches += 1;
            }
            Value::Array(list) => self.array(path, list, old, schema),
            _ => {}
        }
        self.enumeration(path, value, schema);
        if let Value::Object(map) = value {
            self.object(path, map, old, schema);
        }
        self.matches += 2;
    }

    fn types(&mut self, path: &str, value: &Value, schema: &Schema) {
        let wanted = wanted_types(schema);
        if wanted.is_empty() && schema.format.is_empty() {
            return;
        }
        let got = type_of(value);
        let numeric = wanted.contains(&"number") || wanted.contains(&"integer");
        let whole_float =
            got == "number" && wanted.contains(&"integer") && value.as_f64().is_some_and(is_json_integer);
        let int_as_float = got == "integer" && wanted.contains(&"number");
        let fits = wanted.contains(&got) || whole_float || int_as_float;
        if !schema.format.is_empty() && !matches!(value, Value::String(_) | Value::Array(_)) {
            let format = match got {
                "integer" => "int64",
                "number" => "double",
                _ => "",
            };
            if !fits && format != schema.format {
                return self.wrong_type(path, &schema.format, format);
            }
        }
        if !numeric && !schema.format.is_empty() && matches!(value, Value::String(_) | Value::Array(_)) {
            return;
        }
        if fits {
            self.matches += 1;
        } else {
            self.wrong_type(path, &wanted.join(","), got);
        }
    }

    fn alternative(&self, path: &str, value: &Value, schema: &Schema) -> (Vec<Cause>, usize) {
        let mut check = Check { base: self.base, errors: Vec::new(), matches: 0 };
        check.schema(path, value, None, schema);
        (check.errors, check.matches)
    }

    fn junctors(&mut self, path: &str, value: &Value, schema: &Schema) {
        self.any_of(path, value, schema);
        self.one_of(path, value, schema);
        if !schema.all_of.is_empty() {
            let mut valid = 0;
            for inner in &schema.all_of {
                let (errors, matches) = self.alternative(path, value, inner);
                valid += usize::from(errors.is_empty());
                self.errors.extend(errors);
                self.matches += matches;
            }
            if valid != schema.all_of.len() {
                let more = if valid == 0 { ". None validated" } else { "" };
                self.composite(&format!("{} must validate all the schemas (allOf){more}", go_quote(path)));
            }
        }
        if let Some(not) = &schema.not
            && self.alternative(path, value, not).0.is_empty()
        {
            self.composite(&format!("{} must not validate the schema (not)", go_quote(path)));
        }
        self.matches += 2;
    }

    fn any_of(&mut self, path: &str, value: &Value, schema: &Schema) {
        let mut best: Option<(Vec<Cause>, usize)> = None;
        for inner in &schema.any_of {
            let (errors, matches) = self.alternative(path, value, inner);
            if errors.is_empty() {
                self.matches += matches;
                return;
            }
            if best.as_ref().is_none_or(|(_, most)| matches > *most) {
                best = Some((errors, matches));
            }
        }
        if let Some((errors, matches)) = best {
            self.composite(&format!("{} must validate at least one schema (anyOf)", go_quote(path)));
            self.errors.extend(errors);
            self.matches += matches;
        }
    }

    fn one_of(&mut self, path: &str, value: &Value, schema: &Schema) {
        if schema.one_of.is_empty() {
            return;
        }
        let mut best: Option<(Vec<Cause>, usize)> = None;
        let mut valid = 0;
        for inner in &schema.one_of {
            let (errors, matches) = self.alternative(path, value, inner);
            if errors.is_empty() {
                valid += 1;
                best = None;
            } else if valid == 0 && best.as_ref().is_none_or(|(_, most)| matches > *most) {
                best = Some((errors, matches));
            }
        }
        if valid == 1 {
            return;
        }
        let more = if valid == 0 {
            "Found none valid".to_owned()
        } else {
            format!("Found {valid} valid alternatives")
        };
        self.composite(&format!("{} must validate one and only one schema (oneOf). {more}", go_quote(path)));
        if let Some((errors, matches)) = best {
            self.errors.extend(errors);
            self.matches += matches;
        }
    }

    fn string(&mut self, path: &str, value: &Value, text: &str, schema: &Schema) {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(max) = schema.max_length.filter(|max| length > *max) {
            self.too_long(path, max);
        }
        if let Some(min) = schema.min_length.filter(|min| length < *min) {
            self.invalid(path, value, &format!("should be at least {min} chars long"));
        }
        if schema.regex.as_ref().is_some_and(|r| !r.is_match(text)) {
            self.invalid(path, value, &format!("should match '{}'", schema.pattern));
        }
        if !schema.format.is_empty() && formats::known(&schema.format) {
            if formats::holds(&schema.format, text) {
                self.matches += 1;
            } else {
                self.wrong_type(path, &schema.format, text);
            }
        }
        self.matches += 1;
    }

    fn too_long(&mut self, path: &str, max: i64) {
        let unit = if max == 1 { "byte" } else { "bytes" };
        self.errors.push(Cause::new(
            "FieldValueTooLong",
            self.field(path),
            format!("Too long: may not be more than {max} {unit}"),
        ));
    }

    fn too_many(&mut self, path: &str, actual: usize, max: i64) {
        let unit = if max == 1 { "item" } else { "items" };
        self.errors.push(Cause::new(
            "FieldValueTooMany",
            self.field(path),
            format!("Too many: {actual}: must have at most {max} {unit}"),
        ));
    }

    fn number(&mut self, path: &str, value: &Value, number: &serde_json::Number, schema: &Schema) {
        let float = number.as_f64().unwrap_or(f64::NAN);
        if let Some(message) = out_of_range(path, number, schema) {
            self.composite(&message);
        }
        let show = |limit: f64| match number.as_i64() {
            #[expect(clippy::cast_possible_truncation, reason = "as Go's int64(limit)")]
            Some(_) => (limit as i64).to_string(),
            None => go_float(limit),
        };
        if let Some(factor) = schema.multiple_of {
            let fits = match number.as_i64() {
                #[expect(clippy::cast_possible_truncation, reason = "as Go's int64(factor)")]
                Some(int) => (factor as i64 > 0).then(|| int % (factor as i64) == 0),
                None => (factor > 0.0).then(|| {
                    is_json_integer(if factor < 1.0 { 1.0 / factor * float } else { float / factor })
                }),
            };
            match fits {
                None => {
                    let message =
                        format!("factor MultipleOf declared for {path} must be positive: {}", show(factor));
                    self.errors.push(Cause::invalid(self.field(path), &number_value(factor), &message));
                }
                Some(false) => {
                    self.invalid(path, value, &format!("should be a multiple of {}", show(factor)));
                }
                Some(true) => {}
            }
        }
        if let Some(max) = schema.maximum {
            if float > max {
                let than = if schema.exclusive_maximum { "less than" } else { "less than or equal to" };
                self.invalid(path, value, &format!("should be {than} {}", show(max)));
            } else if schema.exclusive_maximum && float >= max {
                self.invalid(path, value, &format!("should be less than {}", show(max)));
            }
        }
        if let Some(min) = schema.minimum {
            if float < min {
                let than = if schema.exclusive_minimum { "greater than" } else { "greater than or equal to" };
                self.invalid(path, value, &format!("should be {than} {}", show(min)));
            } else if schema.exclusive_minimum && float <= min {
                self.invalid(path, value, &format!("should be greater than {}", show(min)));
            }
        }
    }

    fn array(&mut self, path: &str, list: &[Value], old: Option<&Value>, schema: &Schema) {
        if let Some(items) = &schema.items {
            for (index, item) in list.iter().enumerate() {
                let counterpart = old.and_then(|old| correlated(schema, old, item));
                self.schema(&format!("{path}[{index}]"), item, counterpart, items);
            }
        }
        let size = i64::try_from(list.len()).unwrap_or(i64::MAX);
        if let Some(min) = schema.min_items.filter(|min| size < *min) {
            self.invalid(path, &Value::from(size), &format!("should have at least {min} items"));
        }
        if let Some(max) = schema.max_items.filter(|max| size > *max) {
            self.too_many(path, list.len(), max);
        }
        self.matches += 1;
    }

    fn enumeration(&mut self, path: &str, value: &Value, schema: &Schema) {
        let Some(allowed) = schema.enumeration.as_ref().filter(|e| !e.is_empty()) else { return };
        if allowed.iter().any(|a| same(a, value)) {
            self.matches += 1;
            return;
        }
        let texts: Vec<String> =
            allowed.iter().map(|a| a.as_str().map_or_else(|| a.to_string(), str::to_owned)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.errors.push(Cause::not_supported(self.field(path), value, &texts));
    }

    fn object(&mut self, path: &str, map: &Map<String, Value>, old: Option<&Value>, schema: &Schema) {
        let size = i64::try_from(map.len()).unwrap_or(i64::MAX);
        if let Some(min) = schema.min_properties.filter(|min| size < *min) {
            self.invalid(path, &Value::from(size), &format!("should have at least {min} properties"));
        }
        if let Some(max) = schema.max_properties.filter(|max| size > *max) {
            self.too_many(path, map.len(), max);
        }
        let counterpart = |key: &str| old.and_then(|o| o.get(key));
        for (key, value) in map.iter().filter(|(key, _)| !schema.properties.contains_key(*key)) {
            match &schema.additional {
                Some(Additional::Schema(inner)) => {
                    self.schema(&format!("{path}.{key}"), value, counterpart(key), inner);
                }
                Some(Additional::Allowed(false)) => {
                    let message = format!("{path}.{key} in body is a forbidden property");
                    self.errors.push(Cause::invalid(self.field(path), &Value::from(key.as_str()), &message));
                }
                _ => {}
            }
        }
        for (key, property) in &schema.properties {
            if let Some(value) = map.get(key) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                self.schema(&path, value, counterpart(key), property);
            }
        }
        for key in schema.required.iter().filter(|key| !map.contains_key(*key)) {
            self.errors.push(Cause::required(self.field(&format!("{path}.{key}")), ""));
        }
        self.matches += 1;
    }
}

fn number_value(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || (a.is_number() && b.is_number() && a.as_f64() == b.as_f64())
}

fn wanted_types(schema: &Schema) -> Vec<&str> {
    if schema.int_or_string {
        vec!["integer", "string"]
    } else if schema.kind.is_empty() {
        Vec::new()
    } else {
        vec![&schema.kind]
    }
}

/// The item of an old `map` list that has the same keys.
pub(crate) fn correlated<'v>(schema: &Schema, old: &'v Value, item: &Value) -> Option<&'v Value> {
    if schema.list_type.as_deref() != Some("map") {
        return None;
    }
    let key =
        |v: &Value| -> Vec<Option<Value>> { schema.map_keys.iter().map(|k| v.get(k).cloned()).collect() };
    let wanted = key(item);
    old.as_array()?.iter().find(|candidate| candidate.is_object() && key(candidate) == wanted)
}

/// The text of a number that its type and format cannot hold.
fn out_of_range(path: &str, number: &serde_json::Number, schema: &Schema) -> Option<String> {
    if schema.int_or_string {
        return None;
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    let (fits, format) = match (schema.kind.as_str(), schema.format.as_str()) {
        ("integer", "int32") => (
            number.as_i64().map_or_else(
                || is_json_integer(float) && float.abs() <= f64::from(i32::MAX),
                |int| i32::try_from(int).is_ok(),
            ),
            Some("int32"),
        ),
        ("integer", format) => {
            (number.as_i64().is_some() || is_json_integer(float), (format == "int64").then_some("int64"))
        }
        ("number", "float") => (float.abs() <= f64::from(f32::MAX), Some("float")),
        _ => return None,
    };
    let format = format.map_or("(default format)".to_owned(), |f| format!("with format {f}"));
    (!fits).then(|| format!("Checked value must be of type {} {format} in {path}", schema.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn errors(properties: Value, spec: Value) -> Vec<(String, String)> {
        let schema = Schema::parse(
            &json!({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}),
        );
        let causes = validate("", &json!({ "spec": spec }), None, &schema);
        causes.into_iter().map(|c| (c.field, c.message)).collect()
    }

    fn pair(field: &str, message: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), message.to_owned())]
    }

    #[test]
    fn wrong_types_are_told_with_the_type_found() {
        let found =
            errors(json!({"a": {"type": "array", "items": {"type": "string"}}}), json!({"a": ["x", 1]}));
        let text = "Invalid value: \"integer\": spec.a[1] in body must be of type string: \"integer\"";
        assert_eq!(found, pair("spec.a[1]", text));
        let found = errors(json!({"p": {"x-kubernetes-int-or-string": true}}), json!({"p": true}));
        let text = "Invalid value: \"boolean\": spec.p in body must be of type integer,string: \"boolean\"";
        assert_eq!(found, pair("spec.p", text));
    }

    #[test]
    fn limits_of_strings_numbers_lists_and_maps() {
        let found = errors(json!({"s": {"type": "string", "maxLength": 2}}), json!({"s": "abc"}));
        assert_eq!(found, pair("spec.s", "Too long: may not be more than 2 bytes"));
        let found = errors(json!({"n": {"type": "integer", "minimum": 0}}), json!({"n": -1}));
        assert_eq!(
            found,
            pair("spec.n", "Invalid value: -1: spec.n in body should be greater than or equal to 0")
        );
        let found =
            errors(json!({"n": {"type": "integer", "format": "int32"}}), json!({"n": 2_147_483_648_i64}));
        let text = "Invalid value: \"\": Checked value must be of type integer with format int32 in spec.n";
        assert_eq!(found, pair("<nil>", text));
        let found = errors(json!({"a": {"type": "array", "maxItems": 1}}), json!({"a": [1, 2]}));
        assert_eq!(found, pair("spec.a", "Too many: 2: must have at most 1 item"));
        let found = errors(json!({"e": {"type": "integer", "enum": [1, 2]}}), json!({"e": 3}));
        assert_eq!(found, pair("spec.e", "Unsupported value: 3: supported values: \"1\", \"2\""));
    }

    #[test]
    fn alternatives_tell_what_came_closest() {
        let any = json!({"any": {"type": "object", "anyOf": [{"required": ["a"], "properties": {"a": {"minimum": 5}}},
            {"required": ["b"]}], "properties": {"a": {"type": "integer"}}}});
        let found = errors(any, json!({"any": {"a": 1}}));
        assert_eq!(found[0].1, "Invalid value: \"\": \"spec.any\" must validate at least one schema (anyOf)");
        assert_eq!(found[1].1, "Invalid value: 1: spec.any.a in body should be greater than or equal to 5");
    }

    #[test]
    fn what_did_not_change_is_not_looked_at() {
        let schema = Schema::parse(
            &json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}),
        );
        let old = json!({"a": 1, "b": "x"});
        let new = json!({"a": 1, "b": 2});
        let found = validate("", &new, Some(&old), &schema);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "b");
    }
}
