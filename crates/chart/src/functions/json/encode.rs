//! `json.Marshal`.

use pilothouse_gotemplate::unicode::decode;
use pilothouse_gotemplate::{Basic, CallError, Limit, MAX_VALUE_DEPTH, Value};

use super::{TextForm, text_form};

/// Which characters of strings are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// Those JSON requires, and `<`, `>`, `&`.
    Html,
    /// Those JSON requires.
    Needed,
}

/// Bytes of one document: a value that shares its parts can be far larger than its memory.
const MAX_BYTES: usize = 64 << 20;

struct Writer {
    out: Vec<u8>,
    escape: Escape,
    pretty: bool,
}

pub(super) fn encode(value: &Value, escape: Escape, pretty: bool) -> Result<Vec<u8>, CallError> {
    let mut writer = Writer { out: Vec::new(), escape, pretty };
    writer.value(value, 0)?;
    Ok(writer.out)
}

impl Writer {
    fn value(&mut self, value: &Value, depth: u32) -> Result<(), CallError> {
        if depth > MAX_VALUE_DEPTH {
            return Err(Limit::ValueDepth(MAX_VALUE_DEPTH).into());
        }
        if self.out.len() > MAX_BYTES {
            return Err(Limit::StringLength(MAX_BYTES as u64).into());
        }
        match value {
            Value::Nil | Value::Invalid => self.out.extend_from_slice(b"null"),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => {
                let text =
                    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes.as_bytes());
                self.string(text.as_bytes());
            }
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => {
                self.out.push(b'[');
                for (index, item) in list.items().iter().enumerate() {
                    self.separate(index, depth);
                    self.value(item, depth + 1)?;
                }
                self.close(list.items().len(), depth, b']');
            }
            Value::Map(map) if map.is_nil() => self.out.extend_from_slice(b"null"),
            Value::Map(map) => {
                self.out.push(b'{');
                let entries = map.entries();
                for (index, (key, item)) in entries.iter().enumerate() {
                    self.separate(index, depth);
                    self.key(key);
                    self.value(item, depth + 1)?;
                }
                self.close(entries.len(), depth, b'}');
            }
            Value::Struct(data) => {
                self.out.push(b'{');
                let mut count = 0;
                for field in &data.fields {
                    if field.json.is_empty() || (field.omit_empty && !field.value.truth()) {
                        continue;
                    }
                    self.separate(count, depth);
                    self.key(field.json.as_bytes());
                    self.value(&field.value, depth + 1)?;
                    count += 1;
                }
                self.close(count, depth, b'}');
            }
            Value::Object(object) => match text_form(object.as_ref()) {
                TextForm::Text(text) => self.string(text.as_bytes()),
                TextForm::Underlying(underlying) => self.value(&underlying, depth)?,
                TextForm::Error(message) => return Err(message.into()),
            },
            Value::Complex(_) | Value::Func(_) => {
                return Err(format!("json: unsupported type: {}", value.type_name()).into());
            }
            _ => match value.basic() {
                Some(Basic::Bool(flag)) => self.out.extend_from_slice(if flag { b"true" } else { b"false" }),
                Some(Basic::Int(number)) => self.out.extend_from_slice(number.to_string().as_bytes()),
                Some(Basic::Uint(number)) => self.out.extend_from_slice(number.to_string().as_bytes()),
                Some(Basic::Float(number)) => self.float(number)?,
                _ => {}
            },
        }
        Ok(())
    }

    fn line(&mut self, depth: u32) {
        if self.pretty {
            self.out.push(b'\n');
            for _ in 0..depth {
                self.out.extend_from_slice(b"  ");
            }
        }
    }

    fn separate(&mut self, index: usize, depth: u32) {
        if index > 0 {
            self.out.push(b',');
        }
        self.line(depth + 1);
    }

    fn close(&mut self, count: usize, depth: u32, bracket: u8) {
        if count > 0 {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn key(&mut self, key: &[u8]) {
        self.string(key);
        self.out.push(b':');
        if self.pretty {
            self.out.push(b' ');
        }
    }

    fn float(&mut self, number: f64) -> Result<(), CallError> {
        if !number.is_finite() {
            let printed = pilothouse_gotemplate::format::format_float(number, b'g', -1, 64);
            return Err(format!("json: unsupported value: {printed}").into());
        }
        self.out.extend_from_slice(pilothouse_goyaml::format_json(number).as_bytes());
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        while let Some((rune, width)) = decode(rest) {
            let html = self.escape == Escape::Html;
            match rune {
                '"' => self.out.extend_from_slice(b"\\\""),
                '\\' => self.out.extend_from_slice(b"\\\\"),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\x08' => self.out.extend_from_slice(b"\\b"),
                '\x0c' => self.out.extend_from_slice(b"\\f"),
                '\0'..' ' | '\u{2028}' | '\u{2029}' => self.unicode(rune),
                '<' | '>' | '&' if html => self.unicode(rune),
                char::REPLACEMENT_CHARACTER if width == 1 => self.out.extend_from_slice(b"\\ufffd"),
                _ => self.out.extend_from_slice(&rest[..width]),
            }
            rest = &rest[width..];
        }
        self.out.push(b'"');
    }

    fn unicode(&mut self, rune: char) {
        self.out.extend_from_slice(format!("\\u{:04x}", rune as u32).as_bytes());
    }
}
