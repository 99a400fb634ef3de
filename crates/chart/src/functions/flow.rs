//! `default`, `empty`, `coalesce`, `ternary`, `required`, `fail`.

use pilothouse_gotemplate::{CallError, Context, Function, Kind, Param, Value};

use super::surroundings::is_lint;
use super::{Outcome, text};

pub(super) const FUNCTIONS: [Function; 9] = [
    Function::variadic("default", &[Param::Any, Param::Any], default),
    Function::new("empty", &[Param::Any], |_, args| Ok(empty(&args[0])?.into())),
    Function::variadic("coalesce", &[Param::Any], coalesce),
    Function::variadic("all", &[Param::Any], all),
    Function::variadic("any", &[Param::Any], any),
    Function::new("ternary", &[Param::Any, Param::Any, Param::Bool], ternary),
    Function::new("required", &[Param::String, Param::Any], required),
    Function::new("fail", &[Param::String], fail),
    Function::new("hello", &[], |_, _| Ok("Hello!".into())),
];

/// Marks a message of `fail` and `required` within Go's error text; Helm shows only what is between the two.
pub(crate) const MESSAGE_START: &str = "HELM_ERR_START";
/// The end of such a message.
pub(crate) const MESSAGE_END: &str = "HELM_ERR_END";

/// Sprig's `empty`: zero, nil, or without elements.
pub(super) fn empty(value: &Value) -> Result<bool, CallError> {
    match value.kind() {
        Kind::Struct | Kind::Pointer | Kind::Func => Ok(false),
        _ => Ok(!value.truth()),
    }
}

fn default(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let chosen = match args.get(1) {
        Some(given) if !empty(given)? => 1,
        _ => 0,
    };
    Ok(std::mem::take(&mut args[chosen]))
}

fn coalesce(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    for arg in args {
        if !empty(arg)? {
            return Ok(std::mem::take(arg));
        }
    }
    Ok(Value::Nil)
}

fn all(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    for arg in args {
        if empty(arg)? {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn any(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    for arg in args {
        if !empty(arg)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn ternary(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let chosen = usize::from(!matches!(args[2], Value::Bool(true)));
    Ok(std::mem::take(&mut args[chosen]))
}

fn stop(message: &[u8]) -> CallError {
    format!("{MESSAGE_START}{}{MESSAGE_END}", String::from_utf8_lossy(message)).into()
}

fn required(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let missing = args[1].is_nil() || matches!(&args[1], Value::Str(text) if text.is_empty());
    if !missing {
        return Ok(std::mem::take(&mut args[1]));
    }
    if is_lint(context) { Ok("".into()) } else { Err(stop(text(&args[0]))) }
}

fn fail(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    if is_lint(context) { Ok("".into()) } else { Err(stop(text(&args[0]))) }
}
