//! The few forms of DER that keys and certificates need.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Tag, length, contents.
pub(super) fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = contents.len();
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().position(|&byte| byte != 0).unwrap_or(0)..];
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(contents);
    out
}

/// A sequence of encoded parts.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(SEQUENCE, &parts.concat())
}

/// A non-negative integer from its big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let mut contents = bytes[start..].to_vec();
    if contents.first().is_none_or(|&byte| byte >= 0x80) {
        contents.insert(0, 0);
    }
    tagged(INTEGER, &contents)
}

/// A string of whole bytes as bits.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tagged(BIT_STRING, &[&[0], bytes].concat())
}

/// An object identifier, its contents already encoded.
pub(super) fn object_id(contents: &[u8]) -> Vec<u8> {
    tagged(OBJECT_ID, contents)
}

/// The elements of a sequence's contents: tag, contents, and the whole element.
pub(super) struct Elements<'d>(pub(super) &'d [u8]);

/// One element.
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) contents: &'d [u8],
    pub(super) whole: &'d [u8],
}

impl<'d> Iterator for Elements<'d> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let length =
                rest.get(..count)?.iter().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
            (length, &rest[count..])
        };
        let contents = rest.get(..length)?;
        let end = self.0.len() - rest.len() + length;
        let whole = &self.0[..end];
        self.0 = &self.0[end..];
        Some(Element { tag, contents, whole })
    }
}
