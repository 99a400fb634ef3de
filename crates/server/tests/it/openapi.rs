use std::path::Path;

use pilothouse_server::openapi;

/// `UPDATE_OPENAPI=1 cargo test -p pilothouse-server` writes the file anew.
#[test]
fn the_committed_document_is_that_of_the_handlers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document, "openapi.json is old: run the tests with UPDATE_OPENAPI=1");
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_summary() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} is not unique ({method} {path})");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        }
    }
}
