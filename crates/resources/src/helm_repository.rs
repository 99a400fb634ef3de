use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Artifact, Condition, DurationString, LocalObjectReference, Provider};

/// Specification of a Helm repository: an HTTP index or an OCI registry namespace.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "HelmRepository",
    plural = "helmrepositories",
    shortname = "helmrepo",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-sources",
    namespaced,
    status = "HelmRepositoryStatus",
    doc = "HelmRepository is the Schema for the helmrepositories API.",
    derive = "PartialEq",
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
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
pub struct HelmRepositorySpec {
    /// URL of the Helm repository, a valid URL contains at least a protocol and host: the address below which
    /// `index.yaml` is, or `oci://` with the registry host and the namespace of the charts.
    #[schemars(regex(pattern = r"^(http|https|oci)://.*$"))]
    pub url: String,
    /// Type of the HelmRepository. When this field is set to `oci`, the URL field value must be prefixed with
    /// `oci://`.
    #[serde(rename = "type")]
    pub type_: Option<RepositoryType>,
    /// SecretRef names the Secret with credentials: `username` and `password`, `bearerToken`, or a
    /// `kubernetes.io/dockerconfigjson`.
    pub secret_ref: Option<LocalObjectReference>,
    /// CertSecretRef names the Secret with `tls.crt` and `tls.key` (client certificate) and/or `ca.crt`, which is
    /// trusted in addition to the system's authorities.
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// PassCredentials allows the credentials from the SecretRef to be passed on to a host that does not match the
    /// host as defined in URL. This may be needed if the host of the advertised chart URLs in the index differ from
    /// the defined URL. Use with care: credentials can be stolen.
    pub pass_credentials: Option<bool>,
    /// Interval at which the repository is synced. This interval is approximate and may be subject to jitter to
    /// ensure efficient use of resources. Default: 1m.
    pub interval: Option<DurationString>,
    /// Insecure allows connecting to a non-TLS HTTP registry (only with type `oci`).
    pub insecure: Option<bool>,
    /// Timeout is used for the index fetch operation and for remote OCI operations like pulling. Default: 60s.
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$"))]
    pub timeout: Option<DurationString>,
    /// Suspend tells the controller to suspend the reconciliation of this HelmRepository.
    pub suspend: Option<bool>,
    /// AccessFrom specifies an Access Control List for allowing cross-namespace references to this object.
    /// Declared for compatibility, not implemented (as in Flux).
    pub access_from: Option<AccessFrom>,
    /// Provider used for authentication with a registry of a cloud (only with type `oci`). Default: generic.
    pub provider: Option<Provider>,
    /// Charts is an explicit list of chart names below the URL, for registries that do not let a client list a
    /// namespace (only with type `oci`; Pilothouse's own field). Where set, the registry is not asked for a catalog.
    #[schemars(length(max = 10000))]
    pub charts: Option<Vec<String>>,
}

impl HelmRepositorySpec {
    /// Whether the repository is an OCI registry.
    pub fn is_oci(&self) -> bool {
        self.type_ == Some(RepositoryType::Oci)
    }
}

/// Type of a Helm repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryType {
    /// An HTTP(S) server with an `index.yaml`.
    #[default]
    Default,
    /// An OCI registry.
    Oci,
}

/// Which namespaces may refer to an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessFrom {
    /// NamespaceSelectors is the list of namespace selectors to which this ACL applies; any match suffices.
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// Selects namespaces by label.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// MatchLabels is a map of labels, all of which a namespace must have.
    pub match_labels: Option<std::collections::BTreeMap<String, String>>,
}

/// Observed state of a HelmRepository.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositoryStatus {
    /// ObservedGeneration is the last observed generation of the HelmRepository object.
    pub observed_generation: Option<i64>,
    /// Conditions holds the conditions for the HelmRepository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// URL is the dynamic fetch link for the latest index: always the last stored one.
    pub url: Option<String>,
    /// Artifact represents the last successful sync: the index of the repository.
    pub artifact: Option<Artifact>,
    /// LastHandledReconcileAt holds the value of the most recent reconcile request.
    pub last_handled_reconcile_at: Option<String>,
    /// Catalog sums up what the last sync found (Pilothouse's own field); the whole list is the artifact.
    pub catalog: Option<CatalogStatus>,
}

/// What a sync of a repository found.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogStatus {
    /// Charts is the number of charts found.
    pub charts: i64,
    /// Versions is the number of chart versions found, of all charts.
    pub versions: i64,
    /// Digest is the digest of the catalog: it changes where a chart, version or digest does.
    pub digest: Option<String>,
    /// Method tells how the list of charts was obtained, for example `index`, `catalog`, `chart-url`,
    /// `explicit-list` or a registry's own interface (`harbor-api`).
    pub method: String,
    /// Complete is true where every chart and version is in the list as far as the registry tells.
    pub complete: bool,
    /// Detail says in words what is missing where the list is not complete.
    pub detail: Option<String>,
    /// Registry is the family of registry that answered, for example `distribution`, `harbor` or `ghcr`.
    pub registry: Option<String>,
    /// LastCheckedAt is the time at which the repository was last compared with the registry.
    pub last_checked_at: Option<Time>,
    /// LastChangedAt is the time at which a sync last found a change.
    pub last_changed_at: Option<Time>,
    /// NextSyncAt is the time at which the next sync is due.
    pub next_sync_at: Option<Time>,
    /// Requests is the number of requests that the last sync made.
    pub requests: Option<i64>,
    /// RateLimit is the request budget that the registry last told.
    pub rate_limit: Option<RateLimit>,
    /// CredentialExpiresAt is the time at which the credential stops working, where known.
    pub credential_expires_at: Option<Time>,
    /// Skipped is the number of tags that are no chart.
    pub skipped: Option<i64>,
    /// Syncs are the last syncs, newest first, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub syncs: Vec<SyncRecord>,
}

/// A registry's request budget, as its headers tell.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Limit is the number of requests allowed in the window.
    pub limit: Option<i64>,
    /// Remaining is the number of requests left in the window.
    pub remaining: Option<i64>,
    /// WindowSeconds is the length of the window.
    pub window_seconds: Option<i64>,
    /// ResetAt is the time at which requests are allowed again, where the registry refused.
    pub reset_at: Option<Time>,
}

/// One sync of a repository that changed something or failed, or the newest one.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRecord {
    /// At is the time at which the sync ended.
    pub at: Time,
    /// Result is `Changed`, `Unchanged` or `Failed`.
    pub result: String,
    /// Message says in a sentence what the sync found, or why it failed.
    pub message: Option<String>,
    /// Count is the number of syncs in a row with this result, where more than one.
    pub count: Option<i64>,
}
