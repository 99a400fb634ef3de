//! Protobuf request bodies of typed Go clients to JSON.
//!
//! A body is `k8s\0` and a `runtime.Unknown` message that names the kind and holds the object's message. The
//! decoder walks the wire format with the field numbers of the schema table. What comes out is plain JSON, to be
//! read by [`crate::fields`] like any other body: Go writes zero values of everything but pointers, which that
//! reading drops again.

mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::schema::{FieldRef, Scalar, Shape, StructRef, TypeRef, builtin};
use wire::{Content, Reader};

/// First bytes of every body.
pub const MAGIC: &[u8] = b"k8s\0";

/// Bound on nested messages.
const MAX_DEPTH: usize = 100;

/// A body cannot be read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ProtobufError {
    /// The first four bytes are others.
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    Prefix,
    /// Truncated, overlong, or with an unknown wire type.
    #[error("malformed protobuf message: {0}")]
    Malformed(&'static str),
    /// The schema table does not have the kind.
    #[error("no kind \"{kind}\" is registered for version \"{api_version}\"")]
    UnknownKind {
        /// As the body names it.
        api_version: String,
        /// As the body names it.
        kind: String,
    },
    /// JSON inside of a message (`RawExtension`, `FieldsV1`) that is none.
    #[error("embedded JSON cannot be read: {0}")]
    Json(String),
}

/// Decodes a body. Its `apiVersion` and `kind` are those of the envelope, or the `default` ones (as in
/// `DeleteOptions` of old clients, that name none).
///
/// # Errors
/// See [`ProtobufError`].
pub fn decode(body: &[u8], default: (&str, &str)) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::Prefix)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    let mut reader = Reader::new(envelope);
    while let Some((number, content)) = reader.next()? {
        match (number, content) {
            (1, Content::Bytes(meta)) => {
                let mut meta = Reader::new(meta);
                while let Some((number, content)) = meta.next()? {
                    match (number, content) {
                        (1, Content::Bytes(text)) => api_version = utf8(text),
                        (2, Content::Bytes(text)) => kind = utf8(text),
                        _ => {}
                    }
                }
            }
            (2, Content::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    if api_version.is_empty() && kind.is_empty() {
        (api_version, kind) = (default.0.to_owned(), default.1.to_owned());
    }
    let found =
        builtin().kind_of(&api_version, &kind).and_then(TypeRef::as_struct).or_else(|| options(&kind));
    let Some(ty) = found else { return Err(ProtobufError::UnknownKind { api_version, kind }) };
    let mut object = Map::new();
    message(ty, raw, &mut object, 0)?;
    object.insert("apiVersion".to_owned(), Value::String(api_version));
    object.insert("kind".to_owned(), Value::String(kind));
    Ok(Value::Object(object))
}

/// Kinds that are served in every group.
fn options(kind: &str) -> Option<StructRef<'static>> {
    builtin().definition(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"))
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn message(
    s: StructRef<'_>,
    bytes: &[u8],
    out: &mut Map<String, Value>,
    depth: usize,
) -> Result<(), ProtobufError> {
    if depth > MAX_DEPTH {
        return Err(ProtobufError::Malformed("nested too deeply"));
    }
    let mut reader = Reader::new(bytes);
    while let Some((number, content)) = reader.next()? {
        let Some(field) = s.own_fields().find(|f| u64::from(f.proto) == number && number != 0) else {
            continue;
        };
        match (field.inline(), field.ty().as_struct(), &content) {
            (true, Some(inner), Content::Bytes(bytes)) => message(inner, bytes, out, depth + 1)?,
            _ => add(field, content, out, depth)?,
        }
    }
    Ok(())
}

/// Adds one occurrence of a field: repeated ones are appended, entries of maps inserted.
fn add(
    field: FieldRef<'_>,
    content: Content<'_>,
    out: &mut Map<String, Value>,
    depth: usize,
) -> Result<(), ProtobufError> {
    let name = field.name.as_ref();
    let go_type = field.get().go_type.as_ref();
    match field.ty().shape() {
        Shape::List(elem) => {
            let entry = out.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(items) = entry else { return Ok(()) };
            let go_type = go_type.trim_start_matches("[]").trim_start_matches('*');
            match (elem.shape(), content) {
                (
                    Shape::Scalar(scalar @ (Scalar::Int32 | Scalar::Int64 | Scalar::Bool)),
                    Content::Bytes(packed),
                ) => {
                    let mut reader = Reader::new(packed);
                    while !reader.is_empty() {
                        items.push(number(scalar, reader.varint()?));
                    }
                }
                (_, content) => items.push(single(elem, content, go_type, depth)?),
            }
        }
        Shape::Map(elem) => {
            let Content::Bytes(bytes) = content else { return Ok(()) };
            let (mut key, mut value) = (String::new(), None);
            let mut reader = Reader::new(bytes);
            while let Some((number, content)) = reader.next()? {
                match (number, content) {
                    (1, Content::Bytes(text)) => key = utf8(text),
                    (2, content) => value = Some(map_value(elem, content, go_type, depth)?),
                    _ => {}
                }
            }
            let entry = out.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(map) = entry {
                map.insert(key, value.unwrap_or_else(|| crate::fields::zero(elem)));
            }
        }
        _ => {
            let value = single(field.ty(), content, go_type, depth)?;
            out.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// Values of maps may be lists of their own type (`ExtraValue`): a message with the items in field 1.
fn map_value(
    elem: TypeRef<'_>,
    content: Content<'_>,
    go_type: &str,
    depth: usize,
) -> Result<Value, ProtobufError> {
    let go_type = go_type.rsplit_once(']').map_or(go_type, |(_, t)| t);
    let Shape::List(inner) = elem.shape() else { return single(elem, content, go_type, depth) };
    let Content::Bytes(bytes) = content else { return Ok(Value::Array(Vec::new())) };
    let mut items = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, content)) = reader.next()? {
        if number == 1 {
            items.push(single(inner, content, go_type, depth)?);
        }
    }
    Ok(Value::Array(items))
}

fn number(scalar: Scalar, n: u64) -> Value {
    #[allow(
        clippy::cast_possible_wrap,
        clippy::cast_possible_truncation,
        reason = "protobuf's int32 and int64 are two's complement varints"
    )]
    match scalar {
        Scalar::Bool => Value::Bool(n != 0),
        Scalar::Int32 => Value::from(n as i64 as i32),
        _ => Value::from(n as i64),
    }
}

fn single(
    ty: TypeRef<'_>,
    content: Content<'_>,
    go_type: &str,
    depth: usize,
) -> Result<Value, ProtobufError> {
    let scalar = match ty.shape() {
        Shape::Struct(s) => {
            let Content::Bytes(bytes) = content else {
                return Err(ProtobufError::Malformed("a message is no bytes"));
            };
            let mut out = Map::new();
            message(s, bytes, &mut out, depth + 1)?;
            return Ok(Value::Object(out));
        }
        Shape::Any => {
            let Content::Bytes(bytes) = content else { return Ok(Value::Null) };
            return any(go_type, bytes, depth + 1);
        }
        Shape::Scalar(scalar) => scalar,
        Shape::List(_) | Shape::Map(_) => return Err(ProtobufError::Malformed("a list of lists")),
    };
    Ok(match (scalar, content) {
        (Scalar::String, Content::Bytes(text)) => Value::String(utf8(text)),
        (Scalar::Bytes, Content::Bytes(bytes)) => Value::String(STANDARD.encode(bytes)),
        (Scalar::Bool | Scalar::Int32 | Scalar::Int64, Content::Number(n)) => number(scalar, n),
        (Scalar::Float, Content::Fixed64(bits)) => Value::from(f64::from_bits(bits)),
        (Scalar::Float, Content::Fixed32(bits)) => Value::from(f32::from_bits(bits)),
        (Scalar::Quantity, Content::Bytes(bytes)) => match first(bytes, 1)? {
            Some(Content::Bytes(text)) => Value::String(utf8(text)),
            _ => Value::String("0".to_owned()),
        },
        (Scalar::IntOrString, Content::Bytes(bytes)) => int_or_string(bytes)?,
        (Scalar::Time | Scalar::MicroTime, Content::Bytes(bytes)) => time(bytes)?,
        (Scalar::Duration, Content::Bytes(bytes)) => match first(bytes, 1)? {
            Some(Content::Number(n)) => Value::String(format!("{n}ns")),
            _ => Value::String("0s".to_owned()),
        },
        _ => return Err(ProtobufError::Malformed("a field has another wire type")),
    })
}

/// The last occurrence of a field in a message.
fn first(bytes: &[u8], wanted: u64) -> Result<Option<Content<'_>>, ProtobufError> {
    let mut found = None;
    let mut reader = Reader::new(bytes);
    while let Some((number, content)) = reader.next()? {
        if number == wanted {
            found = Some(content);
        }
    }
    Ok(found)
}

fn int_or_string(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let is_text = matches!(first(bytes, 1)?, Some(Content::Number(1)));
    Ok(match (is_text, first(bytes, 2)?, first(bytes, 3)?) {
        (true, _, Some(Content::Bytes(text))) => Value::String(utf8(text)),
        (true, ..) => Value::String(String::new()),
        (false, Some(Content::Number(n)), _) => number(Scalar::Int32, n),
        (false, ..) => Value::from(0),
    })
}

/// An empty message is Go's zero time: null.
fn time(bytes: &[u8]) -> Result<Value, ProtobufError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    #[allow(clippy::cast_possible_wrap, reason = "protobuf's int64 is a two's complement varint")]
    let part = |wanted| {
        first(bytes, wanted).map(|c| match c {
            Some(Content::Number(n)) => n as i64,
            _ => 0,
        })
    };
    let (seconds, nanos) = (part(1)?, part(2)?);
    let nanos = i32::try_from(nanos).unwrap_or(0);
    match jiff::Timestamp::new(seconds, nanos) {
        Ok(at) => Ok(Value::String(at.to_string())),
        Err(_) => Err(ProtobufError::Malformed("a time is out of range")),
    }
}

/// Types with a JSON form of their own.
fn any(go_type: &str, bytes: &[u8], depth: usize) -> Result<Value, ProtobufError> {
    let schema = |bytes: &[u8]| -> Result<Value, ProtobufError> {
        let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
        let Some(s) = builtin().definition(name) else { return Ok(Value::Null) };
        let mut out = Map::new();
        message(s, bytes, &mut out, depth + 1)?;
        crate::fields::decode_value(s.ty(), &Value::Object(out))
            .map(|d| d.object)
            .map_err(|e| ProtobufError::Json(e.to_string()))
    };
    let short = go_type.rsplit('.').next().unwrap_or_default();
    match short {
        "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrStringArray" => {
            if let Some(Content::Bytes(one)) = first(bytes, 1)? {
                return schema(one);
            }
            let mut items = Vec::new();
            let mut reader = Reader::new(bytes);
            while let Some((number, content)) = reader.next()? {
                if let (2, Content::Bytes(item)) = (number, content) {
                    let text = short == "JSONSchemaPropsOrStringArray";
                    items.push(if text { Value::String(utf8(item)) } else { schema(item)? });
                }
            }
            Ok(Value::Array(items))
        }
        "JSONSchemaPropsOrBool" => match first(bytes, 2)? {
            Some(Content::Bytes(one)) => schema(one),
            _ => Ok(Value::Bool(matches!(first(bytes, 1)?, Some(Content::Number(1))))),
        },
        // RawExtension, FieldsV1 and JSON hold JSON text in their field 1.
        _ => match first(bytes, 1)? {
            Some(Content::Bytes(text)) if !text.is_empty() => {
                if text.starts_with(MAGIC) {
                    return decode(text, ("", ""));
                }
                let raw = crate::fields::parse_json(text).map_err(|e| ProtobufError::Json(e.to_string()))?;
                Ok(raw.to_value())
            }
            _ => Ok(Value::Null),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        out.extend_from_slice(bytes);
        out
    }

    fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
    }

    #[test]
    fn a_secret_is_read() {
        let metadata = [field(1, b"a"), field(8, b"")].concat();
        let data = [field(1, b"key"), field(2, &[0xff, 0])].concat();
        let raw = [field(1, &metadata), field(2, &data), field(3, b"Opaque")].concat();
        let object = decode(&envelope("v1", "Secret", &raw), ("", "")).unwrap();
        assert_eq!(
            object,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "creationTimestamp": null},
                   "data": {"key": "/wA="}, "type": "Opaque"})
        );
    }

    #[test]
    fn broken_bodies_are_refused_without_a_panic() {
        assert_eq!(decode(b"{}", ("", "")).unwrap_err(), ProtobufError::Prefix);
        let whole = envelope("v1", "Secret", &field(1, &field(1, b"abc")));
        for cut in 4..whole.len() {
            let _ = decode(&whole[..cut], ("v1", "Secret"));
        }
        assert!(matches!(
            decode(&envelope("v9", "Nope", b""), ("", "")),
            Err(ProtobufError::UnknownKind { .. })
        ));
    }
}
