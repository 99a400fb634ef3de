//! Control structures and output.

use super::{Context, Frame, Result};
use crate::ast::{Action, At, Branch, Invocation, Node};
use crate::collection::{ListKind, MapKind};
use crate::format::{display, print_value};
use crate::value::{Number, Value};

/// How a list of nodes ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Normal,
    Break,
    Continue,
}

/// The static types of what a `range` goes over.
struct Elements {
    /// Elements are interfaces.
    interface: bool,
}

impl Context<'_> {
    pub(super) fn walk<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        nodes: &'t [Node],
        out: &mut Vec<u8>,
    ) -> Result<Flow> {
        for node in nodes {
            match node {
                Node::Text { start, end } => {
                    let text = &frame.template.source.text[*start as usize..*end as usize];
                    self.shared.meter.output(text.len()).map_err(|limit| frame.exceeded(limit))?;
                    out.extend_from_slice(text);
                }
                Node::Action(action) => self.walk_action(frame, dot, action, out)?,
                Node::If(branch) => {
                    let flow = self.walk_if(frame, dot, branch, out)?;
                    if flow != Flow::Normal {
                        return Ok(flow);
                    }
                }
                Node::With(branch) => {
                    let flow = self.walk_with(frame, dot, branch, out)?;
                    if flow != Flow::Normal {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let flow = self.walk_range(frame, dot, branch, out)?;
                    if flow != Flow::Normal {
                        return Ok(flow);
                    }
                }
                Node::Template(invocation) => self.walk_template(frame, dot, invocation, out)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Normal)
    }

    fn walk_action<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        action: &'t Action,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let value = self.eval_pipe(frame, dot, &action.pipe)?;
        if !action.pipe.variables.is_empty() {
            return Ok(());
        }
        let before = out.len();
        match &value {
            Value::Str(text) => out.extend_from_slice(text),
            Value::Invalid | Value::Nil => out.extend_from_slice(b"<no value>"),
            Value::Func(_) => {
                frame.at = At::Action(action);
                return frame.fail(format!("can't print {} of type {}", frame.at.text(), value.type_name()));
            }
            Value::Object(object) if action.pipe.ends_in_place() && object.text_in_place().is_some() => {
                out.extend_from_slice(object.text_in_place().unwrap_or_default().as_bytes());
            }
            value => {
                print_value(value, out, self.budget().string_length)
                    .map_err(|limit| frame.exceeded(limit))?;
            }
        }
        self.shared.meter.output(out.len() - before).map_err(|limit| frame.exceeded(limit))
    }

    fn walk_if<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<Flow> {
        if self.eval_pipe(frame, dot, &branch.pipe)?.truth() {
            self.walk(frame, dot, &branch.body, out)
        } else if let Some(otherwise) = &branch.otherwise {
            self.walk(frame, dot, otherwise, out)
        } else {
            Ok(Flow::Normal)
        }
    }

    fn walk_with<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<Flow> {
        let value = self.eval_pipe(frame, dot, &branch.pipe)?;
        if value.truth() {
            let interface = std::mem::replace(&mut frame.dot_is_interface, false);
            let flow = self.walk(frame, &value, &branch.body, out)?;
            frame.dot_is_interface = interface;
            Ok(flow)
        } else if let Some(otherwise) = &branch.otherwise {
            self.walk(frame, dot, otherwise, out)
        } else {
            Ok(Flow::Normal)
        }
    }

    fn walk_template<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        invocation: &'t Invocation,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        frame.at = At::Invocation(invocation);
        let Some(template) = self.set.get(&invocation.name) else {
            return frame
                .fail(format!("template {} not defined", crate::quote::quote_lossy(&invocation.name)));
        };
        if self.shared.depth.get() >= self.budget().depth {
            return Err(frame.exceeded(crate::Limit::Depth(self.budget().depth)));
        }
        let data = match &invocation.pipe {
            Some(pipe) => self.eval_pipe(frame, dot, pipe)?,
            None => Value::Invalid,
        };
        self.run_into(template, &data, out)
    }

    fn walk_range<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<Flow> {
        let value = self.eval_pipe(frame, dot, &branch.pipe)?;
        let interface = frame.dot_is_interface;
        let ran = self.walk_elements(frame, &value, branch, out)?;
        frame.dot_is_interface = interface;
        match &branch.otherwise {
            Some(otherwise) if !ran => self.walk(frame, dot, otherwise, out),
            _ => Ok(Flow::Normal),
        }
    }

    /// Whether there was an element.
    fn walk_elements<'t>(
        &self,
        frame: &mut Frame<'t>,
        value: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let underlying = value.underlying();
        match underlying.as_ref() {
            Value::Invalid | Value::Nil => Ok(false),
            Value::List(list) => {
                let elements = Elements { interface: list.kind() == ListKind::Any };
                for (index, item) in list.items().iter().enumerate() {
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    if self.iterate(frame, &elements, &Value::Int(index), item, branch, out)? == Flow::Break {
                        break;
                    }
                }
                Ok(!list.items().is_empty())
            }
            Value::Bytes(bytes) => {
                for (index, &byte) in bytes.iter().enumerate() {
                    let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
                    let item = Value::Number(Number::Uint8(byte));
                    if self.iterate(frame, &Elements { interface: false }, &index, &item, branch, out)?
                        == Flow::Break
                    {
                        break;
                    }
                }
                Ok(!bytes.is_empty())
            }
            Value::Map(map) => {
                let elements = Elements { interface: map.kind() == MapKind::Any };
                let entries = map.snapshot();
                for (key, item) in &entries {
                    if self.iterate(frame, &elements, &Value::Str(key.clone()), item, branch, out)?
                        == Flow::Break
                    {
                        break;
                    }
                }
                Ok(!entries.is_empty())
            }
            Value::Int(_) | Value::Int64(_) | Value::Number(_) => {
                self.walk_integers(frame, underlying.as_ref(), branch, out)
            }
            _ => frame.fail(format!("range can't iterate over {}", display(value))),
        }
    }

    fn walk_integers<'t>(
        &self,
        frame: &mut Frame<'t>,
        value: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let count = match value {
            Value::Int(count) | Value::Int64(count) => *count,
            Value::Number(Number::Int32(count)) => i64::from(*count),
            Value::Number(Number::Uint8(count)) => i64::from(*count),
            Value::Number(Number::Uint32(count)) => i64::from(*count),
            Value::Number(Number::Uint64(count)) => i64::try_from(*count).unwrap_or(i64::MAX),
            value => return frame.fail(format!("range can't iterate over {}", display(value))),
        };
        if branch.pipe.variables.len() > 1 {
            return frame
                .fail(format!("can't use {} to iterate over more than one variable", display(value)));
        }
        let count = u64::try_from(count).unwrap_or(0);
        if count > self.budget().range_length {
            return Err(frame.exceeded(crate::Limit::RangeLength(self.budget().range_length)));
        }
        for number in 0..count {
            let number = number.cast_signed();
            let item = match value {
                Value::Int(_) => Value::Int(number),
                Value::Int64(_) => Value::Int64(number),
                Value::Number(Number::Int32(_)) => {
                    Value::Number(Number::Int32(i32::try_from(number).unwrap_or(0)))
                }
                Value::Number(Number::Uint8(_)) => {
                    Value::Number(Number::Uint8(u8::try_from(number).unwrap_or(0)))
                }
                Value::Number(Number::Uint32(_)) => {
                    Value::Number(Number::Uint32(u32::try_from(number).unwrap_or(0)))
                }
                _ => Value::Number(Number::Uint64(number.cast_unsigned())),
            };
            let flow =
                self.iterate(frame, &Elements { interface: false }, &Value::Invalid, &item, branch, out)?;
            if flow == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    fn iterate<'t>(
        &self,
        frame: &mut Frame<'t>,
        elements: &Elements,
        index: &Value,
        item: &Value,
        branch: &'t Branch,
        out: &mut Vec<u8>,
    ) -> Result<Flow> {
        self.shared.meter.step(1).map_err(|limit| frame.exceeded(limit))?;
        match branch.pipe.variables.as_slice() {
            [] => {}
            [one] => Self::set_variable(frame, one, item)?,
            [first, second, ..] => {
                Self::set_variable(frame, first, index)?;
                Self::set_variable(frame, second, item)?;
            }
        }
        frame.dot_is_interface = elements.interface;
        self.walk(frame, item, &branch.body, out)
    }
}
