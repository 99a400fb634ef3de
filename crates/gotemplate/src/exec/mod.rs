//! Executes templates.
//!
//! One [`Execution`] renders any number of templates of a set with one budget. Templates nest by recursion;
//! the stack grows on the heap (`stacker`), so the bound on depth is [`Budget::depth`], not the thread's stack.

mod call;
mod context;
mod eval;
mod field;
mod walk;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

pub use context::{Context, Host};

use crate::ast::{At, Template};
use crate::budget::{Budget, Limit, Meter};
use crate::collection::Map;
use crate::error::{CallError, ExecError, Location};
use crate::set::{MissingKey, TemplateSet};
use crate::string::Str;
use crate::value::Value;

type Result<T> = std::result::Result<T, Box<ExecError>>;

/// Executes templates of one set, within one budget, for one host.
pub struct Execution<'s> {
    set: &'s TemplateSet,
    shared: Shared<'s>,
}

/// What all templates of an execution share.
struct Shared<'s> {
    host: &'s dyn Host,
    missing_key: MissingKey,
    meter: Meter<'s>,
    depth: Cell<u32>,
    /// Templates parsed while executing (`tpl`), by text.
    parsed: RefCell<HashMap<Str, Vec<Arc<Template>>>>,
    /// Maps that were changed so that they might contain themselves.
    changed: RefCell<Vec<Map>>,
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        // A map that contains itself would never be freed.
        for map in self.changed.get_mut().drain(..) {
            let entries = std::mem::take(&mut *map.entries_mut());
            drop(entries);
        }
    }
}

impl<'s> Execution<'s> {
    /// `host` answers what functions ask with [`Context::ask`].
    pub fn new(
        set: &'s TemplateSet,
        host: &'s dyn Host,
        missing_key: MissingKey,
        budget: Budget<'s>,
    ) -> Self {
        let shared = Shared {
            host,
            missing_key,
            meter: Meter::new(budget),
            depth: Cell::new(0),
            parsed: RefCell::default(),
            changed: RefCell::default(),
        };
        Self { set, shared }
    }

    /// The output of the template `name` for `data`.
    ///
    /// # Errors
    /// Go's message, with the place and the chain of includes as data.
    pub fn execute(&self, name: &str, data: &Value) -> Result<Vec<u8>> {
        let context = Context { set: self.set, shared: &self.shared };
        context.execute(name.as_bytes(), data, "")
    }
}

/// One template being executed.
struct Frame<'t> {
    template: &'t Template,
    variables: Vec<Value>,
    at: At<'t>,
    /// Dot is an element of a list or map of interfaces, and Go knows its type as `interface {}`.
    dot_is_interface: bool,
}

impl<'t> Frame<'t> {
    fn new(template: &'t Template, data: &Value) -> Self {
        let mut variables = Vec::with_capacity(template.slots);
        variables.push(data.clone());
        variables.resize(template.slots, Value::Invalid);
        Self { template, variables, at: At::Nothing, dot_is_interface: false }
    }

    #[cold]
    fn location(&self) -> Location {
        let source = &self.template.source;
        let position = (self.at.position() as usize).min(source.text.len());
        let before = &source.text[..position];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let line_end = source.text[position..]
            .iter()
            .position(|&b| b == b'\n')
            .map_or(source.text.len(), |n| position + n);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location {
            file: source.name.clone(),
            template: String::from_utf8_lossy(&self.template.name).into_owned(),
            line: count(1 + memchr::memchr_iter(b'\n', before).count()),
            column: count(position - line_start),
            context: self.at.text(),
            excerpt: String::from_utf8_lossy(&source.text[line_start..line_end]).trim_end().to_owned(),
        }
    }

    #[cold]
    fn error(&self, message: impl Into<String>) -> Box<ExecError> {
        Box::new(ExecError { location: Some(self.location()), message: message.into(), cause: None })
    }

    #[cold]
    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(self.error(message))
    }

    #[cold]
    fn exceeded(&self, limit: Limit) -> Box<ExecError> {
        Box::new(ExecError {
            location: Some(self.location()),
            message: "limit exceeded".into(),
            cause: Some(CallError::from(limit)),
        })
    }
}
