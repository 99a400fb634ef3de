use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use pilothouse_server::{SignInLinks, Token};
use serde_json::{Value, json};

use crate::web::{Answer, Server};

fn browser(method: Method, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8080")
        .header("sec-fetch-site", "same-origin")
        .header("x-pilothouse-request", "1")
}

async fn sign_in(server: &Server, body: Value) -> Answer {
    let request = browser(Method::POST, "/api/v1/session").header("content-type", "application/json");
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn cookie(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_signs_in_and_the_cookie_then_acts_for_it() {
    let server = Server::new();
    let answer = sign_in(&server, json!({"token": "admin-token"})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.json()["user"], "admin");
    assert!(!answer.text.contains("admin-token"));
    let cookie = cookie(&answer);
    let me = server
        .send(browser(Method::GET, "/api/v1/me").header("cookie", &cookie).body(Body::empty()).unwrap())
        .await;
    assert_eq!(me.json()["user"], "admin");
    assert!(me.json()["sessionEndsAt"].is_string());

    let out = server
        .send(
            browser(Method::DELETE, "/api/v1/session").header("cookie", &cookie).body(Body::empty()).unwrap(),
        )
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let me = server
        .send(browser(Method::GET, "/api/v1/me").header("cookie", &cookie).body(Body::empty()).unwrap())
        .await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_token_is_refused_in_words() {
    let server = Server::new();
    let answer = sign_in(&server, json!({"token": "nonsense"})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    assert!(answer.json()["hint"].is_string());
    assert!(!answer.text.contains("nonsense"));
    let answer = sign_in(&server, json!({"user": "x"})).await;
    assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["user".to_owned()]));
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let links = SignInLinks::default();
    let path = links.mint(&Token::new("admin-token").unwrap());
    let server = Server::with(|options| pilothouse_server::ServerOptions { links, ..options });
    let code = path.split_once('=').unwrap().1.to_owned();
    let first = sign_in(&server, json!({"code": code})).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let second = sign_in(&server, json!({"code": code})).await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_but_sign_in_and_health_answers_without_a_token() {
    let server = Server::new();
    let document = serde_json::to_value(pilothouse_server::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let open = ["/healthz", "/readyz", "/metrics", "/api/v1/session"].contains(&path.as_str());
            let concrete =
                path.replace("{namespace}", "apps").replace("{revision}", "1").replace(['{', '}'], "");
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&concrete)
                .header("host", "localhost")
                .body(Body::empty())
                .unwrap();
            let status = server.send(request).await.status;
            assert_eq!(status == StatusCode::UNAUTHORIZED, !open, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_foreign_page_can_do_nothing_with_the_cookie() {
    let server = Server::new();
    let cookie = cookie(&sign_in(&server, json!({"token": "admin-token"})).await);
    let attempts = [
        ("POST", vec![("sec-fetch-site", "cross-site"), ("x-pilothouse-request", "1")]),
        ("POST", vec![("origin", "http://evil.example"), ("x-pilothouse-request", "1")]),
        ("POST", vec![("sec-fetch-site", "same-origin")]),
        ("POST", vec![]),
        ("GET", vec![("sec-fetch-site", "cross-site")]),
        ("GET", vec![("sec-fetch-site", "same-site")]),
    ];
    for (method, headers) in attempts {
        let path = if method == "GET" { "/api/v1/me" } else { "/api/v1/namespaces/apps/repositories/x/sync" };
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost:8080");
        request = request.header("cookie", &cookie);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {headers:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let server = Server::new();
    for path in ["/api/v1/me", "/", "/metrics"] {
        let request =
            Request::builder().uri(path).header("host", "evil.example:8080").body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn permissions_and_namespaces_are_those_of_the_caller() {
    let server = Server::new();
    let answer = server.as_viewer(Method::GET, "/me/permissions?namespace=apps", Value::Null).await;
    let allowed = &answer.json()["allowed"];
    assert_eq!(allowed["helmrepositories"], json!(["get", "list", "watch"]));
    assert_eq!(allowed["secrets"], json!([]));
    let answer = server.get("/me/permissions").await;
    assert!(answer.json()["allowed"]["secrets"].as_array().unwrap().contains(&json!("create")));
    let names = server.get("/namespaces").await;
    assert_eq!(names.json()[0]["name"], "apps");
    let cluster = server.get("/cluster").await;
    assert_eq!(cluster.json()["kubernetesVersion"], "v1.37.2");
}

#[tokio::test]
async fn a_large_or_broken_body_is_refused() {
    let server = Server::with(|mut options| {
        options.limits.body = 1000;
        options
    });
    let long = "x".repeat(2000);
    let answer = server.post("/namespaces/apps/repositories", json!({"name": long})).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let request = Request::post("/api/v1/namespaces/apps/repositories")
        .header("host", "localhost")
        .header("authorization", "Bearer admin-token")
        .header("content-type", "application/json");
    let answer = server.send(request.body(Body::from("{")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let request = Request::post("/api/v1/namespaces/apps/repositories")
        .header("host", "localhost")
        .header("authorization", "Bearer admin-token");
    let answer = server.send(request.body(Body::from("name=x")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
