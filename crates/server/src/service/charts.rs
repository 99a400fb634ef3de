//! What the repositories offer: charts, versions, and what is in one version.

use std::{collections::BTreeMap, sync::Arc};

use pilothouse_chart::{
    Chart,
    semver::{Constraints, Version},
};
use pilothouse_registry::{Catalog, ChartVersion};
use pilothouse_resources::HelmRepository;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    diff::{self, ItemChange, TextComparison},
    repositories,
    sources::{Signatures, Sources},
};
use crate::{
    Caller,
    page::{Listed, SortKey},
    problem::Problem,
};

/// Largest file of a chart that an answer shows, in bytes; the rest is cut and said to be.
const MAX_SHOWN: usize = 1 << 20;

/// A chart of a repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartView {
    /// Name: the path below the repository's URL.
    pub name: String,
    /// Newest stable version; the newest of all where none is stable.
    pub version: String,
    /// Version of the application in it.
    pub app_version: String,
    /// One sentence.
    pub description: String,
    /// Number of versions.
    pub versions: usize,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// `application` or `library`.
    #[serde(rename = "type")]
    pub type_: String,
    /// URL of an icon on another host (not to be loaded without asking).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// When the newest version was made, where known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Repository it is in.
    pub repository: String,
    /// Namespace of the repository.
    pub namespace: String,
}

/// A version of a chart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// Version.
    pub version: String,
    /// Version of the application.
    pub app_version: String,
    /// One sentence.
    pub description: String,
    /// When it was made, where known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Whether it is a prerelease.
    pub prerelease: bool,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Kubernetes versions it runs on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// SHA-256 of the archive.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Digest of the OCI manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<String>,
}

/// A dependency of a chart.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyView {
    /// Name.
    pub name: String,
    /// Version or range.
    pub version: String,
    /// Repository's URL.
    pub repository: String,
    /// Values path that switches it on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Name it is used under instead of its own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// Version that is in the archive, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundled: Option<String>,
}

/// A maintainer of a chart.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MaintainerView {
    /// Name.
    pub name: String,
    /// E-mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// One version of a chart, opened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartDetail {
    /// Chart's own name.
    pub name: String,
    /// The version.
    #[serde(flatten)]
    pub version: VersionView,
    /// `application` or `library`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Page of the project.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// URL of an icon on another host.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// Source repositories.
    pub sources: Vec<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Maintainers.
    pub maintainers: Vec<MaintainerView>,
    /// Dependencies.
    pub dependencies: Vec<DependencyView>,
    /// Where the archive is.
    pub addresses: Vec<String>,
    /// README as the chart has it (Markdown of strangers: render it safely).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readme: Option<String>,
    /// `values.yaml` with its comments.
    pub values: String,
    /// `values.schema.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
    /// Templates, without their content.
    pub templates: Vec<String>,
    /// CRDs, without their content.
    pub crds: Vec<String>,
}

/// A file of a chart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartFile {
    /// Path in the chart.
    pub path: String,
    /// Content, as text.
    pub content: String,
    /// Whether the content was cut at 1 MiB.
    pub truncated: bool,
}

/// Two versions of a chart, compared.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionComparison {
    /// The old version.
    pub from: String,
    /// The new version.
    pub to: String,
    /// `Chart.yaml`.
    pub metadata: TextComparison,
    /// `values.yaml`.
    pub values: TextComparison,
    /// `values.schema.json`.
    pub schema: TextComparison,
    /// `README.md`.
    pub readme: TextComparison,
    /// Templates that differ.
    pub templates: Vec<ItemChange>,
    /// CRDs that differ.
    pub crds: Vec<ItemChange>,
    /// Versions of dependencies that differ: name, old, new.
    pub dependencies: Vec<DependencyChange>,
}

/// A dependency whose version differs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyChange {
    /// Name.
    pub name: String,
    /// Old version or range; absent: added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// New version or range; absent: removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What a range resolves to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// The version it picks now; absent where none matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Number of versions that match.
    pub matching: usize,
}

/// Two versions, in the query.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FromTo {
    /// The old version.
    pub from: String,
    /// The new version.
    pub to: String,
}

/// Whether a text is a version or a range.
pub fn check_range(text: &str) -> Result<(), String> {
    Constraints::parse(text).map(drop).map_err(|_| {
        format!("`{text}` is neither a version nor a range; write for example `1.2.3`, `1.x`, `>=1.2.0 <2.0.0` or `*`")
    })
}

fn or_application(kind: &str) -> String {
    if kind.is_empty() { "application" } else { kind }.to_owned()
}

fn is_prerelease(version: &str) -> bool {
    Version::parse(version).is_ok_and(|version| !version.prerelease.is_empty())
}

impl VersionView {
    fn of(version: &ChartVersion) -> Self {
        Self {
            version: version.version.clone(),
            app_version: version.app_version.clone(),
            description: version.description.clone(),
            created: version.created.clone(),
            prerelease: is_prerelease(&version.version),
            deprecated: version.deprecated,
            kube_version: version.kube_version.clone(),
            digest: prefixed(&version.digest),
            manifest_digest: version.manifest_digest.as_ref().map(ToString::to_string),
        }
    }
}

/// The version that is shown for a chart: the newest stable one, else the newest.
pub fn newest(versions: &[ChartVersion]) -> Option<&ChartVersion> {
    versions.iter().find(|version| !is_prerelease(&version.version)).or_else(|| versions.first())
}

impl Listed for ChartView {
    const SORTS: &'static [&'static str] =
        &["name", "version", "versions", "created", "repository", "namespace"];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([
            self.name.as_str(),
            &self.description,
            &self.repository,
            &self.app_version,
            &self.version,
        ]);
        texts.extend(self.keywords.iter().map(String::as_str));
    }

    fn sort_key(&self, field: &str) -> SortKey {
        match field {
            "version" => SortKey::text(&self.version),
            "versions" => SortKey::number(i64::try_from(self.versions).ok()),
            "created" => SortKey::text(&self.created),
            "repository" => SortKey::text(&self.repository),
            "namespace" => SortKey::text(&self.namespace),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        if self.deprecated { "Deprecated" } else { "Current" }
    }
}

fn charts_of(catalog: &Catalog, namespace: &str, repository: &str) -> Vec<ChartView> {
    let views = catalog.entries.iter().filter_map(|(name, versions)| {
        let shown = newest(versions)?;
        Some(ChartView {
            name: name.clone(),
            version: shown.version.clone(),
            app_version: shown.app_version.clone(),
            description: shown.description.clone(),
            versions: versions.len(),
            deprecated: shown.deprecated,
            type_: or_application(&shown.kind),
            icon: shown.icon.clone(),
            keywords: shown.keywords.clone(),
            created: shown.created.clone(),
            repository: repository.to_owned(),
            namespace: namespace.to_owned(),
        })
    });
    views.collect()
}

/// An index gives SHA-256 digests as bare hexadecimal digits; people and registries write the algorithm too.
fn prefixed(digest: &str) -> String {
    if digest.is_empty() || digest.contains(':') { digest.to_owned() } else { format!("sha256:{digest}") }
}

/// The charts of a repository, with the digest of its catalog.
pub async fn list(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    name: &str,
) -> Result<(Vec<ChartView>, String), Problem> {
    let repository = repositories::object(caller, namespace, name).await?;
    let (catalog, digest) = sources.catalog(&repository).await?;
    Ok((charts_of(&catalog, namespace, name), digest))
}

/// The charts of all repositories that the caller may see and that were synced.
pub async fn list_all(
    caller: &Caller,
    sources: &Sources,
    namespace: Option<&str>,
) -> Result<Vec<ChartView>, Problem> {
    let params = kube::api::ListParams::default();
    let synced = super::objects::list_scoped(&caller.client, namespace, &params, |object: HelmRepository| {
        object.status.as_ref().is_some_and(|status| status.artifact.is_some()).then_some(object)
    })
    .await?;
    let mut all = Vec::new();
    for repository in synced {
        let (namespace, name) = (repository.metadata.namespace.clone(), repository.metadata.name.clone());
        match sources.catalog(&repository).await {
            Ok((catalog, _)) => {
                all.extend(charts_of(&catalog, &namespace.unwrap_or_default(), &name.unwrap_or_default()));
            }
            // One catalog that cannot be read must not hide the others; the repository's own page says why.
            Err(problem) => {
                tracing::warn!(repository = name, detail = problem.detail, "a catalog is left out");
            }
        }
    }
    Ok(all)
}

/// A repository's catalog with the versions of one chart.
pub struct Entry {
    /// The repository.
    pub repository: HelmRepository,
    /// Digest of the catalog.
    pub digest: String,
    catalog: Arc<Catalog>,
    chart: String,
}

impl Entry {
    /// The versions, newest first.
    pub fn versions(&self) -> &[ChartVersion] {
        self.catalog.entries.get(&self.chart).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Finds a chart in a repository.
pub async fn entry(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    name: &str,
    chart: &str,
) -> Result<Entry, Problem> {
    let repository = repositories::object(caller, namespace, name).await?;
    let (catalog, digest) = sources.catalog(&repository).await?;
    if !catalog.entries.contains_key(chart) {
        return Err(Problem::not_found(format!("repository `{name}` has no chart `{chart}`")));
    }
    Ok(Entry { repository, digest, catalog, chart: chart.to_owned() })
}

/// The versions of a chart, newest first, with the digest of the catalog.
pub fn versions(entry: &Entry) -> Vec<VersionView> {
    entry.versions().iter().map(VersionView::of).collect()
}

/// The version that a text picks: written exactly so, else the newest that is in the range.
///
/// An empty text and `*` pick the newest stable version. Of versions that differ in build metadata only, the one
/// made last counts.
pub fn resolve<'a>(versions: &'a [ChartVersion], text: &str) -> (Option<&'a ChartVersion>, usize) {
    if let Some(exact) = versions.iter().find(|version| version.version == text) {
        return (Some(exact), 1);
    }
    let range = if text.trim().is_empty() { "*" } else { text };
    let Ok(constraints) = Constraints::parse(range) else { return (None, 0) };
    let mut matching: Vec<(Version, &ChartVersion)> = versions
        .iter()
        .filter_map(|version| Some((Version::parse(&version.version).ok()?, version)))
        .filter(|(version, _)| constraints.check(version))
        .collect();
    matching.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| right.created.cmp(&left.created)));
    (matching.first().map(|(_, version)| *version), matching.len())
}

/// What a range resolves to now.
pub fn resolution(entry: &Entry, text: &str) -> Result<Resolution, Problem> {
    check_range(if text.is_empty() { "*" } else { text })
        .map_err(|message| Problem::field("range", message))?;
    let (version, matching) = resolve(entry.versions(), text);
    Ok(Resolution { version: version.map(|version| version.version.clone()), matching })
}

/// Opens one version of a chart.
pub async fn open(
    caller: &Caller,
    sources: &Sources,
    entry: &Entry,
    version: &str,
) -> Result<(Chart, ChartVersion), Problem> {
    let Some(found) = entry.versions().iter().find(|candidate| candidate.version == version) else {
        return Err(Problem::not_found(format!("chart `{}` has no version `{version}`", entry.chart)));
    };
    Ok((sources.chart(caller, &entry.repository, found).await?, found.clone()))
}

/// Signatures of one version.
pub async fn signatures(
    caller: &Caller,
    sources: &Sources,
    entry: &Entry,
    version: &str,
) -> Result<Signatures, Problem> {
    let Some(found) = entry.versions().iter().find(|candidate| candidate.version == version) else {
        return Err(Problem::not_found(format!("chart `{}` has no version `{version}`", entry.chart)));
    };
    sources.signatures(caller, &entry.repository, found).await
}

fn text(bytes: &[u8]) -> (String, bool) {
    let cut = bytes.len() > MAX_SHOWN;
    let shown = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
    (String::from_utf8_lossy(shown).into_owned(), cut)
}

/// All that a page about one version shows.
pub fn detail(chart: &Chart, version: &ChartVersion) -> ChartDetail {
    let metadata = chart.metadata();
    let bundled: BTreeMap<&str, &str> =
        chart.dependencies().iter().map(|dependency| (dependency.name(), dependency.version())).collect();
    let dependencies = metadata.dependencies.iter().map(|dependency| DependencyView {
        name: dependency.name.clone(),
        version: dependency.version.clone(),
        repository: dependency.repository.clone(),
        condition: dependency.condition.clone(),
        alias: dependency.alias.clone(),
        bundled: bundled.get(dependency.name.as_str()).map(|version| (*version).to_owned()),
    });
    let maintainers = metadata.maintainers.iter().map(|maintainer| MaintainerView {
        name: maintainer.name.clone(),
        email: maintainer.email.clone(),
        url: maintainer.url.clone(),
    });
    ChartDetail {
        name: chart.name().to_owned(),
        version: VersionView::of(version),
        type_: or_application(&metadata.kind),
        home: metadata.home.clone(),
        icon: metadata.icon.clone(),
        sources: metadata.sources.clone(),
        keywords: metadata.keywords.clone(),
        annotations: metadata.annotations.clone(),
        maintainers: maintainers.collect(),
        dependencies: dependencies.collect(),
        addresses: version.urls.clone(),
        readme: chart.readme().map(|file| text(&file.data).0),
        values: chart.values_text().map(|file| text(&file.data).0).unwrap_or_default(),
        schema: chart.schema().and_then(|schema| serde_json::from_slice(schema).ok()),
        templates: chart.templates().iter().map(|file| file.name.clone()).collect(),
        crds: chart.crds().into_iter().map(|crd| crd.path).collect(),
    }
}

/// The version's view where only the archive is known (an OCI repository's artifact).
pub fn version_of(chart: &Chart, digest: &str) -> ChartVersion {
    let metadata = chart.metadata();
    ChartVersion {
        name: metadata.name.clone(),
        version: metadata.version.clone(),
        app_version: metadata.app_version.clone(),
        description: metadata.description.clone(),
        deprecated: metadata.deprecated,
        kube_version: metadata.kube_version.clone(),
        digest: digest.trim_start_matches("sha256:").to_owned(),
        ..Default::default()
    }
}

/// Templates or CRDs of a chart, with their content.
pub fn files(chart: &Chart, crds: bool) -> Vec<ChartFile> {
    let shown = |path: String, data: &[u8]| {
        let (content, truncated) = text(data);
        ChartFile { path, content, truncated }
    };
    if crds {
        chart.crds().into_iter().map(|crd| shown(crd.path, &crd.file.data)).collect()
    } else {
        chart.templates().iter().map(|file| shown(file.name.clone(), &file.data)).collect()
    }
}

/// Compares two versions.
pub fn compare(from: &Chart, to: &Chart) -> VersionComparison {
    let file = |chart: &Chart, name: &str| {
        chart.raw().iter().find(|file| file.name == name).map(|file| text(&file.data).0).unwrap_or_default()
    };
    let compared = |name: &str| {
        let title = |chart: &Chart| format!("{name} ({})", chart.version());
        diff::texts(file(from, name), file(to, name), &title(from), &title(to))
    };
    let set = |chart: &Chart, crds: bool| -> BTreeMap<String, String> {
        files(chart, crds).into_iter().map(|file| (file.path, file.content)).collect()
    };
    let versions = |chart: &Chart| -> BTreeMap<String, String> {
        let dependencies = chart.metadata().dependencies.iter();
        dependencies.map(|dependency| (dependency.name.clone(), dependency.version.clone())).collect()
    };
    let (old, new) = (versions(from), versions(to));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let dependencies = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| DependencyChange {
            name: name.clone(),
            from: old.get(name).cloned(),
            to: new.get(name).cloned(),
        })
        .collect();
    VersionComparison {
        from: from.version().to_owned(),
        to: to.version().to_owned(),
        metadata: compared("Chart.yaml"),
        values: compared("values.yaml"),
        schema: compared("values.schema.json"),
        readme: compared("README.md"),
        templates: diff::sets(&set(from, false), &set(to, false)),
        crds: diff::sets(&set(from, true), &set(to, true)),
        dependencies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(texts: &[&str]) -> Vec<ChartVersion> {
        texts.iter().map(|text| ChartVersion { version: (*text).to_owned(), ..Default::default() }).collect()
    }

    #[test]
    fn a_range_picks_the_newest_version_in_it() {
        let all = versions(&["2.1.0-rc.1", "2.0.0", "1.10.0", "1.2.0"]);
        for (range, picked, matching) in [
            ("", Some("2.0.0"), 3),
            ("*", Some("2.0.0"), 3),
            ("1.x", Some("1.10.0"), 2),
            ("1.2.0", Some("1.2.0"), 1),
            (">=2.0.0-0", Some("2.1.0-rc.1"), 2),
            ("2.1.0-rc.1", Some("2.1.0-rc.1"), 1),
            (">3", None, 0),
        ] {
            let (version, count) = resolve(&all, range);
            assert_eq!((version.map(|v| v.version.as_str()), count), (picked, matching), "{range}");
        }
    }

    #[test]
    fn what_is_no_range_is_said_so() {
        assert!(check_range("latest").unwrap_err().contains("neither a version nor a range"));
        assert!(check_range(">=1.0 <2").is_ok());
    }
}
