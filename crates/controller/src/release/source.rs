//! Where the chart of a release comes from: the artifact of a HelmChart or an OCIRepository, and whether it is ready.

use std::time::Duration;

use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use pilothouse_chart::{Chart, Limits};
use pilothouse_release::desired;
use pilothouse_resources::{
    Artifact, ChartRefKind, ChartSourceKind, Condition, HelmRepository, OCIRepository, condition,
};

use super::{caches::Identity, pass::Pass};
use crate::artifacts;

/// Largest chart archive (Flux: `--helm-chart-max-size`, there 10 MiB).
const MAX_ARCHIVE: u64 = 20 << 20;
/// What a source's reconciler has not looked at yet.
const NOT_OBSERVED: &str = "latest generation of object has not been reconciled";
/// Reason of a source's `Ready` when what it comes from is gone: its artifact is no longer kept in step with anything.
const SOURCE_UNAVAILABLE: &str = "SourceUnavailable";

/// The artifact with the chart.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) artifact: Artifact,
    /// Digest of the manifest, of an OCIRepository.
    pub(super) oci_digest: Option<String>,
}

/// Why there is no chart.
#[derive(Debug)]
pub(super) struct NotReady {
    pub(super) reason: &'static str,
    pub(super) message: String,
    /// The source's reconciler only has to look at it.
    pub(super) fresh: bool,
    /// An event and growing waits, instead of waiting for the source.
    pub(super) failure: bool,
}

impl NotReady {
    fn source(message: String) -> Self {
        Self { reason: "SourceNotReady", message, fresh: false, failure: false }
    }

    fn artifact(message: String) -> Self {
        Self { reason: "ArtifactFailed", message, fresh: false, failure: false }
    }

    fn failure(reason: &'static str, message: String) -> Self {
        Self { reason, message, fresh: false, failure: true }
    }
}

/// What a source says of itself.
struct State<'a> {
    kind: &'static str,
    named: String,
    generation: Option<i64>,
    observed_generation: Option<i64>,
    conditions: &'a [Condition],
    artifact: Option<&'a Artifact>,
}

impl State<'_> {
    fn artifact(&self) -> Result<Artifact, NotReady> {
        let not_ready =
            |why: &str| NotReady::source(format!("{} '{}' is not ready: {why}", self.kind, self.named));
        let ready = condition::find(self.conditions, condition::READY);
        let stalled =
            condition::find(self.conditions, condition::STALLED).filter(|stalled| stalled.status == "True");
        // Flux says only that the generation was not reconciled; the cause is there to be told.
        let failing =
            ready.filter(|ready| ready.status == "False" && ready.observed_generation == self.generation);
        if self.observed_generation != self.generation {
            return Err(
                match stalled.filter(|stalled| stalled.observed_generation == self.generation).or(failing) {
                    Some(problem) => not_ready(&problem.message),
                    None => NotReady { fresh: true, ..not_ready(NOT_OBSERVED) },
                },
            );
        }
        if let Some(stalled) = stalled {
            return Err(not_ready(&stalled.message));
        }
        if let Some(gone) = failing.filter(|ready| ready.reason == SOURCE_UNAVAILABLE) {
            return Err(not_ready(&gone.message));
        }
        match (self.artifact, ready) {
            (Some(artifact), _) => Ok(artifact.clone()),
            (None, Some(ready)) => Err(not_ready(&ready.message)),
            (None, None) => Err(not_ready("does not have an artifact")),
        }
    }
}

impl Pass<'_> {
    /// The artifact with the chart, if its source is ready.
    pub(super) fn source(&self) -> Result<Source, NotReady> {
        if let Some(template) = &self.object.spec.chart {
            self.check_repository(template)?;
            let own = self.object.namespace().unwrap_or_default();
            let (namespace, name) = desired::helm_chart_name(&own, &self.object.name_any(), template);
            return self.of_helm_chart(&namespace, &name, true);
        }
        let Some(reference) = &self.object.spec.chart_ref else {
            return Err(NotReady::artifact("neither spec.chart nor spec.chartRef is set".to_owned()));
        };
        let own = self.object.namespace().unwrap_or_default();
        let namespace = reference.namespace.as_ref().unwrap_or(&own);
        match reference.kind {
            ChartRefKind::HelmChart => self.of_helm_chart(namespace, &reference.name, false),
            ChartRefKind::OCIRepository => self.of_oci_repository(namespace, &reference.name),
            ChartRefKind::ExternalArtifact => Err(NotReady::artifact(
                "chartRef of kind ExternalArtifact is not supported: use OCIRepository or HelmChart"
                    .to_owned(),
            )),
        }
    }

    /// A repository that is gone is told at once, whatever its charts still say.
    fn check_repository(&self, template: &pilothouse_resources::HelmChartTemplate) -> Result<(), NotReady> {
        let source = &template.spec.source_ref;
        let own = self.object.namespace().unwrap_or_default();
        let namespace = source.namespace.as_ref().unwrap_or(&own);
        let options = &self.releases.context.options;
        let watched = options.label_selector.is_none()
            && options.namespace.as_ref().is_none_or(|watched| watched == namespace);
        if source.kind != ChartSourceKind::HelmRepository || !watched {
            return Ok(());
        }
        let key = ObjectRef::<HelmRepository>::new(&source.name).within(namespace);
        if self.releases.context.stores.repositories.get(&key).is_some() {
            return Ok(());
        }
        let chart = format!("{namespace}/{own}-{}", self.object.name_any());
        Err(NotReady::source(format!(
            "HelmChart '{chart}' is not ready: failed to get source: HelmRepository.source.toolkit.fluxcd.io \"{}\" \
             not found",
            source.name
        )))
    }

    fn of_helm_chart(&self, namespace: &str, name: &str, made_by_us: bool) -> Result<Source, NotReady> {
        let named = format!("{namespace}/{name}");
        let Some(chart) = self.newest_chart(namespace, name) else {
            return Err(if made_by_us {
                NotReady {
                    fresh: true,
                    ..NotReady::source(format!("HelmChart '{named}' is not ready: {NOT_OBSERVED}"))
                }
            } else {
                not_found("HelmChart", name)
            });
        };
        let status = chart.status.clone().unwrap_or_default();
        let state = State {
            kind: "HelmChart",
            named,
            generation: chart.metadata.generation,
            observed_generation: status.observed_generation,
            conditions: &status.conditions,
            artifact: status.artifact.as_ref(),
        };
        Ok(Source { artifact: state.artifact()?, oci_digest: None })
    }

    fn of_oci_repository(&self, namespace: &str, name: &str) -> Result<Source, NotReady> {
        let key = ObjectRef::<OCIRepository>::new(name).within(namespace);
        let Some(repository) = self.releases.context.stores.oci.get(&key) else {
            return Err(not_found("OCIRepository", name));
        };
        let status = repository.status.clone().unwrap_or_default();
        let state = State {
            kind: "OCIRepository",
            named: format!("{namespace}/{name}"),
            generation: repository.metadata.generation,
            observed_generation: status.observed_generation,
            conditions: &status.conditions,
            artifact: status.artifact.as_ref(),
        };
        let artifact = state.artifact()?;
        let digest = artifact.revision.rsplit('@').next().unwrap_or(&artifact.revision).to_owned();
        Ok(Source { artifact, oci_digest: Some(digest) })
    }

    /// Name and version of the chart in an artifact: known, or read from it.
    pub(super) async fn identity(&self, source: &Source) -> Result<Identity, NotReady> {
        let digest = source.artifact.digest.clone().unwrap_or_default();
        let with_digest = |identity: Identity| match &source.oci_digest {
            Some(oci) => {
                Identity { version: desired::chart_version_with_digest(&identity.version, oci), ..identity }
            }
            None => identity,
        };
        if let Some(identity) = self.releases.caches.identity(&digest) {
            return Ok(with_digest(identity));
        }
        // After a restart: what was deployed last is known without reading the artifact again.
        let unchanged = self.status.observed_generation == self.object.metadata.generation;
        if let Some(snapshot) = self.status.latest().filter(|_| unchanged) {
            let same = match &source.oci_digest {
                Some(oci) => snapshot.oci_digest.as_ref() == Some(oci),
                None => snapshot.chart_version == source.artifact.revision,
            };
            if same {
                return Ok(Identity {
                    name: snapshot.chart_name.clone(),
                    version: snapshot.chart_version.clone(),
                });
            }
        }
        let chart = self.load(source).await?;
        Ok(with_digest(Identity { name: chart.name().to_owned(), version: chart.version().to_owned() }))
    }

    /// The chart itself; its version carries the digest where it comes from an OCIRepository.
    pub(super) async fn chart_to_render(&self, source: &Source) -> Result<Chart, NotReady> {
        let chart = self.load(source).await?;
        let Some(oci) = &source.oci_digest else { return Ok(chart) };
        let tag = source.artifact.revision.split_once('@').map(|(tag, _)| tag.replace('_', "+"));
        if let Some(tag) = tag.filter(|tag| looks_like_version(tag) && tag != chart.version()) {
            return Err(NotReady::failure(
                "ChartMutateError",
                format!(
                    "artifact revision {} does not match chart version {}: tag '{tag}'",
                    source.artifact.revision,
                    chart.version()
                ),
            ));
        }
        Ok(chart.with_version(desired::chart_version_with_digest(chart.version(), oci)))
    }

    async fn load(&self, source: &Source) -> Result<Chart, NotReady> {
        let digest = source.artifact.digest.clone().unwrap_or_default();
        if let Some(chart) = self.releases.caches.chart(&digest) {
            return Ok(chart);
        }
        let bytes =
            self.releases.context.artifacts.read(&source.artifact, MAX_ARCHIVE).await.map_err(|error| {
                NotReady::failure(
                    "ArtifactFailed",
                    format!("could not load chart: {}", artifacts::explain(&error)),
                )
            })?;
        let loading = tokio::task::spawn_blocking(move || Chart::load_archive(&bytes, &Limits::default()));
        let loaded = loading.await.map_err(|error| NotReady::failure("ArtifactFailed", error.to_string()))?;
        let chart = loaded.map_err(|error| {
            NotReady::failure("ArtifactFailed", format!("failed to load chart from artifact: {error}"))
        })?;
        self.releases.caches.keep_chart(&digest, &chart);
        Ok(chart)
    }
}

fn not_found(kind: &str, name: &str) -> NotReady {
    NotReady::artifact(format!(
        "could not get Source object: {kind}.source.toolkit.fluxcd.io \"{name}\" not found"
    ))
}

fn looks_like_version(tag: &str) -> bool {
    let numbers = tag.split(['-', '+']).next().unwrap_or_default();
    numbers.split('.').count() == 3
        && numbers.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// How long a source that is being looked at for the first time may take before the release says that it waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
