//! OpenAPI documents: v3 for each group version; [`v2`] is what clients fall back to.
//!
//! A document has what clients read: paths with their kinds (`kubectl explain` finds a resource's kind there) and
//! the `fieldValidation` parameter (kubectl and Helm look for it at PATCH), and the schemas that the kinds reach,
//! with descriptions. It is written piece by piece; the descriptions are unpacked for that time only.

mod paths;
mod schemas;
pub(crate) mod v2;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::resource::Resource;
use crate::schema::docs::Docs;

/// The v3 document of one group version. `group` is empty for `api/v1`. `resources`: all that it serves,
/// custom ones with their schema. The result may be cached by the caller until the resources change.
pub fn document(group: &str, version: &str, resources: &[Arc<Resource>]) -> Bytes {
    let own: Vec<&Resource> = resources
        .iter()
        .map(AsRef::as_ref)
        .filter(|r| r.gvk.group == group && r.gvk.version == version)
        .collect();
    let docs = Docs::load();
    let mut schemas = schemas::Schemas::new(&docs);
    let mut out =
        br#"{"openapi":"3.0.0","info":{"title":"Kubernetes","version":"v1.37.2"},"paths":{"#.to_vec();
    let mut items: BTreeMap<String, Value> = BTreeMap::new();
    for resource in &own {
        paths::add(&mut items, resource, &mut schemas);
    }
    write_entries(&mut out, items.iter().map(|(k, v)| (k.as_str(), v)));
    drop(items);
    out.extend_from_slice(br#"},"components":{"schemas":{"#);
    schemas.write(&mut out);
    out.extend_from_slice(br#"},"securitySchemes":{"BearerToken":{"description":"Bearer Token authentication","in":"header","name":"authorization","type":"apiKey"}}}}"#);
    Bytes::from(out)
}

/// Writes `"key":value` pairs, separated by commas.
fn write_entries<'v>(out: &mut Vec<u8>, entries: impl Iterator<Item = (&'v str, &'v Value)>) {
    for (i, (key, value)) in entries.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(Value::String(key.to_owned()).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource::{Gvk, Subresource};

    fn resource(group: &str, version: &str, kind: &str, plural: &str) -> Arc<Resource> {
        let gvk = Gvk::new(group, version, kind);
        let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        Arc::new(Resource {
            gvk: gvk.clone(),
            plural: plural.to_owned().into(),
            singular: kind.to_lowercase().into(),
            list_kind: format!("{kind}List").into(),
            namespaced: true,
            short_names: Vec::new(),
            categories: Vec::new(),
            verbs: verbs.into_iter().map(Into::into).collect(),
            subresources: vec![Subresource {
                name: "status".into(),
                gvk,
                verbs: vec!["get".into(), "patch".into()],
            }],
            bucket: "x".into(),
            storage_version: version.to_owned().into(),
            custom: None,
        })
    }

    #[test]
    fn every_reference_in_a_document_leads_somewhere() {
        let text = document("apps", "v1", &[resource("apps", "v1", "Deployment", "deployments")]);
        let document: Value = serde_json::from_slice(&text).unwrap();
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        let container = &schemas["io.k8s.api.core.v1.Container"];
        assert_eq!(
            container["properties"]["ports"]["x-kubernetes-list-map-keys"],
            json!(["containerPort", "protocol"])
        );
        assert!(
            container["properties"]["livenessProbe"]["description"].as_str().unwrap().contains("liveness")
        );
        let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Deployment");
        assert!(patch["parameters"].as_array().unwrap().iter().any(|p| p["name"] == "fieldValidation"));
    }

    #[test]
    fn a_property_named_ref_is_a_property() {
        let kind =
            resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions");
        let document: Value =
            serde_json::from_slice(&document("apiextensions.k8s.io", "v1", &[kind])).unwrap();
        let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
        assert_eq!(document["components"]["schemas"][name]["properties"]["$ref"]["type"], "string");
    }
}
