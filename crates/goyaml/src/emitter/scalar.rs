//! How strings are written: which quotes, where folded.

use super::{Emitter, Flavour};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What a text allows.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
#[derive(Debug, Clone, Copy)]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    pub(super) fn of(text: &str, tabs_allowed: bool) -> Self {
        if text.is_empty() {
            return Self { multiline: false, plain: true, single: true, block: false };
        }
        let bytes = text.as_bytes();
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut special = false;
        let mut tabs = false;
        let mut multiline = false;
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut preceded_by_space = true;
        for (i, c) in text.char_indices() {
            let blank_follows = bytes.get(i + c.len_utf8()).is_none_or(|b| matches!(b, b' ' | b'\t'));
            match c {
                '#' if preceded_by_space => indicators = true,
                ':' if blank_follows => indicators = true,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if i == 0 =>
                {
                    indicators = true;
                }
                '?' | '-' if i == 0 && blank_follows => indicators = true,
                _ => {}
            }
            if c == '\t' && tabs_allowed {
                tabs = true;
            } else if !is_printable(c) {
                special = true;
            }
            let is_break = is_break(c);
            if c == ' ' {
                break_space |= previous_break;
            } else if is_break {
                multiline = true;
                space_break |= previous_space;
            }
            previous_space = c == ' ';
            previous_break = is_break;
            preceded_by_space = is_break || matches!(c, ' ' | '\t' | '\0');
        }
        let first = text.chars().next().unwrap_or_default();
        let last = text.chars().next_back().unwrap_or_default();
        let edges = first == ' ' || last == ' ' || is_break(first) || is_break(last);
        let harmful = space_break || special || tabs;
        Self {
            multiline,
            plain: !(edges || break_space || harmful || multiline || indicators),
            single: !(break_space || harmful),
            block: last != ' ' && !(space_break || special),
        }
    }

    /// The wanted style, or the nearest one allowed.
    pub(super) fn allowed_style(self, wanted: Style, simple_key: bool, empty: bool) -> Style {
        let mut style = wanted;
        if simple_key && self.multiline {
            style = Style::Double;
        }
        if style == Style::Plain && (!self.plain || (empty && simple_key)) {
            style = Style::Single;
        }
        if style == Style::Single && !self.single {
            style = Style::Double;
        }
        if style == Style::Literal && (!self.block || simple_key) {
            style = Style::Double;
        }
        style
    }
}

pub(super) fn tagged_style(text: &str) -> Style {
    if text.contains('\n') { Style::Literal } else { Style::Plain }
}

/// Words goyaml.v3 reads as strings but still quotes.
pub(super) fn needs_quotes_in_v3(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// goyaml's idea of printable, which leaves out everything beyond U+FFFF.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

impl Emitter {
    pub(super) fn write_plain(&mut self, text: &str, allow_breaks: bool) {
        self.separate();
        self.write_folded(text, allow_breaks, false);
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_single(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("'", false);
        self.write_folded(text, allow_breaks, true);
        self.put_char('\'');
        self.whitespace = false;
        self.indention = false;
    }

    fn write_folded(&mut self, text: &str, allow_breaks: bool, quoted: bool) {
        let simple = !quoted || !text.contains('\'');
        if simple && text.is_ascii() && self.column + text.len() <= self.width && !text.contains('\n') {
            self.put(text);
            return;
        }
        let bytes = text.as_bytes();
        let (mut spaces, mut breaks) = (false, false);
        for (i, c) in text.char_indices() {
            if c == ' ' {
                let inner = !quoted || (i > 0 && i < text.len() - 1);
                if allow_breaks
                    && !spaces
                    && self.column > self.width
                    && inner
                    && bytes.get(i + 1) != Some(&b' ')
                {
                    self.write_indent();
                } else {
                    self.put_char(' ');
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.line_break();
                }
                self.write_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put_char('\'');
                }
                self.put_char(c);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
    }

    fn write_break(&mut self, c: char) {
        if c == '\n' {
            self.line_break();
        } else {
            self.out.push(c);
            self.column = 0;
            if self.flavour == Flavour::Pretty {
                self.indention = true;
            }
        }
    }

    pub(super) fn write_double(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("\"", false);
        let bytes = text.as_bytes();
        // goyaml looks for the mark at the start of the text, whatever character it is at.
        let marked = text.starts_with('\u{FEFF}');
        let mut spaces = false;
        for (i, c) in text.char_indices() {
            if marked || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.write_escape(c);
                spaces = false;
            } else if c == ' ' {
                if allow_breaks && !spaces && self.column > self.width && i > 0 && i < text.len() - 1 {
                    self.write_indent();
                    if bytes.get(i + 1) == Some(&b' ') {
                        self.put_char('\\');
                    }
                } else {
                    self.put_char(' ');
                }
                spaces = true;
            } else {
                self.put_char(c);
                spaces = false;
            }
        }
        self.put_char('"');
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, c: char) {
        let short = match c {
            '\0' => "\\0",
            '\x07' => "\\a",
            '\x08' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\x0B' => "\\v",
            '\x0C' => "\\f",
            '\r' => "\\r",
            '\x1B' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{A0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => {
                let code = u32::from(c);
                let escape = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put(&escape);
                return;
            }
        };
        self.put(short);
    }

    pub(super) fn write_literal(&mut self, text: &str) {
        self.indicator("|", false);
        let first = text.chars().next().unwrap_or_default();
        if first == ' ' || is_break(first) {
            self.put_char('2');
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next()) {
            (false, _) => self.put_char('-'),
            (true, None) => self.put_char('+'),
            (true, Some(before)) if is_break(before) => self.put_char('+'),
            (true, Some(_)) => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(is_break).unwrap_or(rest.len());
            if end > 0 {
                self.write_indent();
                self.put(&rest[..end]);
                self.indention = false;
            }
            let Some(c) = rest[end..].chars().next() else { break };
            self.write_break(c);
            self.indention = true;
            rest = &rest[end + c.len_utf8()..];
        }
    }
}
