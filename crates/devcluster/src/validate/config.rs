//! `ConfigMaps` and Secrets.

use serde_json::Value;

use super::format;
use super::report::{At, Report};
use crate::fields::{base64_length, base64_text};

/// The API server's bound on the bytes of a ConfigMap's or Secret's values.
const MAX_BYTES: usize = 1 << 20;

fn keys(r: &mut Report, at: &At<'_>) {
    for (key, value) in at.entries() {
        for message in format::config_key(key) {
            r.invalid_as(&value, &Value::String(key.to_owned()), message);
        }
    }
}

pub(super) fn config_map(r: &mut Report, at: &At<'_>) {
    let (data, binary) = (at.get("data"), at.get("binaryData"));
    for (key, value) in data.entries() {
        let shown = Value::String(key.to_owned());
        for message in format::config_key(key) {
            r.invalid_as(&value, &shown, message);
        }
        if binary.value.get(key).is_some() {
            r.invalid_as(&value, &shown, "duplicate of key present in binaryData");
        }
    }
    keys(r, &binary);
    let plain: usize = data.entries().iter().map(|(_, v)| v.len()).sum();
    let bytes: usize = binary.entries().iter().map(|(_, v)| base64_length(v.str())).sum();
    if plain + bytes > MAX_BYTES {
        let whole = at.named("[]".to_owned());
        r.too_long(&whole, MAX_BYTES);
    }
}

pub(super) fn secret(r: &mut Report, at: &At<'_>) {
    let data = at.get("data");
    keys(r, &data);
    let bytes: usize = data.entries().iter().map(|(_, v)| base64_length(v.str())).sum();
    if bytes > MAX_BYTES {
        r.too_long(&data, MAX_BYTES);
    }
    let entry =
        |key: &str| At { value: data.value.get(key).unwrap_or(&Value::Null), path: format!("data[{key}]") };
    match at.get("type").str() {
        "kubernetes.io/service-account-token" => {
            let name = "kubernetes.io/service-account.name";
            let notes = at.at(&["metadata", "annotations"]);
            if notes.value.get(name).and_then(Value::as_str).unwrap_or_default().is_empty() {
                r.required(&notes.named(format!("metadata.annotations[{name}]")), "");
            }
        }
        "kubernetes.io/dockercfg" => docker_config(r, &entry(".dockercfg")),
        "kubernetes.io/dockerconfigjson" => docker_config(r, &entry(".dockerconfigjson")),
        "kubernetes.io/basic-auth" => {
            let (user, password) = (entry("username"), entry("password"));
            if !user.has() && !password.has() {
                r.required(&user, "");
                r.required(&password, "");
            }
        }
        "kubernetes.io/ssh-auth" if entry("ssh-privatekey").is_empty() => {
            r.required(&entry("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if !entry(key).has() {
                    r.required(&entry(key), "");
                }
            }
        }
        _ => {}
    }
}

fn docker_config(r: &mut Report, at: &At<'_>) {
    if !at.has() {
        return r.required(at, "");
    }
    let shown = Value::String("<secret contents redacted>".to_owned());
    match crate::fields::parse_json(&base64_text(at.str())) {
        Err(error) => r.invalid_as(at, &shown, error.to_string()),
        Ok(crate::fields::Raw::Object(_) | crate::fields::Raw::Null) => {}
        Ok(other) => {
            let what = crate::fields::json_kind(&other);
            let text =
                format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
            r.invalid_as(at, &shown, text);
        }
    }
}

/// What `immutable: true` freezes.
pub(super) fn frozen(r: &mut Report, at: &At<'_>, old: &At<'_>, fields: &[&str]) {
    const TEXT: &str = "field is immutable when `immutable` is set";
    if !old.get("immutable").is_true() {
        return;
    }
    if !at.get("immutable").is_true() {
        r.forbidden(&at.get("immutable"), TEXT);
    }
    for field in fields {
        if at.get(field).value != old.get(field).value {
            r.forbidden(&at.get(field), TEXT);
        }
    }
}
