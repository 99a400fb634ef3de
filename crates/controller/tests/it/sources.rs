use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use pilothouse_registry::{Catalog, Digest};
use serde_json::{Value, json};

use crate::surroundings::{
    CHARTS, EVENTS, OCI, REPOSITORIES, Registry, Running, SECRETS, chart, condition, has_reason, is_ready,
    object, ready, start,
};

fn oci_repository(registry: &Registry, path: &str) -> Value {
    json!({"type": "oci", "insecure": true, "url": format!("oci://{}/{path}", registry.host), "interval": "10m"})
}

fn chart_of(repository: &str, name: &str, version: &str) -> Value {
    json!({
        "chart": name,
        "version": version,
        "interval": "10m",
        "sourceRef": {"kind": "HelmRepository", "name": repository},
    })
}

async fn download(url: &Value) -> Vec<u8> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let url = url.as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, path) = url.split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.0\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let body = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    answer.split_off(body)
}

async fn events_of(running: &Running, name: &str, reason: &str) -> Vec<Value> {
    for _ in 0..200 {
        let found: Vec<Value> = running
            .api
            .list(EVENTS)
            .into_iter()
            .filter(|e| e["involvedObject"]["name"] == name && e["reason"] == reason)
            .collect();
        if !found.is_empty() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Vec::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oci_repository_is_listed_and_its_chart_pulled_and_its_deletion_noticed() {
    let (running, registry) = (start(), Registry::start().await);
    for version in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        registry.push("charts", "app", version).await;
    }
    registry.push("charts/team", "web", "0.1.0+b.1").await;
    let api = &running.api;
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &oci_repository(&registry, "charts")));
    let repository = api.until(REPOSITORIES, "ns/oci", is_ready).await;
    let catalog = &repository["status"]["catalog"];
    assert_eq!((&catalog["charts"], &catalog["versions"]), (&json!(2), &json!(4)));
    assert_eq!((&catalog["method"], &catalog["complete"]), (&json!("catalog"), &json!(true)));
    assert!(repository["metadata"]["finalizers"].is_null(), "as in Flux, type oci has no finalizer");
    let artifact = &repository["status"]["artifact"];
    let index = download(&artifact["url"]).await;
    assert_eq!(artifact["digest"], json!(Digest::of(&index).to_string()));
    assert_eq!(download(&repository["status"]["url"]).await, index);
    assert_eq!(Catalog::from_index(&index).unwrap().entries["team/web"][0].version, "0.1.0+b.1");

    api.apply(CHARTS, object("HelmChart", "app", &chart_of("oci", "app", "1.x")));
    let stored = api.until(CHARTS, "ns/app", is_ready).await;
    assert_eq!(ready(&stored).1, "ChartPullSucceeded");
    assert_eq!(ready(&stored).2, "pulled 'app' chart with version '1.1.0'");
    assert_eq!(stored["status"]["artifact"]["path"], "helmchart/ns/app/app-1.1.0.tgz");
    assert_eq!(stored["status"]["observedChartName"], "app");
    assert_eq!(download(&stored["status"]["url"]).await, chart("app", "1.1.0"));
    let event = &events_of(&running, "app", "ChartPullSucceeded").await[0];
    assert_eq!(event["metadata"]["annotations"]["source.toolkit.fluxcd.io/revision"], "1.1.0");

    let started = Instant::now();
    api.delete(REPOSITORIES, "ns/oci");
    let without = api.until(CHARTS, "ns/app", |o| has_reason(o, "SourceUnavailable")).await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(
        ready(&without).2,
        "failed to get source: HelmRepository.source.toolkit.fluxcd.io \"oci\" not found"
    );
    assert!(without["status"]["artifact"].is_object(), "what was pulled stays");
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &oci_repository(&registry, "charts")));
    api.until(CHARTS, "ns/app", is_ready).await;

    api.delete(CHARTS, "ns/app");
    for _ in 0..300 {
        if api.get(CHARTS, "ns/app").is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(api.get(CHARTS, "ns/app").is_none());
    assert!(!running.data.path().join("artifacts/helmchart/ns/app").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_costs_the_registry_a_listing_and_the_cluster_one_write() {
    let (running, registry) = (start(), Registry::start().await);
    registry.push("charts", "app", "1.0.0").await;
    let api = &running.api;
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &oci_repository(&registry, "charts")));
    api.apply(CHARTS, object("HelmChart", "app", &chart_of("oci", "app", "1.0.0")));
    api.until(REPOSITORIES, "ns/oci", is_ready).await;
    api.until(CHARTS, "ns/app", is_ready).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    registry.take();
    api.writes();
    for (collection, kind, name, spec) in [
        (REPOSITORIES, "HelmRepository", "oci", oci_repository(&registry, "charts")),
        (CHARTS, "HelmChart", "app", chart_of("oci", "app", "1.0.0")),
    ] {
        let mut wanted = object(kind, name, &spec);
        wanted["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "token"});
        api.apply(collection, wanted);
        let key = format!("ns/{name}");
        api.until(collection, &key, |o| o["status"]["lastHandledReconcileAt"] == "token").await;
    }
    let mut asked = registry.take();
    asked.sort();
    assert_eq!(asked, ["GET /v2/_catalog", "GET /v2/charts/app/tags/list"]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let status_writes: Vec<String> = api.writes().into_iter().filter(|w| w.ends_with("/status")).collect();
    assert_eq!(status_writes.len(), 2, "{status_writes:?}");
    assert!(running.metrics.encode().contains(
        r#"gotk_reconcile_duration_seconds_count{kind="HelmRepository",name="oci",namespace="ns"}"#
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_deleted_sources_are_gone_and_those_of_others_stay() {
    let (running, registry) = (start(), Registry::start().await);
    registry.push("charts", "app", "1.0.0").await;
    let api = &running.api;
    let layer = json!({
        "url": format!("oci://{}/charts/app", registry.host), "insecure": true, "interval": "10m",
        "ref": {"tag": "1.0.0"},
    });
    for name in ["kept", "gone"] {
        let of_chart = chart_of(name, "app", "1.0.0");
        for (collection, kind, spec) in [
            (REPOSITORIES, "HelmRepository", &oci_repository(&registry, "charts")),
            (CHARTS, "HelmChart", &of_chart),
            (OCI, "OCIRepository", &layer),
        ] {
            api.apply(collection, object(kind, name, spec));
            api.until(collection, &format!("ns/{name}"), is_ready).await;
        }
    }
    let figures = |kind: &str, name: &str| {
        let labels = format!(r#"kind="{kind}",name="{name}",namespace="ns""#);
        running.metrics.encode().lines().filter(|line| line.contains(&labels)).count()
    };
    for collection in [CHARTS, OCI, REPOSITORIES] {
        api.delete(collection, "ns/gone");
    }
    for kind in ["HelmRepository", "HelmChart", "OCIRepository"] {
        let began = Instant::now();
        while figures(kind, "gone") > 0 {
            assert!(began.elapsed() < Duration::from_secs(10), "{kind}: {}", running.metrics.encode());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for kind in ["HelmRepository", "HelmChart", "OCIRepository"] {
        assert_eq!(figures(kind, "gone"), 0, "{kind}: nothing brings them back");
        assert!(figures(kind, "kept") > 0, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_repository_is_stored_and_its_missing_version_stalls_until_the_index_has_it() {
    let running = start();
    let index = std::sync::Arc::new(std::sync::Mutex::new(index_of(&["1.0.0"])));
    let served = index.clone();
    let app = Router::new()
        .route("/index.yaml", get(move || async move { served.lock().unwrap().clone() }))
        .route("/app-1.0.0.tgz", get(|| async { chart("app", "1.0.0") }))
        .route("/app-1.1.0.tgz", get(|| async { chart("app", "1.1.0") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let api = &running.api;
    let spec = json!({"url": url, "interval": "10m"});
    api.apply(REPOSITORIES, object("HelmRepository", "http", &spec));
    let repository = api.until(REPOSITORIES, "ns/http", is_ready).await;
    let revision = Digest::of(index.lock().unwrap().as_bytes());
    assert_eq!(ready(&repository).2, format!("stored artifact: revision '{revision}'"));
    assert_eq!(repository["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    assert_eq!(
        repository["status"]["artifact"]["path"],
        format!("helmrepository/ns/http/index-{}.yaml", revision.hex())
    );
    let event = &events_of(&running, "http", "NewArtifact").await[0];
    let message = event["message"].as_str().unwrap();
    assert!(
        message.starts_with("stored fetched index of size ") && message.ends_with(&format!("from '{url}'")),
        "{message}"
    );

    api.apply(CHARTS, object("HelmChart", "app", &chart_of("http", "app", "1.1.0")));
    let stalled = api.until(CHARTS, "ns/app", |o| has_reason(o, "InvalidChartReference")).await;
    assert_eq!(condition(&stalled, "Stalled").unwrap()["status"], "True");
    assert_eq!(
        ready(&stalled).2,
        "invalid chart reference: failed to get chart version for remote reference: no 'app' chart with version matching '1.1.0' found"
    );
    assert_eq!(stalled["status"]["observedGeneration"], 1);
    *index.lock().unwrap() = index_of(&["1.0.0", "1.1.0"]);
    let mut again = object("HelmRepository", "http", &spec);
    again["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "1"});
    api.apply(REPOSITORIES, again);
    let stored = api.until(CHARTS, "ns/app", is_ready).await;
    assert_eq!(stored["status"]["artifact"]["revision"], "1.1.0");
    assert!(condition(&stored, "Stalled").is_none());

    let mut spec = chart_of("http", "app", "1.1.0");
    spec["valuesFiles"] = json!(["values.yaml", "prod.yaml"]);
    api.apply(CHARTS, object("HelmChart", "app", &spec));
    let packaged = api.until(CHARTS, "ns/app", is_ready).await;
    assert_eq!(
        ready(&packaged).2,
        "packaged 'app' chart with version '1.1.0+2' and merged values files [values.yaml prod.yaml]"
    );
}

fn index_of(versions: &[&str]) -> String {
    let mut text = "apiVersion: v1\nentries:\n  app:\n".to_owned();
    for version in versions {
        text.push_str(&format!(
            "  - {{apiVersion: v2, name: app, version: {version}, urls: [app-{version}.tgz]}}\n"
        ));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_wrong_credentials_are_told_and_a_correction_works_at_once() {
    let (running, registry) = (start(), Registry::with_login().await);
    registry.push("charts", "app", "1.0.0").await;
    let api = &running.api;
    let mut spec = oci_repository(&registry, "charts");
    spec["secretRef"] = json!({"name": "login"});
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &spec));
    let missing = api.until(REPOSITORIES, "ns/oci", |o| has_reason(o, "AuthenticationFailed")).await;
    assert_eq!(
        ready(&missing).2,
        "failed to get authentication secret 'ns/login': secrets \"login\" not found"
    );
    assert_eq!(missing["status"]["observedGeneration"], -1);
    let reconciling = condition(&missing, "Reconciling").unwrap();
    assert_eq!(
        (&reconciling["reason"], &reconciling["message"]),
        (&json!("ProgressingWithRetry"), &json!("building artifact"))
    );
    let secret = |password: &str| {
        let encode =
            |text: &str| serde_json::to_value(k8s_openapi::ByteString(text.as_bytes().to_vec())).unwrap();
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "ns"},
            "data": {"username": encode("u"), "password": encode(password)},
        })
    };
    api.apply(SECRETS, secret("wrong-s3cret"));
    let wrong = api.until(REPOSITORIES, "ns/oci", |o| ready(o).2.contains("UNAUTHORIZED")).await;
    assert!(!wrong.to_string().contains("s3cret"));
    api.apply(SECRETS, secret("p"));
    let started = Instant::now();
    let repository = api.until(REPOSITORIES, "ns/oci", is_ready).await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(
        condition(&repository, "FetchFailed").is_none() && condition(&repository, "Reconciling").is_none()
    );

    api.apply(REPOSITORIES, object("HelmRepository", "open", &oci_repository(&registry, "charts")));
    api.apply(CHARTS, object("HelmChart", "noauth", &chart_of("open", "app", "1.0.0")));
    let refused = api.until(CHARTS, "ns/noauth", |o| has_reason(o, "ChartPullError")).await;
    let host = &registry.host;
    assert_eq!(
        ready(&refused).2,
        format!(
            "chart pull error: failed to download chart for remote reference: failed to get 'oci://{host}/charts/app:1.0.0': \
             failed to perform \"FetchReference\" on source: GET \"http://{host}/v2/charts/app/manifests/1.0.0\": \
             basic credential not found"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oci_repository_follows_a_tag_or_a_range_and_stores_one_layer() {
    let (running, registry) = (start(), Registry::start().await);
    for version in ["1.0.0", "1.1.0"] {
        registry.push("charts", "app", version).await;
    }
    let api = &running.api;
    let layer =
        json!({"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"});
    let url = format!("oci://{}/charts/app", registry.host);
    let spec = |more: Value| {
        let mut spec = json!({"url": url, "insecure": true, "interval": "10m"});
        for (key, value) in more.as_object().unwrap() {
            spec[key] = value.clone();
        }
        spec
    };
    api.apply(
        OCI,
        object("OCIRepository", "tag", &spec(json!({"ref": {"tag": "1.0.0"}, "layerSelector": layer}))),
    );
    let tag = api.until(OCI, "ns/tag", is_ready).await;
    let artifact = &tag["status"]["artifact"];
    assert_eq!(download(&artifact["url"]).await, chart("app", "1.0.0"));
    assert_eq!(artifact["metadata"]["org.opencontainers.image.title"], "app");
    let revision = artifact["revision"].as_str().unwrap();
    let digest = revision.strip_prefix("1.0.0@").unwrap();
    assert_eq!(artifact["path"], format!("ocirepository/ns/tag/{digest}.tar.gz"));
    assert_eq!(ready(&tag).2, format!("stored artifact for digest '{revision}'"));
    assert_eq!(tag["status"]["observedLayerSelector"], layer);

    api.apply(OCI, object("OCIRepository", "range", &spec(json!({"ref": {"semver": ">=1.0.0"}}))));
    let range = api.until(OCI, "ns/range", is_ready).await;
    assert!(range["status"]["artifact"]["revision"].as_str().unwrap().starts_with("1.1.0@sha256:"));

    api.apply(OCI, object("OCIRepository", "none", &spec(json!({"ref": {"semver": ">=9.0.0"}}))));
    let none = api.until(OCI, "ns/none", |o| has_reason(o, "ReadOperationFailed")).await;
    assert_eq!(
        ready(&none).2,
        format!("failed to determine the artifact tag for '{url}': no match found for semver: >=9.0.0")
    );
    api.apply(OCI, object("OCIRepository", "notag", &spec(json!({"ref": {"tag": "9.9.9"}}))));
    let missing = api.until(OCI, "ns/notag", |o| has_reason(o, "OCIArtifactPullFailed")).await;
    let host = &registry.host;
    let expected = format!(
        "failed to determine artifact digest: GET http://{host}/v2/charts/app/manifests/9.9.9: MANIFEST_UNKNOWN"
    );
    assert!(ready(&missing).2.starts_with(&expected), "{}", ready(&missing).2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_urls_and_missing_versions_are_told_and_corrected() {
    let (running, registry) = (start(), Registry::start().await);
    registry.push("charts", "app", "1.0.0").await;
    let api = &running.api;
    let bad = json!({"url": "oci://u:s3cret@host/x", "type": "oci"});
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &bad));
    let stalled = api.until(REPOSITORIES, "ns/oci", |o| has_reason(o, "URLInvalid")).await;
    assert!(!ready(&stalled).2.contains("s3cret"));
    assert_eq!(stalled["status"]["observedGeneration"], 1);
    api.apply(REPOSITORIES, object("HelmRepository", "oci", &oci_repository(&registry, "charts")));
    api.until(REPOSITORIES, "ns/oci", is_ready).await;

    api.apply(CHARTS, object("HelmChart", "app", &chart_of("oci", "app", "9.9.9")));
    let missing = api.until(CHARTS, "ns/app", |o| has_reason(o, "ChartPullError")).await;
    let host = &registry.host;
    assert_eq!(
        ready(&missing).2,
        format!(
            "chart pull error: failed to download chart for remote reference: failed to get 'oci://{host}/charts/app:9.9.9': \
             failed to perform \"FetchReference\" on source: {host}/charts/app:9.9.9: not found"
        )
    );
    assert_eq!(missing["status"]["observedGeneration"], -1);
    api.apply(CHARTS, object("HelmChart", "app", &chart_of("oci", "app", "1.0.0")));
    let stored = api.until(CHARTS, "ns/app", is_ready).await;
    assert_eq!(stored["status"]["observedGeneration"], 2);
}
