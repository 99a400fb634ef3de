//! Calls of functions and methods: arguments, their types, errors.

use std::rc::Rc;

use smallvec::SmallVec;

use super::{Context, Frame, Result};
use crate::Limit;
use crate::ast::{At, FunctionName, Operand, OperandKind};
use crate::error::{CallError, ExecError};
use crate::function::{Form, Param};
use crate::object::{Method, Object};
use crate::value::{Number, Value};

type Args = SmallVec<[Value; 6]>;

/// What a call expects.
struct Signature<'n> {
    name: &'n str,
    params: &'static [Param],
    variadic: bool,
}

impl Signature<'_> {
    fn param(&self, index: usize) -> Param {
        let last = self.params.len().saturating_sub(1);
        self.params.get(index.min(last)).copied().unwrap_or(Param::Any)
    }
}

impl Context<'_> {
    pub(super) fn call_function<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        name: &'t FunctionName,
        at: At<'t>,
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Value> {
        let (function, form) = self.set.functions().at(name.index);
        let signature =
            Signature { name: function.name, params: function.params, variadic: function.variadic };
        Self::check_count(frame, &signature, args.len(), piped.is_some())?;
        if matches!(form, Form::And | Form::Or) {
            return self.short_circuit(frame, dot, form == Form::Or, args, piped);
        }
        let callee = (form == Form::Call).then(|| match args.first() {
            Some(first) => first.text(),
            None => piped.as_ref().map_or_else(String::new, reflect_string),
        });
        let mut values = self.eval_args(frame, dot, &signature, args, piped)?;
        self.charge_long_strings(&values)
            .map_err(|limit| Self::call_failed(frame, at, function.name, limit.into()))?;
        let result = match callee {
            Some(callee) => self.call_value(&callee, &mut values),
            None => (function.call)(self, &mut values),
        };
        result.map_err(|cause| Self::call_failed(frame, at, function.name, cause))
    }

    /// Counts the strings that a function reads: without it a loop over hashes of a huge string would run on for long
    /// before the time is asked for.
    fn charge_long_strings(&self, values: &[Value]) -> std::result::Result<(), Limit> {
        const LONG: usize = 4096;
        const BYTES_PER_STEP: usize = 64;
        let bytes: usize =
            values.iter().map(|value| if let Value::Str(text) = value { text.len() } else { 0 }).sum();
        if bytes < LONG { Ok(()) } else { self.charge_steps(bytes / BYTES_PER_STEP) }
    }

    #[expect(clippy::too_many_arguments, reason = "a receiver and a call")]
    pub(super) fn call_method<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        object: &Rc<dyn Object>,
        method: &Method,
        (name, operand): (&[u8], &'t Operand),
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Value> {
        let text = String::from_utf8_lossy(name);
        let signature = Signature { name: &text, params: method.params, variadic: method.variadic };
        Self::check_count(frame, &signature, args.len(), piped.is_some())?;
        let mut values = self.eval_args(frame, dot, &signature, args, piped)?;
        object
            .call(name, self, &mut values)
            .map_err(|cause| Self::call_failed(frame, At::Operand(operand), &text, cause))
    }

    #[cold]
    fn call_failed<'t>(frame: &mut Frame<'t>, at: At<'t>, name: &str, cause: CallError) -> Box<ExecError> {
        frame.at = at;
        let mut error = frame.error(format!("error calling {name}"));
        error.cause = Some(cause);
        error
    }

    fn check_count(frame: &Frame<'_>, signature: &Signature<'_>, given: usize, piped: bool) -> Result<()> {
        let (name, wanted) = (signature.name, signature.params.len());
        let count = given + usize::from(piped);
        if signature.variadic {
            if count + 1 < wanted {
                return frame.fail(format!(
                    "wrong number of args for {name}: want at least {} got {given}",
                    wanted - 1
                ));
            }
        } else if count != wanted {
            return frame.fail(format!("wrong number of args for {name}: want {wanted} got {count}"));
        }
        Ok(())
    }

    fn eval_args<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        signature: &Signature<'_>,
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Args> {
        let mut values = Args::new();
        for (index, arg) in args.iter().enumerate() {
            values.push(self.eval_arg(frame, dot, signature.param(index), arg)?);
        }
        if let Some(piped) = piped {
            values.push(Self::fit(frame, piped, signature.param(args.len()))?);
        }
        Ok(values)
    }

    /// `and` and `or` evaluate their arguments only until the result is known.
    fn short_circuit<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        is_or: bool,
        args: &'t [Operand],
        piped: Option<Value>,
    ) -> Result<Value> {
        let mut value = Value::Nil;
        for arg in args {
            value = self.eval_arg(frame, dot, Param::Reflect, arg)?;
            if value.truth() == is_or {
                return Ok(value);
            }
        }
        match piped {
            Some(piped) => Self::fit(frame, piped, Param::Reflect),
            None => Ok(value),
        }
    }

    fn eval_arg<'t>(
        &self,
        frame: &mut Frame<'t>,
        dot: &Value,
        param: Param,
        arg: &'t Operand,
    ) -> Result<Value> {
        frame.at = At::Operand(arg);
        let value = match &arg.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil if param == Param::Reflect => return Ok(Value::Invalid),
            OperandKind::Nil if param.can_be_nil() => return Ok(Value::Nil),
            OperandKind::Nil => return frame.fail(format!("cannot assign nil to {}", param.type_name())),
            OperandKind::Field(_) | OperandKind::Variable(_) | OperandKind::Chain(_) => {
                self.eval_fields(frame, dot, arg, &[], None)?
            }
            OperandKind::Pipe(pipe) => self.eval_nested_pipe(frame, dot, pipe)?,
            OperandKind::Function(function) => {
                self.call_function(frame, dot, function, At::Operand(arg), &[], None)?
            }
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::Text(_) => {
                return Self::constant_arg(frame, param, arg);
            }
        };
        Self::fit(frame, value, param)
    }

    /// A constant takes the type of the parameter.
    fn constant_arg(frame: &Frame<'_>, param: Param, arg: &Operand) -> Result<Value> {
        let wrong = |wanted: &str| frame.fail(format!("expected {wanted}; found {}", arg.text()));
        match (param, &arg.kind) {
            (Param::Any | Param::Reflect | Param::Bool, OperandKind::Bool(value)) => Ok(Value::Bool(*value)),
            (Param::Any | Param::Reflect | Param::String, OperandKind::Text(text)) => {
                Ok(Value::Str(text.value.clone().into()))
            }
            (Param::Any | Param::Reflect, OperandKind::Number(number)) => Self::constant(frame, number),
            (Param::Int, OperandKind::Number(number)) if number.int.is_some() => {
                Ok(Value::Int(number.int.unwrap_or_default()))
            }
            (Param::Int64 | Param::NamedInt(_), OperandKind::Number(number)) if number.int.is_some() => {
                Ok(Value::Int64(number.int.unwrap_or_default()))
            }
            (Param::Float, OperandKind::Number(number)) if number.float.is_some() => {
                Ok(Value::Float(number.float.unwrap_or_default()))
            }
            (Param::Uint32, OperandKind::Number(number)) if number.uint.is_some() => {
                // Go's SetUint keeps the low bits.
                let uint = number.uint.unwrap_or_default() & u64::from(u32::MAX);
                Ok(Value::Number(Number::Uint32(u32::try_from(uint).unwrap_or_default())))
            }
            (Param::Uint32, _) => wrong("unsigned integer"),
            (Param::Bool, _) => wrong("bool"),
            (Param::String, _) => wrong("string"),
            (Param::Int | Param::Int64 | Param::NamedInt(_), _) => wrong("integer"),
            (Param::Float, _) => wrong("float"),
            _ => frame.fail(format!("can't handle {} for arg of type {}", arg.text(), param.type_name())),
        }
    }

    /// Go's `validateType`.
    fn fit(frame: &Frame<'_>, value: Value, param: Param) -> Result<Value> {
        match value {
            Value::Invalid if param == Param::Reflect => Ok(Value::Invalid),
            Value::Invalid if param.can_be_nil() => Ok(Value::Nil),
            Value::Invalid => frame.fail(format!("invalid value; expected {}", param.type_name())),
            value if param.accepts(&value) => Ok(value),
            Value::Object(object) if param.accepts(&object.underlying()) && is_unnamed(param) => {
                Ok(object.underlying())
            }
            value => frame.fail(format!(
                "wrong type for value; expected {}; got {}",
                param.type_name(),
                value.static_type_name()
            )),
        }
    }

    /// The function `call`.
    fn call_value(&self, name: &str, args: &mut [Value]) -> std::result::Result<Value, CallError> {
        let Some((callee, args)) = args.split_first_mut() else { return Err("call of nil".into()) };
        let function = match callee {
            Value::Nil | Value::Invalid => return Err("call of nil".into()),
            Value::Func(function) => function.clone(),
            other => return Err(format!("non-function {name} of type {}", other.type_name()).into()),
        };
        let signature =
            Signature { name, params: function.method.params, variadic: function.method.variadic };
        let wanted = signature.params.len();
        if signature.variadic && args.len() + 1 < wanted {
            let message =
                format!("wrong number of args for {name}: got {} want at least {}", args.len(), wanted - 1);
            return Err(message.into());
        }
        if !signature.variadic && args.len() != wanted {
            return Err(format!("wrong number of args for {name}: got {} want {wanted}", args.len()).into());
        }
        for (index, arg) in args.iter().enumerate() {
            let param = signature.param(index);
            if arg.is_nil() && !param.can_be_nil() {
                return Err(
                    format!("arg {index}: value is nil; should be of type {}", param.type_name()).into()
                );
            }
            if !arg.is_nil() && !param.accepts(arg) {
                let (has, wants) = (arg.type_name(), param.type_name());
                return Err(format!("arg {index}: value has type {has}; should be {wants}").into());
            }
        }
        (function.call)(self, args)
    }
}

/// Whether values of named types over the parameter's type are assignable to it: not for basic types.
fn is_unnamed(param: Param) -> bool {
    matches!(param, Param::List | Param::Strings | Param::Map)
}

/// `reflect.Value.String` of something piped into `call`.
fn reflect_string(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_text().into_owned(),
        Value::Invalid | Value::Nil => "<invalid Value>".into(),
        value => format!("<{} Value>", value.type_name()),
    }
}
