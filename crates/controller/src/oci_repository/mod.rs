//! Reconciles `OCIRepositories`: follows a tag, a range or a digest, and stores one layer of what it points to.

mod fetch;
mod layer;

use std::sync::Arc;

use kube::ResourceExt as _;
use pilothouse_resources::condition::{READY, Status};
use pilothouse_resources::meta::SOURCE_CONTROLLER;
use pilothouse_resources::{OCIRepository, OCIRepositoryStatus};

use self::fetch::Fetched;
use crate::artifacts::NewArtifact;
use crate::context::Context;
use crate::drive::{Outcome, Reconcile};
use crate::events::Severity;
use crate::source::{self, Failure};
use crate::status::{self, Conditions, Recent};

/// Kind of the artifacts, as it stands in their paths.
const KIND_PATH: &str = "ocirepository";

/// Reconciles `OCIRepositories`.
pub(crate) struct OciRepositoryReconciler {
    context: Arc<Context>,
    recent: Recent<OCIRepository>,
}

impl OciRepositoryReconciler {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, recent: Recent::default() }
    }

    async fn pass(&self, repository: Arc<OCIRepository>) -> Result<Outcome, status::Error> {
        let (namespace, name) = (repository.namespace().unwrap_or_default(), repository.name_any());
        let api = self.context.api::<OCIRepository>(&namespace);
        if repository.metadata.deletion_timestamp.is_some() {
            return self.delete(&api, repository).await;
        }
        let repository =
            status::set_finalizer(&api, &self.recent, SOURCE_CONTROLLER, &repository, true).await?;
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
        let mut conditions = Conditions::new(std::mem::take(&mut status.conditions), generation);
        let interval = source::duration(Some(&repository.spec.interval), source::DEFAULT_INTERVAL);
        let end = match self.work(&repository, &mut status).await {
            Ok(new) => {
                self.succeed(&repository, &mut status, &mut conditions, new, requested.is_some()).await;
                status.observed_generation = Some(generation);
                Outcome::After(interval)
            }
            Err(failure) => {
                self.fail(&repository, &status, &mut conditions, &failure, progress.as_deref());
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
        let written = status::write(&api, &self.recent, SOURCE_CONTROLLER, &repository, &status).await?;
        self.measure(&written);
        tracing::debug!(namespace, name, "OCI repository reconciled");
        Ok(end)
    }

    /// Fetches what the spec means and stores it; `false` where it is stored already.
    async fn work(
        &self,
        repository: &OCIRepository,
        status: &mut OCIRepositoryStatus,
    ) -> Result<bool, Failure> {
        if repository.spec.verify.is_some() {
            return Err(Failure::fetch(
                "VerificationError",
                "failed to verify the signature: verifying signatures is not supported yet; the artifact was not used",
            ));
        }
        let same = status.observed_ignore == repository.spec.ignore
            && status.observed_layer_selector == repository.spec.layer_selector;
        let stored = status.artifact.as_ref().filter(|_| same).map(|a| a.revision.clone());
        let Some(fetched) = fetch::run(&self.context, repository, stored.as_deref()).await? else {
            return Ok(false);
        };
        let Fetched { revision, digest, content, annotations } = fetched;
        let new = NewArtifact {
            kind: KIND_PATH,
            namespace: repository.namespace().unwrap_or_default(),
            name: repository.name_any(),
            file: format!("{digest}.tar.gz"),
            revision,
            content,
            metadata: annotations,
        };
        let artifact = self.context.artifacts.store(new, "latest.tar.gz").await;
        status.artifact = Some(artifact.map_err(|error| Failure::storage("ArchiveOperationFailed", &error))?);
        status.observed_ignore.clone_from(&repository.spec.ignore);
        status.observed_layer_selector.clone_from(&repository.spec.layer_selector);
        Ok(true)
    }

    async fn succeed(
        &self,
        repository: &OCIRepository,
        status: &mut OCIRepositoryStatus,
        conditions: &mut Conditions,
        new: bool,
        asked: bool,
    ) {
        let (namespace, name) = (repository.namespace().unwrap_or_default(), repository.name_any());
        let Some(artifact) = status.artifact.clone() else { return };
        let recovered = conditions.get(READY).is_some_and(|c| c.status == "False");
        let message = format!("stored artifact for digest '{}'", artifact.revision);
        source::set_ready(conditions, "Succeeded", &message);
        conditions.remove(source::SOURCE_VERIFIED);
        status.url =
            Some(self.context.artifacts.url(&format!("{KIND_PATH}/{namespace}/{name}/latest.tar.gz")));
        status.artifact = Some(self.context.artifacts.readdress(&artifact));
        let annotations = source::event_annotations(&artifact);
        let tell = |reason: &str, text: &str| {
            let events = &self.context.events;
            events.record(repository, SOURCE_CONTROLLER, Severity::Normal, reason, text, annotations.clone());
        };
        if new {
            let mut text = format!(
                "stored artifact with revision '{}' from '{}'",
                artifact.revision, repository.spec.url
            );
            let get = |key: &str| artifact.metadata.as_ref().and_then(|m| m.get(key)).cloned();
            if let Some(origin) = get("org.opencontainers.image.source") {
                text.push_str(&format!(", origin source '{origin}'"));
            }
            if let Some(origin) = get("org.opencontainers.image.revision") {
                text.push_str(&format!(", origin revision '{origin}'"));
            }
            tell("NewArtifact", &text);
            tracing::info!(namespace, name, revision = artifact.revision, "stored artifact");
        } else if recovered {
            tell("Succeeded", &message);
        } else if asked {
            tell(
                "ArtifactUpToDate",
                &format!("artifact up-to-date with remote revision: '{}'", artifact.revision),
            );
        }
        if let Err(error) = self.context.artifacts.collect(&artifact, self.context.retention()).await {
            tracing::warn!(%error, "cannot collect old artifacts");
        }
    }

    fn fail(
        &self,
        repository: &OCIRepository,
        status: &OCIRepositoryStatus,
        conditions: &mut Conditions,
        failure: &Failure,
        progress: Option<&str>,
    ) {
        source::set_failed(conditions, failure, progress);
        if status.artifact.is_none() {
            conditions.remove(source::ARTIFACT_IN_STORAGE);
        }
        if failure.reason == "VerificationError" {
            conditions.remove(source::FETCH_FAILED);
            conditions.set(source::SOURCE_VERIFIED, Status::False, failure.reason, &failure.message);
        }
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
        api: &kube::Api<OCIRepository>,
        repository: Arc<OCIRepository>,
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
        Ok(Outcome::UntilChanged)
    }

    fn measure(&self, repository: &OCIRepository) {
        let conditions = repository.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
        let ready =
            pilothouse_resources::condition::find(conditions, READY).map_or("Unknown", |c| c.status.as_str());
        let suspended = repository.spec.suspend.unwrap_or(false);
        let (namespace, name) = (repository.namespace().unwrap_or_default(), repository.name_any());
        self.context.options.metrics.state(Self::KIND, &namespace, &name, ready, suspended);
    }
}

impl Reconcile for OciRepositoryReconciler {
    type Object = OCIRepository;
    const KIND: &'static str = "OCIRepository";

    async fn reconcile(&self, object: Arc<OCIRepository>) -> Outcome {
        let object = self.recent.latest(object);
        match self.pass(object).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_gone() => Outcome::UntilChanged,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}
