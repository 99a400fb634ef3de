//! Pods from templates, and the hashes that name generations of a template.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A short name for a value: stable, and of the characters of Kubernetes' hashes, which are a number of 32 bits whose
/// decimal digits are written in letters that make no words (`rand.SafeEncodeString`).
pub(super) fn hash(value: &Value, salt: i64) -> String {
    let mut hasher = Sha256::new();
    hasher.update(value.to_string().as_bytes());
    hasher.update(salt.to_le_bytes());
    let digest = hasher.finalize();
    let number = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
    number
        .to_string()
        .bytes()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

/// A Pod of a template, without a name.
pub(super) fn pod(template: &Value, generate_name: Option<&str>, owner: Value) -> Value {
    let meta = &template["metadata"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "ownerReferences": [owner] },
        "spec": template["spec"],
    });
    if let Some(prefix) = generate_name {
        pod["metadata"]["generateName"] = json!(prefix);
    }
    for key in ["labels", "annotations", "finalizers"] {
        if !meta[key].is_null() {
            pod["metadata"][key] = meta[key].clone();
        }
    }
    pod
}

/// Sets a label of a Pod or template.
pub(super) fn set_label(object: &mut Value, key: &str, value: &str) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if !object["metadata"]["labels"].is_object() {
        object["metadata"]["labels"] = json!({});
    }
    object["metadata"]["labels"][key] = json!(value);
}

/// Sets an annotation.
pub(super) fn set_annotation(object: &mut Value, key: &str, value: &str) {
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][key] = json!(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_stable_and_tell_templates_apart() {
        let a = json!({"spec": {"containers": [{"image": "a"}]}});
        assert_eq!(hash(&a, 0), hash(&a.clone(), 0));
        assert_ne!(hash(&a, 0), hash(&json!({"spec": {}}), 0));
        assert_ne!(hash(&a, 0), hash(&a, 1));
        assert!(hash(&a, 0).chars().all(|c| "456789bcdf".contains(c)), "{}", hash(&a, 0));
    }
}
