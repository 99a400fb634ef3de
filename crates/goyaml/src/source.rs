//! From bytes to text, as goyaml.v2's reader decodes and checks them.

use std::borrow::Cow;

use crate::Error;

/// Bytes Go's reader decodes at a time: an error in one block is met before the block is scanned.
const BLOCK: usize = 512;

pub(crate) struct Source<'s> {
    /// What can be read.
    pub(crate) text: &'s str,
    /// Why the rest cannot.
    pub(crate) unreadable: Option<Error>,
}

impl<'s> Source<'s> {
    pub(crate) fn new(bytes: &'s [u8]) -> Result<Self, Error> {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(Error::Value("yaml: UTF-16 is not read event by event".to_owned()));
        }
        let skipped = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let bytes = &bytes[skipped..];
        let (valid, broken) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let (good, rest) = bytes.split_at(error.valid_up_to());
                (std::str::from_utf8(good).unwrap_or_default(), Some(utf8_problem(rest)))
            }
        };
        let forbidden = first_forbidden(valid).map(|at| (at, "control characters are not allowed"));
        let problem = forbidden.or(broken.map(|message| (valid.len(), message)));
        Ok(match problem {
            None => Self { text: valid, unreadable: None },
            Some((at, message)) => {
                let mut end = ((at + skipped) / BLOCK * BLOCK).saturating_sub(skipped).min(at);
                while !valid.is_char_boundary(end) {
                    end -= 1;
                }
                Self { text: &valid[..end], unreadable: Some(problem_error(message)) }
            }
        })
    }
}

fn problem_error(message: &str) -> Error {
    Error::Syntax { line: 0, message: message.to_owned() }
}

/// UTF-16 with a byte order mark as UTF-8; anything else as it is.
pub(crate) fn to_utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    let little = bytes.starts_with(&[0xFF, 0xFE]);
    if !little && !bytes.starts_with(&[0xFE, 0xFF]) {
        return Ok(Cow::Borrowed(bytes));
    }
    if !bytes.len().is_multiple_of(2) {
        return Err(problem_error("incomplete UTF-16 character"));
    }
    let units = bytes[2..].chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map(|text| Cow::Owned(text.into_bytes())).map_err(|error| {
        let low = (0xDC00..0xE000).contains(&error.unpaired_surrogate());
        problem_error(if low { "unexpected low surrogate area" } else { "expected low surrogate area" })
    })
}

/// Go's words for the first bytes that are not UTF-8.
fn utf8_problem(rest: &[u8]) -> &'static str {
    let width = match rest.first() {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF7) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    if rest.len() < width {
        return "incomplete UTF-8 octet sequence";
    }
    if rest[1..width].iter().any(|byte| byte & 0xC0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let value = rest[1..width]
        .iter()
        .fold(u32::from(rest[0]) & (0x7F >> width), |value, byte| (value << 6) | u32::from(byte & 0x3F));
    let least = [0x80, 0x800, 0x1_0000][width - 2];
    if value < least { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" }
}

/// Offset of the first character outside YAML's printable set.
fn first_forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = from + first_suspicious(&bytes[from..])?;
        let rest = &bytes[at..];
        match rest {
            [0xC2, 0x80..=0x84 | 0x86..=0x9F, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => return Some(at),
            [0xC2 | 0xEF, ..] => from = at + 1,
            _ => return Some(at),
        }
    }
}

/// Position of the first byte that is forbidden or begins a character that may be.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the loop from being vectorised")]
fn first_suspicious(bytes: &[u8]) -> Option<usize> {
    // Whole chunks without a branch inside: the compiler looks at many bytes at a time.
    const CHUNK: usize = 64;
    let is_suspicious = |byte: u8| {
        ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r'))
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    let has_one = |chunk: &[u8]| chunk.iter().fold(false, |found, &byte| found | is_suspicious(byte));
    let (index, chunk) = bytes.chunks(CHUNK).enumerate().find(|(_, chunk)| has_one(chunk))?;
    Some(index * CHUNK + chunk.iter().position(|&byte| is_suspicious(byte))?)
}

/// Whether goyaml.v2's reader refuses this text, as it stands inside a JSON string.
pub(crate) fn has_forbidden(text: &str) -> bool {
    text.bytes().any(|byte| byte == 0x7F || byte == 0xC2 || byte == 0xEF)
        && text
            .chars()
            .any(|c| matches!(c, '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}'))
}
