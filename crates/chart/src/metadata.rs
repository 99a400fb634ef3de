//! `Chart.yaml` and `Chart.lock`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The contents of `Chart.yaml`, in the JSON form Helm stores in a release and in a repository index.
/// Source: Helm 4.2.3 `pkg/chart/v2/metadata.go`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Name of the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// URL of the project's page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// URLs of the source code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Version of the chart, a semantic version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// One sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words to search for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who maintains the chart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// URL of an icon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Condition that enables the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that enable the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// Version of the application.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// The chart should no longer be used.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// Free key-value pairs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Constraint on the Kubernetes version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts this one needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application` (also when empty) or `library`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// One of the chart's maintainers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// Name of the person or organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Email address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A chart another chart needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// Name in the dependency's `Chart.yaml`.
    pub name: String,
    /// Version range; in a lock file one version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// URL of the repository, `@name` or `alias:name`, `oci://…`, `file://…`, or empty.
    pub repository: String,
    /// Path in the values that enables it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that enable it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Set while dependencies are processed.
    #[serde(skip_serializing_if = "is_false")]
    pub enabled: bool,
    /// Values imported into the parent: strings, or `{child, parent}`.
    #[serde(rename = "import-values", skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<serde_json::Value>,
    /// Name the chart gets instead of its own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

/// `Chart.lock` (or `requirements.lock`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// When it was generated, as RFC 3339 text.
    pub generated: String,
    /// Digest of the dependencies in `Chart.yaml`.
    pub digest: String,
    /// The locked dependencies.
    pub dependencies: Vec<Dependency>,
}
