//! String formats of `openAPIV3Schema` (kube-openapi `strfmt` and apiextensions' list of supported formats).

use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;

use regex::Regex;

/// Whether the text has the format; unknown formats hold for every text.
pub(crate) fn holds(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "datetime" => text.parse::<jiff::Timestamp>().is_ok() && matches(Pattern::DateTime, text),
        "date" => matches(Pattern::Date, text) && text.parse::<jiff::civil::Date>().is_ok(),
        "duration" => duration(text),
        "byte" => byte(text),
        "uri" => uri(text),
        "email" => email(text),
        "hostname" => hostname(text),
        "ipv4" => text.contains('.') && text.parse::<IpAddr>().is_ok(),
        "ipv6" => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => cidr(text),
        "mac" => matches(Pattern::Mac, text),
        "uuid" => matches(Pattern::Uuid, text),
        "uuid3" => matches(Pattern::Uuid3, text),
        "uuid4" => matches(Pattern::Uuid4, text),
        "uuid5" => matches(Pattern::Uuid5, text),
        "isbn" => isbn10(text) || isbn13(text),
        "isbn10" => isbn10(text),
        "isbn13" => isbn13(text),
        "creditcard" => credit_card(text),
        "ssn" => matches(Pattern::Ssn, text),
        "hexcolor" => matches(Pattern::HexColor, text),
        "rgbcolor" => matches(Pattern::RgbColor, text),
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()),
        "k8sshortname" => text.len() <= 63 && matches(Pattern::ShortName, text),
        "k8slongname" => text.len() <= 253 && matches(Pattern::LongName, text),
        _ => true,
    }
}

/// Whether the format is checked at all.
pub(crate) fn known(format: &str) -> bool {
    matches!(
        format.replace('-', "").as_str(),
        "datetime"
            | "date"
            | "duration"
            | "byte"
            | "uri"
            | "email"
            | "hostname"
            | "ipv4"
            | "ipv6"
            | "cidr"
            | "mac"
            | "uuid"
            | "uuid3"
            | "uuid4"
            | "uuid5"
            | "isbn"
            | "isbn10"
            | "isbn13"
            | "creditcard"
            | "ssn"
            | "hexcolor"
            | "rgbcolor"
            | "bsonobjectid"
            | "k8sshortname"
            | "k8slongname"
    )
}

#[derive(Clone, Copy)]
enum Pattern {
    DateTime,
    Date,
    Mac,
    Uuid,
    Uuid3,
    Uuid4,
    Uuid5,
    Ssn,
    HexColor,
    RgbColor,
    ShortName,
    LongName,
    Hostname,
}

const PATTERNS: [&str; 13] = [
    r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^([0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){7}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){7}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){3})$",
    r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
    r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$",
    r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
    r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$",
    r"^\d{3}[- ]?\d{2}[- ]?\d{4}$",
    r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
    r"^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    // A label of its own, or labels and a top-level domain of letters.
    r"^[a-zA-Z0-9\p{S}\p{L}](-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$|^([a-zA-Z0-9\p{S}\p{L}]([-a-zA-Z0-9\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63}$",
];

fn matches(pattern: Pattern, text: &str) -> bool {
    static COMPILED: OnceLock<Vec<Option<Regex>>> = OnceLock::new();
    let all = COMPILED.get_or_init(|| PATTERNS.iter().map(|p| Regex::new(p).ok()).collect());
    all.get(pattern as usize).and_then(Option::as_ref).is_some_and(|r| r.is_match(text))
}

fn hostname(text: &str) -> bool {
    matches(Pattern::Hostname, text) && text.len() <= 255 && text.split('.').all(|label| label.len() <= 63)
}

/// A duration as Go parses it (`1h30m`), or numbers with unit words (`3 days`).
fn duration(text: &str) -> bool {
    static WORDS: OnceLock<Option<Regex>> = OnceLock::new();
    if go_duration(text).is_some() {
        return true;
    }
    let words = WORDS.get_or_init(|| Regex::new(r"\d+\s*([A-Za-zµ]+)").ok());
    words.as_ref().is_some_and(|r| {
        r.captures_iter(text).any(|c| {
            let unit = c.get(1).map_or("", |m| m.as_str()).to_lowercase();
            ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"].contains(&unit.as_str())
                || ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"]
                    .iter()
                    .any(|word| unit.starts_with(word))
        })
    })
}

/// Nanoseconds of a duration as Go's `time.ParseDuration` reads it.
pub(crate) fn go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let value: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return None,
        };
        total += value * unit;
        rest = &rest[end..];
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates; Go refuses such lengths, 292 years")]
    let nanos = total.round() as i64;
    Some(if negative { -nanos } else { nanos })
}

fn byte(text: &str) -> bool {
    let padding = text.bytes().rev().take_while(|b| *b == b'=').count();
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && text[..text.len() - padding].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// What Go's `url.ParseRequestURI` takes: an absolute path, or a scheme with something behind it.
fn uri(text: &str) -> bool {
    if text.bytes().any(|b| b < 0x21 || b == 0x7f) {
        return false;
    }
    if text.starts_with('/') || text == "*" {
        return true;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
}

fn email(text: &str) -> bool {
    let address = match (text.rfind('<'), text.ends_with('>')) {
        (Some(at), true) => &text[at + 1..text.len() - 1],
        _ => text.trim(),
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c) || !c.is_ascii();
    let dotted =
        |s: &str| !s.is_empty() && s.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    (quoted || dotted(local)) && (dotted(domain) || (domain.starts_with('[') && domain.ends_with(']')))
}

fn cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => bits <= 32,
        Ok(IpAddr::V6(_)) => bits <= 128,
        Err(_) => false,
    }
}

fn isbn_digits(text: &str) -> Vec<char> {
    text.chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}

fn isbn10(text: &str) -> bool {
    let digits = isbn_digits(text);
    let value = |(i, c): (usize, &char)| match c {
        'X' if i == 9 => Some(10),
        c => c.to_digit(10),
    };
    let values: Option<Vec<u32>> = digits.iter().enumerate().map(value).collect();
    digits.len() == 10 && values.is_some_and(|v| v.iter().zip(1..).map(|(d, i)| d * i).sum::<u32>() % 11 == 0)
}

fn isbn13(text: &str) -> bool {
    let digits: Option<Vec<u32>> = isbn_digits(text).iter().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|d| {
        d.len() == 13 && d.iter().zip([1, 3].iter().cycle()).map(|(d, f)| d * f).sum::<u32>() % 10 == 0
    })
}

fn credit_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| match (i % 2, d * 2) {
            (1, twice) if twice > 9 => twice - 9,
            (1, twice) => twice,
            _ => *d,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_what_go_takes() {
        for (format, good, bad) in [
            ("date-time", "2024-01-01T00:00:00Z", "yesterday"),
            ("date", "2024-02-28", "2024-02-30"),
            ("duration", "1h30m", "x"),
            ("duration", "3 days", ""),
            ("uri", "http://a.example.com/", "::"),
            ("email", "a@example.com", "x"),
            ("byte", "eA==", "*"),
            ("hostname", "a.example", "a.b"),
            ("hostname", "abc", "a_b"),
            ("ipv4", "10.0.0.1", "x"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"),
            ("isbn", "0321751043", "0321751044"),
            ("isbn13", "978-0321751041", "978"),
            ("k8s-short-name", "a-b", "A"),
            ("mac", "01:23:45:67:89:ab", "01:23"),
        ] {
            assert!(holds(format, good), "{format} takes {good}");
            assert!(!holds(format, bad), "{format} refuses {bad}");
        }
        assert!(holds("dns1123Label", "A"), "formats that are not known do not matter");
    }
}
