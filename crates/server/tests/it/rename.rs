use http::StatusCode;
use serde_json::{Value, json};

use crate::web::Server;

const AT: &str = "/namespaces/apps/repositories";

fn prepare(server: &Server) {
    let repository = json!({"metadata": {"name": "old", "namespace": "apps", "labels": {"team": "a"}},
        "spec": {"url": "oci://x.example/charts", "type": "oci", "interval": "5m0s", "secretRef": {"name": "old-credentials"}}});
    server.cluster.put("helmrepositories", repository);
    server.cluster.put("secrets", json!({"metadata": {"name": "old-credentials", "namespace": "apps",
        "labels": {"app.kubernetes.io/managed-by": "pilothouse", "pilothouse.dev/repository": "old"}}, "data": {}}));
    let release = |name: &str, namespace: &str, source: Value| {
        json!({"metadata": {"name": name, "namespace": namespace}, "spec": {"interval": "5m0s",
            "chart": {"spec": {"chart": "web", "version": "1.0.0", "sourceRef": source}}}})
    };
    server
        .cluster
        .put("helmreleases", release("near", "apps", json!({"kind": "HelmRepository", "name": "old"})));
    let far = json!({"kind": "HelmRepository", "name": "old", "namespace": "apps"});
    server.cluster.put("helmreleases", release("far", "other", far));
    server
        .cluster
        .put("helmreleases", release("not", "other", json!({"kind": "HelmRepository", "name": "old"})));
    server.cluster.put(
        "helmcharts",
        json!({"metadata": {"name": "apps-near", "namespace": "apps"}, "spec": {"chart": "web",
        "version": "1.0.0", "interval": "5m0s", "sourceRef": {"kind": "HelmRepository", "name": "old"}}}),
    );
}

fn source(server: &Server, namespace: &str, name: &str) -> Value {
    server.cluster.get("helmreleases", namespace, name).unwrap()["spec"]["chart"]["spec"]["sourceRef"]["name"]
        .clone()
}

fn is_renamed(server: &Server) {
    assert!(server.cluster.get("helmrepositories", "apps", "old").is_none());
    let new = server.cluster.get("helmrepositories", "apps", "new").unwrap();
    assert_eq!(new["spec"]["secretRef"]["name"], "old-credentials");
    assert_eq!(new["metadata"]["labels"]["team"], "a");
    assert!(new["metadata"]["annotations"]["pilothouse.dev/renamed-from"].is_null());
    assert_eq!(source(server, "apps", "near"), "new");
    assert_eq!(source(server, "other", "far"), "new");
    assert_eq!(source(server, "other", "not"), "old");
    let chart = server.cluster.get("helmcharts", "apps", "apps-near").unwrap();
    assert_eq!(chart["spec"]["sourceRef"]["name"], "new");
    let secret = server.cluster.get("secrets", "apps", "old-credentials").unwrap();
    assert_eq!(secret["metadata"]["labels"]["pilothouse.dev/repository"], "new");
}

#[tokio::test]
async fn dependents_follow_a_rename() {
    let server = Server::new();
    prepare(&server);
    let answer = server.post(&format!("{AT}/old/rename"), json!({"newName": "new"})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["name"], "new");
    is_renamed(&server);
}

#[tokio::test]
async fn a_rename_to_a_taken_or_bad_name_changes_nothing() {
    let server = Server::new();
    prepare(&server);
    server.cluster.put(
        "helmrepositories",
        json!({"metadata": {"name": "taken", "namespace": "apps"}, "spec": {"url": "oci://y.example"}}),
    );
    for (name, status) in [
        ("taken", StatusCode::CONFLICT),
        ("Bad", StatusCode::UNPROCESSABLE_ENTITY),
        ("old", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = server.post(&format!("{AT}/old/rename"), json!({"newName": name})).await;
        assert_eq!((answer.status, answer.fields()), (status, vec!["newName".to_owned()]), "{name}");
    }
    let old = server.cluster.get("helmrepositories", "apps", "old").unwrap();
    assert!(old["metadata"]["annotations"].is_null());
    assert_eq!(source(&server, "apps", "near"), "old");
}

#[tokio::test]
async fn a_rename_that_a_crash_interrupted_is_finished() {
    let server = Server::new();
    prepare(&server);
    let old = server.cluster.get("helmrepositories", "apps", "old").unwrap();
    let mut marked = old.clone();
    marked["metadata"]["annotations"] = json!({"pilothouse.dev/rename-to": "new"});
    server.cluster.put("helmrepositories", marked);
    let from = format!("old/{}", old["metadata"]["uid"].as_str().unwrap());
    server.cluster.put(
        "helmrepositories",
        json!({"metadata": {"name": "new", "namespace": "apps", "labels": {"team": "a"},
        "annotations": {"pilothouse.dev/renamed-from": from}}, "spec": old["spec"]}),
    );
    let finished = pilothouse_server::resume_renames(&server.cluster.client("admin-token")).await.unwrap();
    assert_eq!(finished, 1);
    is_renamed(&server);
    assert_eq!(pilothouse_server::resume_renames(&server.cluster.client("admin-token")).await.unwrap(), 0);
}

#[tokio::test]
async fn an_intent_without_a_new_object_is_dropped() {
    let server = Server::new();
    prepare(&server);
    let mut old = server.cluster.get("helmrepositories", "apps", "old").unwrap();
    old["metadata"]["annotations"] = json!({"pilothouse.dev/rename-to": "new"});
    server.cluster.put("helmrepositories", old);
    assert_eq!(pilothouse_server::resume_renames(&server.cluster.client("admin-token")).await.unwrap(), 0);
    let old = server.cluster.get("helmrepositories", "apps", "old").unwrap();
    assert!(old["metadata"]["annotations"]["pilothouse.dev/rename-to"].is_null());
}
