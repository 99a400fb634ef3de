//! From an accepted definition to the resources that the server serves.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use super::cel::Rules;
use super::schema::Schema;
use super::{Column, ScalePaths, Served, condition};
use crate::resource::{Gvk, Resource, Subresource, Text};
use crate::schema::Graph;

const VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: &Value, key: &str) -> Vec<Text> {
    let list = value.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(|s| Text::Owned(s.to_owned())).collect()
}

/// What a definition serves: one resource per served version, the preferred first. Names are those that were
/// accepted (`status.acceptedNames`), or the wanted ones where none have been yet.
pub fn resources(definition: &Value) -> Vec<Resource> {
    let spec = definition.get("spec").unwrap_or(&Value::Null);
    let accepted = definition.pointer("/status/acceptedNames").filter(|n| !text(n, "kind").is_empty());
    let names = accepted.or_else(|| spec.get("names")).unwrap_or(&Value::Null);
    let group = text(spec, "group");
    let plural = text(spec.get("names").unwrap_or(&Value::Null), "plural");
    let versions: Vec<&Value> =
        spec.get("versions").and_then(Value::as_array).into_iter().flatten().collect();
    let storage = versions.iter().find(|v| v.get("storage") == Some(&Value::Bool(true)));
    let storage = storage.map(|v| text(v, "name")).unwrap_or_default();
    let stored = versions.iter().find(|v| v.get("storage") == Some(&Value::Bool(true)));
    let stored = Arc::new(Schema::parse(
        stored.and_then(|v| v.pointer("/schema/openAPIV3Schema")).unwrap_or(&Value::Null),
    ));
    let terminating = condition(definition, "Terminating").is_some_and(|c| text(c, "status") == "True");
    let mut served: Vec<&Value> =
        versions.iter().copied().filter(|v| v.get("served") == Some(&Value::Bool(true))).collect();
    served.sort_by(|a, b| compare_versions(&text(b, "name"), &text(a, "name")));
    let bucket: Arc<str> = format!("{group}/{plural}").into();
    served
        .into_iter()
        .map(|version| {
            let mut custom = custom(definition, version, &versions);
            custom.terminating = terminating;
            custom.stored = if text(version, "name") == storage {
                Arc::clone(&custom.parsed)
            } else {
                Arc::clone(&stored)
            };
            custom.changed =
                definition.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(1) > 1;
            let gvk = Gvk::new(&group, &text(version, "name"), &text(names, "kind"));
            Resource {
                plural: Text::Owned(plural.clone()),
                singular: Text::Owned(text(names, "singular")),
                list_kind: Text::Owned(text(names, "listKind")),
                namespaced: text(spec, "scope") == "Namespaced",
                short_names: texts(names, "shortNames"),
                categories: texts(names, "categories"),
                verbs: VERBS.map(Text::Borrowed).to_vec(),
                subresources: subresources(&custom, &gvk),
                bucket: Arc::clone(&bucket),
                storage_version: Text::Owned(storage.clone()),
                custom: Some(Arc::new(custom)),
                gvk,
            }
        })
        .collect()
}

fn subresources(custom: &Served, gvk: &Gvk) -> Vec<Subresource> {
    let verbs = ["get", "patch", "update"].map(Text::Borrowed).to_vec();
    let mut all = Vec::new();
    if custom.status {
        all.push(Subresource { name: "status".into(), gvk: gvk.clone(), verbs: verbs.clone() });
    }
    if custom.scale.is_some() {
        all.push(Subresource { name: "scale".into(), gvk: Gvk::new("autoscaling", "v1", "Scale"), verbs });
    }
    all
}

fn custom(definition: &Value, version: &Value, versions: &[&Value]) -> Served {
    let kind = definition.pointer("/spec/names/kind").and_then(Value::as_str).unwrap_or_default();
    let schema = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or(Value::Null);
    let parsed = Schema::parse(&schema);
    let graph = Graph::from_structural(kind, (!schema.is_null()).then_some(&schema));
    let subresources = version.get("subresources").unwrap_or(&Value::Null);
    let columns = version.get("additionalPrinterColumns").and_then(Value::as_array).into_iter().flatten();
    let selectable = version.get("selectableFields").and_then(Value::as_array).into_iter().flatten();
    Served {
        definition: definition
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        rules: Arc::new(Rules::compile(&parsed, true)),
        parsed: Arc::new(parsed),
        schema,
        graph: Arc::new(graph),
        status: subresources.get("status").is_some_and(|s| !s.is_null()),
        scale: subresources.get("scale").filter(|s| !s.is_null()).map(|scale| ScalePaths {
            spec_replicas: text(scale, "specReplicasPath"),
            status_replicas: text(scale, "statusReplicasPath"),
            label_selector: Some(text(scale, "labelSelectorPath")).filter(|p| !p.is_empty()),
        }),
        columns: columns
            .map(|c| Column {
                name: text(c, "name"),
                kind: text(c, "type"),
                format: text(c, "format"),
                description: text(c, "description"),
                priority: c.get("priority").and_then(Value::as_i64).unwrap_or(0),
                json_path: text(c, "jsonPath"),
            })
            .collect(),
        selectable: selectable.map(|f| text(f, "jsonPath")).collect(),
        deprecation: deprecation(definition, version, versions),
        terminating: false,
        stored: Arc::default(),
        changed: false,
    }
}

/// The text of a deprecated version: its own, or one that names a better version.
fn deprecation(definition: &Value, version: &Value, versions: &[&Value]) -> Option<String> {
    if version.get("deprecated") != Some(&Value::Bool(true)) {
        return None;
    }
    if let Some(own) = version.get("deprecationWarning").and_then(Value::as_str) {
        return Some(own.to_owned());
    }
    let at = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (group, kind, name) = (at("/spec/group"), at("/spec/names/kind"), text(version, "name"));
    let better = versions.iter().find(|v| {
        v.get("served") == Some(&Value::Bool(true))
            && v.get("deprecated") != Some(&Value::Bool(true))
            && compare_versions(&name, &text(v, "name")) == Ordering::Less
    });
    let tail = better.map(|v| format!("; use {group}/{} {kind}", text(v, "name"))).unwrap_or_default();
    Some(format!("{group}/{name} {kind} is deprecated{tail}"))
}

/// Kubernetes' order of versions: `v1alpha1` < `v1beta1` < `v1` < `v2`; other names come before all of these.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    match (parts(a), parts(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => b.cmp(a),
    }
}

/// Stability (alpha 0, beta 1, stable 2), major and minor number.
fn parts(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..digits].parse().ok()?;
    match &rest[digits..] {
        "" => Some((2, major, 0)),
        tail => {
            let (stability, number) = tail
                .strip_prefix("beta")
                .map(|n| (1, n))
                .or_else(|| tail.strip_prefix("alpha").map(|n| (0, n)))?;
            Some((stability, major, number.parse().ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_ordered_by_stability() {
        let mut versions = ["v1beta1", "v2", "v1alpha1", "foo", "v1", "v2beta1"];
        versions.sort_by(|a, b| compare_versions(b, a));
        assert_eq!(versions, ["v2", "v1", "v2beta1", "v1beta1", "v1alpha1", "foo"]);
    }

    #[test]
    fn a_definition_becomes_one_resource_per_served_version() {
        let definition = json!({"metadata": {"name": "things.a.com"}, "spec": {"group": "a.com", "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [{"name": "v1beta1", "served": true, "storage": false, "deprecated": true},
                {"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}},
                {"name": "v2", "served": false, "storage": false}]}});
        let all = resources(&definition);
        let versions: Vec<&str> = all.iter().map(|r| &*r.gvk.version).collect();
        assert_eq!(versions, ["v1", "v1beta1"]);
        assert_eq!(all[1].storage_version, "v1");
        let text = all[1].custom.as_ref().unwrap().deprecation.clone();
        assert_eq!(text.as_deref(), Some("a.com/v1beta1 Thing is deprecated; use a.com/v1 Thing"));
        assert!(all[0].subresource("status").is_some());
        assert!(all[1].subresource("status").is_none());
    }
}
