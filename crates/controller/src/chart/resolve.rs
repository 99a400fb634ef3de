//! Which version of a chart a spec means, as Flux and Helm choose it.

use pilothouse_chart::semver::{Constraints, Version};
use pilothouse_registry::{Catalog, ChartVersion};

/// Why no version fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The index does not list the chart (Helm's `ErrNoChartName`).
    #[error("no chart name found")]
    NoChart,
    /// No version fits (index).
    #[error("no '{chart}' chart with version matching '{wanted}' found")]
    NoMatch { chart: String, wanted: String },
    /// No version fits (tags).
    #[error("could not locate a version matching provided version string {0}")]
    NoTag(String),
    /// The range cannot be read.
    #[error("{0}")]
    Range(String),
}

/// The entry of an index that `wanted` means: the exact text first, else the highest version in the range; among
/// versions that differ only in build metadata the one created last (source-controller `GetChartVersion`).
pub(crate) fn from_index<'c>(
    catalog: &'c Catalog,
    chart: &str,
    wanted: &str,
) -> Result<&'c ChartVersion, Error> {
    let versions = catalog.entries.get(chart).ok_or(Error::NoChart)?;
    if let Some(exact) = versions.iter().find(|v| !wanted.is_empty() && v.version == wanted) {
        return Ok(exact);
    }
    let range = range(wanted)?;
    versions
        .iter()
        .filter_map(|entry| Some((concrete(&entry.version)?, entry)))
        .filter(|(version, _)| range.check(version))
        .max_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.created.cmp(&right.created)))
        .map(|(_, entry)| entry)
        .ok_or_else(|| Error::NoMatch { chart: chart.to_owned(), wanted: wanted.to_owned() })
}

/// The highest version in the range among those that tags name; an exact text wins (Helm's
/// `GetTagMatchingVersionOrConstraint`).
pub(crate) fn from_versions(versions: &[String], wanted: &str) -> Result<String, Error> {
    if versions.iter().any(|v| v == wanted) {
        return Ok(wanted.to_owned());
    }
    let range = range(wanted)?;
    versions
        .iter()
        .filter_map(|text| Some((Version::parse_strict(text).ok()?, text)))
        .filter(|(version, _)| range.check(version))
        .max_by(|(a, _), (b, _)| a.cmp(b))
        .map(|(_, text)| text.clone())
        .ok_or_else(|| Error::NoTag(wanted.to_owned()))
}

/// A text that is one full version, not a range (`pkg/version` `ParseVersion`: three numbers, a `v` allowed).
pub(crate) fn concrete(text: &str) -> Option<Version> {
    Version::parse_strict(text.strip_prefix('v').unwrap_or(text)).ok()
}

fn range(wanted: &str) -> Result<Constraints, Error> {
    let text = if wanted.is_empty() { "*" } else { wanted };
    Constraints::parse(text).map_err(|e| Error::Range(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let version = |v: &str, created: &str| ChartVersion {
            name: "app".into(),
            version: v.into(),
            created: created.into(),
            ..ChartVersion::default()
        };
        let versions = vec![
            version("2.0.0-rc.1", ""),
            version("1.10.0", ""),
            version("1.2.0+a", "2026-01-01T00:00:00Z"),
            version("1.2.0+b", "2026-02-01T00:00:00Z"),
        ];
        Catalog { entries: std::collections::BTreeMap::from([("app".to_owned(), versions)]) }
    }

    #[test]
    fn the_index_is_searched_as_flux_does() {
        let catalog = catalog();
        for (wanted, found) in [
            ("*", "1.10.0"),
            ("", "1.10.0"),
            ("1.2.0+a", "1.2.0+a"),
            ("~1.2.0", "1.2.0+b"),
            (">=2.0.0-0", "2.0.0-rc.1"),
        ] {
            assert_eq!(from_index(&catalog, "app", wanted).unwrap().version, found, "{wanted}");
        }
        let none = from_index(&catalog, "app", "9.9.9").unwrap_err().to_string();
        assert_eq!(none, "no 'app' chart with version matching '9.9.9' found");
        assert_eq!(from_index(&catalog, "none", "*").unwrap_err().to_string(), "no chart name found");
        assert!(matches!(from_index(&catalog, "app", "not a range"), Err(Error::Range(_))));
    }

    #[test]
    fn tags_are_searched_as_helm_does() {
        let versions: Vec<String> = ["1.0.0", "1.1.0", "2.0.0-rc.1"].map(str::to_owned).to_vec();
        assert_eq!(from_versions(&versions, "*").unwrap(), "1.1.0");
        assert_eq!(from_versions(&versions, "2.0.0-rc.1").unwrap(), "2.0.0-rc.1");
        let none = from_versions(&versions, ">=9.0.0").unwrap_err().to_string();
        assert_eq!(none, "could not locate a version matching provided version string >=9.0.0");
    }
}
