//! A running controller with a registry beside it.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use ferro_blob_store::InMemoryBlobStore;
use ferro_oci_server::{AppState, InMemoryRegistryMeta, router};
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_controller::{Metrics, Options, run};
use pilothouse_registry::push::Upload;
use pilothouse_registry::{Access, Credentials, Pool};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::fake_api::FakeApi;

pub(crate) const REPOSITORIES: &str = "/apis/source.toolkit.fluxcd.io/v1/helmrepositories";
pub(crate) const CHARTS: &str = "/apis/source.toolkit.fluxcd.io/v1/helmcharts";
pub(crate) const OCI: &str = "/apis/source.toolkit.fluxcd.io/v1/ocirepositories";
pub(crate) const SECRETS: &str = "/api/v1/secrets";
pub(crate) const EVENTS: &str = "/api/v1/events";

pub(crate) struct Running {
    pub(crate) api: FakeApi,
    pub(crate) metrics: Metrics,
    pub(crate) data: tempfile::TempDir,
    _stop: oneshot::Sender<()>,
}

pub(crate) fn start() -> Running {
    let api = FakeApi::new();
    let data = tempfile::tempdir().unwrap();
    let options = Options::new(data.path());
    let metrics = options.metrics.clone();
    let (stop, stopped) = oneshot::channel();
    let client = api.client();
    tokio::spawn(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        run(client, listener, options, async {
            let _ = stopped.await;
        })
        .await
        .unwrap();
    });
    Running { api, metrics, data, _stop: stop }
}

#[derive(Clone)]
pub(crate) struct Registry {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<String>>>,
    login: bool,
}

impl Registry {
    pub(crate) async fn start() -> Self {
        Self::serve(false).await
    }

    /// One that wants user `u`, password `p`.
    pub(crate) async fn with_login() -> Self {
        Self::serve(true).await
    }

    async fn serve(login: bool) -> Self {
        let state = AppState::new(Arc::new(InMemoryBlobStore::new()), Arc::new(InMemoryRegistryMeta::new()));
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let recorded = seen.clone();
        let app = router(state).layer(from_fn(move |request: Request, next: Next| {
            recorded.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
            async move {
                let given = request.headers().get("authorization").and_then(|v| v.to_str().ok());
                if login && given != Some("Basic dTpw") {
                    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
                    return (
                        http::StatusCode::UNAUTHORIZED,
                        [("www-authenticate", "Basic realm=\"r\"")],
                        body,
                    )
                        .into_response();
                }
                next.run(request).await
            }
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { host, seen, login }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    pub(crate) async fn push(&self, path: &str, name: &str, version: &str) {
        let url = format!("oci://{}/{path}", self.host).parse().unwrap();
        let credentials = if self.login { Credentials::basic("u", "p") } else { Credentials::Anonymous };
        let access = Access::default().with_credentials(credentials).plain_http();
        let upload = Upload::from_archive(chart(name, version)).unwrap();
        Pool::default().oci(url, access).unwrap().push_chart(&upload).await.unwrap();
    }
}

pub(crate) fn chart(name: &str, version: &str) -> Vec<u8> {
    let yaml = format!("apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"1.0\"\n");
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in [("Chart.yaml", yaml.as_str()), ("values.yaml", "a: 1\n"), ("prod.yaml", "a: 2\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{name}/{path}"), text.as_bytes()).unwrap();
    }
    let mut encoder = tar.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "ns"},
        "spec": spec,
    })
}

pub(crate) fn condition<'v>(object: &'v Value, type_: &str) -> Option<&'v Value> {
    object["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == type_)
}

pub(crate) fn ready(object: &Value) -> (String, String, String) {
    let field =
        |name: &str| condition(object, "Ready").and_then(|c| c[name].as_str()).unwrap_or_default().to_owned();
    (field("status"), field("reason"), field("message"))
}

pub(crate) fn is_ready(object: &Value) -> bool {
    ready(object).0 == "True" && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

pub(crate) fn has_reason(object: &Value, reason: &str) -> bool {
    ready(object).1 == reason
}
