//! Numbers as Go's `strconv` and `encoding/json` write them.

/// `strconv.FormatFloat(value, 'g', -1, 64)`, with YAML's words for what is not finite (`.inf`, `-.inf`, `.nan`).
pub fn format_general(value: f64) -> String {
    if let Some(word) = not_finite(value) {
        return word.to_owned();
    }
    general(&format!("{value:e}"))
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`: the shortest text that gives the same single-precision number.
pub fn format_general_single(value: f64) -> String {
    if let Some(word) = not_finite(value) {
        return word.to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "the loss is what is asked for")]
    let single = value as f32;
    if single.is_infinite() {
        return not_finite(f64::from(single)).unwrap_or_default().to_owned();
    }
    general(&format!("{single:e}"))
}

fn not_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some(".nan")
    } else if value == f64::INFINITY {
        Some(".inf")
    } else if value == f64::NEG_INFINITY {
        Some("-.inf")
    } else {
        None
    }
}

/// From Rust's shortest `d.ddde±x` to Go's `%g` with the shortest precision, which writes an exponent below
/// -4 and from 6 on.
fn general(scientific: &str) -> String {
    let (mantissa, exponent) = split(scientific);
    if (-4..6).contains(&exponent) {
        positional(mantissa, exponent)
    } else {
        exponent_form(mantissa, exponent)
    }
}

fn split(scientific: &str) -> (&str, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}

fn exponent_form(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn positional(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let point = point.unsigned_abs() as usize;
    if digits.len() <= point {
        let zeros = "0".repeat(point - digits.len());
        return format!("{sign}{digits}{zeros}");
    }
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

/// A finite float as `encoding/json` writes it: positional, or with an exponent below 1e-6 and from 1e21 on.
pub fn format_json(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let scientific = format!("{value:e}");
        let (mantissa, exponent) = split(&scientific);
        // Go drops the leading zero of a negative exponent only.
        return if exponent < 0 {
            format!("{mantissa}e-{}", exponent.unsigned_abs())
        } else {
            format!("{mantissa}e+{exponent:02}")
        };
    }
    format!("{value}")
}
