//! `bcrypt`, `htpasswd`, `derivePassword`.

use bcrypt::Version;
use hmac::{Hmac, Mac};
use pilothouse_gotemplate::{CallError, Context, Function, Number, Param, Value};
use sha2::Sha256;

use super::keys;
use crate::functions::surroundings::random;
use crate::functions::{Outcome, text};

pub(in crate::functions) const FUNCTIONS: [Function; 3] = [
    Function::new("bcrypt", &[Param::String], |context, args| Ok(hash(context, text(&args[0]))?.into())),
    Function::new("htpasswd", &[Param::String, Param::String], htpasswd),
    Function::new(
        "derivePassword",
        &[Param::Uint32, Param::String, Param::String, Param::String, Param::String],
        derive_password,
    ),
];

/// Go's `bcrypt.DefaultCost`.
const COST: u32 = 10;
/// Bytes of a password that bcrypt takes.
const MAX_PASSWORD: usize = 72;

fn hash(context: &Context<'_>, password: &[u8]) -> Result<String, CallError> {
    if password.len() > MAX_PASSWORD {
        return Ok(format!(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds {MAX_PASSWORD} bytes"
        ));
    }
    context.charge_steps(keys::STEPS)?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&random(context, 16)?);
    match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(parts) => Ok(parts.format_for_version(Version::TwoA)),
        Err(error) => Ok(format!("failed to encrypt string with bcrypt: {error}")),
    }
}

fn htpasswd(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let user = String::from_utf8_lossy(text(&args[0])).into_owned();
    if user.contains(':') {
        return Ok(format!("invalid username: {user}").into());
    }
    Ok(format!("{user}:{}", hash(context, text(&args[1]))?).into())
}

/// The patterns of a kind of password; each letter stands for a class of characters.
fn templates(kind: &[u8]) -> &'static [&'static str] {
    match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => &[],
    }
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm.
fn derive_password(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let Value::Number(Number::Uint32(counter)) = args[0] else { return Err("no counter".into()) };
    let [kind, password, user, site] = [1, 2, 3, 4].map(|index| text(&args[index]));
    let templates = templates(kind);
    if templates.is_empty() {
        return Ok(format!("cannot find password template {}", String::from_utf8_lossy(kind)).into());
    }
    // Scrypt with these parameters takes 32 MiB and a tenth of a second.
    context.charge_steps(1_000_000)?;
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SCOPE, &length(user), user].concat();
    let mut key = [0; 64];
    let failed = |error: String| CallError::from(format!("failed to derive password: {error}"));
    let params = scrypt::Params::new(15, 8, 2, key.len()).map_err(|error| failed(error.to_string()))?;
    scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| failed(error.to_string()))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(error.to_string()))?;
    mac.update(&[SCOPE, &length(site), site, &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let derived: Vec<u8> = template
        .bytes()
        .zip(seed.iter().skip(1))
        .map(|(class, &byte)| {
            let characters = characters(class);
            characters[usize::from(byte) % characters.len()]
        })
        .collect();
    Ok(derived.into())
}
