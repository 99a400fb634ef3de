//! `json.Unmarshal` into an `interface {}`, with Go's error texts.

use std::collections::BTreeMap;

use pilothouse_gotemplate::unicode::decode as decode_rune;
use pilothouse_gotemplate::{Map, MapKind, Str, Value, quote};

/// Nesting; Go itself stops at 10,000.
const MAX_DEPTH: usize = 400;

struct Reader<'s> {
    source: &'s [u8],
    at: usize,
    range_error: Option<String>,
}

/// Reads one JSON document: numbers are floats, the last of equal keys wins. A number that is out of range
/// becomes nil, and the error that goes with it is given beside the value.
pub(crate) fn decode(source: &[u8]) -> Result<(Value, Option<String>), String> {
    let mut reader = Reader { source, at: 0, range_error: None };
    let value = reader.value("looking for beginning of value", 0)?;
    match reader.peek() {
        None => Ok((value, reader.range_error)),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.source.get(self.at) {
            self.at += 1;
        }
        self.source.get(self.at).copied()
    }

    /// Go's message for the byte at the cursor, or for the end of the text.
    fn unexpected(&self, context: &str) -> String {
        match self.source.get(self.at) {
            None => "unexpected end of JSON input".into(),
            Some(&byte) => format!("invalid character {} {context}", describe(byte)),
        }
    }

    /// The same within a token: there Go takes the end of the text for a space.
    fn unexpected_within(&self, context: &str) -> String {
        let byte = self.source.get(self.at).copied().unwrap_or(b' ');
        format!("invalid character {} {context}", describe(byte))
    }

    fn value(&mut self, context: &str, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".into());
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true", Value::Bool(true)),
            Some(b'f') => self.literal(b"false", Value::Bool(false)),
            Some(b'n') => self.literal(b"null", Value::Nil),
            _ => Err(self.unexpected(context)),
        }
    }

    fn literal(&mut self, word: &[u8], value: Value) -> Result<Value, String> {
        for (index, &expected) in word.iter().enumerate() {
            if self.source.get(self.at) != Some(&expected) {
                let word = String::from_utf8_lossy(word);
                return Err(self.unexpected_within(&format!(
                    "in literal {word} (expecting {})",
                    describe(word.as_bytes()[index])
                )));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value("looking for beginning of value", depth + 1)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut entries = BTreeMap::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Map::with_kind(MapKind::Any, entries).into());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value("looking for beginning of value", depth + 1)?;
            entries.insert(key, value);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Map::with_kind(MapKind::Any, entries).into());
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.source.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.source[self.at] == b'-' {
            self.at += 1;
            if !self.source.get(self.at).is_some_and(u8::is_ascii_digit) {
                return Err(self.unexpected_within("in numeric literal"));
            }
        }
        if self.source[self.at] == b'0' {
            self.at += 1;
        } else {
            self.digits();
        }
        if self.source.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected_within("after decimal point in numeric literal"));
            }
        }
        if let Some(b'e' | b'E') = self.source.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.source.get(self.at) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected_within("in exponent of numeric literal"));
            }
        }
        let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => {
                let error = format!("json: cannot unmarshal number {text} into Go value of type float64");
                self.range_error.get_or_insert(error);
                Ok(Value::Nil)
            }
        }
    }

    /// A string at the cursor; escapes of single surrogates and invalid UTF-8 become U+FFFD.
    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let Some(&byte) = self.source.get(self.at) else { return Err(self.unexpected("")) };
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(out.into());
                }
                b'\\' => self.escape(&mut out)?,
                0..0x20 => return Err(self.unexpected("in string literal")),
                _ => {
                    let (rune, width) = decode_rune(&self.source[self.at..]).unwrap_or((' ', 1));
                    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
                    self.at += width;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        self.at += 1;
        let byte = match self.source.get(self.at) {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'u') => {
                self.at += 1;
                let mut rune = self.hex4()?;
                if (0xd800..0xdc00).contains(&rune) && self.source[self.at..].starts_with(b"\\u") {
                    let before = self.at;
                    self.at += 2;
                    let low = self.hex4()?;
                    if (0xdc00..0xe000).contains(&low) {
                        rune = 0x1_0000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        self.at = before;
                    }
                }
                let rune = char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.unexpected_within("in string escape code")),
        };
        out.push(byte);
        self.at += 1;
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.source.get(self.at).and_then(|&byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected_within("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// Go's `quoteChar`.
fn describe(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        _ => {
            let rune = char::from(byte).to_string();
            let quoted = String::from_utf8_lossy(&quote::quote(rune.as_bytes())).into_owned();
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
