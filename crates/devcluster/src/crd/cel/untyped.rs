//! Expressions over variables of unknown types: match conditions of webhooks, `ValidatingAdmissionPolicy`.

use std::collections::HashMap;
use std::sync::Arc;

use ::kube_cel::cel::objects::{Key, Map as CelMap};
use ::kube_cel::cel::{IdedExpr, Value as Cel};
use serde_json::Value;

use super::check::{Checked, check_untyped};
use super::eval::{base, error_text};

/// What an expression yields.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(String),
    /// `null`.
    Null,
    /// Anything else.
    Other,
}

/// A compiled expression.
pub(crate) struct Expression {
    source: String,
    program: IdedExpr,
    checked: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Text,
    Null,
    Other,
}

/// Variables by name, ready for evaluation.
#[derive(Clone, Default)]
pub(crate) struct Variables(Vec<(&'static str, Cel)>);

impl Variables {
    /// Adds a variable; `None` is `null`.
    pub(crate) fn set(&mut self, name: &'static str, value: Option<&Value>) {
        self.0.push((name, value.map_or(Cel::Null, to_cel)));
    }
}

impl Expression {
    /// Compiles an expression in which `variables` are known.
    ///
    /// # Errors
    /// All problems, as the API server words them.
    pub(crate) fn compile(source: &str, variables: &[&str]) -> Result<Self, String> {
        let checked: Checked =
            check_untyped(source, variables).map_err(|problem| format!("compilation failed: {problem}"))?;
        let kind = match (checked.is_bool(), checked.is_string()) {
            (true, _) => Kind::Bool,
            (_, true) => Kind::Text,
            _ if checked.is_null() => Kind::Null,
            _ => Kind::Other,
        };
        Ok(Self { source: source.to_owned(), program: checked.expr, checked: kind })
    }

    /// Whether it is known to yield a truth value.
    pub(crate) fn is_bool(&self) -> bool {
        self.checked == Kind::Bool
    }

    /// Whether it is known to yield a string.
    pub(crate) fn is_string(&self) -> bool {
        self.checked == Kind::Text
    }

    /// Whether it is known to yield `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.checked == Kind::Null
    }

    /// Runs it.
    ///
    /// # Errors
    /// The failure, as the API server words it.
    pub(crate) fn run(&self, variables: &Variables) -> Result<Outcome, String> {
        Ok(match self.value(variables)? {
            Cel::Bool(b) => Outcome::Bool(b),
            Cel::String(text) => Outcome::Text(text.to_string()),
            Cel::Null => Outcome::Null,
            _ => Outcome::Other,
        })
    }

    /// Runs it and puts the result under `name` into the variable `map`.
    ///
    /// # Errors
    /// The failure, as the API server words it.
    pub(crate) fn run_into(
        &self,
        variables: &mut Variables,
        map: &'static str,
        name: &str,
    ) -> Result<(), String> {
        let value = self.value(variables)?;
        let mut entries: HashMap<Key, Cel> = HashMap::new();
        if let Some(at) = variables.0.iter().position(|(n, _)| *n == map)
            && let (_, Cel::Map(before)) = variables.0.swap_remove(at)
        {
            entries.extend(before.map.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        entries.insert(Key::String(Arc::new(name.to_owned())), value);
        variables.0.push((map, Cel::Map(CelMap { map: Arc::new(entries) })));
        Ok(())
    }

    fn value(&self, variables: &Variables) -> Result<Cel, String> {
        let mut context = base().new_inner_scope();
        for (name, value) in &variables.0 {
            context.add_variable_from_value(*name, value.clone());
        }
        Cel::resolve(&self.program, &context).map_err(|error| {
            format!("expression '{}' resulted in error: {}", self.source, error_text(&error))
        })
    }
}

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(b) => Cel::Bool(*b),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(n), _) => Cel::Int(n),
            (None, Some(f)) => Cel::Float(f),
            (None, None) => Cel::Null,
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(list) => Cel::List(Arc::new(list.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let entries: HashMap<Key, Cel> =
                map.iter().map(|(k, v)| (Key::String(Arc::new(k.clone())), to_cel(v))).collect();
            Cel::Map(CelMap { map: Arc::new(entries) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NAMES: [&str; 3] = ["object", "params", "variables"];

    #[test]
    fn what_does_not_compile_says_where() {
        let problem = |source: &str| Expression::compile(source, &NAMES).err().unwrap_or_default();
        assert_eq!(
            problem("object."),
            "compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | object.\n | .......^"
        );
        assert!(problem("self.x == 1").contains("undeclared reference to 'self' (in container '')"));
        assert!(!Expression::compile("object.spec.flag", &NAMES).unwrap().is_bool());
        assert!(Expression::compile("object.spec.n > 1", &NAMES).unwrap().is_bool());
        assert!(Expression::compile("'a' + string(object.spec.n)", &NAMES).unwrap().is_string());
    }

    #[test]
    fn variables_build_on_each_other() {
        let mut variables = Variables::default();
        variables.set("object", Some(&json!({"data": {"a-b": "x"}, "spec": {"n": 3}})));
        variables.set("params", None);
        variables.set("variables", Some(&json!({})));
        let compile = |source: &str| Expression::compile(source, &NAMES).unwrap();
        compile("object.spec.n + 1").run_into(&mut variables, "variables", "more").unwrap();
        compile("variables.more * 2").run_into(&mut variables, "variables", "twice").unwrap();
        let run = |source: &str| compile(source).run(&variables);
        assert_eq!(run("variables.twice == 8 && params == null"), Ok(Outcome::Bool(true)));
        assert_eq!(run("object.data['a-b']"), Ok(Outcome::Text("x".to_owned())));
        assert_eq!(
            run("object.nope == 1"),
            Err("expression 'object.nope == 1' resulted in error: no such key: nope".to_owned())
        );
    }
}
