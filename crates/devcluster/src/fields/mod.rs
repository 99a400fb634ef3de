//! Request bodies to objects: typed decoding as Go does it, with its error texts, unknown and duplicate fields.
//!
//! [`decode_json`] reads a JSON body of a built-in kind, [`decode_value`] an object that is parsed already (a
//! patch result). What comes out is the form Go would write back: unknown fields and nulls dropped, empty
//! values dropped or shown as the struct tags say, quantities and times canonical. Start at [`decode_raw`].

mod decode;
mod json;
pub mod quantity;
pub mod time;
mod yaml;

pub use decode::{DecodeError, Style, decode_raw};
pub use json::{SyntaxError, parse as parse_json};
pub use yaml::{Yaml, parse_yaml};

use crate::schema::TypeRef;
use serde_json::{Map, Number, Value};
use std::fmt::Write;

/// The request parameter `fieldValidation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Unknown and duplicate fields pass silently.
    Ignore,
    /// Each gives a `Warning` header. The default since Kubernetes 1.25.
    #[default]
    Warn,
    /// Any refuses the request.
    Strict,
}

/// A decoded object and what strict reading found.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object, in canonical form.
    pub object: Value,
    /// `unknown field "spec.x"` and `duplicate field "spec.y"`, in the order of the text; at most 100.
    pub strict: Vec<String>,
}

impl Decoded {
    /// What is left of the findings under `validation`: warnings, or the error text of a refused request
    /// (`strict decoding error: …`).
    ///
    /// # Errors
    /// The text, if `validation` is strict and something was found.
    pub fn judge(self, validation: FieldValidation) -> Result<(Value, Vec<String>), String> {
        match validation {
            FieldValidation::Ignore => Ok((self.object, Vec::new())),
            FieldValidation::Warn => {
                let warnings = self.strict.iter().flat_map(|text| {
                    match text.strip_prefix("yaml: unmarshal errors:\n  ") {
                        Some(lines) => lines.split("\n  ").map(str::to_owned).collect(),
                        None => vec![text.clone()],
                    }
                });
                Ok((self.object, warnings.collect()))
            }
            FieldValidation::Strict if self.strict.is_empty() => Ok((self.object, Vec::new())),
            FieldValidation::Strict => Err(format!("strict decoding error: {}", self.strict.join(", "))),
        }
    }
}

/// A parsed document: keys in order and possibly doubled, numbers as they were written.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number's text.
    Number(Box<str>),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// Keys and values.
    Object(Vec<(String, Self)>),
}

impl Raw {
    /// Plain JSON: of doubled keys the last one stays.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Number(text) => number(text),
            Self::String(s) => Value::String(s.clone()),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(entries) => {
                let mut map = Map::new();
                for (k, v) in entries {
                    map.insert(k.clone(), v.to_value());
                }
                Value::Object(map)
            }
        }
    }

    /// The last value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The paths of doubled keys, as `duplicate field "data.a"`, in the order of the text.
    pub fn duplicates(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.find_duplicates("", &mut out);
        out
    }

    fn find_duplicates(&self, path: &str, out: &mut Vec<String>) {
        match self {
            Self::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    item.find_duplicates(&format!("{path}[{i}]"), out);
                }
            }
            Self::Object(entries) => {
                let mut seen = std::collections::HashSet::new();
                for (key, value) in entries {
                    let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if !seen.insert(key) && out.len() < 100 {
                        out.push(format!("duplicate field {}", go_quote(&at)));
                    }
                    value.find_duplicates(&at, out);
                }
            }
            _ => {}
        }
    }
}

impl From<&Value> for Raw {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => Self::Number(number_text(n).into()),
            Value::String(s) => Self::String(s.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.iter().map(|(k, v)| (k.clone(), Self::from(v))).collect()),
        }
    }
}

/// A number as Go's `encoding/json` writes it (a whole float has no fraction).
pub fn number_text(n: &Number) -> String {
    match n.as_f64() {
        Some(f) if n.is_f64() => {
            if f.fract() == 0.0 && f.abs() < 1e21 {
                format!("{f:.0}")
            } else {
                n.to_string()
            }
        }
        _ => n.to_string(),
    }
}

fn number(text: &str) -> Value {
    if let Ok(i) = text.parse::<i64>() {
        return Value::Number(i.into());
    }
    // Go's unstructured JSON keeps whole numbers that fit as int64, everything else as float64.
    match text.parse::<f64>() {
        Ok(f) if f.is_finite() => Number::from_f64(f).map_or(Value::Null, Value::Number),
        _ => Value::Null,
    }
}

/// `strconv.Quote` of Go.
pub fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => drop(write!(out, "\\x{:02x}", c as u32)),
            c if (0x80..0xa0).contains(&(c as u32)) || c == '\u{ad}' || c == '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What Go has where nothing is given: `""`, `0`, `{}` with what it always shows, or null.
pub(crate) fn zero(ty: TypeRef<'_>) -> Value {
    decode::zero(ty, 0)
}

/// The form of an object after it has gone through Kubernetes' store: empty lists and maps that Go shows are null.
pub(crate) fn settle(ty: TypeRef<'_>, object: &mut Value) {
    decode::settle(ty, object, 0);
}

/// The bytes behind base64 text; none where it is not valid (decoding has refused that before).
pub(crate) fn base64_text(text: &str) -> Vec<u8> {
    decode::base64_decode(text).unwrap_or_default()
}

/// How many bytes base64 text stands for.
pub(crate) fn base64_length(text: &str) -> usize {
    text.len() / 4 * 3 - text.bytes().rev().take_while(|c| *c == b'=').count().min(2)
}

/// Go's word for the kind of a JSON value.
pub(crate) fn json_kind(raw: &Raw) -> &'static str {
    decode::json_kind(raw)
}

/// Decodes a JSON body of type `ty`.
///
/// # Errors
/// Syntax and type errors, with Go's messages.
pub fn decode_json(ty: TypeRef<'_>, body: &[u8]) -> Result<Decoded, DecodeError> {
    let raw = parse_json(body)?;
    decode_raw(ty, &raw, Style::Json)
}

/// Decodes an object that is parsed already, as JSON.
///
/// # Errors
/// Type errors, with Go's messages.
pub fn decode_value(ty: TypeRef<'_>, value: &Value) -> Result<Decoded, DecodeError> {
    decode_raw(ty, &Raw::from(value), Style::Json)
}

/// Decodes an object as Kubernetes converts from unstructured (server-side apply, strategic merge patch): other
/// error texts, unknown fields sorted.
///
/// # Errors
/// Type errors, with Kubernetes' messages.
pub fn decode_unstructured(ty: TypeRef<'_>, value: &Value) -> Result<Decoded, DecodeError> {
    let mut decoded = decode_raw(ty, &Raw::from(value), Style::Unstructured)?;
    decoded.strict.sort();
    Ok(decoded)
}
