//! Dictionaries. `set`, `unset` and the merges change their argument, visibly for everyone who has it.

use std::collections::BTreeMap;

use pilothouse_gotemplate::{CallError, Context, Function, List, Map, MapKind, Param, Str, Value};

use super::cast::to_text;
use super::deep::deep_copy;
use super::merge::{Mode, merge_into};
use super::{Outcome, map, text};

const MAP: &[Param] = &[Param::Map];
const MAP_KEY: &[Param] = &[Param::Map, Param::String];
const MAPS: &[Param] = &[Param::Map, Param::Map];

pub(super) const FUNCTIONS: [Function; 17] = [
    Function::variadic("dict", &[Param::Any], dict),
    Function::new("get", MAP_KEY, get),
    Function::new("set", &[Param::Map, Param::String, Param::Any], set),
    Function::new("unset", MAP_KEY, unset),
    Function::new("hasKey", MAP_KEY, has_key),
    Function::variadic("pluck", &[Param::String, Param::Map], pluck),
    Function::variadic("keys", MAP, keys),
    Function::new("values", MAP, values),
    Function::variadic("pick", MAP_KEY, pick),
    Function::variadic("omit", MAP_KEY, omit),
    Function::variadic("merge", MAPS, |context, args| merge(context, args, Mode::KeepExisting)),
    Function::variadic("mustMerge", MAPS, |context, args| merge(context, args, Mode::KeepExisting)),
    Function::variadic("mergeOverwrite", MAPS, |context, args| merge(context, args, Mode::Overwrite)),
    Function::variadic("mustMergeOverwrite", MAPS, |context, args| merge(context, args, Mode::Overwrite)),
    Function::new("deepCopy", &[Param::Any], |context, args| deep_copy(context, &args[0])),
    Function::new("mustDeepCopy", &[Param::Any], |context, args| deep_copy(context, &args[0])),
    Function::variadic("dig", &[Param::Any], dig),
];

fn key(arg: &Value) -> Str {
    match arg {
        Value::Str(key) => key.clone(),
        _ => Str::default(),
    }
}

fn dict(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in args.chunks_mut(2) {
        let key = match &pair[0] {
            Value::Str(key) => key.clone(),
            other => to_text(other)?.into(),
        };
        let value = pair.get_mut(1).map_or_else(|| Value::from(""), std::mem::take);
        entries.insert(key, value);
    }
    Ok(Map::with_kind(MapKind::Any, entries).into())
}

fn get(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(map(&args[0]).and_then(|map| map.get(text(&args[1]))).unwrap_or_else(|| "".into()))
}

fn set(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let Some(map) = map(&args[0]).filter(|map| !map.is_nil()) else {
        return Err("assignment to entry in nil map".into());
    };
    let value = std::mem::take(&mut args[2]);
    if matches!(value, Value::Map(_) | Value::List(_) | Value::Object(_) | Value::Struct(_)) {
        context.note_change(&map);
    }
    map.insert(key(&args[1]), value);
    Ok(std::mem::take(&mut args[0]))
}

fn unset(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let Some(map) = map(&args[0]) else { return Ok(Map::nil(MapKind::Any).into()) };
    map.remove(text(&args[1]));
    Ok(std::mem::take(&mut args[0]))
}

fn has_key(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(map(&args[0]).is_some_and(|map| map.entries().contains_key(text(&args[1]))).into())
}

fn pluck(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let key = text(&args[0]);
    let found = args[1..].iter().filter_map(|arg| map(arg).and_then(|map| map.get(key)));
    Ok(Value::list(found.collect()))
}

fn keys(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut keys = Vec::new();
    for map in args.iter().filter_map(map) {
        keys.extend(map.entries().keys().cloned());
    }
    context.charge_list(keys.len() as u64)?;
    Ok(List::of_strings(keys).into())
}

fn values(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let values: Vec<Value> =
        map(&args[0]).map_or_else(Vec::new, |map| map.entries().values().cloned().collect());
    context.charge_list(values.len() as u64)?;
    Ok(Value::list(values))
}

fn pick(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let picked = Map::new();
    if let Some(map) = map(&args[0]) {
        for wanted in &args[1..] {
            if let Some(value) = map.get(text(wanted)) {
                picked.insert(key(wanted), value);
            }
        }
    }
    Ok(picked.into())
}

fn omit(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let Some(map) = map(&args[0]) else { return Ok(Map::new().into()) };
    let mut kept = map.entries().clone();
    context.charge_steps(kept.len())?;
    for unwanted in &args[1..] {
        kept.remove(text(unwanted));
    }
    Ok(Map::with_kind(MapKind::Any, kept).into())
}

fn merge(context: &Context<'_>, args: &mut [Value], mode: Mode) -> Outcome {
    let Some(target) = map(&args[0]).filter(|map| !map.is_nil()) else {
        // Go merges into a fresh map.
        let target = if args.len() == 1 { Map::nil(MapKind::Any) } else { Map::new() };
        for source in args[1..].iter().filter_map(map) {
            merge_into(context, &target, &source, mode, 0)?;
        }
        return Ok(target.into());
    };
    context.note_change(&target);
    for source in args[1..].iter().filter_map(map) {
        merge_into(context, &target, &source, mode, 0)?;
    }
    Ok(std::mem::take(&mut args[0]))
}

fn conversion(value: &Value, wanted: &str) -> CallError {
    let name = if value.is_nil() { "nil".into() } else { value.type_name() };
    format!("interface conversion: interface {{}} is {name}, not {wanted}").into()
}

/// Only an unnamed `map[string]interface {}` passes Go's type assertion.
fn plain_map(value: &Value) -> Result<Map, CallError> {
    match value {
        Value::Map(map) if map.kind() == MapKind::Any => Ok(map.clone()),
        other => Err(conversion(other, MapKind::Any.type_name())),
    }
}

fn dig(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let [keys @ .., default, last] = args else { return Err("dig needs at least three arguments".into()) };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut map = plain_map(last)?;
    for key in keys.iter() {
        if key.as_str().is_none() {
            return Err(conversion(key, "string"));
        }
    }
    for (index, key) in keys.iter().enumerate() {
        let Some(value) = map.get(text(key)) else { return Ok(std::mem::take(default)) };
        if index + 1 == keys.len() {
            return Ok(value);
        }
        map = plain_map(&value)?;
    }
    Ok(Value::Nil)
}
