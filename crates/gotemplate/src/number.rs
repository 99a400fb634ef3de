//! Go's number syntax: constants in templates, and `strconv.ParseInt`/`ParseFloat` for functions.

use crate::ast::Number;
use crate::lexer::TokenKind;
use crate::quote::{Unquoted, quote_text, unquote_char};

/// `strconv.ParseUint(text, 0, 64)`: base prefixes, underscores between digits.
pub fn parse_uint(text: &str) -> Option<u64> {
    let (base, digits, prefixed) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..], true),
        [b'0', b'o' | b'O', ..] => (8, &text[2..], true),
        [b'0', b'b' | b'B', ..] => (2, &text[2..], true),
        [b'0', _, ..] => (8, &text[1..], true),
        _ => (10, text, false),
    };
    if digits.contains('_') && !underscores_ok(text) {
        return None;
    }
    let _ = prefixed;
    let digits: String = digits.chars().filter(|&c| c != '_').collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(&digits, base).ok()
}

/// `strconv.ParseInt(text, 0, 64)`.
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits)?;
    if negative {
        (magnitude <= 1 << 63).then(|| magnitude.wrapping_neg().cast_signed())
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Underscores only between digits, or between a base prefix and a digit.
fn underscores_ok(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (rest, mut before, hex) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], b'0', true),
        [b'0', b'o' | b'O' | b'b' | b'B', ..] => (&text[2..], b'0', false),
        _ => (text, b'^', false),
    };
    for byte in rest.bytes() {
        if byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit()) {
            before = b'0';
        } else if byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}

/// `strconv.ParseFloat(text, 64)`, its errors as `Err`: `true` if the value is out of range.
pub fn parse_float(text: &str) -> Result<f64, bool> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    if unsigned.contains('_') && !underscores_ok(text) {
        return Err(false);
    }
    let digits: String = unsigned.chars().filter(|&c| c != '_').collect();
    let magnitude = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        parse_hex_float(hex).ok_or(false)?
    } else {
        let valid =
            digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
                && digits.bytes().any(|b| b.is_ascii_digit());
        if !valid {
            return Err(false);
        }
        digits.parse::<f64>().map_err(|_| false)?
    };
    if magnitude.is_infinite() { Err(true) } else { Ok(sign * magnitude) }
}

/// Mantissa and obligatory `p` exponent, without the `0x`; rounds to even.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0u64;
    let mut scale = exponent.clamp(-100_000, 100_000);
    let mut sticky = false;
    for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = u64::from(char::from(digit).to_digit(16)?);
        if value >> 58 == 0 {
            value = value << 4 | digit;
        } else {
            sticky |= digit != 0;
            scale += 4;
        }
        if index >= whole.len() {
            scale -= 4;
        }
    }
    Some(scale_binary(value | u64::from(sticky), scale))
}

/// `value × 2^scale`, rounded once.
#[expect(clippy::cast_precision_loss, reason = "the value is rounded to 53 bits here on purpose")]
fn scale_binary(value: u64, scale: i64) -> f64 {
    if value == 0 {
        return 0.0;
    }
    let top = i64::from(64 - value.leading_zeros()) + scale;
    if top > 1024 {
        return f64::INFINITY;
    }
    // A subnormal result has fewer bits: round the integer to what fits before scaling.
    let spare = -1074 - scale;
    let mut value = value;
    let mut scale = scale;
    if spare > 0 {
        if spare > 63 {
            return 0.0;
        }
        let half = 1u64 << (spare - 1);
        let rest = value & ((1 << spare) - 1);
        value >>= spare;
        if rest > half || (rest == half && value & 1 == 1) {
            value += 1;
        }
        scale = -1074;
    }
    let mut result = value as f64;
    while scale > 0 {
        let step = scale.min(1000);
        result *= 2f64.powi(i32::try_from(step).unwrap_or(0));
        scale -= step;
    }
    while scale < 0 {
        let step = (-scale).min(1000);
        result /= 2f64.powi(i32::try_from(step).unwrap_or(0));
        scale += step;
    }
    result
}

#[expect(clippy::float_cmp, reason = "the value has to come back unchanged")]
fn as_int(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked by the way back")]
    let int = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "that is the check")]
    let back = int as f64;
    (back == value && value.abs() < 9.3e18).then_some(int)
}

#[expect(clippy::float_cmp, reason = "the value has to come back unchanged")]
fn as_uint(value: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the way back")]
    let uint = value as u64;
    #[expect(clippy::cast_precision_loss, reason = "that is the check")]
    let back = uint as f64;
    (back == value).then_some(uint)
}

impl Number {
    /// Reads a constant; the error is Go's.
    pub(crate) fn parse(bytes: &[u8], kind: TokenKind) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut number = Self { text: text.clone().into(), ..Self::default() };
        match kind {
            TokenKind::CharConstant => {
                let (value, rest) = unquote_char(&bytes[1..], b'\'').ok_or("invalid syntax")?;
                if rest != b"'" {
                    return Err(format!("malformed character constant: {text}"));
                }
                let code = match value {
                    Unquoted::Byte(byte) => u32::from(byte),
                    Unquoted::Rune(rune) => rune as u32,
                };
                number.int = Some(code.into());
                number.uint = Some(code.into());
                number.float = Some(code.into());
                return Ok(number);
            }
            TokenKind::Complex => {
                number.set_complex(parse_complex(&text).ok_or("syntax error scanning complex number")?);
                return Ok(number);
            }
            _ => {}
        }
        if let Some(imaginary) = text.strip_suffix('i').and_then(|t| parse_float(t).ok()) {
            number.set_complex((0.0, imaginary));
            return Ok(number);
        }
        number.uint = parse_uint(&text);
        number.int = parse_int(&text);
        if number.int == Some(0) {
            number.uint = Some(0);
        }
        #[expect(clippy::cast_precision_loss, reason = "as Go does")]
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Ok(float) = parse_float(&text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", quote_text(&text)));
            }
            number.float = Some(float);
            number.int = as_int(float);
            number.uint = as_uint(float);
        }
        if number.float.is_none() {
            return Err(format!("illegal number syntax: {}", quote_text(&text)));
        }
        Ok(number)
    }

    fn set_complex(&mut self, value: (f64, f64)) {
        self.complex = Some(value);
        if value.1 == 0.0 {
            self.float = Some(value.0);
            self.int = as_int(value.0);
            self.uint = as_uint(value.0);
        }
    }

    /// Whether the constant, free of any wanted type, is a float.
    pub(crate) fn is_float_literal(&self) -> bool {
        let bytes = self.text.as_bytes();
        let is_hex_int = bytes.len() > 2
            && bytes[0] == b'0'
            && matches!(bytes[1], b'x' | b'X')
            && !self.text.contains(['p', 'P']);
        self.float.is_some()
            && !is_hex_int
            && !self.text.starts_with('\'')
            && self.text.contains(['.', 'e', 'E', 'p', 'P'])
    }
}

/// `1+2i`.
fn parse_complex(text: &str) -> Option<(f64, f64)> {
    let body = text.strip_suffix('i')?;
    let split = body
        .char_indices()
        .skip(1)
        .filter(|&(index, c)| {
            matches!(c, '+' | '-') && !matches!(body.as_bytes()[index - 1], b'e' | b'E' | b'p' | b'P')
        })
        .last()?
        .0;
    Some((parse_float(&body[..split]).ok()?, parse_float(&body[split..]).ok()?))
}
