//! Reading, with the errors of the Go package.

use std::collections::{BTreeMap, HashMap, HashSet};

use pilothouse_gotemplate::unicode::{decode as decode_rune, is_letter};
use pilothouse_gotemplate::{List, ListKind, Map, MapKind, Str, Value, number, quote};

use super::key_text;
use crate::functions::dates;

/// Nesting of arrays and inline tables.
const MAX_DEPTH: usize = 200;
/// Parts of a dotted key.
const MAX_KEY_PARTS: usize = 200;

type Table = BTreeMap<Str, Node>;

enum Node {
    Table(Table),
    Tables(Vec<Table>),
    Value(Value),
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Table(table) => table_value(table),
            Self::Tables(tables) => {
                List::with_kind(ListKind::Maps, tables.into_iter().map(table_value).collect()).into()
            }
        }
    }
}

fn table_value(table: Table) -> Value {
    Map::with_kind(MapKind::Any, table.into_iter().map(|(key, node)| (key, node.into_value())).collect())
        .into()
}

type Key = Vec<Str>;

/// A dotted key as text.
fn joined(key: &[Str]) -> Vec<u8> {
    key.iter().map(|part| key_text(part)).collect::<Vec<_>>().join(&b'.')
}

fn shown(key: &[Str]) -> String {
    String::from_utf8_lossy(&joined(key)).into_owned()
}

struct Failure {
    line: i64,
    message: String,
}

type Read<T> = Result<T, Failure>;

/// Reads a document into a `map[string]interface {}`.
pub(super) fn decode(source: &[u8]) -> Result<Value, String> {
    let mut source = source;
    for mark in [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"] {
        if let Some(rest) = source.strip_prefix(mark) {
            source = rest;
            break;
        }
    }
    if source.iter().take(6).any(|&byte| byte == 0) {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"
                .into(),
        );
    }
    let mut reader = Reader {
        source,
        at: 0,
        line: 1,
        at_end: false,
        item_line: 1,
        context: Key::new(),
        current: Str::default(),
        root: Table::new(),
        implicit: HashSet::new(),
        arrays: HashMap::new(),
        depth: 0,
    };
    match reader.document() {
        Ok(()) => Ok(table_value(reader.root)),
        Err(failure) => {
            let mut last = shown(&reader.context);
            if !reader.current.is_empty() {
                if !last.is_empty() {
                    last.push('.');
                }
                last.push_str(&reader.current.to_text());
            }
            let Failure { line, message } = failure;
            if last.is_empty() {
                return Err(format!("toml: line {line}: {message}"));
            }
            let last = String::from_utf8_lossy(&quote::quote(last.as_bytes())).into_owned();
            Err(format!("toml: line {line} (last key {last}): {message}"))
        }
    }
}

struct Reader<'s> {
    source: &'s [u8],
    at: usize,
    line: i64,
    at_end: bool,
    /// Line of the item last taken for a position (Go's `p.pos`).
    item_line: i64,
    /// The table in scope, and the key being read.
    context: Key,
    current: Str,
    root: Table,
    implicit: HashSet<Vec<u8>>,
    /// Whether a key holds an array, for keys with a type.
    arrays: HashMap<Vec<u8>, bool>,
    depth: usize,
}

fn is_space(rune: char) -> bool {
    matches!(rune, '\t' | ' ')
}

fn is_newline(rune: char) -> bool {
    matches!(rune, '\n' | '\r')
}

/// The end of the text, as in the Go package.
const END: char = '\0';

/// Go's `%q` of a rune.
fn quoted_rune(rune: char) -> String {
    if rune == '\'' {
        return "'\\''".into();
    }
    if rune == '"' {
        return "'\"'".into();
    }
    let quoted = quote::quote(rune.to_string().as_bytes());
    let quoted = String::from_utf8_lossy(&quoted);
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

impl Reader<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        let after_newline = self.at_end && self.at > 0 && self.source[self.at - 1] == b'\n';
        Err(Failure { line: self.line - i64::from(after_newline), message: message.into() })
    }

    fn fail_at<T>(line: i64, message: impl Into<String>) -> Read<T> {
        Err(Failure { line, message: message.into() })
    }

    fn next(&mut self) -> Read<char> {
        let Some((rune, width)) = decode_rune(&self.source[self.at..]) else {
            self.at_end = true;
            return Ok(END);
        };
        if rune == '\n' {
            self.line += 1;
        }
        if rune == char::REPLACEMENT_CHARACTER && width == 1 {
            return Self::fail_at(self.line, format!("invalid UTF-8 byte: 0x{:02x}", self.source[self.at]));
        }
        let lone_return = rune == '\r' && self.source.get(self.at + 1) != Some(&b'\n');
        if lone_return || ((rune < ' ' || rune == '\x7f') && !matches!(rune, '\t' | '\r' | '\n')) {
            let message = format!("TOML files cannot contain control characters: '0x{:02x}'", rune as u32);
            return Self::fail_at(self.line, message);
        }
        self.at += width;
        Ok(rune)
    }

    fn back_up(&mut self) {
        if std::mem::take(&mut self.at_end) {
            return;
        }
        let before = &self.source[..self.at];
        let width = before.iter().rev().take_while(|&&byte| byte & 0xc0 == 0x80).count() + 1;
        self.at -= width;
        if self.source[self.at] == b'\n' {
            self.line -= 1;
        }
    }

    fn peek(&mut self) -> Read<char> {
        let rune = self.next()?;
        self.back_up();
        Ok(rune)
    }

    fn accept(&mut self, wanted: char) -> Read<bool> {
        if self.next()? == wanted {
            return Ok(true);
        }
        self.back_up();
        Ok(false)
    }

    fn skip_spaces(&mut self) -> Read<()> {
        while is_space(self.next()?) {}
        self.back_up();
        Ok(())
    }

    fn skip_comment(&mut self) -> Read<()> {
        loop {
            let rune = self.next()?;
            if rune == END || is_newline(rune) {
                self.back_up();
                return Ok(());
            }
        }
    }

    fn document(&mut self) -> Read<()> {
        loop {
            match self.next()? {
                rune if is_space(rune) || is_newline(rune) => {}
                '#' => self.skip_comment()?,
                '[' => self.header()?,
                END => return Ok(()),
                _ => {
                    self.back_up();
                    self.top_entry()?;
                    self.end_of_item()?;
                }
            }
        }
    }

    /// After a header or an entry nothing may follow on the line.
    fn end_of_item(&mut self) -> Read<()> {
        loop {
            match self.next()? {
                '#' => return self.skip_comment(),
                rune if is_space(rune) => {}
                rune if is_newline(rune) => return Ok(()),
                END => {
                    self.back_up();
                    return Ok(());
                }
                rune => {
                    return self.fail(format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                        quoted_rune(rune)
                    ));
                }
            }
        }
    }

    fn header(&mut self) -> Read<()> {
        let is_array = self.peek()? == '[';
        if is_array {
            self.next()?;
        }
        let mut key = Key::new();
        loop {
            self.skip_spaces()?;
            match self.peek()? {
                ']' | END => return self.fail("unexpected end of table name (table names cannot be empty)"),
                '.' => return self.fail("unexpected table separator (table names cannot be empty)"),
                _ => {}
            }
            let part = self.key_part()?;
            if key.is_empty() {
                self.item_line = self.line;
            }
            key.push(part);
            if key.len() > MAX_KEY_PARTS {
                return self.fail("key has too many parts");
            }
            self.skip_spaces()?;
            match self.next()? {
                '.' => {}
                ']' => break,
                rune => {
                    return self.fail(format!(
                        "expected '.' or ']' to end table name, but got {} instead",
                        quoted_rune(rune)
                    ));
                }
            }
        }
        if is_array {
            let rune = self.next()?;
            if rune != ']' {
                let got = quoted_rune(rune);
                return self
                    .fail(format!("expected end of table array name delimiter ']', but got {got} instead"));
            }
        }
        self.add_context(&key, is_array)?;
        self.arrays.insert(joined(&self.context), false);
        self.end_of_item()
    }

    /// A bare or quoted part of a key.
    fn key_part(&mut self) -> Read<Str> {
        match self.next()? {
            '"' => self.basic_string(),
            '\'' => self.raw_string(),
            _ => {
                self.back_up();
                let start = self.at;
                loop {
                    let rune = self.next()?;
                    if !(rune.is_ascii_alphanumeric() || matches!(rune, '_' | '-')) {
                        self.back_up();
                        return Ok(self.source[start..self.at].into());
                    }
                }
            }
        }
    }

    /// `key.key =`.
    fn dotted_key(&mut self) -> Read<Key> {
        self.skip_spaces()?;
        match self.peek()? {
            '=' | END => return self.fail("unexpected '=': key name appears blank"),
            '.' => return self.fail("unexpected '.': keys cannot start with a '.'"),
            _ => {}
        }
        let mut key = Key::new();
        loop {
            self.skip_spaces()?;
            match self.peek()? {
                '=' | END => return self.fail("unexpected '='"),
                '.' => return self.fail("unexpected '.'"),
                _ => {}
            }
            let part = self.key_part()?;
            if key.is_empty() {
                self.item_line = self.line;
            }
            key.push(part);
            if key.len() > MAX_KEY_PARTS {
                return self.fail("key has too many parts");
            }
            self.skip_spaces()?;
            match self.next()? {
                '.' => {}
                '=' => return Ok(key),
                END => return self.fail("unexpected EOF; expected key separator '='"),
                '\n' => return Self::fail_at(self.line - 1, "expected '.' or '=', but got '\\n' instead"),
                rune => {
                    return self.fail(format!("expected '.' or '=', but got {} instead", quoted_rune(rune)));
                }
            }
        }
    }

    fn top_entry(&mut self) -> Read<()> {
        let outer = self.context.clone();
        let key = self.dotted_key()?;
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        self.current = last.clone();
        self.enter_parents(parents)?;
        let value = self.value(false)?;
        self.set_value(&last.clone(), Node::Value(value.0))?;
        self.set_type(value.1);
        self.context = outer;
        self.current = Str::default();
        Ok(())
    }

    fn enter_parents(&mut self, parents: &[Str]) -> Read<()> {
        for parent in parents {
            let mut path = self.context.clone();
            path.push(parent.clone());
            self.implicit.insert(joined(&path));
            self.add_context(&path, false)?;
        }
        Ok(())
    }

    fn set_type(&mut self, is_array: bool) {
        let mut path = self.context.clone();
        if !self.current.is_empty() {
            path.push(self.current.clone());
        }
        self.arrays.insert(joined(&path), is_array);
    }

    /// Makes `key` the table in scope, creating what is missing.
    fn add_context(&mut self, key: &[Str], is_array: bool) -> Read<()> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let line = self.item_line;
        let mut table = &mut self.root;
        for (index, part) in parents.iter().enumerate() {
            if !table.contains_key(part) {
                self.implicit.insert(joined(&parents[..=index]));
            }
            let node = table.entry(part.clone()).or_insert_with(|| Node::Table(Table::new()));
            table = match node {
                Node::Table(inner) => inner,
                Node::Tables(tables) => match tables.last_mut() {
                    Some(inner) => inner,
                    None => return Ok(()),
                },
                Node::Value(_) => {
                    self.context = parents[..index].to_vec();
                    let name = shown(&parents[..=index]);
                    return Self::fail_at(line, format!("Key '{name}' was already created as a hash."));
                }
            };
        }
        if is_array {
            if let Node::Tables(tables) =
                table.entry(last.clone()).or_insert_with(|| Node::Tables(Vec::new()))
            {
                tables.push(Table::new());
            } else {
                self.context = parents.to_vec();
                let name = shown(key);
                let message = format!("Key '{name}' was already created and cannot be used as an array.");
                return Self::fail_at(line, message);
            }
            self.context = parents.to_vec();
        } else {
            self.context = parents.to_vec();
            self.set_value(last, Node::Table(Table::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key of the table in scope.
    fn set_value(&mut self, key: &Str, node: Node) -> Read<()> {
        let line = self.item_line;
        let defined = |path: &[Str]| format!("Key '{}' has already been defined.", shown(path));
        let mut path = self.context.clone();
        let mut table = &mut self.root;
        for (index, part) in self.context.iter().enumerate() {
            table = match table.get_mut(part) {
                Some(Node::Table(inner)) => inner,
                Some(Node::Tables(tables)) if !tables.is_empty() => {
                    let last = tables.len() - 1;
                    &mut tables[last]
                }
                _ => return Self::fail_at(line, defined(&self.context[..=index])),
            };
        }
        path.push(key.clone());
        let name = joined(&path);
        if table.contains_key(key) {
            let was_implicit = self.implicit.remove(&name);
            if !was_implicit {
                return Self::fail_at(line, defined(&path));
            }
            if !self.arrays.get(&name).copied().unwrap_or(false) {
                return Ok(());
            }
        }
        table.insert(key.clone(), node);
        Ok(())
    }

    /// A value, and whether it is an array.
    fn value(&mut self, in_array: bool) -> Read<(Value, bool)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("values are nested more than {MAX_DEPTH} deep"));
        }
        self.skip_spaces()?;
        let start = self.at;
        let rune = self.next()?;
        let value = match rune {
            '0'..='9' => {
                self.back_up();
                self.number_or_date()?
            }
            '[' => return self.array().inspect(|_| self.depth -= 1),
            '{' => self.inline_table(in_array)?,
            '"' => {
                if self.source[self.at..].starts_with(b"\"\"") {
                    self.at += 2;
                    Value::Str(self.multiline_string()?)
                } else {
                    Value::Str(self.basic_string()?)
                }
            }
            '\'' => {
                if self.source[self.at..].starts_with(b"''") {
                    self.at += 2;
                    Value::Str(self.multiline_raw_string()?)
                } else {
                    Value::Str(self.raw_string()?)
                }
            }
            '.' => return self.fail("floats must start with a digit, not '.'"),
            '-' | '+' => self.signed_number(start)?,
            END => return self.fail("unexpected EOF; expected value"),
            '\n' => return Self::fail_at(self.line - 1, "expected value but found '\\n' instead"),
            rune if is_letter(rune) => self.word(start)?,
            rune => return self.fail(format!("expected value but found {} instead", quoted_rune(rune))),
        };
        self.depth -= 1;
        Ok((value, false))
    }

    /// `true`, `false`, `inf`, `nan`.
    fn word(&mut self, start: usize) -> Read<Value> {
        self.at = start;
        for (word, value) in [(&b"inf"[..], f64::INFINITY), (b"nan", f64::NAN)] {
            if self.source[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(Value::Float(value));
            }
        }
        while is_letter(self.next()?) {}
        self.back_up();
        match &self.source[start..self.at] {
            b"true" => Ok(Value::Bool(true)),
            b"false" => Ok(Value::Bool(false)),
            other => {
                let word = String::from_utf8_lossy(&quote::quote(other)).into_owned();
                self.fail(format!("expected value but found {word} instead"))
            }
        }
    }

    fn array(&mut self) -> Read<(Value, bool)> {
        self.set_type(true);
        let mut items = Vec::new();
        loop {
            match self.next()? {
                rune if is_space(rune) || is_newline(rune) => continue,
                '#' => {
                    self.skip_comment()?;
                    continue;
                }
                ',' => return self.fail("unexpected comma"),
                ']' => return Ok((Value::list(items), true)),
                _ => self.back_up(),
            }
            items.push(self.value(true)?.0);
            loop {
                match self.next()? {
                    rune if is_space(rune) || is_newline(rune) => {}
                    '#' => self.skip_comment()?,
                    ',' => break,
                    ']' => return Ok((Value::list(items), true)),
                    rune => {
                        let got = rune_or_end(rune);
                        return self.fail(format!(
                            "expected a comma (',') or array terminator (']'), but got {got}"
                        ));
                    }
                }
            }
        }
    }

    fn inline_table(&mut self, in_array: bool) -> Read<Value> {
        let (outer, outer_key) = (self.context.clone(), self.current.clone());
        let mut path = outer.clone();
        path.push(self.current.clone());
        self.current = Str::default();
        self.context.clone_from(&path);
        self.implicit.insert(joined(&path));
        self.add_context(&path, in_array)?;
        let mut table = Table::new();
        self.inline_entries(&path, &mut table)?;
        self.context = outer;
        self.current = outer_key;
        Ok(table_value(table))
    }

    fn inline_entries(&mut self, path: &[Str], table: &mut Table) -> Read<()> {
        loop {
            match self.next()? {
                rune if is_space(rune) || is_newline(rune) => continue,
                '#' => {
                    self.skip_comment()?;
                    continue;
                }
                ',' => return self.fail("unexpected comma"),
                '}' => return Ok(()),
                _ => self.back_up(),
            }
            self.inline_entry(path, table)?;
            loop {
                match self.next()? {
                    rune if is_space(rune) || is_newline(rune) => {}
                    '#' => self.skip_comment()?,
                    ',' => break,
                    '}' => return Ok(()),
                    rune => {
                        let got = rune_or_end(rune);
                        return self.fail(format!(
                            "expected a comma or an inline table terminator '}}', but got {got} instead"
                        ));
                    }
                }
            }
        }
    }

    fn inline_entry(&mut self, path: &[Str], table: &mut Table) -> Read<()> {
        let key = self.dotted_key()?;
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        self.current = last.clone();
        self.enter_parents(parents)?;
        let (value, is_array) = self.value(false)?;
        self.set_value(last, Node::Value(value.clone()))?;
        self.set_type(is_array);
        let mut inner = table;
        for parent in parents {
            let node = inner.entry(parent.clone()).or_insert_with(|| Node::Table(Table::new()));
            let Node::Table(next) = node else {
                let name = String::from_utf8_lossy(&quote::quote(&joined(&self.context))).into_owned();
                return Self::fail_at(self.item_line, format!("{name} is not a table"));
            };
            inner = next;
        }
        inner.insert(last.clone(), Node::Value(value));
        self.context = path.to_vec();
        Ok(())
    }

    /// The rest of a basic string, its opening quote read.
    fn basic_string(&mut self) -> Read<Str> {
        let mut out = Vec::new();
        loop {
            match self.next()? {
                END => return self.fail("unexpected EOF; expected '\"'"),
                rune if is_newline(rune) => {
                    let line = self.line - 1;
                    return Self::fail_at(line, "strings cannot contain newlines");
                }
                '"' => return Ok(out.into()),
                '\\' => self.escape(&mut out)?,
                rune => out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn raw_string(&mut self) -> Read<Str> {
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail("unexpected EOF; expected \"'\""),
                rune if is_newline(rune) => {
                    let line = self.line - 1;
                    return Self::fail_at(line, "strings cannot contain newlines");
                }
                '\'' => return Ok(self.source[start..self.at - 1].into()),
                _ => {}
            }
        }
    }

    /// A line break right after the opening quotes is dropped.
    fn skip_first_newline(&mut self) {
        for newline in [&b"\n"[..], b"\r\n"] {
            if self.source[self.at..].starts_with(newline) {
                self.at += newline.len();
                self.line += 1;
                return;
            }
        }
    }

    fn multiline_string(&mut self) -> Read<Str> {
        self.skip_first_newline();
        let mut out = Vec::new();
        loop {
            match self.next()? {
                END => return self.fail("unexpected EOF; expected '\"\"\"'"),
                '"' => {
                    let quotes = 1 + self.source[self.at..].iter().take_while(|&&byte| byte == b'"').count();
                    self.at += quotes - 1;
                    // Up to two quotes may stand before the closing three.
                    if quotes > 5 {
                        return self.fail("unexpected '\"\"\"\"\"\"'");
                    }
                    let own = if quotes >= 3 { quotes - 3 } else { quotes };
                    out.resize(out.len() + own, b'"');
                    if quotes >= 3 {
                        return Ok(out.into());
                    }
                }
                '\\' => {
                    if !self.skip_line_end()? {
                        self.escape(&mut out)?;
                    }
                }
                rune => out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    /// Behind a backslash: white space with a line break is dropped, and all white space that follows.
    fn skip_line_end(&mut self) -> Read<bool> {
        let rest = &self.source[self.at..];
        let length = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if !rest[..length].contains(&b'\n') {
            return Ok(false);
        }
        let end = self.at + length;
        while self.at < end {
            self.next()?;
        }
        Ok(true)
    }

    fn multiline_raw_string(&mut self) -> Read<Str> {
        self.skip_first_newline();
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail("unexpected EOF; expected \"'''\""),
                '\'' => {
                    let quotes = 1 + self.source[self.at..].iter().take_while(|&&byte| byte == b'\'').count();
                    self.at += quotes - 1;
                    if quotes > 5 {
                        return self.fail("unexpected \"''''''\"");
                    }
                    if quotes >= 3 {
                        return Ok(self.source[start..self.at - 3].into());
                    }
                }
                _ => {}
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Read<()> {
        let rune = self.next()?;
        let byte = match rune {
            'b' => 8,
            't' => b'\t',
            'n' => b'\n',
            'f' => 12,
            'r' => b'\r',
            'e' => 0x1b,
            '"' => b'"',
            '\\' => b'\\',
            ' ' | '\t' => return self.fail(format!("invalid escape: '\\{rune}'")),
            'x' => return self.unicode_escape(out, 2, "two", 'x'),
            'u' => return self.unicode_escape(out, 4, "four", 'u'),
            'U' => return self.unicode_escape(out, 8, "eight", 'U'),
            rune => return self.fail(format!("invalid escape in string '\\{rune}'")),
        };
        out.push(byte);
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut Vec<u8>, digits: usize, word: &str, letter: char) -> Read<()> {
        let start = self.at;
        let mut code = 0u32;
        for _ in 0..digits {
            let rune = self.next()?;
            let Some(digit) = rune.to_digit(16) else {
                let mut current = out.clone();
                current.extend_from_slice(&[b'\\', letter as u8]);
                current.extend_from_slice(&self.source[start..self.at]);
                let current = String::from_utf8_lossy(&quote::quote(&current)).into_owned();
                return self.fail(format!(
                    "expected {word} hexadecimal digits after '\\{letter}', but got {current} instead"
                ));
            };
            code = code.wrapping_mul(16) + digit;
        }
        let Some(rune) = char::from_u32(code) else {
            let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
            return self.fail(format!("Escaped character '\\u{text}' is not valid UTF-8."));
        };
        out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Read<()> {
        while belongs(self.next()?) {}
        self.back_up();
        Ok(())
    }

    fn number_or_date(&mut self) -> Read<Value> {
        let start = self.at;
        let first = self.next()?;
        let mut rune = self.next()?;
        if first == '0' {
            let base: Option<(fn(char) -> bool, &str)> = match rune {
                'b' => Some((|rune| matches!(rune, '0' | '1' | '_'), "binary")),
                'o' => Some((|rune| matches!(rune, '0'..='7' | '_'), "octal")),
                'x' => Some((|rune| rune.is_ascii_hexdigit() || rune == '_', "hexadecimal")),
                _ => None,
            };
            if let Some((belongs, name)) = base {
                let next = self.peek()?;
                if next == '_' || !belongs(next) {
                    let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
                    let article = if name == "octal" { "an" } else { "a" };
                    return self.fail(format!("not {article} {name} number: '{text}{next}'"));
                }
                self.take_while(belongs)?;
                return self.integer(start);
            }
        }
        while rune.is_ascii_digit() {
            rune = self.next()?;
        }
        match rune {
            '-' | ':' => self.date(start),
            '_' => self.decimal(start),
            '.' | 'e' | 'E' => self.float(start),
            _ => {
                self.back_up();
                self.integer(start)
            }
        }
    }

    fn decimal(&mut self, start: usize) -> Read<Value> {
        self.take_while(|rune| rune.is_ascii_digit() || rune == '_')?;
        match self.next()? {
            '.' | 'e' | 'E' => self.float(start),
            _ => {
                self.back_up();
                self.integer(start)
            }
        }
    }

    fn signed_number(&mut self, start: usize) -> Read<Value> {
        let negative = self.source[start] == b'-';
        match self.next()? {
            'i' | 'n' => {
                self.back_up();
                for (word, value) in [(&b"inf"[..], f64::INFINITY), (b"nan", f64::NAN)] {
                    if self.source[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(Value::Float(if negative { -value } else { value }));
                    }
                }
                self.next()?;
                if self.accept('n')? || self.accept('a')? {
                    self.accept('f')?;
                }
                let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
                self.fail(format!("invalid float: '{text}'"))
            }
            '0' if matches!(self.peek()?, 'b' | 'o' | 'x') => {
                let base = self.peek()?;
                let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
                self.fail(format!("cannot use sign with non-decimal numbers: '{text}{base}'"))
            }
            '.' => self.fail("floats must start with a digit, not '.'"),
            '0'..='9' => self.decimal(start),
            rune => self.fail(format!("expected a digit but got {}", quoted_rune(rune))),
        }
    }

    fn integer(&self, start: usize) -> Read<Value> {
        let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
        let quoted = format!("\"{text}\"");
        if !underscores_ok(&text) {
            return self.fail(format!("Invalid integer {quoted}: underscores must be surrounded by digits"));
        }
        if has_leading_zero(&text) {
            return self.fail(format!("Invalid integer {quoted}: cannot have leading zeroes"));
        }
        match number::parse_int(&text) {
            Some(number) => Ok(Value::Int64(number)),
            None => self.fail(format!("{text} is out of range for int64")),
        }
    }

    fn float(&mut self, start: usize) -> Read<Value> {
        self.take_while(|rune| rune.is_ascii_digit() || matches!(rune, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        let text = String::from_utf8_lossy(&self.source[start..self.at]).into_owned();
        let parts: Vec<&str> = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty()).collect();
        if !parts.iter().all(|part| underscores_ok(part)) {
            return self.fail(format!("Invalid float \"{text}\": underscores must be surrounded by digits"));
        }
        if parts.first().is_some_and(|part| has_leading_zero(part)) {
            return self.fail(format!("Invalid float \"{text}\": cannot have leading zeroes"));
        }
        let periods_ok = text.split('.').skip(1).all(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        if !periods_ok {
            return self
                .fail(format!("Invalid float \"{text}\": '.' must be followed by one or more digits"));
        }
        match number::parse_float(&text.replace('_', "")) {
            Ok(number) => Ok(Value::Float(number)),
            Err(true) => self.fail(format!("{text} is out of range for float64")),
            Err(false) => self.fail(format!("Invalid float value: \"{text}\"")),
        }
    }

    fn date(&mut self, start: usize) -> Read<Value> {
        self.take_while(|rune| {
            rune.is_ascii_digit() || matches!(rune, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
        })?;
        let text = self.source[start..self.at].trim_ascii();
        let text: Vec<u8> = text
            .iter()
            .map(|byte| match byte {
                b'z' => b'Z',
                b't' | b' ' => b'T',
                &byte => byte,
            })
            .collect();
        if let Some(time) = dates::toml_time(&text) {
            Ok(time)
        } else {
            let text = String::from_utf8_lossy(&quote::quote(&text)).into_owned();
            self.fail(format!("invalid datetime: {text}"))
        }
    }
}

fn rune_or_end(rune: char) -> String {
    if rune == END { "end of file".into() } else { format!("'{rune}'") }
}

fn has_leading_zero(text: &str) -> bool {
    match text.as_bytes() {
        [b'0', second, ..] => !matches!(second, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

fn underscores_ok(text: &str) -> bool {
    let mut after_digit = false;
    for rune in text.chars() {
        if rune == '_' && !after_digit {
            return false;
        }
        after_digit = rune.is_ascii_hexdigit();
    }
    after_digit
}
