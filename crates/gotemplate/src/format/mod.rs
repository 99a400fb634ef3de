//! Go's `fmt`: verbs, flags, and how values of every kind print.

mod float;
mod printf;
mod scalar;

pub use float::format_float;

use crate::budget::{Limit, MAX_VALUE_DEPTH};
use crate::value::{Number, Value};
use scalar::{DIGITS_LOWER, DIGITS_UPPER};

#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Go's flags")]
pub(super) struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    plus_v: bool,
    sharp_v: bool,
}

/// Writes values. A bound that was exceeded is kept in `limit` and nothing more is written.
pub(super) struct Printer<'o> {
    out: &'o mut Vec<u8>,
    flags: Flags,
    erroring: bool,
    max_bytes: usize,
    limit: Option<Limit>,
}

/// `fmt.Sprint`: spaces between operands when neither is a string.
pub fn sprint(args: &[Value], max_bytes: u64) -> Result<Vec<u8>, Limit> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, max_bytes);
    let mut after_string = false;
    for (index, arg) in args.iter().enumerate() {
        let is_string = matches!(arg.underlying().as_ref(), Value::Str(_));
        if index > 0 && !is_string && !after_string {
            printer.out.push(b' ');
        }
        printer.print_arg(arg, 'v');
        after_string = is_string;
    }
    printer.finish()?;
    Ok(out)
}

/// `fmt.Sprintln`.
pub fn sprintln(args: &[Value], max_bytes: u64) -> Result<Vec<u8>, Limit> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, max_bytes);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.out.push(b' ');
        }
        printer.print_arg(arg, 'v');
    }
    printer.out.push(b'\n');
    printer.finish()?;
    Ok(out)
}

/// `fmt.Sprintf`.
pub fn sprintf(format: &[u8], args: &[Value], max_bytes: u64) -> Result<Vec<u8>, Limit> {
    let mut out = Vec::with_capacity(format.len() + 16 * args.len());
    let mut printer = Printer::new(&mut out, max_bytes);
    printer.print_format(format, args);
    printer.finish()?;
    Ok(out)
}

/// `fmt.Sprint` of one value, appended.
pub fn print_value(value: &Value, out: &mut Vec<u8>, max_bytes: u64) -> Result<(), Limit> {
    let mut printer = Printer::new(out, max_bytes);
    printer.print_arg(value, 'v');
    printer.finish()
}

/// `fmt.Sprint` of one value as text, for messages; cut off at some length.
pub fn display(value: &Value) -> String {
    let mut out = Vec::new();
    if let Err(limit) = print_value(value, &mut out, 1 << 20) {
        return limit.to_string();
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut Vec<u8>, max_bytes: u64) -> Self {
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX).saturating_add(out.len());
        Self { out, flags: Flags::default(), erroring: false, max_bytes, limit: None }
    }

    fn finish(&mut self) -> Result<(), Limit> {
        self.limit.take().map_or(Ok(()), Err)
    }

    /// Whether to go on; records the bound once the output is too long.
    fn goes_on(&mut self) -> bool {
        if self.out.len() > self.max_bytes && self.limit.is_none() {
            self.limit = Some(Limit::StringLength(self.max_bytes as u64));
        }
        self.limit.is_none()
    }

    fn print_arg(&mut self, arg: &Value, verb: char) {
        if !self.goes_on() {
            return;
        }
        match (arg, verb) {
            (Value::Nil | Value::Invalid, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil | Value::Invalid, _) => self.bad_verb(verb, arg),
            (_, 'T') => self.string_s(arg.type_name().as_bytes()),
            (_, 'p') => self.pointer(arg, 'p'),
            (Value::Bytes(bytes), _) => self.bytes(bytes, verb, "[]byte", arg, 0),
            _ => {
                if !self.methods(arg, verb) {
                    self.print(arg, verb, 0);
                }
            }
        }
    }

    /// `String()` and `Error()` take the place of the value for the verbs of strings.
    fn methods(&mut self, arg: &Value, verb: char) -> bool {
        if self.erroring {
            return false;
        }
        let Value::Object(object) = arg else { return false };
        if verb == 'w' {
            self.bad_verb(verb, arg);
            return true;
        }
        if self.flags.sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return false;
        }
        let Some(text) = object.text() else { return false };
        self.string(text.as_bytes(), verb, arg);
        true
    }

    fn nested(&mut self, value: &Value, verb: char, depth: u32) {
        if !self.goes_on() {
            return;
        }
        if depth > MAX_VALUE_DEPTH {
            self.limit = Some(Limit::ValueDepth(MAX_VALUE_DEPTH));
            return;
        }
        if value.is_nil() {
            let text: &[u8] = if self.flags.sharp_v { b"interface {}(nil)" } else { b"<nil>" };
            self.out.extend_from_slice(text);
        } else if !self.methods(value, verb) {
            self.print(value, verb, depth);
        }
    }

    fn print(&mut self, value: &Value, verb: char, depth: u32) {
        match value {
            Value::Nil | Value::Invalid => self.out.extend_from_slice(b"<nil>"),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { b"true" } else { b"false" }),
                _ => self.bad_verb(verb, value),
            },
            Value::Int(number) | Value::Int64(number) => {
                self.integer(number.cast_unsigned(), true, verb, value);
            }
            Value::Float(number) => self.float(*number, 64, verb, value),
            Value::Number(number) => match *number {
                Number::Int32(number) => self.integer(i64::from(number).cast_unsigned(), true, verb, value),
                Number::Uint8(number) => self.integer(number.into(), false, verb, value),
                Number::Uint32(number) => self.integer(number.into(), false, verb, value),
                Number::Uint64(number) => self.integer(number, false, verb, value),
                Number::Float32(number) => self.float(number.into(), 32, verb, value),
            },
            Value::Complex(number) => self.complex(**number, verb, value),
            Value::Str(text) => self.string(text, verb, value),
            Value::Bytes(bytes) => self.bytes(bytes, verb, "[]uint8", value, depth),
            Value::List(list) => self.sequence(list.kind().type_name(), list.items(), verb, depth),
            Value::Map(map) => self.map(map.kind().type_name(), &map.snapshot(), verb, depth),
            Value::Struct(data) => {
                if data.pointer {
                    if depth > 0 {
                        self.pointer(value, verb);
                        return;
                    }
                    self.out.push(b'&');
                }
                self.structure(data, verb, depth + u32::from(data.pointer));
            }
            Value::Object(object) => {
                let name = object.type_name();
                match object.underlying() {
                    Value::List(list) => self.sequence(&name, list.items(), verb, depth),
                    Value::Map(map) => self.map(&name, &map.snapshot(), verb, depth),
                    other => self.print(&other, verb, depth),
                }
            }
            Value::Func(_) => self.pointer(value, verb),
        }
    }

    fn separator(&mut self, index: usize) {
        if index > 0 {
            self.out.extend_from_slice(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn sequence(&mut self, type_name: &str, items: &[Value], verb: char, depth: u32) {
        let (open, close) = self.brackets(type_name, b"[", b']');
        self.out.extend_from_slice(open);
        for (index, item) in items.iter().enumerate() {
            self.separator(index);
            self.nested(item, verb, depth + 1);
        }
        self.out.push(close);
    }

    fn brackets(&mut self, type_name: &str, plain: &'static [u8], close: u8) -> (&'static [u8], u8) {
        if self.flags.sharp_v {
            self.out.extend_from_slice(type_name.as_bytes());
            (b"{", b'}')
        } else {
            (plain, close)
        }
    }

    fn map(&mut self, type_name: &str, entries: &[(crate::Str, Value)], verb: char, depth: u32) {
        let (open, close) = self.brackets(type_name, b"map[", b']');
        self.out.extend_from_slice(open);
        for (index, (key, value)) in entries.iter().enumerate() {
            self.separator(index);
            self.nested(&Value::Str(key.clone()), verb, depth + 1);
            self.out.push(b':');
            self.nested(value, verb, depth + 1);
        }
        self.out.push(close);
    }

    fn structure(&mut self, data: &crate::Struct, verb: char, depth: u32) {
        if self.flags.sharp_v {
            self.out.extend_from_slice(data.type_name.as_bytes());
        }
        self.out.push(b'{');
        for (index, field) in data.fields.iter().enumerate() {
            self.separator(index);
            if self.flags.plus_v || self.flags.sharp_v {
                self.out.extend_from_slice(field.name.as_bytes());
                self.out.push(b':');
            }
            self.nested(&field.value, verb, depth + 1);
        }
        self.out.push(b'}');
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, type_name: &str, value: &Value, depth: u32) {
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                self.out.extend_from_slice(type_name.as_bytes());
                self.out.push(b'{');
                for (index, byte) in bytes.iter().enumerate() {
                    self.separator(index);
                    self.hex(u64::from(*byte), true);
                }
                self.out.push(b'}');
            }
            'v' | 'd' => {
                self.out.push(b'[');
                for (index, byte) in bytes.iter().enumerate() {
                    if !self.goes_on() {
                        return;
                    }
                    self.separator(index);
                    self.format_integer(u64::from(*byte), 10, false, verb, DIGITS_LOWER);
                }
                self.out.push(b']');
            }
            's' => self.string_s(bytes),
            'x' => self.string_x(bytes, DIGITS_LOWER),
            'X' => self.string_x(bytes, DIGITS_UPPER),
            'q' => self.string_q(bytes),
            _ => {
                let _ = value;
                let items: Vec<Value> =
                    bytes.iter().map(|&byte| Value::Number(Number::Uint8(byte))).collect();
                self.sequence("[]uint8", &items, verb, depth);
            }
        }
    }

    fn bad_verb(&mut self, verb: char, value: &Value) {
        self.erroring = true;
        self.out.extend_from_slice(b"%!");
        self.push_char(verb);
        self.out.push(b'(');
        if value.is_nil() {
            self.out.extend_from_slice(b"<nil>");
        } else {
            self.out.extend_from_slice(value.type_name().as_bytes());
            self.out.push(b'=');
            self.print_arg(value, 'v');
        }
        self.out.push(b')');
        self.erroring = false;
    }

    fn push_char(&mut self, rune: char) {
        self.out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
}
