use serde_json::{Value, json};

/// The request of `batch` for a recorded probe.
fn request(probe: &Value) -> Value {
    json!({
        "id": probe["id"],
        "files": probe["chart"],
        "values": probe["values"].as_str().unwrap_or_default(),
        "release": probe["release"].as_str().unwrap_or("rel"),
        "namespace": probe["namespace"].as_str().unwrap_or("ns-test"),
        "kube_version": probe["kube_version"].as_str().unwrap_or("v1.34.0"),
        "api_versions": probe["api_versions"].as_array().cloned().unwrap_or_default(),
    })
}

#[test]
fn small_charts_render_or_fail_as_in_helm() {
    let mut batch = super::batch(|path| Err(format!("no chart at {path}")));
    let mut different = Vec::new();
    for line in include_str!("../fixtures/probes.jsonl").lines() {
        let probe: Value = serde_json::from_str(line).unwrap();
        let answer: Value = serde_json::from_str(&batch.answer(&request(&probe).to_string())).unwrap();
        let keys: &[&str] = if probe["error"].is_string() {
            &["error"]
        } else if probe["install_error"].is_string() {
            &["templates", "install_error"]
        } else {
            &["templates", "manifest", "notes"]
        };
        for key in keys {
            if answer[key] != probe[key] {
                different.push(format!("{} {key}\n want {}\n got  {}", probe["id"], probe[key], answer));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
