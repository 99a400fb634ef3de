//! Go's `strconv.FormatFloat`.

use std::fmt::Write as _;

/// Digits and decimal exponent: the value is 0.d₁d₂… × 10^point.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    fn from_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        let point = exponent.parse::<i32>().unwrap_or(0) + 1;
        if digits.iter().all(|&d| d == b'0') {
            return Self { digits: Vec::new(), point: 0 };
        }
        Self { digits, point }
    }

    fn digit(&self, index: i32) -> u8 {
        usize::try_from(index).ok().and_then(|i| self.digits.get(i)).copied().unwrap_or(b'0')
    }

    fn count(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or(i32::MAX)
    }
}

/// `strconv.FormatFloat(value, verb, precision, bits)`; a negative precision means the fewest digits that
/// read back as the same value.
pub fn format_float(value: f64, verb: u8, precision: i32, bits: u32) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let mut out = String::new();
    if value.is_sign_negative() {
        out.push('-');
    }
    let magnitude = value.abs();
    match verb {
        b'b' => push_binary(&mut out, magnitude, bits),
        b'x' | b'X' => push_hex(&mut out, magnitude, precision, verb == b'X'),
        b'e' | b'E' => {
            let decimal = scientific(magnitude, precision, bits);
            let precision = if precision < 0 { (decimal.count() - 1).max(0) } else { precision };
            push_exponent(&mut out, &decimal, precision, verb);
        }
        b'f' | b'F' => push_fixed_form(&mut out, magnitude, precision, bits),
        _ => push_general(&mut out, magnitude, precision, bits, verb),
    }
    out
}

#[expect(clippy::cast_possible_truncation, reason = "a float32 is formatted as such")]
fn shortest(value: f64, bits: u32) -> Decimal {
    if bits == 32 {
        Decimal::from_scientific(&format!("{:e}", value as f32))
    } else {
        Decimal::from_scientific(&format!("{value:e}"))
    }
}

fn scientific(value: f64, precision: i32, bits: u32) -> Decimal {
    match usize::try_from(precision) {
        Err(_) => shortest(value, bits),
        Ok(precision) => Decimal::from_scientific(&format!("{value:.precision$e}")),
    }
}

fn push_fixed_form(out: &mut String, value: f64, precision: i32, bits: u32) {
    if let Ok(precision) = usize::try_from(precision) {
        let _ = write!(out, "{value:.precision$}");
        return;
    }
    let decimal = shortest(value, bits);
    push_fixed(out, &decimal, (decimal.count() - decimal.point).max(0));
}

fn push_general(out: &mut String, value: f64, precision: i32, bits: u32, verb: u8) {
    let is_shortest = precision < 0;
    let significant = if precision == 0 { 1 } else { precision };
    let mut decimal = scientific(value, if is_shortest { -1 } else { significant - 1 }, bits);
    if !is_shortest {
        while decimal.digits.last() == Some(&b'0') {
            decimal.digits.pop();
        }
    }
    let mut threshold = significant;
    if threshold > decimal.count() && decimal.count() >= decimal.point {
        threshold = decimal.count();
    }
    if is_shortest {
        threshold = 6;
    }
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= threshold {
        let digits = if is_shortest || significant > decimal.count() { decimal.count() } else { significant };
        push_exponent(out, &decimal, (digits - 1).max(0), verb + b'e' - b'g');
        return;
    }
    push_fixed(out, &decimal, (decimal.count() - decimal.point).max(0));
}

fn push_exponent(out: &mut String, decimal: &Decimal, precision: i32, verb: u8) {
    out.push(char::from(decimal.digit(0)));
    if precision > 0 {
        out.push('.');
        for index in 1..=precision {
            out.push(char::from(decimal.digit(index)));
        }
    }
    out.push(char::from(verb));
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    out.push(if exponent < 0 { '-' } else { '+' });
    let _ = write!(out, "{:02}", exponent.abs());
}

fn push_fixed(out: &mut String, decimal: &Decimal, precision: i32) {
    if decimal.point > 0 {
        for index in 0..decimal.point {
            out.push(char::from(decimal.digit(index)));
        }
    } else {
        out.push('0');
    }
    if precision > 0 {
        out.push('.');
        for index in 0..precision {
            out.push(char::from(decimal.digit(decimal.point + index)));
        }
    }
}

/// Mantissa and binary exponent of a float64: value = mantissa × 2^exponent.
fn parts(value: f64) -> (u64, i32) {
    let raw = value.to_bits();
    let mantissa = raw & ((1 << 52) - 1);
    let exponent = i32::try_from((raw >> 52) & 0x7ff).unwrap_or(0);
    if exponent == 0 { (mantissa, -1074) } else { (mantissa | (1 << 52), exponent - 1075) }
}

#[expect(clippy::cast_possible_truncation, reason = "a float32 is formatted as such")]
fn push_binary(out: &mut String, value: f64, bits: u32) {
    let (mantissa, exponent) = if bits == 32 {
        let raw = (value as f32).to_bits();
        let exponent = i32::try_from((raw >> 23) & 0xff).unwrap_or(0);
        let mantissa = u64::from(raw & ((1 << 23) - 1));
        if exponent == 0 { (mantissa, -149) } else { (mantissa | (1 << 23), exponent - 150) }
    } else {
        parts(value)
    };
    let _ = write!(out, "{mantissa}p{exponent:+}");
}

fn push_hex(out: &mut String, value: f64, precision: i32, upper: bool) {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One digit before the point: shift the leading one to bit 60.
        exponent += 60;
        while mantissa & (1 << 60) == 0 {
            mantissa <<= 1;
            exponent -= 1;
        }
    }
    if (0..15).contains(&precision) {
        let shift = u32::try_from(60 - precision * 4).unwrap_or(0);
        let extra = mantissa & ((1 << shift) - 1);
        let half = 1u64 << (shift - 1);
        mantissa >>= shift;
        if extra > half || (extra == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", (mantissa >> 60) & 1);
    let mut fraction = mantissa << 4;
    if precision < 0 && fraction != 0 {
        text.push('.');
        while fraction != 0 {
            let _ = write!(text, "{:x}", fraction >> 60);
            fraction <<= 4;
        }
    } else if precision > 0 {
        text.push('.');
        for _ in 0..precision {
            let _ = write!(text, "{:x}", fraction >> 60);
            fraction <<= 4;
        }
    }
    let _ = write!(text, "p{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    out.push_str(&if upper { text.to_uppercase() } else { text });
}
