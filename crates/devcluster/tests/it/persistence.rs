//! What survives the end of the process.

use bytes::Bytes;
use http_body_util::BodyExt;
use pilothouse_devcluster::{DevCluster, Options};
use serde_json::{Value, json};

use crate::client::{Client, options};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn objects_versions_tokens_and_watches_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let start = || async {
        let options = Options { data_dir: Some(directory.path().to_owned()), users: Vec::new(), ..options() };
        DevCluster::start(options).await.unwrap()
    };
    let first = start().await;
    let admin = Client::new(&first, "admin");
    let token = first.admin_token().clone();
    let before = admin.post(MAPS, &json!({ "metadata": { "name": "kept" } })).await.body;
    admin.patch(&format!("{MAPS}/kept"), "merge-patch+json", &json!({ "data": { "a": "b" } })).await;
    let authority = first.ca_certificate().to_owned();
    first.shutdown().await;
    drop((first, admin));

    let second = start().await;
    assert_eq!(*second.admin_token(), token);
    assert_eq!(second.ca_certificate(), authority);
    let admin = Client::new(&second, "admin");
    let after = admin.get(&format!("{MAPS}/kept")).await.body;
    assert_eq!(after["data"]["a"], "b");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    let version = before["metadata"]["resourceVersion"].as_str().unwrap();
    let watch = format!("{MAPS}?watch=true&fieldSelector=metadata.name%3Dkept&resourceVersion={version}");
    let mut body = admin.open("GET", &watch, &[], Bytes::new()).await.into_body();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let event: Value = serde_json::from_slice(&frame).unwrap();
    assert_eq!(
        (event["type"].as_str(), event["object"]["data"]["a"].as_str()),
        (Some("MODIFIED"), Some("b"))
    );
    let created = admin.post(MAPS, &json!({ "metadata": { "name": "new" } })).await.body;
    let number =
        |object: &Value| object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(number(&created) > number(&after));
}
