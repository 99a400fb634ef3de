//! The heart: which one action comes next. Pure; the state machine is Flux's (helm-controller 1.6, `reconcile/state.go`),
//! with the differences that COMPATIBILITY.md lists.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pilothouse_resources::{HelmReleaseStatus, ReleaseAction, Snapshot};

use crate::{
    desired::{Desired, DriftMode, Intent, RemediationBy, Strategy, Target},
    observe::{Drift, Observed},
    record::Status,
};

/// A revision that somebody else left pending is taken over once it is this old: until then a `helm` command may still
/// be at work on it.
const FOREIGN_PENDING: Duration = Duration::from_secs(30);

/// The one action that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Install the release.
    Install,
    /// Upgrade it.
    Upgrade {
        /// What made it necessary.
        because: Change,
    },
    /// Roll back to a revision.
    Rollback {
        /// The revision.
        to: u32,
    },
    /// Uninstall it.
    Uninstall {
        /// What is uninstalled; not always what is desired.
        target: Target,
        /// Why.
        because: Removal,
    },
    /// Run its tests.
    Test,
    /// Mark a pending revision of somebody else as failed.
    Unlock {
        /// The revision.
        version: u32,
    },
    /// Go on with a revision of ours that a restart interrupted, or note its end.
    Resume {
        /// The revision.
        version: u32,
    },
    /// Compare the stored manifest with the cluster, then decide again.
    DetectDrift,
    /// Bring the cluster back to the stored manifest.
    CorrectDrift,
    /// Nothing before then.
    Wait {
        /// When to decide again.
        until: Timestamp,
        /// What is waited for.
        because: Pause,
    },
    /// All is as desired (or drift is only reported).
    Nothing,
    /// No further try: only a change helps.
    GiveUp {
        /// Reason of the condition `Stalled`.
        reason: &'static str,
        /// Its message.
        message: String,
    },
}

/// What made an upgrade necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The chart has another name or version.
    Chart,
    /// The values differ.
    Values,
    /// The post renderers differ.
    PostRenderers,
    /// The common metadata differ.
    CommonMetadata,
    /// It was requested by annotation.
    Forced,
    /// The release exists and was not made by this HelmRelease, or somebody changed it since.
    Unmanaged,
    /// The last action failed.
    Failed,
}

/// Why a release is uninstalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Its HelmRelease is deleted.
    Deleted,
    /// It remediates a failure.
    Remediation,
    /// Name, namespace or chart changed, so that it is another release now.
    TargetChanged,
    /// An uninstall began and did not end.
    Unfinished,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// The retry interval after a failure.
    Retry,
    /// A `helm` command of somebody else.
    Foreign,
}

/// Reason of `Stalled` when no retries are left.
pub const RETRIES_EXCEEDED: &str = "RetriesExceeded";
/// Reason of `Stalled` when there is no good revision to roll back to.
pub const MISSING_ROLLBACK_TARGET: &str = "MissingRollbackTarget";

/// Decides what comes next.
///
/// # Flow
/// Deletion and a changed target come first, then the state of the newest revision in storage: none, pending,
/// uninstalled, not ours, failed, deployed; for a deployed one what changed, tests, drift.
///
/// # Guarantees
/// Every `Observed` has a decision. Performing it changes what the next call observes, or is `Nothing`, `Wait` or
/// `GiveUp`.
pub fn decide(desired: &Desired, observed: &Observed<'_>) -> Decision {
    if desired.intent == Intent::Absent {
        return on_deletion(desired, observed);
    }
    if let Some(target) = changed_target(desired, observed.status) {
        return Decision::Uninstall { target, because: Removal::TargetChanged };
    }
    let Some(latest) = observed.latest() else {
        return when_absent(desired, observed);
    };
    let ours = observed.latest_is_ours();
    match latest.status {
        status if status.is_pending() && ours => return Decision::Resume { version: latest.version },
        status if status.is_pending() => {
            return foreign(observed, Decision::Unlock { version: latest.version });
        }
        Status::Uninstalled => return when_absent(desired, observed),
        Status::Uninstalling => {
            let finish = Decision::Uninstall { target: desired.target.clone(), because: Removal::Unfinished };
            return if ours { finish } else { foreign(observed, finish) };
        }
        _ => {}
    }
    if !observed.verified {
        let unrecorded =
            ours && observed.status.latest().is_none_or(|s| s.version < i64::from(latest.version));
        return match unrecorded {
            true => Decision::Resume { version: latest.version },
            false => Decision::Upgrade { because: Change::Unmanaged },
        };
    }
    match (latest.status, observed.status.latest()) {
        (Status::Failed, _) => after_failure(desired, observed),
        (Status::Deployed, Some(snapshot)) => when_deployed(desired, observed, snapshot),
        _ => Decision::Upgrade { because: Change::Unmanaged },
    }
}

fn on_deletion(desired: &Desired, observed: &Observed<'_>) -> Decision {
    let uninstall = |target: Target| Decision::Uninstall { target, because: Removal::Deleted };
    if let Some(target) = changed_target(desired, observed.status) {
        return uninstall(target);
    }
    match observed.latest() {
        Some(latest) if observed.is_managed() => match latest.status {
            Status::Uninstalled if desired.policy.keep_history => Decision::Nothing,
            _ => uninstall(desired.target.clone()),
        },
        _ => Decision::Nothing,
    }
}

/// The old target, where the last snapshot is of another release than the desired one.
fn changed_target(desired: &Desired, status: &HelmReleaseStatus) -> Option<Target> {
    let snapshot = status.latest()?;
    if snapshot.status == Status::Uninstalled.as_str() || snapshot.status == Status::Uninstalling.as_str() {
        return None;
    }
    let storage_namespace = status.storage_namespace.as_deref().unwrap_or(&desired.target.storage_namespace);
    let old = Target {
        name: snapshot.name.clone(),
        namespace: snapshot.namespace.clone(),
        storage_namespace: storage_namespace.to_owned(),
    };
    let other_chart = desired.intent == Intent::Present
        && !desired.policy.in_place_chart_change
        && snapshot.chart_name != desired.chart_name;
    (old != desired.target || other_chart).then_some(old)
}

/// A revision of somebody else that is under way: left alone while it is young.
fn foreign(observed: &Observed<'_>, then: Decision) -> Decision {
    let created = observed.latest().and_then(|latest| latest.created).unwrap_or(Timestamp::UNIX_EPOCH);
    let until = created.saturating_add(FOREIGN_PENDING).unwrap_or(observed.now);
    match until > observed.now {
        true => Decision::Wait { until, because: Pause::Foreign },
        false => then,
    }
}

fn when_absent(desired: &Desired, observed: &Observed<'_>) -> Decision {
    let failures = observed.status.install_failures.unwrap_or(0);
    if !desired.force && is_exhausted(&desired.policy.install, failures) {
        return exhausted(ReleaseAction::Install, failures);
    }
    Decision::Install
}

fn is_exhausted(strategy: &Strategy, failures: i64) -> bool {
    let retries = strategy.remediation.retries;
    strategy.retry_interval.is_none() && retries >= 0 && failures > retries
}

fn exhausted(action: ReleaseAction, failures: i64) -> Decision {
    let verb = match action {
        ReleaseAction::Install => "install",
        ReleaseAction::Upgrade => "upgrade",
    };
    Decision::GiveUp {
        reason: RETRIES_EXCEEDED,
        message: format!("Failed to {verb} after {failures} attempt(s)"),
    }
}

/// The failed action, its strategy and how often it failed.
fn active<'a>(
    desired: &'a Desired,
    status: &HelmReleaseStatus,
) -> Option<(ReleaseAction, &'a Strategy, i64)> {
    let action = status.last_attempted_release_action?;
    Some(match action {
        ReleaseAction::Install => (action, &desired.policy.install, status.install_failures.unwrap_or(0)),
        ReleaseAction::Upgrade => (action, &desired.policy.upgrade, status.upgrade_failures.unwrap_or(0)),
    })
}

fn after_failure(desired: &Desired, observed: &Observed<'_>) -> Decision {
    let upgrade = Decision::Upgrade { because: Change::Failed };
    let Some((action, strategy, failures)) = active(desired, observed.status) else { return upgrade };
    if failures == 0 || desired.force {
        return upgrade;
    }
    if let Some(interval) = strategy.retry_interval {
        let until = last_attempt(observed.status).and_then(|ended| ended.checked_add(interval).ok());
        return match until {
            Some(until) if until > observed.now => Decision::Wait { until, because: Pause::Retry },
            _ => upgrade,
        };
    }
    if is_exhausted(strategy, failures) && !strategy.remediation.last_failure {
        return exhausted(action, failures);
    }
    match strategy.remediation.by {
        RemediationBy::Uninstall => {
            Decision::Uninstall { target: desired.target.clone(), because: Removal::Remediation }
        }
        RemediationBy::Rollback => {
            match rollback_target(&observed.status.history, strategy.remediation.ignore_test_failures) {
                Some(to) => Decision::Rollback { to },
                None => Decision::GiveUp {
                    reason: MISSING_ROLLBACK_TARGET,
                    message: "Failed to perform remediation: missing target release to rollback to"
                        .to_owned(),
                },
            }
        }
    }
}

/// When the last action ended.
fn last_attempt(status: &HelmReleaseStatus) -> Option<Timestamp> {
    let started = status.latest()?.last_deployed.0;
    let duration = status.last_attempted_release_action_duration.as_deref().and_then(go_duration);
    Some(duration.and_then(|duration| started.checked_add(duration).ok()).unwrap_or(started))
}

/// Reads Go's notation of a duration (`482.005407ms`, `1m2.5s`).
fn go_duration(text: &str) -> Option<SignedDuration> {
    let mut seconds = 0f64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let units =
            [("ms", 1e-3), ("µs", 1e-6), ("us", 1e-6), ("ns", 1e-9), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
        let (unit, length) = units.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        seconds += number * length;
        rest = &rest[unit.len()..];
    }
    SignedDuration::try_from_secs_f64(seconds).ok()
}

/// The newest earlier revision that was deployed and whose tests did not fail.
pub fn rollback_target(history: &[Snapshot], ignore_test_failures: bool) -> Option<u32> {
    let good = |snapshot: &&Snapshot| {
        let was_deployed = matches!(Status::parse(&snapshot.status), Status::Deployed | Status::Superseded);
        was_deployed && (ignore_test_failures || !has_failed_test(snapshot))
    };
    history.iter().skip(1).find(good).and_then(|snapshot| u32::try_from(snapshot.version).ok())
}

/// Whether a test of the revision failed.
pub fn has_failed_test(snapshot: &Snapshot) -> bool {
    let hooks = snapshot.test_hooks.iter().flat_map(|hooks| hooks.values());
    hooks.into_iter().any(|hook| hook.phase.as_deref() == Some("Failed"))
}

fn when_deployed(desired: &Desired, observed: &Observed<'_>, snapshot: &Snapshot) -> Decision {
    if let Some(because) = changes(desired, observed.status, snapshot) {
        let failures = observed.status.upgrade_failures.unwrap_or(0);
        if !desired.force && is_exhausted(&desired.policy.upgrade, failures) {
            return exhausted(ReleaseAction::Upgrade, failures);
        }
        return Decision::Upgrade { because };
    }
    if desired.force {
        return Decision::Upgrade { because: Change::Forced };
    }
    if let Some(tests) = desired.policy.tests {
        if snapshot.test_hooks.is_none() {
            return Decision::Test;
        }
        let ignored = active(desired, observed.status)
            .map_or(tests.ignore_failures, |(_, strategy, _)| strategy.remediation.ignore_test_failures);
        if has_failed_test(snapshot) && !ignored {
            return after_failure(desired, observed);
        }
    }
    match (desired.policy.drift, observed.drift) {
        (DriftMode::Disabled, _) => Decision::Nothing,
        (_, Drift::Unknown) => Decision::DetectDrift,
        (DriftMode::Enabled, Drift::Known([_, ..])) => Decision::CorrectDrift,
        (_, Drift::Known(_)) => Decision::Nothing,
    }
}

fn changes(desired: &Desired, status: &HelmReleaseStatus, snapshot: &Snapshot) -> Option<Change> {
    if snapshot.chart_name != desired.chart_name || snapshot.chart_version != desired.chart_version {
        return Some(Change::Chart);
    }
    if snapshot.config_digest != desired.config_digest {
        return Some(Change::Values);
    }
    if status.observed_generation == Some(desired.generation) {
        return None;
    }
    if status.observed_post_renderers_digest != desired.post_renderers_digest {
        return Some(Change::PostRenderers);
    }
    if status.observed_common_metadata_digest != desired.common_metadata_digest {
        return Some(Change::CommonMetadata);
    }
    None
}

#[cfg(test)]
mod tests;
