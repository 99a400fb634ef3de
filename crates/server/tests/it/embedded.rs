//! The main paths once more over the embedded cluster, which checks, defaults and authorises as a real one does.

use std::time::Duration;

use http::{HeaderValue, Method, Request, StatusCode, header::AUTHORIZATION};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use pilothouse_devcluster::{DevCluster, Options, StaticUser, Token as ClusterToken};
use pilothouse_release::{Record, Storage, storage::Stored};
use pilothouse_resources::crds;
use pilothouse_server::{ServerOptions, Token, router};
use serde_json::{Value, json};
use tower::ServiceBuilder;

use crate::{cluster::FakeCluster, web::Server};

fn client(cluster: &DevCluster, token: &str) -> Client {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Request<kube::client::Body>| {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
            request
        })
        .service(cluster.service());
    Client::new(service, "default")
}

struct Embedded {
    server: Server,
    admin: Client,
}

/// A server over an embedded cluster with the users of the other tests.
async fn start() -> Embedded {
    let user = |name: &str, groups: &[&str]| StaticUser {
        token: ClusterToken::new(format!("{name}-token")),
        name: name.to_owned(),
        uid: name.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    };
    let users = vec![user("admin", &["system:masters"]), user("viewer", &["readers"])];
    let cluster = DevCluster::start(Options { users, ..Options::default() }).await.unwrap();
    let admin = client(&cluster, "admin-token");
    for definition in crds::typed().unwrap() {
        let api: Api<
            k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
        > = Api::all(admin.clone());
        let name = definition.metadata.name.clone().unwrap();
        let params = PatchParams::apply("test").force();
        api.patch(&name, &params, &Patch::Apply(&definition)).await.unwrap();
    }
    let read = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "readers"}, "rules": [
        {"apiGroups": ["source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["", "apps"], "resources": ["namespaces", "deployments", "events"], "verbs": ["get", "list", "watch"]}]});
    let bind = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "readers"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "readers"},
        "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "readers"}]});
    let params = PostParams::default();
    Api::all(admin.clone())
        .create(&params, &serde_json::from_value::<k8s_openapi::api::rbac::v1::ClusterRole>(read).unwrap())
        .await
        .unwrap();
    Api::all(admin.clone())
        .create(
            &params,
            &serde_json::from_value::<k8s_openapi::api::rbac::v1::ClusterRoleBinding>(bind).unwrap(),
        )
        .await
        .unwrap();
    let namespace = json!({"metadata": {"name": "apps"}});
    Api::<k8s_openapi::api::core::v1::Namespace>::all(admin.clone())
        .create(&params, &serde_json::from_value(namespace).unwrap())
        .await
        .unwrap();
    established(&admin).await;
    let options = ServerOptions::new(move |token: &Token| Ok(client(&cluster, token.reveal())));
    Embedded { server: Server { router: router(options), cluster: FakeCluster::new() }, admin }
}

async fn established(admin: &Client) {
    for _ in 0..200 {
        let releases: Api<pilothouse_resources::HelmRelease> = Api::all(admin.clone());
        let repositories: Api<pilothouse_resources::HelmRepository> = Api::all(admin.clone());
        if releases.list(&kube::api::ListParams::default()).await.is_ok()
            && repositories.list(&kube::api::ListParams::default()).await.is_ok()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the CRDs were not established");
}

#[tokio::test]
async fn a_repository_lives_in_the_embedded_cluster() {
    let Embedded { server, .. } = start().await;
    let at = "/namespaces/apps/repositories";
    let request = json!({"name": "charts", "url": "oci://registry.example/charts",
        "credentials": {"kind": "basic", "username": "me", "password": "hunter2"}});
    let created = server.post(at, request.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    assert_eq!(server.post(at, request).await.status, StatusCode::CONFLICT);
    let changed = server.patch(&format!("{at}/charts"), json!({"interval": "01:30"})).await;
    assert_eq!(
        (changed.status, changed.json()["interval"].clone()),
        (StatusCode::OK, json!("1m30s")),
        "{}",
        changed.text
    );
    let synced = server.post(&format!("{at}/charts/sync"), Value::Null).await;
    assert_eq!(synced.status, StatusCode::ACCEPTED, "{}", synced.text);
    assert_eq!(server.get("/repositories?search=registry").await.json()["total"], 1);
    let yaml = server.get(&format!("{at}/charts/yaml")).await;
    assert!(yaml.text.contains("kind: HelmRepository"), "{}", yaml.text);

    let viewer = server.as_viewer(Method::GET, &format!("{at}/charts"), Value::Null).await;
    assert_eq!((viewer.status, viewer.json()["credentials"]["set"].clone()), (StatusCode::OK, json!(true)));
    let refused = server.as_viewer(Method::PATCH, &format!("{at}/charts"), json!({"interval": "1m"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert_eq!(refused.json()["detail"], "user `viewer` may not update helmrepositories in namespace `apps`");
    let allowed = server.as_viewer(Method::GET, "/me/permissions?namespace=apps", Value::Null).await.json();
    assert_eq!(allowed["allowed"]["helmrepositories"], json!(["get", "list", "watch"]), "{allowed}");
    assert_eq!(allowed["allowed"]["secrets"], json!([]));
    assert_eq!(server.call("nobody", Method::GET, "/me", Value::Null).await.status, StatusCode::UNAUTHORIZED);

    let renamed = server.post(&format!("{at}/charts/rename"), json!({"newName": "library"})).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text);
    assert_eq!(
        server.get(&format!("{at}/library")).await.json()["credentials"]["secretName"],
        "charts-credentials"
    );
    assert_eq!(server.get(&format!("{at}/charts")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.delete(&format!("{at}/library")).await.status, StatusCode::OK);
    assert_eq!(server.get("/namespaces/apps/credentials").await.json(), json!([]));
}

async fn store(admin: &Client, version: u32, status: &str, text: &str) {
    let storage = Storage::new(admin.clone(), "apps");
    let record: Record = serde_json::from_value(json!({
        "name": "web", "namespace": "apps", "version": version, "apply_method": "ssa",
        "info": {"status": status, "first_deployed": "2026-11-25T08:00:00Z", "last_deployed": "2026-11-25T08:00:00Z"},
        "chart": {"metadata": {"name": "web", "version": "1.0.0", "apiVersion": "v2"}},
        "manifest": format!("---\n# Source: web/templates/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  text: {text}\n"),
    }))
    .unwrap();
    let stored = Stored {
        record,
        labels: std::collections::BTreeMap::default(),
        marker: None,
        resource_version: String::new(),
    };
    storage.create(&stored, &[], 0).await.unwrap();
}

#[tokio::test]
async fn a_release_is_rolled_back_with_the_callers_rights() {
    let Embedded { server, admin } = start().await;
    let at = "/namespaces/apps/releases";
    let request = json!({"name": "web", "chart": {"sourceName": "charts", "name": "web"}, "allowMissingReferences": true});
    let created = server.post(at, request).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    store(&admin, 1, "superseded", "one").await;
    store(&admin, 2, "deployed", "two").await;

    let refused = server.as_viewer(Method::POST, &format!("{at}/web/rollback"), json!({"revision": 1})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let done = server.post(&format!("{at}/web/rollback"), json!({"revision": 1})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(
        (&done.json()["result"], &done.json()["revision"]),
        (&json!("succeeded"), &json!(3)),
        "{}",
        done.text
    );
    let maps: Api<k8s_openapi::api::core::v1::ConfigMap> = Api::namespaced(admin.clone(), "apps");
    assert_eq!(maps.get("web").await.unwrap().data.unwrap()["text"], "one");
    let shown = server.get(&format!("{at}/web")).await.json();
    assert_eq!((&shown["suspended"], &shown["lastOperation"]["result"]), (&json!(true), &json!("succeeded")));
    assert_eq!(
        (&shown["deployed"]["revision"], &shown["deployed"]["chartVersion"]),
        (&json!(3), &json!("1.0.0")),
        "{shown}"
    );
    let message = shown["status"]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("Rolled back to revision 1"), "{shown}");
    let history = server.get(&format!("{at}/web/history")).await.json();
    assert_eq!(
        (&history[0]["revision"], &history[0]["status"]),
        (&json!(3), &json!("deployed")),
        "{history}"
    );
    let resources = server.get(&format!("{at}/web/resources")).await.json();
    assert_eq!(resources["summary"], "The one resource is ready.", "{resources}");
    let resumed = server.post(&format!("{at}/web/resume"), Value::Null).await;
    assert_eq!(resumed.json()["suspended"], false);
}
