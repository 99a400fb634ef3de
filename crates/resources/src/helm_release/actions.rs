//! How each Helm action is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DurationString;

/// Configuration of Helm install actions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Install {
    /// Strategy defines what happens when an install fails.
    pub strategy: Option<ActionStrategy>,
    /// Timeout is the time to wait for any individual Kubernetes operation during the performance of a Helm install
    /// action. Defaults to `HelmReleaseSpec.Timeout`.
    pub timeout: Option<DurationString>,
    /// Remediation holds the remediation configuration for when the Helm install action fails.
    pub remediation: Option<InstallRemediation>,
    /// DisableTakeOwnership disables taking ownership of existing resources during the Helm install action.
    pub disable_take_ownership: Option<bool>,
    /// DisableWait disables the waiting for resources to be ready after a Helm install has been performed.
    pub disable_wait: Option<bool>,
    /// DisableWaitForJobs disables waiting for jobs to complete after a Helm install has been performed.
    pub disable_wait_for_jobs: Option<bool>,
    /// DisableHooks prevents hooks from running during the Helm install action.
    pub disable_hooks: Option<bool>,
    /// DisableOpenAPIValidation prevents the Helm install action from validating rendered templates against the
    /// Kubernetes OpenAPI Schema.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_openapi_validation: Option<bool>,
    /// DisableSchemaValidation prevents the Helm install action from validating the values against the JSON Schema.
    pub disable_schema_validation: Option<bool>,
    /// Replace tells the Helm install action to re-use the ReleaseName, but only if that name is a deleted release
    /// which remains in the history.
    pub replace: Option<bool>,
    /// SkipCRDs is deprecated and ignored, as in Flux; use CRDs.
    #[serde(rename = "skipCRDs")]
    pub skip_crds: Option<bool>,
    /// CRDs upgrade CRDs from the Helm Chart's crds directory according to the CRD upgrade policy provided here.
    /// Default: Create.
    pub crds: Option<CrdsPolicy>,
    /// CreateNamespace tells the Helm install action to create the `HelmReleaseSpec.TargetNamespace` if it does not
    /// exist yet. On uninstall, the namespace will not be garbage collected.
    pub create_namespace: Option<bool>,
    /// ServerSideApply enables server-side apply for resources during install. Defaults to true.
    pub server_side_apply: Option<bool>,
}

/// What happens when an install fails and how often it is retried.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallRemediation {
    /// Retries is the number of retries that should be attempted on failures before bailing. Remediation, using an
    /// uninstall, is performed between each attempt. Defaults to 0, a negative integer equals to unlimited retries.
    pub retries: Option<i64>,
    /// IgnoreTestFailures tells the controller to skip remediation when the Helm tests are run after an install
    /// action but fail. Defaults to `Test.IgnoreFailures`.
    pub ignore_test_failures: Option<bool>,
    /// RemediateLastFailure tells the controller to remediate the last failure, when no retries remain. Defaults to
    /// false.
    pub remediate_last_failure: Option<bool>,
}

/// What happens when an action fails.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionStrategy {
    /// Name of the strategy.
    pub name: ActionStrategyName,
    /// RetryInterval is the interval at which to retry a failed action (only with RetryOnFailure). Defaults to 5m.
    pub retry_interval: Option<DurationString>,
}

/// Name of what happens when an action fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActionStrategyName {
    /// The failure is remediated as the remediation says.
    #[default]
    RemediateOnFailure,
    /// The action is tried again after the retry interval, without remediation.
    RetryOnFailure,
}

/// What is done with the CRDs of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CrdsPolicy {
    /// Nothing.
    Skip,
    /// Missing ones are created, existing ones are left as they are.
    #[default]
    Create,
    /// Missing ones are created, existing ones are replaced; none is deleted.
    CreateReplace,
}

/// Configuration of Helm upgrade actions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Strategy defines what happens when an upgrade fails.
    pub strategy: Option<ActionStrategy>,
    /// Timeout is the time to wait for any individual Kubernetes operation during the performance of a Helm upgrade
    /// action. Defaults to `HelmReleaseSpec.Timeout`.
    pub timeout: Option<DurationString>,
    /// Remediation holds the remediation configuration for when the Helm upgrade action fails.
    pub remediation: Option<UpgradeRemediation>,
    /// DisableTakeOwnership disables taking ownership of existing resources during the Helm upgrade action.
    pub disable_take_ownership: Option<bool>,
    /// DisableWait disables the waiting for resources to be ready after a Helm upgrade has been performed.
    pub disable_wait: Option<bool>,
    /// DisableWaitForJobs disables waiting for jobs to complete after a Helm upgrade has been performed.
    pub disable_wait_for_jobs: Option<bool>,
    /// DisableHooks prevents hooks from running during the Helm upgrade action.
    pub disable_hooks: Option<bool>,
    /// DisableOpenAPIValidation prevents the Helm upgrade action from validating rendered templates against the
    /// Kubernetes OpenAPI Schema.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_openapi_validation: Option<bool>,
    /// DisableSchemaValidation prevents the Helm upgrade action from validating the values against the JSON Schema.
    pub disable_schema_validation: Option<bool>,
    /// Force forces resource updates through a replacement strategy; ignored under server-side apply.
    pub force: Option<bool>,
    /// PreserveValues will make Helm reuse the last release's values and merge in overrides from `Values`.
    pub preserve_values: Option<bool>,
    /// CleanupOnFail allows deletion of new resources created during the Helm upgrade action when it fails.
    pub cleanup_on_fail: Option<bool>,
    /// CRDs upgrade CRDs from the Helm Chart's crds directory according to the CRD upgrade policy provided here.
    /// Default: Create, as the code of Flux does (its documents say Skip).
    pub crds: Option<CrdsPolicy>,
    /// ServerSideApply enables server-side apply for resources during upgrade. Default: auto, as the last revision.
    pub server_side_apply: Option<ServerSideApply>,
    /// ChartNameChangeStrategy tells what happens when the name of the chart changes. Default: Reinstall.
    pub chart_name_change_strategy: Option<ChartNameChangeStrategy>,
}

/// Whether server-side apply is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerSideApply {
    /// Always.
    Enabled,
    /// Never.
    Disabled,
    /// As the revision before.
    #[default]
    Auto,
}

/// What happens when the name of the chart changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChartNameChangeStrategy {
    /// The release is upgraded to the other chart.
    InPlaceUpdate,
    /// The release is uninstalled and installed from the other chart.
    #[default]
    Reinstall,
}

/// What happens when an upgrade fails and how often it is retried.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeRemediation {
    /// Retries is the number of retries that should be attempted on failures before bailing. Remediation, using
    /// `Strategy`, is performed between each attempt. Defaults to 0, a negative integer equals to unlimited retries.
    pub retries: Option<i64>,
    /// IgnoreTestFailures tells the controller to skip remediation when the Helm tests are run after an upgrade
    /// action but fail. Defaults to `Test.IgnoreFailures`.
    pub ignore_test_failures: Option<bool>,
    /// RemediateLastFailure tells the controller to remediate the last failure, when no retries remain. Defaults to
    /// false unless `Retries` is greater than 0.
    pub remediate_last_failure: Option<bool>,
    /// Strategy to use for failure remediation. Defaults to rollback.
    pub strategy: Option<RemediationStrategy>,
}

/// How a failed upgrade is remediated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemediationStrategy {
    /// By a rollback to the last good revision.
    #[default]
    Rollback,
    /// By uninstalling the release.
    Uninstall,
}

/// Configuration of Helm rollback actions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// Timeout is the time to wait for any individual Kubernetes operation during the performance of a Helm rollback
    /// action. Defaults to `HelmReleaseSpec.Timeout`.
    pub timeout: Option<DurationString>,
    /// DisableWait disables the waiting for resources to be ready after a Helm rollback has been performed.
    pub disable_wait: Option<bool>,
    /// DisableWaitForJobs disables waiting for jobs to complete after a Helm rollback has been performed.
    pub disable_wait_for_jobs: Option<bool>,
    /// DisableHooks prevents hooks from running during the Helm rollback action.
    pub disable_hooks: Option<bool>,
    /// Recreate has no effect, as in Flux.
    pub recreate: Option<bool>,
    /// Force forces resource updates through a replacement strategy; ignored under server-side apply.
    pub force: Option<bool>,
    /// CleanupOnFail allows deletion of new resources created during the Helm rollback action when it fails.
    pub cleanup_on_fail: Option<bool>,
    /// ServerSideApply enables server-side apply for resources during rollback. Default: auto, as the target
    /// revision.
    pub server_side_apply: Option<ServerSideApply>,
}

/// Configuration of Helm uninstall actions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uninstall {
    /// Timeout is the time to wait for any individual Kubernetes operation during the performance of a Helm
    /// uninstall action. Defaults to `HelmReleaseSpec.Timeout`.
    pub timeout: Option<DurationString>,
    /// DisableHooks prevents hooks from running during the Helm uninstall action.
    pub disable_hooks: Option<bool>,
    /// KeepHistory tells Helm to remove all associated resources and mark the release as deleted, but retain the
    /// release history.
    pub keep_history: Option<bool>,
    /// DisableWait disables waiting for all the resources to be deleted after a Helm uninstall is performed.
    pub disable_wait: Option<bool>,
    /// DeletionPropagation specifies the deletion propagation policy when a Helm uninstall is performed. Default:
    /// background.
    pub deletion_propagation: Option<DeletionPropagation>,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeletionPropagation {
    /// They are deleted afterwards.
    #[default]
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// Configuration of Helm test actions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// Enable enables Helm test actions for this HelmRelease after an Helm install or upgrade action has been
    /// performed.
    pub enable: Option<bool>,
    /// Timeout is the time to wait for any individual Kubernetes operation during the performance of a Helm test
    /// action. Defaults to `HelmReleaseSpec.Timeout`.
    pub timeout: Option<DurationString>,
    /// IgnoreFailures tells the controller to skip remediation when the Helm tests are run but fail.
    pub ignore_failures: Option<bool>,
    /// Filters is a list of tests to run or exclude from running.
    pub filters: Option<Vec<TestFilter>>,
}

/// Includes or excludes a test.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestFilter {
    /// Name is the name of the test.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Exclude specifies whether the named test should be excluded.
    pub exclude: Option<bool>,
}

/// Configuration of drift detection.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftDetection {
    /// Mode defines how differences should be handled between the Helm manifest and the manifest currently applied
    /// to the cluster. Default: disabled.
    pub mode: Option<DriftDetectionMode>,
    /// Ignore contains a list of rules for specifying which changes to ignore during diffing.
    pub ignore: Option<Vec<IgnoreRule>>,
}

/// What is done about drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftDetectionMode {
    /// It is reported and corrected.
    Enabled,
    /// It is reported.
    Warn,
    /// It is not looked for.
    #[default]
    Disabled,
}

/// Changes that are no drift.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreRule {
    /// Paths is a list of JSON Pointer (RFC 6901) paths to be excluded from consideration in a Kubernetes object.
    pub paths: Vec<String>,
    /// Target is a selector for specifying Kubernetes objects to which this rule applies. If Target is not set, the
    /// Paths will be ignored for all Kubernetes objects within the manifest of the Helm release.
    pub target: Option<super::Selector>,
}
