use pilothouse_registry::discovery::{self, Method};
use pilothouse_registry::sync::{Options, Record, State, sync};
use pilothouse_registry::{Catalog, Credentials};

use crate::test_registry::{TestRegistry, answer};

async fn filled() -> TestRegistry {
    let registry = TestRegistry::start().await;
    for (name, version) in [("app", "1.0.0"), ("app", "1.10.0"), ("app", "1.2.0"), ("web", "0.1.0+b.1")] {
        registry.push("charts", name, version).await;
    }
    registry.push("charts/team", "deep", "1.0.0").await;
    registry.push("elsewhere", "app", "9.0.0").await;
    registry.control.take();
    registry
}

#[tokio::test]
async fn all_charts_below_the_url_are_found_with_their_metadata() {
    let registry = filled().await;
    let synced = sync(&registry.client("charts"), State::default(), &Options::default()).await.unwrap();
    assert_eq!((synced.method, synced.complete), (Method::Catalog, true));
    assert_eq!(synced.catalog.entries.keys().collect::<Vec<_>>(), ["app", "team/deep", "web"]);
    let versions: Vec<&str> = synced.catalog.entries["app"].iter().map(|v| v.version.as_str()).collect();
    assert_eq!(versions, ["1.10.0", "1.2.0", "1.0.0"]);
    let web = &synced.catalog.entries["web"][0];
    assert_eq!((web.version.as_str(), web.app_version.as_str()), ("0.1.0+b.1", "1.2.3"));
    assert_eq!(web.urls, [format!("oci://{}/charts/web:0.1.0_b.1", registry.host)]);
    assert_eq!(web.digest.len(), 64);
    assert!(web.manifest_digest.is_some());
    let index = synced.catalog.to_index();
    assert_eq!(Catalog::from_index(&index).unwrap(), synced.catalog);
}

#[tokio::test]
async fn an_unchanged_repository_costs_its_listing_and_one_tag_list_a_chart() {
    let registry = filled().await;
    let client = registry.client("charts");
    let first = sync(&client, State::default(), &Options::default()).await.unwrap();
    registry.control.take();
    // The state survives a restart as JSON.
    let state: State = serde_json::from_str(&serde_json::to_string(&first.state).unwrap()).unwrap();
    let second = sync(&client, state, &Options::default()).await.unwrap();
    assert_eq!(second.catalog, first.catalog);
    let mut paths = registry.control.paths();
    paths.sort();
    assert_eq!(
        paths,
        [
            "GET /v2/_catalog",
            "GET /v2/charts/app/tags/list",
            "GET /v2/charts/team/deep/tags/list",
            "GET /v2/charts/web/tags/list",
        ]
    );
    assert_eq!(second.requests, 4);
    registry.push("charts", "app", "2.0.0").await;
    registry.control.take();
    let third = sync(&client, second.state, &Options::default()).await.unwrap();
    assert_eq!(third.requests, 6, "{:?}", registry.control.paths());
    assert_eq!(third.catalog.entries["app"][0].version, "2.0.0");
}

#[tokio::test]
async fn a_chart_url_an_explicit_list_and_a_refused_catalog_all_work() {
    let registry = filled().await;
    registry.control.script(|seen| {
        let denied = r#"{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized to list catalog"}]}"#;
        (seen.path == "/v2/_catalog").then(|| answer(403, &[], denied))
    });
    let client = registry.client("charts/app");
    let synced = sync(&client, State::default(), &Options::default()).await.unwrap();
    assert_eq!((synced.method, synced.complete), (Method::ChartUrl, true));
    assert_eq!(synced.catalog.entries["app"].len(), 3);
    assert!(synced.notes[0].contains("unauthorized to list catalog"));
    registry.control.take();
    let again = sync(&client, synced.state, &Options::default()).await.unwrap();
    assert_eq!(registry.control.paths(), ["GET /v2/charts/app/tags/list"]);
    assert_eq!(again.catalog, synced.catalog);

    let error = sync(&registry.client("charts"), State::default(), &Options::default()).await.unwrap_err();
    assert!(error.is_authentication(), "{error}");
    assert!(error.to_string().contains("catalog: GET"), "{error}");

    let discovery = discovery::Options {
        charts: Some(vec!["app".into(), "team/deep".into(), "missing".into()]),
        ..discovery::Options::default()
    };
    let options = Options { discovery, ..Options::default() };
    let synced = sync(&registry.client("charts"), State::default(), &options).await.unwrap();
    assert_eq!(synced.method, Method::ExplicitList);
    assert_eq!(synced.catalog.entries.keys().collect::<Vec<_>>(), ["app", "team/deep"]);
}

#[tokio::test]
async fn images_among_the_charts_are_left_out_and_not_read_again() {
    let registry = filled().await;
    registry.control.script(|seen| {
        (seen.method == "GET" && seen.path == "/v2/charts/web/manifests/0.1.0_b.1").then(|| {
            let digest = pilothouse_registry::Digest::of(b"{}");
            let body = format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"{digest}","size":2}}}}"#
            );
            answer(200, &[], &body)
        })
    });
    let client = registry.client("charts");
    let synced = sync(&client, State::default(), &Options::default()).await.unwrap();
    assert!(!synced.catalog.entries.contains_key("web"));
    assert!(matches!(synced.state.charts["web"]["0.1.0_b.1"], Record::Other { .. }));
    let again = sync(&client, synced.state, &Options::default()).await.unwrap();
    assert_eq!(again.requests, 4);
}

#[tokio::test]
async fn a_chart_that_fails_keeps_its_versions_and_the_catalog_is_not_complete() {
    let registry = filled().await;
    let client = registry.client("charts");
    let first = sync(&client, State::default(), &Options::default()).await.unwrap();
    registry.control.script(|seen| seen.path.contains("charts/app/tags").then(|| answer(403, &[], "")));
    let second = sync(&client, first.state, &Options::default()).await.unwrap();
    assert!(!second.complete);
    assert_eq!(second.catalog, first.catalog);
    assert!(second.notes[0].starts_with("app: GET"), "{:?}", second.notes);
}

#[tokio::test]
async fn what_is_over_the_budget_follows_in_the_next_sync_newest_first() {
    let registry = filled().await;
    let client = registry.client("charts");
    let options = Options { max_reads: 3, ..Options::default() };
    let first = sync(&client, State::default(), &options).await.unwrap();
    assert!(!first.complete);
    assert_eq!(first.catalog.versions(), 3);
    assert_eq!(first.catalog.entries["app"][0].version, "1.10.0");
    let second = sync(&client, first.state, &options).await.unwrap();
    assert!(second.complete);
    assert_eq!(second.catalog.versions(), 5);
}

#[tokio::test]
async fn a_moved_tag_is_noticed_by_a_recheck() {
    let registry = filled().await;
    let client = registry.client("charts");
    let first = sync(&client, State::default(), &Options::default()).await.unwrap();
    let other = pilothouse_registry::push::Upload::from_archive(crate::test_registry::chart(
        "app",
        "1.0.0",
        "home: https://new.example\n",
    ));
    client.push_chart(&other.unwrap()).await.unwrap();
    let second = sync(&client, first.state, &Options { recheck: true, ..Options::default() }).await.unwrap();
    assert_eq!(second.moved.len(), 1);
    assert_eq!((second.moved[0].chart.as_str(), second.moved[0].tag.as_str()), ("app", "1.0.0"));
    assert_eq!(second.catalog.find("app", "1.0.0").unwrap().home, "https://new.example");
}

#[tokio::test]
async fn a_registry_that_wants_a_login_says_so() {
    let registry = filled().await;
    registry.control.script(|seen| {
        let challenge = [("www-authenticate", r#"Basic realm="r""#)];
        (seen.authorization() != Some("Basic dTpw")).then(|| answer(401, &challenge, ""))
    });
    let error = sync(&registry.client("charts"), State::default(), &Options::default()).await.unwrap_err();
    assert!(error.is_authentication(), "{error}");
    let client = registry.client_as("charts", Credentials::basic("u", "p"));
    assert_eq!(sync(&client, State::default(), &Options::default()).await.unwrap().catalog.charts(), 3);
}

#[tokio::test]
async fn a_listed_tag_whose_manifest_comes_later_is_asked_for_again_and_not_for_ever() {
    let registry = filled().await;
    let missing = |seen: &crate::test_registry::Seen| seen.path.ends_with("/app/manifests/1.10.0");
    registry.control.script(move |seen| missing(seen).then(|| answer(404, &[], "")));
    let client = registry.client("charts");
    let first = sync(&client, State::default(), &Options::default()).await.unwrap();
    assert_eq!((first.complete, first.catalog.entries["app"].len()), (false, 2));
    assert!(first.notes[0].contains("no manifest"), "{:?}", first.notes);
    // It stays away: three more syncs ask, then the repository is unchanged.
    let mut state = first.state.clone();
    registry.control.take();
    for asks in [1, 1, 1, 0] {
        let next = sync(&client, state, &Options::default()).await.unwrap();
        assert_eq!(registry.control.take().iter().filter(|seen| missing(seen)).count(), asks);
        assert_eq!(next.catalog.entries["app"].len(), 2);
        state = next.state;
    }
    // It comes: the next sync has it, and after it was given up a recheck.
    registry.control.script(|_| None);
    let found = sync(&client, first.state, &Options::default()).await.unwrap();
    assert_eq!((found.complete, found.catalog.entries["app"].len()), (true, 3));
    let recheck = Options { recheck: true, ..Options::default() };
    let found = sync(&client, state, &recheck).await.unwrap();
    assert_eq!((found.complete, found.catalog.entries["app"].len()), (true, 3));
}
