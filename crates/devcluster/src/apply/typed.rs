//! Objects with their types: checking, comparing, merging and removing as structured-merge-diff v6 does.

use super::path::{Step, same};
use super::set::FieldSet;
use crate::schema::{ListKind, Scalar, Shape, TypeRef};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Bound on nesting.
const MAX_DEPTH: usize = 200;

/// How a value at a place is handled.
#[derive(Clone, Copy)]
enum Form<'g> {
    Scalar,
    AtomicList,
    Set,
    Keyed(TypeRef<'g>, &'g [std::borrow::Cow<'static, str>]),
    AtomicMap,
    /// A struct or map; its type gives the types of the parts.
    Fields(TypeRef<'g>),
}

/// `ty` is `None` where nothing is declared: any value is taken, lists and scalars as a whole.
fn form<'g>(ty: Option<TypeRef<'g>>, value: Option<&Value>) -> Form<'g> {
    let Some(ty) = ty else {
        return match value {
            Some(Value::Array(_)) => Form::AtomicList,
            Some(Value::Object(_)) => Form::AtomicMap,
            _ => Form::Scalar,
        };
    };
    match ty.shape() {
        Shape::Scalar(_) => Form::Scalar,
        Shape::Any => match value {
            Some(Value::Array(_)) => Form::AtomicList,
            Some(Value::Object(_)) if ty.atomic_map() => Form::AtomicMap,
            Some(Value::Object(_)) => Form::Fields(ty),
            _ => Form::Scalar,
        },
        Shape::List(elem) => match ty.list_kind() {
            ListKind::Atomic => Form::AtomicList,
            ListKind::Set => Form::Set,
            ListKind::Keyed(keys) => Form::Keyed(elem, keys),
        },
        Shape::Map(_) | Shape::Struct(_) if ty.atomic_map() => Form::AtomicMap,
        Shape::Map(_) | Shape::Struct(_) => Form::Fields(ty),
    }
}

/// Type of a part, and whether the field is declared.
fn part<'g>(ty: TypeRef<'g>, name: &str) -> (Option<TypeRef<'g>>, bool) {
    match ty.shape() {
        Shape::Struct(s) => match s.field(name) {
            Some(field) => (Some(field.ty()), true),
            None => (s.additional(), false),
        },
        Shape::Map(elem) => (Some(elem), false),
        Shape::Any => (Some(ty), false),
        _ => (None, false),
    }
}

/// The step that names a list item.
fn item_step(form: Form<'_>, item: &Value) -> Result<Step, String> {
    match form {
        Form::Keyed(elem, keys) => keyed_step(elem, keys, item),
        Form::Set => match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
            Value::Null => {
                Err("associative list without keys has an element that's an explicit null".to_owned())
            }
            other => Ok(Step::Member(other.clone())),
        },
        _ => Err("invalid indexing of non-associative list".to_owned()),
    }
}

fn keyed_step(
    elem: TypeRef<'_>,
    keys: &[std::borrow::Cow<'static, str>],
    item: &Value,
) -> Result<Step, String> {
    let map = match item {
        Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
        Value::Object(map) => map,
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let mut fields: Vec<(String, Value)> = Vec::new();
    for key in keys {
        if let Some(value) = map.get(key.as_ref()) {
            fields.push((key.to_string(), value.clone()));
        } else if let Some(default) = key_default(elem, key) {
            fields.push((key.to_string(), default));
        }
    }
    if fields.is_empty() && !keys.is_empty() {
        let names: Vec<String> = keys.iter().map(|k| crate::status::go_quote(k)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Step::Key(fields))
}

fn key_default(elem: TypeRef<'_>, key: &str) -> Option<Value> {
    let field = elem.as_struct()?.field(key)?;
    match field.default.as_deref() {
        Some(json) => serde_json::from_str(json).ok(),
        None if field.zero_default() => Some(crate::fields::zero(field.ty())),
        None => None,
    }
}

/// What does not fit: `path: message`.
#[derive(Debug, Clone)]
pub(crate) struct Mismatch {
    path: String,
    message: String,
}

/// Joins errors as upstream prints them.
pub(crate) fn mismatches_text(errors: &[Mismatch]) -> String {
    let one = |e: &Mismatch| {
        if e.path.is_empty() { e.message.clone() } else { format!("{}: {}", e.path, e.message) }
    };
    match errors {
        [only] => one(only),
        many => many.iter().fold("errors:".to_owned(), |mut out, e| {
            let _ = write!(out, "\n  {}", one(e));
            out
        }),
    }
}

/// Checks that an applied object fits the type: declared fields, scalar types, no duplicate list keys.
pub(crate) fn check(ty: TypeRef<'_>, value: &Value) -> Vec<Mismatch> {
    let mut errors = Vec::new();
    check_at(Some(ty), value, &mut Vec::new(), &mut errors);
    errors
}

fn check_at(ty: Option<TypeRef<'_>>, value: &Value, path: &mut Vec<Step>, errors: &mut Vec<Mismatch>) {
    if path.len() > MAX_DEPTH {
        return errors.push(mismatch(path, "nested too deeply".to_owned()));
    }
    if value.is_null() {
        return;
    }
    let Some(ty) = ty else { return };
    match ty.shape() {
        Shape::Any => {}
        Shape::Scalar(scalar) => {
            if let Some(message) = scalar_mismatch(scalar, value) {
                errors.push(mismatch(path, message));
            }
        }
        Shape::List(elem) => match value {
            Value::Array(items) => check_list(form(Some(ty), Some(value)), elem, items, path, errors),
            other => errors.push(mismatch(path, format!("expected list, got &{{{}}}", plain(other)))),
        },
        Shape::Map(_) | Shape::Struct(_) => match value {
            Value::Object(map) => check_map(ty, map, path, errors),
            other => errors.push(mismatch(path, format!("expected map, got &{{{}}}", plain(other)))),
        },
    }
}

fn mismatch(path: &[Step], message: String) -> Mismatch {
    Mismatch { path: super::path::show(path), message }
}

fn check_list(
    form: Form<'_>,
    elem: TypeRef<'_>,
    items: &[Value],
    path: &mut Vec<Step>,
    errors: &mut Vec<Mismatch>,
) {
    let mut seen = BTreeSet::new();
    for (i, item) in items.iter().enumerate() {
        let step = if matches!(form, Form::AtomicList) {
            Step::Index(i)
        } else {
            match item_step(form, item) {
                Ok(step) => step,
                Err(message) => return errors.push(mismatch(path, format!("element {i}: {message}"))),
            }
        };
        if !matches!(form, Form::AtomicList) && !seen.insert(step.clone()) {
            errors.push(mismatch(path, format!("duplicate entries for key {step}")));
        }
        path.push(step);
        check_at(Some(elem), item, path, errors);
        path.pop();
    }
}

fn check_map(ty: TypeRef<'_>, map: &Map<String, Value>, path: &mut Vec<Step>, errors: &mut Vec<Mismatch>) {
    for (key, value) in map {
        let (child, _) = part(ty, key);
        path.push(Step::Field(key.clone()));
        if child.is_none() {
            errors.push(mismatch(path, "field not declared in schema".to_owned()));
            path.pop();
            // Upstream stops at the first undeclared field of a struct.
            return;
        }
        check_at(child, value, path, errors);
        path.pop();
    }
}

fn scalar_mismatch(scalar: Scalar, value: &Value) -> Option<String> {
    let fits = match scalar {
        Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime | Scalar::Duration => {
            if value.is_string() {
                return None;
            }
            return Some(format!(
                "expected string, got &value.valueUnstructured{{Value:{}}}",
                go_syntax(value)
            ));
        }
        Scalar::Int32 | Scalar::Int64 | Scalar::Float => {
            if value.is_number() {
                return None;
            }
            return Some(format!("expected numeric (int or float), got {}", go_type(value)));
        }
        Scalar::Bool => value.is_boolean(),
        Scalar::Quantity | Scalar::IntOrString => !value.is_array() && !value.is_object(),
    };
    let wanted = if scalar == Scalar::Bool { "boolean" } else { "any scalar" };
    (!fits).then(|| format!("expected {wanted}, got &{{{}}}", plain(value)))
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `%v`.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            format!(
                "map[{}]",
                map.iter().map(|(k, v)| format!("{k}:{}", plain(v))).collect::<Vec<_>>().join(" ")
            )
        }
        Value::Number(n) => crate::fields::number_text(n),
        Value::Bool(b) => b.to_string(),
    }
}

/// Go's `%#v`.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(s) => crate::status::go_quote(s),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let parts: Vec<String> =
                map.iter().map(|(k, v)| format!("{}:{}", crate::status::go_quote(k), go_syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", parts.join(", "))
        }
        other => plain(other),
    }
}

/// All paths of an object, as its manager owns them.
pub(crate) fn fields_of(ty: TypeRef<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(Some(ty), value, &mut Vec::new(), &mut set);
    set
}

fn collect(ty: Option<TypeRef<'_>>, value: &Value, path: &mut Vec<Step>, set: &mut FieldSet) {
    if path.len() > MAX_DEPTH {
        return;
    }
    match form(ty, Some(value)) {
        Form::Scalar | Form::AtomicList | Form::AtomicMap => set.insert(path),
        form @ (Form::Set | Form::Keyed(..)) => {
            let Value::Array(items) = value else { return };
            let steps: Vec<Option<Step>> = items.iter().map(|i| item_step(form, i).ok()).collect();
            let elem = match form {
                Form::Keyed(elem, _) => Some(elem),
                _ => None,
            };
            for (item, step) in items.iter().zip(&steps) {
                let Some(step) = step else { continue };
                let count = steps.iter().flatten().filter(|s| *s == step).count();
                path.push(step.clone());
                if count == 1 {
                    collect(elem, item, path, set);
                }
                set.insert(path);
                path.pop();
            }
        }
        Form::Fields(ty) => {
            let Value::Object(map) = value else { return };
            for (key, item) in map {
                let (child, declared) = part(ty, key);
                path.push(Step::Field(key.clone()));
                collect(child, item, path, set);
                let empty = item.is_null() || item.as_object().is_some_and(Map::is_empty);
                if empty || !declared {
                    set.insert(path);
                }
                path.pop();
            }
        }
    }
}

/// What changed between two objects.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) removed: FieldSet,
    pub(crate) modified: FieldSet,
    pub(crate) added: FieldSet,
}

impl Comparison {
    /// Drops what a write through this (sub)resource cannot change.
    pub(crate) fn without(self, reset: &FieldSet) -> Self {
        Self {
            removed: self.removed.recursive_difference(reset),
            modified: self.modified.recursive_difference(reset),
            added: self.added.recursive_difference(reset),
        }
    }
}

/// Compares two objects of a type.
pub(crate) fn compare(ty: TypeRef<'_>, old: &Value, new: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    compare_at(Some(ty), Some(old), Some(new), &mut Vec::new(), &mut comparison);
    comparison
}

fn compare_at(
    ty: Option<TypeRef<'_>>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<Step>,
    out: &mut Comparison,
) {
    if path.len() > MAX_DEPTH {
        return;
    }
    let form = form(ty, new.or(old));
    let leaf = match form {
        Form::Scalar | Form::AtomicList | Form::AtomicMap => true,
        Form::Set | Form::Keyed(..) => no_items(old) && no_items(new),
        Form::Fields(_) => no_entries(old) && no_entries(new),
    };
    if leaf {
        match (old, new) {
            (None, _) => out.added.insert(path),
            (_, None) => out.removed.insert(path),
            (Some(old), Some(new)) if !same(old, new) => out.modified.insert(path),
            _ => {}
        }
        return;
    }
    match form {
        Form::Fields(ty) => {
            let empty = Map::new();
            let old_map = old.and_then(Value::as_object).unwrap_or(&empty);
            let new_map = new.and_then(Value::as_object).unwrap_or(&empty);
            let keys: BTreeSet<&String> = old_map.keys().chain(new_map.keys()).collect();
            for key in keys {
                path.push(Step::Field(key.clone()));
                compare_at(part(ty, key).0, old_map.get(key), new_map.get(key), path, out);
                path.pop();
            }
        }
        form => compare_lists(form, old, new, path, out),
    }
    match (old, new) {
        (None, _) => out.added.insert(path),
        (_, None) => out.removed.insert(path),
        _ => {}
    }
}

fn no_items(value: Option<&Value>) -> bool {
    value.and_then(Value::as_array).is_none_or(Vec::is_empty)
}

fn no_entries(value: Option<&Value>) -> bool {
    value.and_then(Value::as_object).is_none_or(Map::is_empty)
}

type Grouped<'v> = BTreeMap<Step, Vec<&'v Value>>;

fn group<'v>(form: Form<'_>, value: Option<&'v Value>) -> Grouped<'v> {
    let mut out = Grouped::new();
    for item in value.and_then(Value::as_array).into_iter().flatten() {
        if let Ok(step) = item_step(form, item) {
            out.entry(step).or_default().push(item);
        }
    }
    out
}

fn compare_lists(
    form: Form<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<Step>,
    out: &mut Comparison,
) {
    let elem = match form {
        Form::Keyed(elem, _) => Some(elem),
        _ => None,
    };
    let (old, new) = (group(form, old), group(form, new));
    let steps: BTreeSet<&Step> = old.keys().chain(new.keys()).collect();
    for step in steps {
        let before = old.get(step).map_or(&[][..], Vec::as_slice);
        let after = new.get(step).map_or(&[][..], Vec::as_slice);
        path.push(step.clone());
        match (before.len() >= 2, after.len() >= 2) {
            (false, false) => compare_at(elem, before.first().copied(), after.first().copied(), path, out),
            (true, true) => {
                if before.len() != after.len() || before.iter().zip(after).any(|(a, b)| !same(a, b)) {
                    out.modified.insert(path);
                }
            }
            (true, false) => {
                if let Some(one) = after.first() {
                    compare_at(elem, None, Some(one), path, out);
                }
                out.removed.insert(path);
            }
            (false, true) => {
                if let Some(one) = before.first() {
                    compare_at(elem, Some(one), None, path, out);
                }
                out.added.insert(path);
            }
        }
        path.pop();
    }
}

/// Merges an applied object into a live one: the applied side wins, lists keep the applied order.
pub(crate) fn merge(ty: TypeRef<'_>, live: &Value, applied: &Value) -> Value {
    merge_at(Some(ty), Some(live), Some(applied), 0).unwrap_or(Value::Null)
}

fn merge_at(
    ty: Option<TypeRef<'_>>,
    live: Option<&Value>,
    applied: Option<&Value>,
    depth: usize,
) -> Option<Value> {
    let form = form(ty, applied.filter(|v| !v.is_null()).or(live));
    let leaf = match form {
        _ if depth > MAX_DEPTH => true,
        Form::Scalar | Form::AtomicList | Form::AtomicMap => true,
        Form::Set | Form::Keyed(..) => no_items(live) && no_items(applied),
        Form::Fields(_) => no_entries(live) && no_entries(applied),
    };
    if leaf {
        return applied.or(live).cloned();
    }
    match form {
        Form::Fields(ty) => {
            let empty = Map::new();
            let live = live.and_then(Value::as_object).unwrap_or(&empty);
            let applied = applied.and_then(Value::as_object).unwrap_or(&empty);
            let keys: BTreeSet<&String> = live.keys().chain(applied.keys()).collect();
            let mut out = Map::new();
            for key in keys {
                if let Some(value) = merge_at(part(ty, key).0, live.get(key), applied.get(key), depth + 1) {
                    out.insert(key.clone(), value);
                }
            }
            (!out.is_empty()).then_some(Value::Object(out))
        }
        form => {
            let out = merge_lists(form, live, applied, depth);
            (!out.is_empty()).then_some(Value::Array(out))
        }
    }
}

/// Items in the order of the applied list; live items that it does not have stay near their neighbours.
fn merge_lists(form: Form<'_>, live: Option<&Value>, applied: Option<&Value>, depth: usize) -> Vec<Value> {
    let elem = match form {
        Form::Keyed(elem, _) => Some(elem),
        _ => None,
    };
    let steps = |value: Option<&'_ Value>| -> Vec<(Step, Value)> {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|i| item_step(form, i).ok().map(|s| (s, i.clone()))).collect()
    };
    let (left, right) = (steps(live), steps(applied));
    // A doubled live item is not merged with the applied one: it is replaced.
    let in_left = |step: &Step| left.iter().any(|(s, _)| s == step);
    let left_value = |step: &Step| {
        let mut found = left.iter().filter(|(s, _)| s == step);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    };
    let right_value = |step: &Step| right.iter().find(|(s, _)| s == step).map(|(_, v)| v);
    let mut shared =
        right.iter().map(|(s, _)| s).filter(|s| in_left(s)).collect::<std::collections::VecDeque<_>>();
    let mut next_shared = shared.pop_front();
    let mut merged: BTreeSet<&Step> = BTreeSet::new();
    let mut out = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if let (Some((ls, _)), Some((rs, _))) = (left.get(l), right.get(r)) {
            if ls == rs {
                merged.insert(rs);
                out.extend(merge_at(elem, left_value(ls), right_value(rs), depth + 1));
                l += 1;
                r += 1;
                next_shared = shared.pop_front();
                continue;
            }
            if right_value(ls).is_some() && next_shared.is_some_and(|n| n != ls) {
                l += 1;
                continue;
            }
        }
        if let Some((ls, lv)) = left.get(l) {
            if right_value(ls).is_none() {
                out.extend(merge_at(elem, Some(lv), None, depth + 1));
                l += 1;
                continue;
            }
            if merged.contains(ls) {
                l += 1;
            }
        }
        if let Some((rs, _)) = right.get(r) {
            merged.insert(rs);
            out.extend(merge_at(elem, left_value(rs), right_value(rs), depth + 1));
            r += 1;
            if next_shared.is_some_and(|n| n == rs) {
                next_shared = shared.pop_front();
            }
        }
    }
    out
}

/// The object without the paths of a set; what becomes empty goes, too.
pub(crate) fn remove(ty: TypeRef<'_>, value: &Value, set: &FieldSet) -> Value {
    remove_at(Some(ty), value, set, 0).unwrap_or_else(|| Value::Object(Map::new()))
}

fn remove_at(ty: Option<TypeRef<'_>>, value: &Value, set: &FieldSet, depth: usize) -> Option<Value> {
    let form = form(ty, Some(value));
    match (form, value) {
        (Form::Scalar, _) => Some(value.clone()),
        (form @ (Form::Set | Form::Keyed(..)), Value::Array(items)) if depth <= MAX_DEPTH => {
            let elem = match form {
                Form::Keyed(elem, _) => Some(elem),
                _ => None,
            };
            let mut out = Vec::new();
            for item in items {
                match item_step(form, item) {
                    Ok(step) if set.has_step(&step) => {}
                    Ok(step) => match set.below(&step) {
                        Some(below) => out.extend(remove_at(elem, item, below, depth + 1)),
                        None => out.push(item.clone()),
                    },
                    Err(_) => out.push(item.clone()),
                }
            }
            (!out.is_empty()).then_some(Value::Array(out))
        }
        (Form::Fields(ty), Value::Object(map)) if depth <= MAX_DEPTH => {
            let mut out = Map::new();
            for (key, item) in map {
                let step = Step::Field(key.clone());
                if set.has_step(&step) {
                    continue;
                }
                let kept = match set.below(&step) {
                    Some(below) => remove_at(part(ty, key).0, item, below, depth + 1),
                    None => Some(item.clone()),
                };
                if let Some(kept) = kept {
                    out.insert(key.clone(), kept);
                }
            }
            (!out.is_empty()).then_some(Value::Object(out))
        }
        _ => None,
    }
}
