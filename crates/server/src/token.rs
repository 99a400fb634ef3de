use std::fmt;

use ring::digest::{SHA256, digest};

/// A bearer token for the Kubernetes API. Prints as `****`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Longest token that is taken, in bytes (OIDC tokens with many groups stay below).
pub const MAX_TOKEN: usize = 16 * 1024;

impl Token {
    /// A token, if the text can be one: visible ASCII, at most [`MAX_TOKEN`] bytes.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let usable =
            !text.is_empty() && text.len() <= MAX_TOKEN && text.bytes().all(|b| b.is_ascii_graphic());
        usable.then_some(Self(text))
    }

    /// The token itself, to be sent to the API server and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Names the token in caches without holding it.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// SHA-256 of a secret: a key for maps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(secret: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, secret).as_ref());
        Self(bytes)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// 32 random bytes as 43 characters that fit URLs and cookies.
pub(crate) fn random_secret() -> String {
    use base64::Engine;
    let bytes: [u8; 32] = rand::random();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_prints_as_stars() {
        let token = Token::new("very-secret").unwrap();
        assert_eq!(format!("{token} {token:?}"), "**** ****");
    }

    #[test]
    fn what_no_header_can_hold_is_no_token() {
        for text in ["", "a b", "a\nb", "ä"] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
    }
}
