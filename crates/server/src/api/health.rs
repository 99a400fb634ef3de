use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::app::App;

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "The process lives.")))]
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The process can serve.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "The process can serve."),
    (status = 503, description = "It cannot yet; the text says why."),
))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.ready.as_ref().map_or(Ok(()), |ready| ready()) {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "Metrics in Prometheus' text format.", content_type = "text/plain"),
))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let mut text = app.metrics.text();
    if let Some(others) = &app.other_metrics {
        text.push_str(&others());
    }
    let mut response = text.into_response();
    let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
