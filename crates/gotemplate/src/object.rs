//! Structs, named types with methods, and functions as values.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use crate::collection::Map;
use crate::error::CallError;
use crate::exec::Context;
use crate::function::{Native, Param};
use crate::value::Value;

/// A map of a named type without methods, such as Helm's `common.Values`.
#[derive(Debug)]
pub struct NamedMap {
    /// Go's name of the type.
    pub type_name: &'static str,
    /// The map, shared.
    pub map: Map,
}

impl Object for NamedMap {
    fn type_name(&self) -> Cow<'static, str> {
        self.type_name.into()
    }
    fn underlying(&self) -> Value {
        Value::Map(self.map.clone())
    }
    fn as_map(&self) -> Option<&Map> {
        Some(&self.map)
    }
    fn with_map(&self, map: Map) -> Option<Value> {
        Some(Value::object(Self { type_name: self.type_name, map }))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A Go struct, or a pointer to one.
#[derive(Debug)]
pub struct Struct {
    /// Go's name of the struct type, without a pointer's `*`.
    pub type_name: &'static str,
    /// Whether the value is a pointer to the struct (prints `&{…}`).
    pub pointer: bool,
    /// The exported fields in order of declaration.
    pub fields: Vec<Field>,
}

/// A field of a [`Struct`].
#[derive(Debug)]
pub struct Field {
    /// Go's name of the field.
    pub name: &'static str,
    /// Name in JSON and YAML; empty if the field is left out there.
    pub json: &'static str,
    /// Left out of JSON and YAML when empty.
    pub omit_empty: bool,
    /// The value.
    pub value: Value,
}

impl Struct {
    /// The value of a field.
    pub fn field(&self, name: &[u8]) -> Option<&Value> {
        self.fields.iter().find(|field| field.name.as_bytes() == name).map(|field| &field.value)
    }
}

/// The arguments of a method.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Parameter types; the last one repeats if `variadic`.
    pub params: &'static [Param],
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
}

impl Method {
    /// A method with these parameters.
    pub const fn new(params: &'static [Param]) -> Self {
        Self { params, variadic: false }
    }
}

/// A value of a named Go type: an underlying value and methods.
pub trait Object: fmt::Debug {
    /// Go's name of the type (`%T`).
    fn type_name(&self) -> Cow<'static, str>;

    /// The plain value: what `len`, `range`, `index`, comparisons, fields and formatting see.
    fn underlying(&self) -> Value;

    /// The parameters of the method `name`, if there is one.
    fn method(&self, name: &[u8]) -> Option<Method> {
        let _ = name;
        None
    }

    /// Calls a method that [`method`](Self::method) knows, with arguments that fit its parameters.
    ///
    /// # Errors
    /// What the Go method returns as its error.
    fn call(&self, name: &[u8], context: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        let _ = (context, args);
        Err(CallError::new(format!("no method {}", String::from_utf8_lossy(name))))
    }

    /// The underlying map, if it is one that can be lent.
    fn as_map(&self) -> Option<&Map> {
        None
    }

    /// A value of the same type over another map, for types that are maps.
    fn with_map(&self, map: Map) -> Option<Value> {
        let _ = map;
        None
    }

    /// What `String()` or `Error()` gives, for types that have one.
    fn text(&self) -> Option<String> {
        None
    }

    /// What `String()` gives where only a pointer to the value has it: printed by an action that finds the
    /// value in its place, but not by functions, which get a copy.
    fn text_in_place(&self) -> Option<String> {
        None
    }

    /// For functions that know the type.
    fn as_any(&self) -> &dyn Any;
}

/// A function as a value, for `call`.
pub struct Func {
    /// Go's name of the type, such as `func(string) string`.
    pub type_name: Cow<'static, str>,
    /// The parameters.
    pub method: Method,
    /// The function.
    pub call: Native,
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.type_name)
    }
}
