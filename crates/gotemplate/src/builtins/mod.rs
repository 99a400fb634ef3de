//! The language's own functions.

mod compare;
mod escape;
mod index;

use crate::error::CallError;
use crate::exec::Context;
use crate::format;
use crate::function::{Form, Function, Param};
use crate::value::Value;

pub use compare::{equal, less};

type Result = std::result::Result<Value, CallError>;

const ONE: &[Param] = &[Param::Reflect];
const TWO: &[Param] = &[Param::Reflect, Param::Reflect];
const ANY: &[Param] = &[Param::Any];

pub(crate) fn table() -> Vec<(Function, Form)> {
    let never: crate::function::Native = |_, _| Err("unreachable".into());
    let mut table = vec![
        (Function::variadic("and", TWO, never), Form::And),
        (Function::variadic("or", TWO, never), Form::Or),
        (Function::variadic("call", TWO, never), Form::Call),
    ];
    let plain = [
        Function::new("not", ONE, |_, args| Ok(Value::Bool(!args[0].truth()))),
        Function::new("len", ONE, index::len),
        Function::variadic("index", TWO, index::index),
        Function::variadic("slice", TWO, index::slice),
        Function::variadic("eq", TWO, compare::eq),
        Function::new("ne", TWO, compare::ne),
        Function::new("lt", TWO, |_, args| Ok(less(&args[0], &args[1])?.into())),
        Function::new("le", TWO, |_, args| Ok(compare::less_or_equal(&args[0], &args[1])?.into())),
        Function::new("gt", TWO, |_, args| Ok((!compare::less_or_equal(&args[0], &args[1])?).into())),
        Function::new("ge", TWO, |_, args| Ok((!less(&args[0], &args[1])?).into())),
        Function::variadic("html", ANY, |context, args| escaped(context, args, escape::html)),
        Function::variadic("js", ANY, |context, args| escaped(context, args, escape::js)),
        Function::variadic("urlquery", ANY, |context, args| escaped(context, args, escape::url_query)),
        Function::variadic("print", ANY, |context, args| {
            string(context, format::sprint(args, max(context))?)
        }),
        Function::variadic("println", ANY, |context, args| {
            string(context, format::sprintln(args, max(context))?)
        }),
        Function::variadic("printf", &[Param::String, Param::Any], printf),
    ];
    table.extend(plain.map(|function| (function, Form::Plain)));
    table
}

fn max(context: &Context<'_>) -> u64 {
    context.budget().string_length
}

fn string(context: &Context<'_>, bytes: Vec<u8>) -> Result {
    context.charge_string(bytes.len())?;
    Ok(bytes.into())
}

fn printf(context: &Context<'_>, args: &mut [Value]) -> Result {
    let format = args[0].as_str().unwrap_or_default();
    string(context, format::sprintf(format, &args[1..], max(context))?)
}

fn escaped(context: &Context<'_>, args: &mut [Value], escape: fn(&[u8]) -> Vec<u8>) -> Result {
    if let [Value::Str(text)] = args {
        return string(context, escape(text));
    }
    for arg in args.iter_mut() {
        if arg.is_nil() {
            *arg = Value::from("<no value>");
        }
    }
    string(context, escape(&format::sprint(args, max(context))?))
}
