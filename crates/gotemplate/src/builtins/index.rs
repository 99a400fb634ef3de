//! `len`, `index`, `slice`.

use super::Result;
use crate::collection::List;
use crate::error::CallError;
use crate::exec::Context;
use crate::value::{Basic, Number, Value};

pub(super) fn len(_: &Context<'_>, args: &mut [Value]) -> Result {
    let value = &args[0];
    match value {
        Value::Nil => return Err("len of nil pointer".into()),
        Value::Invalid => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        _ => {}
    }
    match value.length() {
        Some(length) => Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX))),
        None => Err(format!("len of type {}", value.type_name().trim_start_matches('*')).into()),
    }
}

/// An index into something of `capacity` elements; one past the end is allowed here.
fn position(index: &Value, capacity: usize) -> std::result::Result<usize, CallError> {
    if index.is_nil() {
        return Err("cannot index slice/array with nil".into());
    }
    let number = match index.underlying().basic() {
        Some(Basic::Int(number)) => number,
        Some(Basic::Uint(number)) => number.cast_signed(),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name()).into()),
    };
    usize::try_from(number)
        .ok()
        .filter(|&position| position <= capacity)
        .ok_or_else(|| format!("index out of range: {number}").into())
}

pub(super) fn index(_: &Context<'_>, args: &mut [Value]) -> Result {
    let Some((first, indexes)) = args.split_first() else { return Err("index of untyped nil".into()) };
    if first.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = first.clone();
    for index in indexes {
        if item.is_nil() {
            return Err("index of nil pointer".into());
        }
        item = step(&item, index)?;
    }
    Ok(item)
}

fn step(item: &Value, index: &Value) -> Result {
    let underlying = item.underlying();
    match underlying.as_ref() {
        Value::List(list) => {
            let at = position(index, list.items().len())?;
            list.items().get(at).cloned().ok_or_else(|| "reflect: slice index out of range".into())
        }
        Value::Bytes(bytes) => {
            let at = position(index, bytes.len())?;
            byte(bytes.get(at)).ok_or_else(|| "reflect: slice index out of range".into())
        }
        Value::Str(text) => {
            let at = position(index, text.len())?;
            byte(text.get(at)).ok_or_else(|| "reflect: string index out of range".into())
        }
        Value::Map(map) => match index {
            Value::Nil | Value::Invalid => Err("value is nil; should be of type string".into()),
            Value::Str(key) => Ok(map.get(key).unwrap_or_else(|| map.kind().zero())),
            other => Err(format!("value has type {}; should be string", other.type_name()).into()),
        },
        _ => Err(format!("can't index item of type {}", item.type_name()).into()),
    }
}

fn byte(byte: Option<&u8>) -> Option<Value> {
    byte.map(|&byte| Value::Number(Number::Uint8(byte)))
}

pub(super) fn slice(_: &Context<'_>, args: &mut [Value]) -> Result {
    let Some((item, indexes)) = args.split_first() else { return Err("slice of untyped nil".into()) };
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let underlying = item.underlying();
    if matches!(underlying.as_ref(), Value::Str(_)) && indexes.len() == 3 {
        return Err("cannot 3-index slice a string".into());
    }
    let length = match underlying.as_ref() {
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.items().len(),
        _ => return Err(format!("can't slice item of type {}", item.type_name()).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [low, high, max] = bounds;
    if low > high {
        return Err(format!("invalid slice index: {low} > {high}").into());
    }
    if high > max {
        return Err(format!("invalid slice index: {high} > {max}").into());
    }
    Ok(match underlying.as_ref() {
        Value::Str(text) => Value::Str(text[low..high].into()),
        Value::Bytes(text) => Value::Bytes(text[low..high].into()),
        Value::List(list) => Value::List(List::with_kind(list.kind(), list.items()[low..high].to_vec())),
        other => other.clone(),
    })
}
