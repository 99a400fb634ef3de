//! A client of the in-process service.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use pilothouse_devcluster::sim::Simulation;
use pilothouse_devcluster::{ApiService, Body, DevCluster, Options, StaticUser, Token};
use serde_json::Value;
use tower::ServiceExt;

/// A cluster without controllers, and clients for its users.
pub(crate) async fn cluster() -> DevCluster {
    DevCluster::start(options()).await.unwrap()
}

pub(crate) fn options() -> Options {
    let user = |name: &str, groups: &[&str]| StaticUser {
        token: Token::new(format!("{name}-token")),
        name: name.to_owned(),
        uid: name.to_owned(),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
    };
    Options {
        users: vec![user("admin", &["system:masters"]), user("alice", &["developers"]), user("bob", &[])],
        simulation: Simulation { enabled: false, ..Simulation::default() },
        ..Options::default()
    }
}

/// An answer: status, JSON body, warnings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

/// Sends requests as one user.
#[derive(Clone)]
pub(crate) struct Client {
    service: ApiService,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(cluster: &DevCluster, user: &str) -> Self {
        Self { service: cluster.service(), token: cluster.token(user).map(|t| t.reveal().to_owned()) }
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(method).uri(path).header("user-agent", "cluster-score");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(body)).unwrap()
    }

    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Response<Body> {
        self.service.clone().oneshot(self.request(method, path, headers, body)).await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        let response = self.open(method, path, headers, body).await;
        let status = response.status().as_u16();
        let warnings = response
            .headers()
            .get_all("warning")
            .iter()
            .filter_map(|v| v.to_str().ok().map(str::to_owned))
            .collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status, body, warnings }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().into()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("content-type", "application/json")], body.to_string().into()).await
    }

    pub(crate) async fn patch(&self, path: &str, kind: &str, body: &Value) -> Answer {
        let content_type = format!("application/{kind}");
        self.send("PATCH", path, &[("content-type", &content_type)], body.to_string().into()).await
    }

    pub(crate) async fn delete(&self, path: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.send("DELETE", path, &[("content-type", "application/json")], bytes).await
    }
}
