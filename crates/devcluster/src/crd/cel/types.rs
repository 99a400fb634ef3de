//! Types of expressions, and how they are compared, joined and printed.

use std::rc::Rc;
use std::sync::Arc;

use super::decl::{Decl, Kind};

/// The type of an expression.
#[derive(Clone, Debug)]
pub(super) enum Ty {
    Dyn,
    /// Not known yet: items of an empty list.
    Free,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Rc<Self>),
    Map(Rc<Self>, Rc<Self>),
    Object(Arc<Decl>),
    Optional(Rc<Self>),
    /// The type of a value.
    Type,
    /// A type of a library: `kubernetes.Quantity`, `net.IP`, …
    Opaque(&'static str),
    /// A type parameter of a signature: `A` is 0.
    Param(u8),
}

impl Ty {
    pub(super) fn of(decl: &Arc<Decl>) -> Self {
        match &decl.kind {
            Kind::Dyn => Self::Dyn,
            Kind::Bool => Self::Bool,
            Kind::Int => Self::Int,
            Kind::Double => Self::Double,
            Kind::String => Self::String,
            Kind::Bytes => Self::Bytes,
            Kind::Duration => Self::Duration,
            Kind::Timestamp => Self::Timestamp,
            Kind::List(element) => Self::List(Rc::new(Self::of(element))),
            Kind::Map(value) => Self::Map(Rc::new(Self::String), Rc::new(Self::of(value))),
            Kind::Object(_) => Self::Object(Arc::clone(decl)),
        }
    }

    pub(super) fn is_dyn(&self) -> bool {
        matches!(self, Self::Dyn | Self::Free)
    }

    /// Whether values have one size.
    pub(super) fn is_scalar(&self) -> bool {
        match self {
            Self::Bool | Self::Int | Self::Uint | Self::Double | Self::Duration | Self::Timestamp => true,
            Self::Optional(inner) => inner.is_scalar(),
            _ => false,
        }
    }

    /// As error texts print it.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Dyn | Self::Free => "dyn".into(),
            Self::Null => "null".into(),
            Self::Bool => "bool".into(),
            Self::Int => "int".into(),
            Self::Uint => "uint".into(),
            Self::Double => "double".into(),
            Self::String => "string".into(),
            Self::Bytes => "bytes".into(),
            Self::Duration => "google.protobuf.Duration".into(),
            Self::Timestamp => "google.protobuf.Timestamp".into(),
            Self::List(element) => format!("list({})", element.show()),
            Self::Map(key, value) => format!("map({}, {})", key.show(), value.show()),
            Self::Object(_) => "selfType".into(),
            Self::Optional(inner) => format!("optional_type({})", inner.show()),
            Self::Type => "type".into(),
            Self::Opaque(name) => (*name).into(),
            Self::Param(n) => char::from(b'A' + n).into(),
        }
    }

    /// Matches a signature's type against an expression's, binding type parameters.
    pub(super) fn accept(&self, actual: &Self, bound: &mut [Option<Self>; 4]) -> bool {
        match (self, actual) {
            (Self::Param(n), actual) => {
                let slot = &mut bound[usize::from(*n)];
                match slot {
                    None => {
                        *slot = Some(actual.clone());
                        true
                    }
                    Some(before) => match before.join(actual) {
                        Some(joined) => {
                            *slot = Some(joined);
                            true
                        }
                        None => false,
                    },
                }
            }
            (_, Self::Dyn | Self::Free) | (Self::Dyn, _) => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.accept(b, bound),
            (Self::Map(ka, va), Self::Map(kb, vb)) => ka.accept(kb, bound) && va.accept(vb, bound),
            (a, b) => a.join(b).is_some(),
        }
    }

    /// With the bound parameters put in.
    pub(super) fn bind(&self, bound: &[Option<Self>; 4]) -> Self {
        match self {
            Self::Param(n) => bound[usize::from(*n)].clone().unwrap_or(Self::Dyn),
            Self::List(e) => Self::List(Rc::new(e.bind(bound))),
            Self::Optional(e) => Self::Optional(Rc::new(e.bind(bound))),
            Self::Map(k, v) => Self::Map(Rc::new(k.bind(bound)), Rc::new(v.bind(bound))),
            other => other.clone(),
        }
    }

    /// The type that holds both; `None`: there is none.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Free, t) | (t, Self::Free) => t.clone(),
            (Self::Dyn, _) | (_, Self::Dyn) => Self::Dyn,
            (Self::List(a), Self::List(b)) => Self::List(Rc::new(a.join(b)?)),
            (Self::Optional(a), Self::Optional(b)) => Self::Optional(Rc::new(a.join(b)?)),
            (Self::Map(ka, va), Self::Map(kb, vb)) => Self::Map(Rc::new(ka.join(kb)?), Rc::new(va.join(vb)?)),
            (Self::Object(a), Self::Object(b)) if Arc::ptr_eq(a, b) => self.clone(),
            // Null is a value of these.
            (
                t
                @ (Self::Object(_) | Self::Duration | Self::Timestamp | Self::Optional(_) | Self::Opaque(_)),
                Self::Null,
            )
            | (
                Self::Null,
                t
                @ (Self::Object(_) | Self::Duration | Self::Timestamp | Self::Optional(_) | Self::Opaque(_)),
            ) => t.clone(),
            (Self::Opaque(a), Self::Opaque(b)) if a == b => self.clone(),
            (Self::Null, Self::Null)
            | (Self::Bool, Self::Bool)
            | (Self::Int, Self::Int)
            | (Self::Uint, Self::Uint)
            | (Self::Double, Self::Double)
            | (Self::String, Self::String)
            | (Self::Bytes, Self::Bytes)
            | (Self::Duration, Self::Duration)
            | (Self::Timestamp, Self::Timestamp)
            | (Self::Type, Self::Type) => self.clone(),
            _ => return None,
        })
    }
}
