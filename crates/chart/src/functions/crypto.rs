//! Digests, passwords, encryption, keys and certificates.

mod certificates;
mod der;
mod keys;
mod passwords;
mod pem;

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use pilothouse_gotemplate::{CallError, Context, Function, Param, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::encoding::decode_base64;
use super::surroundings::random;
use super::{Outcome, string, text};

const STRING: &[Param] = &[Param::String];
const STRINGS: &[Param] = &[Param::String, Param::String];

pub(super) const FUNCTIONS: [Function; 6] = [
    Function::new("sha1sum", STRING, |context, args| hex_digest::<Sha1>(context, &args[0])),
    Function::new("sha256sum", STRING, |context, args| hex_digest::<Sha256>(context, &args[0])),
    Function::new("sha512sum", STRING, |context, args| hex_digest::<Sha512>(context, &args[0])),
    Function::new("adler32sum", STRING, |_, args| {
        Ok(adler2::adler32_slice(text(&args[0])).to_string().into())
    }),
    Function::new("encryptAES", STRINGS, encrypt),
    Function::new("decryptAES", STRINGS, decrypt),
];

pub(super) use certificates::FUNCTIONS as CERTIFICATES;
pub(super) use passwords::FUNCTIONS as PASSWORDS;

fn hex_digest<D: Digest>(context: &Context<'_>, arg: &Value) -> Outcome {
    string(context, hex::encode(D::digest(text(arg))).into_bytes())
}

/// Bytes of AES' blocks.
const BLOCK: usize = 16;

/// The password, cut or padded with zeros to a key.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn encrypt(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let plain = text(&args[1]);
    if plain.is_empty() {
        return Ok("".into());
    }
    let mut out = random(context, BLOCK)?;
    let mut vector = [0; BLOCK];
    vector.copy_from_slice(&out);
    let cipher = cbc::Encryptor::<Aes256>::new(&key(text(&args[0])).into(), &vector.into());
    out.extend(cipher.encrypt_padded_vec_mut::<Pkcs7>(plain));
    string(context, base64::Engine::encode(&base64::engine::general_purpose::STANDARD, out).into_bytes())
}

fn decrypt(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let encoded = text(&args[1]);
    if encoded.is_empty() {
        return Ok("".into());
    }
    let encrypted = decode_base64(encoded)
        .map_err(|position| CallError::from(format!("illegal base64 data at input byte {position}")))?;
    if encrypted.len() < BLOCK {
        // Go's decoder makes room for whole groups of three bytes.
        let capacity = encoded.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).count() / 4 * 3;
        return Err(format!("runtime error: slice bounds out of range [:16] with capacity {capacity}").into());
    }
    let (vector, blocks) = encrypted.split_at(BLOCK);
    if !blocks.len().is_multiple_of(BLOCK) {
        return Err("crypto/cipher: input not full blocks".into());
    }
    if blocks.is_empty() {
        return Err("runtime error: index out of range [-1]".into());
    }
    let mut initial = [0; BLOCK];
    initial.copy_from_slice(vector);
    let cipher = cbc::Decryptor::<Aes256>::new(&key(text(&args[0])).into(), &initial.into());
    let mut plain = blocks.to_vec();
    let decrypted = cipher.decrypt_padded_mut::<aes::cipher::block_padding::NoPadding>(&mut plain);
    let length = decrypted.map_or(0, <[u8]>::len);
    // Sprig trusts the last byte to be the length of the padding.
    let padding = plain.last().copied().map_or(0, usize::from);
    let Some(kept) = length.checked_sub(padding) else {
        let end = i64::try_from(length).unwrap_or(0) - i64::try_from(padding).unwrap_or(0);
        return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
    };
    plain.truncate(kept);
    string(context, plain)
}
