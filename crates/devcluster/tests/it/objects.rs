//! Creating, reading, changing and deleting.

use serde_json::{Value, json};

use crate::client::{Client, cluster};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn map(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "1" } })
}

#[tokio::test]
async fn an_object_lives_from_create_to_delete() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let created = admin.post(MAPS, &map("one")).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["metadata"]["managedFields"][0]["manager"], "cluster-score");
    let again = admin.post(MAPS, &map("one")).await;
    assert_eq!((again.status, again.body["reason"].as_str()), (409, Some("AlreadyExists")));
    let read = admin.get(&format!("{MAPS}/one")).await;
    assert_eq!(read.body, created.body);
    let patched =
        admin.patch(&format!("{MAPS}/one"), "merge-patch+json", &json!({ "data": { "b": "2" } })).await;
    assert_eq!(patched.body["data"], json!({ "a": "1", "b": "2" }));
    let mut stale = created.body.clone();
    stale["data"]["a"] = json!("3");
    let refused = admin.put(&format!("{MAPS}/one"), &stale).await;
    assert_eq!((refused.status, refused.body["reason"].as_str()), (409, Some("Conflict")));
    let deleted = admin.delete(&format!("{MAPS}/one"), &Value::Null).await;
    assert_eq!(deleted.body["status"], "Success");
    assert_eq!(admin.get(&format!("{MAPS}/one")).await.status, 404);
}

#[tokio::test]
async fn a_write_that_changes_nothing_keeps_the_resource_version() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let created = admin.post(MAPS, &map("same")).await;
    let put = admin.put(&format!("{MAPS}/same"), &map("same")).await;
    assert_eq!(put.body, created.body);
}

#[tokio::test]
async fn finalizers_hold_an_object_until_they_are_gone() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let mut held = map("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    admin.post(MAPS, &held).await;
    let deleted = admin.delete(&format!("{MAPS}/held"), &Value::Null).await;
    assert!(deleted.body["metadata"]["deletionTimestamp"].is_string(), "{deleted:?}");
    let freed = json!({ "metadata": { "finalizers": null } });
    assert_eq!(admin.patch(&format!("{MAPS}/held"), "merge-patch+json", &freed).await.status, 200);
    assert_eq!(admin.get(&format!("{MAPS}/held")).await.status, 404);
}

#[tokio::test]
async fn dry_runs_store_nothing() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let created = admin.post(&format!("{MAPS}?dryRun=All"), &map("dry")).await;
    assert_eq!(created.status, 201);
    assert_eq!(admin.get(&format!("{MAPS}/dry")).await.status, 404);
}

#[tokio::test]
async fn lists_are_paged_consistently() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    for name in ["a", "b", "c"] {
        admin.post(MAPS, &map(name)).await;
    }
    let first = admin.get(&format!("{MAPS}?limit=2")).await;
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    // `c` and the namespace's kube-root-ca.crt.
    assert_eq!(first.body["metadata"]["remainingItemCount"], 2);
    let token = first.body["metadata"]["continue"].as_str().unwrap();
    admin.delete(&format!("{MAPS}/c"), &Value::Null).await;
    let rest = admin.get(&format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!(rest.body["items"][0]["metadata"]["name"], "c");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_the_limit() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let mut big = map("big");
    big["data"]["a"] = json!("x".repeat(4 << 20));
    let refused = admin.post(MAPS, &big).await;
    assert_eq!(refused.status, 413);
    assert!(refused.body["message"].as_str().unwrap().contains("limit is 3145728"));
}

#[tokio::test]
async fn services_get_addresses_of_their_own() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let service = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
                "spec": { "type": "NodePort", "ports": [{ "port": 80 }] } })
    };
    let path = "/api/v1/namespaces/default/services";
    let one = admin.post(path, &service("one")).await.body;
    let two = admin.post(path, &service("two")).await.body;
    assert_ne!(one["spec"]["clusterIP"], two["spec"]["clusterIP"]);
    assert_ne!(one["spec"]["ports"][0]["nodePort"], two["spec"]["ports"][0]["nodePort"]);
    let mut taken = service("three");
    taken["spec"]["clusterIP"] = one["spec"]["clusterIP"].clone();
    assert_eq!(admin.post(path, &taken).await.status, 422);
}
