use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Artifact, Condition, DurationString, LocalObjectReference, Provider, Verification};

/// Specification of an artifact in an OCI registry.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "OCIRepository",
    plural = "ocirepositories",
    shortname = "ocirepo",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-sources",
    namespaced,
    status = "OCIRepositoryStatus",
    doc = "OCIRepository is the Schema for the ocirepositories API.",
    derive = "PartialEq",
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
pub struct OCIRepositorySpec {
    /// URL is a reference to an OCI artifact repository hosted on a remote container registry, without a tag.
    #[schemars(regex(pattern = r"^oci://.*$"))]
    pub url: String,
    /// The OCI reference to pull and monitor for changes, defaults to the latest tag.
    #[serde(rename = "ref")]
    pub reference: Option<OCIRepositoryRef>,
    /// LayerSelector specifies which layer should be extracted from the OCI artifact. When not specified, the first
    /// layer found in the artifact is selected.
    pub layer_selector: Option<OCILayerSelector>,
    /// The provider used for authentication. Default: generic.
    #[serde(default)]
    pub provider: Provider,
    /// SecretRef names the Secret of type `kubernetes.io/dockerconfigjson` with the registry's login.
    pub secret_ref: Option<LocalObjectReference>,
    /// Verify contains the secret name containing the trusted public keys used to verify the signature and
    /// specifies which provider to use to check whether OCI image is authentic.
    pub verify: Option<Verification>,
    /// ServiceAccountName is the name of the Kubernetes ServiceAccount used to authenticate the image pull: its
    /// imagePullSecrets.
    pub service_account_name: Option<String>,
    /// CertSecretRef names the Secret with `tls.crt` and `tls.key` and/or `ca.crt`.
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// ProxySecretRef names the Secret with the `address` of a proxy and, optionally, its `username` and
    /// `password`.
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// Interval at which the OCIRepository URL is checked for updates. This interval is approximate and may be
    /// subject to jitter to ensure efficient use of resources.
    pub interval: DurationString,
    /// The timeout for remote OCI Repository operations like pulling. Default: 60s.
    #[serde(default = "default_timeout")]
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$"))]
    pub timeout: Option<DurationString>,
    /// Ignore overrides the set of excluded patterns in the .sourceignore format (which is the same as .gitignore).
    pub ignore: Option<String>,
    /// Insecure allows connecting to a non-TLS HTTP container registry.
    pub insecure: Option<bool>,
    /// This flag tells the controller to suspend the reconciliation of this source.
    pub suspend: Option<bool>,
}

fn default_timeout() -> Option<DurationString> {
    "60s".parse().ok()
}

/// Which artifact of the repository is meant; precedence: digest, semver, tag.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OCIRepositoryRef {
    /// Digest is the image digest to pull, takes precedence over SemVer. The value should be in the format
    /// `sha256:<HASH>`.
    pub digest: Option<String>,
    /// SemVer is the range of tags to pull selecting the latest within the range, takes precedence over Tag.
    pub semver: Option<String>,
    /// SemverFilter is a regex pattern to filter the tags within the SemVer range.
    pub semver_filter: Option<String>,
    /// Tag is the image tag to pull, defaults to latest.
    pub tag: Option<String>,
}

/// Which layer of the artifact is used, and how.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OCILayerSelector {
    /// MediaType specifies the OCI media type of the layer which should be extracted from the OCI Artifact. The
    /// first layer matching this type is selected.
    pub media_type: Option<String>,
    /// Operation specifies how the selected layer should be processed. By default, the layer compressed content is
    /// extracted to storage. When the operation is set to `copy`, the layer compressed content is persisted to
    /// storage as it is.
    pub operation: Option<LayerOperation>,
}

/// How a layer is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayerOperation {
    /// Unpacked and packed again without links, owners and times.
    #[default]
    Extract,
    /// As it is.
    Copy,
}

/// Observed state of an OCIRepository.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OCIRepositoryStatus {
    /// ObservedGeneration is the last observed generation.
    pub observed_generation: Option<i64>,
    /// Conditions holds the conditions for the OCIRepository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// URL is the download link for the artifact output of the last OCI Repository sync.
    pub url: Option<String>,
    /// Artifact represents the output of the last successful OCI Repository sync.
    pub artifact: Option<Artifact>,
    /// ObservedIgnore is the observed exclusion patterns used for constructing the source artifact.
    pub observed_ignore: Option<String>,
    /// ObservedLayerSelector is the observed layer selector used for constructing the source artifact.
    pub observed_layer_selector: Option<OCILayerSelector>,
    /// LastHandledReconcileAt holds the value of the most recent reconcile request.
    pub last_handled_reconcile_at: Option<String>,
}
