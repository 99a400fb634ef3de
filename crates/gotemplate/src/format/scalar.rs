//! Booleans, numbers and strings under every verb and flag.

use super::{Printer, format_float};
use crate::quote::{can_backquote, quote_with};
use crate::unicode::{decode, is_print, rune_count};
use crate::value::Value;
use std::fmt::Write as _;

/// Digits, then the letter of the `0x` prefix.
pub(super) const DIGITS_LOWER: &[u8; 17] = b"0123456789abcdefx";
pub(super) const DIGITS_UPPER: &[u8; 17] = b"0123456789ABCDEFX";

impl Printer<'_> {
    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
    }

    pub(super) fn pad(&mut self, text: &[u8]) {
        let width = self.flags.width.unwrap_or(0).saturating_sub(if self.flags.width.is_some() {
            rune_count(text)
        } else {
            0
        });
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(width);
        } else {
            self.padding(width);
            self.out.extend_from_slice(text);
        }
    }

    fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    pub(super) fn integer(&mut self, number: u64, signed: bool, verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hex(number, true),
            'v' | 'd' => self.format_integer(number, 10, signed, verb, DIGITS_LOWER),
            'b' => self.format_integer(number, 2, signed, verb, DIGITS_LOWER),
            'o' | 'O' => self.format_integer(number, 8, signed, verb, DIGITS_LOWER),
            'x' => self.format_integer(number, 16, signed, verb, DIGITS_LOWER),
            'X' => self.format_integer(number, 16, signed, verb, DIGITS_UPPER),
            'c' => {
                let rune = rune_of(number);
                self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes());
            }
            'q' => {
                let rune = rune_of(number);
                let quoted = quote_with(rune.encode_utf8(&mut [0; 4]).as_bytes(), b'\'', self.flags.plus);
                self.pad(&quoted);
            }
            'U' => self.unicode(number),
            _ => self.bad_verb(verb, value),
        }
    }

    pub(super) fn hex(&mut self, number: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.format_integer(number, 16, false, 'v', DIGITS_LOWER);
        self.flags.sharp = sharp;
    }

    pub(super) fn format_integer(
        &mut self,
        number: u64,
        base: u64,
        signed: bool,
        verb: char,
        digits: &[u8; 17],
    ) {
        let negative = signed && number.cast_signed() < 0;
        let mut rest = if negative { number.wrapping_neg() } else { number };
        let mut least = 0;
        if let Some(precision) = self.flags.precision {
            least = precision;
            if precision == 0 && rest == 0 {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.padding(self.flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
        } else if self.flags.zero
            && !self.flags.minus
            && let Some(width) = self.flags.width
        {
            least = width.saturating_sub(usize::from(negative || self.flags.plus || self.flags.space));
        }
        // Built from the last character to the first.
        let mut text = Vec::with_capacity(24 + least);
        loop {
            text.push(digits[usize::try_from(rest % base).unwrap_or(0)]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if text.len() < least {
            text.resize(least, b'0');
        }
        if self.flags.sharp {
            match base {
                2 => text.extend_from_slice(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(&[digits[16], b'0']),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend_from_slice(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if self.flags.plus {
            text.push(b'+');
        } else if self.flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.pad_with_spaces(&text);
    }

    fn unicode(&mut self, number: u64) {
        let digits = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{number:0digits$X}");
        if self.flags.sharp
            && let Some(rune) =
                u32::try_from(number).ok().and_then(char::from_u32).filter(|&rune| is_print(rune))
        {
            let _ = write!(text, " '{rune}'");
        }
        self.pad_with_spaces(text.as_bytes());
    }

    pub(super) fn float(&mut self, number: f64, bits: u32, verb: char, value: &Value) {
        match verb {
            'v' => self.format_float(number, bits, b'g', -1),
            'b' | 'g' | 'G' | 'x' | 'X' => self.format_float(number, bits, verb as u8, -1),
            'f' | 'e' | 'E' => self.format_float(number, bits, verb as u8, 6),
            'F' => self.format_float(number, bits, b'f', 6),
            _ => self.bad_verb(verb, value),
        }
    }

    pub(super) fn complex(&mut self, number: (f64, f64), verb: char, value: &Value) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            self.bad_verb(verb, value);
            return;
        }
        let plus = self.flags.plus;
        self.out.push(b'(');
        self.float(number.0, 64, verb, value);
        self.flags.plus = true;
        self.float(number.1, 64, verb, value);
        self.out.extend_from_slice(b"i)");
        self.flags.plus = plus;
    }

    fn format_float(&mut self, number: f64, bits: u32, verb: u8, precision: i32) {
        let precision = self.flags.precision.map_or(precision, |p| i32::try_from(p).unwrap_or(i32::MAX));
        let mut text = format_float(number, verb, precision, bits).into_bytes();
        if !matches!(text[0], b'-' | b'+') {
            text.insert(0, b'+');
        }
        if self.flags.space && text[0] == b'+' && !self.flags.plus {
            text[0] = b' ';
        }
        if matches!(text[1], b'I' | b'N') {
            let bare = text[1] == b'N' && !self.flags.space && !self.flags.plus;
            self.pad_with_spaces(&text[usize::from(bare)..]);
            return;
        }
        if self.flags.sharp && verb != b'b' {
            text = with_trailing_zeros(&text, verb, precision);
        }
        if self.flags.plus || text[0] != b'+' {
            if let Some(width) =
                self.flags.width.filter(|&w| self.flags.zero && !self.flags.minus && w > text.len())
            {
                self.out.push(text[0]);
                self.padding(width - text.len());
                self.out.extend_from_slice(&text[1..]);
                return;
            }
            self.pad(&text);
            return;
        }
        self.pad(&text[1..]);
    }

    pub(super) fn string(&mut self, text: &[u8], verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v => self.string_q(text),
            'v' | 's' => self.string_s(text),
            'x' => self.string_x(text, DIGITS_LOWER),
            'X' => self.string_x(text, DIGITS_UPPER),
            'q' => self.string_q(text),
            _ => self.bad_verb(verb, value),
        }
    }

    fn truncate<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let mut end = 0;
        for _ in 0..precision {
            let Some((_, width)) = decode(&text[end..]) else { break };
            end += width;
        }
        &text[..end]
    }

    pub(super) fn string_s(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        self.pad(text);
    }

    pub(super) fn string_q(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        if self.flags.sharp && can_backquote(text) {
            self.pad(&[b"`", text, b"`"].concat());
        } else {
            let quoted = quote_with(text, b'"', self.flags.plus);
            self.pad(&quoted);
        }
    }

    pub(super) fn string_x(&mut self, text: &[u8], digits: &[u8; 17]) {
        let text = &text[..self.flags.precision.unwrap_or(text.len()).min(text.len())];
        if text.is_empty() {
            self.padding(self.flags.width.unwrap_or(0));
            return;
        }
        let prefixes = if !self.flags.sharp {
            0
        } else if self.flags.space {
            text.len()
        } else {
            1
        };
        let spaces = if self.flags.space { text.len() - 1 } else { 0 };
        let padding = self.flags.width.unwrap_or(0).saturating_sub(2 * text.len() + 2 * prefixes + spaces);
        if !self.flags.minus {
            self.padding(padding);
        }
        for (index, byte) in text.iter().enumerate() {
            if index > 0 && self.flags.space {
                self.out.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                self.out.extend_from_slice(&[b'0', digits[16]]);
            }
            self.out.extend_from_slice(&[digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
        if self.flags.minus {
            self.padding(padding);
        }
    }

    pub(super) fn pointer(&mut self, value: &Value, verb: char) {
        let address = match value {
            Value::List(list) => list.address(),
            Value::Map(map) => map.address(),
            Value::Struct(data) if data.pointer => std::rc::Rc::as_ptr(data).addr(),
            Value::Bytes(bytes) => bytes.as_ptr().addr(),
            Value::Func(func) => std::rc::Rc::as_ptr(func).addr(),
            _ => {
                self.bad_verb(verb, value);
                return;
            }
        } as u64;
        match verb {
            'v' if self.flags.sharp_v => {
                self.out.extend_from_slice(format!("({})(", value.type_name()).as_bytes());
                self.hex(address, true);
                self.out.push(b')');
            }
            'v' | 'p' => self.hex(address, !self.flags.sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(address, false, verb, value),
            _ => self.bad_verb(verb, value),
        }
    }
}

fn rune_of(number: u64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The `#` flag: always a decimal point, and for `%g` the zeros that were left out.
fn with_trailing_zeros(text: &[u8], verb: u8, precision: i32) -> Vec<u8> {
    let mut missing = match verb {
        b'v' | b'g' | b'G' | b'x' => {
            if precision == -1 {
                6
            } else {
                precision
            }
        }
        _ => 0,
    };
    let is_hex = matches!(verb, b'x' | b'X');
    let mut has_point = false;
    let mut significant = false;
    let mut end = text.len();
    for (index, &byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'.' => has_point = true,
            b'p' | b'P' => {
                end = index;
                break;
            }
            b'e' | b'E' if !is_hex => {
                end = index;
                break;
            }
            _ => {
                significant |= byte != b'0';
                if significant {
                    missing -= 1;
                }
            }
        }
    }
    let mut out = text[..end].to_vec();
    if !has_point {
        if out.len() == 2 && out[1] == b'0' {
            missing -= 1;
        }
        out.push(b'.');
    }
    out.extend(std::iter::repeat_n(b'0', usize::try_from(missing).unwrap_or(0)));
    out.extend_from_slice(&text[end..]);
    out
}
