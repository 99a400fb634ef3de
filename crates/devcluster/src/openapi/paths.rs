//! `paths`: the operations of resources and subresources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::resource::Resource;

const PATCHES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

fn base(resource: &Resource) -> String {
    if resource.gvk.group.is_empty() {
        format!("/api/{}", resource.gvk.version)
    } else {
        format!("/apis/{}/{}", resource.gvk.group, resource.gvk.version)
    }
}

fn of_collection(resource: &Resource) -> String {
    if resource.namespaced {
        format!("{}/namespaces/{{namespace}}/{}", base(resource), resource.plural)
    } else {
        format!("{}/{}", base(resource), resource.plural)
    }
}

/// Path of one object.
pub(super) fn of_object(resource: &Resource) -> String {
    format!("{}/{{name}}", of_collection(resource))
}

/// `AppsV1NamespacedDeployment`.
pub(super) fn operation_suffix(resource: &Resource) -> String {
    let capital = |text: &str| {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |c| c.to_uppercase().collect::<String>() + chars.as_str())
    };
    let group = match resource.gvk.group.as_ref() {
        "" => "core".to_owned(),
        group => group.split('.').next().unwrap_or_default().to_owned(),
    };
    let scope = if resource.namespaced { "Namespaced" } else { "" };
    format!("{}{}{scope}{}", capital(&group), capital(&resource.gvk.version), resource.gvk.kind)
}

struct Operation<'a> {
    resource: &'a Resource,
    /// Kind of the operation's objects: group, version, kind.
    gvk: Value,
    /// Name of the subresource, or empty.
    subresource: &'a str,
}

impl Operation<'_> {
    fn describe(&self, action: &str, method: &str, response: &Value) -> Map<String, Value> {
        let mut id = format!("{method}{}", operation_suffix(self.resource));
        let mut parts = self.subresource.chars();
        if let Some(first) = parts.next() {
            id.extend(first.to_uppercase());
            id.push_str(parts.as_str());
        }
        let mut map = Map::new();
        map.insert("operationId".to_owned(), json!(id));
        map.insert("tags".to_owned(), json!([tag(self.resource)]));
        map.insert("x-kubernetes-action".to_owned(), json!(action));
        map.insert("x-kubernetes-group-version-kind".to_owned(), self.gvk.clone());
        let content =
            json!({"application/json": {"schema": response}, "application/yaml": {"schema": response}});
        map.insert(
            "responses".to_owned(),
            json!({"200": {"description": "OK", "content": content}, "401": {"description": "Unauthorized"}}),
        );
        map
    }
}

fn tag(resource: &Resource) -> String {
    let group = resource.gvk.group.split('.').next().filter(|g| !g.is_empty()).unwrap_or("core");
    format!("{group}_{}", resource.gvk.version)
}

fn parameter(name: &str, kind: &str) -> Value {
    json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}})
}

fn write_parameters(patch: bool) -> Value {
    let mut list = vec![
        parameter("dryRun", "string"),
        parameter("fieldManager", "string"),
        parameter("fieldValidation", "string"),
    ];
    if patch {
        list.push(parameter("force", "boolean"));
    }
    list.into()
}

fn list_parameters() -> Value {
    let texts = ["continue", "fieldSelector", "labelSelector", "resourceVersion", "resourceVersionMatch"];
    let mut list: Vec<Value> = texts.iter().map(|n| parameter(n, "string")).collect();
    list.extend(["limit", "timeoutSeconds"].iter().map(|n| parameter(n, "integer")));
    list.extend(
        ["watch", "allowWatchBookmarks", "sendInitialEvents"].iter().map(|n| parameter(n, "boolean")),
    );
    list.into()
}

fn body(schema: &Value, types: &[&str]) -> Value {
    let content: Map<String, Value> =
        types.iter().map(|t| ((*t).to_owned(), json!({ "schema": schema }))).collect();
    json!({"content": content, "required": true})
}

/// Adds the paths of a resource.
pub(super) fn add(out: &mut BTreeMap<String, Value>, resource: &Resource, schemas: &mut Schemas<'_>) {
    let gvk =
        json!({"group": resource.gvk.group, "version": resource.gvk.version, "kind": resource.gvk.kind});
    let operation = Operation { resource, gvk, subresource: "" };
    let kind = schemas.kind(resource);
    let status = schemas.meta("Status");
    let patch = schemas.meta("Patch");
    let mut collection = Map::new();
    if resource.has_verb("list") {
        let list = schemas.list(resource);
        let mut get = operation.describe("list", "list", &list);
        get.insert("parameters".to_owned(), list_parameters());
        if resource.namespaced {
            let path = format!("{}/{}", base(resource), resource.plural);
            out.insert(path, json!({ "get": get.clone() }));
        }
        collection.insert("get".to_owned(), get.into());
    }
    if resource.has_verb("create") {
        let mut post = operation.describe("post", "create", &kind);
        post.insert("parameters".to_owned(), write_parameters(false));
        post.insert("requestBody".to_owned(), body(&kind, &["application/json"]));
        collection.insert("post".to_owned(), post.into());
    }
    if resource.has_verb("deletecollection") {
        let delete = operation.describe("deletecollection", "deleteCollection", &status);
        collection.insert("delete".to_owned(), delete.into());
    }
    let scope = |more: bool| {
        let path = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "uniqueItems": true}});
        let mut list = Vec::new();
        if more {
            list.push(path("name"));
        }
        if resource.namespaced {
            list.push(path("namespace"));
        }
        Value::Array(list)
    };
    if !collection.is_empty() {
        collection.insert("parameters".to_owned(), scope(false));
        out.insert(of_collection(resource), collection.into());
    }
    let mut object = object_operations(&operation, &kind, &patch, |verb| resource.has_verb(verb));
    if resource.has_verb("delete") {
        object.insert("delete".to_owned(), operation.describe("delete", "delete", &status).into());
    }
    if !object.is_empty() {
        object.insert("parameters".to_owned(), scope(true));
        out.insert(of_object(resource), object.into());
    }
    for sub in &resource.subresources {
        let gvk = json!({"group": sub.gvk.group, "version": sub.gvk.version, "kind": sub.gvk.kind});
        let same = sub.gvk == resource.gvk;
        let name = crate::schema::builtin()
            .kind(&sub.gvk)
            .and_then(crate::schema::TypeRef::as_struct)
            .map(super::super::schema::StructRef::name);
        let schema = match name {
            _ if same => kind.clone(),
            Some(name) => schemas.builtin(name),
            None => json!({ "type": "object" }),
        };
        let operation = Operation { resource, gvk, subresource: &sub.name };
        let mut item =
            object_operations(&operation, &schema, &patch, |verb| sub.verbs.iter().any(|v| v == verb));
        if sub.verbs.iter().any(|v| v == "create") {
            let mut post = operation.describe("post", "create", &schema);
            post.insert("parameters".to_owned(), write_parameters(false));
            post.insert("requestBody".to_owned(), body(&schema, &["application/json"]));
            item.insert("post".to_owned(), post.into());
        }
        if !item.is_empty() {
            item.insert("parameters".to_owned(), scope(true));
            out.insert(format!("{}/{}", of_object(resource), sub.name), item.into());
        }
    }
}

/// GET, PUT and PATCH of an object or subresource.
fn object_operations(
    operation: &Operation<'_>,
    kind: &Value,
    patch: &Value,
    has: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut item = Map::new();
    if has("get") {
        item.insert("get".to_owned(), operation.describe("get", "read", kind).into());
    }
    if has("update") {
        let mut put = operation.describe("put", "replace", kind);
        put.insert("parameters".to_owned(), write_parameters(false));
        put.insert("requestBody".to_owned(), body(kind, &["application/json"]));
        item.insert("put".to_owned(), put.into());
    }
    if has("patch") {
        let mut change = operation.describe("patch", "patch", kind);
        change.insert("parameters".to_owned(), write_parameters(true));
        // Custom resources have no strategic merge patch.
        let types = if operation.resource.custom.is_some() { &PATCHES[..3] } else { &PATCHES[..] };
        change.insert("requestBody".to_owned(), body(patch, types));
        item.insert("patch".to_owned(), change.into());
    }
    item
}
