//! Reconciles `HelmRepositories`: syncs their catalog, HTTP and OCI alike, into an index artifact.

mod record;
mod sync;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use pilothouse_resources::condition::{READY, RECONCILING};
use pilothouse_resources::meta::{FORCE_AT, SOURCE_CONTROLLER};
use pilothouse_resources::{HelmRepository, HelmRepositoryStatus};

use crate::context::Context;
use crate::drive::{Outcome, Reconcile};
use crate::events::Severity;
use crate::source::{self, Failure};
use crate::status::{self, Conditions, Recent};

/// Kind of the artifacts, as it stands in their paths.
pub(crate) const KIND_PATH: &str = "helmrepository";
/// A pass that takes longer than this says so in the status while it works.
const SHOW_PROGRESS_AFTER: Duration = Duration::from_millis(500);

/// Reconciles `HelmRepositories`.
pub(crate) struct RepositoryReconciler {
    context: Arc<Context>,
    recent: Recent<HelmRepository>,
}

impl RepositoryReconciler {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, recent: Recent::default() }
    }

    async fn pass(&self, repository: Arc<HelmRepository>) -> Result<Outcome, status::Error> {
        let (namespace, name) = (repository.namespace().unwrap_or_default(), repository.name_any());
        let api = self.context.api::<HelmRepository>(&namespace);
        if repository.metadata.deletion_timestamp.is_some() {
            return self.delete(&api, repository).await;
        }
        // As in Flux, only those with an HTTP index have the finalizer.
        let wanted = !repository.spec.is_oci();
        let repository =
            status::set_finalizer(&api, &self.recent, SOURCE_CONTROLLER, &repository, wanted).await?;
        if repository.spec.suspend.unwrap_or(false) {
            self.measure(&repository);
            return Ok(Outcome::UntilChanged);
        }
        let mut status = repository.status.clone().unwrap_or_default();
        let generation = repository.metadata.generation.unwrap_or_default();
        let requested = source::requested(&*repository, status.last_handled_reconcile_at.as_deref());
        let stored = match &status.artifact {
            Some(artifact) => self.context.artifacts.is_stored(artifact).await,
            None => false,
        };
        if !stored {
            status.artifact = None;
        }
        let progress = source::progress(generation, status.observed_generation, stored);
        let force = requested.is_some() && repository.annotations().get(FORCE_AT) == requested.as_ref();
        let job = sync::Job {
            context: &self.context,
            repository: &repository,
            stored: status.artifact.clone(),
            force,
        };
        let mut repository_now = repository.clone();
        let outcome = {
            let mut work = std::pin::pin!(job.run());
            tokio::select! {
                outcome = &mut work => outcome,
                () = tokio::time::sleep(SHOW_PROGRESS_AFTER) => {
                    if let Some(progress) = &progress {
                        repository_now = self.show_progress(&api, &repository, progress).await?;
                    }
                    work.await
                }
            }
        };
        let mut conditions = Conditions::new(std::mem::take(&mut status.conditions), generation);
        let interval = source::duration(repository.spec.interval.as_ref(), source::DEFAULT_INTERVAL);
        let end = match outcome {
            Ok(synced) => {
                self.succeed(
                    &repository,
                    &mut status,
                    &mut conditions,
                    synced,
                    requested.is_some(),
                    interval,
                )
                .await;
                status.observed_generation = Some(generation);
                Outcome::After(interval)
            }
            Err(failure) => {
                self.fail(&repository, &mut status, &mut conditions, &failure, progress.as_deref());
                if failure.stalled {
                    status.observed_generation = Some(generation);
                }
                failure.outcome()
            }
        };
        status.conditions = conditions.into_list();
        if let Some(token) = requested {
            status.last_handled_reconcile_at = Some(token);
        }
        let written = status::write(&api, &self.recent, SOURCE_CONTROLLER, &repository_now, &status).await?;
        self.measure(&written);
        tracing::debug!(namespace, name, "repository reconciled");
        Ok(end)
    }

    async fn show_progress(
        &self,
        api: &kube::Api<HelmRepository>,
        repository: &Arc<HelmRepository>,
        progress: &str,
    ) -> Result<Arc<HelmRepository>, status::Error> {
        let mut status = repository.status.clone().unwrap_or_default();
        let generation = repository.metadata.generation.unwrap_or_default();
        let mut conditions = Conditions::new(std::mem::take(&mut status.conditions), generation);
        let failed = conditions.get(RECONCILING).is_some_and(|c| c.reason == "ProgressingWithRetry");
        if failed {
            // Between retries the cause of the last failure stays readable.
            return Ok(repository.clone());
        }
        source::set_progressing(&mut conditions, progress);
        status.conditions = conditions.into_list();
        status::write(api, &self.recent, SOURCE_CONTROLLER, repository, &status).await
    }

    /// Stores what a sync found and says so.
    async fn succeed(
        &self,
        repository: &Arc<HelmRepository>,
        status: &mut HelmRepositoryStatus,
        conditions: &mut Conditions,
        synced: sync::Synced,
        asked: bool,
        interval: Duration,
    ) {
        let recovered = conditions.get(READY).is_some_and(|c| c.status == "False");
        let changed = status.artifact.as_ref().map(|a| &a.revision) != Some(&synced.artifact.revision);
        status.url = Some(self.context.artifacts.url(&format!(
            "{KIND_PATH}/{}/{}/index.yaml",
            repository.namespace().unwrap_or_default(),
            repository.name_any()
        )));
        record::succeeded(status, &synced, changed, interval);
        let message = record::message(&synced);
        source::set_ready(conditions, "Succeeded", &message);
        let annotations = source::event_annotations(&synced.artifact);
        let events = &self.context.events;
        let tell = |reason: &str, text: &str| {
            events.record(
                &**repository,
                SOURCE_CONTROLLER,
                Severity::Normal,
                reason,
                text,
                annotations.clone(),
            );
        };
        if changed {
            let url = repository.spec.url.trim_end_matches('/');
            let size = source::human_size(synced.fetched);
            let what = if repository.spec.is_oci() {
                format!(
                    "stored catalog of {} charts with {} versions from '{url}'",
                    synced.charts, synced.versions
                )
            } else {
                format!("stored fetched index of size {size} from '{url}'")
            };
            tell("NewArtifact", &what);
            tracing::info!(
                namespace = repository.namespace(),
                name = repository.name_any(),
                charts = synced.charts,
                versions = synced.versions,
                requests = synced.requests,
                revision = synced.artifact.revision,
                "catalog changed"
            );
        } else if recovered {
            tell("Succeeded", &message);
        } else if asked {
            tell(
                "ArtifactUpToDate",
                &format!("artifact up-to-date with remote revision: '{}'", synced.artifact.revision),
            );
        }
        for moved in &synced.moved {
            let text = format!(
                "tag '{}' of chart '{}' moved from {} to {}",
                moved.tag, moved.chart, moved.from, moved.to
            );
            events.record(&**repository, SOURCE_CONTROLLER, Severity::Warning, "TagMoved", &text, Vec::new());
        }
        match self.context.artifacts.collect(&synced.artifact, self.context.retention()).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "collected old artifacts"),
            Err(error) => tracing::warn!(%error, "cannot collect old artifacts"),
        }
        status.artifact = Some(synced.artifact);
    }

    fn fail(
        &self,
        repository: &HelmRepository,
        status: &mut HelmRepositoryStatus,
        conditions: &mut Conditions,
        failure: &Failure,
        progress: Option<&str>,
    ) {
        source::set_failed(conditions, failure, progress);
        if status.artifact.is_none() {
            conditions.remove(source::ARTIFACT_IN_STORAGE);
        }
        record::failed(status, failure, Timestamp::now());
        let (reason, message) = failure.event.clone().unwrap_or((failure.reason, failure.message.clone()));
        self.context.events.record(
            repository,
            SOURCE_CONTROLLER,
            Severity::Warning,
            reason,
            &message,
            Vec::new(),
        );
    }

    async fn delete(
        &self,
        api: &kube::Api<HelmRepository>,
        repository: Arc<HelmRepository>,
    ) -> Result<Outcome, status::Error> {
        let (namespace, name) = (repository.namespace().unwrap_or_default(), repository.name_any());
        if let Err(error) = self.context.artifacts.remove_all(KIND_PATH, &namespace, &name).await {
            return Ok(Outcome::Retry(error.to_string()));
        }
        self.context.events.record(
            &*repository,
            SOURCE_CONTROLLER,
            Severity::Normal,
            "GarbageCollectionSucceeded",
            "garbage collected artifacts for deleted resource",
            Vec::new(),
        );
        status::set_finalizer(api, &self.recent, SOURCE_CONTROLLER, &repository, false).await?;
        self.recent.forget(&repository);
        self.context.options.metrics.forget(Self::KIND, &namespace, &name);
        Ok(Outcome::UntilChanged)
    }

    fn measure(&self, repository: &HelmRepository) {
        let conditions = repository.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
        let ready =
            pilothouse_resources::condition::find(conditions, READY).map_or("Unknown", |c| c.status.as_str());
        self.context.options.metrics.state(
            Self::KIND,
            &repository.namespace().unwrap_or_default(),
            &repository.name_any(),
            ready,
            repository.spec.suspend.unwrap_or(false),
        );
    }
}

impl Reconcile for RepositoryReconciler {
    type Object = HelmRepository;
    const KIND: &'static str = "HelmRepository";

    async fn reconcile(&self, object: Arc<HelmRepository>) -> Outcome {
        let object = self.recent.latest(object);
        match self.pass(object).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_gone() => Outcome::UntilChanged,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}
