//! A small Kubernetes API server in memory: objects, lists, merge patches, watches, two users.
//!
//! It knows as much as the server under test asks for. `admin-token` may do all, `viewer-token` may read all but
//! Secrets, and nobody else may come in.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use kube::Client;
use pilothouse_server::{ClientError, Token};
use serde_json::{Value, json};
use tokio::sync::broadcast;

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Clone)]
pub(crate) struct FakeCluster(Arc<State>);

struct State {
    objects: Mutex<Objects>,
    changes: broadcast::Sender<(String, &'static str, Value)>,
}

#[derive(Default)]
struct Objects {
    version: u64,
    /// By collection (`apps/deployments`), then `namespace/name`.
    kinds: BTreeMap<String, BTreeMap<String, Value>>,
}

struct Place {
    group: String,
    version: String,
    namespace: Option<String>,
    resource: String,
    name: Option<String>,
    subresource: Option<String>,
}

const KINDS: &[(&str, &str, &str)] = &[
    ("", "namespaces", "Namespace"),
    ("", "secrets", "Secret"),
    ("", "configmaps", "ConfigMap"),
    ("", "events", "Event"),
    ("", "pods", "Pod"),
    ("", "nodes", "Node"),
    ("", "services", "Service"),
    ("", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("apps", "deployments", "Deployment"),
    ("apps", "replicasets", "ReplicaSet"),
    ("apps", "statefulsets", "StatefulSet"),
    ("apps", "daemonsets", "DaemonSet"),
    ("batch", "jobs", "Job"),
    ("source.toolkit.fluxcd.io", "helmrepositories", "HelmRepository"),
    ("source.toolkit.fluxcd.io", "ocirepositories", "OCIRepository"),
    ("source.toolkit.fluxcd.io", "helmcharts", "HelmChart"),
    ("helm.toolkit.fluxcd.io", "helmreleases", "HelmRelease"),
];

impl FakeCluster {
    pub(crate) fn new() -> Self {
        let cluster = Self(Arc::new(State { objects: Mutex::default(), changes: broadcast::channel(256).0 }));
        for name in ["apps", "other"] {
            cluster.put("namespaces", json!({"metadata": {"name": name}, "status": {"phase": "Active"}}));
        }
        cluster
    }

    /// Clients for the server under test.
    pub(crate) fn factory(&self) -> impl Fn(&Token) -> Result<Client, ClientError> + Send + Sync + 'static {
        let cluster = self.clone();
        move |token| Ok(cluster.client(token.reveal()))
    }

    pub(crate) fn client(&self, token: &str) -> Client {
        let service = Service { cluster: self.clone(), token: token.to_owned() };
        Client::new(service, "default")
    }

    /// Puts an object into a collection, as if it had been there.
    pub(crate) fn put(&self, resource: &str, object: Value) -> Value {
        let (group, _, kind) =
            KINDS.iter().find(|(_, plural, _)| *plural == resource).expect("a known resource");
        let version = if *group == "helm.toolkit.fluxcd.io" { "v2" } else { "v1" };
        let mut object = object;
        object["apiVersion"] =
            if group.is_empty() { json!("v1") } else { json!(format!("{group}/{version}")) };
        object["kind"] = json!(kind);
        self.write(&format!("{group}/{resource}"), object, "ADDED")
    }

    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let objects = self.0.objects.lock().unwrap();
        let (_, kind) = objects.kinds.iter().find(|(key, _)| key.ends_with(&format!("/{resource}")))?;
        kind.get(&format!("{namespace}/{name}")).cloned()
    }

    pub(crate) fn names(&self, resource: &str) -> Vec<String> {
        let objects = self.0.objects.lock().unwrap();
        let kind = objects.kinds.iter().find(|(key, _)| key.ends_with(&format!("/{resource}")));
        kind.map(|(_, kind)| kind.keys().cloned().collect()).unwrap_or_default()
    }

    fn write(&self, collection: &str, mut object: Value, event: &'static str) -> Value {
        let mut objects = self.0.objects.lock().unwrap();
        objects.version += 1;
        let version = objects.version;
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        metadata.insert("resourceVersion".into(), json!(version.to_string()));
        metadata.entry("uid").or_insert(json!(format!("uid-{version}")));
        metadata.entry("creationTimestamp").or_insert(json!("2026-11-25T08:00:00Z"));
        metadata.entry("generation").or_insert(json!(1));
        let key = key_of(&object);
        objects.kinds.entry(collection.to_owned()).or_default().insert(key, object.clone());
        let _ = self.0.changes.send((collection.to_owned(), event, object.clone()));
        object
    }

    async fn answer(self, token: String, request: Request<kube::client::Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let user = match token.as_str() {
            "admin-token" => "admin",
            "viewer-token" => "viewer",
            _ => return status(401, "Unauthorized", "Unauthorized", None),
        };
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let segments: Vec<&str> = parts.uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let accept = parts.headers.get(header::ACCEPT).map(|accept| accept.to_str().unwrap_or_default());
        if accept.is_some_and(|accept| accept.contains("apidiscovery.k8s.io")) {
            return status(406, "NotAcceptable", "no aggregated discovery here", None);
        }
        if let Some(answer) = reviews(user, &segments, &body).or_else(|| discovery(&segments)) {
            return json_answer(StatusCode::OK, &answer);
        }
        let Some(place) = place(&segments) else { return status(404, "NotFound", "no such path", None) };
        let verb = match parts.method {
            Method::GET if place.name.is_some() => "get",
            Method::GET => "list",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            _ => "delete",
        };
        if !allowed(user, verb, &place.resource) {
            let (resource, group) = (&place.resource, &place.group);
            let where_ = place
                .namespace
                .as_ref()
                .map_or("at the cluster scope".into(), |n| format!("in the namespace \"{n}\""));
            let text = format!(
                "{resource} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {where_}"
            );
            return status(403, "Forbidden", &text, None);
        }
        let metadata_only = parts
            .headers
            .get(header::ACCEPT)
            .is_some_and(|accept| accept.to_str().unwrap().contains("PartialObjectMetadata"));
        match verb {
            "get" => self.read(&place, metadata_only),
            "list" if query.get("watch").is_some_and(|watch| watch == "true" || watch == "1") => {
                self.watch(&place, &query)
            }
            "list" => self.list(&place, &query, metadata_only),
            "create" => self.create(&place, body),
            "update" => self.replace(&place, body),
            "patch" => self.patch(&place, &body),
            _ => self.remove(&place),
        }
    }

    fn read(&self, place: &Place, metadata_only: bool) -> Response<Body> {
        match self.find(place) {
            Some(object) if metadata_only => json_answer(
                StatusCode::OK,
                &json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"]}),
            ),
            Some(_) if place.subresource.as_deref() == Some("log") => {
                Response::new(full(Bytes::from_static(b"all is well\n")))
            }
            Some(object) => json_answer(StatusCode::OK, &object),
            None => missing(place),
        }
    }

    fn find(&self, place: &Place) -> Option<Value> {
        let objects = self.0.objects.lock().unwrap();
        let namespace = place.namespace.clone().unwrap_or_default();
        objects.kinds.get(&place.collection())?.get(&format!("{namespace}/{}", place.name.as_ref()?)).cloned()
    }

    fn list(&self, place: &Place, query: &BTreeMap<String, String>, metadata_only: bool) -> Response<Body> {
        let objects = self.0.objects.lock().unwrap();
        let kind = objects.kinds.get(&place.collection());
        let items: Vec<Value> = kind
            .into_iter()
            .flat_map(|kind| kind.values())
            .filter(|object| place.namespace.as_deref().is_none_or(|n| object["metadata"]["namespace"] == n))
            .filter(|object| selected(object, query))
            .map(
                |object| if metadata_only { json!({"metadata": object["metadata"]}) } else { object.clone() },
            )
            .collect();
        json_answer(
            StatusCode::OK,
            &json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": objects.version.to_string()}, "items": items}),
        )
    }

    fn watch(&self, place: &Place, query: &BTreeMap<String, String>) -> Response<Body> {
        let (collection, namespace, query) = (place.collection(), place.namespace.clone(), query.clone());
        let receiver = self.0.changes.subscribe();
        let lines = stream::unfold(receiver, |mut receiver| async move {
            loop {
                match receiver.recv().await {
                    Ok(change) => return Some((change, receiver)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
        .filter_map(move |(of, event, object)| {
            let wanted = of == collection
                && namespace.as_deref().is_none_or(|n| object["metadata"]["namespace"] == n)
                && selected(&object, &query);
            let line = format!("{}\n", json!({"type": event, "object": object}));
            futures::future::ready(wanted.then(|| Ok(Frame::data(Bytes::from(line)))))
        });
        Response::new(StreamBody::new(lines).boxed_unsync())
    }

    fn create(&self, place: &Place, mut object: Value) -> Response<Body> {
        if let Some(namespace) = &place.namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let named = Place { name: Some(name), ..place.clone_without_name() };
        if self.find(&named).is_some() {
            return status(409, "AlreadyExists", "already exists", Some(&named));
        }
        json_answer(StatusCode::CREATED, &self.write(&place.collection(), object, "ADDED"))
    }

    fn replace(&self, place: &Place, object: Value) -> Response<Body> {
        let Some(old) = self.find(place) else { return missing(place) };
        let expected = object["metadata"]["resourceVersion"].as_str();
        if expected.is_some_and(|expected| old["metadata"]["resourceVersion"] != expected) {
            return status(409, "Conflict", "the object has been modified", Some(place));
        }
        json_answer(StatusCode::OK, &self.write(&place.collection(), grown(&old, object), "MODIFIED"))
    }

    fn patch(&self, place: &Place, patch: &Value) -> Response<Body> {
        let Some(old) = self.find(place) else { return missing(place) };
        let expected = patch["metadata"]["resourceVersion"].as_str();
        if expected.is_some_and(|expected| old["metadata"]["resourceVersion"] != expected) {
            return status(409, "Conflict", "the object has been modified", Some(place));
        }
        let mut object = old.clone();
        merge(&mut object, patch);
        json_answer(StatusCode::OK, &self.write(&place.collection(), grown(&old, object), "MODIFIED"))
    }

    fn remove(&self, place: &Place) -> Response<Body> {
        let Some(object) = self.find(place) else { return missing(place) };
        let mut objects = self.0.objects.lock().unwrap();
        objects.version += 1;
        if let Some(kind) = objects.kinds.get_mut(&place.collection()) {
            kind.remove(&key_of(&object));
        }
        let _ = self.0.changes.send((place.collection(), "DELETED", object));
        json_answer(StatusCode::OK, &json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
    }
}

impl Place {
    fn collection(&self) -> String {
        format!("{}/{}", self.group, self.resource)
    }

    fn clone_without_name(&self) -> Self {
        Self {
            group: self.group.clone(),
            version: self.version.clone(),
            namespace: self.namespace.clone(),
            resource: self.resource.clone(),
            name: None,
            subresource: None,
        }
    }
}

fn place(segments: &[&str]) -> Option<Place> {
    let (group, version, rest) = match segments {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, resource, rest @ ..] => {
            (Some((*namespace).to_owned()), [&[*resource], rest].concat())
        }
        rest => (None, rest.to_vec()),
    };
    let resource = (*rest.first()?).to_owned();
    KINDS.iter().find(|(of, plural, _)| *of == group && *plural == resource)?;
    Some(Place {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace,
        resource,
        name: rest.get(1).map(|name| (*name).to_owned()),
        subresource: rest.get(2).map(|name| (*name).to_owned()),
    })
}

fn allowed(user: &str, verb: &str, resource: &str) -> bool {
    user == "admin" || (matches!(verb, "get" | "list" | "watch") && resource != "secrets")
}

fn reviews(user: &str, segments: &[&str], body: &Value) -> Option<Value> {
    let mut answer = body.clone();
    match *segments.last()? {
        "selfsubjectreviews" => {
            answer["status"] = json!({"userInfo": {"username": user, "groups": ["people"]}});
        }
        "selfsubjectaccessreviews" => {
            let asked = &body["spec"]["resourceAttributes"];
            let text = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
            answer["status"] = json!({"allowed": allowed(user, &text("verb"), &text("resource"))});
        }
        "selfsubjectrulesreviews" => {
            let rules = if user == "admin" {
                json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}])
            } else {
                json!([{"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["helmrepositories", "helmreleases"]}])
            };
            answer["status"] = json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false});
        }
        _ => return None,
    }
    Some(answer)
}

fn discovery(segments: &[&str]) -> Option<Value> {
    let resources = |group: &str| -> Vec<Value> {
        KINDS
            .iter()
            .filter(|(of, _, _)| *of == group)
            .map(|(_, plural, kind)| {
                let namespaced = !matches!(*plural, "namespaces" | "nodes");
                json!({"name": plural, "singularName": "", "namespaced": namespaced, "kind": kind,
                       "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"]})
            })
            .collect()
    };
    let version = |group: &str| if group == "helm.toolkit.fluxcd.io" { "v2" } else { "v1" };
    Some(match segments {
        ["version"] => {
            json!({"major": "1", "minor": "37", "gitVersion": "v1.37.2", "gitCommit": "", "gitTreeState": "",
                              "buildDate": "", "goVersion": "", "compiler": "", "platform": "linux/amd64"})
        }
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ["apis"] => {
            let groups: Vec<Value> = ["apps", "batch", "source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"]
                .iter()
                .map(|group| {
                    let version = json!({"groupVersion": format!("{group}/{}", version(group)), "version": version(group)});
                    json!({"name": group, "versions": [version], "preferredVersion": version})
                })
                .collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["api", "v1"] => json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": resources("")}),
        ["apis", group, version] if KINDS.iter().any(|(of, _, _)| of == group) => {
            json!({"kind": "APIResourceList", "groupVersion": format!("{group}/{version}"), "resources": resources(group)})
        }
        _ => return None,
    })
}

fn selected(object: &Value, query: &BTreeMap<String, String>) -> bool {
    let labels = query.get("labelSelector").map(String::as_str).unwrap_or_default();
    let fields = query.get("fieldSelector").map(String::as_str).unwrap_or_default();
    let pairs = |text: &str| -> Vec<(String, String)> {
        text.split(',')
            .filter_map(|pair| pair.split_once('='))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect()
    };
    pairs(labels).iter().all(|(key, value)| object["metadata"]["labels"][key] == *value)
        && pairs(fields).iter().all(|(key, value)| {
            object.pointer(&format!("/{}", key.replace('.', "/"))).is_some_and(|found| found == value)
        })
}

fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

/// A change of the specification is a new generation.
fn grown(old: &Value, mut new: Value) -> Value {
    let generation = old["metadata"]["generation"].as_i64().unwrap_or(1);
    let changed = old["spec"] != new["spec"];
    new["metadata"]["generation"] = json!(generation + i64::from(changed));
    for field in ["uid", "creationTimestamp", "name", "namespace"] {
        if !old["metadata"][field].is_null() {
            new["metadata"][field] = old["metadata"][field].clone();
        }
    }
    new
}

fn key_of(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

fn full(bytes: Bytes) -> Body {
    http_body_util::Full::new(bytes).boxed_unsync()
}

fn json_answer(status: StatusCode, value: &Value) -> Response<Body> {
    let body = full(Bytes::from(value.to_string()));
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

fn missing(place: &Place) -> Response<Body> {
    status(404, "NotFound", "not found", Some(place))
}

fn status(code: u16, reason: &str, message: &str, place: Option<&Place>) -> Response<Body> {
    let mut body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message});
    if let Some(place) = place {
        body["details"] = json!({"name": place.name, "group": place.group, "kind": place.resource});
    }
    json_answer(StatusCode::from_u16(code).unwrap(), &body)
}

#[derive(Clone)]
struct Service {
    cluster: FakeCluster,
    token: String,
}

impl tower::Service<Request<kube::client::Body>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<kube::client::Body>) -> Self::Future {
        self.cluster.clone().answer(self.token.clone(), request).map(Ok).boxed()
    }
}
