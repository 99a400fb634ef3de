//! Serves artifacts over HTTP: files only, below the served folder only, to anyone who can reach the address.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::services::ServeDir;

use super::Artifacts;

/// Serves the store until `shutdown`.
pub(crate) async fn serve(artifacts: Artifacts, listener: TcpListener, shutdown: CancellationToken) {
    let files = ServeDir::new(artifacts.served()).append_index_html_on_directories(false);
    let router = Router::new().route("/", get(|| async { StatusCode::OK })).fallback_service(files);
    let served =
        axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the artifact server stopped");
    }
}
