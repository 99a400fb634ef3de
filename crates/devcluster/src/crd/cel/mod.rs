//! `x-kubernetes-validations`: compiling, estimating and running CEL rules.
//!
//! Parsing and evaluation are the crates `cel` and `kube-cel`. Here is what the API server adds: types taken from
//! the schema ([`decl`]), checking and cost estimates ([`check`]), macros that the parser does not know ([`expand`])
//! and running the rules over an object ([`eval`]).

mod check;
mod decl;
mod eval;
mod expand;
mod functions;
mod types;
mod untyped;

use std::sync::Arc;

pub(crate) use decl::{Decl, escape};
pub(crate) use eval::Rules;
pub(crate) use untyped::{Expression, Outcome, Variables};

use super::jsonpath;
use super::schema::{Rule, Schema};

/// Largest body of a request, in bytes: what the estimates of unbounded values start from.
pub(crate) const MAX_REQUEST_BYTES: u64 = 3 * 1024 * 1024;

/// What compiling one rule found.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// Why the rule is refused.
    pub(crate) error: Option<String>,
    /// Whether it names `oldSelf`.
    pub(crate) uses_old_self: bool,
    /// Worst-case cost of one evaluation.
    pub(crate) cost: u64,
    /// Why the message expression is refused.
    pub(crate) message_error: Option<String>,
    /// Worst-case cost of the message expression, where it compiles.
    pub(crate) message_cost: Option<u64>,
    pub(crate) program: Option<::kube_cel::cel::IdedExpr>,
    pub(crate) message_program: Option<::kube_cel::cel::IdedExpr>,
    /// `fieldPath`, in the form of field paths.
    pub(crate) field_path: String,
}

/// Compiles one rule against the type of the place it belongs to.
pub(crate) fn compile(rule: &Rule, schema: &Schema, decl: &Arc<Decl>) -> Compiled {
    let mut compiled = Compiled::default();
    if rule.rule.trim().is_empty() {
        return compiled;
    }
    let optional = rule.optional_old_self == Some(true);
    let expression = match check::check(&rule.rule, decl, optional) {
        Ok(checked) => checked,
        Err(problem) => {
            compiled.error = Some(format!("compilation failed: {problem}"));
            return compiled;
        }
    };
    if !expression.is_bool() {
        compiled.error = Some("cel expression must evaluate to a bool".to_owned());
        return compiled;
    }
    compiled.uses_old_self = expression.uses_old_self;
    compiled.cost = expression.cost;
    compiled.program = Some(expression.expr);
    if !rule.message_expression.is_empty() {
        match check::check(&rule.message_expression, decl, optional) {
            Err(problem) => {
                compiled.message_error = Some(format!("messageExpression compilation failed: {problem}"));
            }
            Ok(message) if !message.is_string() => {
                compiled.message_error = Some("messageExpression must evaluate to a string".to_owned());
            }
            Ok(message) => {
                compiled.message_cost = Some(message.cost);
                compiled.message_program = Some(message.expr);
            }
        }
        if compiled.message_error.is_some() {
            return compiled;
        }
    }
    if !rule.field_path.is_empty()
        && let Ok((path, _)) = jsonpath::valid_field_path(&rule.field_path, schema, true)
    {
        compiled.field_path = path;
    }
    compiled
}
