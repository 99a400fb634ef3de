//! Writes YAML as goyaml.v2 does, or goyaml.v3.

mod scalar;

use crate::number::{format_general, format_json};
use crate::order::compare_keys;
use crate::source::has_forbidden;
use scalar::Style;

/// Why a value has no YAML form. Helm's `toYaml` prints nothing then; `mustToYaml` fails with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EmitError(pub String);

/// Columns after which goyaml.v2 folds at the next space.
const WIDTH: usize = 80;
const INDENT: isize = 2;
/// Bytes of a key written before its colon; longer ones get `? `.
const SIMPLE_KEY: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    /// `sigs.k8s.io/yaml` `Marshal`: JSON, then goyaml.v2.
    Sigs,
    /// goyaml.v3 with an indent of 2.
    Pretty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Item,
    Key,
    /// The value after a simple key; after a complex one if false.
    Value(bool),
}

#[derive(Debug)]
struct Frame {
    place: Place,
    /// The indentation around the collection, to return to.
    outer: isize,
    empty: Option<&'static str>,
}

/// Writes one document, node by node: call exactly one method for the root, and between
/// [`begin_seq`](Self::begin_seq)/[`begin_map`](Self::begin_map) and [`end`](Self::end) one for every item,
/// or [`key`](Self::key) and one for every value. The caller gives map entries in the order of
/// [`compare_keys`].
///
/// [`Emitter::new`] writes what `sigs.k8s.io/yaml` `Marshal` writes, including the rules of the JSON step
/// in between; [`Emitter::pretty`] what goyaml.v3 with an indent of 2 writes (`toYamlPretty`).
///
/// ```
/// let mut yaml = pilothouse_goyaml::Emitter::new();
/// yaml.begin_map(2);
/// yaml.key(b"a");
/// yaml.int(1);
/// yaml.key(b"b");
/// yaml.begin_seq(1);
/// yaml.string(b"yes");
/// yaml.end();
/// yaml.end();
/// assert_eq!(yaml.finish().unwrap(), "a: 1\nb:\n- \"yes\"\n");
/// ```
#[derive(Debug)]
pub struct Emitter {
    out: String,
    flavour: Flavour,
    width: usize,
    frames: Vec<Frame>,
    indent: isize,
    /// Characters since the last line break.
    column: usize,
    /// The last thing written was white space, or an indicator that needs none after it.
    whitespace: bool,
    /// Only indentation and indicators stand on the line so far.
    indention: bool,
    error: Option<EmitError>,
}

impl Default for Emitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Emitter {
    /// An emitter with the output of `toYaml`.
    pub fn new() -> Self {
        Self::with(Flavour::Sigs, WIDTH)
    }

    /// An emitter with the output of `toYamlPretty`.
    pub fn pretty() -> Self {
        Self::with(Flavour::Pretty, usize::MAX)
    }

    fn with(flavour: Flavour, width: usize) -> Self {
        Self {
            out: String::new(),
            flavour,
            width,
            frames: Vec::new(),
            indent: -1,
            column: 0,
            whitespace: true,
            indention: true,
            error: None,
        }
    }

    /// `null`.
    pub fn null(&mut self) {
        self.word("null");
    }

    /// A boolean.
    pub fn bool(&mut self, value: bool) {
        self.word(if value { "true" } else { "false" });
    }

    /// A signed integer.
    pub fn int(&mut self, value: i64) {
        self.word(&value.to_string());
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.word(&value.to_string());
    }

    /// A float, as Go would write it: through JSON (where `10000000` is an integer again), or with `%g`.
    pub fn float(&mut self, value: f64) {
        if self.flavour == Flavour::Pretty {
            self.word(&format_general(value));
            return;
        }
        if !value.is_finite() {
            let word = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            self.fail(&format!("error marshaling into JSON: json: unsupported value: {word}"));
            return;
        }
        let json = format_json(value);
        let digits = json.strip_prefix('-').unwrap_or(&json);
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole && digits == "0" {
            self.word("0");
        } else if whole && (json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok()) {
            self.word(&json);
        } else {
            self.word(&format_general(value));
        }
    }

    /// Text that is written as it is, such as a timestamp.
    pub fn plain(&mut self, value: &str) {
        self.word(value);
    }

    /// A string; `value` may be invalid UTF-8 as Go's strings may.
    pub fn string(&mut self, value: &[u8]) {
        self.start_node();
        self.text(value, false);
        self.end_node();
    }

    /// Starts a sequence of `len` items.
    pub fn begin_seq(&mut self, len: usize) {
        let in_mapping = matches!(self.frames.last(), Some(Frame { place: Place::Value(_), .. }));
        self.start_node();
        let outer = self.indent;
        if len > 0 {
            let indentless = self.flavour == Flavour::Sigs && in_mapping && !self.indention;
            self.increase_indent(false, indentless);
        }
        self.frames.push(Frame { place: Place::Item, outer, empty: (len == 0).then_some("[]") });
    }

    /// Starts a mapping of `len` entries.
    pub fn begin_map(&mut self, len: usize) {
        self.start_node();
        let outer = self.indent;
        if len > 0 {
            self.increase_indent(false, false);
        }
        self.frames.push(Frame { place: Place::Key, outer, empty: (len == 0).then_some("{}") });
    }

    /// The key of the next entry.
    pub fn key(&mut self, key: &[u8]) {
        self.write_indent();
        let simple = self.text(key, true);
        if let Some(frame) = self.frames.last_mut() {
            frame.place = Place::Value(simple);
        }
    }

    /// Ends the innermost collection.
    pub fn end(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        self.indent = frame.outer;
        if let Some(brackets) = frame.empty {
            self.separate();
            self.put(brackets);
            self.whitespace = false;
            self.indention = false;
        }
        self.end_node();
    }

    /// The text, with its final line break.
    ///
    /// # Errors
    /// A string held what Go's JSON-to-YAML step refuses (control characters, a key over 1,024 characters),
    /// or a float was infinite.
    pub fn finish(mut self) -> Result<String, EmitError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.write_indent();
        Ok(self.out)
    }

    fn fail(&mut self, message: &str) {
        self.error.get_or_insert_with(|| EmitError(message.to_owned()));
        self.word("null");
    }

    /// What stands before a node: the dash of an item, or the colon of a value.
    fn start_node(&mut self) {
        match self.frames.last().map(|frame| frame.place) {
            Some(Place::Item) => {
                self.write_indent();
                self.indicator("-", true);
            }
            Some(Place::Value(true)) => {
                self.put(":");
                self.whitespace = false;
                self.indention = false;
            }
            Some(Place::Value(false)) => {
                self.write_indent();
                self.indicator(":", true);
            }
            Some(Place::Key) | None => {}
        }
    }

    fn end_node(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && let Place::Value(_) = frame.place
        {
            frame.place = Place::Key;
        }
    }

    fn increase_indent(&mut self, flow: bool, indentless: bool) {
        if self.indent < 0 {
            self.indent = if flow { INDENT } else { 0 };
        } else if !indentless {
            self.indent += INDENT;
        }
    }

    /// A scalar that needs no quotes, is short and stays on its line.
    fn word(&mut self, text: &str) {
        self.start_node();
        self.separate();
        self.put(text);
        self.whitespace = false;
        self.indention = false;
        self.end_node();
    }

    /// Writes a string; as a key, tells whether it was a simple one.
    fn text(&mut self, bytes: &[u8], key: bool) -> bool {
        let lossy;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) if self.flavour == Flavour::Pretty => return self.binary(bytes, key),
            Err(_) => {
                lossy = crate::decode::lossy(bytes);
                &lossy
            }
        };
        if self.flavour == Flavour::Sigs {
            let text = self.json_step(text, key);
            self.styled(&text, key, "")
        } else {
            self.styled(text, key, "")
        }
    }

    fn binary(&mut self, bytes: &[u8], key: bool) -> bool {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
        let mut lines = encoded;
        if lines.len() >= 70 {
            lines = lines.as_bytes().chunks(70).fold(String::new(), |mut all, line| {
                all.push_str(&String::from_utf8_lossy(line));
                all.push('\n');
                all
            });
        }
        self.styled(&lines, key, "!!binary")
    }

    fn styled(&mut self, text: &str, key: bool, tag: &str) -> bool {
        let style = if tag.is_empty() { self.wanted_style(text) } else { scalar::tagged_style(text) };
        let analysis = scalar::Analysis::of(text, self.flavour == Flavour::Pretty);
        let simple = key && !analysis.multiline && text.len() + tag.len() <= SIMPLE_KEY;
        if key && !simple {
            self.indicator("?", true);
        }
        let style = analysis.allowed_style(style, simple, text.is_empty());
        if !tag.is_empty() {
            self.separate();
            self.put(tag);
            self.whitespace = false;
            self.indention = false;
        }
        let outer = self.indent;
        self.increase_indent(true, false);
        match style {
            Style::Plain => self.write_plain(text, !simple),
            Style::Single => self.write_single(text, !simple),
            Style::Double => self.write_double(text, !simple),
            Style::Literal => self.write_literal(text),
        }
        self.indent = outer;
        simple
    }

    fn wanted_style(&self, text: &str) -> Style {
        if text.contains('\n') {
            Style::Literal
        } else if !crate::resolve::is_string(text)
            || crate::resolve::is_base60(text)
            || (self.flavour == Flavour::Pretty && scalar::needs_quotes_in_v3(text))
        {
            Style::Double
        } else {
            Style::Plain
        }
    }

    /// What reading a string back from JSON does to it: some characters cannot be read, and U+0085 is a line
    /// break that is folded.
    fn json_step<'t>(&mut self, text: &'t str, key: bool) -> std::borrow::Cow<'t, str> {
        if has_forbidden(text) {
            self.error
                .get_or_insert_with(|| EmitError("yaml: control characters are not allowed".to_owned()));
        }
        if key && text.len() > 170 && json_length(text) > 1_024 {
            self.error.get_or_insert_with(|| EmitError("yaml: did not find expected ',' or '}'".to_owned()));
        }
        if !text.contains('\u{85}') {
            return text.into();
        }
        if key {
            self.error.get_or_insert_with(|| {
                EmitError("yaml: line 1: did not find expected ',' or '}'".to_owned())
            });
        }
        let mut lines = text.split('\u{85}').peekable();
        let mut out = lines.next().unwrap_or_default().trim_end_matches(' ').to_owned();
        let mut empty = 0;
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            let line = line.trim_start_matches(' ');
            let line = if is_last { line } else { line.trim_end_matches(' ') };
            if line.is_empty() && !is_last {
                empty += 1;
                continue;
            }
            if empty == 0 {
                out.push(' ');
            }
            for _ in 0..empty {
                out.push('\n');
            }
            empty = 0;
            out.push_str(line);
        }
        out.into()
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn put_char(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        if self.flavour == Flavour::Pretty {
            self.indention = true;
        }
    }

    /// A space, unless there is white space already.
    fn separate(&mut self) {
        if !self.whitespace {
            self.put_char(' ');
        }
    }

    fn indicator(&mut self, text: &str, is_indention: bool) {
        self.separate();
        self.put(text);
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0).unsigned_abs();
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        while self.column < indent {
            self.put_char(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }
}

/// Characters of the string in JSON, quotes included, as Go escapes it.
fn json_length(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0C' => 2,
        '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    2 + text.chars().map(escaped).sum::<usize>()
}

/// `sigs.k8s.io/yaml` `JSONToYAML`/`Marshal` for a JSON value.
pub fn json_to_yaml(value: &serde_json::Value) -> Result<String, EmitError> {
    let mut emitter = Emitter::new();
    emit_json(value, &mut emitter);
    emitter.finish()
}

fn emit_json(value: &serde_json::Value, emitter: &mut Emitter) {
    match value {
        serde_json::Value::Null => emitter.null(),
        serde_json::Value::Bool(value) => emitter.bool(*value),
        serde_json::Value::Number(number) => {
            if let Some(value) = number.as_i64() {
                emitter.int(value);
            } else if let Some(value) = number.as_u64() {
                emitter.uint(value);
            } else {
                emitter.float(number.as_f64().unwrap_or_default());
            }
        }
        serde_json::Value::String(text) => emitter.string(text.as_bytes()),
        serde_json::Value::Array(items) => {
            emitter.begin_seq(items.len());
            for item in items {
                emit_json(item, emitter);
            }
            emitter.end();
        }
        serde_json::Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| compare_keys(a, b));
            emitter.begin_map(entries.len());
            for (key, value) in entries {
                emitter.key(key.as_bytes());
                emit_json(value, emitter);
            }
            emitter.end();
        }
    }
}
