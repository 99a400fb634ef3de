//! Base64 and base32, with Go's positions of errors, and digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_gotemplate::{Context, Function, Param, Value};

use super::{Outcome, string, text};

const STRING: &[Param] = &[Param::String];

pub(super) const FUNCTIONS: [Function; 4] = [
    Function::new("b64enc", STRING, |context, args| {
        string(context, STANDARD.encode(text(&args[0])).into_bytes())
    }),
    Function::new("b64dec", STRING, |context, args| decoded(context, args, "base64", decode_base64)),
    Function::new("b32enc", STRING, |context, args| string(context, encode_base32(text(&args[0])))),
    Function::new("b32dec", STRING, |context, args| decoded(context, args, "base32", decode_base32)),
];

/// The position of the first byte that is wrong.
type Decoded = Result<Vec<u8>, usize>;

/// Sprig gives the error's text in place of the result.
fn decoded(context: &Context<'_>, args: &[Value], name: &str, decode: fn(&[u8]) -> Decoded) -> Outcome {
    match decode(text(&args[0])) {
        Ok(bytes) => string(context, bytes),
        Err(position) => Ok(format!("illegal {name} data at input byte {position}").into()),
    }
}

fn digit64(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Go's `base64.StdEncoding.DecodeString`: line breaks are skipped, trailing bits ignored.
pub(super) fn decode_base64(source: &[u8]) -> Decoded {
    let mut out = Vec::with_capacity(source.len() / 4 * 3);
    let mut at = 0;
    loop {
        let mut digits = [0u8; 4];
        let mut count = 0;
        while count < 4 {
            let Some(&byte) = source.get(at) else {
                return if count == 0 { Ok(out) } else { Err(at - count) };
            };
            at += 1;
            if let Some(digit) = digit64(byte) {
                digits[count] = digit;
                count += 1;
                continue;
            }
            if is_newline(byte) {
                continue;
            }
            if byte != b'=' || count < 2 {
                return Err(at - 1);
            }
            return finish_base64(source, at, digits, count, out);
        }
        push_base64(digits, 3, &mut out);
    }
}

/// The cursor is behind the first `=`.
fn finish_base64(source: &[u8], mut at: usize, digits: [u8; 4], count: usize, mut out: Vec<u8>) -> Decoded {
    let skip = |at: usize| at + source[at..].iter().take_while(|&&byte| is_newline(byte)).count();
    if count == 2 {
        at = skip(at);
        match source.get(at) {
            None => return Err(source.len()),
            Some(b'=') => at += 1,
            Some(_) => return Err(at - 1),
        }
    }
    at = skip(at);
    if at < source.len() {
        return Err(at);
    }
    push_base64(digits, count - 1, &mut out);
    Ok(out)
}

fn push_base64(digits: [u8; 4], bytes: usize, out: &mut Vec<u8>) {
    let word = digits.iter().fold(0u32, |word, &digit| word << 6 | u32::from(digit));
    out.extend_from_slice(&word.to_be_bytes()[1..=bytes]);
}

const ALPHABET32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_base32(source: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len().div_ceil(5) * 8);
    for chunk in source.chunks(5) {
        let mut word = 0u64;
        for index in 0..5 {
            word = word << 8 | u64::from(chunk.get(index).copied().unwrap_or(0));
        }
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = usize::try_from(word >> (35 - 5 * index) & 31).unwrap_or(0);
            out.push(if index < used { ALPHABET32[digit] } else { b'=' });
        }
    }
    out
}

/// Go's `base32.StdEncoding.DecodeString`. Positions do not count line breaks.
fn decode_base32(source: &[u8]) -> Decoded {
    let source: Vec<u8> = source.iter().copied().filter(|&byte| !is_newline(byte)).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let mut word = 0u64;
        let mut count = 0;
        let mut ended = false;
        while count < 8 {
            let Some(&byte) = source.get(at) else { return Err(at - count) };
            at += 1;
            let left = source.len() - at;
            if byte == b'=' && count >= 2 && left < 8 {
                if left + count < 7 {
                    return Err(source.len());
                }
                for index in 0..7 - count {
                    if source.get(at + index).is_some_and(|&byte| byte != b'=') {
                        return Err(at + index - 1);
                    }
                }
                if matches!(count, 1 | 3 | 6) {
                    return Err(at - 1);
                }
                ended = true;
                break;
            }
            let Some(digit) = ALPHABET32.iter().position(|&letter| letter == byte) else {
                return Err(at - 1);
            };
            word = word << 5 | digit as u64;
            count += 1;
        }
        word <<= 5 * (8 - count);
        let bytes = count * 5 / 8;
        out.extend_from_slice(&word.to_be_bytes()[3..3 + bytes]);
        if ended {
            break;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{decode_base32, decode_base64};

    #[test]
    fn errors_name_the_byte_that_go_names() {
        assert_eq!(decode_base64(b"YQ==YQ=="), Err(4));
        assert_eq!(decode_base64(b"aGVsbG8"), Err(4));
        assert_eq!(decode_base64(b"YQ==\r\n"), Ok(b"a".to_vec()));
        assert_eq!(decode_base32(b"ME====="), Err(7));
        assert_eq!(decode_base32(b"M1======"), Err(1));
    }
}
