//! Responses.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WARNING};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use serde_json::Value;

use super::negotiate::{Form, Format};
use super::service::Body;
use crate::status::ApiError;

/// A response of bytes.
pub(crate) fn bytes(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Ok(value) = HeaderValue::from_str(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    response
}

/// A response without a body.
pub(crate) fn empty(status: u16) -> Response<Body> {
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Plain text, as Go's `http.Error` writes it.
pub(crate) fn text(status: u16, body: &str) -> Response<Body> {
    bytes(status, "text/plain; charset=utf-8", body.to_owned())
}

/// `404 page not found`.
pub(crate) fn page_not_found() -> Response<Body> {
    let mut response = text(404, "404 page not found\n");
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// JSON, or YAML where that was agreed on.
pub(crate) fn value(status: u16, form: Form, value: &Value) -> Response<Body> {
    match form.format {
        Format::Yaml => bytes(status, "application/yaml", yaml(value)),
        Format::Json if form.pretty => {
            let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
            text.push(b'\n');
            bytes(status, "application/json", text)
        }
        Format::Json => {
            let mut text = serde_json::to_vec(value).unwrap_or_default();
            text.push(b'\n');
            bytes(status, "application/json", text)
        }
    }
}

/// JSON that is encoded already.
pub(crate) fn encoded(status: u16, form: Form, body: Bytes) -> Response<Body> {
    if form.format == Format::Json && !form.pretty {
        return bytes(status, "application/json", body);
    }
    value(status, form, &serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// An error as `Status`.
pub(crate) fn error(form: Form, error: &ApiError) -> Response<Body> {
    let mut response = value(error.code, form, &error.to_json());
    if let Some(seconds) = error.details.as_ref().map(|d| d.retry_after_seconds).filter(|s| *s > 0) {
        response.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    }
    response
}

/// Adds `Warning` headers, at most 50 of 1 KiB each.
pub(crate) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    for text in warnings.iter().take(50) {
        let short: String = text.chars().take(1024).collect();
        let quoted = short.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
        if let Ok(header) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            response.headers_mut().append(WARNING, header);
        }
    }
}

/// A value as sigs.k8s.io/yaml writes it.
fn yaml(value: &Value) -> String {
    pilothouse_goyaml::json_to_yaml(value).unwrap_or_default()
}
