//! What a release would deploy, before it does.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use pilothouse_chart::{Chart, Random, RenderContext, RenderError, Rendered};
use pilothouse_release::{
    cluster::ClusterLookup,
    object::{self, Object},
    post_render::PostRendering,
};
use pilothouse_resources::{HelmChart, HelmRelease, OCIRepository};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    charts,
    diff::{self, ItemChange, TextComparison},
    objects::api,
    releases, repositories, revisions,
    sources::Sources,
    values::{self, ValuesInForce},
};
use crate::{Caller, problem::Problem};

/// Most bytes of rendered manifests that an answer shows.
const MAX_SHOWN: usize = 8 << 20;

/// What a release would deploy.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Name of the chart.
    pub chart_name: String,
    /// Version that the range picks now.
    pub chart_version: String,
    /// Version of the application.
    pub app_version: String,
    /// Whether it would be the first revision.
    pub is_install: bool,
    /// All documents as one text, as `helm template` prints them.
    pub manifest: String,
    /// The documents.
    pub documents: Vec<Document>,
    /// Hooks.
    pub hooks: Vec<Document>,
    /// CRDs of the chart.
    pub crds: Vec<String>,
    /// Images that the documents name.
    pub images: Vec<String>,
    /// Notes.
    pub notes: String,
    /// Values, and where each came from.
    pub values: ValuesInForce,
    /// What changes against what is deployed; absent for a new release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// What an upgrade would change.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Revision that it is compared with.
    pub revision: u32,
    /// Version of the chart that is deployed.
    pub chart_version: String,
    /// Object by object.
    pub objects: Vec<ItemChange>,
    /// The user's values.
    pub values: TextComparison,
    /// Hooks.
    pub hooks: Vec<ItemChange>,
    /// CRDs against those of the deployed chart, where the record has them.
    pub crds: Vec<ItemChange>,
    /// Images that are new.
    pub images_added: Vec<String>,
    /// Images that go.
    pub images_removed: Vec<String>,
    /// Overrides of the user that the new chart version does not know (its defaults have no such path).
    pub unknown_overrides: Vec<String>,
}

/// One rendered document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Template it came from.
    pub path: String,
    /// Kind.
    pub kind: String,
    /// API version.
    pub api_version: String,
    /// Name.
    pub name: String,
    /// Namespace, where it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Text.
    pub content: String,
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::RngCore::fill_bytes(&mut rand::rng(), buffer);
    }
}

/// The chart that a release asks for, as of now.
pub async fn chart_of(caller: &Caller, sources: &Sources, object: &HelmRelease) -> Result<Chart, Problem> {
    let origin = releases::origin(object);
    let (namespace, name) = (origin.source_namespace.as_str(), origin.source_name.as_str());
    match origin.source_kind.as_str() {
        "HelmRepository" => {
            let chart = origin.name.clone().unwrap_or_default();
            let repository = repositories::object(caller, namespace, name).await.map_err(|problem| {
                if problem.is_not_found() {
                    Problem::field("chart.sourceName", problem.detail)
                } else {
                    problem
                }
            })?;
            let (catalog, _) = sources.catalog(&repository).await?;
            let versions = catalog.entries.get(&chart).ok_or_else(|| {
                Problem::field("chart.name", format!("repository `{name}` has no chart `{chart}`"))
            })?;
            let range = origin.version.as_deref().unwrap_or("*");
            let (version, _) = charts::resolve(versions, range);
            let version = version.ok_or_else(|| {
                Problem::field("chart.version", format!("no version of `{chart}` matches `{range}`"))
            })?;
            sources.chart(caller, &repository, version).await
        }
        "OCIRepository" => {
            let repository = api::<OCIRepository>(&caller.client, Some(namespace)).get(name).await?;
            artifact_chart(sources, name, repository.status.and_then(|status| status.artifact)).await
        }
        "HelmChart" => {
            let chart = api::<HelmChart>(&caller.client, Some(namespace)).get(name).await?;
            artifact_chart(sources, name, chart.status.and_then(|status| status.artifact)).await
        }
        other => Err(Problem::field("chart.sourceKind", format!("charts of a {other} cannot be previewed"))),
    }
}

async fn artifact_chart(
    sources: &Sources,
    name: &str,
    artifact: Option<pilothouse_resources::Artifact>,
) -> Result<Chart, Problem> {
    match artifact {
        Some(artifact) => sources.chart_of_artifact(&artifact).await,
        None => {
            Err(Problem::conflict("not-synced", "Not synced yet", format!("`{name}` has no artifact yet")))
        }
    }
}

/// Renders a release as its next revision would be, without changing anything.
pub async fn preview(caller: &Caller, sources: &Sources, object: &HelmRelease) -> Result<Preview, Problem> {
    let (chart, composed) =
        tokio::try_join!(chart_of(caller, sources, object), values::composed(caller, object))?;
    let deployed = match revisions::record(caller, object, None).await {
        Ok((record, _)) => Some(record),
        Err(problem) if problem.is_not_found() || problem.is_forbidden() => None,
        Err(problem) => return Err(problem),
    };
    let target = revisions::target(object);
    let release = pilothouse_chart::Release {
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        revision: deployed.as_ref().map_or(1, |record| record.version + 1),
        is_install: deployed.is_none(),
    };
    let cluster = sources.cluster(caller);
    let capabilities = cluster
        .capabilities()
        .await
        .map_err(|error| Problem::upstream("cluster-failed", "The cluster failed", error.to_string()))?;
    let lookup = ClusterLookup::new(cluster);
    let post_rendering = Arc::new(PostRendering {
        renderers: object.spec.post_renderers.clone().unwrap_or_default(),
        common_metadata: object.spec.common_metadata.clone(),
        strategy: object.spec.post_render_strategy.unwrap_or_default(),
        name: object.metadata.name.clone().unwrap_or_default(),
        namespace: object.metadata.namespace.clone().unwrap_or_default(),
    });
    let input = (chart.clone(), composed.values.clone(), release.clone());
    let rendered = tokio::task::spawn_blocking(move || {
        let (chart, values, release) = input;
        let context = RenderContext {
            capabilities,
            lookup: Some(&lookup),
            random: Some(&SystemRandom),
            now: SystemTime::now(),
            post_render: Some(&*post_rendering),
            ..RenderContext::new(release)
        };
        pilothouse_chart::render(&chart, &values, &context)
    })
    .await
    .map_err(|_| Problem::internal("rendering was cut short"))?
    .map_err(|error| render_problem(&error))?;
    assemble(&chart, &composed, rendered, deployed.as_ref())
}

/// The engine's error, with the place in the template.
pub fn render_problem(error: &RenderError) -> Problem {
    let field = match error {
        RenderError::Values(_) | RenderError::Schema(_) => "values",
        _ => "chart",
    };
    let mut problem = Problem::field(field, error.to_string());
    "urn:pilothouse:problem:render-failed".clone_into(&mut problem.type_);
    "The chart does not render".clone_into(&mut problem.title);
    problem.detail = error.to_string();
    match error {
        RenderError::Template { excerpt: Some(excerpt), .. } => problem.with("excerpt", excerpt),
        _ => problem,
    }
}

fn assemble(
    chart: &Chart,
    composed: &values::Composed,
    rendered: Rendered,
    deployed: Option<&pilothouse_release::Record>,
) -> Result<Preview, Problem> {
    if rendered.manifest.len() > MAX_SHOWN {
        return Err(Problem::field(
            "chart",
            format!("the manifests are larger than {} MiB", MAX_SHOWN >> 20),
        ));
    }
    let config = composed.values.to_json();
    let explained = values::explain(&config, Some(chart), Some(composed))?;
    let images = images(&rendered.manifest);
    let hooks: Vec<Document> = rendered
        .hooks
        .iter()
        .map(|hook| Document {
            path: hook.path.clone(),
            kind: hook.kind.clone(),
            api_version: String::new(),
            name: hook.name.clone(),
            namespace: None,
            content: hook.manifest.clone(),
        })
        .collect();
    let changes = deployed.map(|record| {
        let old_images = self::images(&record.manifest);
        let set = |hooks: &mut dyn Iterator<Item = (String, String)>| hooks.collect();
        Changes {
            revision: record.version,
            chart_version: record.chart_version().to_owned(),
            objects: diff::sets(
                &revisions::by_object(&record.manifest),
                &revisions::by_object(&rendered.manifest),
            ),
            values: diff::texts(
                super::objects::to_yaml(&Value::Object(record.config())).unwrap_or_default(),
                explained.yaml.clone(),
                &format!("revision {}", record.version),
                "next revision",
            ),
            hooks: diff::sets(
                &set(&mut record
                    .hooks
                    .iter()
                    .map(|hook| (hook.hook.path.clone(), hook.hook.manifest.clone()))),
                &set(&mut rendered.hooks.iter().map(|hook| (hook.path.clone(), hook.manifest.clone()))),
            ),
            crds: revisions::chart_of(record)
                .map(|old| charts::compare(&old, chart).crds)
                .unwrap_or_default(),
            images_added: images.difference(&old_images).cloned().collect(),
            images_removed: old_images.difference(&images).cloned().collect(),
            unknown_overrides: unknown_overrides(&config, &chart.values().to_json()),
        }
    });
    Ok(Preview {
        chart_name: chart.name().to_owned(),
        chart_version: chart.version().to_owned(),
        app_version: chart.metadata().app_version.clone(),
        is_install: deployed.is_none(),
        documents: rendered
            .manifests
            .into_iter()
            .map(|manifest| Document {
                path: manifest.path,
                kind: manifest.kind,
                api_version: manifest.api_version,
                name: manifest.name,
                namespace: manifest.namespace,
                content: manifest.content,
            })
            .collect(),
        hooks,
        crds: rendered.crds.iter().map(|crd| crd.path.clone()).collect(),
        images: images.into_iter().collect(),
        notes: rendered.notes,
        manifest: rendered.manifest,
        values: explained,
        changes,
    })
}

/// Images of all containers in a manifest.
fn images(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for Object(value) in object::parse(manifest).unwrap_or_default() {
        for pointer in ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"] {
            let Some(pods) = value.pointer(pointer) else { continue };
            for list in ["containers", "initContainers"] {
                let containers =
                    pods.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let images = containers.iter().filter_map(|container| container.get("image")?.as_str());
                found.extend(images.map(str::to_owned));
            }
        }
    }
    found
}

/// The user's paths whose parent the chart's defaults know, but not them: most likely renamed or misspelt.
///
/// Below a default that is an empty map or `null`, anything may stand.
fn unknown_overrides(config: &Value, defaults: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut stack = vec![(String::new(), config, defaults)];
    while let Some((path, ours, theirs)) = stack.pop() {
        let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) else { continue };
        if theirs.is_empty() || unknown.len() >= 200 {
            continue;
        }
        for (key, value) in ours {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match theirs.get(key) {
                Some(known) => stack.push((path, value, known)),
                None if key == "global" => {}
                None => unknown.push(path),
            }
        }
    }
    unknown.sort();
    unknown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overrides_that_the_chart_does_not_know_are_told() {
        let config =
            json!({"image": {"tag": "1", "tagg": "2"}, "global": {"x": 1}, "labels": {"a": "b"}, "old": 1});
        let defaults = json!({"image": {"tag": ""}, "labels": {}});
        assert_eq!(unknown_overrides(&config, &defaults), ["image.tagg", "old"]);
    }

    #[test]
    fn images_of_all_containers_are_found() {
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  initContainers: [{image: i:1}]\n  \
                        containers: [{image: c:1}, {name: none}]\n";
        let found: Vec<String> = images(manifest).into_iter().collect();
        assert_eq!(found, ["c:1", "i:1"]);
    }
}
