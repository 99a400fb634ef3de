//! `HelmCharts` as sources: resolves the version, pulls the chart, stores it.

mod build;
mod package;
mod resolve;

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use pilothouse_resources::condition::Status;
use pilothouse_resources::{ChartSourceKind, DurationString, HelmChart, HelmChartStatus, HelmRepository};

use self::build::Built;
use crate::context::Context;
use crate::source::{self, Failure, Source, Success};
use crate::status::Conditions;

/// What one pass knows before it asks a registry.
struct Job<'a> {
    context: &'a Context,
    chart: &'a HelmChart,
    repository: &'a HelmRepository,
    /// Revision of the artifact in storage, if it may still be the one wanted.
    stored: Option<String>,
}

impl Source for HelmChart {
    const KIND: &'static str = "HelmChart";
    const KIND_PATH: &'static str = "helmchart";
    const LINK: &'static str = "latest.tar.gz";

    /// The chart, where it is another one than what is stored.
    type Found = Option<Built>;

    fn interval(&self) -> Option<&DurationString> {
        Some(&self.spec.interval)
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend.unwrap_or(false)
    }

    async fn work(
        &self,
        context: &Context,
        status: &mut HelmChartStatus,
        _requested: Option<&str>,
    ) -> Result<Option<Built>, Failure> {
        let repository = repository_of(context, self)?;
        if self.spec.verify.is_some() {
            return Err(Failure::build(
                "ChartVerificationError",
                "chart verification error: verifying signatures is not supported yet; the chart was not used",
            ));
        }
        if !repository.spec.is_oci() {
            let revision = index_revision(self, &repository)?;
            status.observed_source_artifact_revision = Some(revision);
        }
        let same = status.observed_generation == self.metadata.generation;
        let stored = status.artifact.as_ref().filter(|_| same).map(|a| a.revision.clone());
        let job = Job { context, chart: self, repository: &repository, stored };
        let Some(mut built) = job.run().await? else { return Ok(None) };
        let file = format!("{}-{}.tgz", built.name, built.version);
        let archive = std::mem::take(&mut built.archive);
        let artifact =
            source::store(context, self, file, built.version.clone(), archive, BTreeMap::new()).await?;
        status.observed_chart_name = Some(built.name.clone());
        status.observed_values_files = if self.spec.ignore_missing_values_files == Some(true) {
            built.values_files.clone()
        } else {
            Vec::new()
        };
        status.artifact = Some(artifact);
        Ok(Some(built))
    }

    fn succeeded(
        &self,
        status: &mut HelmChartStatus,
        conditions: &mut Conditions,
        found: Option<Built>,
    ) -> Success {
        let revision = status.artifact.as_ref().map(|a| a.revision.as_str()).unwrap_or_default();
        let Some(built) = found else {
            let before = conditions.get(source::ARTIFACT_IN_STORAGE);
            let kept = before.filter(|c| c.status == Status::True.as_str());
            let (reason, message) = kept.map_or_else(
                || ("ChartPullSucceeded".to_owned(), format!("stored chart with version '{revision}'")),
                |kept| (kept.reason.clone(), kept.message.clone()),
            );
            return Success { reason, message, news: None, warnings: Vec::new() };
        };
        let (reason, message) = (built.reason().to_owned(), built.message());
        tracing::info!(namespace = self.namespace(), name = self.name_any(), revision, "{message}");
        let news = Some((reason.clone(), message.clone()));
        Success { reason, message, news, warnings: Vec::new() }
    }

    fn failed(&self, _status: &mut HelmChartStatus, conditions: &mut Conditions, failure: &Failure) {
        if failure.reason == "ChartVerificationError" {
            conditions.set(source::SOURCE_VERIFIED, Status::False, "VerificationError", &failure.message);
        } else {
            conditions.remove(source::SOURCE_VERIFIED);
        }
    }
}

/// The repository a chart names, as the watch knows it.
fn repository_of(context: &Context, chart: &HelmChart) -> Result<Arc<HelmRepository>, Failure> {
    let reference = &chart.spec.source_ref;
    if reference.kind != ChartSourceKind::HelmRepository {
        let kind = reference.kind.as_str();
        let message = format!(
            "failed to get source: unsupported source kind '{kind}', must be one of: [HelmRepository]"
        );
        return Err(Failure::fetch("UnsupportedSourceKind", message).stalled());
    }
    let key = ObjectRef::new(&reference.name).within(&chart.namespace().unwrap_or_default());
    let found = context.stores.repositories.get(&key);
    found.filter(|r| r.metadata.deletion_timestamp.is_none()).ok_or_else(|| {
        let name = &reference.name;
        Failure::fetch(
            "SourceUnavailable",
            format!("failed to get source: HelmRepository.source.toolkit.fluxcd.io \"{name}\" not found"),
        )
    })
}

/// The revision of the index in which a chart is looked up.
fn index_revision(chart: &HelmChart, repository: &HelmRepository) -> Result<String, Failure> {
    let artifact = repository.status.as_ref().and_then(|s| s.artifact.as_ref());
    artifact.map(|a| a.revision.clone()).ok_or_else(|| {
        let name = &chart.spec.source_ref.name;
        let message = format!("no artifact available for HelmRepository source '{name}'");
        Failure::fetch("NoSourceArtifact", message)
    })
}
