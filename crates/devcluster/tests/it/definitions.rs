//! Custom resources: served, checked, ended.

use serde_json::{Value, json};

use crate::client::{Client, cluster};
use crate::wait::{has_condition, until};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const THINGS: &str = "/apis/example.com/v1/namespaces/default/things";

fn definition(spec: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "things.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": { "plural": "things", "kind": "Thing" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec,
                    "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } } },
            }],
        },
    })
}

async fn establish(admin: &Client, spec: &Value) {
    let created = admin.post(DEFINITIONS, &definition(spec)).await;
    assert_eq!(created.status, 201, "{created:?}");
    until(admin, &format!("{DEFINITIONS}/things.example.com"), |a| {
        has_condition(&a.body, "Established", "True")
    })
    .await;
    until(admin, THINGS, |a| a.status == 200).await;
}

fn thing(name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "example.com/v1", "kind": "Thing", "metadata": { "name": name }, "spec": spec })
}

#[tokio::test]
async fn objects_are_pruned_defaulted_and_checked() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let spec = json!({ "type": "object", "required": ["size"], "properties": {
        "size": { "type": "integer", "minimum": 1,
            "x-kubernetes-validations": [{ "rule": "self >= oldSelf", "message": "may only grow" }] },
        "color": { "type": "string", "default": "red" } } });
    establish(&admin, &spec).await;
    let created = admin.post(THINGS, &thing("a", &json!({ "size": 2, "bogus": true }))).await;
    assert_eq!(created.body["spec"], json!({ "size": 2, "color": "red" }));
    assert_eq!(created.warnings, ["299 - \"unknown field \\\"spec.bogus\\\"\""]);
    let refused = admin.post(THINGS, &thing("b", &json!({ "size": 0 }))).await;
    assert_eq!(
        refused.body["message"],
        "Thing.example.com \"b\" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"
    );
    let shrunk =
        admin.patch(&format!("{THINGS}/a"), "merge-patch+json", &json!({ "spec": { "size": 1 } })).await;
    assert_eq!(
        shrunk.body["message"],
        "Thing.example.com \"a\" is invalid: spec.size: Invalid value: 1: may only grow"
    );
    let status = admin
        .patch(&format!("{THINGS}/a/status"), "merge-patch+json", &json!({ "status": { "ready": true } }))
        .await;
    assert_eq!(
        (&status.body["status"]["ready"], &status.body["metadata"]["generation"]),
        (&json!(true), &json!(1))
    );
}

#[tokio::test]
async fn a_definition_that_makes_no_sense_is_refused() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let spec = json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.nope == 1" }] });
    let refused = admin.post(DEFINITIONS, &definition(&spec)).await;
    assert_eq!(refused.status, 422);
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.contains("compilation failed: ERROR: <input>:1:5: undefined field 'nope'"), "{message}");
}

#[tokio::test]
async fn a_definition_takes_its_objects_with_it() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    establish(&admin, &json!({ "type": "object" })).await;
    let mut held = thing("held", &json!({}));
    held["metadata"]["finalizers"] = json!(["a.com/hold"]);
    admin.post(THINGS, &held).await;
    admin.post(THINGS, &thing("free", &json!({}))).await;
    let path = format!("{DEFINITIONS}/things.example.com");
    assert_eq!(admin.delete(&path, &Value::Null).await.status, 200);
    until(&admin, &format!("{THINGS}/free"), |a| a.status == 404).await;
    let late = admin.post(THINGS, &thing("late", &json!({}))).await;
    assert_eq!(late.status, 403, "{late:?}");
    admin
        .patch(&format!("{THINGS}/held"), "merge-patch+json", &json!({ "metadata": { "finalizers": null } }))
        .await;
    until(&admin, &path, |a| a.status == 404).await;
    until(&admin, THINGS, |a| a.status == 404).await;
}
