//! Plain and quoted scalars.

use std::borrow::Cow;

use super::{Scan, Scanner};

/// Folds the white space between two lines: one break is a space, more are one break less.
#[derive(Default)]
struct Gap {
    first: String,
    more: String,
}

impl Gap {
    fn fold_into(&mut self, out: &mut String) {
        if self.first.starts_with('\n') {
            if self.more.is_empty() {
                out.push(' ');
            }
        } else {
            out.push_str(&self.first);
        }
        out.push_str(&self.more);
        self.first.clear();
        self.more.clear();
    }
}

impl<'s> Scanner<'s> {
    /// A plain scalar; borrowed unless it spans lines.
    pub(super) fn scan_plain(&mut self) -> Scan<Cow<'s, str>> {
        let indent = self.indent + 1;
        let mut folded: Option<String> = None;
        let mut gap = Gap::default();
        let mut run_start = self.pos;
        let mut end = self.pos;
        let mut leading_blanks = false;
        loop {
            if self.column() == 0 && self.is_document_indicator() {
                break;
            }
            if self.byte(0) == b'#' {
                break;
            }
            let begin = self.pos;
            self.skip_plain_word();
            if self.pos > begin {
                if leading_blanks {
                    let text = folded.get_or_insert_with(String::new);
                    text.push_str(&self.text[run_start..end]);
                    gap.fold_into(text);
                    run_start = begin;
                    leading_blanks = false;
                }
                end = self.pos;
            }
            if !self.is_blank(0) && self.break_width(0) == 0 {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if leading_blanks && self.column().cast_signed() < indent && self.byte(0) == b'\t' {
                        return self.fail("found a tab character that violates indentation");
                    }
                    self.pos += 1;
                } else if self.break_width(0) > 0 {
                    if leading_blanks {
                        self.read_line(&mut gap.more);
                    } else {
                        self.read_line(&mut gap.first);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && self.column().cast_signed() < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        let last = &self.text[run_start..end];
        Ok(match folded {
            None => Cow::Borrowed(last),
            Some(mut text) => {
                text.push_str(last);
                Cow::Owned(text)
            }
        })
    }

    /// Steps over characters that belong to a plain scalar, up to a blank or an indicator that ends it.
    fn skip_plain_word(&mut self) {
        let flow = self.flow_level > 0;
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' | b'\n' | 0 => return,
                b':' if self.is_blank_or_end(1) => return,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if flow => return,
                0..0x80 => self.pos += 1,
                _ if self.break_width(0) > 0 => return,
                _ => self.skip(),
            }
        }
    }

    /// A quoted scalar; borrowed if it holds no escape and no line break.
    pub(super) fn scan_quoted(&mut self, single: bool) -> Scan<Cow<'s, str>> {
        self.pos += 1;
        let quote = if single { b'\'' } else { b'"' };
        if let Some(text) = self.simple_quoted(quote) {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::new();
        let mut gap = Gap::default();
        loop {
            if self.column() == 0 && self.is_document_indicator() {
                return self.fail("found unexpected document indicator");
            }
            if self.byte(0) == 0 {
                return self.fail("found unexpected end of stream");
            }
            let mut leading_blanks = self.quoted_word(single, &mut out)?;
            if self.byte(0) == quote {
                break;
            }
            let blanks = self.pos;
            let mut blanks_end = self.pos;
            loop {
                if self.is_blank(0) {
                    self.pos += 1;
                    if !leading_blanks {
                        blanks_end = self.pos;
                    }
                } else if self.break_width(0) > 0 {
                    if leading_blanks {
                        self.read_line(&mut gap.more);
                    } else {
                        self.read_line(&mut gap.first);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if leading_blanks {
                gap.fold_quoted(&mut out);
            } else {
                out.push_str(&self.text[blanks..blanks_end]);
            }
        }
        self.pos += 1;
        Ok(Cow::Owned(out))
    }

    /// The text up to the closing quote if nothing in it needs work; steps over the quote.
    fn simple_quoted(&mut self, quote: u8) -> Option<&'s str> {
        let rest = &self.src[self.pos..];
        let mut wide = 0;
        for (i, &byte) in rest.iter().enumerate() {
            match byte {
                _ if byte == quote => {
                    if quote == b'\'' && rest.get(i + 1) == Some(&b'\'') {
                        return None;
                    }
                    let text = &self.text[self.pos..self.pos + i];
                    self.pos += i + 1;
                    self.wide += wide;
                    return Some(text);
                }
                b'\\' if quote == b'"' => return None,
                b'\n' | b'\r' | 0xC2 | 0xE2 => return None,
                0x80..0xC0 => wide += 1,
                _ => {}
            }
        }
        None
    }

    /// Copies up to a blank, a break or the quote; true if an escaped line break was met.
    fn quoted_word(&mut self, single: bool, out: &mut String) -> Scan<bool> {
        while !self.is_blank_or_end(0) {
            match self.byte(0) {
                b'\'' if single && self.byte(1) == b'\'' => {
                    out.push('\'');
                    self.pos += 2;
                }
                b'\'' if single => break,
                b'"' if !single => break,
                b'\\' if !single && self.break_width(1) > 0 => {
                    self.pos += 1;
                    self.skip_line();
                    return Ok(true);
                }
                b'\\' if !single => self.escape(out)?,
                _ => {
                    let start = self.pos;
                    self.skip();
                    out.push_str(&self.text[start..self.pos]);
                }
            }
        }
        Ok(false)
    }

    fn escape(&mut self, out: &mut String) -> Scan<()> {
        let mut digits = 0;
        match self.byte(1) {
            b'0' => out.push('\0'),
            b'a' => out.push('\x07'),
            b'b' => out.push('\x08'),
            b't' | b'\t' => out.push('\t'),
            b'n' => out.push('\n'),
            b'v' => out.push('\x0B'),
            b'f' => out.push('\x0C'),
            b'r' => out.push('\r'),
            b'e' => out.push('\x1B'),
            b' ' => out.push(' '),
            b'"' => out.push('"'),
            b'\'' => out.push('\''),
            b'\\' => out.push('\\'),
            b'N' => out.push('\u{85}'),
            b'_' => out.push('\u{A0}'),
            b'L' => out.push('\u{2028}'),
            b'P' => out.push('\u{2029}'),
            b'x' => digits = 2,
            b'u' => digits = 4,
            b'U' => digits = 8,
            _ => return self.fail("found unknown escape character"),
        }
        self.pos += 2;
        if digits > 0 {
            let mut value = 0u32;
            for i in 0..digits {
                let Some(digit) = char::from(self.byte(i)).to_digit(16) else {
                    return self.fail("did not find expected hexdecimal number");
                };
                value = (value << 4) | digit;
            }
            let Some(character) = char::from_u32(value) else {
                return self.fail("found invalid Unicode character escape code");
            };
            out.push(character);
            self.pos += digits;
        }
        Ok(())
    }
}

impl Gap {
    /// Like [`Gap::fold_into`], but an escaped break before has no first break to fold.
    fn fold_quoted(&mut self, out: &mut String) {
        if self.first.is_empty() {
            out.push_str(&self.more);
            self.more.clear();
        } else {
            self.fold_into(out);
        }
    }
}
