//! The typed decoder: walks a document and a type together and builds the canonical object.

use super::json::SyntaxError;
use super::{Decoded, Raw, go_quote, quantity, time};
use crate::schema::{FieldRef, Scalar, Shape, StructRef, TypeRef};
use base64::Engine;
use serde_json::{Map, Value};
use std::fmt::Write;
use thiserror::Error;

/// At most this many unknown and duplicate fields are reported, as upstream.
const MAX_STRICT: usize = 100;
/// Bound on nesting, beyond the parser's own.
const MAX_DEPTH: usize = 300;

/// The document does not fit the type; messages are Go's.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// No JSON.
    #[error("{0}")]
    Syntax(String),
    /// A value of the wrong type or form.
    #[error("{0}")]
    Value(String),
}

impl From<SyntaxError> for DecodeError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error.0)
    }
}

/// Whose rules and texts apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Go's typed JSON decoder: the first error counts, the rest of the text is still read.
    Json,
    /// Kubernetes' conversion from unstructured values: the first error ends it.
    Unstructured,
}

/// Decodes a parsed document.
///
/// # Errors
/// The first value that does not fit, with the message of `style`.
pub fn decode_raw(ty: TypeRef<'_>, raw: &Raw, style: Style) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder {
        style,
        strict: Vec::new(),
        saved: None,
        strukt: "",
        fields: Vec::new(),
        path: String::new(),
    };
    let object = decoder.value(ty, raw, "", 0).map_err(DecodeError::Value)?;
    match decoder.saved {
        Some(error) => Err(DecodeError::Value(error)),
        None => Ok(Decoded { object: object.unwrap_or(Value::Null), strict: decoder.strict }),
    }
}

/// The canonical form of an absent value where Go has no pointer: what an empty struct is written as.
pub(crate) fn zero(ty: TypeRef<'_>, depth: usize) -> Value {
    match ty.shape() {
        Shape::Scalar(Scalar::String | Scalar::Duration) => Value::String(String::new()),
        Shape::Scalar(Scalar::Bool) => Value::Bool(false),
        Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Float | Scalar::IntOrString) => Value::from(0),
        Shape::Scalar(Scalar::Quantity) => Value::String("0".to_owned()),
        Shape::Struct(s) if depth < MAX_DEPTH => Value::Object(complete(s, Map::new(), depth)),
        _ => Value::Null,
    }
}

/// Adds what Go writes although it was not given, and drops what it leaves out.
fn complete(s: StructRef<'_>, mut map: Map<String, Value>, depth: usize) -> Map<String, Value> {
    for field in s.fields() {
        let name = field.name.as_ref();
        let keep = if let Some(value) = map.get(name) {
            !omitted(field, value, depth)
        } else {
            if !shown_when_absent(field) {
                continue;
            }
            let value = if field.pointer() { Value::Null } else { zero(field.ty(), depth + 1) };
            if !field.omit_zero() {
                map.insert(name.to_owned(), value);
            }
            true
        };
        if !keep {
            map.remove(name);
        }
    }
    map
}

/// Empty lists and maps become null where Go shows them: the store's protobuf form cannot tell them from none.
pub(super) fn settle(ty: TypeRef<'_>, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (ty.shape(), value) {
        (Shape::List(elem), Value::Array(items)) => items.iter_mut().for_each(|v| settle(elem, v, depth + 1)),
        (Shape::Map(elem), Value::Object(map)) => map.values_mut().for_each(|v| settle(elem, v, depth + 1)),
        (Shape::Struct(s), Value::Object(map)) => {
            for (name, value) in map.iter_mut() {
                let Some(field) = s.field(name) else { continue };
                let empty = value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(Map::is_empty);
                match field.ty().shape() {
                    Shape::List(_) | Shape::Map(_) if empty => *value = Value::Null,
                    Shape::Scalar(_) | Shape::Any => {}
                    _ => settle(field.ty(), value, depth + 1),
                }
            }
        }
        _ => {}
    }
}

fn shown_when_absent(field: FieldRef<'_>) -> bool {
    if field.pointer() {
        return !field.omit_empty() && !field.omit_zero();
    }
    let always = matches!(field.ty().shape(), Shape::Struct(_))
        || matches!(
            field.ty().shape(),
            Shape::Scalar(
                Scalar::Quantity | Scalar::IntOrString | Scalar::Time | Scalar::MicroTime | Scalar::Duration
            )
        );
    always || !field.omit_empty()
}

/// Whether Go leaves out a value that is there.
fn omitted(field: FieldRef<'_>, value: &Value, depth: usize) -> bool {
    if field.pointer() {
        return value.is_null() && field.omit_empty();
    }
    let shape = field.ty().shape();
    match (shape, value) {
        (Shape::Struct(_), _) => field.omit_zero() && *value == zero(field.ty(), depth + 1),
        (Shape::Scalar(Scalar::Time | Scalar::MicroTime), Value::Null) => field.omit_zero(),
        (Shape::Scalar(Scalar::Quantity | Scalar::IntOrString | Scalar::Duration), _) => false,
        (_, _) if !field.omit_empty() => false,
        (_, Value::Null | Value::Bool(false)) => true,
        (_, Value::String(s)) => s.is_empty(),
        // An empty list there asks for the ownership of fields to be forgotten; tracking removes it.
        (_, Value::Array(a)) => a.is_empty() && field.name != "managedFields",
        (Shape::Any, Value::Object(_)) => false,
        (_, Value::Object(o)) => o.is_empty(),
        (_, Value::Number(n)) => n.as_f64() == Some(0.0),
        (_, Value::Bool(true)) => false,
    }
}

struct Decoder {
    style: Style,
    strict: Vec<String>,
    saved: Option<String>,
    /// Go's error context: name of the innermost struct and the fields that lead there.
    strukt: &'static str,
    fields: Vec<String>,
    /// Path for unknown and duplicate fields.
    path: String,
}

type Out = Result<Option<Value>, String>;

impl Decoder {
    fn save(&mut self, error: String) -> Out {
        if self.style == Style::Unstructured {
            return Err(error);
        }
        self.saved.get_or_insert(error);
        Ok(None)
    }

    fn mismatch(&mut self, what: &str, go_type: &str) -> Out {
        let error = if self.fields.is_empty() {
            format!("json: cannot unmarshal {what} into Go value of type {go_type}")
        } else {
            let field = self.fields.join(".");
            format!(
                "json: cannot unmarshal {what} into Go struct field {}.{field} of type {go_type}",
                self.strukt
            )
        };
        self.save(error)
    }

    /// The error of a type that decodes itself: the decoder around it adds the field, and goes on.
    fn own_decoder(&mut self, what: &str, go_type: &str) -> Out {
        if self.style == Style::Unstructured {
            return Err(format!("json: cannot unmarshal {what} into Go value of type {go_type}"));
        }
        self.mismatch(what, go_type)
    }

    fn strict(&mut self, what: &str, key: &str) {
        if self.strict.len() < MAX_STRICT {
            let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
            self.strict.push(format!("{what} field {}", go_quote(&path)));
        }
    }

    /// `None`: absent (null, or not usable).
    fn value(&mut self, ty: TypeRef<'_>, raw: &Raw, go_type: &str, depth: usize) -> Out {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        match ty.shape() {
            Shape::Any => Ok(match raw {
                Raw::Null => None,
                other => Some(other.to_value()),
            }),
            Shape::Scalar(scalar) => self.scalar(scalar, raw, go_type),
            Shape::List(elem) => self.list(elem, raw, go_type, depth),
            Shape::Map(elem) => self.map(elem, raw, go_type, depth),
            Shape::Struct(s) => self.strukt(s, raw, go_type, depth),
        }
    }

    fn list(&mut self, elem: TypeRef<'_>, raw: &Raw, go_type: &str, depth: usize) -> Out {
        let items = match raw {
            Raw::Null => return Ok(None),
            Raw::Array(items) => items,
            other if self.style == Style::Unstructured => {
                return Err(format!("cannot restore slice from {}", kind_of(other)));
            }
            other => return self.mismatch(json_kind(other), go_type),
        };
        let elem_type = go_type.strip_prefix("[]").unwrap_or(go_type);
        let pointer = elem_type.starts_with('*');
        let length = self.path.len();
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let _ = write!(self.path, "[{i}]");
            let value = self.value(elem, item, elem_type.trim_start_matches('*'), depth + 1)?;
            self.path.truncate(length);
            out.push(value.unwrap_or_else(|| if pointer { Value::Null } else { zero(elem, depth) }));
        }
        Ok(Some(Value::Array(out)))
    }

    fn map(&mut self, elem: TypeRef<'_>, raw: &Raw, go_type: &str, depth: usize) -> Out {
        let entries = match raw {
            Raw::Null => return Ok(None),
            Raw::Object(entries) => entries,
            other if self.style == Style::Unstructured => {
                return Err(format!("cannot restore map from {}", kind_of(other)));
            }
            other => return self.mismatch(json_kind(other), go_type),
        };
        let elem_type = map_value_type(go_type, elem);
        let length = self.path.len();
        let mut out = Map::new();
        for (key, item) in entries {
            if out.contains_key(key) {
                self.strict("duplicate", key);
            }
            self.push_key(key);
            let value = self.value(elem, item, elem_type, depth + 1)?;
            self.path.truncate(length);
            out.insert(key.clone(), value.unwrap_or_else(|| zero(elem, depth)));
        }
        Ok(Some(Value::Object(out)))
    }

    fn push_key(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }

    fn strukt(&mut self, s: StructRef<'_>, raw: &Raw, go_type: &str, depth: usize) -> Out {
        let entries = match raw {
            Raw::Null => return Ok(None),
            Raw::Object(entries) => entries,
            other if self.style == Style::Unstructured => {
                return Err(format!("cannot restore struct from: {}", kind_of(other)));
            }
            other => {
                let name = if go_type.is_empty() { s.go_name() } else { go_type };
                return self.mismatch(json_kind(other), name);
            }
        };
        let mut out = Map::new();
        let mut seen: Vec<&str> = Vec::new();
        // Kubernetes converts in the order of Go's fields, Go's decoder in that of the text.
        for (key, item) in self.ordered(s, entries) {
            if seen.contains(&key) {
                self.strict("duplicate", key);
            } else {
                seen.push(key);
            }
            let Some(field) = s.field(key) else {
                self.strict("unknown", key);
                continue;
            };
            let steps = go_steps(s, key);
            let go_type = field.get().go_type.as_ref();
            let value = self.in_field(s, &steps, key, |d| d.value(field.ty(), item, go_type, depth + 1))?;
            match value {
                Some(v) => drop(out.insert(key.to_owned(), v)),
                None => drop(out.remove(key)),
            }
        }
        Ok(Some(Value::Object(complete(s, out, depth))))
    }

    fn ordered<'r>(&self, s: StructRef<'_>, entries: &'r [(String, Raw)]) -> Vec<(&'r str, &'r Raw)> {
        let mut all: Vec<(&str, &Raw)> = entries.iter().map(|(k, v)| (k.as_str(), v)).collect();
        if self.style == Style::Unstructured {
            let order = go_order(s);
            all.sort_by_key(|(k, _)| order.iter().position(|n| n == k).unwrap_or(usize::MAX));
        }
        all
    }

    /// Runs `read` with Go's error context and the path set to a field.
    fn in_field(
        &mut self,
        s: StructRef<'_>,
        steps: &[String],
        key: &str,
        read: impl FnOnce(&mut Self) -> Out,
    ) -> Out {
        let (length, fields, strukt) = (self.path.len(), self.fields.len(), self.strukt);
        self.push_key(key);
        self.fields.extend_from_slice(steps);
        self.strukt = static_name(s);
        let out = read(self);
        self.path.truncate(length);
        self.fields.truncate(fields);
        self.strukt = strukt;
        out
    }

    fn scalar(&mut self, scalar: Scalar, raw: &Raw, go_type: &str) -> Out {
        if matches!(raw, Raw::Null) {
            return Ok(None);
        }
        match scalar {
            Scalar::String => match raw {
                Raw::String(s) => Ok(Some(Value::String(s.clone()))),
                other => self.wrong(scalar, other, go_type),
            },
            Scalar::Bool => match raw {
                Raw::Bool(b) => Ok(Some(Value::Bool(*b))),
                other => self.wrong(scalar, other, go_type),
            },
            Scalar::Int32 | Scalar::Int64 => self.integer(scalar, raw, go_type),
            Scalar::Float => match raw {
                Raw::Number(text) => Ok(Some(super::number(text))),
                other => self.wrong(scalar, other, go_type),
            },
            Scalar::Bytes => self.bytes(raw, go_type),
            Scalar::Quantity => match raw {
                Raw::String(text) => {
                    quantity::Quantity::parse(text.trim()).map(|q| Some(Value::String(q.to_string())))
                }
                Raw::Number(text) => {
                    quantity::Quantity::parse(text).map(|q| Some(Value::String(q.to_string())))
                }
                _ => Err(quantity::FORMAT_ERROR.to_owned()),
            },
            Scalar::IntOrString => match raw {
                Raw::String(s) => Ok(Some(Value::String(s.clone()))),
                Raw::Number(text) => match text.parse::<i32>() {
                    Ok(n) => Ok(Some(Value::from(n))),
                    Err(_) => self.own_decoder(&format!("number {text}"), "int32"),
                },
                other => self.own_decoder(json_kind(other), "int32"),
            },
            Scalar::Time | Scalar::MicroTime => match raw {
                Raw::String(text) => time::canonical(text, scalar == Scalar::MicroTime).map(Some),
                other => self.own_decoder(json_kind(other), "string"),
            },
            Scalar::Duration => match raw {
                Raw::String(text) => time::duration(text).map(|s| Some(Value::String(s))),
                other => self.own_decoder(json_kind(other), "string"),
            },
        }
    }

    fn wrong(&mut self, scalar: Scalar, raw: &Raw, go_type: &str) -> Out {
        if self.style == Style::Unstructured {
            // Go converts numbers to strings in principle, and nothing else across kinds.
            let whole = matches!(raw, Raw::Number(text) if text.parse::<i64>().is_ok());
            return Err(match scalar {
                Scalar::String if whole => format!("cannot convert int64 to {go_type}"),
                Scalar::String => "unrecognized type: string".to_owned(),
                Scalar::Bool => "unrecognized type: bool".to_owned(),
                Scalar::Int32 => "unrecognized type: int32".to_owned(),
                Scalar::Float => "unrecognized type: float64".to_owned(),
                _ => "unrecognized type: int64".to_owned(),
            });
        }
        self.mismatch(json_kind(raw), go_type)
    }

    fn integer(&mut self, scalar: Scalar, raw: &Raw, go_type: &str) -> Out {
        let Raw::Number(text) = raw else { return self.wrong(scalar, raw, go_type) };
        let parsed = match text.parse::<i64>() {
            Ok(n) if scalar == Scalar::Int64 || i32::try_from(n).is_ok() => Some(n),
            _ => None,
        };
        if let Some(n) = parsed {
            return Ok(Some(Value::from(n)));
        }
        if self.style == Style::Unstructured {
            #[allow(clippy::cast_possible_truncation, reason = "Go converts the same way")]
            return match text.parse::<f64>() {
                Ok(f) if f.fract() == 0.0 => Ok(Some(Value::from(f as i64))),
                _ => Err(format!("cannot convert float64 to {go_type}")),
            };
        }
        self.mismatch(&format!("number {text}"), go_type)
    }

    /// Bytes may also come as a list of numbers.
    fn byte_list(&mut self, items: &[Raw]) -> Out {
        let mut bytes = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Raw::Null => bytes.push(0),
                Raw::Number(text) => match text.parse::<u8>() {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => return self.mismatch(&format!("number {text}"), "uint8"),
                },
                other => return self.mismatch(json_kind(other), "uint8"),
            }
        }
        Ok(Some(Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))))
    }

    fn bytes(&mut self, raw: &Raw, go_type: &str) -> Out {
        if let (Raw::Array(items), true) = (raw, self.style != Style::Unstructured) {
            return self.byte_list(items);
        }
        let Raw::String(text) = raw else {
            if self.style == Style::Unstructured {
                return Err(format!("cannot restore slice from {}", kind_of(raw)));
            }
            return self.mismatch(json_kind(raw), go_type);
        };
        match base64_decode(text) {
            Ok(bytes) => Ok(Some(Value::String(base64::engine::general_purpose::STANDARD.encode(bytes)))),
            Err(at) => {
                let error = format!("illegal base64 data at input byte {at}");
                let unstructured = self.style == Style::Unstructured;
                self.save(if unstructured { format!("error decoding from json: {error}") } else { error })
            }
        }
    }
}

/// Decodes standard base64; line breaks are skipped and an error is the offset that Go names.
pub(crate) fn base64_decode(text: &str) -> Result<Vec<u8>, usize> {
    let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let engine = base64::engine::general_purpose::STANDARD;
    engine.decode(clean.as_bytes()).map_err(|error| match error {
        base64::DecodeError::InvalidByte(at, _) => at,
        base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
            clean.len().saturating_sub(clean.len() % 4)
        }
        base64::DecodeError::InvalidLastSymbol(at, _) => at,
    })
}

/// Names that Go's error context walks through: the embedded structs, then the field.
fn go_steps(s: StructRef<'_>, key: &str) -> Vec<String> {
    fn find(s: StructRef<'_>, key: &str, out: &mut Vec<String>, depth: usize) -> bool {
        for field in s.own_fields() {
            if !field.inline() {
                if field.name == key {
                    out.push(key.to_owned());
                    return true;
                }
            } else if let Some(inner) = field.ty().as_struct().filter(|_| depth < 8) {
                out.push(field.name.to_string());
                if find(inner, key, out, depth + 1) {
                    return true;
                }
                out.pop();
            }
        }
        false
    }
    let mut out = Vec::new();
    if !find(s, key, &mut out, 0) {
        out.push(key.to_owned());
    }
    out
}

fn go_order(s: StructRef<'_>) -> Vec<&str> {
    let mut out = Vec::new();
    for field in s.own_fields() {
        match field.ty().as_struct() {
            Some(inner) if field.inline() => out.extend(go_order(inner)),
            _ => out.push(field.get().name.as_ref()),
        }
    }
    out
}

fn map_value_type<'t>(go_type: &'t str, elem: TypeRef<'t>) -> &'t str {
    if let Some((_, value)) = go_type.strip_prefix("map[").and_then(|t| t.split_once(']')) {
        return value;
    }
    match elem.shape() {
        Shape::Scalar(Scalar::String) => "string",
        Shape::Struct(s) => s.go_name(),
        _ => go_type,
    }
}

/// Interns the few hundred Go struct names, so that the error context is a plain word.
fn static_name(s: StructRef<'_>) -> &'static str {
    crate::schema::builtin().definition(s.name()).map_or("", StructRef::go_type_name)
}

pub(super) fn json_kind(raw: &Raw) -> &'static str {
    match raw {
        Raw::Null => "null",
        Raw::Bool(_) => "bool",
        Raw::Number(_) => "number",
        Raw::String(_) => "string",
        Raw::Array(_) => "array",
        Raw::Object(_) => "object",
    }
}

/// `reflect.Kind` of an unstructured value.
fn kind_of(raw: &Raw) -> &'static str {
    match raw {
        Raw::Null => "invalid",
        Raw::Bool(_) => "bool",
        Raw::Number(text) if text.parse::<i64>().is_ok() => "int64",
        Raw::Number(_) => "float64",
        Raw::String(_) => "string",
        Raw::Array(_) => "slice",
        Raw::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{decode_json, decode_unstructured};
    use super::*;
    use crate::schema::builtin;
    use serde_json::json;

    fn message(api: &str, kind: &str, body: &Value) -> String {
        decode_json(builtin().kind_of(api, kind).unwrap(), body.to_string().as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn wrong_types_name_the_go_field() {
        assert_eq!(
            message("v1", "Pod", &json!({"spec": {"containers": [{"ports": [{"containerPort": "x"}]}]}})),
            "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"
        );
        assert_eq!(
            message("v1", "Pod", &json!({"metadata": {"annotations": {"a": 1}}})),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.annotations of type string"
        );
        let rules = json!({"spec": {"rules": [{"http": {"paths": [{"backend": {"service": {"port": {"number": "x"}}}}]}}]}});
        assert_eq!(
            message("networking.k8s.io/v1", "Ingress", &rules),
            "json: cannot unmarshal string into Go struct field ServiceBackendPort.spec.rules.IngressRuleValue.http.paths.backend.service.port.number of type int32"
        );
        assert_eq!(
            message("apps/v1", "Deployment", &json!({"spec": {"replicas": 1.5}})),
            "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"
        );
        assert_eq!(
            message("v1", "Service", &json!({"spec": {"ports": [{"targetPort": true}]}})),
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32"
        );
        assert_eq!(
            message("v1", "Event", &json!({"lastTimestamp": 5})),
            "json: cannot unmarshal number into Go struct field Event.lastTimestamp of type string"
        );
        assert_eq!(
            message("v1", "Secret", &json!({"data": {"a": ["x"]}})),
            "json: cannot unmarshal string into Go struct field Secret.data of type uint8"
        );
        assert_eq!(
            message("v1", "Secret", &json!({"data": {"a": "b64!"}})),
            "illegal base64 data at input byte 3"
        );
    }

    #[test]
    fn unstructured_conversion_has_texts_of_its_own() {
        let ty = builtin().kind_of("apps/v1", "Deployment").unwrap();
        let error = decode_unstructured(ty, &json!({"spec": {"replicas": 1.5}})).unwrap_err();
        assert_eq!(error.to_string(), "cannot convert float64 to int32");
    }

    #[test]
    fn unknown_and_duplicate_fields_are_found_in_order() {
        let ty = builtin().kind_of("v1", "ConfigMap").unwrap();
        let decoded =
            decode_json(ty, br#"{"data":{"a":"1","a":"2"},"bogus":1,"metadata":{"colour":"x"},"data":{}}"#)
                .unwrap();
        assert_eq!(
            decoded.strict,
            [
                "duplicate field \"data.a\"",
                "unknown field \"bogus\"",
                "unknown field \"metadata.colour\"",
                "duplicate field \"data\""
            ]
        );
    }

    #[test]
    fn go_shows_structs_and_hides_empty_values() {
        let ty = builtin().kind_of("v1", "Pod").unwrap();
        let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {}, "creationTimestamp": null},
            "spec": {"hostNetwork": false, "priority": 0, "containers": [
                {"name": "c", "command": [], "resources": {"limits": {"cpu": "0.10", "memory": "1024Ki"}}, "env": null}]}});
        let decoded = decode_json(ty, body.to_string().as_bytes()).unwrap();
        assert_eq!(
            decoded.object,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {}, "spec": {"priority": 0,
                "containers": [{"name": "c", "resources": {"limits": {"cpu": "100m", "memory": "1Mi"}}}]}})
        );
    }
}
