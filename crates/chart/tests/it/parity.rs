use std::io::Read as _;
use std::path::PathBuf;

use pilothouse_chart::batch::Found;
use serde_json::Value;

/// Public charts and what Helm made of them; not part of this repository.
fn parity() -> Option<PathBuf> {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let places = ["../shared/parity", "../../shared/parity"].map(|place| repository.join(place));
    places.into_iter().find(|place| place.join("cases.jsonl").exists())
}

fn gunzip(path: &PathBuf) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    // Lone surrogates stand for bytes that are no UTF-8.
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// Every twentieth deterministic case, whole standard output; `score.py` compares all of them.
#[test]
fn public_charts_render_as_in_helm_where_they_are_at_hand() {
    let Some(parity) = parity() else { return };
    let read = |path: &str| std::fs::read(path).map(Found::Archive).map_err(|error| error.to_string());
    let mut batch = super::batch(read);
    let cases = std::fs::read_to_string(parity.join("cases.jsonl")).unwrap();
    let cases = cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut different = Vec::new();
    for mut case in cases.filter(|case| case["class"] == "deterministic").step_by(20) {
        let id = case["id"].as_str().unwrap().to_owned();
        case["chart"] = parity.join(case["chart"].as_str().unwrap()).to_str().unwrap().into();
        let expected = gunzip(&parity.join("expected").join(format!("{id}.json.gz")));
        let answer: Value = serde_json::from_str(&batch.answer(&case.to_string())).unwrap();
        let Some(want) = stdout(&expected) else { continue };
        if answer["stdout"] != want.as_str() {
            different.push(format!("{id}: {}", answer["error"]));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// What `helm template` printed, from the recorded templates and the order of their documents.
fn stdout(expected: &Value) -> Option<String> {
    let join = |order: &Value| -> Option<String> {
        let mut out = String::new();
        for place in order.as_array()? {
            let path = place[0].as_str()?;
            let index = usize::try_from(place[1].as_u64()?).ok()?;
            let documents = pilothouse_chart::split_documents(expected["templates"][path].as_str()?);
            out.push_str(&format!("---\n# Source: {path}\n{}\n", documents.get(index)?));
        }
        Some(out)
    };
    Some(format!("{}\n{}", join(&expected["manifest"])?.trim(), join(&expected["hooks"])?))
}
