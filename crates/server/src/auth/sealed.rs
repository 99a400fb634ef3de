use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::token::{Fingerprint, Token};

/// A token that only whoever holds the key (a cookie's or a link's secret) can read.
///
/// The memory of the process holds neither the token nor the key; the map's key is the secret's fingerprint.
pub(crate) struct Sealed {
    nonce: [u8; NONCE_LEN],
    bytes: Vec<u8>,
}

fn key(secret: &str) -> Option<LessSafeKey> {
    // The fingerprint names the entry in the map, so the key must be another digest of the secret.
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("seal:{secret}").as_bytes());
    UnboundKey::new(&CHACHA20_POLY1305, digest.as_ref()).ok().map(LessSafeKey::new)
}

impl Sealed {
    pub(crate) fn seal(token: &Token, secret: &str) -> Option<Self> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut bytes = token.reveal().as_bytes().to_vec();
        key(secret)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
            .ok()?;
        Some(Self { nonce, bytes })
    }

    pub(crate) fn open(&self, secret: &str) -> Option<Token> {
        let mut bytes = self.bytes.clone();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plain = key(secret)?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?;
        Token::new(String::from_utf8(plain.to_vec()).ok()?)
    }
}

/// The name of a secret in a map.
pub(crate) fn name_of(secret: &str) -> Fingerprint {
    Fingerprint::of(secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_opens_it() {
        let token = Token::new("t0ken").unwrap();
        let sealed = Sealed::seal(&token, "secret").unwrap();
        assert_eq!(sealed.open("secret"), Some(token));
        assert_eq!(sealed.open("other"), None);
        assert!(!sealed.bytes.windows(5).any(|w| w == b"t0ken"));
    }
}
