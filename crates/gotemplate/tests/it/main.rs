//! Templates against what Go makes of them, and against their bounds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod limits;
mod probes;
mod values;

use std::sync::Arc;

use pilothouse_gotemplate::{
    Budget, ExecError, Execution, FunctionTable, MissingKey, Str, TemplateSet, Value,
};

/// The set that consists of one template, `t`.
pub(crate) fn set(text: &str) -> TemplateSet {
    let mut set = TemplateSet::new(Arc::new(FunctionTable::new()));
    set.parse("t", text.as_bytes()).unwrap();
    set
}

pub(crate) fn execute(text: &str, data: &Value, budget: Budget<'_>) -> Result<String, Box<ExecError>> {
    let set = set(text);
    let execution = Execution::new(&set, &(), MissingKey::Zero, budget);
    execution.execute("t", data).map(|output| String::from_utf8(output).unwrap())
}

/// JSON as template values: all numbers are floats.
pub(crate) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap()),
        serde_json::Value::String(text) => text.clone().into(),
        serde_json::Value::Array(items) => Value::list(items.iter().map(value).collect()),
        serde_json::Value::Object(entries) => {
            Value::map(entries.iter().map(|(key, item)| (Str::from(key.clone()), value(item))))
        }
    }
}
