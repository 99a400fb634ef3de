//! `toYaml`, `fromYaml` and their kin, over [`pilothouse_goyaml`].

use std::collections::BTreeMap;

use pilothouse_gotemplate::{
    Basic, CallError, Context, Function, Limit, List, MAX_VALUE_DEPTH, Map, MapKind, Param, Str, Value,
};
use pilothouse_goyaml::{Build, Emitter, Limits, compare_keys, compare_keys_pretty, parse_first};

use super::json::{FAILED_STEPS, TextForm, charge_source, text_form};
use super::{Outcome, string, text};

const STRING: &[Param] = &[Param::String];
const ANY: &[Param] = &[Param::Any];

pub(super) const FUNCTIONS: [Function; 5] = [
    Function::new("toYaml", ANY, to_yaml),
    Function::new("mustToYaml", ANY, must_to_yaml),
    Function::new("toYamlPretty", ANY, to_yaml_pretty),
    Function::new("fromYaml", STRING, from_yaml),
    Function::new("fromYamlArray", STRING, from_yaml_array),
];

/// Why a value has no YAML form.
enum Failure {
    /// Go's text.
    Message(String),
    /// Go's text; no function swallows it.
    Panic(String),
    Limit(Limit),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Message(message) | Failure::Panic(message) => message.into(),
            Failure::Limit(limit) => limit.into(),
        }
    }
}

/// `toYaml` without its final line break; `None` where Helm swallows an error.
pub(crate) fn to_yaml_text(value: &Value) -> Result<Option<String>, Limit> {
    match emit(value, Style::Json) {
        Ok(text) => Ok(Some(text)),
        Err(Failure::Message(_) | Failure::Panic(_)) => Ok(None),
        Err(Failure::Limit(limit)) => Err(limit),
    }
}

fn to_yaml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let text = to_yaml_text(&args[0])?;
    if text.is_none() {
        context.charge_steps(FAILED_STEPS)?;
    }
    string(context, text.unwrap_or_default().into_bytes())
}

fn must_to_yaml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    string(context, emit(&args[0], Style::Json)?.into_bytes())
}

fn to_yaml_pretty(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let text = match emit(&args[0], Style::Pretty) {
        Ok(text) => text,
        Err(Failure::Message(_)) => {
            context.charge_steps(FAILED_STEPS)?;
            String::new()
        }
        Err(failure) => return Err(failure.into()),
    };
    string(context, text.into_bytes())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Through JSON, as `sigs.k8s.io/yaml` does.
    Json,
    /// As goyaml.v3 encodes Go values.
    Pretty,
}

/// Nodes of one document: a value that shares its parts can be far larger than its memory.
const MAX_NODES: u64 = 2_000_000;

struct Writer {
    emitter: Emitter,
    style: Style,
    nodes: u64,
}

fn emit(value: &Value, style: Style) -> Result<String, Failure> {
    let emitter = if style == Style::Pretty { Emitter::pretty() } else { Emitter::new() };
    let mut writer = Writer { emitter, style, nodes: 0 };
    writer.value(value, 0)?;
    let mut text = writer.emitter.finish().map_err(|error| Failure::Message(error.to_string()))?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

impl Writer {
    fn value(&mut self, value: &Value, depth: u32) -> Result<(), Failure> {
        if depth > MAX_VALUE_DEPTH {
            return Err(Failure::Limit(Limit::ValueDepth(MAX_VALUE_DEPTH)));
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Failure::Limit(Limit::RangeLength(MAX_NODES)));
        }
        match value {
            Value::Nil | Value::Invalid => self.emitter.null(),
            Value::Bool(flag) => self.emitter.bool(*flag),
            Value::Int(number) | Value::Int64(number) => self.emitter.int(*number),
            Value::Float(number) => self.float(*number)?,
            Value::Str(text) => self.emitter.string(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(list) if list.is_nil() => {
                if self.style == Style::Pretty {
                    self.emitter.begin_seq(0);
                    self.emitter.end();
                } else {
                    self.emitter.null();
                }
            }
            Value::List(list) => {
                self.emitter.begin_seq(list.items().len());
                for item in list.items() {
                    self.value(item, depth + 1)?;
                }
                self.emitter.end();
            }
            Value::Map(map) if map.is_nil() && self.style == Style::Json => self.emitter.null(),
            Value::Map(map) => self.map(map, depth)?,
            Value::Struct(data) => self.structure(data, depth)?,
            Value::Object(object) => match text_form(object.as_ref()) {
                // goyaml.v3 knows times.
                TextForm::Text(text) if self.style == Style::Pretty && object.type_name() == "time.Time" => {
                    self.emitter.plain(&text);
                }
                TextForm::Text(text) => self.emitter.string(text.as_bytes()),
                TextForm::Underlying(underlying) => self.value(&underlying, depth)?,
                TextForm::Error(message) => return Err(Failure::Message(message)),
            },
            Value::Number(_) => match value.basic() {
                Some(Basic::Int(number)) => self.emitter.int(number),
                Some(Basic::Uint(number)) => self.emitter.uint(number),
                Some(Basic::Float(number)) => self.float(number)?,
                _ => self.emitter.null(),
            },
            Value::Complex(_) | Value::Func(_) => {
                let name = value.type_name();
                return Err(match self.style {
                    Style::Json => Failure::Message(format!(
                        "error marshaling into JSON: json: unsupported type: {name}"
                    )),
                    Style::Pretty => Failure::Panic(format!("cannot marshal type: {name}")),
                });
            }
        }
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<(), Failure> {
        if !number.is_finite() && self.style == Style::Json {
            let printed = pilothouse_gotemplate::format::format_float(number, b'g', -1, 64);
            return Err(Failure::Message(format!(
                "error marshaling into JSON: json: unsupported value: {printed}"
            )));
        }
        self.emitter.float(number);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.style == Style::Json {
            let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
            self.emitter.string(encoded.as_bytes());
            return;
        }
        self.emitter.begin_seq(bytes.len());
        for &byte in bytes {
            self.emitter.int(byte.into());
        }
        self.emitter.end();
    }

    fn map(&mut self, map: &Map, depth: u32) -> Result<(), Failure> {
        let entries = map.entries();
        let mut sorted: Vec<(std::borrow::Cow<'_, str>, &Str, &Value)> =
            entries.iter().map(|(key, value)| (key.to_text(), key, value)).collect();
        // The entries come in byte order, which mostly is the wanted one already.
        let compare = if self.style == Style::Pretty { compare_keys_pretty } else { compare_keys };
        sorted.sort_by(|(a, ..), (b, ..)| compare(a, b));
        self.emitter.begin_map(sorted.len());
        for (_, key, value) in sorted {
            self.emitter.key(key);
            self.value(value, depth + 1)?;
        }
        self.emitter.end();
        Ok(())
    }

    fn structure(&mut self, data: &pilothouse_gotemplate::Struct, depth: u32) -> Result<(), Failure> {
        let pretty = self.style == Style::Pretty;
        let mut fields: Vec<(String, &Value)> = data
            .fields
            .iter()
            .filter(|field| !field.json.is_empty() && (pretty || !field.omit_empty || field.value.truth()))
            .map(|field| {
                (if pretty { field.name.to_lowercase() } else { field.json.to_owned() }, &field.value)
            })
            .collect();
        if !pretty {
            fields.sort_by(|(a, _), (b, _)| compare_keys(a, b));
        }
        self.emitter.begin_map(fields.len());
        for (name, value) in fields {
            self.emitter.key(name.as_bytes());
            self.value(value, depth + 1)?;
        }
        self.emitter.end();
        Ok(())
    }
}

/// Builds template values: numbers are floats, as everything that goes through JSON.
struct Builder;

impl Build for Builder {
    type Value = Value;
    type Map = BTreeMap<Str, Value>;

    fn null(&mut self) -> Value {
        Value::Nil
    }
    fn bool(&mut self, value: bool) -> Value {
        Value::Bool(value)
    }
    #[expect(clippy::cast_precision_loss, reason = "as Go's JSON does")]
    fn int(&mut self, value: i64) -> Value {
        Value::Float(value as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "as Go's JSON does")]
    fn uint(&mut self, value: u64) -> Value {
        Value::Float(value as f64)
    }
    fn float(&mut self, value: f64) -> Value {
        Value::Float(value)
    }
    fn string(&mut self, value: &str) -> Value {
        Value::Str(value.as_bytes().into())
    }
    fn seq(&mut self, items: Vec<Value>) -> Value {
        Value::list(items)
    }
    fn map(&mut self, _: usize) -> Self::Map {
        BTreeMap::new()
    }
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Value) {
        map.insert(key.as_bytes().into(), value);
    }
    fn finish(&mut self, map: Self::Map) -> Value {
        Map::with_kind(MapKind::Any, map).into()
    }
}

fn read(source: &[u8]) -> Result<Value, String> {
    parse_first(source, &mut Builder, &Limits::default())
        .map_err(|error| format!("error converting YAML to JSON: {error}"))
}

fn mismatch(value: &Value, wanted: &str) -> String {
    let kind = match value {
        Value::Str(_) => "string",
        Value::Float(_) => "number",
        Value::Bool(_) => "bool",
        Value::List(_) => "array",
        _ => "object",
    };
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type {wanted}"
    )
}

fn from_yaml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    charge_source(context, text(&args[0]))?;
    let error = match read(text(&args[0])) {
        Ok(Value::Map(map)) => return Ok(map.into()),
        Ok(Value::Nil) => return Ok(Map::new().into()),
        Ok(other) => mismatch(&other, "map[string]interface {}"),
        Err(error) => error,
    };
    Ok(Value::map([("Error".into(), error.into())]))
}

fn from_yaml_array(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    charge_source(context, text(&args[0]))?;
    let error = match read(text(&args[0])) {
        Ok(Value::List(list)) => return Ok(list.into()),
        // Go's decoder leaves the list it was given alone.
        Ok(Value::Nil) => return Ok(List::new(Vec::new()).into()),
        Ok(other) => mismatch(&other, "[]interface {}"),
        Err(error) => error,
    };
    Ok(Value::list(vec![error.into()]))
}
