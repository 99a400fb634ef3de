use pilothouse_registry::push::Upload;
use pilothouse_registry::{Digest, Error, Kind};

use crate::test_registry::{TestRegistry, answer, chart};

#[tokio::test]
async fn a_pushed_chart_comes_back_byte_for_byte() {
    let registry = TestRegistry::start().await;
    let archive = chart("app", "1.0.0+build.5", "annotations: {own: note}\nhome: https://home.example\n");
    let upload = Upload::from_archive(archive.clone()).unwrap().with_provenance("signed");
    let pushed = registry.client("team/charts").push_chart(&upload).await.unwrap();
    assert_eq!(pushed.tag, "1.0.0_build.5");
    let client = registry.client("team/charts/app");
    assert_eq!(client.tags().await.unwrap().tags, ["1.0.0_build.5"]);
    for reference in [pushed.tag.as_str(), pushed.digest.as_str()] {
        let pulled = client.pull_chart(reference).await.unwrap();
        assert_eq!(pulled.archive, archive);
        assert_eq!(pulled.provenance.as_deref(), Some(&b"signed"[..]));
        assert_eq!(pulled.digest, pushed.digest);
        assert_eq!(pulled.manifest.annotations["org.opencontainers.image.version"], "1.0.0+build.5");
        assert_eq!(pulled.manifest.annotations["own"], "note");
    }
    assert_eq!(client.resolve("1.0.0_build.5").await.unwrap().digest, pushed.digest);
}

/// As `helm push` does, which takes what Chart.yaml may hold; `helm pull` finds such a version by its name only.
#[tokio::test]
async fn a_loosely_written_version_is_pushed_as_it_is() {
    let registry = TestRegistry::start().await;
    for (written, version) in [("'1'", "1"), ("v0.1.0", "v0.1.0")] {
        let upload = Upload::from_archive(chart("app", written, "")).unwrap();
        let pushed = registry.client("").push_chart(&upload).await.unwrap();
        assert_eq!(pushed.tag, version);
    }
    let error = Upload::from_archive(chart("app", "latest", "")).unwrap_err();
    assert!(error.to_string().contains("its version `latest` is not a semantic version"), "{error}");
}

#[tokio::test]
async fn pushing_the_same_chart_again_uploads_no_blob() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    registry.control.take();
    registry.push("", "app", "1.0.0").await;
    let uploads = registry.control.paths().into_iter().filter(|p| p.starts_with("POST")).count();
    assert_eq!(uploads, 0);
}

#[tokio::test]
async fn an_image_is_not_a_chart() {
    let registry = TestRegistry::start().await;
    registry.control.script(|seen| {
        seen.path.contains("/manifests/").then(|| {
            let digest = Digest::of(b"{}");
            let body = format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{digest}","size":2}},"layers":[]}}"#
            );
            answer(200, &[("content-type", "application/vnd.oci.image.manifest.v1+json")], &body)
        })
    });
    let error = registry.client("app").pull_chart("1.0.0").await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotAChart);
    assert!(error.to_string().contains("application/vnd.oci.image.config.v1+json"), "{error}");
    registry.control.script(|seen| {
        seen.path.contains("/manifests/").then(|| answer(200, &[], r#"{"schemaVersion":2,"manifests":[]}"#))
    });
    assert_eq!(registry.client("app").pull_chart("1.0.0").await.unwrap_err().kind(), Kind::NotAChart);
}

#[tokio::test]
async fn a_missing_tag_is_not_found_with_the_registrys_words() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let error = registry.client("app").pull_chart("9.9.9").await.unwrap_err();
    assert!(error.is_not_found());
    assert!(error.to_string().contains("MANIFEST_UNKNOWN"), "{error}");
    assert!(error.hint().is_some());
    assert!(registry.client("app").manifest("../../x").await.is_err());
}

#[tokio::test]
async fn content_with_another_digest_is_refused() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    registry.control.script(|seen| {
        (seen.method == "GET" && seen.path.contains("/blobs/")).then(|| answer(200, &[], "forged"))
    });
    let error = registry.client("app").pull_chart("1.0.0").await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. } | Error::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn more_bytes_than_declared_are_not_read() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    registry.control.script(|seen| {
        (seen.method == "GET" && seen.path.contains("/blobs/"))
            .then(|| answer(200, &[], &"x".repeat(1 << 20)))
    });
    let error = registry.client("app").pull_chart("1.0.0").await.unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
}

#[tokio::test]
async fn referrers_come_from_the_api_or_from_the_fallback_tag() {
    let registry = TestRegistry::start().await;
    registry.push("", "app", "1.0.0").await;
    let client = registry.client("app");
    let subject = client.resolve("1.0.0").await.unwrap().digest;
    assert_eq!(client.referrers(&subject, None).await.unwrap(), []);
    let tag = subject.as_str().replace(':', "-");
    let signature = Digest::of(b"signature");
    registry.control.script(move |seen| {
        if seen.path.contains("/referrers/") {
            return Some(answer(303, &[("location", "https://github.example/web")], ""));
        }
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"m","digest":"{signature}","size":1,"artifactType":"sig"}}]}}"#
        );
        seen.path.ends_with(&tag).then(|| answer(200, &[], &index))
    });
    let found = client.referrers(&subject, Some("sig")).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(client.referrers(&subject, Some("other")).await.unwrap(), []);
}
