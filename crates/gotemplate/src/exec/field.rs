//! Fields, methods and the values behind them.

use std::borrow::Cow;

use super::{Context, Frame, Result};
use crate::ast::{At, Name, Operand, OperandKind};
use crate::collection::MapKind;
use crate::set::MissingKey;
use crate::value::Value;

/// How far plain maps led.
enum Walked {
    /// To the value of the last name.
    Found(Value),
    /// To a map without the name at this index.
    Missing(usize, MapKind),
    /// To a value, before the name at this index, that is no plain map.
    Stopped(usize, Value),
}

/// Follows `names` through maps without copying what lies on the way.
fn follow(value: &Value, names: &[Name], index: usize) -> Walked {
    let map = match value {
        Value::Map(map) => map,
        Value::Object(object) if object.method(&names[index]).is_none() => match object.as_map() {
            Some(map) => map,
            None => return Walked::Stopped(index, value.clone()),
        },
        _ => return Walked::Stopped(index, value.clone()),
    };
    match map.entries().get(&*names[index]) {
        None => Walked::Missing(index, map.kind()),
        Some(value) if index + 1 == names.len() => Walked::Found(value.clone()),
        Some(value) => follow(value, names, index + 1),
    }
}

/// A receiver and whether Go knows it only as an interface.
struct Receiver {
    value: Value,
    interface: bool,
}

impl Context<'_> {
    /// Evaluates a field, variable or chain operand, the last name of which may be a method with arguments.
    pub(super) fn eval_fields<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        operand: &'t Operand,
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Value> {
        frame.at = At::Operand(operand);
        match &operand.kind {
            OperandKind::Field(names) => {
                let interface = frame.dot_is_interface;
                self.eval_names(frame, dot, (dot, interface), operand, names, args, piped)
            }
            OperandKind::Variable(variable) => {
                let Some(slot) = variable.slot else {
                    return frame.fail(format!("undefined variable: {}", variable.name));
                };
                if variable.fields.is_empty() {
                    Self::check_no_arguments(frame, operand, args, piped.as_ref())?;
                    return Ok(frame.variables[slot as usize].clone());
                }
                let value = frame.variables[slot as usize].clone();
                let receiver = (&value, variable.is_element);
                self.eval_names(frame, dot, receiver, operand, &variable.fields, args, piped)
            }
            OperandKind::Chain(chain) => {
                if matches!(chain.operand.kind, OperandKind::Nil) {
                    return frame.fail(format!("indirection through explicit nil in {}", operand.text()));
                }
                let value = self.eval_chain_start(frame, dot, &chain.operand)?;
                self.eval_names(frame, dot, (&value, false), operand, &chain.fields, args, piped)
            }
            _ => frame.fail(format!("can't evaluate command {}", crate::quote::quote_text(&operand.text()))),
        }
    }

    fn eval_chain_start<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        operand: &'t Operand,
    ) -> Result<Value> {
        frame.at = At::Operand(operand);
        match &operand.kind {
            OperandKind::Pipe(pipe) => self.eval_nested_pipe(frame, dot, pipe),
            OperandKind::Function(function) => {
                self.call_function(frame, dot, function, At::Operand(operand), &[], None)
            }
            _ => self.eval_fields(frame, dot, operand, &[], None),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "Go's evalFieldChain")]
    fn eval_names<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        (receiver, interface): (&Value, bool),
        operand: &'t Operand,
        names: &'t [Name],
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Value> {
        let has_args = !args.is_empty() || piped.is_some();
        let (mut index, mut current) = match follow(receiver, names, 0) {
            Walked::Found(_) if has_args => {
                let name = names.last().map_or(Cow::default(), |name| String::from_utf8_lossy(name));
                return frame.fail(format!("{name} is not a method but has arguments"));
            }
            Walked::Found(value) => return Ok(value),
            Walked::Missing(index, kind) => {
                if has_args && index + 1 == names.len() {
                    let name = String::from_utf8_lossy(&names[index]);
                    return frame.fail(format!("{name} is not a method but has arguments"));
                }
                let value = self.missing(frame, &names[index], kind)?;
                (index + 1, Receiver { value, interface: kind.is_of_interfaces() })
            }
            Walked::Stopped(0, value) => (0, Receiver { value, interface }),
            Walked::Stopped(index, value) => (index, Receiver { value, interface: true }),
        };
        let mut piped = piped;
        while index < names.len() {
            let is_last = index + 1 == names.len();
            let (args, piped) = if is_last { (args, piped.take()) } else { (&[][..], None) };
            current = self.eval_name(frame, dot, current, operand, &names[index], args, piped)?;
            index += 1;
        }
        Ok(current.value)
    }

    fn missing(&self, frame: &Frame<'_>, name: &[u8], kind: MapKind) -> Result<Value> {
        match self.shared.missing_key {
            MissingKey::Zero => Ok(kind.zero()),
            MissingKey::Error => {
                frame.fail(format!("map has no entry for key {}", crate::quote::quote_lossy(name)))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "Go's evalField")]
    fn eval_name<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        receiver: Receiver,
        operand: &'t Operand,
        name: &[u8],
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Receiver> {
        let text = String::from_utf8_lossy(name);
        if matches!(receiver.value, Value::Invalid) {
            if self.shared.missing_key == MissingKey::Error {
                let key = crate::quote::quote_lossy(name);
                return frame.fail(format!("nil data; no entry for key {key}"));
            }
            return Ok(receiver);
        }
        if matches!(receiver.value, Value::Nil) {
            return frame.fail(format!("nil pointer evaluating interface {{}}.{text}"));
        }
        let has_args = !args.is_empty() || piped.is_some();
        if let Value::Object(object) = &receiver.value
            && let Some(method) = object.method(name)
        {
            let value = self.call_method(frame, dot, object, &method, (name, operand), args, piped)?;
            return Ok(Receiver { value, interface: false });
        }
        match receiver.value.underlying().as_ref() {
            Value::Struct(data) => {
                if let Some(value) = data.field(name) {
                    if name.first().is_some_and(u8::is_ascii_lowercase) {
                        let type_name = receiver.value.type_name();
                        return frame
                            .fail(format!("{text} is an unexported field of struct type {type_name}"));
                    }
                    if has_args {
                        return frame.fail(format!("{text} has arguments but cannot be invoked as function"));
                    }
                    return Ok(Receiver { value: value.clone(), interface: false });
                }
            }
            Value::Map(map) => {
                if has_args {
                    return frame.fail(format!("{text} is not a method but has arguments"));
                }
                let value = match map.get(name) {
                    Some(value) => value,
                    None => self.missing(frame, name, map.kind())?,
                };
                return Ok(Receiver { value, interface: map.kind().is_of_interfaces() });
            }
            _ => {}
        }
        let type_name = if receiver.interface { "interface {}".into() } else { receiver.value.type_name() };
        frame.fail(format!("can't evaluate field {text} in type {type_name}"))
    }
}

impl MapKind {
    const fn is_of_interfaces(self) -> bool {
        matches!(self, Self::Any)
    }
}
