//! What became of an object that is no longer there.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;

use crate::{
    cluster::{self, Cluster, Placed},
    health::Health,
};

/// Reasons with which the Job controller ends a Job that failed (Kubernetes 1.37 `pkg/controller/job`).
const FAILURES: [&str; 5] = [
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "FailedIndexes",
    "MaxFailedIndexesExceeded",
    "PodFailurePolicy",
];

/// The health of an object that is not there. A Job with `ttlSecondsAfterFinished` deletes itself once it has ended,
/// often before anybody looked: what stays is its events, and those since `since` tell a failure. Where events may not
/// be read it counts as complete.
pub(super) async fn health(
    cluster: &Cluster,
    placed: &Placed,
    since: Timestamp,
) -> Result<Health, cluster::Error> {
    if placed.object.kind() != "Job" || placed.object.0.pointer("/spec/ttlSecondsAfterFinished").is_none() {
        return Ok(Health::NotFound);
    }
    let warnings = cluster.warnings(placed).await?;
    let failure = warnings.iter().find(|event| is_failure(event) && is_since(event, since));
    Ok(match failure {
        Some(event) => {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            Health::Failed(format!("{}: {}", text(&event.reason), text(&event.message)))
        }
        None => Health::Current,
    })
}

fn is_failure(event: &Event) -> bool {
    event.reason.as_deref().is_some_and(|reason| FAILURES.contains(&reason))
}

/// Events carry whole seconds.
fn is_since(event: &Event, since: Timestamp) -> bool {
    let last = event.last_timestamp.as_ref().or(event.first_timestamp.as_ref()).map(|time| time.0);
    let at = last.or(event.event_time.as_ref().map(|time| time.0));
    at.is_none_or(|at| at.as_second() >= since.as_second())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;

    #[test]
    fn only_failures_of_this_run_count() {
        let now: Timestamp = "2026-11-25T10:00:00.700Z".parse().unwrap();
        let event = |reason: &str, at: &str| Event {
            reason: Some(reason.into()),
            last_timestamp: Some(Time(at.parse().unwrap())),
            ..Default::default()
        };
        let told = |event: &Event| is_failure(event) && is_since(event, now);
        assert!(told(&event("BackoffLimitExceeded", "2026-11-25T10:00:00Z")));
        assert!(!told(&event("BackoffLimitExceeded", "2026-11-25T09:59:59Z")), "of the run before");
        assert!(!told(&event("FailedCreate", "2026-11-25T10:00:05Z")), "tried again by the controller");
    }
}
