//! Reconciles `HelmCharts`: resolves the version, pulls the chart, stores it.

mod build;
mod package;
mod resolve;

use std::sync::Arc;

use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use pilothouse_resources::condition::{READY, Status};
use pilothouse_resources::meta::SOURCE_CONTROLLER;
use pilothouse_resources::{ChartSourceKind, HelmChart, HelmChartStatus, HelmRepository};

use self::build::Built;
use crate::artifacts::NewArtifact;
use crate::context::Context;
use crate::drive::{Outcome, Reconcile};
use crate::events::Severity;
use crate::source::{self, Failure};
use crate::status::{self, Conditions, Recent};

/// Kind of the artifacts, as it stands in their paths.
const KIND_PATH: &str = "helmchart";

/// Reconciles `HelmCharts`.
pub(crate) struct ChartReconciler {
    context: Arc<Context>,
    recent: Recent<HelmChart>,
}

/// What one pass knows before it asks a registry.
struct Job<'a> {
    context: &'a Context,
    chart: &'a HelmChart,
    repository: &'a HelmRepository,
    /// Revision of the artifact in storage, if it may still be the one wanted.
    stored: Option<String>,
}

impl ChartReconciler {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, recent: Recent::default() }
    }

    async fn pass(&self, chart: Arc<HelmChart>) -> Result<Outcome, status::Error> {
        let (namespace, name) = (chart.namespace().unwrap_or_default(), chart.name_any());
        let api = self.context.api::<HelmChart>(&namespace);
        if chart.metadata.deletion_timestamp.is_some() {
            return self.delete(&api, chart).await;
        }
        let chart = status::set_finalizer(&api, &self.recent, SOURCE_CONTROLLER, &chart, true).await?;
        if chart.spec.suspend.unwrap_or(false) {
            self.measure(&chart);
            return Ok(Outcome::UntilChanged);
        }
        let mut status = chart.status.clone().unwrap_or_default();
        let generation = chart.metadata.generation.unwrap_or_default();
        let requested = source::requested(&*chart, status.last_handled_reconcile_at.as_deref());
        let stored = match &status.artifact {
            Some(artifact) => self.context.artifacts.is_stored(artifact).await,
            None => false,
        };
        if !stored {
            status.artifact = None;
        }
        let progress = source::progress(generation, status.observed_generation, stored);
        let mut conditions = Conditions::new(std::mem::take(&mut status.conditions), generation);
        let interval = source::duration(Some(&chart.spec.interval), source::DEFAULT_INTERVAL);
        let end = match self.work(&chart, &mut status).await {
            Ok(done) => {
                self.succeed(&chart, &mut status, &mut conditions, done, requested.is_some()).await;
                status.observed_generation = Some(generation);
                Outcome::After(interval)
            }
            Err(failure) => {
                self.fail(&chart, &status, &mut conditions, &failure, progress.as_deref());
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
        let written = status::write(&api, &self.recent, SOURCE_CONTROLLER, &chart, &status).await?;
        self.measure(&written);
        tracing::debug!(namespace, name, "chart reconciled");
        Ok(end)
    }

    /// Builds the chart the spec wants and stores it; `None` where what is stored is what is wanted.
    async fn work(&self, chart: &HelmChart, status: &mut HelmChartStatus) -> Result<Option<Built>, Failure> {
        let repository = self.repository(chart)?;
        if chart.spec.verify.is_some() {
            return Err(Failure::build(
                "ChartVerificationError",
                "chart verification error: verifying signatures is not supported yet; the chart was not used",
            ));
        }
        if !repository.spec.is_oci() {
            let artifact = repository.status.as_ref().and_then(|s| s.artifact.as_ref());
            let Some(artifact) = artifact else {
                let name = &chart.spec.source_ref.name;
                let message = format!("no artifact available for HelmRepository source '{name}'");
                return Err(Failure::fetch("NoSourceArtifact", message));
            };
            status.observed_source_artifact_revision = Some(artifact.revision.clone());
        }
        let same = status.observed_generation == chart.metadata.generation;
        let stored = status.artifact.as_ref().filter(|_| same).map(|a| a.revision.clone());
        let job = Job { context: &self.context, chart, repository: &repository, stored };
        let Some(mut built) = job.run().await? else { return Ok(None) };
        let new = NewArtifact {
            kind: KIND_PATH,
            namespace: chart.namespace().unwrap_or_default(),
            name: chart.name_any(),
            file: format!("{}-{}.tgz", built.name, built.version),
            revision: built.version.clone(),
            content: std::mem::take(&mut built.archive),
            metadata: std::collections::BTreeMap::new(),
        };
        let artifact = self.context.artifacts.store(new, "latest.tar.gz").await;
        let artifact = artifact.map_err(|error| Failure::storage("ArchiveOperationFailed", &error))?;
        status.observed_chart_name = Some(built.name.clone());
        status.observed_values_files = if chart.spec.ignore_missing_values_files == Some(true) {
            built.values_files.clone()
        } else {
            Vec::new()
        };
        status.artifact = Some(artifact);
        Ok(Some(built))
    }

    fn repository(&self, chart: &HelmChart) -> Result<Arc<HelmRepository>, Failure> {
        let reference = &chart.spec.source_ref;
        if reference.kind != ChartSourceKind::HelmRepository {
            let kind = reference.kind.as_str();
            let message = format!(
                "failed to get source: unsupported source kind '{kind}', must be one of: [HelmRepository]"
            );
            return Err(Failure::fetch("UnsupportedSourceKind", message).stalled());
        }
        let key = ObjectRef::new(&reference.name).within(&chart.namespace().unwrap_or_default());
        let found = self.context.stores.repositories.get(&key);
        found.filter(|r| r.metadata.deletion_timestamp.is_none()).ok_or_else(|| {
            let name = &reference.name;
            Failure::fetch(
                "SourceUnavailable",
                format!("failed to get source: HelmRepository.source.toolkit.fluxcd.io \"{name}\" not found"),
            )
        })
    }

    async fn succeed(
        &self,
        chart: &HelmChart,
        status: &mut HelmChartStatus,
        conditions: &mut Conditions,
        built: Option<Built>,
        asked: bool,
    ) {
        let (namespace, name) = (chart.namespace().unwrap_or_default(), chart.name_any());
        let Some(artifact) = status.artifact.clone() else { return };
        let recovered = conditions.get(READY).is_some_and(|c| c.status == "False");
        let before =
            conditions.get(source::ARTIFACT_IN_STORAGE).filter(|c| c.status == Status::True.as_str());
        let (reason, message) = match (&built, before) {
            (Some(built), _) => (built.reason().to_owned(), built.message()),
            (None, Some(kept)) => (kept.reason.clone(), kept.message.clone()),
            (None, None) => (
                "ChartPullSucceeded".to_owned(),
                format!("stored chart with version '{}'", artifact.revision),
            ),
        };
        source::set_ready(conditions, &reason, &message);
        status.url =
            Some(self.context.artifacts.url(&format!("{KIND_PATH}/{namespace}/{name}/latest.tar.gz")));
        status.artifact = Some(self.context.artifacts.readdress(&artifact));
        let annotations = source::event_annotations(&artifact);
        let tell = |reason: &str, text: &str| {
            let events = &self.context.events;
            events.record(chart, SOURCE_CONTROLLER, Severity::Normal, reason, text, annotations.clone());
        };
        if built.is_some() {
            tell(&reason, &message);
            tracing::info!(namespace, name, revision = artifact.revision, "{message}");
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
        chart: &HelmChart,
        status: &HelmChartStatus,
        conditions: &mut Conditions,
        failure: &Failure,
        progress: Option<&str>,
    ) {
        source::set_failed(conditions, failure, progress);
        if status.artifact.is_none() {
            conditions.remove(source::ARTIFACT_IN_STORAGE);
        }
        if failure.reason == "ChartVerificationError" {
            conditions.set(source::SOURCE_VERIFIED, Status::False, "VerificationError", &failure.message);
        } else {
            conditions.remove(source::SOURCE_VERIFIED);
        }
        let (reason, message) = failure.event.clone().unwrap_or((failure.reason, failure.message.clone()));
        self.context.events.record(chart, SOURCE_CONTROLLER, Severity::Warning, reason, &message, Vec::new());
    }

    async fn delete(
        &self,
        api: &kube::Api<HelmChart>,
        chart: Arc<HelmChart>,
    ) -> Result<Outcome, status::Error> {
        let (namespace, name) = (chart.namespace().unwrap_or_default(), chart.name_any());
        if let Err(error) = self.context.artifacts.remove_all(KIND_PATH, &namespace, &name).await {
            return Ok(Outcome::Retry(error.to_string()));
        }
        self.context.events.record(
            &*chart,
            SOURCE_CONTROLLER,
            Severity::Normal,
            "GarbageCollectionSucceeded",
            "garbage collected artifacts for deleted resource",
            Vec::new(),
        );
        status::set_finalizer(api, &self.recent, SOURCE_CONTROLLER, &chart, false).await?;
        self.recent.forget(&chart);
        Ok(Outcome::UntilChanged)
    }

    fn measure(&self, chart: &HelmChart) {
        let conditions = chart.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
        let ready =
            pilothouse_resources::condition::find(conditions, READY).map_or("Unknown", |c| c.status.as_str());
        let suspended = chart.spec.suspend.unwrap_or(false);
        let (namespace, name) = (chart.namespace().unwrap_or_default(), chart.name_any());
        self.context.options.metrics.state(Self::KIND, &namespace, &name, ready, suspended);
    }
}

impl Reconcile for ChartReconciler {
    type Object = HelmChart;
    const KIND: &'static str = "HelmChart";

    async fn reconcile(&self, object: Arc<HelmChart>) -> Outcome {
        let object = self.recent.latest(object);
        match self.pass(object).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_gone() => Outcome::UntilChanged,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}
