//! Functions that templates can call.

use std::collections::HashMap;

use crate::collection::ListKind;
use crate::error::CallError;
use crate::exec::Context;
use crate::value::{Number, Value};

/// A function: arguments fit the parameters. Only a [`Param::Reflect`] sees [`Value::Invalid`]; for every other
/// parameter nothing is [`Value::Nil`].
pub type Native = fn(&Context<'_>, &mut [Value]) -> Result<Value, CallError>;

/// The Go type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`.
    Any,
    /// `reflect.Value`: takes everything, as the language's own functions do.
    Reflect,
    /// `string`.
    String,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `float64`.
    Float,
    /// `uint32`.
    Uint32,
    /// `[]interface {}`.
    List,
    /// `[]string`.
    Strings,
    /// `map[string]interface {}`.
    Map,
    /// A named type of kind struct, given by an [`Object`](crate::Object) with this type name.
    Named(&'static str),
    /// A named type of an integer kind, given by an [`Object`](crate::Object) with this type name, or by a
    /// constant, which arrives as [`Value::Int64`].
    NamedInt(&'static str),
}

impl Param {
    /// Go's name of the type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Float => "float64",
            Self::Uint32 => "uint32",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
            Self::Map => "map[string]interface {}",
            Self::Named(name) | Self::NamedInt(name) => name,
        }
    }

    /// Whether nil can be passed.
    pub(crate) const fn can_be_nil(self) -> bool {
        matches!(self, Self::Any | Self::Reflect | Self::List | Self::Strings | Self::Map)
    }

    /// Whether `value` is assignable to the type.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Any | Self::Reflect => true,
            Self::String => matches!(value, Value::Str(_)),
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::Int64 => matches!(value, Value::Int64(_)),
            Self::Float => matches!(value, Value::Float(_)),
            Self::Uint32 => matches!(value, Value::Number(Number::Uint32(_))),
            Self::List => value.is_list_of(ListKind::Any),
            Self::Strings => value.is_list_of(ListKind::String),
            Self::Map => value.is_plain_map(),
            Self::Named(name) | Self::NamedInt(name) => {
                matches!(value, Value::Object(object) if object.type_name() == name)
            }
        }
    }
}

/// A function under its name.
#[derive(Clone, Copy)]
pub struct Function {
    /// Name in templates.
    pub name: &'static str,
    /// Parameter types; the last one repeats if `variadic`.
    pub params: &'static [Param],
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
    /// The function.
    pub call: Native,
}

impl Function {
    /// A function with a fixed number of arguments.
    pub const fn new(name: &'static str, params: &'static [Param], call: Native) -> Self {
        Self { name, params, variadic: false, call }
    }
    /// A function whose last parameter repeats.
    pub const fn variadic(name: &'static str, params: &'static [Param], call: Native) -> Self {
        Self { name, params, variadic: true, call }
    }
}

/// How a table entry is executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    And,
    Or,
    Call,
}

/// The functions a template set knows: the language's own and those added.
#[derive(Clone)]
pub struct FunctionTable {
    functions: Vec<(Function, Form)>,
    by_name: HashMap<&'static str, u32>,
}

impl Default for FunctionTable {
    fn default() -> Self {
        Self::new()
    }
}

impl FunctionTable {
    /// The language's own functions (`eq`, `printf`, `index` …).
    pub fn new() -> Self {
        let mut table = Self { functions: Vec::new(), by_name: HashMap::new() };
        for (function, form) in crate::builtins::table() {
            table.insert(function, form);
        }
        table
    }

    /// Adds a function; one of the same name is replaced, the language's own too.
    pub fn add(&mut self, function: Function) {
        self.insert(function, Form::Plain);
    }

    /// Adds several functions.
    pub fn extend(&mut self, functions: impl IntoIterator<Item = Function>) {
        for function in functions {
            self.add(function);
        }
    }

    /// Removes a function.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// Whether a function of this name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Names of all functions, in no order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.keys().copied()
    }

    fn insert(&mut self, function: Function, form: Form) {
        let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.functions.push((function, form));
        self.by_name.insert(function.name, index);
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, index: u32) -> (&Function, Form) {
        let (function, form) = &self.functions[index as usize];
        (function, *form)
    }
}
