//! `HelmRepositories` as sources: syncs their catalog, HTTP and OCI alike, into an index artifact.

mod record;
mod size;
mod sync;

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use pilothouse_registry::sync::MovedTag;
use pilothouse_resources::meta::FORCE_AT;
use pilothouse_resources::{DurationString, HelmRepository, HelmRepositoryStatus};

use self::sync::Synced;
use crate::context::Context;
use crate::source::{self, Failure, Source, Success};
use crate::status::Conditions;

impl Source for HelmRepository {
    const KIND: &'static str = "HelmRepository";
    const KIND_PATH: &'static str = "helmrepository";
    const LINK: &'static str = "index.yaml";
    const SHOW_PROGRESS_AFTER: Option<Duration> = Some(Duration::from_millis(500));

    type Found = Synced;

    fn interval(&self) -> Option<&DurationString> {
        self.spec.interval.as_ref()
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend.unwrap_or(false)
    }

    /// As in Flux, only those with an HTTP index have the finalizer.
    fn needs_finalizer(&self) -> bool {
        !self.spec.is_oci()
    }

    async fn work(
        &self,
        context: &Context,
        status: &mut HelmRepositoryStatus,
        requested: Option<&str>,
    ) -> Result<Synced, Failure> {
        let force = requested.is_some() && self.annotations().get(FORCE_AT).map(String::as_str) == requested;
        sync::Job { context, repository: self, stored: status.artifact.clone(), force }.run().await
    }

    fn succeeded(
        &self,
        status: &mut HelmRepositoryStatus,
        _conditions: &mut Conditions,
        found: Synced,
    ) -> Success {
        let changed = status.artifact.as_ref().map(|a| &a.revision) != Some(&found.artifact.revision);
        let interval = source::duration(self.interval(), source::DEFAULT_INTERVAL);
        record::succeeded(status, &found, changed, interval);
        if changed {
            tracing::info!(
                namespace = self.namespace(),
                name = self.name_any(),
                charts = found.charts,
                versions = found.versions,
                requests = found.requests,
                revision = found.artifact.revision,
                "catalog changed"
            );
        }
        let success = Success {
            reason: "Succeeded".to_owned(),
            message: record::message(&found),
            news: changed.then(|| ("NewArtifact".to_owned(), news(self, &found))),
            warnings: found.moved.iter().map(|tag| ("TagMoved", tag_moved(tag))).collect(),
        };
        status.artifact = Some(found.artifact);
        success
    }

    fn failed(&self, status: &mut HelmRepositoryStatus, _conditions: &mut Conditions, failure: &Failure) {
        record::failed(status, failure, Timestamp::now());
    }
}

/// What the event about a new catalog says.
fn news(repository: &HelmRepository, found: &Synced) -> String {
    let url = repository.spec.url.trim_end_matches('/');
    if repository.spec.is_oci() {
        let (charts, versions) = (found.charts, found.versions);
        return format!("stored catalog of {charts} charts with {versions} versions from '{url}'");
    }
    format!("stored fetched index of size {} from '{url}'", size::human_size(found.fetched))
}

fn tag_moved(moved: &MovedTag) -> String {
    let MovedTag { tag, chart, from, to, .. } = moved;
    format!("tag '{tag}' of chart '{chart}' moved from {from} to {to}")
}
