//! PEM blocks.

use crate::functions::encoding::decode_base64;

/// The label and contents of the first block in `text` (Go's `pem.Decode`).
pub(super) fn decode(text: &[u8]) -> Option<(String, Vec<u8>)> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const DASHES: &[u8] = b"-----";
    let mut rest = text;
    loop {
        let start = memchr::memmem::find(rest, BEGIN)?;
        let at_line_start = start == 0 || rest[start - 1] == b'\n';
        rest = &rest[start + BEGIN.len()..];
        let Some(end) =
            memchr::memmem::find(rest, DASHES).filter(|&end| at_line_start && !rest[..end].contains(&b'\n'))
        else {
            continue;
        };
        let label = &rest[..end];
        let body = &rest[end + DASHES.len()..];
        let closing = [b"-----END ", label, DASHES].concat();
        let Some(close) = memchr::memmem::find(body, &closing) else { continue };
        let mut content: Vec<u8> = Vec::new();
        for line in body[..close].split(|&byte| byte == b'\n') {
            // Headers end with a blank line and hold a colon.
            if line.contains(&b':') {
                content.clear();
                continue;
            }
            content.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
        if let Ok(bytes) = decode_base64(&content) {
            return Some((String::from_utf8_lossy(label).into_owned(), bytes));
        }
    }
}

/// A block, with lines of 64 characters.
pub(super) fn encode(label: &str, contents: &[u8]) -> String {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, contents);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
