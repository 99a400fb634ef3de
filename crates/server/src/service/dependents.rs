//! Which releases use a repository.

use kube::{
    ResourceExt,
    api::{ApiResource, ListParams},
    core::Object,
};
use pilothouse_resources::{ChartRefKind, CrossNamespaceSourceReference, HelmRelease};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::objects::list_map;
use crate::{Caller, problem::Problem};

/// A release that uses a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependent {
    /// Namespace of the HelmRelease.
    pub namespace: String,
    /// Name of the HelmRelease.
    pub name: String,
    /// Chart it takes from the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// Version or range it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The releases that use a repository.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependents {
    /// The releases.
    pub items: Vec<Dependent>,
    /// Whether releases of all namespaces were looked at; the caller may see only some.
    pub complete: bool,
}

/// Kind, namespace and name of a source that a release refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceKey {
    /// For example `HelmRepository`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A release and its source.
#[derive(Clone, Debug)]
pub struct Use {
    /// The release.
    pub dependent: Dependent,
    /// What it takes its chart from.
    pub source: SourceKey,
}

/// The part of a HelmRelease that names its source; reading only this keeps a list of thousands cheap.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Sources {
    chart: Option<ChartPart>,
    chart_ref: Option<CrossNamespaceSourceReference>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct ChartPart {
    spec: ChartSpecPart,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct ChartSpecPart {
    chart: String,
    version: Option<String>,
    source_ref: SourceRefPart,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct SourceRefPart {
    kind: String,
    name: String,
    namespace: Option<String>,
}

type Trimmed = Object<Sources, serde::de::IgnoredAny>;

fn use_of(release: &HelmReleaseParts) -> Option<Use> {
    let HelmReleaseParts { namespace, name, sources } = release;
    if let Some(reference) = &sources.chart_ref {
        return Some(Use {
            dependent: Dependent {
                namespace: namespace.clone(),
                name: name.clone(),
                chart: None,
                version: None,
            },
            source: SourceKey {
                kind: reference.kind.as_str().to_owned(),
                namespace: reference.namespace.clone().unwrap_or_else(|| namespace.clone()),
                name: reference.name.clone(),
            },
        });
    }
    let chart = &sources.chart.as_ref()?.spec;
    Some(Use {
        dependent: Dependent {
            namespace: namespace.clone(),
            name: name.clone(),
            chart: Some(chart.chart.clone()),
            version: chart.version.clone(),
        },
        source: SourceKey {
            kind: chart.source_ref.kind.clone(),
            namespace: chart.source_ref.namespace.clone().unwrap_or_else(|| namespace.clone()),
            name: chart.source_ref.name.clone(),
        },
    })
}

struct HelmReleaseParts {
    namespace: String,
    name: String,
    sources: Sources,
}

/// Every release the caller may see, with its source: of all namespaces, else of `fallback`.
///
/// The flag says whether all namespaces were looked at.
pub async fn uses(caller: &Caller, fallback: Option<&str>) -> Result<(Vec<Use>, bool), Problem> {
    match listed(caller, None).await {
        Ok(all) => Ok((all, true)),
        Err(problem) if problem.is_forbidden() => match fallback {
            Some(namespace) => Ok((listed(caller, Some(namespace)).await?, false)),
            None => Err(problem),
        },
        Err(problem) => Err(problem),
    }
}

async fn listed(caller: &Caller, namespace: Option<&str>) -> Result<Vec<Use>, Problem> {
    let resource = ApiResource::erase::<HelmRelease>(&());
    let api: kube::Api<Trimmed> = match namespace {
        Some(namespace) => kube::Api::namespaced_with(caller.client.clone(), namespace, &resource),
        None => kube::Api::all_with(caller.client.clone(), &resource),
    };
    list_map(&api, ListParams::default(), |release| {
        use_of(&HelmReleaseParts {
            namespace: release.namespace().unwrap_or_default(),
            name: release.name_any(),
            sources: release.spec,
        })
    })
    .await
}

/// The releases that use that repository.
pub async fn of(caller: &Caller, source: &SourceKey) -> Result<Dependents, Problem> {
    let (uses, complete) = uses(caller, Some(&source.namespace)).await?;
    let mut items: Vec<_> =
        uses.into_iter().filter(|used| used.source == *source).map(|used| used.dependent).collect();
    items.sort();
    Ok(Dependents { items, complete })
}

/// Refuses to delete a repository that releases use, unless its name was typed.
pub fn need_confirmation(
    kind: &str,
    name: &str,
    dependents: &Dependents,
    typed: Option<&str>,
) -> Result<(), Problem> {
    if dependents.items.is_empty() || typed == Some(name) {
        return Ok(());
    }
    let count = dependents.items.len();
    let releases = if count == 1 { "1 release uses".to_owned() } else { format!("{count} releases use") };
    let mut problem = Problem::conflict(
        "has-dependents",
        "Releases use it",
        format!(
            "{releases} {kind} `{name}`; they stay deployed but stop reconciling until it is added again"
        ),
    )
    .hint(format!("Send the request again with `confirm={name}` to delete it nevertheless."))
    .with("dependents", &dependents.items);
    if typed.is_some() {
        problem.errors =
            vec![crate::FieldError { field: "confirm".into(), message: format!("type `{name}` to confirm") }];
    }
    Err(problem)
}

/// The kind a `chartRef` names.
pub fn chart_ref_kind(kind: &str) -> Option<ChartRefKind> {
    match kind {
        "OCIRepository" => Some(ChartRefKind::OCIRepository),
        "HelmChart" => Some(ChartRefKind::HelmChart),
        "ExternalArtifact" => Some(ChartRefKind::ExternalArtifact),
        _ => None,
    }
}
