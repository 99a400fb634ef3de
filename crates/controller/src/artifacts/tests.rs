//! Tests of the store on a real file system.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::*;

fn store(root: &Path) -> Artifacts {
    Artifacts::open(root, "127.0.0.1:1".into(), Pool::default()).unwrap()
}

fn new(name: &str, file: &str, content: &'static [u8]) -> NewArtifact {
    NewArtifact {
        kind: "helmchart",
        namespace: "ns".into(),
        name: name.into(),
        file: file.into(),
        revision: "1.0.0".into(),
        content: Bytes::from_static(content),
        metadata: BTreeMap::new(),
    }
}

fn blobs(root: &Path) -> usize {
    fs::read_dir(root.join("blobs")).unwrap().count()
}

#[tokio::test]
async fn equal_content_is_kept_once_and_removed_with_its_last_user() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let first = store.store(new("a", "app-1.0.0.tgz", b"content"), "latest.tar.gz").await.unwrap();
    let second = store.store(new("b", "app-1.0.0.tgz", b"content"), "latest.tar.gz").await.unwrap();
    assert_eq!(first.path, "helmchart/ns/a/app-1.0.0.tgz");
    assert_eq!(first.url, "http://127.0.0.1:1/helmchart/ns/a/app-1.0.0.tgz");
    assert_eq!((first.digest.clone(), first.size), (second.digest.clone(), Some(7)));
    assert_eq!(blobs(root.path()), 1);
    assert!(store.is_stored(&first).await);
    assert_eq!(fs::read(root.path().join("artifacts/helmchart/ns/a/latest.tar.gz")).unwrap(), b"content");
    assert_eq!(store.remove_all("helmchart", "ns", "a").await.unwrap(), 1);
    assert_eq!(store.read(&second, 100).await.unwrap(), "content");
    assert_eq!(store.remove_all("helmchart", "ns", "b").await.unwrap(), 1);
    assert_eq!(blobs(root.path()), 0);
}

#[tokio::test]
async fn a_changed_file_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    let artifact = store.store(new("a", "app.tgz", b"content"), "latest.tar.gz").await.unwrap();
    assert!(store.is_stored(&artifact).await);
    fs::write(root.path().join("artifacts").join(&artifact.path), b"changed").unwrap();
    assert!(!store.is_stored(&artifact).await);
    let again = store.store(new("a", "app.tgz", b"content"), "latest.tar.gz").await.unwrap();
    assert!(store.is_stored(&again).await);
}

#[tokio::test]
async fn old_artifacts_go_and_the_current_one_stays() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    for (file, content) in [("1.tgz", &b"1"[..]), ("2.tgz", b"2"), ("3.tgz", b"3")] {
        store.store(new("a", file, content), "latest.tar.gz").await.unwrap();
    }
    let current = store.store(new("a", "4.tgz", b"4"), "latest.tar.gz").await.unwrap();
    let keep = Retention { ttl: Duration::from_secs(60), records: 2 };
    assert_eq!(store.collect(&current, keep).await.unwrap(), 2);
    assert!(store.is_stored(&current).await);
    assert_eq!(store.collect(&current, Retention { ttl: keep.ttl, records: 1 }).await.unwrap(), 1);
    assert_eq!(store.collect(&current, Retention { ttl: keep.ttl, records: 1 }).await.unwrap(), 0);
}

#[tokio::test]
async fn orphans_are_swept_and_paths_cannot_leave_the_store() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    store.store(new("a", "1.tgz", b"1"), "latest.tar.gz").await.unwrap();
    store.store(new("b", "1.tgz", b"1"), "latest.tar.gz").await.unwrap();
    assert_eq!(store.sweep("helmchart", HashSet::from(["ns/b".to_owned()])).await.unwrap(), 1);
    assert!(!root.path().join("artifacts/helmchart/ns/a").exists());
    for bad in ["", "../x", "/etc/passwd", "a/../../x"] {
        assert!(store.locate(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_is_remembered_is_recalled_and_removed_with_the_object() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path());
    store.remember("helmchart", "ns", "a", vec![1, 2]).await.unwrap();
    assert_eq!(store.recall::<Vec<i32>>("helmchart", "ns", "a").await, Some(vec![1, 2]));
    store.remove_all("helmchart", "ns", "a").await.unwrap();
    assert_eq!(store.recall::<Vec<i32>>("helmchart", "ns", "a").await, None);
}
