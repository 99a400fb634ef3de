//! `resource.Quantity`: parsing, comparing and the canonical text (apimachinery, `pkg/api/resource`).

use std::cmp::Ordering;
use std::fmt;

/// Go's text for what is no quantity.
pub const FORMAT_ERROR: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_ERROR: &str = "unable to parse quantity's suffix";

const NANO: i128 = 1_000_000_000;
/// The largest value upstream keeps exactly, `2^63 - 1`; more is cut to it.
const MAX: i128 = i64::MAX as i128 * NANO;

/// An amount, exact to the nano.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Decimal,
    Binary,
    Exponent,
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl Quantity {
    /// Reads text like `100m`, `1.5Gi` or `1e3`.
    ///
    /// # Errors
    /// Go's text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let negative = match bytes.first() {
            Some(b'-') => {
                at = 1;
                true
            }
            Some(b'+') => {
                at = 1;
                false
            }
            Some(_) => false,
            None => return Err(FORMAT_ERROR.to_owned()),
        };
        let digits = |from: usize| bytes[from..].iter().take_while(|c| c.is_ascii_digit()).count();
        let whole = &text[at..at + digits(at)];
        at += whole.len();
        let mut fraction = "";
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            fraction = &text[at..at + digits(at)];
            at += fraction.len();
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(FORMAT_ERROR.to_owned());
        }
        let suffix = &text[at..];
        if !suffix.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-')) {
            return Err(FORMAT_ERROR.to_owned());
        }
        let (base, exponent, format) = suffix_of(suffix)?;
        let nano = scale(whole, fraction, base, exponent);
        Ok(Self { nano: if negative { -nano } else { nano }, format })
    }

    /// A whole number.
    pub fn from_int(n: i64) -> Self {
        Self { nano: i128::from(n) * NANO, format: Format::Decimal }
    }

    /// Sum; keeps the form of the left side.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { nano: self.nano.saturating_add(other.nano).clamp(-MAX, MAX), ..self }
    }

    /// Difference; keeps the form of the left side.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { nano: self.nano.saturating_sub(other.nano).clamp(-MAX, MAX), ..self }
    }

    /// Less than nothing.
    pub fn is_negative(&self) -> bool {
        self.nano < 0
    }

    /// Nothing at all.
    pub fn is_zero(&self) -> bool {
        self.nano == 0
    }

    /// Whether it is a whole number.
    pub fn is_whole(&self) -> bool {
        self.nano % NANO == 0
    }

    /// The whole number, rounded up (Go's `Value`).
    pub fn value(&self) -> i64 {
        i64::try_from(self.nano.div_euclid(NANO) + i128::from(self.nano.rem_euclid(NANO) != 0))
            .unwrap_or(i64::MAX)
    }

    /// Thousandths, rounded up (Go's `MilliValue`).
    pub fn milli_value(&self) -> i64 {
        let milli = NANO / 1000;
        i64::try_from(self.nano.div_euclid(milli) + i128::from(self.nano.rem_euclid(milli) != 0))
            .unwrap_or(i64::MAX)
    }
}

/// Base, exponent and form of a suffix.
fn suffix_of(suffix: &str) -> Result<(u32, i32, Format), String> {
    Ok(match suffix {
        "" => (10, 0, Format::Decimal),
        "n" => (10, -9, Format::Decimal),
        "u" => (10, -6, Format::Decimal),
        "m" => (10, -3, Format::Decimal),
        "k" => (10, 3, Format::Decimal),
        "M" => (10, 6, Format::Decimal),
        "G" => (10, 9, Format::Decimal),
        "T" => (10, 12, Format::Decimal),
        "P" => (10, 15, Format::Decimal),
        "E" => (10, 18, Format::Decimal),
        "Ki" => (2, 10, Format::Binary),
        "Mi" => (2, 20, Format::Binary),
        "Gi" => (2, 30, Format::Binary),
        "Ti" => (2, 40, Format::Binary),
        "Pi" => (2, 50, Format::Binary),
        "Ei" => (2, 60, Format::Binary),
        other => match other.strip_prefix(['e', 'E']).map(str::parse::<i32>) {
            Some(Ok(exponent)) => (10, exponent, Format::Exponent),
            _ if other.chars().all(|c| "eEinumkKMGTP+-0123456789".contains(c)) => {
                return Err(SUFFIX_ERROR.to_owned());
            }
            _ => return Err(FORMAT_ERROR.to_owned()),
        },
    })
}

/// `whole.fraction * base^exponent` in nanos: rounded up, cut to [`MAX`].
fn scale(whole: &str, fraction: &str, base: u32, exponent: i32) -> i128 {
    let digits: Vec<i128> = whole.bytes().chain(fraction.bytes()).map(|c| i128::from(c - b'0')).collect();
    let first = digits.iter().position(|d| *d != 0);
    let Some(first) = first else { return 0 };
    let mut mantissa: i128 = 0;
    let mut used = first;
    let mut rest = false;
    // 27 digits keep every nano of the largest value.
    for digit in &digits[first..] {
        if used - first < 27 {
            mantissa = mantissa * 10 + digit;
            used += 1;
        } else {
            rest |= *digit != 0;
        }
    }
    let dropped = digits.len() - used;
    let ten = i64::try_from(dropped).unwrap_or(i64::MAX) - i64::try_from(fraction.len()).unwrap_or(i64::MAX)
        + 9
        + if base == 10 { i64::from(exponent) } else { 0 };
    if base == 2 {
        mantissa = mantissa.saturating_mul(1i128 << exponent.clamp(0, 60));
    }
    if ten >= 0 {
        let factor = u32::try_from(ten).ok().and_then(|t| 10i128.checked_pow(t));
        return factor.and_then(|f| mantissa.checked_mul(f)).unwrap_or(MAX).min(MAX);
    }
    let divisor = u32::try_from(-ten).ok().and_then(|t| 10i128.checked_pow(t));
    match divisor {
        Some(d) => (mantissa / d + i128::from(rest || mantissa % d != 0)).min(MAX),
        None => 1,
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        let whole = self.nano / NANO;
        if self.format == Format::Binary && self.nano % NANO == 0 && !(-1024 < whole && whole < 1024) {
            let mut value = whole;
            let mut steps = 0;
            while value % 1024 == 0 && steps < 6 {
                value /= 1024;
                steps += 1;
            }
            return write!(f, "{value}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][steps]);
        }
        let mut value = self.nano;
        let mut exponent = -9;
        while value % 1000 == 0 && exponent < 18 {
            value /= 1000;
            exponent += 3;
        }
        if self.format == Format::Exponent {
            return if exponent == 0 { write!(f, "{value}") } else { write!(f, "{value}e{exponent}") };
        }
        let suffix = match exponent {
            -9 => "n",
            -6 => "u",
            -3 => "m",
            0 => "",
            3 => "k",
            6 => "M",
            9 => "G",
            12 => "T",
            15 => "P",
            _ => "E",
        };
        write!(f, "{value}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_become_canonical() {
        let cases = [
            ("0.1", "100m"),
            ("1024Ki", "1Mi"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("1.5Gi", "1536Mi"),
            ("0", "0"),
            ("1e3", "1e3"),
            ("1E", "1E"),
            ("100", "100"),
            ("1.5", "1500m"),
            ("512Ki", "512Ki"),
            ("0.5Gi", "512Mi"),
            ("-1", "-1"),
            ("1023Mi", "1023Mi"),
            ("0.0000000001", "1n"),
            ("10Gi", "10Gi"),
            ("1.1Ki", "1126400m"),
            ("1000000000000000000000", "9223372036854775807"),
            ("0.5Ki", "512"),
            ("12e6", "12e6"),
            ("+5", "5"),
        ];
        for (text, canonical) in cases {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "x", "1x", "1 Gi", "Gi", "1.2.3"] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
        assert_eq!(Quantity::parse("abc").unwrap_err(), FORMAT_ERROR);
    }

    #[test]
    fn order_is_by_amount() {
        assert!(Quantity::parse("1Gi").unwrap() > Quantity::parse("1G").unwrap());
        assert_eq!(Quantity::parse("1").unwrap(), Quantity::parse("1000m").unwrap());
    }
}
