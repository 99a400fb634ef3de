//! Whether a newer version of a release's chart exists.

use std::collections::HashMap;

use pilothouse_chart::semver::Version;
use pilothouse_registry::ChartVersion;
use pilothouse_resources::HelmRepository;
use serde::Serialize;
use utoipa::ToSchema;

use super::{charts, objects::api, releases::Release, sources::Sources};
use crate::Caller;

/// A newer version of a release's chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Newer {
    /// Newest stable version in the repository.
    pub version: String,
    /// Version of the application in it.
    pub app_version: String,
    /// Newest version in the release's own range, where that is newer than what is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_range: Option<String>,
    /// Whether the major version differs from what is deployed.
    pub major: bool,
    /// Whether the deployed version is marked as no longer to be used.
    pub deprecated: bool,
}

/// Compares what is deployed with the versions of its chart.
pub fn newer(versions: &[ChartVersion], deployed: &str, range: &str) -> Option<Newer> {
    let current = Version::parse(deployed).ok()?;
    let stable = versions
        .iter()
        .find(|version| Version::parse(&version.version).is_ok_and(|v| v.prerelease.is_empty()));
    let newest = stable.filter(|version| Version::parse(&version.version).is_ok_and(|v| v > current));
    let in_range = charts::resolve(versions, range)
        .0
        .filter(|version| Version::parse(&version.version).is_ok_and(|v| v > current))
        .map(|version| version.version.clone());
    let deprecated = versions.iter().any(|version| version.version == deployed && version.deprecated);
    let told =
        newest.or_else(|| versions.iter().find(|version| Some(&version.version) == in_range.as_ref()))?;
    Some(Newer {
        version: told.version.clone(),
        app_version: told.app_version.clone(),
        in_range,
        major: Version::parse(&told.version).is_ok_and(|v| v.major != current.major),
        deprecated,
    })
}

/// Fills in the newer versions of some releases, as far as the caller may read their repositories.
pub async fn fill(caller: &Caller, sources: &Sources, releases: &mut [Release]) {
    let mut repositories: HashMap<(String, String), Option<HelmRepository>> = HashMap::new();
    for release in releases {
        let Some(deployed) = &release.deployed else { continue };
        if release.chart.source_kind != "HelmRepository" {
            continue;
        }
        let key = (release.chart.source_namespace.clone(), release.chart.source_name.clone());
        if !repositories.contains_key(&key) {
            let found =
                api::<HelmRepository>(&caller.client, Some(&key.0)).get_opt(&key.1).await.ok().flatten();
            repositories.insert(key.clone(), found);
        }
        let Some(Some(repository)) = repositories.get(&key) else { continue };
        let Ok((catalog, _)) = sources.catalog(repository).await else { continue };
        let Some(versions) = release.chart.name.as_ref().and_then(|name| catalog.entries.get(name)) else {
            continue;
        };
        let range = release.chart.version.as_deref().unwrap_or("*");
        release.newer = newer(versions, &deployed.chart_version, range);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_are_told_also_beyond_the_range() {
        let versions: Vec<ChartVersion> = ["2.0.0", "1.1.0", "1.0.0"]
            .iter()
            .map(|text| ChartVersion { version: (*text).to_owned(), ..Default::default() })
            .collect();
        let found = newer(&versions, "1.0.0", "1.x").unwrap();
        assert_eq!(
            (found.version.as_str(), found.in_range.as_deref(), found.major),
            ("2.0.0", Some("1.1.0"), true)
        );
        assert_eq!(newer(&versions, "2.0.0", "*"), None);
    }
}
