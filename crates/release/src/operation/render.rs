//! From chart and values to a pending record.

use std::{sync::Arc, time::SystemTime};

use jiff::Timestamp;
use pilothouse_chart::{
    Chart, Random, Release, RenderContext, RenderError, Rendered,
    values::{self, Values},
};
use rand::RngCore;
use serde_json::Value;

use super::{Action, Failure, Operation, Phase, World};
use crate::{
    cluster::{Cluster, ClusterLookup},
    post_render::PostRendering,
    record::{HookRun, Info, Record, RecordHook, SERVER_SIDE_APPLY, Status},
    storage::Stored,
};

/// What an install or upgrade renders.
#[derive(Clone)]
pub struct RenderInput {
    /// The chart.
    pub chart: Chart,
    /// The user's values, composed.
    pub values: Values,
    /// What is done with the rendered documents.
    pub post_rendering: Arc<PostRendering>,
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::rng().fill_bytes(buffer);
    }
}

/// A chart rendered, with the chart in the form the record keeps.
pub(super) struct RenderedRecord {
    pub(super) rendered: Rendered,
    pub(super) chart: Value,
}

async fn render(
    cluster: &Cluster,
    input: RenderInput,
    release: Release,
    skip_schema: bool,
) -> Result<Result<RenderedRecord, RenderError>, Failure> {
    let capabilities = cluster.capabilities().await?;
    let lookup = ClusterLookup::new(cluster.clone());
    let task = tokio::task::spawn_blocking(move || {
        let context = RenderContext {
            capabilities,
            lookup: Some(&lookup),
            random: Some(&SystemRandom),
            now: SystemTime::now(),
            skip_schema,
            post_render: Some(&*input.post_rendering),
            ..RenderContext::new(release)
        };
        let rendered = pilothouse_chart::render(&input.chart, &input.values, &context)?;
        let chart = rendered.chart.to_release_json();
        Ok(RenderedRecord { rendered, chart })
    });
    task.await.map_err(|error| Failure::Failed(format!("rendering stopped: {error}")))
}

impl Operation {
    /// Renders, and goes on with the chart's CRDs or the record.
    pub(super) async fn prepare_revision(&mut self, world: &World) -> Result<Phase, Failure> {
        self.history = world.storage.history(&self.target.name).await?;
        self.previous = self.superseded(world).await?;
        let Some(mut input) = self.input.clone() else {
            return Err(Failure::Failed("there is no chart to render".to_owned()));
        };
        if self.options.preserve_values
            && let Some(previous) = self.previous.first()
        {
            let old = Values::from_json(&Value::Object(previous.record.config())).map_err(Failure::Failed)?;
            input.values = values::merge(old, input.values);
        }
        let version = self.history.first().map_or(0, |revision| revision.version) + 1;
        let release = Release {
            name: self.target.name.clone(),
            namespace: self.target.namespace.clone(),
            revision: version,
            is_install: self.action == Action::Install,
        };
        let skip = self.options.skip_schema;
        let first = render(&world.cluster, input.clone(), release.clone(), skip).await?;
        let crds = match &first {
            Ok(rendered) => rendered.rendered.crds.clone(),
            // The failure may come from a kind that the chart itself brings; disabled subcharts are left out.
            Err(_) => input.chart.crds().into_iter().filter(|crd| !crd.path.contains("/charts/")).collect(),
        };
        let applied = self.apply_crds(world, crds, &input.post_rendering).await?;
        if !applied.is_empty() {
            let deadline = Timestamp::now().saturating_add(super::crds::TIMEOUT).unwrap_or(Timestamp::MAX);
            return Ok(Phase::Crds { waiting: applied, deadline });
        }
        let rendered = first.map_err(|error| Failure::Failed(error.explained()))?;
        self.check_and_keep(world, rendered, &input.values, version).await
    }

    async fn check_and_keep(
        &mut self,
        world: &World,
        rendered: RenderedRecord,
        values: &Values,
        version: u32,
    ) -> Result<Phase, Failure> {
        let record = self.pending_record(rendered, values, version);
        self.input = None;
        self.check_objects(world, &record).await?;
        let labels = self.previous.first().map(|previous| previous.labels.clone()).unwrap_or_default();
        self.stored = Some(Stored { record, labels, marker: None, resource_version: String::new() });
        Ok(Phase::Record)
    }

    fn pending_record(&self, rendered: RenderedRecord, values: &Values, version: u32) -> Record {
        let RenderedRecord { rendered, chart } = rendered;
        let now = Timestamp::now();
        let first_deployed = self.previous.first().and_then(|previous| previous.record.info.first_deployed);
        let install = self.action == Action::Install;
        let hook = |hook| RecordHook { hook, last_run: HookRun::default() };
        Record {
            name: self.target.name.clone(),
            info: Info {
                first_deployed: if install { Some(now) } else { first_deployed.or(Some(now)) },
                last_deployed: Some(now),
                deleted: None,
                description: if install { "Initial install underway" } else { "Preparing upgrade" }
                    .to_owned(),
                status: if install { Status::PendingInstall } else { Status::PendingUpgrade },
                notes: rendered.notes,
            },
            chart,
            config: values.to_json().as_object().filter(|map| !map.is_empty()).cloned(),
            manifest: rendered.manifest,
            hooks: rendered.hooks.into_iter().map(hook).collect(),
            version,
            namespace: self.target.namespace.clone(),
            apply_method: SERVER_SIDE_APPLY.to_owned(),
        }
    }
}
