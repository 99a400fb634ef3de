//! Ownership, conflicts and removals, as structured-merge-diff has them.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Writer, apply, finish, track};
use crate::crd::Served;
use crate::resource::{Gvk, Resource, Subresource};
use crate::schema::Graph;

fn resource(api_version: &str, kind: &str) -> Resource {
    let gvk = Gvk::from_api_version(api_version, kind);
    let text = |s: &str| Cow::Owned(s.to_owned());
    Resource {
        gvk: gvk.clone(),
        plural: text("things"),
        singular: text("thing"),
        list_kind: text("ThingList"),
        namespaced: true,
        short_names: Vec::new(),
        categories: Vec::new(),
        verbs: Vec::new(),
        subresources: vec![Subresource { name: text("status"), gvk, verbs: Vec::new() }],
        bucket: "things".into(),
        storage_version: text("v1"),
        custom: None,
    }
}

fn writer(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", now: "2026-01-01T00:00:00Z", force: false }
}

fn config_map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn applied(resource: &Resource, live: Option<&Value>, patch: &Value, writer: &Writer<'_>) -> Value {
    apply(resource, live, patch, writer).unwrap()
}

fn owners(object: &Value) -> Vec<(String, String)> {
    let entries =
        object.pointer("/metadata/managedFields").and_then(Value::as_array).cloned().unwrap_or_default();
    entries.iter().map(|e| (e["manager"].as_str().unwrap().to_owned(), e["fieldsV1"].to_string())).collect()
}

#[test]
fn an_applier_owns_what_it_applied_and_removes_what_it_no_longer_applies() {
    let kind = resource("v1", "ConfigMap");
    let first = applied(&kind, None, &config_map(&json!({"a": "1", "b": "1"})), &writer("one"));
    assert_eq!(owners(&first), [("one".to_owned(), r#"{"f:data":{"f:a":{},"f:b":{}}}"#.to_owned())]);
    let second = applied(&kind, Some(&first), &config_map(&json!({"a": "1"})), &writer("one"));
    assert_eq!(second["data"], json!({"a": "1"}));
    let shared = applied(&kind, Some(&first), &config_map(&json!({"a": "1"})), &writer("two"));
    let third = applied(&kind, Some(&shared), &config_map(&json!({"b": "1"})), &writer("one"));
    assert_eq!(third["data"], json!({"a": "1", "b": "1"}), "the other applier keeps its field");
}

#[test]
fn conflicts_name_manager_and_field_and_can_be_forced() {
    let kind = resource("v1", "ConfigMap");
    let live = applied(&kind, None, &config_map(&json!({"a": "1"})), &writer("one"));
    let error = apply(&kind, Some(&live), &config_map(&json!({"a": "2"})), &writer("two")).unwrap_err();
    assert_eq!(error.code, 409);
    assert_eq!(error.message, "Apply failed with 1 conflict: conflict with \"one\": .data.a");
    let force = Writer { force: true, ..writer("two") };
    let taken = applied(&kind, Some(&live), &config_map(&json!({"a": "2"})), &force);
    assert_eq!(owners(&taken), [("two".to_owned(), r#"{"f:data":{"f:a":{}}}"#.to_owned())]);
}

#[test]
fn an_update_is_tracked_and_conflicts_with_its_version() {
    let kind = resource("v1", "ConfigMap");
    let mut live = config_map(&json!({"a": "1"}));
    track(&kind, None, &mut live, &writer("creator"));
    assert_eq!(owners(&live), [("creator".to_owned(), r#"{"f:data":{".":{},"f:a":{}}}"#.to_owned())]);
    let error = apply(&kind, Some(&live), &config_map(&json!({"a": "2"})), &writer("two")).unwrap_err();
    assert_eq!(error.message, "Apply failed with 1 conflict: conflict with \"creator\" using v1: .data.a");
}

#[test]
fn a_write_that_changes_nothing_keeps_the_times() {
    let kind = resource("v1", "ConfigMap");
    let live = applied(&kind, None, &config_map(&json!({"a": "1"})), &writer("one"));
    let later = Writer { now: "2026-01-02T00:00:00Z", ..writer("one") };
    let merged = applied(&kind, Some(&live), &config_map(&json!({"a": "1"})), &later);
    let mut object = merged.clone();
    finish(&kind, Some(&live), &merged, &mut object, &later);
    assert_eq!(object, live);
    let mut same = live.clone();
    track(&kind, Some(&live), &mut same, &Writer { now: "2026-01-02T00:00:00Z", ..writer("updater") });
    assert_eq!(same, live);
}

#[test]
fn lists_are_merged_by_their_keys_with_defaults() {
    let kind = resource("v1", "Service");
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": ports}});
    let live = applied(&kind, None, &service(json!([{"port": 80}])), &writer("one"));
    let both =
        applied(&kind, Some(&live), &service(json!([{"port": 80, "protocol": "UDP"}])), &writer("two"));
    assert_eq!(both["spec"]["ports"].as_array().unwrap().len(), 2);
    let error =
        apply(&kind, None, &service(json!([{"port": 80}, {"port": 80, "protocol": "TCP"}])), &writer("one"));
    assert_eq!(
        error.unwrap_err().message,
        "failed to create typed patch object (/a; /v1, Kind=Service): .spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]"
    );
}

#[test]
fn status_and_spec_are_owned_through_their_own_paths() {
    let kind = resource("apps/v1", "Deployment");
    let patch = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {"replicas": 2}, "status": {"replicas": 1}});
    let whole = applied(&kind, None, &patch, &writer("one"));
    assert_eq!(owners(&whole)[0].1, r#"{"f:spec":{"f:replicas":{}}}"#);
    let through_status = Writer { subresource: "status", ..writer("one") };
    let status = applied(&kind, Some(&whole), &patch, &through_status);
    assert!(owners(&status).iter().any(|(_, fields)| fields == r#"{"f:status":{"f:replicas":{}}}"#));
}

#[test]
fn unknown_fields_and_wrong_types_are_told() {
    let kind = resource("v1", "ConfigMap");
    let error = apply(&kind, None, &config_map(&json!({"a": 5})), &writer("one")).unwrap_err();
    assert_eq!((error.code, error.reason), (500, ""));
    assert_eq!(
        error.message,
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:5}"
    );
    let mut extra = config_map(&json!({}));
    extra["bogus"] = json!(1);
    let error = apply(&kind, None, &extra, &writer("one")).unwrap_err();
    assert!(error.message.ends_with(".bogus: field not declared in schema"));
}

#[test]
fn custom_resources_follow_their_schema() {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "whole": {"type": "array", "items": {"type": "string"}}}}}});
    let mut kind = resource("example.com/v1", "Thing");
    let graph = Arc::new(Graph::from_structural("Thing", Some(&schema)));
    let mut served = Served::default();
    served.graph = graph;
    served.schema = schema;
    kind.custom = Some(Arc::new(served));
    let thing = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec});
    let live = applied(&kind, None, &thing(json!({"tags": ["a"], "whole": ["x"]})), &writer("one"));
    let both = applied(&kind, Some(&live), &thing(json!({"tags": ["b"]})), &writer("two"));
    assert_eq!(both["spec"]["tags"], json!(["a", "b"]));
    let error = apply(&kind, Some(&live), &thing(json!({"whole": ["y"]})), &writer("two")).unwrap_err();
    assert_eq!(error.message, "Apply failed with 1 conflict: conflict with \"one\": .spec.whole");
}

#[test]
fn managers_of_updates_are_capped() {
    let kind = resource("v1", "ConfigMap");
    let mut live = config_map(&json!({"k": "0"}));
    track(&kind, None, &mut live, &writer("m00"));
    for i in 1..15 {
        let mut next = live.clone();
        next["data"][format!("k{i}")] = json!("1");
        let (manager, now) = (format!("m{i:02}"), format!("2026-01-{:02}T00:00:00Z", i + 1));
        track(&kind, Some(&live), &mut next, &Writer { now: &now, ..writer(&manager) });
        live = next;
    }
    let owners = owners(&live);
    assert_eq!(owners.len(), 10);
    assert!(owners.iter().any(|(manager, _)| manager == "ancient-changes"));
}
