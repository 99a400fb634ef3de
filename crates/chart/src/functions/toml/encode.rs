//! Writing.

use pilothouse_gotemplate::{Basic, CallError, Limit, MAX_VALUE_DEPTH, Object, Str, Struct, Value, format};

use super::{key_text, quoted};
use crate::functions::dates;

/// Why there is no document.
pub(super) enum Failure {
    /// Go's error.
    Message(String),
    /// Go's panic, or an exceeded bound.
    Panic(CallError),
}

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self::Panic(limit.into())
    }
}

type Written = Result<(), Failure>;

/// Bytes of one document: a value that shares its parts can be far larger than its memory.
const MAX_BYTES: usize = 64 << 20;

/// TOML's notion of a value's type, as far as it decides the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nothing,
    Single,
    Table,
    TableArray,
}

pub(super) fn encode(value: &Value) -> Result<Vec<u8>, Failure> {
    if value.is_nil() {
        return Err(Failure::Panic("reflect: call of reflect.Value.Type on zero Value".into()));
    }
    let mut writer = Writer { out: Vec::new() };
    writer.entry(&mut Vec::new(), value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
}

/// How a value of a named type is written, if not as what it consists of.
fn object_text(object: &dyn Object) -> Option<Vec<u8>> {
    match object.type_name().as_ref() {
        "time.Time" => dates::toml_text(object).map(String::into_bytes),
        "time.Duration" | "*semver.Version" => object.text().map(|text| quoted(text.as_bytes())),
        _ => None,
    }
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::List(list) => list.is_nil(),
        value => value.is_nil(),
    }
}

fn shape(value: &Value, depth: u32) -> Result<Shape, Failure> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Limit::ValueDepth(MAX_VALUE_DEPTH).into());
    }
    Ok(match value {
        value if is_nil(value) => Shape::Nothing,
        Value::Map(_) | Value::Struct(_) => Shape::Table,
        Value::List(list) => {
            let mut all_tables = !list.items().is_empty();
            for item in list.items() {
                match shape(item, depth + 1)? {
                    Shape::Nothing => {
                        return Err(Failure::Message("toml: cannot encode array with nil element".into()));
                    }
                    shape => all_tables &= shape == Shape::Table,
                }
            }
            if all_tables { Shape::TableArray } else { Shape::Single }
        }
        Value::Object(object) if object_text(object.as_ref()).is_none() => {
            shape(&object.underlying(), depth + 1)?
        }
        Value::Complex(_) | Value::Func(_) => {
            return Err(Failure::Message(format!("unsupported type: {}", value.kind().name())));
        }
        _ => Shape::Single,
    })
}

impl Writer {
    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn check(&self, depth: usize) -> Written {
        if depth > MAX_VALUE_DEPTH as usize {
            return Err(Limit::ValueDepth(MAX_VALUE_DEPTH).into());
        }
        if self.out.len() > MAX_BYTES {
            return Err(Limit::StringLength(MAX_BYTES as u64).into());
        }
        Ok(())
    }

    fn indent(&mut self, key: &[Str]) {
        let width = 2 * key.len().saturating_sub(1);
        self.out.resize(self.out.len() + width, b' ');
    }

    fn header(&mut self, key: &[Str], brackets: (&[u8], &[u8])) {
        self.indent(key);
        self.out.extend_from_slice(brackets.0);
        let parts: Vec<Vec<u8>> = key.iter().map(|part| key_text(part)).collect();
        self.out.extend(parts.join(&b'.'));
        self.out.extend_from_slice(brackets.1);
        self.new_line();
    }

    /// A key with its value, in whatever form the value needs.
    fn entry(&mut self, key: &mut Vec<Str>, value: &Value) -> Written {
        self.check(key.len())?;
        match value {
            Value::Map(_) | Value::Struct(_) => {
                if key.len() == 1 {
                    self.new_line();
                }
                if !key.is_empty() {
                    self.header(key, (b"[", b"]"));
                }
                self.table(key, value)
            }
            Value::List(list) if shape(value, 0)? == Shape::TableArray => {
                if key.is_empty() {
                    return Err(Failure::Message("toml: top-level values must be Go maps or structs".into()));
                }
                for item in list.items() {
                    self.new_line();
                    self.header(key, (b"[[", b"]]"));
                    self.table(key, item)?;
                }
                Ok(())
            }
            Value::Object(object) if object_text(object.as_ref()).is_none() => {
                self.entry(key, &object.underlying())
            }
            Value::Complex(_) | Value::Func(_) => {
                let name: Vec<Vec<u8>> = key.iter().map(|part| key_text(part)).collect();
                let name = String::from_utf8_lossy(&name.join(&b'.')).into_owned();
                Err(Failure::Message(format!("unsupported type for key '{name}': {}", value.kind().name())))
            }
            value => self.key_value(key, value, false),
        }
    }

    fn key_value(&mut self, key: &[Str], value: &Value, inline: bool) -> Written {
        let Some(last) = key.last() else { return self.element(value, 0) };
        self.indent(key);
        self.out.extend(key_text(last));
        self.out.extend_from_slice(b" = ");
        self.element(value, key.len())?;
        if !inline {
            self.new_line();
        }
        Ok(())
    }

    /// The entries of a table: plain ones first, then tables.
    fn table(&mut self, key: &mut Vec<Str>, value: &Value) -> Written {
        let (plain, tables) = split(value)?;
        for (name, value) in plain.into_iter().chain(tables) {
            if !is_nil(&value) {
                key.push(name);
                self.entry(key, &value)?;
                key.pop();
            }
        }
        Ok(())
    }

    fn inline_table(&mut self, value: &Value, depth: usize) -> Written {
        let (plain, tables) = split(value)?;
        let (plain_count, has_tables) = (plain.len(), !tables.is_empty());
        let table_count = tables.len();
        self.out.push(b'{');
        for (index, (name, value)) in plain.into_iter().enumerate() {
            self.inline_entry(name, &value, has_tables || index + 1 != plain_count, depth)?;
        }
        for (index, (name, value)) in tables.into_iter().enumerate() {
            self.inline_entry(name, &value, index + 1 != table_count, depth)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn inline_entry(&mut self, name: Str, value: &Value, comma: bool, depth: usize) -> Written {
        if is_nil(value) {
            return Ok(());
        }
        self.check(depth)?;
        self.out.extend(key_text(&name));
        self.out.extend_from_slice(b" = ");
        self.element(value, depth + 1)?;
        if comma {
            self.out.extend_from_slice(b", ");
        }
        Ok(())
    }

    /// A value on one line.
    fn element(&mut self, value: &Value, depth: usize) -> Written {
        self.check(depth)?;
        match value {
            Value::Str(text) => self.out.extend(quoted(text)),
            Value::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.iter().map(ToString::to_string).collect();
                self.out.extend_from_slice(format!("[{}]", numbers.join(", ")).as_bytes());
            }
            Value::List(list) => {
                self.out.push(b'[');
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.out.extend_from_slice(b", ");
                    }
                    self.element(item, depth + 1)?;
                }
                self.out.push(b']');
            }
            Value::Map(_) | Value::Struct(_) => self.inline_table(value, depth)?,
            Value::Object(object) => match object_text(object.as_ref()) {
                Some(text) => self.out.extend(text),
                None => self.element(&object.underlying(), depth + 1)?,
            },
            value => match value.basic() {
                Some(Basic::Bool(flag)) => self.out.extend_from_slice(if flag { b"true" } else { b"false" }),
                Some(Basic::Int(number)) => self.out.extend_from_slice(number.to_string().as_bytes()),
                Some(Basic::Uint(number)) => self.out.extend_from_slice(number.to_string().as_bytes()),
                Some(Basic::Float(number)) => self.out.extend_from_slice(float_text(number).as_bytes()),
                _ => return Err(Failure::Message(format!("unexpected type: {}", value.type_name()))),
            },
        }
        Ok(())
    }
}

type Entries = Vec<(Str, Value)>;

/// The entries that are written as `key = value`, and those that are tables.
fn split(value: &Value) -> Result<(Entries, Entries), Failure> {
    let entries = match value {
        Value::Map(map) => map.snapshot(),
        Value::Struct(data) => struct_entries(data),
        Value::Object(object) => return split(&object.underlying()),
        _ => Vec::new(),
    };
    let (mut plain, mut tables) = (Vec::new(), Vec::new());
    for (name, value) in entries {
        match shape(&value, 0)? {
            Shape::Table | Shape::TableArray => tables.push((name, value)),
            Shape::Nothing | Shape::Single => plain.push((name, value)),
        }
    }
    Ok((plain, tables))
}

/// The exported fields under Go's names.
fn struct_entries(data: &Struct) -> Entries {
    let exported =
        data.fields.iter().filter(|field| field.name.starts_with(|c: char| c.is_ascii_uppercase()));
    exported.map(|field| (Str::from(field.name), field.value.clone())).collect()
}

fn float_text(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.into();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.into();
    }
    let mut text = format::format_float(number, b'g', -1, 64);
    if !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}
