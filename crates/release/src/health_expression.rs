//! Health by CEL expressions (`spec.healthCheckExprs`): for kinds that say in their own way that they are ready.
//!
//! As in Flux (`fluxcd/pkg/runtime/cel`), the top-level fields of the object are the variables; `inProgress` is asked
//! first, then `failed`, then `current`. A field that is not there yet makes an expression false.

use kube_cel::{KubeCelExt as _, cel};
use pilothouse_resources::HealthCheckExpr;
use serde_json::Value;

use crate::{expression_value, health::Health};

/// Whether all expressions can be read.
///
/// # Errors
/// Which cannot, and why.
pub fn check(expressions: &[HealthCheckExpr]) -> Result<(), String> {
    for expression in expressions {
        let texts = [
            ("current", Some(&expression.current)),
            ("inProgress", expression.in_progress.as_ref()),
            ("failed", expression.failed.as_ref()),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                cel::Program::compile(text).map_err(|error| {
                    format!(
                        "failed to create health check expression for {}/{}: cannot read `{field}`: {error}",
                        expression.api_version, expression.kind
                    )
                })?;
            }
        }
    }
    Ok(())
}

/// The health of an object by the expressions for its kind; `None` if there are none.
pub fn evaluate(expressions: &[HealthCheckExpr], object: &Value) -> Option<Health> {
    let is = |pointer: &str, text: &str| object.pointer(pointer).and_then(Value::as_str) == Some(text);
    let mut of_kind =
        expressions.iter().filter(|e| is("/apiVersion", &e.api_version) && is("/kind", &e.kind));
    let expression = of_kind.next()?;
    if object.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        return Some(Health::Terminating);
    }
    let ask = |text: &Option<String>| text.as_ref().map_or(Ok(false), |text| holds(text, object));
    let health = || {
        if ask(&expression.in_progress)? {
            return Ok(Health::InProgress("`inProgress` holds".to_owned()));
        }
        if ask(&expression.failed)? {
            return Ok(Health::Failed("`failed` holds".to_owned()));
        }
        match holds(&expression.current, object)? {
            true => Ok(Health::Current),
            false => Ok(Health::InProgress("`current` does not hold yet".to_owned())),
        }
    };
    Some(health().unwrap_or_else(|problem: String| Health::InProgress(problem)))
}

fn holds(text: &str, object: &Value) -> Result<bool, String> {
    let program = cel::Program::compile(text).map_err(|error| error.to_string())?;
    let mut context = cel::Context::default().with_all();
    for (name, value) in object.as_object().into_iter().flatten() {
        context.add_variable_from_value(name.as_str(), expression_value(value));
    }
    match program.execute(&context) {
        Ok(cel::Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err(format!("`{text}` does not give a boolean")),
        Err(cel::ExecutionError::NoSuchKey(_) | cel::ExecutionError::UndeclaredReference(_)) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expression() -> Vec<HealthCheckExpr> {
        vec![HealthCheckExpr {
            api_version: "example.com/v1".into(),
            kind: "Widget".into(),
            current: "status.phase == 'Warm'".into(),
            in_progress: Some("status.phase == 'Warming'".into()),
            failed: Some("status.phase == 'Broken'".into()),
        }]
    }

    #[test]
    fn a_kind_tells_its_health_in_its_own_words() {
        let widget =
            |status: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "status": status});
        let word = |object: Value| evaluate(&expression(), &object).map(|health| health.as_str());
        assert_eq!(word(widget(json!({"phase": "Warm"}))), Some("Current"));
        assert_eq!(word(widget(json!({"phase": "Warming"}))), Some("InProgress"));
        assert_eq!(word(widget(json!({"phase": "Broken"}))), Some("Failed"));
        assert_eq!(word(widget(json!({}))), Some("InProgress"));
        assert_eq!(word(json!({"apiVersion": "example.com/v1", "kind": "Widget"})), Some("InProgress"));
        assert_eq!(word(json!({"apiVersion": "v1", "kind": "Widget"})), None);
    }

    #[test]
    fn numbers_are_compared_with_numbers() {
        let mut expressions = expression();
        expressions[0].current = "status.replicas + 1 == 4 && status.replicas == 3".into();
        let widget =
            json!({"apiVersion": "example.com/v1", "kind": "Widget", "status": {"phase": "", "replicas": 3}});
        assert_eq!(evaluate(&expressions, &widget), Some(Health::Current));
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_named() {
        let mut expressions = expression();
        assert!(check(&expressions).is_ok());
        expressions[0].current = "not cel (".into();
        assert!(check(&expressions).unwrap_err().contains("cannot read `current`"));
    }
}
