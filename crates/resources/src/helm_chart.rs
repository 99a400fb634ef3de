use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Artifact, Condition, DurationString, Verification};

/// Specification of a Helm chart of a repository.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "HelmChart",
    plural = "helmcharts",
    shortname = "hc",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-sources",
    namespaced,
    status = "HelmChartStatus",
    doc = "HelmChart is the Schema for the helmcharts API.",
    derive = "PartialEq",
    printcolumn(name = "Chart", type_ = "string", json_path = ".spec.chart"),
    printcolumn(name = "Version", type_ = "string", json_path = ".spec.version"),
    printcolumn(name = "Source Kind", type_ = "string", json_path = ".spec.sourceRef.kind"),
    printcolumn(name = "Source Name", type_ = "string", json_path = ".spec.sourceRef.name"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message"
    )
)]
pub struct HelmChartSpec {
    /// Chart is the name or path the Helm chart is available at in the SourceRef.
    pub chart: String,
    /// Version is the chart version or semver range, ignored for charts from GitRepository and Bucket sources.
    /// Default: `*`, the latest stable version.
    #[serde(default = "any_version")]
    pub version: String,
    /// SourceRef is the reference to the Source the chart is available at, in the same namespace.
    pub source_ref: LocalHelmChartSourceReference,
    /// Interval at which the HelmChart SourceRef is checked for updates. This interval is approximate and may be
    /// subject to jitter to ensure efficient use of resources.
    pub interval: DurationString,
    /// ReconcileStrategy determines what enables the creation of a new artifact. See the documentation of the
    /// values for an explanation on their behavior. Default: ChartVersion.
    #[serde(default)]
    pub reconcile_strategy: ReconcileStrategy,
    /// ValuesFiles is an alternative list of values files to use as the chart values (values.yaml is not included
    /// by default), expected to be a relative path in the SourceRef. Values files are merged in the order of this
    /// list with the last file overriding the first. Ignored when omitted.
    pub values_files: Option<Vec<String>>,
    /// IgnoreMissingValuesFiles controls whether to silently ignore missing values files rather than failing.
    pub ignore_missing_values_files: Option<bool>,
    /// Suspend tells the controller to suspend the reconciliation of this source.
    pub suspend: Option<bool>,
    /// Verify contains the secret name containing the trusted public keys used to verify the signature and
    /// specifies which provider to use to check whether OCI image is authentic. Only for charts of an OCI
    /// HelmRepository.
    pub verify: Option<Verification>,
}

pub(crate) fn any_version() -> String {
    "*".to_owned()
}

/// The source of a chart, in the same namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalHelmChartSourceReference {
    /// APIVersion of the referent.
    pub api_version: Option<String>,
    /// Kind of the referent, valid values are (`HelmRepository`, `GitRepository`, `Bucket`).
    pub kind: ChartSourceKind,
    /// Name of the referent.
    pub name: String,
}

/// Kind of a chart's source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ChartSourceKind {
    /// A HelmRepository.
    #[default]
    HelmRepository,
    /// A GitRepository; accepted for compatibility, answered with reason UnsupportedSourceKind.
    GitRepository,
    /// A Bucket; accepted for compatibility, answered with reason UnsupportedSourceKind.
    Bucket,
}

impl ChartSourceKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HelmRepository => "HelmRepository",
            Self::GitRepository => "GitRepository",
            Self::Bucket => "Bucket",
        }
    }
}

/// What enables the creation of a new artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReconcileStrategy {
    /// A new chart version.
    #[default]
    ChartVersion,
    /// A new revision of the source.
    Revision,
}

/// Observed state of a HelmChart.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartStatus {
    /// ObservedGeneration is the last observed generation of the HelmChart object.
    pub observed_generation: Option<i64>,
    /// ObservedSourceArtifactRevision is the last observed Artifact.Revision of the HelmChartSpec.SourceRef.
    pub observed_source_artifact_revision: Option<String>,
    /// ObservedChartName is the last observed chart name as specified by the resolved chart reference.
    pub observed_chart_name: Option<String>,
    /// ObservedValuesFiles are the observed value files of the last successful reconciliation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed_values_files: Vec<String>,
    /// Conditions holds the conditions for the HelmChart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// URL is the dynamic fetch link for the latest artifact: always the last stored one.
    pub url: Option<String>,
    /// Artifact represents the output of the last successful reconciliation.
    pub artifact: Option<Artifact>,
    /// LastHandledReconcileAt holds the value of the most recent reconcile request.
    pub last_handled_reconcile_at: Option<String>,
}
