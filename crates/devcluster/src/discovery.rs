//! Paths that are no resources: discovery, OpenAPI, health, version.

use std::sync::Arc;

use base64::Engine;
use bytes::Bytes;
use http::header::{ACCEPT, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cluster::Cluster;
use crate::http::negotiate::Form;
use crate::http::respond;
use crate::http::service::{Body, Incoming};
use crate::kinds;
use crate::openapi;
use crate::resource::{Resource, api_version};
use crate::status::ApiError;

/// The version this server behaves as.
pub(crate) const VERSION: &str = "v1.37.2";

/// Answers a path that is no resource.
pub(crate) fn answer(cluster: &Cluster, incoming: &Incoming) -> Response<Body> {
    let path = incoming.info.path.trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let found = find(cluster, incoming, &segments);
    match found {
        None => respond::page_not_found(),
        Some(page) if incoming.method != Method::GET && !page.takes_any_method() => {
            respond::error(Form::default(), &ApiError::method_not_allowed())
        }
        Some(page) => page.respond(incoming),
    }
}

/// Something that can be read.
enum Page {
    Text(&'static str),
    /// The health checks one by one, of the endpoint of this name.
    Checks(String),
    Json(Value),
    /// With an entity tag, and a content type of its own.
    Tagged(Value, &'static str),
    Bytes(Bytes, &'static str),
    Empty(u16),
    Error(ApiError),
}

impl Page {
    /// Health and the index of OpenAPI v3 are plain handlers: they do not look at the method.
    fn takes_any_method(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Checks(_) | Self::Tagged(..))
    }

    fn respond(self, incoming: &Incoming) -> Response<Body> {
        match self {
            Self::Text(text) => respond::text(200, text),
            Self::Checks(endpoint) => respond::text(200, &checks(&endpoint)),
            Self::Empty(status) => respond::empty(status),
            Self::Error(error) => respond::error(Form::default(), &error),
            Self::Json(value) => {
                let accept = incoming.accept();
                let mut form = match crate::http::negotiate::negotiate(&accept, false) {
                    Ok(form) => form,
                    Err(error) => return respond::error(Form::default(), &error),
                };
                form.pretty |= incoming.query.flag("pretty");
                respond::value(200, form, &value)
            }
            Self::Tagged(value, kind) => {
                let body = Bytes::from(value.to_string());
                tagged(incoming, kind, body)
            }
            Self::Bytes(body, kind) => tagged(incoming, kind, body),
        }
    }
}

/// A body with an entity tag; 304 where the client has it already.
fn tagged(incoming: &Incoming, kind: &str, body: Bytes) -> Response<Body> {
    let tag = format!("\"{}\"", hex(&Sha256::digest(&body)).to_uppercase());
    let known = incoming.header(IF_NONE_MATCH);
    let mut response = if known.split(',').any(|t| t.trim() == tag) {
        respond::empty(304)
    } else {
        respond::bytes(200, kind, body)
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    response.headers_mut().insert("vary", HeaderValue::from_static("Accept"));
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn find(cluster: &Cluster, incoming: &Incoming, segments: &[&str]) -> Option<Page> {
    match segments {
        [] => Some(Page::Json(json!({ "paths": paths(cluster) }))),
        ["version"] => Some(Page::Json(version())),
        [endpoint @ ("healthz" | "livez" | "readyz")] if incoming.query.get("verbose").is_some() => {
            Some(Page::Checks((*endpoint).to_owned()))
        }
        ["healthz" | "livez" | "readyz"] => Some(Page::Text("ok")),
        ["healthz" | "livez" | "readyz", check] => {
            ["ping", "log", "etcd", "informer-sync", "poststarthook"].contains(check).then_some(Page::Text("ok"))
        }
        ["api"] => Some(aggregated(cluster, incoming, true).unwrap_or_else(|| {
            Page::Json(json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443" }],
            }))
        })),
        ["apis"] => Some(aggregated(cluster, incoming, false).unwrap_or_else(|| {
            let groups: Vec<Value> = groups(cluster).iter().map(|group| group.describe(false)).collect();
            Page::Json(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
        })),
        ["api", "v1"] => Some(resource_list(cluster, "", "v1")?),
        ["api", _] => Some(Page::Error(ApiError::unknown_resource())),
        ["apis", group] => {
            groups(cluster).iter().find(|g| g.name == *group).map(|group| Page::Json(group.describe(true)))
        }
        ["apis", group, version] => resource_list(cluster, group, version)
            .or_else(|| has_builtin_group(group).then(|| Page::Error(ApiError::unknown_resource()))),
        ["openapi", "v2"] => Some(openapi_v2(cluster, incoming)),
        ["openapi", "v3"] => Some(Page::Tagged(openapi_index(cluster), "text/plain; charset=utf-8")),
        ["openapi", "v3", rest @ ..] => Some(openapi_document(cluster, rest)),
        _ => None,
    }
}

fn checks(endpoint: &str) -> String {
    format!("[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]informer-sync ok\n{endpoint} check passed\n")
}

fn openapi_v2(cluster: &Cluster, incoming: &Incoming) -> Page {
    let accepted = incoming.header(ACCEPT);
    let resources = cluster.resources();
    if openapi::v2::PROTOBUF.into_iter().any(|kind| accepted.contains(kind)) {
        // The answer has the one spelling that is a media type.
        return Page::Bytes(openapi::v2::as_protobuf(&resources), openapi::v2::PROTOBUF[1]);
    }
    Page::Bytes(openapi::v2::as_json(&resources), "application/json")
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "emulationMajor": "1", "emulationMinor": "37",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "36",
        "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "", "compiler": "rustc", "platform": "linux/amd64",
    })
}

/// Whether a group is built in.
pub(crate) fn has_builtin_group(group: &str) -> bool {
    kinds::builtin().iter().any(|resource| resource.group() == group)
}

/// One API group: its versions, the preferred first, and what they serve.
struct Group {
    name: String,
    versions: Vec<(String, Vec<Arc<Resource>>)>,
}

impl Group {
    /// `APIGroup`, on its own or as an item of a list.
    fn describe(&self, alone: bool) -> Value {
        let entry =
            |version: &str| json!({ "groupVersion": api_version(&self.name, version), "version": version });
        let versions: Vec<Value> = self.versions.iter().map(|(version, _)| entry(version)).collect();
        let mut group = json!({
            "name": self.name, "preferredVersion": versions.first().cloned().unwrap_or(Value::Null),
            "versions": versions,
        });
        if alone {
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
        }
        group
    }
}

/// All groups but the core one, built-in ones first.
fn groups(cluster: &Cluster) -> Vec<Group> {
    collect(cluster.resources().into_iter().filter(|resource| !resource.group().is_empty()))
}

fn collect(resources: impl Iterator<Item = Arc<Resource>>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for resource in resources {
        let at = groups.iter().position(|g| g.name == resource.group()).unwrap_or_else(|| {
            groups.push(Group { name: resource.group().to_owned(), versions: Vec::new() });
            groups.len() - 1
        });
        let versions = &mut groups[at].versions;
        match versions.iter_mut().find(|(version, _)| *version == *resource.gvk.version) {
            Some((_, list)) => list.push(resource),
            None => versions.push((resource.gvk.version.to_string(), vec![resource])),
        }
    }
    for group in &mut groups {
        group.versions.sort_by(|(a, _), (b, _)| priority(b).cmp(&priority(a)).then_with(|| a.cmp(b)));
    }
    groups
}

/// Kubernetes' order of versions: `v2` before `v1` before `v1beta2` before `v1beta1` before `v1alpha1` before others.
fn priority(version: &str) -> (u8, u64, u64) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let major: u64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let (stage, minor) = match tail {
            "" => (3, "0"),
            t if t.starts_with("beta") => (2, &t[4..]),
            t if t.starts_with("alpha") => (1, &t[5..]),
            _ => return None,
        };
        Some((stage, major, minor.parse().ok()?))
    };
    parse().unwrap_or((0, 0, 0))
}

fn storage_hash(resource: &Resource) -> Option<String> {
    if !resource.has_verb("list") || resource.kind() == "ComponentStatus" {
        return None;
    }
    let (group, version) = match &*resource.bucket {
        "events" => ("", "v1"),
        // Kubernetes hashes the version that it keeps these in internally.
        "apiextensions.k8s.io/customresourcedefinitions" => (resource.group(), "v1beta1"),
        _ => (resource.group(), &*resource.storage_version),
    };
    let hash = Sha256::digest(format!("{group}/{version}/{}", resource.kind()));
    Some(base64::engine::general_purpose::STANDARD.encode(hash.get(..8)?))
}

fn resource_list(cluster: &Cluster, group: &str, version: &str) -> Option<Page> {
    let mut served: Vec<Arc<Resource>> = cluster
        .resources()
        .into_iter()
        .filter(|r| r.group() == group && *r.gvk.version == *version)
        .collect();
    if served.is_empty() {
        return None;
    }
    served.sort_by(|a, b| a.plural.cmp(&b.plural));
    let resources: Vec<Value> = served.iter().flat_map(|resource| described(resource)).collect();
    let mut list = json!({ "kind": "APIResourceList", "groupVersion": api_version(group, version), "resources": resources });
    if !group.is_empty() {
        list["apiVersion"] = json!("v1");
    }
    Some(Page::Json(list))
}

/// A resource and its subresources, as the unaggregated discovery lists them.
fn described(resource: &Resource) -> Vec<Value> {
    let mut main = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind(), "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        main["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        main["categories"] = json!(resource.categories);
    }
    if let Some(hash) = storage_hash(resource) {
        main["storageVersionHash"] = json!(hash);
    }
    let subresources = resource.subresources.iter().map(|subresource| {
        let mut sub = json!({
            "name": format!("{}/{}", resource.plural, subresource.name), "singularName": "",
            "namespaced": resource.namespaced, "kind": subresource.gvk.kind, "verbs": subresource.verbs,
        });
        if subresource.gvk.group != resource.gvk.group || subresource.gvk.version != resource.gvk.version {
            sub["group"] = json!(subresource.gvk.group);
            sub["version"] = json!(subresource.gvk.version);
        }
        sub
    });
    std::iter::once(main).chain(subresources).collect()
}

/// Aggregated discovery, where the client asks for it.
fn aggregated(cluster: &Cluster, incoming: &Incoming, core: bool) -> Option<Page> {
    let accept = incoming.accept();
    let wanted = accept.split(',').map(str::trim).find_map(|clause| {
        let aggregated =
            clause.contains("as=APIGroupDiscoveryList") && clause.contains("g=apidiscovery.k8s.io");
        if aggregated && clause.contains("v=v2beta1") {
            Some(Some("v2beta1"))
        } else if aggregated && clause.contains("v=v2") {
            Some(Some("v2"))
        } else {
            (clause.starts_with("application/json") || clause.starts_with("*/*")).then_some(None)
        }
    })??;
    let kind = if wanted == "v2" {
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    } else {
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    };
    let resources = cluster.resources().into_iter().filter(|r| r.group().is_empty() == core);
    let items: Vec<Value> = collect(resources).iter().map(aggregated_group).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{wanted}"),
        "metadata": {}, "items": items,
    });
    Some(Page::Tagged(list, kind))
}

fn aggregated_group(group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|(version, resources)| {
            let mut resources = resources.clone();
            resources.sort_by(|a, b| a.plural.cmp(&b.plural));
            let listed: Vec<Value> = resources.iter().map(|r| aggregated_resource(r)).collect();
            json!({ "version": version, "resources": listed, "freshness": "Current" })
        })
        .collect();
    let metadata = if group.name.is_empty() { json!({}) } else { json!({ "name": group.name }) };
    json!({ "metadata": metadata, "versions": versions })
}

fn aggregated_resource(resource: &Resource) -> Value {
    // Built-in kinds of the same group version are told by their kind alone.
    let kind_of = |gvk: &crate::resource::Gvk| {
        let own = gvk.group == resource.gvk.group && gvk.version == resource.gvk.version;
        if own && resource.custom.is_none() {
            json!({ "group": "", "version": "", "kind": gvk.kind })
        } else {
            json!({ "group": gvk.group, "version": gvk.version, "kind": gvk.kind })
        }
    };
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind_of(&resource.gvk),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| json!({ "subresource": sub.name, "responseKind": kind_of(&sub.gvk), "verbs": sub.verbs }))
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = Value::Array(subresources);
    }
    entry
}

/// All group versions as paths below `/openapi/v3/`, the core one as `api/v1`.
fn group_versions(cluster: &Cluster) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for resource in cluster.resources() {
        let entry = (resource.group().to_owned(), resource.gvk.version.to_string());
        if !out.contains(&entry) {
            out.push(entry);
        }
    }
    out
}

fn paths(cluster: &Cluster) -> Vec<String> {
    let mut paths: Vec<String> = index_keys(cluster).into_iter().map(|key| format!("/{key}")).collect();
    paths.extend(["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz"].map(str::to_owned));
    paths.sort();
    paths
}

fn index_keys(cluster: &Cluster) -> Vec<String> {
    let mut keys = vec!["api".to_owned(), "apis".to_owned(), "version".to_owned()];
    for (group, version) in group_versions(cluster) {
        if group.is_empty() {
            keys.push(format!("api/{version}"));
        } else {
            let parent = format!("apis/{group}");
            if !keys.contains(&parent) {
                keys.push(parent);
            }
            keys.push(format!("apis/{group}/{version}"));
        }
    }
    keys.sort();
    keys
}

fn openapi_index(cluster: &Cluster) -> Value {
    let entries = index_keys(cluster).into_iter().map(|key| {
        let hash = document_hash(cluster, &key);
        let address = json!({ "serverRelativeURL": format!("/openapi/v3/{key}?hash={hash}") });
        (key, address)
    });
    json!({ "paths": entries.collect::<serde_json::Map<String, Value>>() })
}

/// Changes when the document does: it is made from the program and the resources.
fn document_hash(cluster: &Cluster, key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(VERSION);
    hash.update(key);
    if let Some((group, version)) = key.strip_prefix("apis/").and_then(|rest| rest.split_once('/')) {
        let resources = cluster.resources();
        let custom = resources.iter().filter(|r| r.group() == group && *r.gvk.version == *version);
        for served in custom.filter_map(|r| r.custom.as_ref()) {
            hash.update(&served.definition);
            hash.update(served.schema.to_string());
        }
    }
    hex(&hash.finalize()).to_uppercase()
}

fn openapi_document(cluster: &Cluster, path: &[&str]) -> Page {
    let (group, version) = match path {
        ["api", version] => ("", *version),
        ["apis", group, version] => (*group, *version),
        _ => {
            let key = path.join("/");
            if index_keys(cluster).contains(&key) {
                return Page::Bytes(Bytes::from(small_document(&key).to_string()), "application/json");
            }
            return Page::Empty(404);
        }
    };
    let resources: Vec<Arc<Resource>> = cluster
        .resources()
        .into_iter()
        .filter(|r| r.group() == group && *r.gvk.version == *version)
        .collect();
    if resources.is_empty() {
        return Page::Empty(404);
    }
    Page::Bytes(openapi::document(group, version, &resources), "application/json")
}

/// The document of a path that only tells what is below it.
fn small_document(key: &str) -> Value {
    let path = format!("/{key}/");
    json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": VERSION },
        "paths": { path: { "get": {
            "description": "get available API versions",
            "responses": { "200": { "description": "OK", "content": { "application/json": { "schema": { "type": "object" } } } } },
        } } },
    })
}

/// What `componentstatuses` says of the parts of this process.
pub(crate) fn component_statuses() -> Value {
    let part = |name: &str| {
        json!({
            "metadata": { "name": name },
            "conditions": [{ "type": "Healthy", "status": "True", "message": "ok" }],
        })
    };
    json!({
        "kind": "ComponentStatusList", "apiVersion": "v1", "metadata": {},
        "items": [part("scheduler"), part("controller-manager"), part("etcd-0")],
    })
}

#[cfg(test)]
mod tests {
    use super::priority;

    #[test]
    fn versions_are_ordered_as_kubernetes_orders_them() {
        let mut versions = ["v1beta1", "foo1", "v10", "v1", "v2alpha1", "v11alpha2", "v2", "v1beta2"];
        versions.sort_by(|a, b| priority(b).cmp(&priority(a)).then_with(|| a.cmp(b)));
        assert_eq!(versions, ["v10", "v2", "v1", "v1beta2", "v1beta1", "v11alpha2", "v2alpha1", "foo1"]);
    }
}
