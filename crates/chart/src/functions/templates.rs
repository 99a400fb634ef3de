//! `include`, `tpl` and `lookup`.

use pilothouse_gotemplate::{CallError, Context, Function, Map, Param, Str, Value, quote};

use super::surroundings::{enter, leave, lookup as look_up};
use super::{Outcome, SET_NAME, text};

pub(super) const FUNCTIONS: [Function; 3] = [
    Function::new("include", &[Param::String, Param::Any], include),
    Function::new("tpl", &[Param::String, Param::Any], tpl),
    Function::new("lookup", &[Param::String, Param::String, Param::String, Param::String], lookup),
];

fn include(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let name = text(&args[0]);
    if enter(context, name) {
        leave(context, name);
        let name = String::from_utf8_lossy(name);
        let error = CallError::from("unable to execute template");
        return Err(error.context(format!("rendering template has a nested reference name: {name}")));
    }
    let result = context.execute_template(name, &args[1], SET_NAME);
    leave(context, name);
    let output = result?;
    context.charge_string(output.len())?;
    Ok(output.into())
}

fn tpl(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let Value::Str(template) = &args[0] else { return Err("tpl needs a string".into()) };
    let template: Str = template.clone();
    match context.execute_text(SET_NAME, &template, &args[1]) {
        Ok(output) => {
            context.charge_string(output.len())?;
            Ok(without_no_value(output).into())
        }
        Err(failure) => {
            let quoted = String::from_utf8_lossy(&quote::quote(&template)).into_owned();
            Err(match failure {
                Ok(parse) => parse.context(format!("cannot parse template {quoted}")),
                Err(execution) => {
                    execution.context(format!("error during tpl function execution for {quoted}"))
                }
            })
        }
    }
}

/// Helm removes what Go prints for missing values, wherever it came from.
pub(crate) fn without_no_value(output: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"<no value>";
    if memchr::memmem::find(&output, MARK).is_none() {
        return output;
    }
    let mut kept = Vec::with_capacity(output.len());
    let mut rest = output.as_slice();
    while let Some(at) = memchr::memmem::find(rest, MARK) {
        kept.extend_from_slice(&rest[..at]);
        rest = &rest[at + MARK.len()..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn lookup(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let argument = |index: usize| String::from_utf8_lossy(text(&args[index])).into_owned();
    let object = look_up(context, [argument(0), argument(1), argument(2), argument(3)])?;
    Ok(from_json(&object))
}

/// A JSON document as Go decodes it into an `interface {}`; integers of the cluster's objects are `int64`.
fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Value::Int64(int),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => text.clone().into(),
        serde_json::Value::Array(items) => Value::list(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => {
            let map: Map =
                entries.iter().map(|(key, value)| (Str::from(key.clone()), from_json(value))).collect();
            map.into()
        }
    }
}
