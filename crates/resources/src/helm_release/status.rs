//! What was observed of a release.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Condition, DurationString};

/// Observed state of a HelmRelease.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmReleaseStatus {
    /// ObservedGeneration is the last observed generation.
    pub observed_generation: Option<i64>,
    /// ObservedPostRenderersDigest is the digest for the post-renderers of the last successful reconciliation
    /// attempt.
    pub observed_post_renderers_digest: Option<String>,
    /// ObservedCommonMetadataDigest is the digest for the common metadata of the last successful reconciliation
    /// attempt.
    pub observed_common_metadata_digest: Option<String>,
    /// LastAttemptedGeneration is the last generation the controller attempted to reconcile.
    pub last_attempted_generation: Option<i64>,
    /// Conditions holds the conditions for the HelmRelease.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// HelmChart is the namespaced name of the HelmChart resource created by the controller for the HelmRelease.
    pub helm_chart: Option<String>,
    /// StorageNamespace is the namespace of the Helm release storage for the current release.
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: Option<String>,
    /// History holds the history of Helm releases performed for this HelmRelease up to the last successfully
    /// completed release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Snapshot>,
    /// Inventory contains the list of Kubernetes resource object references that have been applied for this release.
    pub inventory: Option<ResourceInventory>,
    /// LastAttemptedReleaseAction is the last release action performed for this HelmRelease. It is used to determine
    /// the active retry or remediation strategy.
    pub last_attempted_release_action: Option<ReleaseAction>,
    /// LastAttemptedReleaseActionDuration is the duration of the last release action performed for this HelmRelease.
    pub last_attempted_release_action_duration: Option<String>,
    /// Failures is the reconciliation failure count against the latest desired state. It is reset after a successful
    /// reconciliation.
    pub failures: Option<i64>,
    /// InstallFailures is the install failure count against the latest desired state. It is reset after a successful
    /// reconciliation.
    pub install_failures: Option<i64>,
    /// UpgradeFailures is the upgrade failure count against the latest desired state. It is reset after a successful
    /// reconciliation.
    pub upgrade_failures: Option<i64>,
    /// LastAttemptedRevision is the Source revision of the last reconciliation attempt.
    pub last_attempted_revision: Option<String>,
    /// LastAttemptedRevisionDigest is the digest of the last reconciliation attempt. This is only set for
    /// OCIRepository sources.
    pub last_attempted_revision_digest: Option<String>,
    /// LastAttemptedValuesChecksum is deprecated, never written.
    pub last_attempted_values_checksum: Option<String>,
    /// LastReleaseRevision is deprecated, never written.
    pub last_release_revision: Option<i64>,
    /// LastAttemptedConfigDigest is the digest for the config (better known as "values") of the last reconciliation
    /// attempt.
    pub last_attempted_config_digest: Option<String>,
    /// LastHandledReconcileAt holds the value of the most recent reconcile request value.
    pub last_handled_reconcile_at: Option<String>,
    /// LastHandledForceAt holds the value of the most recent force request value.
    pub last_handled_force_at: Option<String>,
    /// LastHandledResetAt holds the value of the most recent reset request value.
    pub last_handled_reset_at: Option<String>,
}

/// A kind of release action that may fail and be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseAction {
    /// A Helm install.
    Install,
    /// A Helm upgrade.
    Upgrade,
}

/// One revision of a release, as the controller made it.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// APIVersion is the API version of the Snapshot: which rules its digest follows.
    pub api_version: Option<String>,
    /// Digest is the checksum of the release object in storage. It has the format of `<algo>:<checksum>`.
    pub digest: String,
    /// Name is the name of the release.
    pub name: String,
    /// Namespace is the namespace the release is deployed to.
    pub namespace: String,
    /// Version is the version of the release object in storage: Helm's revision.
    pub version: i64,
    /// Status is the current state of the release.
    pub status: String,
    /// Action is the action that made or last changed this revision: install, upgrade, rollback, uninstall or
    /// uninstall-remediation.
    pub action: Option<String>,
    /// ChartName is the chart name of the release object in storage.
    pub chart_name: String,
    /// ChartVersion is the chart version of the release object in storage.
    pub chart_version: String,
    /// AppVersion is the chart app version of the release object in storage.
    pub app_version: Option<String>,
    /// ConfigDigest is the checksum of the config (better known as "values") of the release object in storage. It has
    /// the format of `<algo>:<checksum>`.
    pub config_digest: String,
    /// FirstDeployed is when the release was first deployed.
    pub first_deployed: Time,
    /// LastDeployed is when the release was last deployed.
    pub last_deployed: Time,
    /// Deleted is when the release was deleted.
    pub deleted: Option<Time>,
    /// TestHooks is the list of test hooks for the release as observed to be run by the controller.
    pub test_hooks: Option<BTreeMap<String, TestHookStatus>>,
    /// OCIDigest is the digest of the OCI artifact associated with the release.
    pub oci_digest: Option<String>,
}

/// What came of a test hook.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestHookStatus {
    /// LastStarted is the time the test hook was last started.
    pub last_started: Option<Time>,
    /// LastCompleted is the time the test hook last completed.
    pub last_completed: Option<Time>,
    /// Phase the test hook was observed to be in.
    pub phase: Option<String>,
}

/// The objects of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceInventory {
    /// Entries of Kubernetes resource object references.
    pub entries: Vec<ResourceRef>,
}

/// Names an object of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRef {
    /// ID is the string representation of the Kubernetes resource object's metadata, in the format
    /// `<namespace>_<name>_<group>_<kind>`.
    pub id: String,
    /// Version is the API version of the Kubernetes resource object's kind.
    pub v: String,
}

impl HelmReleaseStatus {
    /// The newest revision the controller made.
    pub fn latest(&self) -> Option<&Snapshot> {
        self.history.first()
    }

    /// Sets the duration of the last action.
    pub fn set_action_duration(&mut self, duration: std::time::Duration) {
        self.last_attempted_release_action_duration = Some(DurationString::from(duration).to_string());
    }
}
