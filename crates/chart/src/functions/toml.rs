//! TOML as github.com/BurntSushi/toml v1.6 writes and reads it.

mod decode;
mod encode;

use pilothouse_gotemplate::{Context, Function, Param, Value};

use super::{Outcome, string, text};

pub(super) const FUNCTIONS: [Function; 3] = [
    Function::new("toToml", &[Param::Any], to_toml),
    Function::new("mustToToml", &[Param::Any], must_to_toml),
    Function::new("fromToml", &[Param::String], from_toml),
];

/// Helm gives the error's text in place of the document.
fn to_toml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    match encode::encode(&args[0]) {
        Ok(document) => string(context, document),
        Err(encode::Failure::Message(message)) => Ok(message.into()),
        Err(encode::Failure::Panic(error)) => Err(error),
    }
}

fn must_to_toml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    match encode::encode(&args[0]) {
        Ok(document) => string(context, document),
        Err(encode::Failure::Message(message)) => Err(message.into()),
        Err(encode::Failure::Panic(error)) => Err(error),
    }
}

fn from_toml(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    context.charge_steps(text(&args[0]).len())?;
    Ok(match decode::decode(text(&args[0])) {
        Ok(table) => table,
        Err(error) => Value::map([("Error".into(), error.into())]),
    })
}

/// A key as it is written: bare if it can be.
fn key_text(key: &[u8]) -> Vec<u8> {
    let is_bare = !key.is_empty()
        && key.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare { key.to_vec() } else { quoted(key) }
}

/// A basic string.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            8 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
    out
}
