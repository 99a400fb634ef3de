use serde_json::{Value, json};

/// The request of `batch` for one template in the chart of the probes.
fn request(base: &Value, probe: &Value) -> String {
    let mut files = base["files"].clone();
    files["templates/t.yaml"] = probe["template"].clone();
    json!({
        "id": probe["id"],
        "files": files,
        "values": probe["values"].as_str().unwrap_or_default(),
        "release": "rel",
        "namespace": "ns-test",
        "kube_version": "v1.34.0",
        "api_versions": [],
    })
    .to_string()
}

#[test]
fn functions_give_the_output_or_the_error_of_helm() {
    let base: Value = serde_json::from_str(include_str!("../fixtures/base-chart.json")).unwrap();
    let mut batch = super::batch(|path| Err(format!("no chart at {path}")));
    let mut different = Vec::new();
    for line in include_str!("../fixtures/functions.jsonl").lines() {
        let probe: Value = serde_json::from_str(line).unwrap();
        let answer: Value = serde_json::from_str(&batch.answer(&request(&base, &probe))).unwrap();
        let (wanted, got) = match probe["output"].as_str() {
            Some(output) => (output, &answer["templates"]["c/templates/t.yaml"]),
            None => (probe["error"].as_str().unwrap(), &answer["error"]),
        };
        if got != wanted {
            different
                .push(format!("{}: {}\n want {wanted:?}\n got  {answer}", probe["id"], probe["template"]));
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
