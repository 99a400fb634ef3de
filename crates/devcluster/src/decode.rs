//! Reading bodies as Go's decoder reads them; the work is done in [`crate::fields`].

use serde_json::Value;

use crate::fields::{self, Decoded, Raw, Style};
use crate::resource::Gvk;
use crate::schema;

/// Reads a body as the built-in kind: drops fields that the kind does not have and normalises what Go's decoder
/// normalises. Returns the strict errors (`unknown field "spec.x"`). An object has lost the order of its text and
/// its doubled keys: for a request body, [`body`] reports both.
///
/// # Errors
/// The text of Go's decoding error where a value has the wrong type (`json: cannot unmarshal …`).
pub fn builtin(gvk: &Gvk, object: &mut Value) -> Result<Vec<String>, String> {
    let Some(ty) = schema::builtin().kind(gvk) else { return Ok(Vec::new()) };
    let decoded = fields::decode_value(ty, object).map_err(|e| e.to_string())?;
    *object = decoded.object;
    Ok(decoded.strict)
}

/// Reads a parsed body ([`fields::parse_json`], [`fields::parse_yaml`]) as the built-in kind: strict errors are in
/// the order of the text and include `duplicate field "data.a"`.
///
/// # Errors
/// As [`builtin`].
pub fn body(gvk: &Gvk, raw: &Raw) -> Result<Decoded, String> {
    let Some(ty) = schema::builtin().kind(gvk) else {
        return Ok(Decoded { object: raw.to_value(), strict: raw.duplicates() });
    };
    fields::decode_raw(ty, raw, Style::Json).map_err(|e| e.to_string())
}
