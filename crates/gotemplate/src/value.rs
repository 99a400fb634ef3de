//! Go-typed values.

use std::borrow::Cow;
use std::rc::Rc;

use crate::collection::{List, ListKind, Map, MapKind};
use crate::object::{Func, Object, Struct};
use crate::string::Str;

/// Go's `reflect.Kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Go's")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex128,
    Func,
    Map,
    Pointer,
    Slice,
    String,
    Struct,
}

impl Kind {
    /// Go's name of the kind; for the basic kinds also that of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uintptr => "uintptr",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::Func => "func",
            Self::Map => "map",
            Self::Pointer => "ptr",
            Self::Slice => "slice",
            Self::String => "string",
            Self::Struct => "struct",
        }
    }
}

/// A Go value. It belongs to one render on one thread; lists and maps are shared by reference.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// No value at all (an invalid `reflect.Value`): what an empty pipeline result becomes. Functions see
    /// [`Value::Nil`] in its place.
    Invalid,
    /// A nil `interface {}`.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `float64`.
    Float(f64),
    /// Any other integer or float kind.
    Number(Number),
    /// `complex128`.
    Complex(Rc<(f64, f64)>),
    /// `string`.
    Str(Str),
    /// `[]uint8`.
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct, or a pointer to one.
    Struct(Rc<Struct>),
    /// A value of a named type with methods.
    Object(Rc<dyn Object>),
    /// A function.
    Func(Rc<Func>),
}

/// A number of one of the rarer kinds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// `int32` (a rune).
    Int32(i32),
    /// `uint8` (a byte).
    Uint8(u8),
    /// `uint32`.
    Uint32(u32),
    /// `uint64`.
    Uint64(u64),
    /// `float32`.
    Float32(f32),
}

/// A value reduced to one of Go's basic kinds, as comparisons see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Basic<'v> {
    /// `bool`.
    Bool(bool),
    /// Any signed integer.
    Int(i64),
    /// Any unsigned integer.
    Uint(u64),
    /// Any float.
    Float(f64),
    /// `complex128`.
    Complex(f64, f64),
    /// `string`.
    Str(&'v [u8]),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }
    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }
    /// A `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Str, Self)>) -> Self {
        Self::Map(entries.into_iter().collect())
    }
    /// A value of a named type.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Whether this is nil or no value.
    pub const fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::Invalid)
    }

    /// Whether it can hold other values.
    pub(crate) const fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_) | Self::Struct(_) | Self::Object(_))
    }

    /// The value without its named type: what an [`Object`] consists of.
    pub fn underlying(&self) -> Cow<'_, Self> {
        match self {
            Self::Object(object) => Cow::Owned(object.underlying()),
            _ => Cow::Borrowed(self),
        }
    }

    /// The kind, as `kindOf` names it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Invalid | Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Int64(_) => Kind::Int64,
            Self::Float(_) => Kind::Float64,
            Self::Number(number) => match number {
                Number::Int32(_) => Kind::Int32,
                Number::Uint8(_) => Kind::Uint8,
                Number::Uint32(_) => Kind::Uint32,
                Number::Uint64(_) => Kind::Uint64,
                Number::Float32(_) => Kind::Float32,
            },
            Self::Complex(_) => Kind::Complex128,
            Self::Str(_) => Kind::String,
            Self::Bytes(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Struct(data) if data.pointer => Kind::Pointer,
            Self::Struct(_) => Kind::Struct,
            Self::Object(object) => object.underlying().kind(),
            Self::Func(_) => Kind::Func,
        }
    }

    /// Go's name of the type (`%T`); `<nil>` for nil.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Invalid | Self::Nil => "<nil>".into(),
            Self::Bytes(_) => "[]uint8".into(),
            Self::List(list) => list.kind().type_name().into(),
            Self::Map(map) => map.kind().type_name().into(),
            Self::Struct(data) if data.pointer => format!("*{}", data.type_name).into(),
            Self::Struct(data) => data.type_name.into(),
            Self::Object(object) => object.type_name(),
            Self::Func(func) => func.type_name.clone(),
            other => other.kind().name().into(),
        }
    }

    /// The type as error messages about arguments print it: a nil is an `interface {}`.
    pub(crate) fn static_type_name(&self) -> Cow<'static, str> {
        if self.is_nil() { "interface {}".into() } else { self.type_name() }
    }

    /// The value as one of the basic kinds, if it is of one.
    pub fn basic(&self) -> Option<Basic<'_>> {
        Some(match self {
            Self::Bool(value) => Basic::Bool(*value),
            Self::Int(value) | Self::Int64(value) => Basic::Int(*value),
            Self::Float(value) => Basic::Float(*value),
            Self::Number(number) => match *number {
                Number::Int32(value) => Basic::Int(value.into()),
                Number::Uint8(value) => Basic::Uint(value.into()),
                Number::Uint32(value) => Basic::Uint(value.into()),
                Number::Uint64(value) => Basic::Uint(value),
                Number::Float32(value) => Basic::Float(value.into()),
            },
            Self::Complex(value) => Basic::Complex(value.0, value.1),
            Self::Str(text) => Basic::Str(text),
            _ => return None,
        })
    }

    /// Go templates' truth: false for zero, empty and nil.
    pub fn truth(&self) -> bool {
        match self {
            Self::Invalid | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Number(number) => match *number {
                Number::Int32(value) => value != 0,
                Number::Uint8(value) => value != 0,
                Number::Uint32(value) => value != 0,
                Number::Uint64(value) => value != 0,
                Number::Float32(value) => value != 0.0,
            },
            Self::Complex(value) => value.0 != 0.0 || value.1 != 0.0,
            Self::Str(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Struct(_) | Self::Func(_) => true,
            Self::Object(object) => object.underlying().truth(),
        }
    }

    /// Number of elements or bytes, if the kind has a length.
    pub fn length(&self) -> Option<usize> {
        match self {
            Self::Str(text) | Self::Bytes(text) => Some(text.len()),
            Self::List(list) => Some(list.items().len()),
            Self::Map(map) => Some(map.len()),
            Self::Object(object) => object.underlying().length(),
            _ => None,
        }
    }

    /// The bytes of a `string`.
    pub fn as_str(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
    /// The list, looking through named types.
    pub fn as_list(&self) -> Option<List> {
        match self {
            Self::List(list) => Some(list.clone()),
            Self::Object(object) => object.underlying().as_list(),
            _ => None,
        }
    }
    /// The map, looking through named types.
    pub fn as_map(&self) -> Option<Map> {
        match self {
            Self::Map(map) => Some(map.clone()),
            Self::Object(object) => object.underlying().as_map(),
            _ => None,
        }
    }
    /// Whether it can be given where Go wants `map[string]interface {}`.
    pub(crate) fn is_plain_map(&self) -> bool {
        matches!(self, Self::Map(map) if map.kind() == MapKind::Any)
    }
    /// Whether it is a list of exactly this static type.
    pub(crate) fn is_list_of(&self, kind: ListKind) -> bool {
        matches!(self, Self::List(list) if list.kind() == kind)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Str(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Str(value.into())
    }
}
impl From<Str> for Value {
    fn from(value: Str) -> Self {
        Self::Str(value)
    }
}
impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}
impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}
