//! `reflect.DeepEqual` and deep copies.

use std::rc::Rc;

use pilothouse_gotemplate::{
    CallError, Context, Field, Limit, List, MAX_VALUE_DEPTH, Map, Str, Struct, Value,
};

/// Steps that each copied value counts: a list or map takes some 150 to 700 bytes, however little is in it, and shared
/// ones are copied as often as they are reached.
const COPY_STEPS: usize = 10;

/// Go's `reflect.DeepEqual`: the types have to be the same too.
pub(super) fn deep_equal(context: &Context<'_>, left: &Value, right: &Value) -> Result<bool, Limit> {
    equal_at(context, left, right, 0)
}

#[expect(clippy::float_cmp, reason = "Go's ==")]
fn equal_at(context: &Context<'_>, left: &Value, right: &Value, depth: u32) -> Result<bool, Limit> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Limit::ValueDepth(MAX_VALUE_DEPTH));
    }
    context.charge_steps(1)?;
    match (left, right) {
        (Value::Nil | Value::Invalid, Value::Nil | Value::Invalid) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Number(a), Value::Number(b)) => Ok(a == b),
        (Value::Complex(a), Value::Complex(b)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) => {
            if a.kind() != b.kind() || a.is_nil() != b.is_nil() || a.items().len() != b.items().len() {
                return Ok(false);
            }
            if a.is_same(b) {
                return Ok(true);
            }
            for (a, b) in a.items().iter().zip(b.items()) {
                if !equal_at(context, a, b, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(a), Value::Map(b)) => equal_maps(context, a, b, depth),
        (Value::Struct(a), Value::Struct(b)) => {
            if a.type_name != b.type_name || a.pointer != b.pointer || a.fields.len() != b.fields.len() {
                return Ok(false);
            }
            for (a, b) in a.fields.iter().zip(&b.fields) {
                if !equal_at(context, &a.value, &b.value, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Object(a), Value::Object(b)) => {
            if a.type_name() != b.type_name() {
                return Ok(false);
            }
            Ok(Rc::ptr_eq(a, b)
                || format!("{a:?}") == format!("{b:?}")
                    && equal_at(context, &a.underlying(), &b.underlying(), depth + 1)?)
        }
        _ => Ok(false),
    }
}

fn equal_maps(context: &Context<'_>, a: &Map, b: &Map, depth: u32) -> Result<bool, Limit> {
    if a.kind() != b.kind() || a.len() != b.len() {
        return Ok(false);
    }
    if a.is_same(b) {
        return Ok(true);
    }
    for ((key_a, a), (key_b, b)) in a.snapshot().iter().zip(&b.snapshot()) {
        if key_a != key_b || !equal_at(context, a, b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A copy that shares no list or map with the original.
///
/// # Errors
/// Go's panic on nil, or an exceeded bound.
pub(super) fn deep_copy(context: &Context<'_>, value: &Value) -> Result<Value, CallError> {
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    Ok(copy_at(context, value, 0)?)
}

fn copy_at(context: &Context<'_>, value: &Value, depth: u32) -> Result<Value, Limit> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Limit::ValueDepth(MAX_VALUE_DEPTH));
    }
    context.charge_steps(COPY_STEPS)?;
    match value {
        Value::List(list) if !list.is_nil() => {
            let items = list
                .items()
                .iter()
                .map(|item| copy_at(context, item, depth + 1))
                .collect::<Result<_, _>>()?;
            Ok(Value::List(List::with_kind(list.kind(), items)))
        }
        Value::Map(map) => {
            let mut copy = std::collections::BTreeMap::new();
            for (key, item) in map.snapshot() {
                copy.insert(key, copy_at(context, &item, depth + 1)?);
            }
            Ok(Value::Map(Map::with_kind(map.kind(), copy)))
        }
        Value::Object(object) => match object.underlying() {
            Value::Map(map) => match copy_at(context, &Value::Map(map), depth + 1)? {
                Value::Map(map) => Ok(object.with_map(map.clone()).unwrap_or(Value::Map(map))),
                other => Ok(other),
            },
            // What has a text of its own is a plain value such as a time.
            Value::Struct(data) if object.text().is_none() => Ok(exported(&data)),
            _ => Ok(value.clone()),
        },
        other => Ok(other.clone()),
    }
}

/// A copy of a struct loses what is not exported.
fn exported(data: &Struct) -> Value {
    let field = |field: &Field| {
        let is_exported = field.name.starts_with(|c: char| c.is_ascii_uppercase());
        let value = match &field.value {
            Value::Str(_) if !is_exported => Value::Str(Str::default()),
            value => value.clone(),
        };
        Field { name: field.name, json: field.json, omit_empty: field.omit_empty, value }
    };
    let fields = data.fields.iter().map(field).collect();
    Value::Struct(Rc::new(Struct { type_name: data.type_name, pointer: data.pointer, fields }))
}
