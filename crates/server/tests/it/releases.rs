use base64::Engine;
use http::{Method, StatusCode};
use pilothouse_release::Record;
use serde_json::{Value, json};

use crate::{charts::with_catalog, web::Server};

const AT: &str = "/namespaces/apps/releases";

fn web() -> Value {
    json!({"name": "web", "interval": "05:00", "chart": {"sourceName": "charts", "name": "web", "version": "1.x"},
           "values": "replicas: 3\n", "labels": "app.duplocloud.net/app-name: shop\n"})
}

/// A revision in Helm's storage.
fn revision(server: &Server, number: u32, status: &str, replicas: u32) {
    let record: Record = serde_json::from_value(json!({
        "name": "web", "namespace": "apps", "version": number,
        "info": {"status": status, "description": format!("revision {number}"), "notes": "Hello",
                 "first_deployed": "2026-11-25T08:00:00Z", "last_deployed": "2026-11-25T08:00:00Z"},
        "chart": {"metadata": {"name": "web", "version": "1.0.0", "appVersion": "9", "apiVersion": "v2"},
                  "values": {"replicas": 1}, "templates": []},
        "config": {"replicas": replicas},
        "manifest": format!("---\n# Source: web/templates/config.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  replicas: \"{replicas}\"\n"),
    }))
    .unwrap();
    let data = base64::engine::general_purpose::STANDARD.encode(record.pack().unwrap());
    server.cluster.put(
        "secrets",
        json!({
            "metadata": {"name": format!("sh.helm.release.v1.web.v{number}"), "namespace": "apps", "labels":
                {"owner": "helm", "name": "web", "version": number.to_string(), "status": status}},
            "type": "helm.sh/release.v1", "data": {"release": data},
        }),
    );
}

async fn deployed() -> Server {
    let server = with_catalog().await;
    let created = server.post(AT, web()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    revision(&server, 1, "superseded", 1);
    revision(&server, 2, "deployed", 3);
    server
}

#[tokio::test]
async fn a_release_is_added_with_what_the_form_has() {
    let server = with_catalog().await;
    let created = server.post(AT, web()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let object = server.cluster.get("helmreleases", "apps", "web").unwrap();
    assert_eq!(object["spec"]["values"], json!({"replicas": 3}));
    assert_eq!(object["metadata"]["labels"]["app.duplocloud.net/app-name"], "shop");
    let shown = server.get(&format!("{AT}/web")).await.json();
    assert_eq!(
        (&shown["app"], &shown["chart"]["version"], &shown["valuesYaml"]),
        (&json!("shop"), &json!("1.x"), &json!("replicas: 3\n"))
    );
    let listed = server.get("/releases?app=shop&source=charts").await.json();
    assert_eq!(listed["total"], 1);
    assert_eq!(server.get("/releases?app=other").await.json()["total"], 0);
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = with_catalog().await;
    let answer = server
        .post(AT, json!({"name": "Web", "releaseName": "-", "interval": "0", "timeout": "x", "chart": {"version": "latest", "interval": "1:2:3"},
                         "values": "a: [", "valuesFrom": "- kind: Nothing\n  name: x\n", "labels": {"a b": "c"},
                         "advanced": {"instal": {}, "interval": "5m", "install": {"crds": "Sometimes"}}}))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut fields = answer.fields();
    fields.sort();
    assert_eq!(
        fields,
        [
            "advanced.install.crds",
            "advanced.interval",
            "chart.interval",
            "chart.name",
            "chart.sourceName",
            "chart.version",
            "interval",
            "labels",
            "name",
            "releaseName",
            "timeout",
            "values",
            "valuesFrom"
        ]
    );
    let list = server
        .post(AT, json!({"name": "web", "chart": {"sourceName": "charts", "name": "web"}, "values": "- a\n"}))
        .await;
    assert_eq!(list.fields(), ["values"]);
    let unknown = server.post(AT, json!({"name": "web", "chart": {"sourceName": "charts", "name": "web"}, "advanced": {"instal": {}}})).await;
    assert_eq!(unknown.fields(), ["advanced.instal"]);
}

#[tokio::test]
async fn references_to_nothing_are_refused_unless_wanted() {
    let server = with_catalog().await;
    let request = |more: bool| {
        json!({"name": "web", "chart": {"sourceName": "gone", "name": "web"}, "targetNamespace": "nowhere",
               "valuesFrom": [{"kind": "ConfigMap", "name": "gone"}, {"kind": "Secret", "name": "maybe", "optional": true}],
               "allowMissingReferences": more})
    };
    let answer = server.post(AT, request(false)).await;
    assert_eq!(
        answer.fields(),
        ["chart.sourceName", "valuesFrom[0].name", "targetNamespace"],
        "{}",
        answer.text
    );
    assert_eq!(server.post(AT, request(true)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let server = deployed().await;
    let changed = server.patch(&format!("{AT}/web"), json!({"version": "2.x", "suspended": true})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(
        (&changed.json()["chart"]["version"], &changed.json()["values"]),
        (&json!("2.x"), &json!({"replicas": 3}))
    );
    let emptied = server
        .patch(&format!("{AT}/web"), json!({"values": null, "advanced": {"maxHistory": 3}}))
        .await
        .json();
    assert_eq!((&emptied["values"], &emptied["advanced"]["maxHistory"]), (&json!({}), &json!(3)));
    assert_eq!(
        server.patch(&format!("{AT}/none"), json!({"version": "1"})).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(server.patch(&format!("{AT}/web"), json!({"version": "newest"})).await.fields(), ["version"]);
}

#[tokio::test]
async fn reconcile_with_force_and_reset_is_one_token() {
    let server = deployed().await;
    let asked = server
        .post(&format!("{AT}/web/reconcile"), json!({"force": true, "reset": true, "withSource": true}))
        .await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
    let annotations =
        server.cluster.get("helmreleases", "apps", "web").unwrap()["metadata"]["annotations"].clone();
    for key in ["requestedAt", "forceAt", "resetAt"] {
        assert_eq!(annotations[format!("reconcile.fluxcd.io/{key}")], asked.json()["requestedAt"]);
    }
    let source = server.cluster.get("helmrepositories", "apps", "charts").unwrap();
    assert!(source["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"].is_string());
    assert_eq!(
        server.post(&format!("{AT}/web/suspend"), Value::Null).await.json()["status"]["state"],
        "Suspended"
    );
    assert_eq!(server.post(&format!("{AT}/web/resume"), Value::Null).await.json()["suspended"], false);
    assert_eq!(server.delete(&format!("{AT}/web")).await.status, StatusCode::ACCEPTED);
    assert_eq!(server.delete(&format!("{AT}/web")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn history_revisions_and_differences_come_from_helms_records() {
    let server = deployed().await;
    let history = server.get(&format!("{AT}/web/history")).await.json();
    assert_eq!((&history[0]["revision"], &history[1]["status"]), (&json!(2), &json!("superseded")));
    let one = server.get(&format!("{AT}/web/revisions/1")).await.json();
    assert_eq!((&one["values"], &one["notes"]), (&json!({"replicas": 1}), &json!("Hello")));
    let diff = server.get(&format!("{AT}/web/diff?from=1&to=2")).await.json();
    assert_eq!(diff["objects"][0]["item"], "ConfigMap web");
    assert!(diff["values"]["unified"].as_str().unwrap().contains("-replicas: 1\n+replicas: 3"), "{diff}");
    assert_eq!(server.get(&format!("{AT}/web/notes")).await.json(), json!({"revision": 2, "notes": "Hello"}));
    assert_eq!(server.get(&format!("{AT}/web/revisions/9")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&format!("{AT}/web/revisions/x")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn resources_say_what_is_missing_and_values_where_they_come_from() {
    let server = deployed().await;
    let resources = server.get(&format!("{AT}/web/resources")).await;
    assert_eq!(resources.status, StatusCode::OK, "{}", resources.text);
    assert_eq!(resources.json()["summary"], "ConfigMap `web` is missing: it does not exist in the cluster.");
    server.cluster.put("configmaps", json!({"metadata": {"name": "web", "namespace": "apps"}, "data": {}}));
    assert_eq!(server.get(&format!("{AT}/web/resources")).await.json()["counts"], json!({"Current": 1}));
    let values = server.get(&format!("{AT}/web/values")).await;
    assert_eq!(values.status, StatusCode::OK, "{}", values.text);
    assert_eq!(values.json()["values"], json!({"replicas": 3}));
    assert_eq!(values.json()["origins"]["replicas"], 1);
}

#[tokio::test]
async fn a_viewer_sees_releases_but_no_records() {
    let server = deployed().await;
    assert_eq!(server.as_viewer(Method::GET, "/releases", Value::Null).await.json()["total"], 1);
    let history = server.as_viewer(Method::GET, &format!("{AT}/web/history"), Value::Null).await;
    assert_eq!((history.status, history.json()), (StatusCode::OK, json!([])));
    let attempts = [
        (Method::GET, "/web/revisions/1", Value::Null),
        (Method::GET, "/web/diff?from=1&to=2", Value::Null),
        (Method::GET, "/web/notes", Value::Null),
        (Method::GET, "/web/resources", Value::Null),
        (Method::GET, "/web/values", Value::Null),
        (Method::GET, "/web/tests", Value::Null),
        (Method::POST, "", web()),
        (Method::PATCH, "/web", json!({"version": "1"})),
        (Method::DELETE, "/web", Value::Null),
        (Method::POST, "/web/suspend", Value::Null),
        (Method::POST, "/web/resume", Value::Null),
        (Method::POST, "/web/reconcile", json!({})),
        (Method::POST, "/web/rollback", json!({"revision": 1})),
        (Method::POST, "/web/test", Value::Null),
    ];
    for (method, path, mut body) in attempts {
        if path.is_empty() {
            body["name"] = json!("another");
        }
        let answer = server.as_viewer(method.clone(), &format!("{AT}{path}"), body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_preview_renders_and_changes_nothing() {
    let server = deployed().await;
    let before = server.cluster.get("helmreleases", "apps", "web").unwrap();
    let new = server
        .post(
            &format!("{AT}/preview"),
            json!({"name": "next", "chart": {"sourceName": "charts", "name": "web"}}),
        )
        .await;
    assert_eq!(new.status, StatusCode::OK, "{}", new.text);
    let new = new.json();
    assert_eq!(
        (&new["chartVersion"], &new["isInstall"], &new["notes"]),
        (&json!("2.0.0"), &json!(true), &json!("Hello next"))
    );
    assert_eq!(new["documents"][0]["kind"], "ConfigMap");
    let change =
        server.post(&format!("{AT}/web/preview"), json!({"values": {"replicas": 5, "typo": 1}})).await;
    assert_eq!(change.status, StatusCode::OK, "{}", change.text);
    let changes = &change.json()["changes"];
    assert_eq!((&changes["revision"], &changes["objects"][0]["change"]), (&json!(2), &json!("changed")));
    assert_eq!(changes["unknownOverrides"], json!(["typo"]));
    assert_eq!(server.cluster.get("helmreleases", "apps", "web").unwrap(), before);
    let none = server.post(&format!("{AT}/web/preview"), json!({"version": ">9"})).await;
    assert_eq!(none.fields(), ["chart.version"]);
    let schema = server.post(&format!("{AT}/web/preview"), json!({"values": {"replicas": "many"}})).await;
    assert_eq!(
        (schema.status, schema.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["values".to_owned()])
    );
}

#[tokio::test]
async fn a_rollback_needs_an_earlier_revision() {
    let server = deployed().await;
    for (revision, field) in [(2, "revision"), (9, "revision")] {
        let answer = server.post(&format!("{AT}/web/rollback"), json!({"revision": revision})).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{}",
            answer.text
        );
    }
    assert_eq!(
        server.post(&format!("{AT}/none/rollback"), json!({"revision": 1})).await.status,
        StatusCode::NOT_FOUND
    );
    let tests = server.post(&format!("{AT}/web/test"), Value::Null).await;
    assert_eq!(
        (tests.status, tests.json()["type"].clone()),
        (StatusCode::CONFLICT, json!("urn:pilothouse:problem:no-tests"))
    );
}

#[tokio::test]
async fn services_are_the_workloads_that_releases_made() {
    let server = Server::new();
    server.cluster.put("deployments", json!({"metadata": {"name": "web", "namespace": "apps", "labels": {
            "app.kubernetes.io/managed-by": "Helm", "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "apps"},
            "annotations": {"meta.helm.sh/release-name": "web"}},
        "spec": {"replicas": 2, "selector": {}, "template": {"spec": {"containers": [{"name": "a", "image": "nginx:1"}]}}},
        "status": {"readyReplicas": 2, "updatedReplicas": 2, "observedGeneration": 1}}));
    server.cluster.put(
        "deployments",
        json!({"metadata": {"name": "own", "namespace": "apps"}, "spec": {"selector": {}, "template": {}}}),
    );
    let listed = server.get("/services").await.json();
    assert_eq!(listed["total"], 1, "{listed}");
    let first = &listed["items"][0];
    assert_eq!(
        (&first["state"], &first["images"], &first["release"]["name"]),
        (&json!("Running"), &json!(["nginx:1"]), &json!("web"))
    );
    assert_eq!(server.get("/namespaces/apps/services/Deployment/web").await.json()["ready"], 2);
    assert_eq!(server.get("/namespaces/apps/services/Deployment/none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/namespaces/apps/services/Pod/x").await.fields(), ["kind"]);
}

#[tokio::test]
async fn thousands_of_releases_are_listed_quickly() {
    let server = Server::new();
    for number in 0..2000 {
        server.cluster.put("helmreleases", json!({"metadata": {"name": format!("r{number:04}"), "namespace": "apps"}, "spec": {"interval": "5m0s",
            "chart": {"spec": {"chart": "web", "version": "1.0.0", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}}, "values": {"a": 1}}}));
    }
    let started = std::time::Instant::now();
    let page = server.get("/releases?page=80&pageSize=25").await.json();
    assert_eq!((&page["total"], &page["items"][24]["name"]), (&json!(2000), &json!("r1999")));
    eprintln!("2000 releases listed in {:?}", started.elapsed());
    assert!(started.elapsed().as_secs() < 5);
}
