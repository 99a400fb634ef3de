//! An OCI registry in this process that records requests and answers some of them as a test says.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use ferro_blob_store::InMemoryBlobStore;
use ferro_oci_server::{AppState, InMemoryRegistryMeta, router};
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_registry::push::Upload;
use pilothouse_registry::{Access, Credentials, OciClient, Pool};

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").and_then(|v| v.to_str().ok())
    }
}

type Script = dyn Fn(&Seen) -> Option<Response> + Send + Sync;

#[derive(Clone, Default)]
pub(crate) struct Control {
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Arc<Mutex<Option<Arc<Script>>>>,
}

impl Control {
    /// Answers instead of the server where the closure gives an answer.
    pub(crate) fn script(&self, script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Some(Arc::new(script));
    }

    /// What was asked since the last call.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// `METHOD path` of what was asked since the last call.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.take().into_iter().map(|s| format!("{} {}", s.method, s.path)).collect()
    }
}

async fn watch(State(control): State<Control>, request: Request<Body>, next: Next) -> Response {
    let seen = Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
    };
    control.seen.lock().unwrap().push(seen.clone());
    let script = control.script.lock().unwrap().clone();
    match script.and_then(|script| script(&seen)) {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

/// Serves `router` on loopback, watched; returns `host:port`.
pub(crate) async fn serve(router: Router) -> (String, Control) {
    let control = Control::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let app = router.layer(from_fn_with_state(control.clone(), watch));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (host, control)
}

pub(crate) struct TestRegistry {
    pub(crate) host: String,
    pub(crate) control: Control,
    pub(crate) pool: Pool,
}

impl TestRegistry {
    pub(crate) async fn start() -> Self {
        let state = AppState::new(Arc::new(InMemoryBlobStore::new()), Arc::new(InMemoryRegistryMeta::new()));
        let (host, control) = serve(router(state)).await;
        Self { host, control, pool: Pool::default() }
    }

    pub(crate) fn client(&self, path: &str) -> OciClient {
        self.client_with(path, Access::default())
    }

    pub(crate) fn client_as(&self, path: &str, credentials: Credentials) -> OciClient {
        self.client_with(path, Access::default().with_credentials(credentials))
    }

    pub(crate) fn client_with(&self, path: &str, access: Access) -> OciClient {
        let url = format!("oci://{}/{path}", self.host);
        self.pool.oci(url.trim_end_matches('/').parse().unwrap(), access.plain_http()).unwrap()
    }

    pub(crate) async fn push(&self, path: &str, name: &str, version: &str) {
        let upload = Upload::from_archive(chart(name, version, "")).unwrap();
        self.client(path).push_chart(&upload).await.unwrap();
    }
}

/// A chart archive.
pub(crate) fn chart(name: &str, version: &str, more: &str) -> Vec<u8> {
    let yaml = format!(
        "apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"1.2.3\"\ndescription: Chart {name}\n{more}"
    );
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in [("Chart.yaml", yaml.as_str()), ("values.yaml", "a: 1\n")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{name}/{path}"), text.as_bytes()).unwrap();
    }
    let mut encoder = tar.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response();
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}
