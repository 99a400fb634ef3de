//! Bounds of requests, and the layer that keeps them.

use std::time::{Duration, Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use crate::{app::App, clients::Caller, portal::secure_headers, problem::Problem};

/// Bounds of requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest request body in bytes. Default 2 MiB: the cluster's own store takes 1.5 MiB.
    pub body: usize,
    /// Longest time until an answer begins. Default 60 s, as a registry may be slow.
    pub time: Duration,
    /// Requests at work at a time; more are answered 503. Default 256. Streams do not count after they began.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 2 * 1024 * 1024, time: Duration::from_secs(60), concurrency: 256 }
    }
}

/// Outermost layer of the API and the portal: time, number, headers, metrics and the log line.
pub(crate) async fn enforce(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = match app.running.clone().try_acquire_owned() {
        Ok(_permit) => match tokio::time::timeout(app.limits.time, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "It took too long",
                format!("no answer within {} s", app.limits.time.as_secs()),
            )
            .into_response(),
        },
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "The server is busy",
            format!("{} requests are at work already", app.limits.concurrency),
        )
        .into_response(),
    };
    secure_headers(response.headers_mut(), app.secure);
    let route = route.unwrap_or_else(|| "portal".to_owned());
    let status = response.status();
    let took = started.elapsed();
    app.metrics.record(method.as_str(), &route, status.as_u16(), took);
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), milliseconds = took.as_millis(), "request failed");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), milliseconds = took.as_millis(), "request");
    }
    response
}

/// The answer where a handler panicked.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::internal("a fault in the server stopped this request").into_response()
}

/// Names the caller in the log of changing requests, once each.
pub(crate) fn log_change(caller: &Caller, what: &str, namespace: &str, name: &str) {
    tracing::info!(user = caller.identity.user, namespace, name, "{what}");
}
