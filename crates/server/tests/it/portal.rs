use std::borrow::Cow;

use axum::body::Body;
use http::{Request, StatusCode, header};
use pilothouse_server::{PortalAssets, ServerOptions};

use crate::web::{Answer, Server};

fn server() -> Server {
    let file = |path: &str, text: &'static str| (path.to_owned(), Cow::Borrowed(text.as_bytes()));
    let portal = PortalAssets::new([
        file("index.html", "<html nonce=__CSP_NONCE__>portal</html>"),
        file("assets/main-abc.js", "let a = 1"),
        file("assets/main-abc.js.gz", "compressed"),
        file("icon.svg", "<svg/>"),
    ]);
    Server::with(|options| ServerOptions { portal, ..options })
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_view_has_its_address() {
    let server = server();
    for path in ["/", "/index.html", "/app/k8s/apps/k8s-helm/release", "/sign-in"] {
        let answer = get(&server, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text.contains("portal"));
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        let nonce = answer.text.split("nonce=").nth(1).unwrap().split('>').next().unwrap();
        assert!(policy.contains(&format!("style-src 'self' 'nonce-{nonce}'")), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_others_checked() {
    let server = server();
    let script = get(&server, "/assets/main-abc.js", &[]).await;
    assert_eq!(script.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert!(script.headers[header::CONTENT_TYPE].to_str().unwrap().contains("javascript"));
    let packed = get(&server, "/assets/main-abc.js", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(
        (packed.text.as_str(), packed.headers[header::CONTENT_ENCODING].to_str().unwrap()),
        ("compressed", "gzip")
    );
    let icon = get(&server, "/icon.svg", &[]).await;
    assert_eq!(icon.headers[header::CACHE_CONTROL], "no-cache");
    let tag = icon.headers[header::ETAG].to_str().unwrap();
    assert_eq!(get(&server, "/icon.svg", &[("if-none-match", tag)]).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_is_not_there_is_no_page() {
    let server = server();
    assert_eq!(get(&server, "/assets/gone.js", &[]).await.status, StatusCode::NOT_FOUND);
    let api = get(&server, "/api/v1/nothing", &[]).await;
    assert_eq!(api.status, StatusCode::NOT_FOUND);
    assert_eq!(api.headers[header::CONTENT_TYPE], "application/problem+json");
    let bare = Server::new();
    assert!(get(&bare, "/", &[]).await.json()["detail"].as_str().unwrap().contains("without the portal"));
}

#[tokio::test]
async fn probes_and_metrics_answer() {
    let server = Server::with(|options| ServerOptions {
        ready: Some(std::sync::Arc::new(|| Err("controllers are starting".to_owned()))),
        metrics: Some(std::sync::Arc::new(|| "gotk_reconcile_condition 1\n".to_owned())),
        ..options
    });
    assert_eq!(get(&server, "/healthz", &[("host", "10.0.0.1")]).await.status, StatusCode::OK);
    let ready = get(&server, "/readyz", &[]).await;
    assert_eq!(
        (ready.status, ready.text.trim()),
        (StatusCode::SERVICE_UNAVAILABLE, "controllers are starting")
    );
    let metrics = get(&server, "/metrics", &[]).await.text;
    assert!(metrics.contains("gotk_reconcile_condition 1"));
    assert!(
        metrics.contains("pilothouse_http_request_duration_seconds_count{method=\"GET\",route=\"/healthz\""),
        "{metrics}"
    );
}
