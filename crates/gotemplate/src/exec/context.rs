//! What functions see of the execution that calls them.

use std::any::Any;

use super::{Frame, Result, Shared};
use crate::ast::Template;
use crate::budget::{Budget, Limit};
use crate::collection::Map;
use crate::error::{CallError, ExecError};
use crate::set::{MissingKey, TemplateSet};
use crate::string::Str;
use crate::value::Value;

/// Free stack below which the stack grows, and by how much.
const RED_ZONE: usize = 128 << 10;
const STACK_SEGMENT: usize = 4 << 20;

/// What functions can ask the caller of an execution: the world outside (a clock, random bytes), or state
/// of their own.
pub trait Host {
    /// Answers in place, if the question is of a type it knows.
    fn answer(&self, question: &mut dyn Any);
}

impl Host for () {
    fn answer(&self, _question: &mut dyn Any) {}
}

/// The execution, as functions see it: the host, the templates that can be called, the budget.
#[derive(Clone, Copy)]
pub struct Context<'s> {
    pub(super) set: &'s TemplateSet,
    pub(super) shared: &'s Shared<'s>,
}

impl<'s> Context<'s> {
    /// Asks the host of the execution, which answers within the question.
    pub fn ask(&self, question: &mut dyn Any) {
        self.shared.host.answer(question);
    }

    /// The budget.
    pub fn budget(&self) -> &Budget<'s> {
        self.shared.meter.budget()
    }

    /// What missing keys give.
    pub fn missing_key(&self) -> MissingKey {
        self.shared.missing_key
    }

    /// Counts work that a function does beside its call.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge_steps(&self, count: usize) -> std::result::Result<(), Limit> {
        self.shared.meter.step(count as u64)
    }

    /// Counts a string that a function is about to make.
    ///
    /// # Errors
    /// The string is too long, or all strings together are.
    pub fn charge_string(&self, bytes: usize) -> std::result::Result<(), Limit> {
        self.shared.meter.string(bytes as u64)
    }

    /// Counts a list that a function is about to make.
    ///
    /// # Errors
    /// The list is too long.
    pub fn charge_list(&self, elements: u64) -> std::result::Result<(), Limit> {
        self.shared.meter.range(elements)
    }

    /// Says that a function has put collections into `map`: it may now contain itself, and is emptied when
    /// the execution ends.
    pub fn note_change(&self, map: &Map) {
        self.shared.changed.borrow_mut().push(map.clone());
    }

    /// The output of another template of the set (`include`). `owner` is the name that Go's message for a
    /// missing template mentions.
    ///
    /// # Errors
    /// The template is missing or fails.
    pub fn execute_template(
        &self,
        name: &[u8],
        data: &Value,
        owner: &str,
    ) -> std::result::Result<Vec<u8>, CallError> {
        Ok(self.execute(name, data, owner)?)
    }

    /// Parses `text` as the template `name` and executes it with the templates of the set (`tpl`). What it
    /// defines is known to it and to what it calls, and gone afterwards.
    ///
    /// # Errors
    /// `Err(Ok(..))` if it does not parse, `Err(Err(..))` if it fails.
    pub fn execute_text(
        &self,
        name: &str,
        text: &Str,
        data: &Value,
    ) -> std::result::Result<Vec<u8>, std::result::Result<CallError, CallError>> {
        let known = self.shared.parsed.borrow().get(text).cloned();
        let parsed = if let Some(parsed) = known {
            parsed
        } else {
            let _ = self.shared.meter.step(text.len() as u64 / 8);
            let parsed = self.set.parse_apart(name, text).map_err(|error| Ok(error.into()))?;
            self.shared.parsed.borrow_mut().insert(text.clone(), parsed.clone());
            parsed
        };
        // Usually the text defines nothing and calls nothing by name.
        if let [template] = parsed.as_slice() {
            return self.run(template, data).map_err(|error| Err((*error).into()));
        }
        let mut set = self.set.clone();
        set.insert(parsed);
        let nested = Context { set: &set, shared: self.shared };
        nested.execute(name.as_bytes(), data, name).map_err(|error| Err((*error).into()))
    }

    pub(super) fn execute(&self, name: &[u8], data: &Value, owner: &str) -> Result<Vec<u8>> {
        let Some(template) = self.set.get(name) else {
            let name = crate::quote::quote_lossy(name);
            let owner = crate::quote::quote_text(owner);
            let message = format!("template: no template {name} associated with template {owner}");
            return Err(Box::new(ExecError { location: None, message, cause: None }));
        };
        self.run(template, data)
    }

    fn run(&self, template: &Template, data: &Value) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.run_into(template, data, &mut out)?;
        Ok(out)
    }

    /// Executes `template` a level deeper.
    pub(super) fn run_into(&self, template: &Template, data: &Value, out: &mut Vec<u8>) -> Result<()> {
        let depth = &self.shared.depth;
        let data = if data.is_nil() { &Value::Invalid } else { data };
        let mut frame = Frame::new(template, data);
        if depth.get() >= self.budget().depth {
            return Err(frame.exceeded(Limit::Depth(self.budget().depth)));
        }
        depth.set(depth.get() + 1);
        let result =
            stacker::maybe_grow(RED_ZONE, STACK_SEGMENT, || self.walk(&mut frame, data, &template.body, out));
        depth.set(depth.get() - 1);
        result.map(|_| ())
    }
}
