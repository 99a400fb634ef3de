//! Watches.

use bytes::Bytes;
use http_body_util::BodyExt;
use pilothouse_devcluster::Body;
use serde_json::{Value, json};

use crate::client::{Client, cluster};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Reads events until there are as many.
async fn events(body: &mut Body, count: usize) -> Vec<Value> {
    let mut text = Vec::new();
    loop {
        let lines: Vec<Value> = text
            .split(|b| *b == b'\n')
            .filter(|line: &&[u8]| !line.is_empty())
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        if lines.len() >= count {
            return lines;
        }
        let frame = tokio::time::timeout(std::time::Duration::from_secs(5), body.frame()).await;
        let Some(frame) = frame.expect("an event comes in time") else { return lines };
        text.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
}

fn map(name: &str, label: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "l": label } } })
}

#[tokio::test]
async fn a_watch_tells_of_objects_that_enter_and_leave_its_selector() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let mut body = admin
        .open("GET", &format!("{MAPS}?watch=true&labelSelector=l%3Dyes"), &[], Bytes::new())
        .await
        .into_body();
    admin.post(MAPS, &map("a", "yes")).await;
    admin
        .patch(&format!("{MAPS}/a"), "merge-patch+json", &json!({ "metadata": { "labels": { "l": "no" } } }))
        .await;
    admin
        .patch(&format!("{MAPS}/a"), "merge-patch+json", &json!({ "metadata": { "labels": { "l": "yes" } } }))
        .await;
    let seen = events(&mut body, 3).await;
    let kinds: Vec<&str> = seen.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ADDED", "DELETED", "ADDED"]);
}

#[tokio::test]
async fn initial_events_end_with_an_annotated_bookmark() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    admin.post(MAPS, &map("a", "x")).await;
    let query =
        "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut body = admin.open("GET", &format!("{MAPS}?{query}"), &[], Bytes::new()).await.into_body();
    let seen = events(&mut body, 3).await;
    let named = |i: usize| (seen[i]["type"].as_str(), seen[i]["object"]["metadata"]["name"].as_str());
    assert_eq!(named(0), (Some("ADDED"), Some("a")));
    assert_eq!(named(1), (Some("ADDED"), Some("kube-root-ca.crt")));
    assert_eq!(seen[2]["type"], "BOOKMARK");
    assert_eq!(seen[2]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
}

#[tokio::test]
async fn a_watch_from_too_old_a_version_ends_with_expired() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let mut body = admin
        .open("GET", &format!("{MAPS}?watch=true&resourceVersion=1"), &[], Bytes::new())
        .await
        .into_body();
    let seen = events(&mut body, 1).await;
    assert_eq!(seen[0]["type"], "ERROR");
    assert_eq!(seen[0]["object"]["code"], 410);
}

#[tokio::test]
async fn shutdown_ends_watches() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let mut body = admin.open("GET", &format!("{MAPS}?watch=true"), &[], Bytes::new()).await.into_body();
    cluster.shutdown().await;
    let seen = events(&mut body, 2).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["object"]["metadata"]["name"], "kube-root-ca.crt");
}
