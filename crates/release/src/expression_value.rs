//! JSON as the expressions of specs (CEL) see it.

use std::collections::HashMap;

use kube_cel::cel;
use serde_json::Value;

/// A JSON value for an expression.
///
/// As in Flux, where it comes from Go's decoder, a whole number is an `int`: with it `status.replicas == 3` compares,
/// and `+ 1` adds, two numbers of one type. One that is too large for it is a `double`.
pub fn expression_value(json: &Value) -> cel::Value {
    match json {
        Value::Null => cel::Value::Null,
        Value::Bool(truth) => cel::Value::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => number.as_f64().map_or(cel::Value::Null, cel::Value::Float),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(expression_value).collect::<Vec<_>>().into(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), expression_value(value)))
            .collect::<HashMap<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use kube_cel::KubeCelExt as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_compare_and_add_as_ints() {
        let object = json!({
            "replicas": 3, "generation": 3, "share": 0.5, "huge": u64::MAX, "list": [{"version": 1}], "none": null,
        });
        let holds = |text: &str| {
            let mut context = cel::Context::default().with_all();
            context.add_variable_from_value("o", expression_value(&object));
            cel::Program::compile(text).unwrap().execute(&context)
        };
        for text in [
            "o.replicas == 3",
            "o.replicas + 1 == 4",
            "o.replicas - 4 == -1",
            "o.replicas > 2 && o.replicas == o.generation",
            "o.list[0].version == 1",
            "o.list.all(e, e.version in [1, 2])",
            "o.share < 1.0",
            "o.huge > 1.0",
            "o.none == null",
        ] {
            assert_eq!(holds(text), Ok(cel::Value::Bool(true)), "{text}");
        }
    }
}
