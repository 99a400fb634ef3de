//! `--set` and its relatives, as Helm 4.2.3's `pkg/strvals` reads them.

use super::{Map, Value};

/// Largest list index (`MaxIndex`).
const MAX_INDEX: i64 = 65_536;
/// Deepest nesting of names (`MaxNestedNameLevel`).
const MAX_NESTING: usize = 30;

type ReadFile<'r> = &'r mut dyn FnMut(&str) -> Result<String, String>;

pub(super) fn typed(values: &mut Map, argument: &str) -> Result<(), String> {
    Parser::new(argument, Mode::Typed).parse(values)
}

pub(super) fn strings(values: &mut Map, argument: &str) -> Result<(), String> {
    Parser::new(argument, Mode::Strings).parse(values)
}

pub(super) fn json(values: &mut Map, argument: &str) -> Result<(), String> {
    Parser::new(argument, Mode::Json).parse(values)
}

pub(super) fn literal(values: &mut Map, argument: &str) -> Result<(), String> {
    Parser::new(argument, Mode::Literal).parse(values)
}

pub(super) fn files(values: &mut Map, argument: &str, read: ReadFile<'_>) -> Result<(), String> {
    Parser::new(argument, Mode::Files(read)).parse(values)
}

enum Mode<'r> {
    Typed,
    Strings,
    Json,
    Literal,
    Files(ReadFile<'r>),
}

enum Stop {
    /// The end of the argument, which ends parsing without an error.
    End,
    Error(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Error(message)
    }
}

type Step<T> = Result<T, Stop>;

fn fail<T>(message: impl Into<String>) -> Step<T> {
    Err(Stop::Error(message.into()))
}

struct Parser<'a, 'r> {
    rest: &'a str,
    mode: Mode<'r>,
}

impl<'a, 'r> Parser<'a, 'r> {
    fn new(argument: &'a str, mode: Mode<'r>) -> Self {
        Self { rest: argument, mode }
    }

    fn parse(&mut self, values: &mut Map) -> Result<(), String> {
        loop {
            match self.key(values, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Error(message)) => return Err(message),
            }
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self.mode, Mode::Literal)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Text up to one of `stops`, which is taken too; `None` at the end. A backslash takes the next
    /// character as it is, except in literal mode.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && !self.is_literal() {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => break,
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Step<()> {
        let stops: &[char] = if self.is_literal() { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, stop) = self.until(stops);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => fail(format!("key {key:?} has no value")),
            Some('[') => self.list_key(data, &key, level),
            Some('=') => self.assign(data, &key),
            Some('.') => self.nested_key(data, &key, level),
            Some(_) => {
                set(data, &key, Value::String(String::new()));
                fail(format!("key {key:?} has no value (cannot end with ,)"))
            }
        }
    }

    fn list_key(&mut self, data: &mut Map, key: &str, level: usize) -> Step<()> {
        let index = self.index()?;
        let mut list = match data.get_mut(key) {
            None => Vec::new(),
            Some(Value::Array(list)) => std::mem::take(list),
            Some(other) => return fail(conversion(other, "[]interface {}")),
        };
        let result = self.list_item(&mut list, index, level);
        set(data, key, Value::Array(list));
        result
    }

    fn nested_key(&mut self, data: &mut Map, key: &str, level: usize) -> Step<()> {
        let level = level + 1;
        if level > MAX_NESTING {
            return fail(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_NESTING}"
            ));
        }
        let mut inner = match data.get_mut(key) {
            None => Map::new(),
            Some(Value::Map(map)) => std::mem::take(map),
            Some(other) => return fail(conversion(other, "map[string]interface {}")),
        };
        let result = self.key(&mut inner, level);
        let is_empty = inner.is_empty();
        if !is_empty || data.contains_key(key) {
            set(data, key, Value::Map(inner));
        }
        if result.is_ok() && is_empty {
            return fail(format!("key map {key:?} has no value"));
        }
        result
    }

    fn index(&mut self) -> Step<i64> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            // Helm takes the wrapped end of input for the end of the argument.
            return Err(Stop::End);
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(index) if valid => Ok(index),
            _ => {
                let problem = if valid { "value out of range" } else { "invalid syntax" };
                fail(format!("error parsing index: strconv.Atoi: parsing {text:?}: {problem}"))
            }
        }
    }

    /// What stands after `=` of a key.
    fn assign(&mut self, data: &mut Map, key: &str) -> Step<()> {
        match self.value() {
            Ok(value) => {
                set(data, key, value);
                Ok(())
            }
            Err(Assign::Missing) => {
                set(data, key, Value::String(String::new()));
                Err(Stop::End)
            }
            Err(Assign::Failed(stop)) => Err(stop),
        }
    }

    fn list_item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Step<()> {
        if index < 0 {
            return fail(format!("negative {index} index not allowed"));
        }
        let (key, stop) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            let runes: Vec<String> = key.chars().map(quote_rune).collect();
            return fail(format!("unexpected data at end of array index: [{}]", runes.join(" ")));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => match self.value() {
                Ok(value) => set_index(list, index, value),
                Err(Assign::Missing) => set_index(list, index, Value::String(String::new())),
                Err(Assign::Failed(stop)) => Err(stop),
            },
            Some('[') => {
                let next = self.index()?;
                let mut nested = match at(list, index) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(items)) => std::mem::take(items),
                    Some(other) => return fail(conversion(other, "[]interface {}")),
                };
                let result = self.list_item(&mut nested, next, level);
                if result.is_err() && at(list, index).is_none() {
                    return result;
                }
                set_index(list, index, Value::Array(nested))?;
                result
            }
            Some(_) => {
                let mut inner = match at(list, index) {
                    Some(Value::Map(map)) => std::mem::take(map),
                    _ => Map::new(),
                };
                let result = self.key(&mut inner, level);
                if result.is_ok() || at(list, index).is_some() {
                    set_index(list, index, Value::Map(inner))?;
                }
                result
            }
        }
    }

    fn value(&mut self) -> Result<Value, Assign> {
        match self.mode {
            Mode::Json => return self.json_value().map_err(Assign::Failed),
            Mode::Literal => return Ok(Value::String(std::mem::take(&mut self.rest).to_owned())),
            _ => {}
        }
        if self.rest.is_empty() {
            return Err(Assign::Missing);
        }
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.list().map_err(Assign::Failed);
        }
        let (text, _) = self.until(&[',']);
        self.convert(text).map_err(|message| Assign::Failed(Stop::Error(message)))
    }

    fn list(&mut self) -> Step<Value> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return fail("list must terminate with '}'");
            }
            items.push(self.convert(text)?);
            if stop == Some('}') {
                self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                return Ok(Value::Array(items));
            }
        }
    }

    fn convert(&mut self, text: String) -> Result<Value, String> {
        match &mut self.mode {
            Mode::Files(read) => read(&text).map(Value::String),
            Mode::Typed => Ok(typed_value(text)),
            _ => Ok(Value::String(text)),
        }
    }

    /// One JSON value and the comma after it; nothing at all is null.
    fn json_value(&mut self) -> Step<Value> {
        if self.skip_blanks_and_comma() {
            return Ok(Value::Null);
        }
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        match stream.next() {
            Some(Ok(json)) => {
                self.rest = &self.rest[stream.byte_offset()..];
                self.skip_blanks_and_comma();
                Ok(Value::from_json(&json))
            }
            Some(Err(error)) => fail(error.to_string()),
            None => fail("EOF"),
        }
    }

    /// Skips blanks up to and including a comma; true if there was nothing else.
    fn skip_blanks_and_comma(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            return true;
        }
        self.rest.is_empty()
    }
}

enum Assign {
    /// Nothing follows the equals sign.
    Missing,
    Failed(Stop),
}

/// Go's `%q` of a rune.
fn quote_rune(c: char) -> String {
    if c == '\'' {
        return "'\\''".to_owned();
    }
    let quoted = pilothouse_gotemplate::quote::quote(c.to_string().as_bytes());
    let quoted = String::from_utf8_lossy(&quoted);
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    format!("'{}'", if c == '"' { "\"" } else { inner })
}

fn set(data: &mut Map, key: &str, value: Value) {
    if !key.is_empty() {
        data.insert(key.to_owned(), value);
    }
}

fn at(list: &mut [Value], index: i64) -> Option<&mut Value> {
    usize::try_from(index).ok().and_then(|index| list.get_mut(index))
}

fn set_index(list: &mut Vec<Value>, index: i64, value: Value) -> Step<()> {
    let position = match usize::try_from(index) {
        Err(_) => return fail(format!("negative {index} index not allowed")),
        Ok(_) if index > MAX_INDEX => {
            return fail(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
        }
        Ok(position) => position,
    };
    if list.len() <= position {
        list.resize(position + 1, Value::Null);
    }
    list[position] = value;
    Ok(())
}

/// Go's words for a value that is not of the type a key needs it to be.
fn conversion(value: &Value, wanted: &str) -> String {
    let actual = match value {
        Value::Null => {
            return format!("unable to parse key: interface conversion: interface {{}} is nil, not {wanted}");
        }
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    };
    format!("unable to parse key: interface conversion: interface {{}} is {actual}, not {wanted}")
}

fn typed_value(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::Int(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse()
    {
        return Value::Int(number);
    }
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{SetKind, Values, set};

    fn check(kind: SetKind, argument: &str, want: &serde_json::Value) {
        let mut values = Values::default();
        set(&mut values, argument, kind).unwrap();
        assert_eq!(values.to_json(), *want, "{argument}");
    }

    #[test]
    fn typed_arguments_are_read_as_helm_reads_them() {
        for (argument, want) in [
            ("a=1", json!({"a": 1})),
            ("a=01,b=0,c=1.5", json!({"a": "01", "b": 0, "c": "1.5"})),
            ("a=true,b=null,c=", json!({"a": true, "b": null, "c": ""})),
            ("a.b.c=x,a.b.d=y", json!({"a": {"b": {"c": "x", "d": "y"}}})),
            ("a={x,2,true},b=c", json!({"a": ["x", 2, true], "b": "c"})),
            ("a[1]=x", json!({"a": [null, "x"]})),
            ("a[0].b=1,a[0].c=2", json!({"a": [{"b": 1, "c": 2}]})),
            ("a[0][1]=z", json!({"a": [[null, "z"]]})),
            (r"a\.b=c\,d", json!({"a.b": "c,d"})),
        ] {
            check(SetKind::Typed, argument, &want);
        }
    }

    #[test]
    fn other_kinds_keep_strings_json_and_literals() {
        check(SetKind::String, "a=1,b=true", &json!({"a": "1", "b": "true"}));
        check(SetKind::Literal, "a=1,b={x}", &json!({"a": "1,b={x}"}));
        check(
            SetKind::Json,
            r#"a={"x":[1,2]},b=null, c="d""#,
            &json!({"a": {"x": [1, 2]}, "b": null, " c": "d"}),
        );
        check(SetKind::Json, r#"{"a":{"b":1}}"#, &json!({"a": {"b": 1}}));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_helms_words() {
        for (argument, want) in [
            ("a", "key \"a\" has no value"),
            ("a,", "key \"a\" has no value (cannot end with ,)"),
            ("a[-1]=x", "negative -1 index not allowed"),
            ("a[65537]=x", "index of 65537 is greater than maximum supported index of 65536"),
            ("a[x]=1", "error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("a={x", "list must terminate with '}'"),
            (
                "a=1,a.b=2",
                "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}",
            ),
        ] {
            let error = set(&mut Values::default(), argument, SetKind::Typed).unwrap_err();
            assert_eq!(error, format!("failed parsing --set data: {want}"), "{argument}");
        }
    }
}
