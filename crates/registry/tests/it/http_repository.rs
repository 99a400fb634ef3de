use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use pilothouse_registry::{Access, Credentials, Digest, IndexAnswer, Kind, Pool, Validators};

use crate::test_registry::{answer, serve};

const INDEX: &str = "apiVersion: v1\nentries:\n  app:\n  - {apiVersion: v2, name: app, version: 1.0.0, urls: [charts/app-1.0.0.tgz]}\n";

#[tokio::test]
async fn an_unchanged_index_is_not_sent_again() {
    let (host, control) = serve(Router::new()).await;
    control.script(|seen| {
        if seen.headers.get("if-none-match").is_some_and(|v| v == "\"one\"") {
            return Some(answer(304, &[], ""));
        }
        Some(answer(200, &[("etag", "\"one\"")], INDEX))
    });
    let repository = Pool::default().http(&format!("http://{host}/repo"), Access::default()).unwrap();
    let IndexAnswer::Fetched { revision, size, parsed, validators } = repository.index(None).await.unwrap()
    else {
        panic!("an index was expected")
    };
    assert_eq!((revision.clone(), size), (Digest::of(INDEX.as_bytes()), INDEX.len() as u64));
    assert_eq!(parsed.catalog.versions(), 1);
    assert_eq!(control.paths(), ["GET /repo/index.yaml"]);
    let again = repository.index(Some((&revision, &validators))).await.unwrap();
    assert!(matches!(again, IndexAnswer::Unchanged { .. }));
    // A server without validators sends it again; the digest tells.
    let again = repository.index(Some((&revision, &Validators::default()))).await.unwrap();
    assert!(matches!(again, IndexAnswer::Unchanged { .. }));
}

#[tokio::test]
async fn a_large_index_stops_at_the_limit_and_a_page_is_no_index() {
    let (host, control) = serve(Router::new()).await;
    let mut access = Access::default();
    access.limits.index = 1000;
    let repository = Pool::default().http(&format!("http://{host}"), access).unwrap();
    control.script(|_| Some(answer(200, &[], &"x".repeat(5000))));
    assert_eq!(repository.index(None).await.unwrap_err().kind(), Kind::TooLarge);
    control.script(|_| Some(answer(200, &[], "<!DOCTYPE html><html></html>")));
    let error = repository.index(None).await.unwrap_err();
    assert!(error.to_string().contains("HTML page"), "{error}");
    control.script(|_| Some(answer(404, &[], "")));
    assert!(repository.index(None).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn credentials_go_to_other_hosts_only_when_asked_to() {
    let (host, control) = serve(Router::new()).await;
    let (other, other_control) = serve(Router::new().fallback(get(|| async { "chart" }))).await;
    control.script(|_| Some(answer(200, &[], "chart")));
    let count = Arc::new(AtomicUsize::new(0));
    for pass in [false, true] {
        let mut access = Access::default().with_credentials(Credentials::basic("u", "p"));
        access.pass_credentials = pass;
        let repository = Pool::default().http(&format!("http://{host}/repo/?key=1"), access).unwrap();
        let own = repository.chart_url("charts/app-1.0.0.tgz").unwrap();
        assert_eq!(own.as_str(), format!("http://{host}/repo/charts/app-1.0.0.tgz?key=1"));
        repository.download(&own).await.unwrap();
        assert_eq!(control.take()[0].authorization(), Some("Basic dTpw"));
        let away = repository.chart_url(&format!("http://{other}/app.tgz")).unwrap();
        assert_eq!(repository.download(&away).await.unwrap(), "chart");
        assert_eq!(other_control.take()[0].authorization().is_some(), pass);
        count.fetch_add(1, Ordering::SeqCst);
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn urls_with_a_user_or_another_scheme_are_refused() {
    for url in ["http://user:s3cret@host/", "ftp://host/", "oci://host/x", "nonsense"] {
        let error = Pool::default().http(url, Access::default()).unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}
