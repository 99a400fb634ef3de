//! IP addresses as Go's `net/netip` reads them, with its error texts.

use pilothouse_gotemplate::quote;

/// What is wrong, and the rest of the address from there on (empty where Go names no place).
type Fault<'a> = (&'static str, &'a [u8]);

fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&quote::quote(text)).into_owned()
}

/// Checks an address; gives its zone (`fe80::1%eth0`), if it has one.
///
/// # Errors
/// Go's text: `ParseAddr("1::2::3"): multiple :: in address (at ":3")`.
pub(crate) fn parse(address: &[u8]) -> Result<Option<&[u8]>, String> {
    let first = address.iter().find(|byte| matches!(byte, b'.' | b':' | b'%'));
    let result = match first {
        Some(b'.') => ipv4(address).map(|()| None),
        Some(b':') => ipv6(address),
        Some(_) => Err(("missing IPv6 address", &b""[..])),
        None => Err(("unable to parse IP", &b""[..])),
    };
    result.map_err(|(message, place)| {
        let place = if place.is_empty() { String::new() } else { format!(" (at {})", quoted(place)) };
        format!("ParseAddr({}): {message}{place}", quoted(address))
    })
}

fn ipv4(text: &[u8]) -> Result<(), Fault<'_>> {
    let (mut value, mut digits, mut dots) = (0_u32, 0, 0);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err(("IPv4 field has octet with leading zero", b""));
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", b""));
                }
            }
            b'.' => {
                if at == 0 || at + 1 == text.len() || text[at - 1] == b'.' {
                    return Err(("IPv4 field must have at least one digit", &text[at..]));
                }
                if dots == 3 {
                    return Err(("IPv4 address too long", b""));
                }
                dots += 1;
                (value, digits) = (0, 0);
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if dots < 3 { Err(("IPv4 address too short", b"")) } else { Ok(()) }
}

fn ipv6(text: &[u8]) -> Result<Option<&[u8]>, Fault<'_>> {
    let (mut rest, zone) = match text.iter().position(|&byte| byte == b'%') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if zone == Some(b"") {
        return Err(("zone must be a non-empty string", b""));
    }
    let mut gap = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        gap = true;
        rest = after;
        if rest.is_empty() {
            return Ok(zone);
        }
    }
    let mut filled = 0;
    while filled < 16 {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        if rest.get(digits) == Some(&b'.') {
            if !gap && filled != 12 {
                return Err(("embedded IPv4 address must replace the final 2 fields of the address", rest));
            }
            if filled > 12 {
                return Err(("too many hex fields to fit an embedded IPv4 at the end of the address", rest));
            }
            ipv4(rest)?;
            rest = b"";
            filled += 4;
            break;
        }
        filled += 2;
        rest = &rest[digits..];
        match rest {
            [] => break,
            [b':'] => return Err(("colon must be followed by more characters", rest)),
            [b':', ..] => rest = &rest[1..],
            _ => return Err(("unexpected character, want colon", rest)),
        }
        if rest.first() == Some(&b':') {
            if gap {
                return Err(("multiple :: in address", rest));
            }
            gap = true;
            rest = &rest[1..];
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    match (filled < 16, gap) {
        (true, false) => Err(("address string too short", b"")),
        (false, true) => Err(("the :: must expand to at least one field of zeros", b"")),
        _ => Ok(zone),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Texts of Go 1.26, through Helm's schema validation.
    #[test]
    fn addresses_are_refused_in_gos_words() {
        for good in ["1.2.3.4", "::", "::1", "1::2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"] {
            assert_eq!(parse(good.as_bytes()), Ok(None), "{good}");
        }
        assert_eq!(parse(b"fe80::1%eth0"), Ok(Some(&b"eth0"[..])));
        for (bad, why) in [
            ("1::2::3", r#"multiple :: in address (at ":3")"#),
            ("1:2:3:4:5:6:7:8:9", r#"trailing garbage after address (at "9")"#),
            ("g::", r#"each colon-separated field must have at least one digit (at "g::")"#),
            ("10:20:30Z", r#"unexpected character, want colon (at "Z")"#),
            ("10:20:30", "address string too short"),
            (
                "1:2.3.4.5",
                r#"embedded IPv4 address must replace the final 2 fields of the address (at "2.3.4.5")"#,
            ),
        ] {
            assert_eq!(parse(bad.as_bytes()), Err(format!("ParseAddr({bad:?}): {why}")));
        }
    }
}
