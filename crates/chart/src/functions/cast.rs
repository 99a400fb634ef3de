//! Conversions of arguments: spf13/cast v1.7 and Sprig's `strval`.

use std::borrow::Cow;

use pilothouse_gotemplate::{Basic, Kind, Limit, Value, format, number};

/// Go's conversion of a float64 to int64 on amd64: out of range gives the least integer.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn float_to_int(value: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&value) { value as i64 } else { i64::MIN }
}

/// `cast.ToInt64`, which is 0 for what it cannot read.
pub(super) fn to_int64(value: &Value) -> i64 {
    if let Value::Object(object) = value {
        let counts = matches!(object.type_name().as_ref(), "time.Month" | "time.Weekday");
        return if counts { to_int64(&object.underlying()) } else { 0 };
    }
    match value.basic() {
        Some(Basic::Int(number)) => number,
        Some(Basic::Uint(number)) => number.cast_signed(),
        Some(Basic::Float(number)) => float_to_int(number),
        Some(Basic::Bool(flag)) => i64::from(flag),
        Some(Basic::Str(text)) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| number::parse_int(without_zero_fraction(text)))
            .unwrap_or(0),
        _ => 0,
    }
}

/// `3.00` as `3`; anything else as it is.
fn without_zero_fraction(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

/// `cast.ToFloat64`, which is 0 for what it cannot read.
#[expect(clippy::cast_precision_loss, reason = "as in Go")]
pub(super) fn to_float64(value: &Value) -> f64 {
    if let Value::Object(object) = value {
        let counts = matches!(object.type_name().as_ref(), "time.Month" | "time.Weekday");
        return if counts { to_float64(&object.underlying()) } else { 0.0 };
    }
    match value.basic() {
        Some(Basic::Int(number)) => number as f64,
        Some(Basic::Uint(number)) => number as f64,
        Some(Basic::Float(number)) => number,
        Some(Basic::Bool(flag)) => f64::from(u8::from(flag)),
        Some(Basic::Str(text)) => {
            std::str::from_utf8(text).ok().and_then(|text| number::parse_float(text).ok()).unwrap_or(0.0)
        }
        _ => 0.0,
    }
}

/// Sprig's `strval`: strings and bytes as they are, everything else as `%v` prints it.
pub(super) fn to_text(value: &Value) -> Result<Cow<'_, [u8]>, Limit> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(Cow::Borrowed(text)),
        value => {
            let mut out = Vec::new();
            format::print_value(value, &mut out, 64 << 20)?;
            Ok(Cow::Owned(out))
        }
    }
}

/// Sprig's `strslice`: the elements of a list as text, nils left out; another value as the only element.
pub(super) fn to_texts(value: &Value) -> Result<Vec<Cow<'_, [u8]>>, Limit> {
    match value {
        Value::List(list) => list.items().iter().filter(|item| !item.is_nil()).map(to_text).collect(),
        Value::Bytes(bytes) => {
            Ok(bytes.iter().map(|byte| Cow::Owned(byte.to_string().into_bytes())).collect())
        }
        Value::Nil | Value::Invalid => Ok(Vec::new()),
        Value::Object(object) if object.underlying().kind() == Kind::Slice => {
            let list = object.underlying();
            let texts = to_texts(&list)?;
            Ok(texts.into_iter().map(|text| Cow::Owned(text.into_owned())).collect())
        }
        value => Ok(vec![to_text(value)?]),
    }
}
