//! Lists. None of these changes its argument.

use pilothouse_gotemplate::{CallError, Context, Function, List, ListKind, Number, Param, Value};

use super::cast::{to_int64, to_text, to_texts};
use super::deep::deep_equal;
use super::flow::empty;
use super::{NIL_DEREFERENCE, Outcome, int};

const ONE: &[Param] = &[Param::Any];
const TWO: &[Param] = &[Param::Any, Param::Any];

pub(super) const FUNCTIONS: [Function; 35] = [
    Function::variadic("list", ONE, list),
    Function::variadic("tuple", ONE, list),
    Function::new("append", TWO, push),
    Function::new("push", TWO, push),
    Function::new("mustAppend", TWO, push),
    Function::new("mustPush", TWO, push),
    Function::new("prepend", TWO, prepend),
    Function::new("mustPrepend", TWO, prepend),
    Function::new("first", ONE, first),
    Function::new("mustFirst", ONE, first),
    Function::new("last", ONE, last),
    Function::new("mustLast", ONE, last),
    Function::new("rest", ONE, rest),
    Function::new("mustRest", ONE, rest),
    Function::new("initial", ONE, initial),
    Function::new("mustInitial", ONE, initial),
    Function::new("reverse", ONE, reverse),
    Function::new("mustReverse", ONE, reverse),
    Function::new("uniq", ONE, uniq),
    Function::new("mustUniq", ONE, uniq),
    Function::new("compact", ONE, compact),
    Function::new("mustCompact", ONE, compact),
    Function::variadic("without", TWO, without),
    Function::variadic("mustWithout", TWO, without),
    Function::new("has", TWO, has),
    Function::new("mustHas", TWO, has),
    Function::variadic("slice", TWO, slice),
    Function::variadic("mustSlice", TWO, slice),
    Function::variadic("concat", ONE, concat),
    Function::new("chunk", &[Param::Int, Param::Any], chunk),
    Function::new("mustChunk", &[Param::Int, Param::Any], chunk),
    Function::new("sortAlpha", ONE, sort_alpha),
    Function::new("toStrings", ONE, to_strings),
    Function::new("join", &[Param::String, Param::Any], join),
    Function::new("splitList", &[Param::String, Param::String], split_list),
];

/// The elements of a list of any type; `action` completes Go's message for anything else.
fn elements(context: &Context<'_>, value: &Value, action: &str) -> Result<Vec<Value>, CallError> {
    let items = match value {
        Value::Nil | Value::Invalid => return Err(NIL_DEREFERENCE.into()),
        Value::List(list) => list.items().to_vec(),
        Value::Bytes(bytes) => bytes.iter().map(|&byte| Value::Number(Number::Uint8(byte))).collect(),
        Value::Object(object) => match object.underlying() {
            Value::List(list) => list.items().to_vec(),
            other => return Err(format!("{action} type {}", other.kind().name()).into()),
        },
        other => return Err(format!("{action} type {}", other.kind().name()).into()),
    };
    context.charge_steps(items.len())?;
    Ok(items)
}

fn list(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(Value::list(args.iter_mut().map(std::mem::take).collect()))
}

fn push(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = elements(context, &args[0], "Cannot push on")?;
    items.push(std::mem::take(&mut args[1]));
    Ok(Value::list(items))
}

fn prepend(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = elements(context, &args[0], "Cannot prepend on")?;
    items.insert(0, std::mem::take(&mut args[1]));
    Ok(Value::list(items))
}

fn first(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    if let Value::List(list) = &args[0] {
        return Ok(list.items().first().cloned().unwrap_or_default());
    }
    let items = elements(context, &args[0], "Cannot find first on")?;
    Ok(items.into_iter().next().unwrap_or_default())
}

fn last(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    if let Value::List(list) = &args[0] {
        return Ok(list.items().last().cloned().unwrap_or_default());
    }
    let mut items = elements(context, &args[0], "Cannot find last on")?;
    Ok(items.pop().unwrap_or_default())
}

fn rest(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = elements(context, &args[0], "Cannot find rest on")?;
    if items.is_empty() {
        return Ok(List::nil(ListKind::Any).into());
    }
    items.remove(0);
    Ok(Value::list(items))
}

fn initial(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = elements(context, &args[0], "Cannot find initial on")?;
    if items.pop().is_none() {
        return Ok(List::nil(ListKind::Any).into());
    }
    Ok(Value::list(items))
}

fn reverse(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = elements(context, &args[0], "Cannot find reverse on")?;
    items.reverse();
    Ok(Value::list(items))
}

fn contains(context: &Context<'_>, items: &[Value], needle: &Value) -> Result<bool, CallError> {
    for item in items {
        if deep_equal(context, needle, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for item in elements(context, &args[0], "Cannot find uniq on")? {
        if !contains(context, &kept, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn compact(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut kept = Vec::new();
    for item in elements(context, &args[0], "Cannot compact on")? {
        if !empty(&item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn without(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut kept = Vec::new();
    for item in elements(context, &args[0], "Cannot find without on")? {
        if !contains(context, &args[1..], &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn has(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    if args[1].is_nil() {
        return Ok(false.into());
    }
    let items = elements(context, &args[1], "Cannot find has on")?;
    Ok(contains(context, &items, &args[0])?.into())
}

fn slice(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let items = elements(context, &args[0], "list should be type of slice or array but")
        .map_err(|error| slice_message(&error))?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = args.get(1).map_or(0, to_int64);
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let end = args.get(2).map_or(length, to_int64);
    if start < 0 || end < start || end > length {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    }
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    Ok(match &args[0] {
        Value::Bytes(bytes) => Value::Bytes(bytes[range].into()),
        Value::List(list) => Value::List(List::with_kind(list.kind(), items[range].to_vec())),
        _ => Value::list(items[range].to_vec()),
    })
}

/// Sprig's `slice` words its message without `type`.
fn slice_message(error: &CallError) -> CallError {
    error.to_string().replacen("array but type ", "array but ", 1).into()
}

fn concat(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut items = Vec::new();
    for arg in args.iter() {
        let part = elements(context, arg, "Cannot concat").map_err(|error| {
            let text = error.to_string();
            CallError::from(if text.starts_with("Cannot") { format!("{text} as list") } else { text })
        })?;
        items.extend(part);
        context.charge_list(items.len() as u64)?;
    }
    Ok(if items.is_empty() { List::nil(ListKind::Any).into() } else { Value::list(items) })
}

#[expect(clippy::cast_precision_loss, reason = "Sprig computes with floats")]
fn chunk(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    const TOO_LONG: &str = "runtime error: makeslice: len out of range";
    let size = int(&args[0]);
    let items = elements(context, &args[1], "Cannot chunk")?;
    let length = items.len() as f64;
    let count = super::cast::float_to_int(((length - 1.0) / size as f64).floor() + 1.0);
    let count = usize::try_from(count).map_err(|_| TOO_LONG)?;
    if count > items.len().max(1) {
        return Err(TOO_LONG.into());
    }
    let mut chunks = Vec::with_capacity(count);
    let mut items = items.into_iter();
    for index in 0..count {
        let mut wanted = size;
        if index + 1 == count {
            wanted = super::cast::float_to_int((length % size as f64).floor());
            if wanted == 0 {
                wanted = size;
            }
        }
        let wanted = usize::try_from(wanted).map_err(|_| TOO_LONG)?;
        chunks.push(Value::list(items.by_ref().take(wanted).collect()));
    }
    Ok(List::with_kind(ListKind::Lists, chunks).into())
}

fn sort_alpha(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let is_list = args[0].kind() == pilothouse_gotemplate::Kind::Slice;
    if !is_list {
        return Ok(List::of_strings([to_text(&args[0])?]).into());
    }
    let mut texts = to_texts(&args[0])?;
    texts.sort();
    Ok(List::of_strings(texts).into())
}

fn to_strings(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(List::of_strings(to_texts(&args[0])?).into())
}

fn join(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let separator = super::text(&args[0]);
    let texts = to_texts(&args[1])?;
    let length = texts.iter().map(|text| text.len() + separator.len()).sum();
    context.charge_string(length)?;
    Ok(texts.join(separator).into())
}

fn split_list(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let parts = super::strings::split_parts(super::text(&args[0]), super::text(&args[1]), -1);
    context.charge_list(parts.len() as u64)?;
    Ok(List::of_strings(parts).into())
}
