//! Values in Go's own syntax (`%#v`), which some error texts quote.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::compose::{Document, Node};
use crate::decode::scalar;
use crate::number::format_general;
use crate::resolve::Scalar;

/// Nodes printed; an alias bomb in an error text is cut here.
const MOST_NODES: usize = 10_000;

pub(crate) struct GoSyntax<'d, 's> {
    document: &'d Document<'s>,
}

impl<'d, 's> GoSyntax<'d, 's> {
    pub(crate) fn new(document: &'d Document<'s>) -> Self {
        Self { document }
    }

    /// `%#v` (and `%+#v`).
    pub(crate) fn sharp(&self, index: usize) -> String {
        let mut left = MOST_NODES;
        self.print(index, 0, &mut left)
    }

    fn print(&self, index: usize, depth: usize, left: &mut usize) -> String {
        if depth > 100 || *left == 0 {
            return "...".to_owned();
        }
        *left -= 1;
        match &self.document.nodes[index] {
            Node::Scalar { value, tag, implicit } => {
                match scalar(value, tag.as_deref(), *implicit).unwrap_or(Scalar::Null) {
                    Scalar::Null => if depth == 0 { "<nil>" } else { "interface {}(nil)" }.to_owned(),
                    Scalar::Bool(value) => value.to_string(),
                    Scalar::Int(value) => value.to_string(),
                    Scalar::Uint(value) => format!("0x{value:x}"),
                    Scalar::Float(value) => float(value),
                    Scalar::Str(text) => quote(&text),
                    Scalar::Bytes(bytes) => quote(&String::from_utf8_lossy(&bytes)),
                }
            }
            Node::Seq(end) => {
                let mut items = Vec::new();
                let mut child = index + 1;
                while child < *end {
                    items.push(self.print(child, depth + 1, left));
                    child = self.document.after(child);
                }
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            Node::Map(end) => {
                let mut entries = BTreeMap::new();
                let mut key = index + 1;
                while key < *end {
                    let value = self.document.after(key);
                    let name = self.print(key, depth + 1, left);
                    entries.insert(name, self.print(value, depth + 1, left));
                    key = self.document.after(value);
                }
                let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k}:{v}")).collect();
                format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
            }
            Node::Alias { target, .. } => self.print(*target, depth + 1, left),
        }
    }
}

fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format_general(value)
    }
}

/// Go's `strconv.Quote`.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0C' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0B' => out.push_str("\\v"),
            c if u32::from(c) < 0x20 || c == '\x7F' => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Spaces, formats and separators, which Go does not print as they are.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c != ' ' && c.is_whitespace())
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        || matches!(c, '\u{E000}'..='\u{F8FF}')
}
