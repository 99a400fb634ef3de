//! What a spec says about failures, tests, drift and how actions are done.

use std::time::Duration;

use pilothouse_resources::{
    ActionStrategy, ActionStrategyName, ChartNameChangeStrategy, CrdsPolicy, DeletionPropagation,
    DriftDetectionMode, DurationString, HealthCheckExpr, HelmReleaseSpec, RemediationStrategy, TestFilter,
};

/// Default of `spec.timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);
/// Default of `retryInterval`.
const DEFAULT_RETRY_INTERVAL: Duration = Duration::from_secs(300);
/// Default of `spec.maxHistory`.
const DEFAULT_MAX_HISTORY: usize = 5;

/// What decisions depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// After a failed install.
    pub install: Strategy,
    /// After a failed upgrade.
    pub upgrade: Strategy,
    /// Whether tests run.
    pub tests: Option<Tests>,
    /// Whether drift is looked for.
    pub drift: DriftMode,
    /// A chart of another name is upgraded to in place.
    pub in_place_chart_change: bool,
    /// Records stay after an uninstall.
    pub keep_history: bool,
}

/// What happens after a failed action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strategy {
    /// With `RetryOnFailure`: how long to wait before the next try. `None`: the failure is remediated.
    pub retry_interval: Option<Duration>,
    /// How it is remediated.
    pub remediation: Remediation,
}

/// How a failure is remediated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remediation {
    /// How often it is tried again; negative: without end.
    pub retries: i64,
    /// Failed tests are no failure.
    pub ignore_test_failures: bool,
    /// The last failure is remediated too.
    pub last_failure: bool,
    /// By what.
    pub by: RemediationBy,
}

/// By what a failure is remediated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemediationBy {
    /// A rollback to the last good revision.
    Rollback,
    /// An uninstall.
    Uninstall,
}

/// Tests run after an install or upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tests {
    /// Failed tests do not make the release not ready.
    pub ignore_failures: bool,
}

/// What is done about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftMode {
    /// It is not looked for.
    Disabled,
    /// It is reported.
    Warn,
    /// It is corrected.
    Enabled,
}

fn strategy(choice: Option<&ActionStrategy>, remediation: Remediation) -> Strategy {
    let retry = choice.filter(|strategy| strategy.name == ActionStrategyName::RetryOnFailure);
    let interval =
        |strategy: &ActionStrategy| length(strategy.retry_interval.as_ref(), DEFAULT_RETRY_INTERVAL);
    Strategy { retry_interval: retry.map(interval), remediation }
}

fn length(text: Option<&DurationString>, default: Duration) -> Duration {
    text.and_then(|text| text.to_duration().ok()).unwrap_or(default)
}

impl Policy {
    /// The policy of a spec, with Flux's defaults.
    pub fn of(spec: &HelmReleaseSpec) -> Self {
        let test = spec.test.clone().unwrap_or_default();
        let ignore = test.ignore_failures.unwrap_or_default();
        let install = spec.install.clone().unwrap_or_default();
        let remediation = install.remediation.unwrap_or_default();
        let install = strategy(
            install.strategy.as_ref(),
            Remediation {
                retries: remediation.retries.unwrap_or(0),
                ignore_test_failures: remediation.ignore_test_failures.unwrap_or(ignore),
                last_failure: remediation.remediate_last_failure.unwrap_or(false),
                by: RemediationBy::Uninstall,
            },
        );
        let upgrade = spec.upgrade.clone().unwrap_or_default();
        let in_place = upgrade.chart_name_change_strategy == Some(ChartNameChangeStrategy::InPlaceUpdate);
        let remediation = upgrade.remediation.unwrap_or_default();
        let retries = remediation.retries.unwrap_or(0);
        let upgrade = strategy(
            upgrade.strategy.as_ref(),
            Remediation {
                retries,
                ignore_test_failures: remediation.ignore_test_failures.unwrap_or(ignore),
                last_failure: remediation.remediate_last_failure.unwrap_or(retries > 0),
                by: match remediation.strategy.unwrap_or_default() {
                    RemediationStrategy::Rollback => RemediationBy::Rollback,
                    RemediationStrategy::Uninstall => RemediationBy::Uninstall,
                },
            },
        );
        let drift = spec.drift_detection.as_ref().and_then(|drift| drift.mode).unwrap_or_default();
        Self {
            install,
            upgrade,
            tests: test.enable.unwrap_or_default().then_some(Tests { ignore_failures: ignore }),
            drift: match drift {
                DriftDetectionMode::Enabled => DriftMode::Enabled,
                DriftDetectionMode::Warn => DriftMode::Warn,
                DriftDetectionMode::Disabled => DriftMode::Disabled,
            },
            in_place_chart_change: in_place,
            keep_history: spec
                .uninstall
                .as_ref()
                .and_then(|uninstall| uninstall.keep_history)
                .unwrap_or_default(),
        }
    }
}

/// How one action is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How long each hook and each wait may take. Default 5 minutes.
    pub timeout: Duration,
    /// Readiness is waited for.
    pub wait: bool,
    /// Jobs are waited for until they complete.
    pub wait_for_jobs: bool,
    /// Hooks run.
    pub hooks: bool,
    /// Objects of others are taken over.
    pub take_ownership: bool,
    /// Unknown fields are errors.
    pub validate: bool,
    /// `values.schema.json` is not checked.
    pub skip_schema: bool,
    /// What happens with the chart's CRDs.
    pub crds: CrdsPolicy,
    /// The namespace is created.
    pub create_namespace: bool,
    /// Objects that a failed upgrade added are deleted again.
    pub cleanup_on_fail: bool,
    /// The values of the last revision stay, the new ones are merged over them.
    pub preserve_values: bool,
    /// Records stay after an uninstall.
    pub keep_history: bool,
    /// What happens to the dependents of deleted objects.
    pub propagation: DeletionPropagation,
    /// How many revisions are kept; 0: all.
    pub max_history: usize,
    /// Which tests run.
    pub filters: Vec<TestFilter>,
    /// Expressions that tell the health of kinds.
    pub health: Vec<HealthCheckExpr>,
}

impl Options {
    fn base(spec: &HelmReleaseSpec, timeout: Option<&DurationString>) -> Self {
        let timeout = timeout.or(spec.timeout.as_ref());
        let max_history =
            spec.max_history.map_or(DEFAULT_MAX_HISTORY, |max| usize::try_from(max).unwrap_or(0));
        Self {
            timeout: length(timeout, DEFAULT_TIMEOUT),
            wait: true,
            wait_for_jobs: true,
            hooks: true,
            take_ownership: true,
            validate: true,
            skip_schema: false,
            crds: CrdsPolicy::default(),
            create_namespace: false,
            cleanup_on_fail: false,
            preserve_values: false,
            keep_history: false,
            propagation: DeletionPropagation::default(),
            max_history,
            filters: Vec::new(),
            health: spec.health_check_exprs.clone().unwrap_or_default(),
        }
    }

    /// How an install is done.
    pub fn install(spec: &HelmReleaseSpec) -> Self {
        let install = spec.install.clone().unwrap_or_default();
        let not = |choice: Option<bool>| !choice.unwrap_or_default();
        Self {
            wait: not(install.disable_wait),
            wait_for_jobs: not(install.disable_wait_for_jobs),
            hooks: not(install.disable_hooks),
            take_ownership: not(install.disable_take_ownership),
            validate: not(install.disable_openapi_validation),
            skip_schema: install.disable_schema_validation.unwrap_or_default(),
            crds: install.crds.unwrap_or_default(),
            create_namespace: install.create_namespace.unwrap_or_default() && spec.target_namespace.is_some(),
            ..Self::base(spec, install.timeout.as_ref())
        }
    }

    /// How an upgrade is done.
    pub fn upgrade(spec: &HelmReleaseSpec) -> Self {
        let upgrade = spec.upgrade.clone().unwrap_or_default();
        let not = |choice: Option<bool>| !choice.unwrap_or_default();
        Self {
            wait: not(upgrade.disable_wait),
            wait_for_jobs: not(upgrade.disable_wait_for_jobs),
            hooks: not(upgrade.disable_hooks),
            take_ownership: not(upgrade.disable_take_ownership),
            validate: not(upgrade.disable_openapi_validation),
            skip_schema: upgrade.disable_schema_validation.unwrap_or_default(),
            crds: upgrade.crds.unwrap_or_default(),
            cleanup_on_fail: upgrade.cleanup_on_fail.unwrap_or_default(),
            preserve_values: upgrade.preserve_values.unwrap_or_default(),
            ..Self::base(spec, upgrade.timeout.as_ref())
        }
    }

    /// How a rollback is done.
    pub fn rollback(spec: &HelmReleaseSpec) -> Self {
        let rollback = spec.rollback.clone().unwrap_or_default();
        Self {
            wait: !rollback.disable_wait.unwrap_or_default(),
            wait_for_jobs: !rollback.disable_wait_for_jobs.unwrap_or_default(),
            hooks: !rollback.disable_hooks.unwrap_or_default(),
            cleanup_on_fail: rollback.cleanup_on_fail.unwrap_or_default(),
            ..Self::base(spec, rollback.timeout.as_ref())
        }
    }

    /// How an uninstall is done.
    pub fn uninstall(spec: &HelmReleaseSpec) -> Self {
        let uninstall = spec.uninstall.clone().unwrap_or_default();
        Self {
            wait: !uninstall.disable_wait.unwrap_or_default(),
            hooks: !uninstall.disable_hooks.unwrap_or_default(),
            keep_history: uninstall.keep_history.unwrap_or_default(),
            propagation: uninstall.deletion_propagation.unwrap_or_default(),
            ..Self::base(spec, uninstall.timeout.as_ref())
        }
    }

    /// How tests are run.
    pub fn test(spec: &HelmReleaseSpec) -> Self {
        let test = spec.test.clone().unwrap_or_default();
        Self { filters: test.filters.unwrap_or_default(), ..Self::base(spec, test.timeout.as_ref()) }
    }
}
