//! Checks the types of a rule and estimates its worst-case cost (cel-go `checker/checker.go` and `checker/cost.go`,
//! apiserver `pkg/cel/library/cost.go`).

use std::rc::Rc;
use std::sync::Arc;

use ::kube_cel::cel::IdedExpr;
use ::kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr};
use ::kube_cel::cel::parser::Parser;

use super::decl::{self, Decl};
use super::expand;
use super::functions::{Functions, Overload};
use super::types::Ty;

/// A rule that compiled.
pub(super) struct Checked {
    pub(super) expr: IdedExpr,
    pub(super) uses_old_self: bool,
    pub(super) cost: u64,
    ty: Ty,
}

impl Checked {
    pub(super) fn is_bool(&self) -> bool {
        matches!(self.ty, Ty::Bool)
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self.ty, Ty::String)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.ty, Ty::Null)
    }
}

/// Bounds of a size.
#[derive(Clone, Copy, Debug)]
struct Size {
    min: u64,
    max: u64,
}

const UNKNOWN: Size = Size { min: 0, max: u64::MAX };
/// Cost of looking at one character.
const TRAVERSAL: f64 = 0.1;
/// Cost of one character of a regular expression.
const REGEX: f64 = 0.25;

impl Size {
    const fn fixed(n: u64) -> Self {
        Self { min: n, max: n }
    }

    fn add(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }

    fn multiply(self, other: Self) -> Self {
        Self { min: self.min.saturating_mul(other.min), max: self.max.saturating_mul(other.max) }
    }

    fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

/// `ceil(n * factor)`, saturating.
fn scaled(n: u64, factor: f64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as the reference computes it; the cast saturates"
    )]
    let result = (n as f64 * factor).ceil() as u64;
    result
}

/// What is known of an expression.
#[derive(Clone, Debug)]
struct Info {
    ty: Ty,
    cost: u64,
    /// Computed, or of a literal.
    size: Option<Size>,
    /// Where it comes from in the schema.
    path: Option<Arc<Decl>>,
    /// Sizes of the items of a list (or keys of a map literal).
    items: Option<Size>,
}

impl Info {
    fn new(ty: Ty, cost: u64) -> Self {
        Self { ty, cost, size: None, path: None, items: None }
    }

    fn known_size(&self) -> Option<Size> {
        self.size
            .or_else(|| self.path.as_ref().map(|p| Size { min: 0, max: p.max_elements }))
            .or_else(|| self.ty.is_scalar().then_some(Size::fixed(1)))
    }

    fn size(&self) -> Size {
        self.known_size().unwrap_or(UNKNOWN)
    }
}

/// Parses and checks a rule.
///
/// # Errors
/// All problems, as cel-go prints them.
pub(super) fn check(source: &str, decl: &Arc<Decl>, optional_old_self: bool) -> Result<Checked, String> {
    let expr = expand::parse(source)?;
    let mut checker = Checker {
        functions: Functions::new(),
        decl,
        declared: None,
        optional_old_self,
        scopes: Vec::new(),
        errors: Vec::new(),
        uses_old_self: false,
    };
    let info = checker.expr(&expr);
    if checker.errors.is_empty() {
        let uses_old_self = checker.uses_old_self;
        let mut expr = expr;
        expand::lower(&mut expr);
        return Ok(Checked { expr, uses_old_self, cost: info.cost, ty: info.ty });
    }
    Err(display(source, checker.errors))
}

/// Parses and checks an expression over variables whose types are not known.
///
/// # Errors
/// All problems, as cel-go prints them.
pub(super) fn check_untyped(source: &str, variables: &[&str]) -> Result<Checked, String> {
    let mut expr = expand::parse(source)?;
    let decl = decl::untyped();
    let mut checker = Checker {
        functions: Functions::new(),
        decl: &decl,
        declared: Some(variables),
        optional_old_self: false,
        scopes: Vec::new(),
        errors: Vec::new(),
        uses_old_self: false,
    };
    let info = checker.expr(&expr);
    if !checker.errors.is_empty() {
        return Err(display(source, checker.errors));
    }
    expand::lower(&mut expr);
    Ok(Checked { expr, uses_old_self: false, cost: info.cost, ty: info.ty })
}

/// The errors with their places. The parser keeps places only for sources that do not parse, so it gets one.
fn display(source: &str, errors: Vec<(u64, String)>) -> String {
    let broken = format!("{source}\n)");
    let parsed = Parser::new().enable_optional_syntax(true).parse(&broken);
    let places = parsed.err().and_then(|e| e.errors.into_iter().find_map(|e| e.source_info));
    let mut found: Vec<(usize, String)> = errors
        .into_iter()
        .map(|(id, text)| {
            let offset =
                places.as_ref().and_then(|p| p.offset_for(id)).map_or(0, |(start, _)| start as usize);
            (offset, text)
        })
        .collect();
    found.sort();
    let excerpts = found.into_iter().map(|(offset, text)| {
        let before: String = source.chars().take(offset).collect();
        let line = before.matches('\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        let shown = source.lines().nth(line).unwrap_or_default();
        format!("ERROR: <input>:{}:{}: {text}\n | {shown}\n | {}^", line + 1, column + 1, ".".repeat(column))
    });
    excerpts.collect::<Vec<_>>().join("\n")
}

struct Checker<'a> {
    functions: Functions,
    decl: &'a Arc<Decl>,
    /// The variables there are, instead of `self` and `oldSelf`.
    declared: Option<&'a [&'a str]>,
    optional_old_self: bool,
    scopes: Vec<(String, Info)>,
    errors: Vec<(u64, String)>,
    uses_old_self: bool,
}

const TYPE_NAMES: [&str; 10] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

impl Checker<'_> {
    fn error(&mut self, id: u64, text: impl Into<String>) {
        self.errors.push((id, text.into()));
    }

    fn undeclared(&mut self, id: u64, name: &str) -> Info {
        self.error(id, format!("undeclared reference to '{name}' (in container '')"));
        Info::new(Ty::Dyn, 0)
    }

    fn expr(&mut self, e: &IdedExpr) -> Info {
        match &e.expr {
            Expr::Literal(literal) => literal_info(literal),
            Expr::Ident(name) => self.ident(e.id, name),
            Expr::Select(select) => self.select(e.id, select),
            Expr::Call(call) => self.call(e.id, call),
            Expr::List(list) => {
                let mut element = Ty::Free;
                let mut info = Info::new(Ty::Dyn, 10);
                let mut items = Size { min: u64::MAX, max: 0 };
                for item in &list.elements {
                    let found = self.expr(item);
                    info.cost = info.cost.saturating_add(found.cost);
                    items = items.union(found.size());
                    element = self.joined(item.id, &element, &found.ty);
                }
                info.size = Some(Size::fixed(list.elements.len() as u64));
                info.items = Some(if list.elements.is_empty() { Size::fixed(0) } else { items });
                info.ty = Ty::List(Rc::new(element));
                info
            }
            Expr::Map(map) => {
                let (mut key, mut value) = (Ty::Free, Ty::Free);
                let mut info = Info::new(Ty::Dyn, 30);
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    let (k, v) = (self.expr(&entry.key), self.expr(&entry.value));
                    info.cost = info.cost.saturating_add(k.cost).saturating_add(v.cost);
                    key = self.joined(entry.key.id, &key, &k.ty);
                    value = self.joined(entry.value.id, &value, &v.ty);
                }
                info.size = Some(Size::fixed(map.entries.len() as u64));
                info.ty = Ty::Map(Rc::new(key), Rc::new(value));
                info
            }
            Expr::Struct(s) => self.undeclared(e.id, &s.type_name),
            Expr::Unspecified => {
                self.error(e.id, "unexpected expression");
                Info::new(Ty::Dyn, 0)
            }
            Expr::Comprehension(c) => self.comprehension(c),
        }
    }

    fn joined(&mut self, id: u64, before: &Ty, found: &Ty) -> Ty {
        before.join(found).unwrap_or_else(|| {
            self.error(id, format!("expected type '{}' but found '{}'", before.show(), found.show()));
            Ty::Dyn
        })
    }

    fn ident(&mut self, id: u64, name: &str) -> Info {
        if let Some((_, info)) = self.scopes.iter().rev().find(|(n, _)| n == name) {
            return Info { cost: 1, ..info.clone() };
        }
        let mut info = Info::new(Ty::of(self.decl), 1);
        if let Some(declared) = self.declared {
            return match name {
                name if declared.contains(&name) => info,
                name if TYPE_NAMES.contains(&name) => Info::new(Ty::Type, 1),
                _ => self.undeclared(id, name),
            };
        }
        info.path = Some(Arc::clone(self.decl));
        match name {
            "self" => info,
            "oldSelf" => {
                self.uses_old_self = true;
                if self.optional_old_self {
                    info.ty = Ty::Optional(Rc::new(info.ty));
                }
                info
            }
            name if TYPE_NAMES.contains(&name) => Info::new(Ty::Type, 1),
            _ => self.undeclared(id, name),
        }
    }

    fn select(&mut self, id: u64, select: &SelectExpr) -> Info {
        if let Expr::Ident(name) = &select.operand.expr
            && name == "google"
        {
            return Info::new(Ty::Type, 1);
        }
        let operand = self.expr(&select.operand);
        let mut info = self.field(id, &operand, &select.field);
        if select.test {
            return Info::new(Ty::Bool, operand.cost.saturating_add(1));
        }
        let step = u64::from(matches!(operand.ty, Ty::Map(..) | Ty::Object(_)));
        info.cost = operand.cost.saturating_add(step);
        info
    }

    /// The type of a field, without cost.
    fn field(&mut self, id: u64, operand: &Info, field: &str) -> Info {
        let (target, optional) = match &operand.ty {
            Ty::Optional(inner) => ((**inner).clone(), true),
            ty => (ty.clone(), false),
        };
        let mut info = match &target {
            Ty::Map(_, value) => {
                let mut info = Info::new((**value).clone(), 0);
                info.path = operand.path.as_ref().and_then(|p| p.element().cloned());
                info
            }
            Ty::Object(decl) => {
                if let Some(found) = decl.field(field) {
                    let mut info = Info::new(Ty::of(found), 0);
                    info.path = operand.path.is_some().then(|| Arc::clone(found));
                    info
                } else {
                    self.error(id, format!("undefined field '{field}'"));
                    Info::new(Ty::Dyn, 0)
                }
            }
            ty if ty.is_dyn() => Info::new(Ty::Dyn, 0),
            ty => {
                self.error(id, format!("type '{}' does not support field selection", ty.show()));
                Info::new(Ty::Dyn, 0)
            }
        };
        if optional {
            info.ty = Ty::Optional(Rc::new(info.ty));
        }
        info
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Info {
        if call.func_name == "_?._"
            && let [operand, field] = call.args.as_slice()
        {
            let operand = self.expr(operand);
            let Expr::Literal(LiteralValue::String(field)) = &field.expr else {
                self.error(id, "unsupported optional field selection");
                return Info::new(Ty::Dyn, 0);
            };
            let mut info = self.field(id, &operand, field.inner());
            if !matches!(info.ty, Ty::Optional(_)) {
                info.ty = Ty::Optional(Rc::new(info.ty));
            }
            info.cost = operand.cost.saturating_add(1);
            return info;
        }
        let namespaced =
            call.target.as_deref().and_then(qualified).map(|prefix| format!("{prefix}.{}", call.func_name));
        let namespaced = namespaced.filter(|name| self.functions.get(name).is_some());
        let args: Vec<Info> = call.args.iter().map(|a| self.expr(a)).collect();
        let (name, target) = match (namespaced, call.target.as_deref()) {
            (Some(name), _) => (name, None),
            (None, Some(target)) => (call.func_name.clone(), Some(self.expr(target))),
            (None, None) => (call.func_name.clone(), None),
        };
        if self.functions.get(&name).is_none() {
            return self.undeclared(id, &name);
        }
        let result = self.resolve(id, &name, target.as_ref(), &args);
        let mut info = estimate(&name, call, target.as_ref(), &args);
        info.ty = result;
        if let Some(target) = &target {
            info.cost = info.cost.saturating_add(target.cost);
        }
        info
    }

    /// The result type of the overloads that match.
    fn resolve(&mut self, id: u64, name: &str, target: Option<&Info>, args: &[Info]) -> Ty {
        let all: Vec<&Ty> = target.into_iter().chain(args).map(|i| &i.ty).collect();
        let fits = |overload: &Overload| -> Option<Ty> {
            if overload.member != target.is_some() || overload.args.len() != all.len() {
                return None;
            }
            let mut bound = [None, None, None, None];
            let fits = overload.args.iter().zip(&all).all(|(want, got)| want.accept(got, &mut bound));
            fits.then(|| overload.result.bind(&bound))
        };
        let overloads = self.functions.get(name).unwrap_or_default();
        let mut results = overloads.iter().filter_map(fits);
        let Some(first) = results.next() else {
            let shown: Vec<String> = args.iter().map(|a| a.ty.show()).collect();
            let receiver = target.map(|t| format!("{}.", t.ty.show())).unwrap_or_default();
            self.error(
                id,
                format!(
                    "found no matching overload for '{name}' applied to '{receiver}({})'",
                    shown.join(", ")
                ),
            );
            return Ty::Dyn;
        };
        results.fold(first, |a, b| a.join(&b).unwrap_or(Ty::Dyn))
    }

    fn comprehension(&mut self, c: &ComprehensionExpr) -> Info {
        let range = self.expr(&c.iter_range);
        let init = self.expr(&c.accu_init);
        let mut cost = range.cost.saturating_add(init.cost);
        let is_bind = c.iter_var == "#unused";
        let start = self.scopes.len();
        self.scopes.push((c.accu_var.clone(), Info { cost: 1, ..init.clone() }));
        if is_bind {
            let result = self.expr(&c.result);
            self.scopes.truncate(start);
            return Info { cost: cost.saturating_add(result.cost), ..result };
        }
        let item = self.iteration(c, &range);
        self.scopes.push((c.iter_var.clone(), item));
        let condition = self.expr(&c.loop_cond);
        let step = self.expr(&c.loop_step);
        self.scopes.truncate(start);
        let accumulated = if matches!(c.accu_init.expr, Expr::List(_) | Expr::Map(_)) {
            step.ty.clone()
        } else {
            init.ty.clone()
        };
        self.scopes.push((c.accu_var.clone(), Info { ty: accumulated, path: None, ..init.clone() }));
        let result = self.expr(&c.result);
        self.scopes.truncate(start);
        let each = step.cost.saturating_add(condition.cost);
        cost = cost.saturating_add(result.cost).saturating_add(range.size().max.saturating_mul(each));
        let mut info = Info::new(result.ty, cost);
        if matches!(c.accu_init.expr, Expr::List(_) | Expr::Map(_)) {
            info.size = Some(range.size());
            info.items = step.items;
        } else {
            info.size = init.known_size();
        }
        info
    }

    /// The iteration variable.
    fn iteration(&mut self, c: &ComprehensionExpr, range: &Info) -> Info {
        let mut info = match &range.ty {
            Ty::List(element) => {
                let mut info = Info::new((**element).clone(), 1);
                info.path = range.path.as_ref().and_then(|p| p.element().cloned());
                info
            }
            Ty::Map(key, _) => {
                let mut info = Info::new((**key).clone(), 1);
                // The reference takes keys for strings of no length.
                info.path = range
                    .path
                    .as_ref()
                    .map(|_| Arc::new(Decl { kind: decl::Kind::String, max_elements: 0, min_size: 2 }));
                info
            }
            ty if ty.is_dyn() => Info::new(Ty::Dyn, 1),
            ty => {
                let text = "cannot be range of a comprehension (must be list, map, or dynamic)";
                self.error(c.iter_range.id, format!("expression of type '{}' {text}", ty.show()));
                Info::new(Ty::Dyn, 1)
            }
        };
        if info.path.is_none() {
            info.size = range.items;
        }
        info
    }
}

fn literal_info(literal: &LiteralValue) -> Info {
    let (ty, size) = match literal {
        LiteralValue::Boolean(_) => (Ty::Bool, 1),
        LiteralValue::Bytes(b) => (Ty::Bytes, b.inner().len() as u64),
        LiteralValue::Double(_) => (Ty::Double, 1),
        LiteralValue::Int(_) => (Ty::Int, 1),
        LiteralValue::Null => (Ty::Null, 1),
        LiteralValue::String(s) => (Ty::String, s.inner().chars().count() as u64),
        LiteralValue::UInt(_) => (Ty::Uint, 1),
    };
    let mut info = Info::new(ty, 0);
    info.size = Some(Size::fixed(size));
    info
}

/// `a.b.c` as a name.
fn qualified(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(s) if !s.test => Some(format!("{}.{}", qualified(&s.operand)?, s.field)),
        _ => None,
    }
}

/// Cost and size of a call, with the costs of its arguments but not of its receiver.
#[allow(clippy::too_many_lines, reason = "one table of the functions' costs")]
fn estimate(name: &str, call: &CallExpr, target: Option<&Info>, args: &[Info]) -> Info {
    let mut info = Info::new(Ty::Dyn, 0);
    let arg = |i: usize| args.get(i).map_or(UNKNOWN, Info::size);
    let own = target.map_or(UNKNOWN, Info::size);
    let costs = args.iter().fold(0u64, |sum, a| sum.saturating_add(a.cost));
    let cost = match name {
        "_&&_" | "_||_" => 0,
        "_?_:_" => {
            info.size = Some(arg(1).union(arg(2)));
            info.items = args[1].items.zip(args[2].items).map(|(a, b)| a.union(b));
            let larger = args[1].cost.max(args[2].cost);
            return Info { cost: args[0].cost.saturating_add(larger), ..info };
        }
        "_+_" if is_sized(&args[0].ty) || is_sized(&args[1].ty) => {
            let size = arg(0).add(arg(1));
            info.size = Some(size);
            info.items =
                args[0].items.zip(args[1].items).map(|(a, b)| a.union(b)).or(args[0].items).or(args[1].items);
            if matches!(args[0].ty, Ty::List(_)) { 1 } else { scaled(size.max, TRAVERSAL) }
        }
        "_==_" | "_!=_" if matches!(args[0].ty, Ty::Opaque(_)) => 1,
        "_==_" | "_!=_" => scaled(arg(0).max.min(arg(1).max), TRAVERSAL),
        "_<_" | "_<=_" | "_>_" | "_>=_" if is_sized(&args[0].ty) => {
            scaled(arg(0).max.min(arg(1).max), TRAVERSAL)
        }
        "_[_]" | "_[?_]" => {
            info.path = args[0].path.as_ref().and_then(|p| p.element().cloned());
            info.size = args[0].items;
            1
        }
        "@in" if matches!(args[1].ty, Ty::List(_)) || args[1].ty.is_dyn() => arg(1).max,
        "@indices" => {
            info.size = Some(arg(0));
            1
        }
        "dyn" => {
            let inner = args[0].clone();
            return Info { cost: inner.cost.saturating_add(1), ..inner };
        }
        "startsWith" | "endsWith" => scaled(arg(0).max, TRAVERSAL),
        "contains" => scaled(own.max, TRAVERSAL).saturating_mul(scaled(arg(0).max, TRAVERSAL)),
        "matches" | "find" | "findAll" => {
            let (text, pattern) = if target.is_some() { (own, arg(0)) } else { (arg(0), arg(1)) };
            if name != "matches" {
                info.size = Some(Size { min: 0, max: text.max });
            }
            scaled(text.max.saturating_add(1), TRAVERSAL).saturating_mul(scaled(pattern.max, REGEX))
        }
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" | "includes" => match target
            .map(|t| &t.ty)
        {
            Some(Ty::List(element)) => {
                let element_size = target
                    .and_then(|t| {
                        t.path
                            .as_ref()
                            .and_then(|p| p.element())
                            .map(|e| e.max_elements)
                            .or(t.items.map(|i| i.max))
                    })
                    .unwrap_or(u64::MAX);
                let each =
                    if is_sized(element) { 1u64.saturating_add(scaled(element_size, TRAVERSAL)) } else { 1 };
                own.max.saturating_mul(each)
            }
            _ => scaled(own.max, TRAVERSAL),
        },
        "url" | "jsonpatch.escapeKey" => {
            info.size = Some(arg(0));
            scaled(arg(0).max, TRAVERSAL)
        }
        "lowerAscii" | "upperAscii" | "substring" | "trim" => {
            info.size = Some(own);
            scaled(own.max, TRAVERSAL)
        }
        "replace" => {
            info.size = Some(Size { min: 0, max: replaced(own, arg(0), arg(1)) });
            scaled(own.max, 2.0 * TRAVERSAL)
        }
        "split" => {
            let limit = call.args.get(1).and_then(|a| match &a.expr {
                Expr::Literal(LiteralValue::Int(n)) => u64::try_from(*n.inner()).ok(),
                _ => None,
            });
            info.size = Some(Size { min: 0, max: limit.unwrap_or(own.max) });
            scaled(own.max, 2.0 * TRAVERSAL)
        }
        "join" => {
            let element =
                target.and_then(|t| t.path.as_ref().and_then(|p| p.element()).map(|e| e.max_elements));
            let element = element.or(target.and_then(|t| t.items.map(|i| i.max))).unwrap_or(u64::MAX);
            let separators = own.max.saturating_sub(1);
            let mut max = own.max.saturating_mul(element);
            if !args.is_empty() {
                max = max.saturating_add(Size::fixed(separators).multiply(arg(0)).max);
            }
            info.size = Some(Size { min: 0, max });
            scaled(max, TRAVERSAL)
        }
        "cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver" | "isSemver" => {
            scaled(arg(0).max, TRAVERSAL)
        }
        "ip" if target.is_none() => scaled(arg(0).max, TRAVERSAL),
        "ip.isCanonical" => scaled(arg(0).max, 2.0 * TRAVERSAL),
        "containsIP" | "containsCIDR" => {
            let text = if matches!(args.first().map(|a| &a.ty), Some(Ty::String)) {
                scaled(arg(0).max, TRAVERSAL)
            } else {
                0
            };
            text.saturating_add(if name == "containsIP" { 4 } else { 7 })
        }
        "validate" => scaled(scaled(arg(0).max, TRAVERSAL), 32.0),
        "bytes" if matches!(args[0].ty, Ty::String) => {
            let size = arg(0);
            info.size = Some(Size { min: size.min, max: size.max.saturating_mul(4) });
            scaled(size.max, TRAVERSAL)
        }
        "string" if matches!(args[0].ty, Ty::Bytes) => {
            info.size = Some(Size { min: arg(0).min / 4, max: arg(0).max });
            scaled(arg(0).max, TRAVERSAL)
        }
        "format" => scaled(own.max, TRAVERSAL),
        _ => 1,
    };
    if info.size.is_some_and(|s| s.max == u64::MAX) && !matches!(name, "_+_" | "_?_:_") {
        info.size = None;
    }
    info.cost = cost.saturating_add(costs);
    info
}

fn is_sized(ty: &Ty) -> bool {
    matches!(ty, Ty::String | Ty::Bytes | Ty::List(_))
}

/// Longest text after `replace`.
fn replaced(text: Size, from: Size, to: Size) -> u64 {
    let (count, kept) = if from.min == 0 {
        (text.max.saturating_add(1), text.max)
    } else if to.max <= from.min {
        (0, text.max)
    } else {
        (text.max.div_ceil(from.min), 0)
    };
    count.saturating_mul(to.max).saturating_add(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::schema::Schema;
    use serde_json::json;

    fn decl(schema: serde_json::Value) -> Arc<Decl> {
        Decl::of(&Schema::parse(&schema), false).unwrap()
    }

    fn object() -> Arc<Decl> {
        decl(json!({"type": "object", "properties": {
            "n": {"type": "integer"}, "s": {"type": "string", "maxLength": 10}, "free": {"type": "string"},
            "l": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 20}},
            "m": {"type": "object", "additionalProperties": {"type": "integer"}}}}))
    }

    fn problem(rule: &str) -> String {
        check(rule, &object(), false).err().unwrap_or_default()
    }

    #[test]
    fn problems_are_told_with_their_place() {
        assert_eq!(
            problem("self.b == 'x'"),
            "ERROR: <input>:1:5: undefined field 'b'\n | self.b == 'x'\n | ....^"
        );
        assert_eq!(
            problem("self.n == 'x'"),
            "ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'\n | self.n == 'x'\n | .......^"
        );
        assert_eq!(
            problem("foo(self)"),
            "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(self)\n | ...^"
        );
        assert!(problem("self. >").contains("\n | self. >\n | ......^\nERROR:"));
    }

    #[test]
    fn what_rules_use_compiles() {
        for rule in [
            "has(self.n) && self.n > 5",
            "self.l.all(x, x.startsWith('a') || x in ['b', 'c'])",
            "self.m.all(k, self.m[k] > 0)",
            "self.l.map(x, x + '!').exists(y, y == 'a!')",
            "size(self.l) == self.l.size()",
            "self.?s.orValue('x') == 'y'",
            "cel.bind(a, self.n, a + 1 > 2)",
            "self.m.all(k, v, k != '' && v > 0)",
            "isCIDR(self.s) && cidr(self.s).containsIP('10.0.0.1')",
            "quantity(self.s).isLessThan(quantity('1Gi'))",
            "self.s.matches('^[a-z]+$') ? self.n == 1 : self.n != 1",
            "duration(self.s) < duration('1h')",
            "type(self.n) == int",
            "self.l.filter(x, x != '').size() > 0",
            "self == oldSelf || self.n > oldSelf.n",
            "!format.dns1123Label().validate(self.s).hasValue()",
            "sets.contains(self.l, ['a'])",
        ] {
            assert_eq!(problem(rule), "", "{rule}");
            assert!(check(rule, &object(), false).unwrap().is_bool(), "{rule}");
        }
    }

    #[test]
    fn costs_grow_with_what_is_unbounded() {
        let cost = |rule: &str| check(rule, &object(), false).unwrap().cost;
        assert!(cost("self.n > 5") < 10);
        assert!(cost("self.s.startsWith('x') && self.s.matches('^[a-z-]+$')") < 100);
        assert!(cost("self.l.all(x, x == 'a')") < 1_000);
        assert!(cost("self.free.contains(self.free)") > 100_000_000);
        assert!(cost("'n is ' + string(self.n) == ''") < u64::MAX);
        assert!(check("'n is ' + string(self.n)", &object(), false).unwrap().cost > 1_000_000_000_000);
    }
}
