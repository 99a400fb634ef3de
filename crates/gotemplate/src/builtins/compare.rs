//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Result;
use crate::error::CallError;
use crate::exec::Context;
use crate::format::sprintf;
use crate::value::{Basic, Kind, Value};

const BAD_TYPE: &str = "invalid type for comparison";

type Compared = std::result::Result<bool, CallError>;

fn incompatible(left: &Value, right: &Value) -> CallError {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()).into()
}

pub(super) fn eq(_: &Context<'_>, args: &mut [Value]) -> Result {
    if args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    for other in &args[1..] {
        if equal(&args[0], other)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

pub(super) fn ne(_: &Context<'_>, args: &mut [Value]) -> Result {
    Ok((!equal(&args[0], &args[1])?).into())
}

/// Go templates' `eq` of two values.
///
/// # Errors
/// The types do not compare.
pub fn equal(left: &Value, right: &Value) -> Compared {
    let (a, b) = (left.underlying(), right.underlying());
    match (a.basic(), b.basic()) {
        (Some(a), Some(b)) => match (a, b) {
            (Basic::Bool(a), Basic::Bool(b)) => Ok(a == b),
            (Basic::Int(a), Basic::Int(b)) => Ok(a == b),
            (Basic::Uint(a), Basic::Uint(b)) => Ok(a == b),
            #[expect(clippy::float_cmp, reason = "Go's ==")]
            (Basic::Float(a), Basic::Float(b)) => Ok(a == b),
            #[expect(clippy::float_cmp, reason = "Go's ==")]
            (Basic::Complex(a, b), Basic::Complex(c, d)) => Ok(a == c && b == d),
            (Basic::Str(a), Basic::Str(b)) => Ok(a == b),
            (Basic::Int(int), Basic::Uint(uint)) | (Basic::Uint(uint), Basic::Int(int)) => {
                Ok(u64::try_from(int).is_ok_and(|int| int == uint))
            }
            _ => Err(incompatible(left, right)),
        },
        (None, None) => equal_others(left, right),
        _ if left.is_nil() || right.is_nil() => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

/// Values of no basic kind.
fn equal_others(left: &Value, right: &Value) -> Compared {
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() == right.is_nil());
    }
    let types = [Value::from(left.type_name().into_owned()), Value::from(right.type_name().into_owned())];
    if left.kind() != right.kind() {
        let args = [left.clone(), types[0].clone(), types[1].clone(), right.clone()];
        return Err(message(b"non-comparable types %s: %v, %s: %v", &args));
    }
    match (left, right) {
        (Value::Struct(a), Value::Struct(b)) if a.pointer && b.pointer => Ok(Rc::ptr_eq(a, b)),
        (Value::Object(a), Value::Object(b)) if a.underlying().kind() == Kind::Struct => {
            Ok(a.type_name() == b.type_name() && a.text() == b.text() && format!("{a:?}") == format!("{b:?}"))
        }
        _ => Err(message(b"non-comparable type %s: %v", &[right.clone(), types[1].clone()])),
    }
}

fn message(format: &[u8], args: &[Value]) -> CallError {
    match sprintf(format, args, 1 << 20) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned().into(),
        Err(limit) => limit.into(),
    }
}

/// Go templates' `lt` of two values.
///
/// # Errors
/// The types have no order, or not with each other.
pub fn less(left: &Value, right: &Value) -> Compared {
    let (a, b) = (left.underlying(), right.underlying());
    let (Some(a), Some(b)) = (a.basic(), b.basic()) else { return Err(BAD_TYPE.into()) };
    match (a, b) {
        (Basic::Int(a), Basic::Int(b)) => Ok(a < b),
        (Basic::Uint(a), Basic::Uint(b)) => Ok(a < b),
        (Basic::Float(a), Basic::Float(b)) => Ok(a < b),
        (Basic::Str(a), Basic::Str(b)) => Ok(a.cmp(b) == Ordering::Less),
        (Basic::Int(a), Basic::Uint(b)) => Ok(u64::try_from(a).is_ok_and(|a| a < b) || a < 0),
        (Basic::Uint(a), Basic::Int(b)) => Ok(u64::try_from(b).is_ok_and(|b| a < b)),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => Err(BAD_TYPE.into()),
        _ => Err(incompatible(left, right)),
    }
}

pub(super) fn less_or_equal(left: &Value, right: &Value) -> Compared {
    Ok(less(left, right)? || equal(left, right)?)
}
