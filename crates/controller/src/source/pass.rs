//! One pass over a source, whatever its kind.

use std::sync::Arc;

use kube::{Api, ResourceExt as _};
use pilothouse_resources::condition::{self, READY, RECONCILING};
use pilothouse_resources::{Artifact, meta};

use super::conditions::{self, ARTIFACT_IN_STORAGE};
use super::{DEFAULT_INTERVAL, Failure, Source, SourceStatus as _, Success, duration};
use crate::context::Context;
use crate::drive::{Outcome, Reconcile};
use crate::events::Severity;
use crate::status::{self, Conditions, Recent};

/// Key of a revision in event annotations.
const REVISION_KEY: &str = "source.toolkit.fluxcd.io/revision";
/// Key of a digest in event annotations.
const DIGEST_KEY: &str = "source.toolkit.fluxcd.io/digest";

/// Reconciles the sources of one kind.
pub(crate) struct SourceReconciler<S> {
    context: Arc<Context>,
    recent: Recent<S>,
}

/// How the work of a pass ended, and the object as it is then: it differs from the pass's where progress was shown.
type Worked<S> = (Result<<S as Source>::Found, Failure>, Arc<S>);

impl<S: Source> SourceReconciler<S> {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, recent: Recent::default() }
    }

    async fn pass(&self, source: Arc<S>) -> Result<Outcome, status::Error> {
        let api = self.context.api::<S>(&source.namespace().unwrap_or_default());
        if source.meta().deletion_timestamp.is_some() {
            return self.delete(&api, source).await;
        }
        let wanted = source.needs_finalizer();
        let source =
            status::set_finalizer(&api, &self.recent, meta::SOURCE_CONTROLLER, &source, wanted).await?;
        if source.is_suspended() {
            self.measure(&source);
            return Ok(Outcome::UntilChanged);
        }
        let mut status = source.status().cloned().unwrap_or_default();
        let generation = source.meta().generation.unwrap_or_default();
        let stored = match status.artifact() {
            Some(artifact) => self.context.artifacts.is_stored(artifact).await,
            None => false,
        };
        let fields = status.fields();
        if !stored {
            *fields.artifact = None;
        }
        let requested = requested(&*source, fields.last_handled_reconcile_at.as_deref());
        let progress = conditions::progress(generation, *fields.observed_generation, stored);
        let (worked, now) =
            self.work(&api, &source, &mut status, requested.as_deref(), progress.as_deref()).await?;
        let mut conditions = Conditions::new(std::mem::take(status.fields().conditions), generation);
        let end = match worked {
            Ok(found) => {
                self.succeed(&source, &mut status, &mut conditions, found, requested.is_some()).await;
                *status.fields().observed_generation = Some(generation);
                Outcome::After(duration(source.interval(), DEFAULT_INTERVAL))
            }
            Err(failure) => {
                self.fail(&source, &mut status, &mut conditions, &failure, progress.as_deref());
                if failure.stalled {
                    *status.fields().observed_generation = Some(generation);
                }
                failure.outcome()
            }
        };
        *status.fields().conditions = conditions.into_list();
        if requested.is_some() {
            *status.fields().last_handled_reconcile_at = requested;
        }
        let written = status::write(&api, &self.recent, meta::SOURCE_CONTROLLER, &now, &status).await?;
        self.measure(&written);
        Ok(end)
    }

    /// Works, and says so meanwhile where the kind wants it.
    async fn work(
        &self,
        api: &Api<S>,
        source: &Arc<S>,
        status: &mut S::Status,
        requested: Option<&str>,
        progress: Option<&str>,
    ) -> Result<Worked<S>, status::Error> {
        let mut work = std::pin::pin!(source.work(&self.context, status, requested));
        let (Some(after), Some(progress)) = (S::SHOW_PROGRESS_AFTER, progress) else {
            return Ok((work.await, source.clone()));
        };
        tokio::select! {
            worked = &mut work => Ok((worked, source.clone())),
            () = tokio::time::sleep(after) => {
                let now = self.show_progress(api, source, progress).await?;
                Ok((work.await, now))
            }
        }
    }

    async fn show_progress(
        &self,
        api: &Api<S>,
        source: &Arc<S>,
        progress: &str,
    ) -> Result<Arc<S>, status::Error> {
        let mut status = source.status().cloned().unwrap_or_default();
        let generation = source.meta().generation.unwrap_or_default();
        let mut conditions = Conditions::new(std::mem::take(status.fields().conditions), generation);
        if conditions.get(RECONCILING).is_some_and(|c| c.reason == "ProgressingWithRetry") {
            // Between retries the cause of the last failure stays readable.
            return Ok(source.clone());
        }
        conditions::set_progressing(&mut conditions, progress);
        *status.fields().conditions = conditions.into_list();
        status::write(api, &self.recent, meta::SOURCE_CONTROLLER, source, &status).await
    }

    async fn succeed(
        &self,
        source: &Arc<S>,
        status: &mut S::Status,
        conditions: &mut Conditions,
        found: S::Found,
        asked: bool,
    ) {
        let recovered = conditions.get(READY).is_some_and(|c| c.status == "False");
        let success = source.succeeded(status, conditions, found);
        conditions::set_ready(conditions, &success.reason, &success.message);
        let Some(artifact) = status.artifact().map(|a| self.context.artifacts.readdress(a)) else { return };
        let (namespace, name) = (source.namespace().unwrap_or_default(), source.name_any());
        let link = format!("{}/{namespace}/{name}/{}", S::KIND_PATH, S::LINK);
        let fields = status.fields();
        *fields.url = Some(self.context.artifacts.url(&link));
        *fields.artifact = Some(artifact.clone());
        self.tell(source, &artifact, success, recovered, asked);
        match self.context.artifacts.collect(&artifact, self.context.retention()).await {
            Ok(0) => {}
            Ok(removed) => {
                tracing::debug!(kind = S::KIND, namespace, name, removed, "collected old artifacts");
            }
            Err(error) => {
                tracing::warn!(kind = S::KIND, namespace, name, %error, "cannot collect old artifacts");
            }
        }
    }

    /// Records the events of a success: of several that fit the first, and all warnings.
    fn tell(&self, source: &S, artifact: &Artifact, success: Success, recovered: bool, asked: bool) {
        let news = if success.news.is_some() {
            success.news
        } else if recovered {
            Some(("Succeeded".to_owned(), success.message))
        } else if asked {
            let text = format!("artifact up-to-date with remote revision: '{}'", artifact.revision);
            Some(("ArtifactUpToDate".to_owned(), text))
        } else {
            None
        };
        if let Some((reason, text)) = news {
            self.record(source, Severity::Normal, &reason, &text, event_annotations(artifact));
        }
        for (reason, text) in success.warnings {
            self.record(source, Severity::Warning, reason, &text, Vec::new());
        }
    }

    fn fail(
        &self,
        source: &S,
        status: &mut S::Status,
        conditions: &mut Conditions,
        failure: &Failure,
        progress: Option<&str>,
    ) {
        conditions::set_failed(conditions, failure, progress);
        if status.artifact().is_none() {
            conditions.remove(ARTIFACT_IN_STORAGE);
        }
        source.failed(status, conditions, failure);
        let (reason, message) = failure.event.clone().unwrap_or((failure.reason, failure.message.clone()));
        self.record(source, Severity::Warning, reason, &message, Vec::new());
    }

    async fn delete(&self, api: &Api<S>, source: Arc<S>) -> Result<Outcome, status::Error> {
        let (namespace, name) = (source.namespace().unwrap_or_default(), source.name_any());
        if let Err(error) = self.context.artifacts.remove_all(S::KIND_PATH, &namespace, &name).await {
            return Ok(Outcome::Retry(error.to_string()));
        }
        let text = "garbage collected artifacts for deleted resource";
        self.record(&source, Severity::Normal, "GarbageCollectionSucceeded", text, Vec::new());
        status::set_finalizer(api, &self.recent, meta::SOURCE_CONTROLLER, &source, false).await?;
        self.recent.forget(&source);
        Ok(Outcome::UntilChanged)
    }

    fn record(
        &self,
        source: &S,
        severity: Severity,
        reason: &str,
        message: &str,
        annotations: Vec<(String, String)>,
    ) {
        let events = &self.context.events;
        events.record(source, meta::SOURCE_CONTROLLER, severity, reason, message, annotations);
    }

    fn measure(&self, source: &S) {
        let conditions = source.status().map(S::Status::conditions).unwrap_or_default();
        let ready = condition::find(conditions, READY).map_or("Unknown", |c| c.status.as_str());
        let (namespace, name) = (source.namespace().unwrap_or_default(), source.name_any());
        self.context.options.metrics.state(S::KIND, &namespace, &name, ready, source.is_suspended());
    }
}

impl<S: Source> Reconcile for SourceReconciler<S> {
    type Object = S;
    const KIND: &'static str = S::KIND;

    async fn reconcile(&self, object: Arc<S>) -> Outcome {
        let object = self.recent.latest(object);
        match self.pass(object).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_gone() => Outcome::UntilChanged,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}

/// The request to reconcile that is not handled yet, if there is one.
fn requested<K: kube::Resource>(object: &K, handled: Option<&str>) -> Option<String> {
    let token = object.annotations().get(meta::RECONCILE_REQUESTED_AT)?;
    (Some(token.as_str()) != handled).then(|| token.clone())
}

/// The annotations of an event about an artifact.
fn event_annotations(artifact: &Artifact) -> Vec<(String, String)> {
    let digest = artifact.digest.clone().map(|digest| (DIGEST_KEY.to_owned(), digest));
    [(REVISION_KEY.to_owned(), artifact.revision.clone())].into_iter().chain(digest).collect()
}
