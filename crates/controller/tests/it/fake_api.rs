//! As much of a Kubernetes API server as the controllers use: list, watch, get, create, merge patch, delete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Collections by their path without namespace (`/api/v1/secrets`), objects by `namespace/name`.
type Objects = BTreeMap<String, BTreeMap<String, Value>>;

#[derive(Clone)]
pub(crate) struct FakeApi {
    objects: Arc<Mutex<(u64, Objects)>>,
    changes: broadcast::Sender<(String, Value)>,
    /// `METHOD path` of each write.
    writes: Arc<Mutex<Vec<String>>>,
}

struct Place {
    collection: String,
    namespace: Option<String>,
    name: Option<String>,
    subresource: Option<String>,
}

impl FakeApi {
    pub(crate) fn new() -> Self {
        let (changes, _) = broadcast::channel(10_000);
        Self { objects: Arc::default(), changes, writes: Arc::default() }
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let api = api.clone();
            async move { Ok::<_, std::convert::Infallible>(api.answer(request).await) }
        });
        Client::new(service, "default")
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }

    /// Creates or replaces an object, as a user's apply: the generation grows where the spec changes.
    pub(crate) fn apply(&self, collection: &str, mut object: Value) {
        let mut state = self.objects.lock().unwrap();
        let key = format!(
            "{}/{}",
            object["metadata"]["namespace"].as_str().unwrap(),
            object["metadata"]["name"].as_str().unwrap()
        );
        let old = state.1.get(collection).and_then(|c| c.get(&key)).cloned();
        if let Some(old) = &old {
            let same = old["spec"] == object["spec"];
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(1) + i64::from(!same);
            for field in ["uid", "finalizers", "creationTimestamp"] {
                object["metadata"][field] = old["metadata"][field].clone();
            }
            object["metadata"]["generation"] = json!(generation);
            object["status"] = old["status"].clone();
        } else {
            object["metadata"]["uid"] = json!(format!("uid-{}", state.0));
            object["metadata"]["generation"] = json!(1);
            object["metadata"]["creationTimestamp"] = json!(jiff::Timestamp::now().to_string());
            if object.get("spec").is_some() {
                object["status"] = json!({"observedGeneration": -1});
            }
        }
        self.put(&mut state, collection, &key, object, if old.is_some() { "MODIFIED" } else { "ADDED" });
    }

    /// Deletes an object as a user does: with finalizers it is only marked.
    pub(crate) fn delete(&self, collection: &str, key: &str) {
        let mut state = self.objects.lock().unwrap();
        let Some(mut object) = state.1.get_mut(collection).and_then(|c| c.get(key).cloned()) else { return };
        if object["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty()) {
            object["metadata"]["deletionTimestamp"] = json!(jiff::Timestamp::now().to_string());
            self.put(&mut state, collection, key, object, "MODIFIED");
        } else {
            self.remove(&mut state, collection, key);
        }
    }

    pub(crate) fn get(&self, collection: &str, key: &str) -> Option<Value> {
        self.objects.lock().unwrap().1.get(collection)?.get(key).cloned()
    }

    pub(crate) fn list(&self, collection: &str) -> Vec<Value> {
        self.objects
            .lock()
            .unwrap()
            .1
            .get(collection)
            .map(|c| c.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Waits until the object satisfies `wanted`.
    pub(crate) async fn until(&self, collection: &str, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1000 {
            if let Some(object) = self.get(collection, key).filter(|o| wanted(o)) {
                return object;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!(
            "{collection} {key} never became as wanted: {:#}",
            self.get(collection, key).unwrap_or_default()
        );
    }

    fn put(&self, state: &mut (u64, Objects), collection: &str, key: &str, mut object: Value, kind: &str) {
        state.0 += 1;
        object["metadata"]["resourceVersion"] = json!(state.0.to_string());
        state.1.entry(collection.to_owned()).or_default().insert(key.to_owned(), object.clone());
        let _ = self.changes.send((collection.to_owned(), json!({"type": kind, "object": object})));
    }

    fn remove(&self, state: &mut (u64, Objects), collection: &str, key: &str) {
        state.0 += 1;
        if let Some(object) = state.1.get_mut(collection).and_then(|c| c.remove(key)) {
            let _ = self.changes.send((collection.to_owned(), json!({"type": "DELETED", "object": object})));
        }
    }

    async fn answer(&self, request: Request<kube::client::Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let place = place(parts.uri.path());
        let query = parts.uri.query().unwrap_or_default();
        if parts.method == Method::GET {
            return if query.contains("watch=true") { self.watch(place) } else { self.read(&place) };
        }
        self.writes.lock().unwrap().push(format!("{} {}", parts.method, parts.uri.path()));
        let body = body.collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut state = self.objects.lock().unwrap();
        if parts.method == Method::POST {
            let (namespace, name) =
                (place.namespace.unwrap(), body["metadata"]["name"].as_str().unwrap().to_owned());
            self.put(&mut state, &place.collection, &format!("{namespace}/{name}"), body.clone(), "ADDED");
            return reply(201, &body);
        }
        assert_eq!(parts.method, Method::PATCH, "the controllers create and patch only");
        let key = format!("{}/{}", place.namespace.unwrap(), place.name.unwrap());
        let Some(mut object) = state.1.get(&place.collection).and_then(|c| c.get(&key).cloned()) else {
            return reply(404, &failure(404, "NotFound"));
        };
        if place.subresource.as_deref() == Some("status") {
            merge(&mut object["status"], &body["status"]);
        } else {
            merge(&mut object, &body);
        }
        let finalized = object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
        if object["metadata"]["deletionTimestamp"].is_string() && finalized {
            self.remove(&mut state, &place.collection, &key);
            return reply(200, &object);
        }
        self.put(&mut state, &place.collection, &key, object, "MODIFIED");
        reply(200, &state.1[&place.collection][&key])
    }

    fn read(&self, place: &Place) -> Response<Body> {
        let state = self.objects.lock().unwrap();
        let items = state.1.get(&place.collection);
        if let (Some(namespace), Some(name)) = (&place.namespace, &place.name) {
            return match items.and_then(|i| i.get(&format!("{namespace}/{name}"))) {
                Some(object) => reply(200, object),
                None => reply(404, &failure(404, "NotFound")),
            };
        }
        let items: Vec<&Value> = items.into_iter().flat_map(BTreeMap::values).collect();
        let version = state.0.to_string();
        reply(
            200,
            &json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items}),
        )
    }

    /// Sends what changes from now on, after what is there: the clock of one process makes that enough here.
    fn watch(&self, place: Place) -> Response<Body> {
        let state = self.objects.lock().unwrap();
        let changes = self.changes.subscribe();
        let now: Vec<Value> =
            state.1.get(&place.collection).into_iter().flat_map(BTreeMap::values).cloned().collect();
        drop(state);
        let first =
            now.into_iter().map(|object| json!({"type": "MODIFIED", "object": object})).collect::<Vec<_>>();
        let rest = futures::stream::unfold(changes, move |mut changes| {
            let collection = place.collection.clone();
            async move {
                loop {
                    let (changed, event) = changes.recv().await.ok()?;
                    if changed == collection {
                        return Some((event, changes));
                    }
                }
            }
        });
        let lines = futures::StreamExt::chain(futures::stream::iter(first), rest);
        let lines =
            futures::StreamExt::map(lines, |event| Ok::<_, std::convert::Infallible>(format!("{event}\n")));
        Response::new(Body::from_stream(lines))
    }
}

/// `/apis/<group>/<version>[/namespaces/<ns>]/<plural>[/<name>[/<subresource>]]`.
fn place(path: &str) -> Place {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let root = if parts[0] == "api" { 2 } else { 3 };
    let rest = parts.split_off(root);
    let (namespace, rest) = if rest[0] == "namespaces" && rest.len() > 2 {
        (Some(rest[1].to_owned()), rest[2..].to_vec())
    } else {
        (None, rest)
    };
    Place {
        collection: format!("/{}/{}", parts.join("/"), rest[0]),
        namespace,
        name: rest.get(1).map(|s| (*s).to_owned()),
        subresource: rest.get(2).map(|s| (*s).to_owned()),
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let map = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn failure(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": reason})
}

fn reply(status: u16, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}
