use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pilothouse_registry::{Credentials, Error, Kind};

use crate::test_registry::{Seen, TestRegistry, answer};

const BASIC: &str = r#"Basic realm="Artifactory Realm""#;
const DENIED: &str =
    r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}"#;

/// The registry wants tokens that `/token` gives for user `u`, password `p`; each is good until `good` moves on.
fn token_registry(
    registry: &TestRegistry,
    good: Arc<AtomicUsize>,
    scopes: Arc<std::sync::Mutex<Vec<String>>>,
) {
    let host = registry.host.clone();
    registry.control.script(move |seen: &Seen| {
        if seen.path == "/token" {
            scopes.lock().unwrap().push(seen.query.clone());
            let ours = seen.authorization() == Some("Basic dTpw");
            return Some(if ours {
                let token = format!("token-{}", good.load(Ordering::SeqCst));
                answer(200, &[], &format!(r#"{{"access_token":"{token}","expires_in":300}}"#))
            } else {
                answer(401, &[], DENIED)
            });
        }
        let wanted = format!("Bearer token-{}", good.load(Ordering::SeqCst));
        if seen.authorization() == Some(&wanted) {
            return None;
        }
        let challenge = format!(
            r#"Bearer realm="http://{host}/token",service="test",scope="repository:user/image:pull""#
        );
        Some(answer(401, &[("www-authenticate", &challenge)], DENIED))
    });
}

#[tokio::test]
async fn one_token_serves_all_requests_of_a_scope_and_a_refused_one_is_replaced() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let (good, scopes) = (Arc::new(AtomicUsize::new(1)), Arc::default());
    token_registry(&registry, good.clone(), Arc::clone(&scopes));
    let client = registry.client_as("app", Credentials::basic("u", "p"));
    client.pull_chart("1.0.0").await.unwrap();
    let answers = futures::future::join_all((0..20).map(|_| client.tags())).await;
    assert!(answers.iter().all(Result::is_ok));
    // A dummy scope of the challenge is replaced by the one that is needed.
    assert_eq!(*scopes.lock().unwrap(), ["service=test&scope=repository%3Aapp%3Apull"]);
    good.store(2, Ordering::SeqCst);
    client.tags().await.unwrap();
    assert_eq!(scopes.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn tenants_never_share_tokens_and_a_corrected_password_works_at_once() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    token_registry(&registry, Arc::new(AtomicUsize::new(1)), Arc::default());
    registry.client_as("app", Credentials::basic("u", "p")).tags().await.unwrap();
    let error = registry.client_as("app", Credentials::basic("u", "wrong-s3cret")).tags().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert!(registry.client("app").tags().await.unwrap_err().is_authentication());
    registry.client_as("app", Credentials::basic("u", "p")).tags().await.unwrap();
}

#[tokio::test]
async fn basic_is_sent_only_where_it_is_asked_for() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    registry.control.take();
    registry.client_as("app", Credentials::basic("u", "p")).tags().await.unwrap();
    assert!(registry.control.take().iter().all(|seen| seen.authorization().is_none()));
    registry.control.script(|seen| {
        (seen.authorization() != Some("Basic dTpw"))
            .then(|| answer(401, &[("www-authenticate", BASIC)], DENIED))
    });
    registry.client_as("app", Credentials::basic("u", "p")).tags().await.unwrap();
    registry.control.take();
    registry.client_as("app", Credentials::basic("u", "p")).tags().await.unwrap();
    assert_eq!(registry.control.take().len(), 1, "the challenge is learned once");
    let error = registry.client_as("app", Credentials::basic("u", "wrong")).tags().await.unwrap_err();
    assert!(error.to_string().contains("UNAUTHORIZED: authentication required"), "{error}");
    let error = registry.client("app").tags().await.unwrap_err();
    assert!(matches!(error, Error::CredentialsMissing { .. }));
    assert!(error.to_string().ends_with("basic credential not found"), "{error}");
    assert!(error.answered().contains("UNAUTHORIZED"));
}

#[tokio::test]
async fn a_bearer_token_is_sent_as_it_is() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    registry.control.script(|seen| {
        (seen.authorization() != Some("Bearer given"))
            .then(|| answer(401, &[("www-authenticate", BASIC)], DENIED))
    });
    registry.client_as("app", Credentials::Bearer("given".into())).tags().await.unwrap();
    assert!(
        registry
            .client_as("app", Credentials::Bearer("old".into()))
            .tags()
            .await
            .unwrap_err()
            .is_authentication()
    );
}

#[tokio::test]
async fn a_refresh_token_is_changed_into_access_tokens() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let host = registry.host.clone();
    registry.control.script(move |seen| {
        if seen.path == "/oauth2/token" {
            assert_eq!(seen.method, "POST");
            return Some(answer(200, &[], r#"{"access_token":"access"}"#));
        }
        let challenge = format!(r#"Bearer realm="http://{host}/oauth2/token",service="reg""#);
        (seen.authorization() != Some("Bearer access"))
            .then(|| answer(401, &[("www-authenticate", &challenge)], DENIED))
    });
    registry.client_as("app", Credentials::Identity("refresh".into())).tags().await.unwrap();
}
