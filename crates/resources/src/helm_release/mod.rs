use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{ChartSourceKind, DurationString, LocalObjectReference, ReconcileStrategy, VerificationProvider};

mod actions;
mod rendering;
mod status;

pub use actions::*;
pub use rendering::*;
pub use status::*;

/// Specification of a Helm release: a chart, values, and how they are installed and upgraded.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "helm.toolkit.fluxcd.io",
    version = "v2",
    kind = "HelmRelease",
    plural = "helmreleases",
    shortname = "hr",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-appliers",
    namespaced,
    status = "HelmReleaseStatus",
    doc = "HelmRelease is the Schema for the helmreleases API.",
    derive = "PartialEq",
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
pub struct HelmReleaseSpec {
    /// Chart defines the template of the HelmChart that should be created for this HelmRelease.
    pub chart: Option<HelmChartTemplate>,
    /// ChartRef holds a reference to a source controller resource containing the Helm chart artifact.
    pub chart_ref: Option<CrossNamespaceSourceReference>,
    /// Interval at which to reconcile the Helm release.
    pub interval: DurationString,
    /// KubeConfig for reconciling the HelmRelease on a remote cluster.
    pub kube_config: Option<KubeConfigReference>,
    /// Suspend tells the controller to suspend reconciliation for this HelmRelease, it does not apply to already
    /// started reconciliations. Defaults to false.
    pub suspend: Option<bool>,
    /// ReleaseName used for the Helm release. Defaults to a composition of `[TargetNamespace-]Name`.
    #[schemars(length(min = 1, max = 53))]
    pub release_name: Option<String>,
    /// TargetNamespace to target when performing operations for the HelmRelease. Defaults to the namespace of the
    /// HelmRelease.
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: Option<String>,
    /// StorageNamespace used for the Helm storage. Defaults to the namespace of the HelmRelease.
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: Option<String>,
    /// DependsOn may contain a list of HelmReleases that must be ready before this HelmRelease is reconciled.
    pub depends_on: Option<Vec<DependencyReference>>,
    /// Timeout is the time to wait for any individual Kubernetes operation (like Jobs for hooks) during the
    /// performance of a Helm action. Defaults to 5m0s.
    pub timeout: Option<DurationString>,
    /// MaxHistory is the number of revisions saved by Helm for this HelmRelease. Use 0 for an unlimited number of
    /// revisions; defaults to 5.
    pub max_history: Option<i64>,
    /// The name of the Kubernetes service account to impersonate when reconciling this HelmRelease.
    #[schemars(length(min = 1, max = 253))]
    pub service_account_name: Option<String>,
    /// PersistentClient tells the controller to use a persistent Kubernetes client for this release. Defaults to
    /// true.
    pub persistent_client: Option<bool>,
    /// DriftDetection holds the configuration for detecting and handling differences between the manifest in the
    /// Helm storage and the resources currently existing in the cluster.
    pub drift_detection: Option<DriftDetection>,
    /// Install holds the configuration for Helm install actions for this HelmRelease.
    pub install: Option<Install>,
    /// Upgrade holds the configuration for Helm upgrade actions for this HelmRelease.
    pub upgrade: Option<Upgrade>,
    /// Test holds the configuration for Helm test actions for this HelmRelease.
    pub test: Option<Test>,
    /// Rollback holds the configuration for Helm rollback actions for this HelmRelease.
    pub rollback: Option<Rollback>,
    /// Uninstall holds the configuration for Helm uninstall actions for this HelmRelease.
    pub uninstall: Option<Uninstall>,
    /// ValuesFrom holds references to resources containing Helm values for this HelmRelease, and information about
    /// how they should be merged.
    pub values_from: Option<Vec<ValuesReference>>,
    /// Values holds the values for this Helm release.
    #[serde(default)]
    #[schemars(schema_with = "any_json")]
    pub values: Option<serde_json::Value>,
    /// CommonMetadata specifies the common labels and annotations that are applied to all resources. Any existing
    /// label or annotation will be overridden if its key matches a common one.
    pub common_metadata: Option<CommonMetadata>,
    /// PostRenderers holds an array of Helm PostRenderers, which will be applied in order of their definition.
    pub post_renderers: Option<Vec<PostRenderer>>,
    /// PostRenderStrategy tells which documents the post renderers see: the manifest alone (`nohooks`), hooks and
    /// manifest together (`combined`), or one after the other (`separate`). Default: combined.
    pub post_render_strategy: Option<PostRenderStrategy>,
    /// WaitStrategy defines how the readiness of resources is determined. Default: poller.
    pub wait_strategy: Option<WaitStrategy>,
    /// HealthCheckExprs is a list of CEL expressions for evaluating the health of custom resources.
    #[schemars(length(max = 50))]
    pub health_check_exprs: Option<Vec<HealthCheckExpr>>,
}

fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// Template of the HelmChart that is created in the namespace of its source.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HelmChartTemplate {
    /// ObjectMeta holds the template for metadata like labels and annotations.
    pub metadata: Option<HelmChartTemplateMeta>,
    /// Spec holds the template for the HelmChartSpec for this HelmRelease.
    pub spec: HelmChartTemplateSpec,
}

/// Metadata of the created HelmChart.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HelmChartTemplateMeta {
    /// Labels are set on the HelmChart.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations are set on the HelmChart.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Specification of the created HelmChart.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartTemplateSpec {
    /// The name or path the Helm chart is available at in the SourceRef.
    #[schemars(length(min = 1, max = 2048))]
    pub chart: String,
    /// Version semver expression. Defaults to latest when omitted.
    #[serde(default = "crate::helm_chart::any_version")]
    pub version: String,
    /// The name and namespace of the source the chart is available at.
    pub source_ref: CrossNamespaceObjectReference,
    /// Interval at which to check the source for updates. Defaults to `HelmReleaseSpec.Interval`.
    pub interval: Option<DurationString>,
    /// Determines what enables the creation of a new artifact. Default: ChartVersion.
    #[serde(default)]
    pub reconcile_strategy: ReconcileStrategy,
    /// Alternative list of values files to use as the chart values (values.yaml is not included by default),
    /// expected to be a relative path in the SourceRef.
    pub values_files: Option<Vec<String>>,
    /// IgnoreMissingValuesFiles controls whether to silently ignore missing values files rather than failing.
    pub ignore_missing_values_files: Option<bool>,
    /// Verify contains the secret name containing the trusted public keys used to verify the signature.
    pub verify: Option<HelmChartTemplateVerification>,
}

/// How the signature of the chart is verified.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartTemplateVerification {
    /// Provider specifies the technology used to sign the OCI Helm chart. Default: cosign.
    #[serde(default)]
    pub provider: VerificationProvider,
    /// SecretRef specifies the Kubernetes Secret containing the trusted public keys.
    pub secret_ref: Option<LocalObjectReference>,
}

/// Names a source of charts, in any namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceObjectReference {
    /// APIVersion of the referent.
    pub api_version: Option<String>,
    /// Kind of the referent.
    pub kind: ChartSourceKind,
    /// Name of the referent.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the referent; default: the namespace of the HelmRelease.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// Names a source with the artifact of one chart, in any namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceSourceReference {
    /// APIVersion of the referent.
    pub api_version: Option<String>,
    /// Kind of the referent.
    pub kind: ChartRefKind,
    /// Name of the referent.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the referent, defaults to the namespace of the Kubernetes resource object that contains the
    /// reference.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// Kind of a source with the artifact of one chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ChartRefKind {
    /// An OCIRepository.
    OCIRepository,
    /// A HelmChart.
    HelmChart,
    /// An ExternalArtifact; accepted for compatibility, refused by the controller.
    ExternalArtifact,
}

impl ChartRefKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OCIRepository => "OCIRepository",
            Self::HelmChart => "HelmChart",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// Where the kubeconfig of a remote cluster is; exactly one of the two is set.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubeConfigReference {
    /// ConfigMapRef names a ConfigMap with the keys provider, cluster, address, ca.crt, audiences and
    /// serviceAccountName.
    pub config_map_ref: Option<LocalObjectReference>,
    /// SecretRef names a Secret with a kubeconfig.
    pub secret_ref: Option<crate::SecretKeyReference>,
}

/// A HelmRelease that must be ready first.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyReference {
    /// Name of the referent.
    pub name: String,
    /// Namespace of the referent, defaults to the namespace of the HelmRelease that contains the reference.
    pub namespace: Option<String>,
    /// ReadyExpr is a CEL expression that can be used to assess the readiness of the dependency, with the variables
    /// `self` and `dep`.
    pub ready_expr: Option<String>,
}

/// Where values come from, and where they go.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValuesReference {
    /// Kind of the values referent, valid values are (`Secret`, `ConfigMap`).
    pub kind: ValuesKind,
    /// Name of the values referent. Should reside in the same namespace as the referring resource.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// ValuesKey is the data key where the values.yaml or a specific value can be found at. Defaults to
    /// `values.yaml`.
    #[schemars(length(max = 253), regex(pattern = r"^[\-._a-zA-Z0-9]+$"))]
    pub values_key: Option<String>,
    /// TargetPath is the YAML dot notation path the value should be merged at. When set, the ValuesKey is expected
    /// to be a single flat value. Defaults to none, which results in the values getting merged at the root.
    #[schemars(length(max = 250), regex(pattern = r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$"))]
    pub target_path: Option<String>,
    /// Optional marks this ValuesReference as optional. When set, a not found error for the values reference is
    /// ignored, but any ValuesKey, TargetPath or transient error will still result in a reconciliation failure.
    pub optional: Option<bool>,
    /// Literal takes the value at TargetPath as it is, without the meaning that `,`, `[` and other characters have
    /// in Helm's `--set`.
    pub literal: Option<bool>,
}

/// Kind of an object with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ValuesKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl ValuesKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}
