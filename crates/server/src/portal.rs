//! Serves the built portal: its files, their caching, and the page for every view's address.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::{app::App, problem::Problem};

/// Text in `index.html` that is replaced by a fresh nonce of the answer's Content-Security-Policy, so that the
/// portal's style library may add its own style elements.
pub const NONCE_PLACEHOLDER: &str = "__CSP_NONCE__";

/// The built portal: files by path. A file `x.gz` beside `x` is its compressed form.
#[derive(Clone, Debug, Default)]
pub struct PortalAssets {
    files: Arc<HashMap<String, File>>,
}

#[derive(Clone, Debug)]
struct File {
    bytes: Bytes,
    compressed: Option<Bytes>,
    media_type: String,
    /// Made when the file is first asked for: what nobody reads of the binary stays out of memory.
    etag: OnceLock<HeaderValue>,
    /// The build put the content's hash into the name (Vite: `assets/`), so it never changes.
    immutable: bool,
}

impl PortalAssets {
    /// Takes the files of the build's output directory, by path relative to it (`index.html`, `assets/main-x1.js`).
    pub fn new(files: impl IntoIterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let mut all: HashMap<String, Bytes> = files
            .into_iter()
            .map(|(path, bytes)| {
                let bytes = match bytes {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => Bytes::from(bytes),
                };
                (path.trim_start_matches('/').to_owned(), bytes)
            })
            .collect();
        let compressed: Vec<String> =
            all.keys().filter_map(|path| path.strip_suffix(".gz")).map(str::to_owned).collect();
        let mut short: HashMap<String, Bytes> = HashMap::new();
        for path in compressed.into_iter().filter(|path| all.contains_key(path)).collect::<Vec<_>>() {
            if let Some(bytes) = all.remove(&format!("{path}.gz")) {
                short.insert(path, bytes);
            }
        }
        let files = all.into_iter().map(|(path, bytes)| {
            let file = File {
                media_type: media_type(&path),
                etag: OnceLock::new(),
                immutable: path.starts_with("assets/"),
                compressed: short.remove(&path),
                bytes,
            };
            (path, file)
        });
        Self { files: Arc::new(files.collect()) }
    }

    /// Whether there is a portal at all.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

fn media_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    if guess.type_() == "text" || matches!(guess.subtype().as_str(), "javascript" | "json") {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    }
}

fn etag(bytes: &[u8]) -> HeaderValue {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let text = format!("\"{}\"", hex::encode(&digest.as_ref()[..16]));
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Every path that is no API: a file of the portal, else its page.
pub(crate) async fn serve(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return Problem::not_found(format!("there is no `{} {path}` in this API", request.method()))
            .hint("GET /api/v1/openapi.json lists what there is.")
            .into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Only for reading",
            format!("`{}` is not possible on `{path}`", request.method()),
        )
        .into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = app.portal.files.get(name).filter(|_| name != "index.html") {
        return file.respond(request.headers());
    }
    // A missing script must not be answered with a page; names and versions in a view's address may hold dots.
    let looks_like_file =
        name.starts_with("assets/") || (!name.contains('/') && name.contains('.') && name != "index.html");
    match app.portal.files.get("index.html") {
        Some(index) if !looks_like_file => page(index, app.secure),
        Some(_) => Problem::not_found(format!("there is no file `{path}`")).into_response(),
        None => Problem::not_found("this build serves the API only, without the portal")
            .hint("The API is below /api/v1.")
            .into_response(),
    }
}

impl File {
    fn respond(&self, asked: &HeaderMap) -> Response {
        let etag = self.etag.get_or_init(|| etag(&self.bytes));
        let caching = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let fresh = asked
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|tags| matches_etag(tags, etag.to_str().unwrap_or_default()));
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match self.compressed.as_ref().filter(|_| accepts_gzip(asked)) {
                Some(bytes) => {
                    let mut response = Body::from(bytes.clone()).into_response();
                    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    response
                }
                None => Body::from(self.bytes.clone()).into_response(),
            }
        };
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&self.media_type) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::ETAG, etag.clone());
        if self.compressed.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }
}

/// Whether a list of entity tags (`If-None-Match`) holds that tag; weak comparison (RFC 9110, 13.1.2).
pub(crate) fn matches_etag(list: &str, etag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|tag| strong(tag) == strong(etag))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|list| {
        list.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next() == Some("gzip") && !parts.any(|part| part == "q=0")
        })
    })
}

fn page(index: &File, secure: bool) -> Response {
    let nonce = crate::token::random_secret();
    let html = String::from_utf8_lossy(&index.bytes);
    let styled = html.contains(NONCE_PLACEHOLDER);
    let body =
        if styled { html.replace(NONCE_PLACEHOLDER, &nonce).into_bytes() } else { index.bytes.to_vec() };
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // The nonce is of this answer only.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&content_policy(styled.then_some(nonce.as_str()), secure)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The page may load from this server only, and nothing may frame it.
fn content_policy(nonce: Option<&str>, secure: bool) -> String {
    let style = nonce.map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let upgrade = if secure { "; upgrade-insecure-requests" } else { "" };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'{upgrade}"
    )
}

/// Headers of every answer, as far as the handler set none.
pub(crate) fn secure_headers(headers: &mut HeaderMap, secure: bool) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let named = [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in named {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if secure {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
}
