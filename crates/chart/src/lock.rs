//! `Chart.lock`: its digest and its text, as Helm 4.2.3 computes and writes them.

use sha2::{Digest as _, Sha256};

use crate::{Dependency, Lock};

/// Digest of what `Chart.yaml` asks for and what it was locked to, `sha256:…`. Equal to Helm's, so that either
/// tool accepts the other's lock file.
pub fn digest(wanted: &[Dependency], locked: &[Dependency]) -> String {
    hash(&go_json(&[wanted, locked]))
}

/// The digest that Helm 2 wrote into `requirements.lock`: of what was asked for only.
pub fn digest_v2(wanted: &[Dependency]) -> String {
    hash(&go_json(&std::collections::BTreeMap::from([("dependencies", wanted)])))
}

fn hash(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

/// A lock file's text.
///
/// # Errors
/// A text in it that YAML cannot hold.
pub fn to_yaml(lock: &Lock) -> Result<String, String> {
    let json = serde_json::to_value(lock).map_err(|error| error.to_string())?;
    pilothouse_goyaml::json_to_yaml(&json).map_err(|error| error.to_string())
}

/// JSON as Go's `encoding/json` writes it: `<`, `>`, `&` and the line separators are escaped.
pub fn go_json(value: &impl serde::Serialize) -> String {
    // Outside of strings none of these characters occurs.
    serde_json::to_string(value)
        .unwrap_or_default()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_helm() {
        let dependency = |version: &str| Dependency {
            name: "common".to_owned(),
            version: version.to_owned(),
            repository: "https://charts.example/a&b".to_owned(),
            ..Dependency::default()
        };
        let text = go_json(&[[dependency(">=1.0.0")], [dependency("1.2.3")]]);
        assert_eq!(
            text,
            "[[{\"name\":\"common\",\"version\":\"\\u003e=1.0.0\",\"repository\":\"https://charts.example/a\\u0026b\"}],\
             [{\"name\":\"common\",\"version\":\"1.2.3\",\"repository\":\"https://charts.example/a\\u0026b\"}]]"
        );
    }
}
