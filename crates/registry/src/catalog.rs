//! The catalog of a repository: its charts and their versions, the same for OCI and HTTP repositories.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Digest, Error, index, version};

/// A person or group that keeps a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintainer {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Web page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A chart that a chart needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Version or constraint.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// URL of its repository, or `@alias`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repository: String,
    /// Values path that switches it on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Other name it is used under.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

/// One version of a chart, as Helm's index files write it (`repo.ChartVersion`), with `manifestDigest` added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartVersion {
    /// The chart's own name.
    pub name: String,
    /// Version, with `+` (an OCI tag has `_` in its place).
    pub version: String,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Version of the application in the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// One sentence about the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `application` or `library`; empty means application.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Kubernetes versions it runs on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// Not to be used any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// URL of an icon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// Web page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Source repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Maintainers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// Charts it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// Short annotations (values of at most 256 bytes; longer ones are left to the chart itself).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// SHA-256 of the chart archive in hex, without `sha256:`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// When it was made, RFC 3339, if known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Where the archive is: absolute, relative to the repository, or `oci://…:tag`.
    pub urls: Vec<String>,
    /// Digest of the manifest the tag pointed to when it was read; OCI only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
}

/// Charts and their versions, newest first. The key is the path below the repository's URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Versions by chart.
    pub entries: BTreeMap<String, Vec<ChartVersion>>,
}

impl Catalog {
    /// Reads what [`Catalog::to_index`] wrote, or any Helm index file (YAML or JSON).
    pub fn from_index(bytes: &[u8]) -> Result<Self, Error> {
        index::parse(bytes).map(|parsed| parsed.catalog)
    }

    /// This catalog as a Helm index file in JSON; equal catalogs give equal bytes (there is no `generated`).
    pub fn to_index(&self) -> Vec<u8> {
        index::write(self)
    }

    /// How many charts.
    pub fn charts(&self) -> usize {
        self.entries.len()
    }

    /// How many versions of all charts.
    pub fn versions(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }

    /// The version of a chart that is written exactly so.
    pub fn find(&self, chart: &str, version: &str) -> Option<&ChartVersion> {
        self.entries.get(chart)?.iter().find(|v| v.version == version)
    }

    /// Puts each chart's versions in order, newest first, and drops charts without any.
    pub fn sort(&mut self) {
        self.entries.retain(|_, versions| !versions.is_empty());
        for versions in self.entries.values_mut() {
            sort_newest_first(versions);
        }
    }
}

/// Newest first by semantic version; texts that are none come last, by their text.
fn sort_newest_first(versions: &mut [ChartVersion]) {
    let key = |v: &ChartVersion| -> (Option<Version>, String, String) {
        (version::lenient(&v.version), v.version.clone(), v.created.clone())
    };
    versions.sort_by_cached_key(|v| Reverse(key(v)));
}
