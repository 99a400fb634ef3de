//! Vendors' listings, played by servers in this process.

use pilothouse_registry::discovery::{self, Apis, Method, Options};
use pilothouse_registry::{Credentials, Family};

use crate::test_registry::{TestRegistry, answer};

#[tokio::test]
async fn harbor_lists_a_project_over_its_pages() {
    let registry = TestRegistry::start().await;
    let host = registry.host.clone();
    registry.control.script(move |seen| {
        if seen.path == "/v2/" {
            let challenge =
                format!(r#"Bearer realm="http://{host}/service/token",service="harbor-registry""#);
            return Some(answer(401, &[("www-authenticate", &challenge)], ""));
        }
        if seen.path != "/api/v2.0/projects/team/repositories" {
            return None;
        }
        assert_eq!(seen.authorization(), Some("Basic cm9ib3QkdGVhbSt4OnA="));
        let names: Vec<String> = if seen.query.ends_with("page=1") {
            (0..100).map(|n| format!(r#"{{"name":"team/charts/c{n}"}}"#)).collect()
        } else {
            vec![r#"{"name":"team/charts/last"}"#.into(), r#"{"name":"team/images/web"}"#.into()]
        };
        Some(answer(200, &[], &format!("[{}]", names.join(","))))
    });
    let client = registry.client_as("team/charts", Credentials::basic("robot$team+x", "p"));
    assert_eq!(Family::detect(&client).await.unwrap(), Family::Harbor);
    let found = discovery::discover(&client, &Options::default()).await.unwrap();
    assert_eq!((found.method, found.complete, found.charts.len()), (Method::HarborApi, true, 101));
    assert!(found.charts.contains("last") && !found.charts.contains("web"));
}

#[tokio::test]
async fn quay_and_gitlab_are_known_by_their_challenge() {
    for (realm, service, path, list, method) in [
        (
            "/v2/auth",
            "quay.test",
            "/api/v1/repository",
            r#"{"repositories":[{"namespace":"org","name":"charts/app"}]}"#,
            Method::QuayApi,
        ),
        (
            "/jwt/auth",
            "container_registry",
            "/api/v4/projects/org/registry/repositories",
            r#"[{"path":"org/charts/app"}]"#,
            Method::GitLabApi,
        ),
    ] {
        let registry = TestRegistry::start().await;
        let host = registry.host.clone();
        registry.control.script(move |seen| {
            if seen.path == "/v2/" {
                let challenge = format!(r#"Bearer realm="http://{host}{realm}",service="{service}""#);
                return Some(answer(401, &[("www-authenticate", &challenge)], ""));
            }
            if seen.path == path {
                return Some(answer(200, &[], list));
            }
            seen.path.starts_with("/api/").then(|| answer(404, &[], r#"{"message":"404 Not Found"}"#))
        });
        let found = discovery::discover(&registry.client("org/charts"), &Options::default()).await.unwrap();
        assert_eq!(found.method, method);
        assert_eq!(found.charts.into_iter().collect::<Vec<_>>(), ["app"]);
    }
}

#[tokio::test]
async fn a_refused_vendor_api_falls_back_to_the_catalog_and_says_so() {
    let registry = TestRegistry::start().await;
    registry.push("team", "app", "1.0.0").await;
    let host = registry.host.clone();
    registry.control.script(move |seen| match seen.path.as_str() {
        "/v2/" => {
            let challenge =
                format!(r#"Bearer realm="http://{host}/service/token",service="harbor-registry""#);
            Some(answer(401, &[("www-authenticate", &challenge)], ""))
        }
        path if path.starts_with("/api/") => {
            Some(answer(403, &[], r#"{"errors":[{"code":"FORBIDDEN","message":"no"}]}"#))
        }
        _ => None,
    });
    let found = discovery::discover(&registry.client("team"), &Options::default()).await.unwrap();
    assert_eq!(found.method, Method::Catalog);
    assert!(found.note.unwrap().contains("harbor-api: GET"));
}

#[tokio::test]
async fn a_namespace_without_charts_is_an_empty_list_and_an_unlistable_one_an_error() {
    let registry = TestRegistry::start().await;
    registry.push("team", "app", "1.0.0").await;
    let found = discovery::discover(&registry.client("nobody"), &Options::default()).await.unwrap();
    assert!(found.charts.is_empty() && found.complete);
    registry.control.script(|seen| (seen.path == "/v2/_catalog").then(|| answer(404, &[], "")));
    let error = discovery::discover(&registry.client("nobody"), &Options::default()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("list the charts"), "{error}");
}

#[test]
fn vendors_are_asked_at_their_own_addresses() {
    assert_eq!(Apis::default().docker_hub, "https://hub.docker.com");
    assert_eq!(Method::GitLabApi.as_str(), "gitlab-api");
    assert_eq!(serde_json::to_string(&Method::GitLabApi).unwrap(), r#""gitlab-api""#);
}

#[tokio::test]
async fn a_path_that_holds_nothing_is_told_with_what_is_there() {
    let registry = TestRegistry::start().await;
    let empty = discovery::discover(&registry.client("charts"), &Options::default()).await.unwrap();
    assert!(empty.charts.is_empty());
    assert!(empty.note.unwrap().contains("lists no repositories"));
    for name in ["app", "web"] {
        registry.push("team/charts", name, "1.0.0").await;
    }
    registry.push("another", "db", "1.0.0").await;
    let found = discovery::discover(&registry.client("team/chart"), &Options::default()).await.unwrap();
    assert!(found.charts.is_empty() && found.complete);
    let note = found.note.unwrap();
    assert!(note.contains("none of the 3 repositories") && note.contains("team/charts/app"), "{note}");
    assert!(!note.contains("another/db"), "{note}");
}

#[tokio::test]
async fn a_chart_url_works_where_only_the_catalog_wants_credentials_or_fails() {
    for (status, headers) in [(401, &[("www-authenticate", r#"Basic realm="x""#)][..]), (500, &[][..])] {
        let registry = TestRegistry::start().await;
        registry.push("charts", "app", "1.0.0").await;
        registry
            .control
            .script(move |seen| (seen.path == "/v2/_catalog").then(|| answer(status, headers, "")));
        let found = discovery::discover(&registry.client("charts/app"), &Options::default()).await.unwrap();
        assert_eq!(found.method, Method::ChartUrl, "{status}");
        assert!(found.note.unwrap().starts_with("catalog: "));
        // A prefix is no chart: the refusal of the catalog is the answer.
        let error = discovery::discover(&registry.client("nothing"), &Options::default()).await.unwrap_err();
        assert!(error.to_string().contains("_catalog"), "{error}");
        // Where the catalog worked before, its failure does not make a chart of the URL.
        if status == 500 {
            let known = Options { previous: Some(Method::Catalog), ..Options::default() };
            assert!(discovery::discover(&registry.client("charts/app"), &known).await.is_err());
        }
    }
}
