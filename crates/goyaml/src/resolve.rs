//! What a plain scalar means: YAML 1.1 as goyaml.v2 reads it.

use std::borrow::Cow;

use crate::Error;

/// A scalar's meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Cow<'a, str>),
    /// `!!binary`, decoded.
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
}

impl Tag {
    fn short(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Str => "!!str",
            Self::Timestamp => "!!timestamp",
        }
    }

    fn from_long(tag: &str) -> Option<Self> {
        let name = tag.strip_prefix("tag:yaml.org,2002:").or_else(|| tag.strip_prefix("!!"))?;
        Some(match name {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Str,
            "timestamp" => Self::Timestamp,
            _ => return None,
        })
    }
}

/// The meaning of `text` with an explicit `tag` (or none, for a plain scalar).
pub(crate) fn resolve<'a>(tag: Option<&str>, text: Cow<'a, str>) -> Result<Scalar<'a>, Error> {
    let Some(tag) = tag else { return Ok(plain(text)) };
    if matches!(tag, "tag:yaml.org,2002:binary" | "!!binary") {
        return binary(&text);
    }
    let wanted = match Tag::from_long(tag) {
        None | Some(Tag::Str) => return Ok(Scalar::Str(text)),
        Some(wanted) => wanted,
    };
    let (found, scalar) = guess(&text, wanted == Tag::Timestamp);
    match (wanted, found, scalar) {
        (Tag::Timestamp, Tag::Timestamp, _) => Ok(Scalar::Str(text)),
        (wanted, found, scalar) if wanted == found => Ok(scalar),
        #[expect(clippy::cast_precision_loss, reason = "Go converts so")]
        (Tag::Float, Tag::Int, Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        (wanted, found, _) => Err(Error::Value(format!(
            "yaml: cannot decode {} `{text}` as a {}",
            found.short(),
            wanted.short()
        ))),
    }
}

/// Decodes like Go's `base64.StdEncoding`, which skips line breaks.
fn binary(text: &str) -> Result<Scalar<'static>, Error> {
    use base64::Engine as _;
    let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    base64::engine::general_purpose::STANDARD
        .decode(clean)
        .map(Scalar::Bytes)
        .map_err(|_| Error::Value("yaml: !!binary value contains invalid base64 data".to_owned()))
}

fn plain(text: Cow<'_, str>) -> Scalar<'_> {
    match hint(&text) {
        Hint::None => Scalar::Str(text),
        _ => match guess(&text, true) {
            (Tag::Str | Tag::Timestamp, _) => Scalar::Str(text),
            (_, scalar) => scalar,
        },
    }
}

/// Whether a plain scalar with this text would be a string.
pub(crate) fn is_string(text: &str) -> bool {
    match hint(text) {
        Hint::None => true,
        _ => guess(text, true).0 == Tag::Str,
    }
}

/// Whether the text looks like a YAML 1.1 base 60 number (`1:30`), which is a string but always quoted.
pub(crate) fn is_base60(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && parts.all(|part| match part.as_bytes() {
            [low] => low.is_ascii_digit(),
            [high, low] => (b'0'..=b'5').contains(high) && low.is_ascii_digit(),
            _ => false,
        })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    None,
    Word,
    Dot,
    Number,
}

fn hint(text: &str) -> Hint {
    match text.as_bytes().first() {
        Some(b'+' | b'-' | b'0'..=b'9') => Hint::Number,
        Some(b'.') => Hint::Dot,
        None | Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => Hint::Word,
        _ => Hint::None,
    }
}

fn guess(text: &str, timestamps: bool) -> (Tag, Scalar<'static>) {
    const STR: (Tag, Scalar<'static>) = (Tag::Str, Scalar::Null);
    let hint = hint(text);
    if hint == Hint::None {
        return STR;
    }
    if text.len() <= 5 {
        match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                return (Tag::Bool, Scalar::Bool(true));
            }
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                return (Tag::Bool, Scalar::Bool(false));
            }
            "" | "~" | "null" | "Null" | "NULL" => return (Tag::Null, Scalar::Null),
            ".nan" | ".NaN" | ".NAN" => return (Tag::Float, Scalar::Float(f64::NAN)),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
                return (Tag::Float, Scalar::Float(f64::INFINITY));
            }
            "-.inf" | "-.Inf" | "-.INF" => return (Tag::Float, Scalar::Float(f64::NEG_INFINITY)),
            _ => {}
        }
    }
    match hint {
        Hint::Dot => float(text).map_or(STR, |value| (Tag::Float, Scalar::Float(value))),
        Hint::Number => {
            if timestamps && crate::timestamp::is_timestamp(text) {
                return (Tag::Timestamp, Scalar::Null);
            }
            number(text).unwrap_or(STR)
        }
        _ => STR,
    }
}

fn number(text: &str) -> Option<(Tag, Scalar<'static>)> {
    let plain: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    let negative = plain.starts_with('-');
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // `from_str_radix` takes a sign of its own, which Go does not here.
    if !digits.is_empty()
        && digits.bytes().all(|b| char::from(b).is_digit(radix))
        && let Ok(value) = u64::from_str_radix(digits, radix)
    {
        let signed = if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
        match signed {
            Some(value) => return Some((Tag::Int, Scalar::Int(value))),
            None if !negative && !plain.starts_with('+') => return Some((Tag::Int, Scalar::Uint(value))),
            None => {}
        }
    }
    float(&plain).map(|value| (Tag::Float, Scalar::Float(value)))
}

/// A decimal float in YAML's form; `None` also when it is too large, as Go's parser refuses it.
fn float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let mut i = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(i);
    i += whole;
    if bytes.get(i) == Some(&b'.') {
        let fraction = digits(i + 1);
        i += 1 + fraction;
        if whole + fraction == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(i), Some(b'e' | b'E')) {
        i += 1 + usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
        let exponent = digits(i);
        if exponent == 0 {
            return None;
        }
        i += exponent;
    }
    if i != bytes.len() {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}
