//! Runs the rules of a schema over an object (apiextensions-apiserver `schema/cel/validation.go`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use ::kube_cel::KubeCelExt;
use ::kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use ::kube_cel::cel::objects::{Key, Map as CelMap, Opaque, OptionalValue};
use ::kube_cel::cel::{Context, ExecutionError, IdedExpr, ResolveResult, Value as Cel};
use serde_json::{Map, Value};

use super::{Compiled, Decl, compile, escape, expand};
use crate::crd::schema::{Rule, Schema};
use crate::crd::values::correlated;
use crate::status::Cause;

/// Bytes that a message expression may yield.
const MAX_MESSAGE: usize = 5 * 1024;

/// The compiled rules of a schema and of what is inside it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(Rule, Compiled)>,
    root: bool,
    items: Option<Box<Self>>,
    additional: Option<Box<Self>>,
    properties: BTreeMap<String, Self>,
    all_of: Vec<Self>,
}

/// What an object is compared with.
#[derive(Clone, Copy)]
struct Before<'v> {
    value: Option<&'v Value>,
    /// The nearest part that has a counterpart equals it: failures are not new.
    same: bool,
}

impl Rules {
    /// Compiles all rules. `root`: the schema is that of a resource.
    pub(crate) fn compile(schema: &Schema, root: bool) -> Self {
        let decl = Decl::of(schema, root);
        Self::node(schema, schema, root, decl.as_ref())
    }

    fn node(schema: &Schema, place: &Schema, root: bool, decl: Option<&Arc<Decl>>) -> Self {
        let mut node = Self { root, ..Self::default() };
        if !schema.has_rules() {
            return node;
        }
        if let Some(decl) = decl {
            node.rules = schema.rules.iter().map(|rule| (rule.clone(), compile(rule, place, decl))).collect();
        }
        let element = decl.and_then(|d| d.element());
        if let (Some(inner), Some(place)) = (&schema.items, &place.items) {
            node.items =
                inner.has_rules().then(|| Box::new(Self::node(inner, place, inner.embedded, element)));
        }
        if let (Some(inner), Some(place)) = (schema.additional_schema(), place.additional_schema()) {
            node.additional =
                inner.has_rules().then(|| Box::new(Self::node(inner, place, inner.embedded, element)));
        }
        for (key, inner) in schema.properties.iter().filter(|(_, s)| s.has_rules()) {
            let Some(place) = place.properties.get(key) else { continue };
            let ty = match escape(key) {
                Some(name) => decl.and_then(|d| d.field(&name)).cloned(),
                None => Decl::of(place, place.embedded),
            };
            if let Some(ty) = ty {
                node.properties.insert(key.clone(), Self::node(inner, place, inner.embedded, Some(&ty)));
            }
        }
        node.all_of = schema
            .all_of
            .iter()
            .filter(|inner| inner.has_rules())
            .map(|inner| Self::node(inner, place, root, decl))
            .collect();
        node
    }

    /// Whether there is nothing to run.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
            && self.items.is_none()
            && self.additional.is_none()
            && self.properties.is_empty()
            && self.all_of.is_empty()
    }

    /// What the rules refuse. Transition rules run where there is an `old` value.
    pub(crate) fn check(
        &self,
        schema: &Schema,
        path: &str,
        value: &Value,
        old: Option<&Value>,
    ) -> Vec<Cause> {
        let mut found = Vec::new();
        if !self.is_empty() {
            let before = Before { value: old, same: old == Some(value) };
            self.walk(schema, path, value, before, &mut found);
        }
        found
    }

    fn walk(&self, schema: &Schema, path: &str, value: &Value, before: Before<'_>, found: &mut Vec<Cause>) {
        if value.is_null() {
            return;
        }
        if !self.rules.is_empty() {
            self.run(schema, path, value, before, found);
        }
        for inner in &self.all_of {
            inner.walk(schema, path, value, before, found);
        }
        match value {
            Value::Array(list) => {
                let (Some(rules), Some(items)) = (&self.items, &schema.items) else { return };
                for (index, item) in list.iter().enumerate() {
                    let old = before.value.and_then(|old| correlated(schema, old, item));
                    rules.walk(items, &format!("{path}[{index}]"), item, before.inner(old, item), found);
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    let inner = before.inner(before.value.and_then(|old| old.get(key)), value);
                    if let (Some(rules), Some(property)) =
                        (self.properties.get(key), schema.properties.get(key))
                    {
                        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                        rules.walk(property, &path, value, inner, found);
                    } else if let (Some(rules), Some(property)) =
                        (&self.additional, schema.additional_schema())
                    {
                        rules.walk(property, &format!("{path}[{key}]"), value, inner, found);
                    }
                }
            }
            _ => {}
        }
    }

    fn run(&self, schema: &Schema, path: &str, value: &Value, before: Before<'_>, found: &mut Vec<Cause>) {
        let field = |inner: &str| match (path, inner) {
            ("", "") => "<nil>".to_owned(),
            (path, "") => path.to_owned(),
            ("", inner) => inner.to_owned(),
            (path, inner) => format!("{path}.{inner}"),
        };
        let this = to_cel(value, schema, self.root);
        let old = before.value.filter(|v| !v.is_null()).map(|v| to_cel(v, schema, self.root));
        for (rule, compiled) in &self.rules {
            let Some(program) = &compiled.program else {
                if let Some(error) = &compiled.error {
                    found.push(type_error(&field(""), schema, &format!("rule compile error: {error}")));
                }
                continue;
            };
            let optional = rule.optional_old_self == Some(true);
            if compiled.uses_old_self && old.is_none() && !optional {
                continue;
            }
            let mut context = base().new_inner_scope();
            context.add_variable_from_value("self", this.clone());
            if optional {
                let value = old.clone().map_or_else(OptionalValue::none, OptionalValue::of);
                context.add_variable_from_value("oldSelf", Cel::Opaque(Arc::new(value)));
            } else if let Some(old) = &old {
                context.add_variable_from_value("oldSelf", old.clone());
            }
            match Cel::resolve(program, &context) {
                Ok(Cel::Bool(true)) => {}
                Ok(_) => {
                    // What was there and has not changed may stay as it is.
                    if !compiled.uses_old_self && before.same {
                        continue;
                    }
                    let detail = message(rule, compiled, &context);
                    found.push(failure(&field(&compiled.field_path), schema, value, rule, &detail));
                }
                Err(error) => {
                    let name = if rule.message.is_empty() { rule.rule.trim() } else { rule.message.trim() };
                    let text = error_text(&error);
                    let detail = if text.starts_with("no such overload") {
                        format!(
                            "'{text}': call arguments did not match a supported operator, function or macro signature for rule: {name}"
                        )
                    } else {
                        format!("{text} evaluating rule: {name}")
                    };
                    found.push(type_error(&field(""), schema, &detail));
                }
            }
        }
    }
}

impl<'v> Before<'v> {
    fn inner(self, old: Option<&'v Value>, value: &Value) -> Self {
        Self { value: old, same: old.map_or(self.same, |old| old == value) }
    }
}

fn type_error(field: &str, schema: &Schema, detail: &str) -> Cause {
    Cause::invalid(field, &Value::from(schema.kind.as_str()), detail)
}

fn failure(field: &str, schema: &Schema, value: &Value, rule: &Rule, detail: &str) -> Cause {
    let shown = !matches!(schema.kind.as_str(), "object" | "array");
    match rule.reason.as_deref() {
        Some("FieldValueForbidden") => Cause::forbidden(field, detail),
        Some("FieldValueRequired") => Cause::required(field, detail),
        Some("FieldValueDuplicate") if shown => Cause::duplicate(field, value),
        Some("FieldValueDuplicate") => Cause::new("FieldValueDuplicate", field, "Duplicate value"),
        _ if shown => Cause::invalid(field, value, detail),
        _ => Cause::new("FieldValueInvalid", field, format!("Invalid value: {detail}")),
    }
}

/// The message of a failed rule: its expression's, where that yields one line of text, else the fixed one.
fn message(rule: &Rule, compiled: &Compiled, context: &Context<'_>) -> String {
    if let Some(program) = &compiled.message_program
        && let Ok(Cel::String(text)) = Cel::resolve(program, context)
    {
        let text = text.trim();
        if !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n') {
            return text.to_owned();
        }
    }
    if rule.message.is_empty() {
        format!("failed rule: {}", rule.rule.trim())
    } else {
        rule.message.trim().to_owned()
    }
}

/// An evaluation error in cel-go's words.
pub(super) fn error_text(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::IndexOutOfBounds(index) => format!("index out of bounds: {}", show(index)),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(_, Cel::UInt(_), _) => "unsigned integer overflow".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::NoSuchOverload
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnsupportedUnaryOperator(..)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::NotSupportedAsMethod { .. } => "no such overload".to_owned(),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

fn show(value: &Cel) -> String {
    match value {
        Cel::Int(n) => n.to_string(),
        Cel::UInt(n) => n.to_string(),
        Cel::String(s) => s.to_string(),
        other => format!("{other:?}"),
    }
}

/// The type of a value, for `type(x) == int`.
#[derive(Debug, PartialEq, Eq)]
struct TypeName(&'static str);

impl Opaque for TypeName {
    fn runtime_type_name(&self) -> &'static str {
        "type"
    }
}

const TYPES: [&str; 10] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

fn type_name(value: &Cel) -> &'static str {
    match value {
        Cel::Bool(_) => "bool",
        Cel::Int(_) => "int",
        Cel::UInt(_) => "uint",
        Cel::Float(_) => "double",
        Cel::String(_) => "string",
        Cel::Bytes(_) => "bytes",
        Cel::List(_) => "list",
        Cel::Map(_) => "map",
        Cel::Null => "null_type",
        _ => "type",
    }
}

/// All functions, registered once.
pub(super) fn base() -> &'static Context<'static> {
    static BASE: OnceLock<Context<'static>> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut context = Context::default().with_all();
        context.add_function("dyn", |value: Cel| -> ResolveResult { Ok(value) });
        context.add_function("type", |value: Cel| -> ResolveResult {
            Ok(Cel::Opaque(Arc::new(TypeName(type_name(&value)))))
        });
        context.add_function("@indices", |value: Cel| -> ResolveResult { Ok(indices(&value)) });
        context.add_function(expand::LOOKUP, |value: Cel, key: Cel| -> ResolveResult {
            let found = lookup(&value, &key).map_or_else(OptionalValue::none, OptionalValue::of);
            Ok(Cel::Opaque(Arc::new(found)))
        });
        for name in TYPES {
            context.add_variable_from_value(name, Cel::Opaque(Arc::new(TypeName(name))));
        }
        context
    })
}

/// What `value.?key` and `value[?key]` find; in an optional value, what they find in it.
fn lookup(value: &Cel, key: &Cel) -> Option<Cel> {
    match (value, key) {
        (Cel::Map(map), Cel::String(key)) => map.map.get(&Key::String(Arc::clone(key))).cloned(),
        (Cel::Map(map), Cel::Int(key)) => map.map.get(&Key::Int(*key)).cloned(),
        (Cel::List(list), Cel::Int(index)) => list.get(usize::try_from(*index).ok()?).cloned(),
        (Cel::Opaque(_), key) => lookup(<&OptionalValue>::try_from(value).ok()?.value()?, key),
        _ => None,
    }
}

/// The indices of a list, the keys of a map.
fn indices(value: &Cel) -> Cel {
    match value {
        Cel::List(list) => {
            let last = i64::try_from(list.len()).unwrap_or(i64::MAX);
            Cel::List(Arc::new((0..last).map(Cel::Int).collect()))
        }
        Cel::Map(map) => {
            let keys = map.map.keys().map(|key| match key {
                Key::Int(n) => Cel::Int(*n),
                Key::Uint(n) => Cel::UInt(*n),
                Key::Bool(b) => Cel::Bool(*b),
                Key::String(s) => Cel::String(Arc::clone(s)),
            });
            Cel::List(Arc::new(keys.collect()))
        }
        _ => Cel::List(Arc::new(Vec::new())),
    }
}

/// `name('text')`: how formatted strings become typed values.
fn converted(name: &str, text: &str) -> Option<Cel> {
    let literal = IdedExpr { id: 1, expr: Expr::Literal(LiteralValue::String(text.to_owned().into())) };
    let call = CallExpr { func_name: name.to_owned(), target: None, args: vec![literal] };
    Cel::resolve(&IdedExpr { id: 2, expr: Expr::Call(call) }, base()).ok()
}

/// A value as rules see it: properties by their escaped names, without what the schema does not know.
fn to_cel(value: &Value, schema: &Schema, root: bool) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(b) => Cel::Bool(*b),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(n), _) if schema.kind != "number" => Cel::Int(n),
            #[expect(clippy::cast_possible_truncation, reason = "integral, and checked before")]
            (None, Some(f)) if schema.kind == "integer" => Cel::Int(f as i64),
            (_, Some(f)) => Cel::Float(f),
            _ => Cel::Null,
        },
        Value::String(text) => string(text, schema),
        Value::Array(list) => {
            let empty = Schema::default();
            let items = schema.items.as_deref().unwrap_or(&empty);
            Cel::List(Arc::new(list.iter().map(|item| to_cel(item, items, items.embedded)).collect()))
        }
        Value::Object(map) => object(map, schema, root),
    }
}

fn string(text: &str, schema: &Schema) -> Cel {
    let plain = || Cel::String(Arc::new(text.to_owned()));
    if schema.int_or_string {
        return plain();
    }
    match schema.format.as_str() {
        "byte" => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_or_else(|_| plain(), |bytes| Cel::Bytes(Arc::new(bytes)))
        }
        "date" => converted("timestamp", &format!("{text}T00:00:00Z")).unwrap_or_else(plain),
        "date-time" => converted("timestamp", text).unwrap_or_else(plain),
        "duration" => converted("duration", text).unwrap_or_else(plain),
        _ => plain(),
    }
}

fn object(map: &Map<String, Value>, schema: &Schema, root: bool) -> Cel {
    let mut out: HashMap<Key, Cel> = HashMap::new();
    let key = |name: &str| Key::String(Arc::new(name.to_owned()));
    if let Some(inner) = schema.additional_schema() {
        for (name, value) in map {
            out.insert(key(name), to_cel(value, inner, inner.embedded));
        }
        return Cel::Map(CelMap { map: Arc::new(out) });
    }
    for (name, value) in map {
        let Some(property) = schema.properties.get(name) else { continue };
        if let Some(name) = escape(name) {
            out.insert(key(&name), to_cel(value, property, property.embedded));
        }
    }
    if root {
        let text = |v: Option<&Value>| v.and_then(Value::as_str).map(|s| Cel::String(Arc::new(s.to_owned())));
        for name in ["kind", "apiVersion"] {
            if let Some(value) = text(map.get(name)) {
                out.insert(key(name), value);
            }
        }
        let mut names: HashMap<Key, Cel> = HashMap::new();
        for name in ["name", "generateName"] {
            if let Some(value) = text(map.get("metadata").and_then(|m| m.get(name))) {
                names.insert(key(name), value);
            }
        }
        out.insert(key("metadata"), Cel::Map(CelMap { map: Arc::new(names) }));
    }
    Cel::Map(CelMap { map: Arc::new(out) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(schema: &Value, new: &Value, old: Option<&Value>) -> Vec<String> {
        let schema = Schema::parse(schema);
        let rules = Rules::compile(&schema, true);
        rules
            .check(&schema, "", new, old)
            .into_iter()
            .map(|c| format!("{}: {}", c.field, c.message))
            .collect()
    }

    fn with_rules(v: &Value) -> Value {
        json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"v": v}}}})
    }

    #[test]
    fn a_rule_fails_with_its_message_expression() {
        let schema = with_rules(
            &json!({"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string", "maxLength": 10}},
            "x-kubernetes-validations": [{"rule": "self.n > 5", "messageExpression": "'n of ' + self.s + ' is low'"}]}),
        );
        assert_eq!(
            run(&schema, &json!({"spec": {"v": {"n": 1, "s": "me"}}}), None),
            ["spec.v: Invalid value: n of me is low"]
        );
        assert_eq!(
            run(&schema, &json!({"spec": {"v": {"n": 1}}}), None),
            ["spec.v: Invalid value: failed rule: self.n > 5"]
        );
        assert!(run(&schema, &json!({"spec": {"v": {"n": 6}}}), None).is_empty());
        assert_eq!(
            run(&schema, &json!({"spec": {"v": {}}}), None),
            ["spec.v: Invalid value: \"object\": no such key: n evaluating rule: self.n > 5"]
        );
    }

    #[test]
    fn transition_rules_compare_with_the_old_value() {
        let schema = with_rules(
            &json!({"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "immutable"}]}),
        );
        let old = json!({"spec": {"v": "x"}});
        assert_eq!(
            run(&schema, &json!({"spec": {"v": "y"}}), Some(&old)),
            ["spec.v: Invalid value: \"y\": immutable"]
        );
        assert!(run(&schema, &json!({"spec": {"v": "y"}}), None).is_empty());
        let schema = with_rules(&json!({"type": "integer", "x-kubernetes-validations": [
            {"rule": "oldSelf.hasValue() ? self > oldSelf.value() : self == 1", "optionalOldSelf": true, "message": "grows"}]}));
        assert_eq!(run(&schema, &json!({"spec": {"v": 2}}), None), ["spec.v: Invalid value: 2: grows"]);
        assert!(run(&schema, &json!({"spec": {"v": 2}}), Some(&json!({"spec": {"v": 1}}))).is_empty());
    }

    #[test]
    fn kubernetes_functions_and_macros_run() {
        let schema = with_rules(&json!({"type": "object",
            "properties": {"l": {"type": "array", "items": {"type": "string"}}, "p": {"x-kubernetes-int-or-string": true},
                "m": {"type": "object", "additionalProperties": {"type": "integer"}}},
            "x-kubernetes-validations": [
                {"rule": "cel.bind(n, self.l.size(), n < 3)", "message": "bind"},
                {"rule": "self.m.all(k, v, k.startsWith('a') && v > 0)", "message": "two"},
                {"rule": "type(self.p) == string ? self.p.endsWith('%') : self.p < 5", "message": "type"},
                {"rule": "self.?q.hasValue() || self.?l.orValue([]).size() > 0", "message": "optional"}]}));
        let schema = {
            let mut schema = schema;
            schema["properties"]["spec"]["properties"]["v"]["properties"]["q"] = json!({"type": "string"});
            schema
        };
        assert!(
            run(&schema, &json!({"spec": {"v": {"l": ["x"], "p": "5%", "m": {"a": 1}}}}), None).is_empty()
        );
        assert_eq!(
            run(&schema, &json!({"spec": {"v": {"l": [], "p": 7, "m": {"b": 1}}}}), None),
            ["two", "type", "optional"].map(|m| format!("spec.v: Invalid value: {m}"))
        );
    }

    #[test]
    fn failures_that_were_there_before_do_not_count() {
        let schema =
            with_rules(&json!({"type": "integer", "x-kubernetes-validations": [{"rule": "self > 5"}]}));
        let old = json!({"spec": {"v": 1}});
        assert!(run(&schema, &old, Some(&old)).is_empty());
        assert_eq!(run(&schema, &json!({"spec": {"v": 2}}), Some(&old)).len(), 1);
    }
}
