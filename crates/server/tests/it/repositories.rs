use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::web::Server;

const AT: &str = "/namespaces/apps/repositories";

fn charts() -> Value {
    json!({"name": "charts", "url": "oci://registry.example/charts", "interval": "02:00"})
}

fn release(name: &str, repository: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "apps"}, "spec": {"interval": "5m0s", "chart": {"spec": {
        "chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": repository}}}}})
}

#[tokio::test]
async fn a_repository_is_added_shown_changed_and_deleted() {
    let server = Server::new();
    let created = server.post(AT, charts()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let body = created.json();
    assert_eq!(
        (&body["type"], &body["interval"], &body["status"]["state"]),
        (&json!("oci"), &json!("2m0s"), &json!("Pending"))
    );

    let shown = server.get(&format!("{AT}/charts")).await;
    assert_eq!(shown.json()["credentials"], json!({"set": false, "managed": false}));
    let changed = server.patch(&format!("{AT}/charts"), json!({"interval": "10m", "timeout": "30s"})).await;
    assert_eq!(changed.json()["interval"], "10m");
    assert_eq!(changed.json()["url"], "oci://registry.example/charts");

    let deleted = server.delete(&format!("{AT}/charts")).await;
    assert_eq!(deleted.status, StatusCode::OK, "{}", deleted.text);
    assert_eq!(server.get(&format!("{AT}/charts")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = Server::new();
    let answer = server
        .post(
            AT,
            json!({"name": "Bad_Name", "url": "https://u:p@x.example", "interval": "99:99", "timeout": "1h",
                         "type": "default", "provider": "moon", "credentials": {"kind": "basic"}}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut fields = answer.fields();
    fields.sort();
    assert_eq!(
        fields,
        ["credentials.password", "credentials.username", "interval", "name", "provider", "timeout", "url"]
    );
    let typo = server.post(AT, json!({"name": "x", "intervall": "5m"})).await;
    assert_eq!(typo.fields(), ["intervall"]);
    let nowhere = server.post("/namespaces/nowhere/repositories", charts()).await;
    assert_eq!((nowhere.status, nowhere.fields()), (StatusCode::NOT_FOUND, vec!["namespace".to_owned()]));
}

#[tokio::test]
async fn a_taken_name_is_said_at_the_name() {
    let server = Server::new();
    server.post(AT, charts()).await;
    let again = server.post(AT, charts()).await;
    assert_eq!((again.status, again.fields()), (StatusCode::CONFLICT, vec!["name".to_owned()]));
}

#[tokio::test]
async fn credentials_are_stored_and_never_told() {
    let server = Server::new();
    let mut request = charts();
    request["credentials"] = json!({"kind": "basic", "username": "me", "password": "hunter2"});
    let created = server.post(AT, request).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let secret = server.cluster.get("secrets", "apps", "charts-credentials").unwrap();
    assert_eq!(secret["data"]["password"], "aHVudGVyMg==");

    let shown = server.get(&format!("{AT}/charts")).await;
    let state = &shown.json()["credentials"];
    assert_eq!(
        (&state["set"], &state["kind"], &state["hasUsername"]),
        (&json!(true), &json!("basic"), &json!(true))
    );
    let listed = server.get("/namespaces/apps/credentials").await;
    assert_eq!(listed.json()[0]["name"], "charts-credentials");
    for text in [created.text, shown.text, listed.text] {
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
    }

    // A new password alone keeps the user; the old Secret goes, the new one stays.
    let update = json!({"credentials": {"kind": "basic", "password": "hunter3"}});
    let changed = server.patch(&format!("{AT}/charts"), update).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let name = changed.json()["credentials"]["secretName"].as_str().unwrap().to_owned();
    assert_eq!(server.cluster.get("secrets", "apps", &name).unwrap()["data"]["username"], "bWU=");
    assert_eq!(server.cluster.names("secrets"), [format!("apps/{name}")]);
    let removed = server.patch(&format!("{AT}/charts"), json!({"credentials": {"kind": "none"}})).await;
    assert_eq!(removed.json()["credentials"]["set"], false);
    assert!(server.cluster.names("secrets").is_empty());
}

#[tokio::test]
async fn a_viewer_may_look_and_nothing_else() {
    let server = Server::new();
    server.post(AT, charts()).await;
    let listed = server.as_viewer(Method::GET, "/repositories", Value::Null).await;
    assert_eq!(listed.json()["total"], 1);
    assert_eq!(
        server.as_viewer(Method::GET, &format!("{AT}/charts"), Value::Null).await.status,
        StatusCode::OK
    );
    let attempts = [
        (Method::POST, AT.to_owned(), json!({"name": "y", "url": "oci://x.example/y"})),
        (Method::POST, format!("{AT}/test"), charts()),
        (Method::PATCH, format!("{AT}/charts"), json!({"interval": "1m"})),
        (Method::DELETE, format!("{AT}/charts"), Value::Null),
        (Method::POST, format!("{AT}/charts/sync"), Value::Null),
        (Method::POST, format!("{AT}/charts/suspend"), Value::Null),
        (Method::POST, format!("{AT}/charts/resume"), Value::Null),
        (Method::POST, format!("{AT}/charts/rename"), json!({"newName": "z"})),
        (Method::GET, "/namespaces/apps/credentials".to_owned(), Value::Null),
    ];
    for (method, path, body) in attempts {
        let answer = server.as_viewer(method.clone(), &path, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().contains("may"), "{}", answer.text);
    }
}

#[tokio::test]
async fn deleting_a_used_repository_wants_its_name() {
    let server = Server::new();
    server.post(AT, charts()).await;
    server.cluster.put("helmreleases", release("web", "charts"));
    server.cluster.put("helmreleases", release("other", "elsewhere"));
    assert_eq!(server.get("/repositories").await.json()["items"][0]["releases"], 1);
    let refused = server.delete(&format!("{AT}/charts")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.json()["dependents"][0]["name"], "web");
    let wrong = server.delete(&format!("{AT}/charts?confirm=chart")).await;
    assert_eq!(wrong.fields(), ["confirm"]);
    let done = server.delete(&format!("{AT}/charts?confirm=charts")).await;
    assert_eq!(done.json()["items"][0]["name"], "web");
    assert!(server.cluster.get("helmreleases", "apps", "web").is_some());
}

#[tokio::test]
async fn sync_suspend_and_resume_are_written_to_the_object() {
    let server = Server::new();
    server.post(AT, charts()).await;
    let asked = server.post(&format!("{AT}/charts/sync"), Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let object = server.cluster.get("helmrepositories", "apps", "charts").unwrap();
    assert_eq!(
        object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"],
        asked.json()["requestedAt"]
    );
    let suspended = server.post(&format!("{AT}/charts/suspend"), Value::Null).await;
    assert_eq!(suspended.json()["status"]["state"], "Suspended");
    let resumed = server.post(&format!("{AT}/charts/resume"), Value::Null).await;
    assert_eq!(resumed.json()["suspended"], false);
    assert_eq!(server.post(&format!("{AT}/none/sync"), Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_old_version_does_not_overwrite_a_newer_one() {
    let server = Server::new();
    let seen = server.post(AT, charts()).await.json()["resourceVersion"].clone();
    server.patch(&format!("{AT}/charts"), json!({"interval": "1m"})).await;
    let late =
        server.patch(&format!("{AT}/charts"), json!({"interval": "2m", "resourceVersion": seen})).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert_eq!(late.json()["type"], "urn:pilothouse:problem:changed");
}

#[tokio::test]
async fn yaml_and_events_of_a_repository_are_shown() {
    let server = Server::new();
    server.post(AT, charts()).await;
    server.cluster.put("events", json!({"metadata": {"name": "e", "namespace": "apps"}, "reason": "Synced", "message": "3 charts",
        "type": "Normal", "involvedObject": {"kind": "HelmRepository", "name": "charts", "namespace": "apps"}}));
    let events = server.get(&format!("{AT}/charts/events")).await;
    assert_eq!(events.json()[0]["message"], "3 charts");
    let yaml = server.get(&format!("{AT}/charts/yaml")).await;
    assert_eq!(yaml.headers["content-type"], "application/yaml; charset=utf-8");
    assert!(
        yaml.text.contains("kind: HelmRepository") && yaml.text.contains("oci://registry.example/charts"),
        "{}",
        yaml.text
    );
}

#[tokio::test]
async fn lists_are_paged_and_wrong_parameters_named() {
    let server = Server::new();
    for number in 0..30 {
        server.cluster.put(
            "helmrepositories",
            json!({"metadata": {"name": format!("r{number:02}"), "namespace": "apps"}, "spec": {"url": "oci://x.example/y", "type": "oci"}}),
        );
    }
    let page = server.get("/repositories?page=2&pageSize=10&sort=-name").await.json();
    assert_eq!((&page["total"], &page["items"][0]["name"]), (&json!(30), &json!("r19")));
    assert_eq!(server.get("/repositories?search=r07").await.json()["total"], 1);
    assert_eq!(server.get("/repositories?namespace=other").await.json()["total"], 0);
    assert_eq!(server.get("/repositories?sort=color").await.fields(), ["sort"]);
    assert_eq!(server.get("/repositories?page=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_oci_repository_has_the_same_life() {
    let server = Server::new();
    let at = "/namespaces/apps/oci-repositories";
    let request = json!({"name": "web", "url": "oci://registry.example/charts/web", "reference": {"tag": "1.0.0"},
        "layer": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}});
    let created = server.post(at, request).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    assert_eq!(created.json()["layer"]["operation"], "copy");
    let changed = server.patch(&format!("{at}/web"), json!({"reference": {"semver": ">=1.0"}})).await;
    assert_eq!(changed.json()["reference"], json!({"semver": ">=1.0"}));
    let wrong = server
        .post(
            at,
            json!({"name": "w", "url": "oci://x.example/y:1", "reference": {"tag": "a b", "digest": "x"}}),
        )
        .await;
    assert_eq!(wrong.fields(), ["url", "reference.tag", "reference.digest"]);
    assert_eq!(
        server.as_viewer(Method::DELETE, &format!("{at}/web"), Value::Null).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(server.get(&format!("{at}/web/chart")).await.status, StatusCode::CONFLICT);
    assert_eq!(server.post(&format!("{at}/web/sync"), Value::Null).await.status, StatusCode::ACCEPTED);
    assert_eq!(server.delete(&format!("{at}/web")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_connection_is_tested_before_anything_is_made() {
    let server = Server::new();
    let answer = server
        .post(&format!("{AT}/test"), json!({"url": "oci://127.0.0.1:1/charts", "insecure": true}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let report = answer.json();
    assert_eq!(
        (&report["success"], &report["field"], &report["authentication"]),
        (&json!(false), &json!("url"), &json!("anonymous"))
    );
    assert!(report["hint"].is_string(), "{report}");
    assert!(server.cluster.names("helmrepositories").is_empty());
}

#[tokio::test]
async fn credentials_have_a_life_of_their_own() {
    let server = Server::new();
    let at = "/namespaces/apps/credentials";
    let pull = json!({"name": "pull", "credentials": {"kind": "dockerConfig", "dockerConfig": r#"{"auths":{"ghcr.io":{"auth":"YTpi"}}}"#}});
    assert_eq!(server.post(at, pull.clone()).await.status, StatusCode::CREATED);
    assert_eq!(server.post(at, pull).await.status, StatusCode::CONFLICT);
    let listed = server.get(&format!("{at}?kind=dockerConfig")).await;
    assert_eq!(listed.json()[0]["hosts"], json!(["ghcr.io"]));
    assert!(!listed.text.contains("YTpi"));
    server.cluster.put(
        "secrets",
        json!({"metadata": {"name": "app", "namespace": "apps"}, "type": "Opaque", "data": {"key": "eA=="}}),
    );
    assert_eq!(server.delete(&format!("{at}/app")).await.status, StatusCode::CONFLICT);
    assert_eq!(server.delete(&format!("{at}/pull")).await.status, StatusCode::NO_CONTENT);
    let wrong = server
        .post(at, json!({"name": "x", "credentials": {"kind": "dockerConfig", "dockerConfig": "{}"}}))
        .await;
    assert_eq!(wrong.fields(), ["credentials.dockerConfig"]);
}
