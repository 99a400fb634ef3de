//! Format strings.

use super::{Flags, Printer};
use crate::unicode::decode;
use crate::value::{Basic, Value};

/// Widths, precisions and argument numbers beyond this are refused, as in Go.
const TOO_LARGE: i64 = 1_000_000;

/// The place in a format string.
struct Cursor<'f, 'a> {
    format: &'f [u8],
    at: usize,
    args: &'a [Value],
    next_arg: usize,
    after_index: bool,
    reordered: bool,
    good_index: bool,
}

impl Cursor<'_, '_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// A decimal number at the cursor.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0i64;
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            if number > TOO_LARGE {
                self.at = self.format.len();
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        if self.at == start { None } else { usize::try_from(number).ok() }
    }

    /// An argument index such as `[2]` at the cursor.
    fn index(&mut self) {
        self.after_index = false;
        if self.byte() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.iter().position(|&b| b == b']').filter(|_| rest.len() >= 3) else {
            self.good_index = false;
            self.at += 1;
            return;
        };
        let index = std::str::from_utf8(&rest[1..close])
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse::<usize>().ok())
            .filter(|&number| number <= 10 * 1_000_000 + 9);
        self.at += close + 1;
        let Some(index) = index else {
            self.good_index = false;
            return;
        };
        self.after_index = true;
        if index >= 1 && index <= self.args.len() {
            self.next_arg = index - 1;
        } else {
            self.good_index = false;
        }
    }

    /// The integer argument of a `*`.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next_arg)?;
        self.next_arg += 1;
        let number = match arg.underlying().basic()? {
            Basic::Int(number) => number,
            Basic::Uint(number) => i64::try_from(number).ok()?,
            _ => return None,
        };
        (-TOO_LARGE..=TOO_LARGE).contains(&number).then_some(number)
    }
}

impl Printer<'_> {
    pub(super) fn print_format(&mut self, format: &[u8], args: &[Value]) {
        let mut cursor = Cursor {
            format,
            at: 0,
            args,
            next_arg: 0,
            after_index: false,
            reordered: false,
            good_index: true,
        };
        while cursor.at < format.len() && self.goes_on() {
            let rest = &format[cursor.at..];
            let text = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..text]);
            cursor.at += text;
            if cursor.at < format.len() {
                cursor.at += 1;
                cursor.good_index = true;
                self.print_directive(&mut cursor);
            }
        }
        if !cursor.reordered && cursor.next_arg < args.len() {
            self.print_extra(&args[cursor.next_arg..]);
        }
    }

    fn print_directive(&mut self, cursor: &mut Cursor<'_, '_>) {
        self.flags = Flags::default();
        while let Some(byte) = cursor.byte() {
            match byte {
                b'#' => self.flags.sharp = true,
                b'0' => self.flags.zero = true,
                b'+' => self.flags.plus = true,
                b'-' => self.flags.minus = true,
                b' ' => self.flags.space = true,
                _ => break,
            }
            cursor.at += 1;
        }
        cursor.index();
        self.read_width(cursor);
        self.read_precision(cursor);
        if !cursor.after_index {
            cursor.index();
        }
        let Some((verb, width)) = decode(&cursor.format[cursor.at..]) else {
            self.out.extend_from_slice(b"%!(NOVERB)");
            return;
        };
        cursor.at += width;
        if verb == '%' {
            self.out.push(b'%');
        } else if !cursor.good_index {
            self.print_problem(verb, b"(BADINDEX)");
        } else if let Some(arg) = cursor.args.get(cursor.next_arg) {
            if matches!(verb, 'v' | 'w') {
                self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                self.flags.plus_v = std::mem::take(&mut self.flags.plus);
            }
            self.print_arg(arg, verb);
            cursor.next_arg += 1;
        } else {
            self.print_problem(verb, b"(MISSING)");
        }
    }

    fn read_width(&mut self, cursor: &mut Cursor<'_, '_>) {
        if cursor.byte() == Some(b'*') {
            cursor.at += 1;
            let width = cursor.star();
            if width.is_none() {
                self.out.extend_from_slice(b"%!(BADWIDTH)");
            }
            if width.is_some_and(|w| w < 0) {
                self.flags.minus = true;
                self.flags.zero = false;
            }
            self.flags.width = width.and_then(|w| usize::try_from(w.unsigned_abs()).ok());
            cursor.after_index = false;
        } else {
            self.flags.width = cursor.number();
            if cursor.after_index && self.flags.width.is_some() {
                cursor.good_index = false;
            }
        }
    }

    fn read_precision(&mut self, cursor: &mut Cursor<'_, '_>) {
        if cursor.byte() != Some(b'.') || cursor.at + 1 >= cursor.format.len() {
            return;
        }
        cursor.at += 1;
        if cursor.after_index {
            cursor.good_index = false;
        }
        cursor.index();
        if cursor.byte() == Some(b'*') {
            cursor.at += 1;
            self.flags.precision = cursor.star().and_then(|p| usize::try_from(p).ok());
            if self.flags.precision.is_none() {
                self.out.extend_from_slice(b"%!(BADPREC)");
            }
            cursor.after_index = false;
        } else {
            self.flags.precision = Some(cursor.number().unwrap_or(0));
        }
    }

    fn print_problem(&mut self, verb: char, problem: &[u8]) {
        self.out.extend_from_slice(b"%!");
        self.push_char(verb);
        self.out.extend_from_slice(problem);
    }

    fn print_extra(&mut self, args: &[Value]) {
        self.flags = Flags::default();
        self.out.extend_from_slice(b"%!(EXTRA ");
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            if arg.is_nil() {
                self.out.extend_from_slice(b"<nil>");
            } else {
                self.out.extend_from_slice(arg.type_name().as_bytes());
                self.out.push(b'=');
                self.print_arg(arg, 'v');
            }
        }
        self.out.push(b')');
    }
}
