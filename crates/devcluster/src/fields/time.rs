//! Times and durations as Kubernetes writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::fmt::Write;

/// Canonical JSON of a `Time` (seconds) or `MicroTime`.
///
/// # Errors
/// Go's text of `time.Parse`.
pub(super) fn canonical(text: &str, micro: bool) -> Result<Value, String> {
    let parsed = text.parse::<Timestamp>().ok().filter(|_| looks_like_rfc3339(text));
    let Some(at) = parsed else { return Err(parse_error(text, micro)) };
    let format = if micro { "%Y-%m-%dT%H:%M:%S.%6fZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
    Ok(Value::String(at.to_zoned(TimeZone::UTC).strftime(format).to_string()))
}

fn looks_like_rfc3339(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 20 && b[4] == b'-' && b[7] == b'-' && b[10] == b'T' && b[13] == b':' && b[16] == b':'
}

/// Go names the layout element at which it gave up, and the rest of the text.
fn parse_error(text: &str, micro: bool) -> String {
    let layout = if micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
    let elements: [(&str, usize); 11] = [
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut rest = text;
    let mut failed = "Z07:00";
    for (element, width) in elements {
        let taken = rest.get(..width).unwrap_or_default();
        let fits = if width == 1 {
            taken == element
        } else {
            !taken.is_empty() && taken.bytes().all(|c| c.is_ascii_digit())
        };
        if !fits {
            failed = element;
            break;
        }
        rest = &rest[width..];
    }
    format!(
        "parsing time {} as {}: cannot parse {} as {}",
        super::go_quote(text),
        super::go_quote(layout),
        super::go_quote(rest),
        super::go_quote(failed)
    )
}

/// Canonical text of a `metav1.Duration`: `1h30m` becomes `1h30m0s`.
///
/// # Errors
/// Go's text of `time.ParseDuration`.
pub(super) fn duration(text: &str) -> Result<String, String> {
    let invalid = || format!("time: invalid duration {}", super::go_quote(text));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok("0s".to_owned());
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: f64 = 0.0;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|c| c.is_ascii_digit() || *c == b'.').count();
        let number: f64 = rest[..length].parse().map_err(|_| invalid())?;
        rest = &rest[length..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let scale = match &rest[..unit] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            "" => return Err(format!("time: missing unit in duration {}", super::go_quote(text))),
            other => {
                let (unit, text) = (super::go_quote(other), super::go_quote(text));
                return Err(format!("time: unknown unit {unit} in duration {text}"));
            }
        };
        nanos += number * scale;
        rest = &rest[unit..];
    }
    #[allow(clippy::cast_possible_truncation, reason = "saturates, as a bound on hostile input")]
    let nanos = nanos as i64;
    Ok(show_duration(if negative { -nanos } else { nanos }))
}

/// Whether text is a duration as Go reads it.
///
/// # Errors
/// Go's text of `time.ParseDuration`.
pub(crate) fn check_duration(text: &str) -> Result<(), String> {
    duration(text).map(drop)
}

fn show_duration(nanos: i64) -> String {
    let mut out = String::new();
    if nanos < 0 {
        out.push('-');
    }
    let n = nanos.unsigned_abs();
    if n == 0 {
        return "0s".to_owned();
    }
    let fraction = |value: u64, unit: u64| {
        let text = format!("{}.{:0width$}", value / unit, value % unit, width = unit.ilog10() as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if n < 1_000_000_000 {
        let (unit, name) = if n < 1_000 {
            (1, "ns")
        } else if n < 1_000_000 {
            (1_000, "µs")
        } else {
            (1_000_000, "ms")
        };
        let text = if unit == 1 { n.to_string() } else { fraction(n, unit) };
        let _ = write!(out, "{text}{name}");
        return out;
    }
    let (hours, minutes) = (n / 3_600_000_000_000, n / 60_000_000_000 % 60);
    if hours > 0 {
        let _ = write!(out, "{hours}h");
    }
    if hours > 0 || minutes > 0 {
        let _ = write!(out, "{minutes}m");
    }
    let _ = write!(out, "{}s", fraction(n % 60_000_000_000, 1_000_000_000));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_and_to_the_second() {
        assert_eq!(canonical("2026-01-02T03:04:05.678+01:00", false).unwrap(), "2026-01-02T02:04:05Z");
        assert_eq!(canonical("2026-01-02T03:04:05Z", true).unwrap(), "2026-01-02T03:04:05.000000Z");
        let error = canonical("x", false).unwrap_err();
        assert_eq!(
            error,
            "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\""
        );
    }

    #[test]
    fn durations_are_written_as_go_does() {
        for (text, shown) in
            [("1h30m", "1h30m0s"), ("90s", "1m30s"), ("1.5s", "1.5s"), ("100ms", "100ms"), ("0", "0s")]
        {
            assert_eq!(duration(text).unwrap(), shown);
        }
        assert!(duration("5").is_err());
    }
}
