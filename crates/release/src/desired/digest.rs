//! Digests that tell whether something changed.

use pilothouse_goyaml::{EmitError, Emitter};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Digest of nothing: that of a release without values.
pub const EMPTY_DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Digest of composed values as Flux computes it (`fluxcd/pkg/chartutil`): SHA-256 of their YAML by goyaml.v2, with
/// the keys of every map in byte order. Values are null or an object.
///
/// # Errors
/// The values cannot be written as YAML (a control character in a string).
pub fn values_digest(values: &Value) -> Result<String, EmitError> {
    if values.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(EMPTY_DIGEST.to_owned());
    }
    let mut emitter = Emitter::new();
    emit(&mut emitter, values);
    Ok(sha256(emitter.finish()?.as_bytes()))
}

/// Digest of a part of a spec as Flux computes it: SHA-256 of its JSON and a line break.
pub fn json_digest(part: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(part).ok()?;
    Some(sha256(format!("{json}\n").as_bytes()))
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// `serde_json`'s maps are in byte order already, which is why this is not [`pilothouse_goyaml::json_to_yaml`].
/// The API bounds how deep values nest, so the recursion is bounded too.
fn emit(emitter: &mut Emitter, value: &Value) {
    match value {
        Value::Null => emitter.null(),
        Value::Bool(value) => emitter.bool(*value),
        // Helm holds every number of values as a float, and a float of ten million is written `1e+07`.
        Value::Number(number) => emitter.float(number.as_f64().unwrap_or_default()),
        Value::String(text) => emitter.string(text.as_bytes()),
        Value::Array(items) => {
            emitter.begin_seq(items.len());
            items.iter().for_each(|item| emit(emitter, item));
            emitter.end();
        }
        Value::Object(map) => {
            emitter.begin_map(map.len());
            for (key, value) in map {
                emitter.key(key.as_bytes());
                emit(emitter, value);
            }
            emitter.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_of_values_is_that_of_a_running_flux() {
        assert_eq!(
            values_digest(&json!({"message": "one"})).unwrap(),
            "sha256:c3a70400d9465960aa58d6436c38fbd85353c68020ce39a4efaf8ad9467137ff"
        );
        assert_eq!(values_digest(&json!({})).unwrap(), EMPTY_DIGEST);
        assert_eq!(values_digest(&Value::Null).unwrap(), EMPTY_DIGEST);
    }
}
