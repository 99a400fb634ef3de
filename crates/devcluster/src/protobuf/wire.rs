//! The protobuf wire format.

use super::ProtobufError;

/// The content of one field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Number(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// Reads fields one after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn varint(&mut self) -> Result<u64, ProtobufError> {
        let mut value = 0_u64;
        for shift in 0..10 {
            let (&byte, rest) = self.rest.split_first().ok_or(ProtobufError::Malformed("unexpected end"))?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift * 7).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ProtobufError::Malformed("a number is too long"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ProtobufError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(ProtobufError::Malformed("unexpected end"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The number and content of the next field.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Content<'a>)>, ProtobufError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Number(self.varint()?),
            1 => {
                let bytes = self.take(8)?;
                Content::Fixed64(bytes.iter().rev().fold(0, |acc, b| acc << 8 | u64::from(*b)))
            }
            2 => {
                let length = usize::try_from(self.varint()?)
                    .map_err(|_| ProtobufError::Malformed("a length is too large"))?;
                Content::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?;
                Content::Fixed32(bytes.iter().rev().fold(0, |acc, b| acc << 8 | u32::from(*b)))
            }
            _ => return Err(ProtobufError::Malformed("a wire type is unknown")),
        };
        Ok(Some((tag >> 3, content)))
    }
}
