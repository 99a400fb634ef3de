//! Macros of the API server's CEL that the parser leaves as calls: `cel.bind`, comprehensions with two variables,
//! `optMap` and `optFlatMap`; and the bound on the depth of expressions.

use ::kube_cel::cel::IdedExpr;
use ::kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue};
use ::kube_cel::cel::parser::Parser;

/// How deep an expression may nest.
const MAX_DEPTH: usize = 200;

const RESULT: &str = "@result";

/// Parses a rule and expands its macros.
///
/// # Errors
/// The parser's message, in cel-go's words.
pub(super) fn parse(source: &str) -> Result<IdedExpr, String> {
    let mut expr = Parser::new()
        .enable_optional_syntax(true)
        .parse(source)
        .map_err(|errors| indent(&errors.to_string()))?;
    let mut next = 1_000_000;
    if expand(&mut expr, &mut next, 0) { Ok(expr) } else { Err("expression nests too deep".to_owned()) }
}

/// The message with the excerpt set off by a space, as cel-go prints it.
pub(super) fn indent(message: &str) -> String {
    message.replace("\n| ", "\n | ")
}

/// The function that stands for `value.?key` and `value[?key]` when rules run.
pub(super) const LOOKUP: &str = "@lookup";

/// Replaces the operators that the evaluator does not run as CEL defines them.
pub(super) fn lower(expr: &mut IdedExpr) {
    match &mut expr.expr {
        Expr::Call(c) => {
            if matches!(c.func_name.as_str(), "_?._" | "_[?_]") {
                c.func_name = LOOKUP.to_owned();
            }
            c.target.as_deref_mut().into_iter().chain(&mut c.args).for_each(lower);
        }
        Expr::Comprehension(c) => {
            for part in
                [&mut c.iter_range, &mut c.accu_init, &mut c.loop_cond, &mut c.loop_step, &mut c.result]
            {
                lower(part);
            }
        }
        Expr::List(l) => l.elements.iter_mut().for_each(lower),
        Expr::Map(m) => {
            for entry in &mut m.entries {
                if let EntryExpr::MapEntry(e) = &mut entry.expr {
                    lower(&mut e.key);
                    lower(&mut e.value);
                }
            }
        }
        Expr::Select(s) => lower(&mut s.operand),
        _ => {}
    }
}

fn node(next: &mut u64, expr: Expr) -> IdedExpr {
    *next += 1;
    IdedExpr { id: *next, expr }
}

fn ident(next: &mut u64, name: &str) -> IdedExpr {
    node(next, Expr::Ident(name.to_owned()))
}

fn call(next: &mut u64, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    node(next, Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }))
}

fn member(next: &mut u64, target: IdedExpr, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    node(next, Expr::Call(CallExpr { func_name: name.to_owned(), target: Some(Box::new(target)), args }))
}

fn boolean(next: &mut u64, value: bool) -> IdedExpr {
    node(next, Expr::Literal(LiteralValue::Boolean(value.into())))
}

/// `name` stands for `init` in `body`.
fn bind(next: &mut u64, name: &str, init: IdedExpr, body: IdedExpr) -> Expr {
    Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: node(next, Expr::List(ListExpr::new(Vec::new()))),
        iter_var: "#unused".to_owned(),
        iter_var2: None,
        accu_var: name.to_owned(),
        accu_init: init,
        loop_cond: boolean(next, false),
        loop_step: ident(next, name),
        result: body,
    }))
}

/// Expands in place; false where the expression is too deep.
fn expand(expr: &mut IdedExpr, next: &mut u64, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let deep = |e: &mut IdedExpr, next: &mut u64| expand(e, next, depth + 1);
    let fits = match &mut expr.expr {
        Expr::Call(c) => {
            c.target.as_deref_mut().is_none_or(|t| deep(t, next)) && c.args.iter_mut().all(|a| deep(a, next))
        }
        Expr::Comprehension(c) => {
            deep(&mut c.iter_range, next)
                && deep(&mut c.accu_init, next)
                && deep(&mut c.loop_cond, next)
                && deep(&mut c.loop_step, next)
                && deep(&mut c.result, next)
        }
        Expr::List(l) => l.elements.iter_mut().all(|e| deep(e, next)),
        Expr::Map(m) => m.entries.iter_mut().all(|entry| match &mut entry.expr {
            EntryExpr::MapEntry(e) => deep(&mut e.key, next) && deep(&mut e.value, next),
            EntryExpr::StructField(e) => deep(&mut e.value, next),
        }),
        Expr::Select(s) => deep(&mut s.operand, next),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => true,
    };
    if fits
        && let Expr::Call(c) = &mut expr.expr
        && let Some(replacement) = macro_call(c, next)
    {
        expr.expr = replacement;
    }
    fits
}

fn name_of(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        _ => None,
    }
}

fn macro_call(c: &mut CallExpr, next: &mut u64) -> Option<Expr> {
    let target = c.target.as_deref()?;
    match (c.func_name.as_str(), c.args.len()) {
        ("bind", 3) if matches!(&target.expr, Expr::Ident(i) if i == "cel") => {
            let name = name_of(&c.args[0])?;
            let body = c.args.pop()?;
            let init = c.args.pop()?;
            Some(bind(next, &name, init, body))
        }
        ("optMap" | "optFlatMap", 2) => {
            let name = name_of(&c.args[0])?;
            let body = c.args.pop()?;
            let has = member(next, target.clone(), "hasValue", Vec::new());
            let value = member(next, target.clone(), "value", Vec::new());
            let bound = bind(next, &name, value, body);
            let bound = node(next, bound);
            let optional = ident(next, "optional");
            let some =
                if c.func_name == "optMap" { member(next, optional, "of", vec![bound]) } else { bound };
            let optional = ident(next, "optional");
            let none = member(next, optional, "none", Vec::new());
            Some(call(next, "_?_:_", vec![has, some, none]).expr)
        }
        ("all" | "exists" | "existsOne" | "exists_one" | "transformList" | "transformMap", 3 | 4) => {
            two_variables(c, next)
        }
        _ => None,
    }
}

/// `range.all(k, v, p)`: over the keys or indices, with the value looked up.
fn two_variables(c: &mut CallExpr, next: &mut u64) -> Option<Expr> {
    let (key, value) = (name_of(&c.args[0])?, name_of(&c.args[1])?);
    let range = c.target.as_deref()?.clone();
    let lookup = |next: &mut u64, body: IdedExpr| {
        let key = ident(next, &key);
        let element = call(next, "_[_]", vec![range.clone(), key]);
        let bound = bind(next, &value, element, body);
        node(next, bound)
    };
    let body = c.args.pop()?;
    let body = lookup(next, body);
    let accu = ident(next, RESULT);
    let (init, cond, step, result) = match (c.func_name.as_str(), c.args.len()) {
        ("all", 2) => {
            let cond = call(next, "@not_strictly_false", vec![accu.clone()]);
            (boolean(next, true), cond, call(next, "_&&_", vec![accu.clone(), body]), accu)
        }
        ("exists", 2) => {
            let not = call(next, "!_", vec![accu.clone()]);
            let cond = call(next, "@not_strictly_false", vec![not]);
            (boolean(next, false), cond, call(next, "_||_", vec![accu.clone(), body]), accu)
        }
        ("existsOne" | "exists_one", 2) => {
            let one = node(next, Expr::Literal(LiteralValue::Int(1.into())));
            let more = call(next, "_+_", vec![accu.clone(), one.clone()]);
            let step = call(next, "_?_:_", vec![body, more, accu.clone()]);
            let zero = node(next, Expr::Literal(LiteralValue::Int(0.into())));
            (zero, boolean(next, true), step, call(next, "_==_", vec![accu, one]))
        }
        ("transformList", 2) => {
            let list = node(next, Expr::List(ListExpr::new(vec![body])));
            let step = call(next, "_+_", vec![accu.clone(), list]);
            (node(next, Expr::List(ListExpr::new(Vec::new()))), boolean(next, true), step, accu)
        }
        _ => return None,
    };
    let iter_range = call(next, "@indices", vec![range.clone()]);
    Some(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range,
        iter_var: key.clone(),
        iter_var2: None,
        accu_var: RESULT.to_owned(),
        accu_init: init,
        loop_cond: cond,
        loop_step: step,
        result,
    })))
}
