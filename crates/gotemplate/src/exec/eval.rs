//! Pipelines, commands and operands.

use super::{Context, Frame, Result};
use crate::ast::{At, Command, Number, Operand, OperandKind, Pipe, Target};
use crate::value::Value;

impl Context<'_> {
    pub(super) fn eval_pipe<'t>(&self, frame: &mut Frame<'t>, dot: &Value, pipe: &'t Pipe) -> Result<Value> {
        frame.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            let result = self.eval_command(frame, dot, command, value)?;
            value = Some(if matches!(result, Value::Nil) { Value::Invalid } else { result });
        }
        let value = value.unwrap_or(Value::Invalid);
        for variable in &pipe.variables {
            Self::set_variable(frame, variable, &value)?;
        }
        Ok(value)
    }

    pub(super) fn set_variable(frame: &mut Frame<'_>, variable: &Target, value: &Value) -> Result<()> {
        let Some(slot) = variable.slot else {
            return frame.fail(format!("undefined variable: {}", variable.name));
        };
        frame.variables[slot as usize] = value.clone();
        Ok(())
    }

    fn eval_command<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        command: &'t Command,
        piped: Option<Value>,
    ) -> Result<Value> {
        self.shared.meter.step(1).map_err(|limit| frame.exceeded(limit))?;
        let first = &command.args[0];
        match &first.kind {
            OperandKind::Field(_) | OperandKind::Variable(_) | OperandKind::Chain(_) => {
                return self.eval_fields(frame, dot, first, &command.args[1..], piped);
            }
            OperandKind::Function(function) => {
                frame.at = At::Operand(first);
                return self.call_function(
                    frame,
                    dot,
                    function,
                    At::Command(command),
                    &command.args[1..],
                    piped,
                );
            }
            OperandKind::Pipe(pipe) => {
                Self::check_no_arguments(frame, first, &command.args[1..], piped.as_ref())?;
                return self.eval_nested_pipe(frame, dot, pipe);
            }
            _ => {}
        }
        frame.at = At::Operand(first);
        Self::check_no_arguments(frame, first, &command.args[1..], piped.as_ref())?;
        match &first.kind {
            OperandKind::Bool(value) => Ok(Value::Bool(*value)),
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Number(number) => Self::constant(frame, number),
            OperandKind::Text(text) => Ok(Value::Str(text.value.clone().into())),
            _ => frame.fail("nil is not a command"),
        }
    }

    /// Parentheses can nest; the stack grows if it has to.
    pub(super) fn eval_nested_pipe<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        pipe: &'t Pipe,
    ) -> Result<Value> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.eval_pipe(frame, dot, pipe))
    }

    pub(super) fn check_no_arguments(
        frame: &Frame<'_>,
        first: &Operand,
        args: &[Operand],
        piped: Option<&Value>,
    ) -> Result<()> {
        if args.is_empty() && piped.is_none() {
            return Ok(());
        }
        frame.fail(format!("can't give argument to non-function {}", first.text()))
    }

    /// A constant that no parameter wants a type of.
    pub(super) fn constant(frame: &Frame<'_>, number: &Number) -> Result<Value> {
        if let Some(complex) = number.complex {
            return Ok(Value::Complex(complex.into()));
        }
        if let Some(float) = number.float.filter(|_| number.is_float_literal()) {
            return Ok(Value::Float(float));
        }
        match number.int {
            Some(int) => Ok(Value::Int(int)),
            None => frame.fail(format!("{} overflows int", number.text)),
        }
    }
}
