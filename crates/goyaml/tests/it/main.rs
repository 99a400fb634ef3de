//! Fixtures recorded from Go: `sigs.k8s.io/yaml` v1.6.0 (goyaml.v2 2.4.2) and goyaml.v3 3.0.4.
//! Each line of a fixture is `{"in", "out"}`: a YAML text and its JSON, or a JSON value and its YAML;
//! an `out` that begins with `E:` is the error text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod limits;
mod read;
mod stream;
mod write;

fn fixture(text: &str) -> Vec<(serde_json::Value, String)> {
    text.lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            let out = line["out"].as_str().unwrap().to_owned();
            (line["in"].take(), out)
        })
        .collect()
}
