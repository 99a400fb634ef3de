use std::io::Write;

use axum::{Router, body::Bytes, routing::get};
use flate2::{Compression, write::GzEncoder};
use http::{Method, StatusCode};
use pilothouse_registry::Digest;
use serde_json::{Value, json};

use crate::web::Server;

const AT: &str = "/namespaces/apps/repositories/charts";

/// A chart archive of one template.
pub(crate) fn archive(version: &str, replicas: u32, template: &str) -> Vec<u8> {
    let files = [
        (
            "web/Chart.yaml",
            format!(
                "apiVersion: v2\nname: web\nversion: {version}\nappVersion: \"9\"\nmaintainers: [{{name: ada}}]\n"
            ),
        ),
        ("web/values.yaml", format!("# how many\nreplicas: {replicas}\nimage: {{tag: a}}\n")),
        (
            "web/values.schema.json",
            r#"{"type":"object","properties":{"replicas":{"type":"integer"}}}"#.to_owned(),
        ),
        ("web/README.md", "# Web\n".to_owned()),
        ("web/templates/config.yaml", template.to_owned()),
        ("web/templates/NOTES.txt", "Hello {{ .Release.Name }}".to_owned()),
    ];
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

pub(crate) const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  replicas: {{ .Values.replicas | quote }}\n";

/// A server with a synced repository `charts` whose chart `web` has two versions.
pub(crate) async fn with_catalog() -> Server {
    let server = Server::new();
    let one = archive("1.0.0", 1, TEMPLATE);
    let two = archive("2.0.0", 2, &TEMPLATE.replace("replicas:", "count:"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let entry = |version: &str, bytes: &[u8]| {
        json!({"apiVersion": "v2", "name": "web", "version": version, "appVersion": "9", "description": "a web server",
               "digest": Digest::of(bytes).hex(), "urls": [format!("web-{version}.tgz")]})
    };
    let index = json!({"apiVersion": "v1", "entries": {"web": [entry("2.0.0", &two), entry("1.0.0", &one)]}})
        .to_string();
    let digest = Digest::of(index.as_bytes()).to_string();
    let file = |bytes: Vec<u8>| get(move || std::future::ready(Bytes::from(bytes.clone())));
    let files = Router::new()
        .route("/index", file(index.into_bytes()))
        .route("/web-1.0.0.tgz", file(one))
        .route("/web-2.0.0.tgz", file(two));
    tokio::spawn(async move { axum::serve(listener, files).await.unwrap() });
    server.cluster.put("helmrepositories", json!({
        "metadata": {"name": "charts", "namespace": "apps"},
        "spec": {"url": base, "interval": "5m0s"},
        "status": {"observedGeneration": 1, "artifact": {"path": "p", "url": format!("{base}/index"), "revision": digest, "digest": digest},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored", "lastTransitionTime": "2026-11-25T08:00:00Z"}]},
    }));
    server
}

#[tokio::test]
async fn charts_and_versions_come_from_the_catalog() {
    let server = with_catalog().await;
    let listed = server.get(&format!("{AT}/charts")).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text);
    assert_eq!(
        (&listed.json()["items"][0]["version"], &listed.json()["items"][0]["versions"]),
        (&json!("2.0.0"), &json!(2))
    );
    let all = server.get("/charts?search=server").await.json();
    assert_eq!((&all["total"], &all["items"][0]["repository"]), (&json!(1), &json!("charts")));
    let versions = server.get(&format!("{AT}/charts/web/versions")).await;
    assert_eq!(versions.json()[1]["version"], "1.0.0");
    let tag = versions.headers["etag"].to_str().unwrap();
    let request = http::Request::get(format!("/api/v1{AT}/charts/web/versions"))
        .header("host", "localhost")
        .header("authorization", "Bearer admin-token")
        .header("if-none-match", tag);
    let again = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    for (range, version) in [("", json!("2.0.0")), ("1.x", json!("1.0.0")), ("%3E9", Value::Null)] {
        let answer = server.get(&format!("{AT}/charts/web/resolve?range={range}")).await.json();
        assert_eq!(answer["version"], version, "{range}");
    }
    assert_eq!(server.get(&format!("{AT}/charts/web/resolve?range=latest")).await.fields(), ["range"]);
}

#[tokio::test]
async fn a_version_is_opened_with_all_that_is_in_it() {
    let server = with_catalog().await;
    let detail = server.get(&format!("{AT}/charts/web/versions/1.0.0")).await;
    assert_eq!(detail.status, StatusCode::OK, "{}", detail.text);
    let detail = detail.json();
    assert_eq!(detail["readme"], "# Web\n");
    assert!(detail["values"].as_str().unwrap().starts_with("# how many"));
    assert_eq!(detail["schema"]["properties"]["replicas"]["type"], "integer");
    assert_eq!(detail["maintainers"][0]["name"], "ada");
    let templates = server.get(&format!("{AT}/charts/web/versions/1.0.0/templates")).await.json();
    assert!(
        templates.as_array().unwrap().iter().any(|file| file["path"] == "templates/config.yaml"),
        "{templates}"
    );
    assert_eq!(server.get(&format!("{AT}/charts/web/versions/1.0.0/crds")).await.json(), json!([]));
    let compared = server.get(&format!("{AT}/charts/web/compare?from=1.0.0&to=2.0.0")).await.json();
    assert!(
        compared["values"]["unified"].as_str().unwrap().contains("-replicas: 1\n+replicas: 2"),
        "{compared}"
    );
    assert_eq!(compared["templates"][0]["change"], "changed");
}

#[tokio::test]
async fn what_is_not_in_the_catalog_is_not_found() {
    let server = with_catalog().await;
    for path in [
        "none/charts",
        "charts/charts/none/versions",
        "charts/charts/web/versions/9.9.9",
        "charts/charts/web/compare?from=1.0.0&to=9.9.9",
    ] {
        let answer = server.get(&format!("/namespaces/apps/repositories/{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
    }
    server.cluster.put(
        "helmrepositories",
        json!({"metadata": {"name": "new", "namespace": "apps"}, "spec": {"url": "http://x.example"}}),
    );
    let early = server.get("/namespaces/apps/repositories/new/charts").await;
    assert_eq!(
        (early.status, early.json()["type"].clone()),
        (StatusCode::CONFLICT, json!("urn:pilothouse:problem:not-synced"))
    );
}

#[tokio::test]
async fn an_artifact_that_is_gone_is_said_so() {
    let server = Server::new();
    let digest = Digest::of(b"x").to_string();
    server.cluster.put("helmrepositories", json!({"metadata": {"name": "charts", "namespace": "apps"}, "spec": {"url": "http://x.example"},
        "status": {"artifact": {"path": "p", "url": "http://127.0.0.1:1/index", "revision": digest, "digest": digest}}}));
    let answer = server.get(&format!("{AT}/charts")).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text);
    assert!(answer.json()["hint"].is_string());
}

#[tokio::test]
async fn the_chart_of_a_private_repository_needs_the_right_to_its_secret() {
    let server = with_catalog().await;
    let mut repository = server.cluster.get("helmrepositories", "apps", "charts").unwrap();
    repository["spec"]["secretRef"] = json!({"name": "login"});
    server.cluster.put("helmrepositories", repository);
    server.cluster.put("secrets", json!({"metadata": {"name": "login", "namespace": "apps"}, "data": {"username": "YQ==", "password": "Yg=="}}));
    let path = format!("{AT}/charts/web/versions/1.0.0");
    assert_eq!(server.get(&path).await.status, StatusCode::OK);
    let refused = server.as_viewer(Method::GET, &path, Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert_eq!(
        server.as_viewer(Method::GET, &format!("{AT}/charts"), Value::Null).await.status,
        StatusCode::OK
    );
}
