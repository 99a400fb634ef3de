//! Go's `encoding/json`, both ways.

mod decode;
mod encode;

use std::borrow::Cow;

use pilothouse_gotemplate::{
    CallError, Context, Function, List, ListKind, Map, MapKind, Object, Param, Value,
};

use super::{Outcome, string, text};
pub(crate) use decode::decode;
use encode::{Escape, encode};

const STRING: &[Param] = &[Param::String];
const ANY: &[Param] = &[Param::Any];

pub(super) const FUNCTIONS: [Function; 9] = [
    Function::new("toJson", ANY, |context, args| swallow(context, encode(&args[0], Escape::Html, false))),
    Function::new("mustToJson", ANY, |context, args| give(context, encode(&args[0], Escape::Html, false))),
    Function::new("toPrettyJson", ANY, |context, args| {
        swallow(context, encode(&args[0], Escape::Html, true))
    }),
    Function::new("mustToPrettyJson", ANY, |context, args| {
        give(context, encode(&args[0], Escape::Html, true))
    }),
    Function::new("toRawJson", ANY, |context, args| give(context, encode(&args[0], Escape::Needed, false))),
    Function::new("mustToRawJson", ANY, |context, args| {
        give(context, encode(&args[0], Escape::Needed, false))
    }),
    Function::new("fromJson", STRING, from_json),
    Function::new("mustFromJson", STRING, |context, args| {
        charge_source(context, text(&args[0]))?;
        match decode(text(&args[0]))? {
            (value, None) => Ok(value),
            (_, Some(error)) => Err(error.into()),
        }
    }),
    Function::new("fromJsonArray", STRING, from_json_array),
];

/// How a value of a named type is written in JSON and YAML.
pub(super) enum TextForm {
    Text(String),
    Underlying(Value),
    /// The type refuses.
    Error(String),
}

/// Types with `MarshalJSON` or `MarshalText`: times, versions.
pub(super) fn text_form(object: &dyn Object) -> TextForm {
    match object.type_name().as_ref() {
        "time.Time" => super::dates::json_text(object),
        "*semver.Version" => TextForm::Text(object.text().unwrap_or_default()),
        _ => TextForm::Underlying(object.underlying()),
    }
}

/// Gives the text or fails with Go's error.
fn give(context: &Context<'_>, encoded: Result<Vec<u8>, CallError>) -> Outcome {
    string(context, encoded?)
}

/// Steps that a failed attempt counts as: it may have gone through a large value, and leaves no text that is counted.
pub(super) const FAILED_STEPS: usize = 10_000;

/// Counts what is about to be read, before it takes many times its size in memory.
pub(super) fn charge_source(context: &Context<'_>, source: &[u8]) -> Result<(), CallError> {
    Ok(context.charge_steps(source.len() * 2)?)
}

/// Gives the text, or nothing if the value has no JSON form. Exceeded bounds are still errors.
fn swallow(context: &Context<'_>, encoded: Result<Vec<u8>, CallError>) -> Outcome {
    match encoded {
        Err(error) if error.limit().is_none() => {
            context.charge_steps(FAILED_STEPS)?;
            Ok("".into())
        }
        encoded => string(context, encoded?),
    }
}

/// Go's word for the kind of a JSON value.
fn kind_word(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Str(_) => "string".into(),
        Value::Float(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::List(_) => "array".into(),
        _ => "object".into(),
    }
}

fn from_json(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    charge_source(context, text(&args[0]))?;
    let (map, error) = match decode(text(&args[0])) {
        Ok((Value::Map(map), error)) => (map, error),
        Ok((Value::Nil, _)) => (Map::nil(MapKind::Any), None),
        Ok((other, _)) => {
            let kind = kind_word(&other);
            let error =
                format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
            (Map::new(), Some(error))
        }
        Err(error) => (Map::new(), Some(error)),
    };
    if let Some(error) = error {
        map.insert("Error", error.into());
    }
    Ok(map.into())
}

fn from_json_array(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    charge_source(context, text(&args[0]))?;
    let error = match decode(text(&args[0])) {
        Ok((Value::List(list), None)) => return Ok(list.into()),
        Ok((Value::Nil, _)) => return Ok(List::nil(ListKind::Any).into()),
        Ok((Value::List(_), Some(error))) | Err(error) => error,
        Ok((other, _)) => {
            format!("json: cannot unmarshal {} into Go value of type []interface {{}}", kind_word(&other))
        }
    };
    Ok(Value::list(vec![error.into()]))
}
