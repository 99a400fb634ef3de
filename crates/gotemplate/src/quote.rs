//! Go's `strconv.Quote` and `strconv.Unquote`.

use crate::unicode::{decode, is_print};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `strconv.Quote`.
pub fn quote(bytes: &[u8]) -> Vec<u8> {
    quote_with(bytes, b'"', false)
}

/// `strconv.Quote` of text, as text.
pub(crate) fn quote_text(text: &str) -> String {
    String::from_utf8_lossy(&quote(text.as_bytes())).into_owned()
}

/// `strconv.Quote` of bytes, as text for a message.
pub(crate) fn quote_lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&quote(bytes)).into_owned()
}

/// Quotes with `"` or `'`, optionally escaping everything beyond ASCII.
pub(crate) fn quote_with(bytes: &[u8], quote: u8, ascii_only: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(quote);
    let mut rest = bytes;
    while let Some((rune, width)) = decode(rest) {
        if width == 1 && rune == char::REPLACEMENT_CHARACTER {
            out.extend_from_slice(b"\\x");
            out.push(HEX[usize::from(rest[0] >> 4)]);
            out.push(HEX[usize::from(rest[0] & 15)]);
        } else {
            push_escaped(&mut out, rune, quote, ascii_only);
        }
        rest = &rest[width..];
    }
    out.push(quote);
    out
}

fn push_escaped(out: &mut Vec<u8>, rune: char, quote: u8, ascii_only: bool) {
    if rune == char::from(quote) || rune == '\\' {
        out.push(b'\\');
        out.push(rune as u8);
        return;
    }
    if is_print(rune) && (rune.is_ascii() || !ascii_only) {
        out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let short = match rune {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        _ => 0,
    };
    if short != 0 {
        out.extend_from_slice(&[b'\\', short]);
        return;
    }
    let code = rune as u32;
    let text = match code {
        0..0x20 | 0x7f => format!("\\x{code:02x}"),
        0x80..0x1_0000 => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    };
    out.extend_from_slice(text.as_bytes());
}

/// `strconv.CanBackquote`.
pub(crate) fn can_backquote(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((rune, width)) = decode(rest) {
        let bad = match (rune, width) {
            (char::REPLACEMENT_CHARACTER, 1) => true,
            ('\u{feff}', _) => true,
            ('\t', _) => false,
            (rune, 1) => rune < ' ' || rune == '`' || rune == '\x7f',
            _ => false,
        };
        if bad {
            return false;
        }
        rest = &rest[width..];
    }
    true
}

/// One step of [`unquote`] within quotes: the bytes for the character at the start, and what follows.
/// `None` is Go's `invalid syntax`.
pub(crate) fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, &[u8])> {
    let first = *text.first()?;
    if first == quote && (quote == b'\'' || quote == b'"') {
        return None;
    }
    if first != b'\\' {
        let (rune, width) = decode(text)?;
        let value = if width == 1 && !first.is_ascii() {
            Unquoted::Rune(char::REPLACEMENT_CHARACTER)
        } else {
            Unquoted::Rune(rune)
        };
        return Some((value, &text[width..]));
    }
    let escape = *text.get(1)?;
    let rest = &text[2..];
    let simple = |c: u8| Some((Unquoted::Rune(char::from(c)), rest));
    match escape {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'\'' | b'"' if escape == quote => simple(escape),
        b'x' | b'u' | b'U' => {
            let digits = match escape {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let hex = rest.get(..digits)?;
            let mut code = 0u32;
            for &digit in hex {
                code = code.checked_mul(16)? + char::from(digit).to_digit(16)?;
            }
            let rest = &rest[digits..];
            if escape == b'x' {
                return Some((Unquoted::Byte(u8::try_from(code).ok()?), rest));
            }
            Some((Unquoted::Rune(char::from_u32(code)?), rest))
        }
        b'0'..=b'7' => {
            let octal = text.get(1..4)?;
            let mut code = 0u32;
            for &digit in octal {
                code = code * 8 + char::from(digit).to_digit(8)?;
            }
            Some((Unquoted::Byte(u8::try_from(code).ok()?), &text[4..]))
        }
        _ => None,
    }
}

/// A character of a quoted string: `\x` and octal escapes are bytes, everything else runes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unquoted {
    Byte(u8),
    Rune(char),
}

/// `strconv.Unquote` for `"…"` and `` `…` ``. `None` is Go's `invalid syntax`.
pub fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let quote = *text.first()?;
    if text.len() < 2 || text[text.len() - 1] != quote {
        return None;
    }
    let mut rest = &text[1..text.len() - 1];
    if quote == b'`' {
        return (!rest.contains(&b'`')).then(|| rest.iter().copied().filter(|&b| b != b'\r').collect());
    }
    if quote != b'"' || rest.contains(&b'\n') {
        return None;
    }
    if !rest.contains(&b'\\') && !rest.contains(&b'"') && std::str::from_utf8(rest).is_ok() {
        return Some(rest.to_vec());
    }
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (value, after) = unquote_char(rest, quote)?;
        match value {
            Unquoted::Byte(byte) => out.push(byte),
            Unquoted::Rune(rune) => out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Some(out)
}
