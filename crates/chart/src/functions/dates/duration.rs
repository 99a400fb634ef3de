//! Durations in nanoseconds: `time.ParseDuration` and `Duration.String`.

use super::parse::quoted;

const SECOND: i64 = 1_000_000_000;

/// `time.ParseDuration`; the error is Go's.
pub(super) fn parse(text: &[u8]) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quoted(text));
    let (negative, mut rest) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (mut value, after) = leading_int(rest).ok_or_else(invalid)?;
        let whole_digits = rest.len() - after.len();
        rest = after;
        let (mut fraction, mut scale, mut fraction_digits) = (0u64, 1f64, 0);
        if let Some(after) = rest.strip_prefix(b".") {
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (fraction, scale) = leading_fraction(&after[..digits]);
            fraction_digits = digits;
            rest = &after[digits..];
        }
        if whole_digits == 0 && fraction_digits == 0 {
            return Err(invalid());
        }
        let length = rest.iter().take_while(|&&byte| byte != b'.' && !byte.is_ascii_digit()).count();
        if length == 0 {
            return Err(format!("time: missing unit in duration {}", quoted(text)));
        }
        let unit_text = &rest[..length];
        let Some(unit) = unit(unit_text) else {
            return Err(format!("time: unknown unit {} in duration {}", quoted(unit_text), quoted(text)));
        };
        rest = &rest[length..];
        if value > (1 << 63) / unit {
            return Err(invalid());
        }
        value *= unit;
        if fraction > 0 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "as Go computes it"
            )]
            let extra = (fraction as f64 * (unit as f64 / scale)) as u64;
            value = value.saturating_add(extra);
        }
        total = total.saturating_add(value);
        if total > 1 << 63 {
            return Err(invalid());
        }
    }
    if negative {
        return Ok(total.wrapping_neg().cast_signed());
    }
    i64::try_from(total).map_err(|_| invalid())
}

fn leading_int(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut value = 0u64;
    for &digit in &text[..digits] {
        if value > (1 << 63) / 10 {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
        if value > 1 << 63 {
            return None;
        }
    }
    Some((value, &text[digits..]))
}

fn leading_fraction(digits: &[u8]) -> (u64, f64) {
    let (mut value, mut scale) = (0u64, 1f64);
    for &digit in digits {
        if value > ((1 << 63) - 1) / 10 {
            break;
        }
        value = value * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    (value, scale)
}

fn unit(text: &[u8]) -> Option<u64> {
    Some(match std::str::from_utf8(text).ok()? {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3600 * 1_000_000_000,
        _ => return None,
    })
}

/// `Duration.String`.
pub(super) fn print(duration: i64) -> String {
    let sign = if duration < 0 { "-" } else { "" };
    let length = duration.unsigned_abs();
    let second = SECOND.unsigned_abs();
    if length == 0 {
        return "0s".into();
    }
    if length < second {
        let (unit, name) = match length {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "\u{b5}s"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{name}", with_fraction(length / unit, length % unit, unit));
    }
    let seconds = length / second;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let tail = with_fraction(seconds % 60, length % second, second);
    if hours > 0 {
        format!("{sign}{hours}h{minutes}m{tail}s")
    } else if minutes > 0 {
        format!("{sign}{minutes}m{tail}s")
    } else {
        format!("{sign}{tail}s")
    }
}

/// `whole.fraction` without trailing zeros.
fn with_fraction(whole: u64, fraction: u64, unit: u64) -> String {
    if fraction == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(unit.ilog10()).unwrap_or(0);
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// `Round(time.Second)`: half away from zero.
pub(super) fn round_to_seconds(duration: i64) -> i64 {
    let rest = duration % SECOND;
    let down = duration - rest;
    if rest.abs() * 2 < SECOND { down } else { down.saturating_add(SECOND * rest.signum()) }
}

#[cfg(test)]
mod tests {
    use super::{parse, print};

    #[test]
    fn durations_are_read_and_printed_as_go_does() {
        assert_eq!(parse(b"1h1.5m"), Ok(3_690_000_000_000));
        assert_eq!(parse(b"1x"), Err("time: unknown unit \"x\" in duration \"1x\"".into()));
        assert_eq!(parse(b"3"), Err("time: missing unit in duration \"3\"".into()));
        assert_eq!(print(1_500_000), "1.5ms");
        assert_eq!(print(-3_661_500_000_000), "-1h1m1.5s");
    }
}
